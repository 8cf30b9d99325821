"""Documents to be ranked, from a user's own SVMlight file: LETOR's form, or LightGBM's."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch

from liangyi.core import draw
from liangyi.core.config import Config
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Ragged, Spec, Vector
from liangyi.data.columns import Columns, Lists
from liangyi.data.places import typed
from liangyi.data.source import Source, source
from liangyi.data.tables.svmlight import Queries, is_svmlight, read

_HELD_OUT = 5  # one query in so many, where no other file holds any


class Documents(Source):
    """Queries of two files; those that say nothing about order are left out."""

    @abstractmethod
    def files(self) -> tuple[Path, Path | None]:
        """Return the file that is learned from, and the one that is not, if there is one."""

    @property
    def first(self) -> int:
        """The number with which features begin."""
        return 1

    def spec(self) -> Spec:
        """Return how many features there are, how many documents, and which grades."""
        parts = [part for part, _ in self._read().values()]
        width = parts[0].document.shape[1]
        most = max(int(part.counts.max()) for part in parts)
        return spec_of(width, most, 1 + max(int(part.grade.max()) for part in parts))

    def items(self, split: str) -> Columns:
        """Return the queries of a split."""
        found, _ = self._read()[split]
        return columns(found, self.spec()["document"].shape[0])

    def findings(self) -> list[str]:
        """Say which queries are left out."""
        return [line for _, line in self._read().values() if line]

    def _read(self) -> dict[str, tuple[Queries, str]]:
        """Return the queries of each split, and what was left out."""
        if not hasattr(self, "_splits"):
            self._splits = self._split()
        return self._splits

    def _split(self) -> dict[str, tuple[Queries, str]]:
        (path, other), first = self.files(), self.first
        train = read(path, first)
        if other is not None:
            test = read(other, first)
            width = max(part.document.shape[1] for part in (train, test))
            return {
                "train": _ordered(train.widened(width), path),
                "test": _ordered(test.widened(width), other),
            }
        whole, said = _ordered(train, path)
        count = len(whole.names)
        if count < 2:
            raise UserError(f"{path} has one query with an order; two or more can be learned from")
        dice = draw.generator(0, "held-out queries")
        held_out = torch.zeros(count, dtype=torch.bool, device="cpu")
        chosen = torch.randperm(count, generator=dice, device="cpu")[: max(1, count // _HELD_OUT)]
        held_out[chosen] = True
        return {"train": (whole.only(~held_out), said), "test": (whole.only(held_out), "")}


@dataclass(frozen=True, kw_only=True)
class LetorConfig(Config):
    """What else must be known of the file."""

    test_file: str | None = (
        None  # another such file, not learned from; none: a fifth of the queries
    )
    first_feature: Literal[0, 1] = 1  # the number with which features begin


@source("svmlight file", "queries and documents with their features, in SVMlight's form")
class Letor(Documents):
    """A user's own file."""

    Config = LetorConfig
    by_path = True

    def __init__(self, config: LetorConfig | None = None) -> None:
        super().__init__(config)
        if (named := self.config.test_file) is not None:  # to be found from other folders, too
            path = typed(named, "test_file", "a file").absolute()
            self.config = replace(self.config, test_file=str(path))

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the first line looks like a document."""
        return path.is_file() and is_svmlight(path)

    def files(self) -> tuple[Path, Path | None]:
        """Return the file that was named, and the other one."""
        assert self.path is not None
        named = self.config.test_file
        return self.path, None if named is None else Path(named)

    @property
    def first(self) -> int:
        """The number with which features begin."""
        return int(self.config.first_feature)


def spec_of(width: int, most: int, grades: int) -> Spec:
    """Return what a query looks like: features, documents at most, and grades from 0 on."""
    names = tuple(map(str, range(grades)))
    return Spec(
        "relevance", document=Ragged(Vector(width), most), relevance=Ragged(Label(names), most)
    )


def columns(queries: Queries, most: int) -> Columns:
    """Return queries as columns, padded to `most` documents."""
    return {
        "document": Lists(queries.document, queries.counts, most),
        "relevance": Lists(queries.grade, queries.counts, most),
    }


def _ordered(found: Queries, path: Path) -> tuple[Queries, str]:
    """Return the queries that have both relevant documents and others, and what was left out.

    Raises:
        UserError: there are none.
    """
    relevant = torch.stack([part.sum() for part in (found.grade > 0).split(found.counts.tolist())])
    none, every = relevant == 0, relevant == found.counts
    if bool((none | every).all()):
        raise UserError(
            f"{path}: no query has both a relevant document (a grade above 0) and another one"
        )
    left = [f"{count:,} {why}" for count, why in
            ((int(none.sum()), "without a relevant document"),
             (int(every.sum()), "with relevant ones only")) if count]  # fmt: skip
    said = f"{path.name}: of {many(len(relevant), 'query')}, left out: {' and '.join(left)}"
    return found.only(~(none | every)), said if left else ""
