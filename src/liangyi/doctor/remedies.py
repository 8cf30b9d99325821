"""What to try against each disease: data, of which a model is told what it has a setting for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from liangyi.doctor.facts import Facts
from liangyi.doctor.few import ENOUGH
from liangyi.doctor.verdict import Advice

Change = Callable[[Any], Any]  # from a setting's value to the one to try


@dataclass(frozen=True)
class Remedy:
    """One change, offered where it can be made.

    Args:
        text: what is to be done, or what the setting does.
        setting: for models, or trainings, that have it.
        change: from its present value to the one to try; the same value again: no use.
        model: to train instead, where it would learn the same task.
    """

    text: str
    setting: str = ""
    change: Change | None = None
    model: str = ""

    def offered(self, facts: Facts) -> Advice | None:
        """Return the advice for a training, None where it cannot be followed."""
        if self.model:
            plain = facts.continuous and facts.classes == 0 and facts.adversary
            return Advice(self.text) if plain and facts.model != self.model else None
        if not self.setting:
            return Advice(self.text)
        if self.setting not in facts.settings or self.change is None:
            return None
        now = facts.settings[self.setting]
        value = self.change(now)
        return Advice(self.text, self.setting, value) if value != now else None


def advice(disease: str, facts: Facts, *more: Advice) -> tuple[Advice, ...]:
    """Return what to try against a disease, the likeliest first; `more` is known of this case."""
    found = (remedy.offered(facts) for remedy in REMEDIES.get(disease, ()))
    return (*more, *(one for one in found if one is not None))


def _times(factor: float, least: float = 0.0) -> Change:
    return lambda value: max(least, float(f"{value * factor:.2g}"))


def _at_most(value: Any) -> Change:
    return lambda now: min(now, value)


def _at_least(value: Any) -> Change:
    return lambda now: max(now, value)


def _halved_number(value: Any) -> Any:
    """Return half of a number; what else has this name stays as it is."""
    return float(f"{value * 0.5:.2g}") if isinstance(value, float) else value


def _halved(widths: Any) -> Any:
    if isinstance(widths, tuple):
        return tuple(map(_halved, widths))
    return max(1, widths // 2)


# whatever a model calls the learning rates of its players
_SLOWER = tuple(
    Remedy("a tenth of the learning rate", name, _times(0.1))
    for name in ("learning_rate", "discriminator_rate", "generator_rate", "policy_rate")
)
_R3GAN = Remedy("train r3gan instead: its loss keeps more modes, and damps", model="r3gan")

REMEDIES: dict[str, tuple[Remedy, ...]] = {
    "diverging": (
        *_SLOWER,
        Remedy("goes back to a good checkpoint and halves the rate by itself", "rewind",
               _at_least(3)),
    ),
    "range mismatch": (
        Remedy("the output that the data needs: tanh for image_range (-1, 1), sigmoid for (0, 1)"),
    ),
    "mode collapse": (
        Remedy("the discriminator judges so many items together", "pack", lambda pack: 2 * pack),
        _R3GAN,
        Remedy("train wgan-gp instead, whose loss keeps more modes", model="wgan-gp"),
        Remedy("a lower learning rate", "learning_rate", _times(0.3)),
    ),
    "discriminator won": (
        Remedy("a lower learning rate for the discriminator", "discriminator_rate", _times(0.3)),
        Remedy("the discriminator is less sure of real items", "real_target", _at_most(0.9)),
        Remedy("train r3gan instead, whose loss does not saturate", model="r3gan"),
    ),
    "generator won": (
        Remedy("a higher learning rate for the discriminator", "discriminator_rate", _times(3)),
        Remedy("more turns of the discriminator", "discriminator_steps", lambda turns: 2 * turns),
        Remedy("a wider discriminator", "discriminator_widths",
               lambda widths: tuple(2 * width for width in widths)),
        Remedy("wider networks", "width", lambda width: 2 * width),
    ),
    "discriminator overfits": (
        Remedy("more training items"),
        Remedy("a smaller discriminator", "discriminator_widths", _halved),
        Remedy("smaller networks", "width", _halved),
    ),
    "overfits": (
        Remedy("more training items"),
        Remedy("a smaller model", "width", _halved),
        Remedy("smaller networks", "widths", _halved),
    ),
    "oscillation": (
        Remedy("less momentum", "betas", lambda betas: (0.0, 0.99)),
        Remedy("a lower learning rate", "learning_rate", _times(0.3)),
        _R3GAN,
    ),
    "label ignored": (
        Remedy("a loss that asks for the class, or labels that reach every layer"),
        Remedy("more weight for the class", "aux_weight", _times(2, least=1.0)),
    ),
    "posterior collapse": (
        Remedy("less weight on the KL term; raise it slowly afterwards", "beta", _times(0.1)),
    ),
    "predicts the mean": (
        Remedy("a lower learning rate: activations that died do not come back", "learning_rate",
               _times(0.3)),
        Remedy("less noise on what it sees", "noise", _halved_number),
        Remedy("a longer code", "code", lambda code: 2 * code),
    ),
    "all one way": (
        Remedy("more words of noise, which push apart", "negatives", lambda count: 2 * count),
        Remedy("frequent words are dropped more often", "sample", _times(0.1)),
        Remedy("more text, or more passes over it"),
    ),
    "prefers popular items": (
        Remedy("wider vectors of users and items", "factors", lambda width: 2 * width),
        Remedy("vectors that leave 0 sooner", "learning_rate", _times(3)),
        Remedy("less pull of the vectors to 0", "weight_decay", _times(0.1)),
    ),
    "penalty too weak": (
        Remedy("it must fit the scale of the data", "penalty", _times(10, least=1.0)),
    ),
    "penalty too strong": (
        Remedy("it must fit the scale of the data", "penalty", _times(0.1)),
    ),
    "memorised": (
        Remedy("more training items"),
        Remedy("a smaller model", "width", _halved),
        Remedy("smaller networks", "generator_widths", _halved),
        Remedy("an earlier stop", "steps", _halved),
    ),
    "likelihood overfits": (
        Remedy("a smaller generator", "width", _halved),
        Remedy("more training sentences"),
    ),
    "policy collapse": (
        Remedy("a lower learning rate in the game", "policy_rate", _times(0.3)),
        Remedy("more turns of the discriminator", "discriminator_steps", lambda turns: 2 * turns),
        Remedy("more turns of it before the game", "pretrain_steps", lambda turns: 2 * turns),
    ),
    "too few items": (
        Remedy(f"more training items: {ENOUGH}"),
    ),
}  # fmt: skip
