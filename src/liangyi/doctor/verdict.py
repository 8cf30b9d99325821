"""What the doctor says: a name, the evidence, and one change to try."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

HEALTHY = ("healthy", "under-trained")


@dataclass(frozen=True)
class Verdict:
    """One finding about a training."""

    name: str  # mode collapse, discriminator won ..., or healthy
    since: int  # step from which on the evidence holds
    evidence: str  # the signals, their values and thresholds
    advice: str  # one change to try; of a healthy training, nothing needs to be

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
        return f"{line}; try: {self.advice}" if self.advice else line
