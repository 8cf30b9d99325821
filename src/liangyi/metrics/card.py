"""A metric is a card, not a number: with everything that decides whether two of them may meet."""

from __future__ import annotations

import functools
import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pydantic

from liangyi.core.cell import cell
from liangyi.core.errors import UserError


@dataclass(frozen=True, kw_only=True)
class Card:
    """One figure about one model, and how it was measured."""

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid", strict=True)

    metric: str  # frechet, kernel, precision ...
    value: float
    # half: who cannot tell is right half the time; none: shown, but no merit either way
    better: Literal["lower", "higher", "half", "none"]
    error: float | None = None  # standard error of the value; None: the metric has none
    degrees: int | None = None  # degrees of freedom of the error; None: so many as not to matter
    floor: float | None = None  # the same metric between real and real items, as many of each
    real: int = 0  # real items that were looked at
    generated: int = 0  # generated items that were looked at
    split: str = ""  # which part of the data the real items are from
    data: str = ""  # name and fingerprint of the data
    features: str = ""  # what the items were turned into: pixels, or a network's name and hash
    resize: str = "none"  # how pictures were resized before
    seed: int = 0  # decides samples and subsets
    step: int = 0  # of the training
    about: str = ""  # one line for people

    @property
    def margin(self) -> float | None:
        """Half the width of the 95 % interval, by Student's t; None where no error is known."""
        if self.error is None:
            return None
        from scipy.special import stdtrit  # late: few commands look at cards

        return self.error * (1.96 if self.degrees is None else float(stdtrit(self.degrees, 0.975)))

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % interval; on all cards it means the same.

        Were samples and real items both drawn anew, as many of each, 95 % of such intervals would
        hold the mean of the metric over all such draws. The trained model, its training items and
        the evaluator stay what they are.
        """
        away = self.margin
        return None if away is None else (self.value - away, self.value + away)

    def _repr_html_(self) -> str | None:
        return cell(Cards([self]))

    def json(self) -> dict[str, Any]:
        """Return the plain form; what is not finite becomes null, which is what JSON has."""
        interval = self.interval
        if interval is not None and not all(map(math.isfinite, interval)):
            interval = None
        plain = asdict(self) | {"interval": interval}
        return {k: None if isinstance(v, float) and not math.isfinite(v) else v
                for k, v in plain.items()}  # fmt: skip

    @classmethod
    def parse(cls, plain: Any, where: str) -> Card:
        """Build from the plain form.

        Raises:
            UserError: it is not what `json` writes.
        """
        if not isinstance(plain, dict):
            raise UserError(f"{where} holds no cards; score the run anew")
        fields = {k: v for k, v in plain.items() if k != "interval"}
        if "value" in fields and fields["value"] is None:
            fields["value"] = math.nan
        try:
            return _cards().validate_json(json.dumps(fields))
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            reason = ": ".join([*map(str, first["loc"]), first["msg"]])
            raise UserError(f"{where} holds no cards ({reason}); score the run anew") from None


class Cards(list[Card]):
    """Cards of one model, which notebooks show as a table."""

    def _repr_html_(self) -> str | None:
        return cell(self)


@functools.cache
def _cards() -> pydantic.TypeAdapter[Card]:
    return pydantic.TypeAdapter(Card)


_DECISIVE = {
    "data": "other data",
    "split": "another split",
    "real": "another number of real items",
    "generated": "another number of samples",
    "features": "features of another network",
    "resize": "another way of resizing",
}


def refusal(cards: Sequence[Card]) -> str | None:
    """Return why cards of one metric must not be ranked, None when they may be."""
    for field, reason in _DECISIVE.items():
        found = list(dict.fromkeys(str(getattr(card, field)) for card in cards))
        if len(found) > 1:
            return f"{reason}: {' and '.join(found)}"
    return None
