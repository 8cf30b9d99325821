"""What data looks like: a batch is a named tuple of tensors, a Spec says their shapes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from torch import Tensor

from liangyi.core.errors import UserError, shown


class Images(NamedTuple):
    """Pictures alone."""

    image: Tensor  # [N C H W], float, in the range that the model declares


class Labelled(NamedTuple):
    """Pictures with a class each."""

    image: Tensor  # [N C H W], float, in the range that the model declares
    label: Tensor  # [N], int64, 0 ... classes - 1


class Points(NamedTuple):
    """Points of a toy law."""

    point: Tensor  # [N D], float


class Tokens(NamedTuple):
    """Sentences of equal length."""

    token: Tensor  # [N L], int64, 0 ... vocabulary - 1


Batch = Images | Labelled | Points | Tokens
KINDS: dict[str, type[Any]] = {kind.__name__: kind for kind in (Images, Labelled, Points, Tokens)}


def cut(batch: Any, parts: int) -> list[tuple[float, Any]]:
    """Return parts of a batch that differ by one item at most, each with its share of the items."""
    if parts == 1:
        return [(1.0, batch)]
    columns = [column.tensor_split(parts) for column in batch]
    pieces = [type(batch)(*rows) for rows in zip(*columns, strict=True)]
    return [(len(piece[0]) / len(batch[0]), piece) for piece in pieces]


@dataclass(frozen=True, kw_only=True)
class Spec:
    """What a model must know of the data to build its networks."""

    kind: str  # name of the richest batch type that the data serves: Labelled, Points ...
    shape: tuple[int, ...]  # of one item: (C, H, W), (D,) or (L,)
    classes: tuple[str, ...] = ()  # names of the labels
    vocabulary: int = 0  # number of different tokens

    def serves(self, kind: type[Any]) -> bool:
        """Tell whether batches of this type can be had: labels may be left out, not made up."""
        return set(kind._fields) <= set(KINDS[self.kind]._fields)

    def json(self) -> dict[str, Any]:
        """Return the plain form for config.json."""
        return asdict(self)

    @classmethod
    def parse(cls, plain: Any) -> Spec:
        """Build from the plain form.

        Raises:
            UserError: it is not what `json` writes.
        """
        try:
            spec = cls(
                kind=str(plain["kind"]),
                shape=tuple(int(side) for side in plain["shape"]),
                classes=tuple(str(name) for name in plain["classes"]),
                vocabulary=int(plain["vocabulary"]),
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UserError(f"config.json: spec is damaged ({shown(repr(error))})") from None
        if spec.kind not in KINDS or not spec.shape or min(spec.shape) < 1:
            raise UserError(f"config.json: spec {shown(plain)} describes no data")
        return spec
