"""Batches: named tuples of tensors whose fields say what they need of the data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any, NamedTuple

from torch import Tensor

from liangyi.core.spec import Label, Pixels, Ragged, Vector, Words


class Images(NamedTuple):
    """Pictures alone."""

    image: Annotated[Tensor, Pixels]  # [N C H W], float, in the range that the model declares


class Labelled(NamedTuple):
    """Pictures with a class each."""

    image: Annotated[Tensor, Pixels]  # [N C H W], float, in the range that the model declares
    label: Annotated[Tensor, Label]  # [N], int64, 0 ... classes - 1


class Captioned(NamedTuple):
    """Pictures, each with a sentence that says what it shows."""

    image: Annotated[Tensor, Pixels]  # [N C H W], float, in the range that the model declares
    caption: Annotated[Tensor, Words]  # [N L], int64, 0 ... vocabulary - 1


class Points(NamedTuple):
    """Points, or rows of a table of numbers."""

    point: Annotated[Tensor, Vector]  # [N D], float


class LabelledPoints(NamedTuple):
    """Points with a class each."""

    point: Annotated[Tensor, Vector]  # [N D], float
    label: Annotated[Tensor, Label]  # [N], int64, 0 ... classes - 1


class Tokens(NamedTuple):
    """Sentences of equal length."""

    token: Annotated[Tensor, Words]  # [N L], int64, 0 ... vocabulary - 1


class Questions(NamedTuple):
    """Questions, each with the answer that is right."""

    question: Annotated[Tensor, Words]  # [N Q], int64, 0 ... vocabulary - 1
    answer: Annotated[Tensor, Words]  # [N A], int64, 0 ... vocabulary - 1


class Rankings(NamedTuple):
    """Queries with the documents that are to be put in order, by the features of each pair."""

    document: Annotated[Tensor, Ragged]  # [N L D], float
    document_mask: Tensor  # [N L], bool: what is there
    relevance: Annotated[Tensor, Ragged]  # [N L], int64: grades; 0 is not relevant

    @property
    def asked(self) -> tuple[Tensor, ...]:
        """What a network sees of it."""
        return (self.document,)

    @property
    def mask(self) -> Tensor:
        """Which documents there are, [N L]."""
        return self.document_mask


class Interactions(NamedTuple):
    """Users with the items that can be recommended to them."""

    user: Annotated[Tensor, Label]  # [N], int64
    candidate: Annotated[Tensor, Ragged]  # [N L], int64: items that can be recommended
    candidate_mask: Tensor  # [N L], bool: what is there, and not chosen before
    relevance: Annotated[Tensor, Ragged]  # [N L], int64: grades; 0 was not chosen

    @property
    def asked(self) -> tuple[Tensor, ...]:
        """What a network sees of it."""
        return (self.user, self.candidate)

    @property
    def mask(self) -> Tensor:
        """Which candidates there are, [N L]."""
        return self.candidate_mask


_learned: ContextVar[tuple[Tensor, ...]] = ContextVar("learned", default=())


@contextmanager
def learning_from(batch: Any) -> Iterator[None]:
    """Let `is_real` know the batch that a model learns from inside."""
    token = _learned.set(tuple(batch))
    try:
        yield
    finally:
        _learned.reset(token)


def is_real(items: Tensor) -> bool:
    """Whether items are a field of the batch that is learned from now, not made by a model."""
    return any(items is column for column in _learned.get())


def detached(batch: Any) -> Any:
    """Return the batch without its history: nobody learns through it."""
    return type(batch)(*(part.detach() for part in batch))


def cut(batch: Any, parts: int) -> list[tuple[float, Any]]:
    """Return parts of a batch that differ by one item at most, each with its share of the items."""
    if parts == 1:
        return [(1.0, batch)]
    columns = [column.tensor_split(parts) for column in batch]
    pieces = [type(batch)(*rows) for rows in zip(*columns, strict=True)]
    return [(len(piece[0]) / len(batch[0]), piece) for piece in pieces]
