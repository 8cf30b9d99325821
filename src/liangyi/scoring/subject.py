"""What is scored, and what it is compared with."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi.core.binding import bound
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Pixels, Word
from liangyi.core.tracking import Track, untracked
from liangyi.core.verbs import demand_verb, generated
from liangyi.data import Data, Dataset
from liangyi.metrics.card import Card
from liangyi.runs.run import Run, Weights
from liangyi.scoring import validation


@dataclass
class Subject:
    """A trained model, its samples, and two sets of real items that share none.

    The first set is what samples are compared with; the second takes the samples' place once, which
    gives the floor that no model can be expected to fall below. Where a thousand items or more are
    held out the first set is of those and the second of the training items; elsewhere they are two
    halves of the training items.
    """

    run: Run
    model: Model
    train: Data
    held_out: Data | None
    number: int
    seed: int
    split: str
    step: int
    inception: bool
    tell: Callable[[str], None]
    # training items, from the beginning of their fixed order, that chose no checkpoint; None: all
    trained: int | None = None
    thorough: bool = False
    track: Track = untracked
    on: Sequence[Path] = ()  # folders of photographs to enlarge, beside the held-out ones
    perceptual: str = ""  # the classifier whose distance is taken, too

    @classmethod
    def of(
        cls,
        run: Run,
        number: int,
        seed: int,
        tell: Callable[[str], None],
        inception: bool = False,
        weights: Weights = "best",
        thorough: bool = False,
        track: Track = untracked,
        on: Sequence[Path] = (),
        perceptual: str = "",
    ) -> Subject:
        """Load everything.

        Raises:
            UserError: the run has no checkpoint, its data is gone, or the number makes no sense.
        """
        if number < 10:
            raise UserError("ten samples are the least that say anything", setting="number")
        if not 0 <= seed < 2**63:
            raise UserError("should be 0, 1, 2 ...", setting="seed")
        model, step = run.trained(tell, weights)
        if inception:
            _demand_inception(model)
        if on or perceptual:
            demand_verb(model, "upscale")
            _demand_names(on)
        source = run.source()
        train, held_out = run.data(source), source.split("test")
        enough = held_out is not None and held_out.size >= validation.ENOUGH
        trained = train.size
        chose = None
        if run.training.validation_pace:
            chose = validation.validation_of(model, train, held_out)
        if chose is not None:  # no item that chose the checkpoint tells how good it is
            held_out, trained = chose.held_out, chose.trained
        if not train.size:
            split = "law"
        elif held_out is not None and enough:
            split, number = "test", min(number, held_out.size, trained)
        else:
            split, number = "train", min(number, trained // 2)
        if number < 10 and not _asked_about_words(model):
            raise UserError(f"{train.size} items are too few to score against; 20 or more would do")
        return cls(
            run, model, train, held_out, number, seed, split, step, inception, tell, trained,
            thorough, track, on, perceptual,
        )  # fmt: skip

    def card(self, metric: str, value: float, better: str, **more: Any) -> Card:
        """Return a card with what all cards of this subject share."""
        facts: dict[str, Any] = {
            "real": self.number,
            "generated": self.number,
            "split": self.split,
            "data": f"{self.run.data_name} {self.train.fingerprint}",
            "seed": self.seed,
            "step": self.step,
        }
        return Card(metric=metric, value=value, better=better, **(facts | more))  # type: ignore[arg-type]

    @functools.cached_property
    def generated(self) -> Any:
        """A generated batch of as many samples as there are real items, on the CPU.

        What can be asked for is asked for as often as it occurs in the real items.
        """
        self.tell(f"drawing {many(self.number, 'sample')}")
        given = self.real[0] if self.model.conditions("sample") else None
        return generated(self.model, self.number, self.seed, given)

    @property
    def samples(self) -> Tensor:
        """The generated items [number ...], in the model's range."""
        item: Tensor = getattr(self.generated, self.model.spec.item)
        return item

    @functools.cached_property
    def real(self) -> tuple[Any, Any]:
        """Two real batches of `number` items that share none, in the model's range."""
        if not isinstance(self.train, Dataset):
            other = self.held_out or self.train
            return self._some(other), self._some(self.train)
        first, second = self.order()
        data = self.held_out if self.split == "test" else self.train
        assert isinstance(data, Dataset)
        return self.gathered(data, first), self.gathered(self.train, second)

    @property
    def pair(self) -> tuple[Tensor, Tensor]:
        """The items of the two real batches."""
        return tuple(getattr(batch, self.model.spec.item) for batch in self.real)

    def _some(self, data: Data) -> Any:
        return data.some(self.number, self.model.Batch, "cpu", self.model.image_range)

    def order(self) -> tuple[Tensor, Tensor]:
        """Return which items of the split, and which training items, are taken: always the same."""
        assert isinstance(self.train, Dataset)
        shuffled = self.train.subset(len(self.train) if self.trained is None else self.trained)
        if self.split == "train":
            return shuffled[: self.number], shuffled[self.number : 2 * self.number]
        assert isinstance(self.held_out, Dataset)
        return self.held_out.subset(self.number), shuffled[: self.number]

    def gathered(self, data: Dataset, index: Tensor) -> Any:
        """Return real items by their numbers as one batch, in the model's range, on the CPU."""
        model = self.model
        parts = [
            data.batch(model.Batch, part, "cpu", model.image_range) for part in index.split(2000)
        ]
        return model.Batch(*(torch.cat(columns) for columns in zip(*parts, strict=True)))

    def items(self, data: Dataset, index: Tensor) -> Tensor:
        """Return what a model of this data creates, of items by their numbers."""
        found: Tensor = getattr(self.gathered(data, index), self.model.spec.item)
        return found

    @property
    def tested(self) -> tuple[Dataset | None, str]:
        """The items on which the model is tested, and of which split they are."""
        if isinstance(self.held_out, Dataset):
            return self.held_out, "test"
        return (self.train, "train") if isinstance(self.train, Dataset) else (None, "law")


def _asked_about_words(model: Model) -> bool:
    """Tell whether all its verbs are asked about single words: no item of the data is looked at."""
    asked = [bound(type(model), verb, model.spec).items.values() for verb in model.verbs()]
    return all(fields and all(isinstance(field, Word) for field in fields) for fields in asked)


def named(folder: Path) -> str:
    """Return a folder's own name, of `.` and `..`, too; a link's is the link's."""
    return folder.name if folder.name.strip(".") else folder.resolve().name


def _demand_names(folders: Sequence[Path]) -> None:
    """Make sure that cards of several folders, which have their names, are told apart.

    Raises:
        UserError: two folders have one name.
    """
    known: dict[str, Path] = {}
    for folder in folders:
        other = known.setdefault(named(folder), folder)
        if other is not folder:
            raise UserError(f"{other} and {folder} have one name, which their cards would have, "
                            "too; score one of them, or rename it", setting="on")  # fmt: skip


def _demand_inception(model: Model) -> None:
    """Make sure that Inception can look, before the work whose cards would be lost.

    Raises:
        UserError: the model draws no pictures, or there are no weights.
    """
    from liangyi.metrics.inception import ready

    if "sample" not in model.verbs() or not isinstance(model.spec.created, Pixels):
        raise UserError(f"Inception looks at pictures, which {model.name()} does not draw")
    ready()
