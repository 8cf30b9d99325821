"""What the doctor says: a name, the evidence, and what to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEALTHY = ("healthy", "under-trained")


@dataclass(frozen=True)
class Advice:
    """One change to try. It names a setting, which whoever shows it spells as its reader knows it.

    Args:
        text: what is to be done, or what the setting does.
        setting: the setting to change, as it is called in Python; nothing: the text says all.
        value: what to give it.
        resume: this very run is to go on; else a new one is to be trained.
    """

    text: str
    setting: str = ""
    value: Any = None
    resume: bool = False

    def __str__(self) -> str:
        """Return it in Python's words."""
        if not self.setting:
            return self.text
        return f"{self.setting} = {_plain(self.value)}: {self.text}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_plain, value))})"
    return f"{value:g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Verdict:
    """One finding about a training."""

    name: str  # mode collapse, discriminator won ..., or healthy
    since: int  # step from which on the evidence holds
    evidence: str  # the signals, their values and thresholds
    advice: Sequence[Advice] = ()  # the likeliest first; of a healthy training, nothing needs to be

    @property
    def healthy(self) -> bool:
        """Whether nothing is wrong: healthy, or not yet trained to the end."""
        return self.name in HEALTHY

    def json(self) -> dict[str, Any]:
        """Return the plain form for scripts."""
        return asdict(self) | {"healthy": self.healthy}

    def __str__(self) -> str:
        """Return one line for people."""
        line = f"{self.name} (since step {self.since:,}): {self.evidence}"
        return f"{line}; try: {'; or '.join(map(str, self.advice))}" if self.advice else line
