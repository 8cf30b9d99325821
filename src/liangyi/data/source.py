"""A source: one data set, its settings, and what its items look like. One source, one file."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor

from liangyi.core.config import Config, to_plain
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns, Dice
from liangyi.data.dataset import Data, Dataset, Endless

_sources: dict[str, type[Source]] = {}
Class = TypeVar("Class", bound="type[Source]")


class Source(ABC):
    """One data set under its settings.

    A finite one says `items`, an endless one says `draw`. What is not said here is derived.

    Args:
        config: of the source's own `Config`.
    """

    Config: ClassVar[type[Any]] = Config
    registered: ClassVar[str] = ""
    about: ClassVar[str] = ""
    by_path: ClassVar[bool] = False  # it has no name of its own: it serves what lies at a path
    path: Path | None = None  # where that is

    def __init__(self, config: Any = None) -> None:
        self.config = config or type(self).Config()

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether a source that is named by a path serves what lies there."""
        return False

    @abstractmethod
    def spec(self) -> Spec:
        """Return what an item looks like, without reading any where the settings tell."""

    def items(self, split: str) -> Columns | None:
        """Return the columns of a split, `train` or `test`; None where nothing is held out.

        Raises:
            NotImplementedError: it is endless, and says `draw` instead.
        """
        raise NotImplementedError(f"{type(self).__name__} says neither items nor draw")

    def draw(self, count: int, generator: torch.Generator) -> Columns:
        """Draw new items of an endless source.

        Raises:
            NotImplementedError: it is finite, and says `items` instead.
        """
        raise NotImplementedError(f"{type(self).__name__} is finite")

    def truth(self, items: Tensor) -> dict[str, float]:
        """Return named figures about generated items [N ...] that only a known law can give."""
        return {}

    def vary(self, rows: dict[str, Tensor], dice: Dice) -> dict[str, Tensor]:
        """Return the rows of a training batch as a model sees them, changed at random."""
        return rows

    def classes(self, items: Tensor) -> Tensor | None:
        """Return the true class [N] of generated items [N ...], where a known law tells it."""
        return None

    def strata(self, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return whole numbers [N] of items by which some are harder than others, by their name."""
        return {}

    def fingerprint(self, split: str) -> str | None:
        """Name the content, so that a resumed run can tell that it has changed; None: a hash."""
        return None

    def findings(self) -> list[str]:
        """Return lines for people about what was found in the data."""
        return []

    @property
    def name(self) -> str:
        """What a person would type after --data."""
        return str(self.path) if self.path else self.registered

    def plain(self) -> dict[str, Any]:
        """Return the plain form for config.json."""
        return {"data": self.name, "source": self.registered, **to_plain(self.config)}

    def split(self, split: str = "train") -> Data | None:
        """Return the data of one split, None where nothing is held out.

        Raises:
            UserError: it is not there, or is damaged.
        """
        truth = self.truth if type(self).truth is not Source.truth else None
        if type(self).draw is not Source.draw:
            settings = "-".join(str(value) for value in to_plain(self.config).values())
            name = self.fingerprint(split) or f"{self.registered}-{settings}".strip("-")
            return Endless(self.spec(), self.draw, name, split, truth)
        columns = self.items(split)
        if columns is None:
            return None
        varies = split == "train" and type(self).vary is not Source.vary
        vary = self.vary if varies else None
        return Dataset(self.spec(), columns, self.fingerprint(split), truth, vary)


def source(name: str, about: str) -> Callable[[Class], Class]:
    """Make a source known by a name, with one line about it for people."""

    def add(kind: Class) -> Class:
        if name in _sources and _sources[name].__qualname__ != kind.__qualname__:
            raise ValueError(f"two sources are called {name!r}")
        kind.registered, kind.about = name, about
        _sources[name] = kind
        return kind

    return add


def registered() -> Mapping[str, type[Source]]:
    """Return the sources that were imported so far, by name."""
    return _sources
