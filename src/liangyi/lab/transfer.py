"""What frozen features are worth: digits 0 to 4, then 5 to 9; digits, then pieces of clothing.

The Keras example `mnist_transfer_cnn.py` freezes the convolutions that learned the first five
digits and goes on with the head. Here stand beside it the trainings that it must beat to mean
anything: features that learned nothing, a new head, all weights free, everything from scratch; with
all pictures and with k of each class. Then its last remark: features for pictures of another kind,
with the last convolution freed, or with a new one on top.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch

from liangyi.core import draw
from liangyi.core.counts import many
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Dataset
from liangyi.lab.antirectifier import percent
from liangyi.lab.classified import accuracy, learned, pictures
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import panels
from liangyi.lab.table import Summary, markdown
from liangyi.runs.building import build
from liangyi.zoo.vision.mnist_transfer import MnistTransfer, MnistTransferConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXAMPLES = (1, 3, 10, 30, 100, 300)  # pictures of each class
_FEW = 300  # steps of a training on so few
FIRST, ALL, CLOTHES = "itself", "all", "Fashion-MNIST, all"


@dataclass(frozen=True)
class Way:
    """One way to go on: which parts are taken over, and which stay as they are."""

    taken: tuple[str, ...] = ()
    freeze: tuple[str, ...] = ()
    extra: int = 0

    def begin(self, before: Model, data: Dataset, seed: int) -> Model:
        """Return the model with which it begins."""
        config = MnistTransferConfig(freeze=self.freeze, extra=self.extra)
        model = build(MnistTransfer, config, data.spec, seed)
        for part in self.taken:
            model.get_submodule(part).load_state_dict(before.get_submodule(part).state_dict())
        return model


_FEATURES = ("features",)
DIGITS = {
    "frozen features, same head": Way(("features", "head"), _FEATURES),
    "frozen features, new head": Way(_FEATURES, _FEATURES),
    "random features, frozen": Way((), _FEATURES),
    "all weights go on": Way(("features", "head")),
    "from scratch": Way(),
}
OTHERS = {
    "frozen features, new head": Way(_FEATURES, _FEATURES),
    "last convolution freed": Way(_FEATURES, ("features.0",)),
    "new convolution on top": Way(_FEATURES, _FEATURES, extra=1),
    "random features, frozen": Way((), _FEATURES),
    "all weights go on": Way(_FEATURES),
    "from scratch": Way(),
}


@dataclass
class Bench:
    """Trainings whose figures are kept."""

    work: Work
    steps: int | None  # of each training on all pictures, instead of the recipe's
    # column of a table -> row -> accuracies, one a seed
    found: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def length(self, data: Dataset) -> int:
        """Return how many steps a training on all of some pictures has."""
        return self.steps or MnistTransfer.recipe.total(len(data))

    def note(
        self, column: str, row: str, data: Dataset, steps: int, seed: int, work: Callable[[], float]
    ) -> None:
        """Note one accuracy, measured if it is not known."""
        name = f"{column}, {row}: {many(len(data), 'picture')}, {many(steps, 'step')}, seed {seed}"
        value = self.work.kept(name, work)
        self.found.setdefault(column, {}).setdefault(row, []).append(value)

    def first(self, name: str, train: Dataset, test: Dataset, seed: int) -> Callable[[], Model]:
        """Note how good a first network is; return what gives it, trained when it is wanted."""
        steps = self.length(train)

        @functools.cache
        def model() -> Model:
            began = build(MnistTransfer, MnistTransferConfig(), train.spec, seed)
            return learned(began, train, steps, seed)

        self.note(FIRST, name, train, steps, seed, lambda: accuracy(model(), test))
        return model

    def go_on(
        self, column: str, ways: Mapping[str, Way], first: Callable[[], Model],
        train: Dataset, test: Dataset, steps: int, seed: int,
    ) -> None:  # fmt: skip
        """Note how good each way to go on is."""
        for name, way in ways.items():

            def work(way: Way = way) -> float:
                return accuracy(learned(way.begin(first(), train, seed), train, steps, seed), test)

            self.note(column, name, train, steps, seed, work)


def few(data: Dataset, most: int, seed: int) -> Dataset:
    """Return so many pictures of each class; a larger number has these and others."""
    label = data.columns["label"]
    assert isinstance(label, torch.Tensor)
    order = torch.randperm(len(data), generator=draw.generator(seed, "examples"), device="cpu")
    shuffled, every = label[order], range(len(data.spec.classes))
    return data.part(torch.cat([order[shuffled == one][:most] for one in every]), f"{most}")


def both(name: str, *classes: str) -> tuple[Dataset, Dataset]:
    """Return the training and the held-out pictures of some classes."""
    return pictures(name, "train", *classes), pictures(name, "test", *classes)


@experiment("What are frozen features worth, beside random ones and all weights free?")
def run(work: Work) -> Outcome:
    """Go on from digits to other digits, and to clothes, in every way."""
    bench = Bench(work, work.terms.steps or (2 if work.quick else None))
    digits, clothes = ("digits",) * 2 if work.quick else ("mnist", "fashion-mnist")
    for seed in work.seeds:
        first = bench.first("digits 0 to 4", *both(digits, *"01234"), seed)
        train, test = both(digits, *"56789")
        for most in EXAMPLES:
            some = few(train, most, seed)
            short = min(_FEW, bench.length(train))
            bench.go_on(str(most), DIGITS, first, some, test, short, seed)
        bench.go_on(ALL, DIGITS, first, train, test, bench.length(train), seed)
        first = bench.first("digits 0 to 9", *both(digits), seed)
        train, test = both(clothes)
        bench.go_on(CLOTHES, OTHERS, first, train, test, bench.length(train), seed)
    found = bench.found
    tables = (
        _table("first network", found, (FIRST,), found[FIRST]),
        _table("then digits 5 to 9, pictures of each", found, (*map(str, EXAMPLES), ALL), DIGITS),
        _table("digits 0 to 9, then", found, (CLOTHES,), OTHERS),
        f"Accuracy on held-out pictures in %, {many(len(work.seeds), 'seed')}. {count()}",
    )
    plain = [
        {"data": column, "way": way, "accuracy": Summary(tuple(values)).json()}
        for column, rows in found.items() for way, values in rows.items()
    ]  # fmt: skip
    figure = _figure({way: [found[str(k)][way] for k in EXAMPLES] for way in DIGITS})
    return Outcome(tables, plain, _seen(found), figure=figure)


def _seen(found: Mapping[str, Mapping[str, list[float]]]) -> str:
    """Say what frozen features win or lose beside random ones, with few pictures and with all."""
    frozen, random = "frozen features, new head", "random features, frozen"
    least = str(EXAMPLES[0])
    gains = [Summary(tuple(a - b for a, b in zip(found[c][frozen], found[c][random], strict=True)))
             for c in (least, ALL, CLOTHES)]  # fmt: skip
    few_, all_, clothes = map(percent, gains)
    return (
        f"The accuracy with features that learned digits 0 to 4, less that with random ones, on "
        f"digits 5 to 9 is {few_} points of a hundred with {least} of each class and {all_} with "
        f"all; with features of all digits, on clothes, {clothes}."
    )


def _table(
    title: str, found: Mapping[str, Mapping[str, list[float]]], columns: tuple[str, ...], rows: Any
) -> str:
    cells = [[row, *(percent(Summary(tuple(found[c][row]))) for c in columns)] for row in rows]
    return markdown((title, *columns), cells)


def count() -> str:
    """Say how many weights freezing spares: it is their arithmetic that is saved."""
    spec = Spec("image", image=Pixels(1, 28, 28), label=Label(tuple("56789")))
    model = build(MnistTransfer, MnistTransferConfig(), spec, 0)
    whole, still = (sum(w.numel() for w in part.parameters()) for part in (model, model.features))
    return f"{still:,} of {whole:,} weights are frozen ({still / whole:.1%})."


def _figure(found: Mapping[str, list[list[float]]]) -> Figure:
    """Draw the accuracy over the number of pictures of each class."""
    figure, (axes,) = panels(1, 1, 7, 4)
    for way, columns in found.items():
        sums = [Summary(tuple(values)) for values in columns]
        away = [100 * (one.half or 0) for one in sums]
        axes.errorbar(EXAMPLES, [100 * one.mean for one in sums], away, label=way, capsize=3)
    axes.set(xscale="log", xlabel="pictures of each class", ylabel="accuracy, %")
    axes.set_xticks(EXAMPLES, [str(number) for number in EXAMPLES])
    axes.minorticks_off()
    axes.legend(frameon=False)
    return figure
