"""The training advice of tutorials and lists, on one network: each piece left out of the whole.

Goodfellow's tutorial (arXiv:1701.00160, section 4), "Improved techniques" (arXiv:1606.03498,
section 3) and the lists that people hand on advise:

    smoothing        real items are called 0.9, not 1, by the discriminator alone
    tanh             pictures in -1 ... 1 and tanh at the end; without: 0 ... 1 and a sigmoid
    normal noise     without: uniform in -1 ... 1
    apart            real and generated pictures are normalised in batches of their own
    features         the generator also matches the mean of the discriminator's last features
    minibatch        the discriminator sees how alike a batch is
    history          both players pay for leaving the mean of their weights so far

Departures: feature matching and the generator's usual loss are added, where the paper has the first
alone, so that leaving one out leaves a game; the weight of the history is ours, the paper has none.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import detached
from liangyi.core.model import Turn, Update
from liangyi.lab.drawing import QUICK, WHOLE, Examiner, trained
from liangyi.lab.experiment import Outcome, Work, experiment, said
from liangyi.lab.figure import dots, finite, panels
from liangyi.lab.table import markdown
from liangyi.losses import adversarial
from liangyi.losses.matching import feature_matching, historical_averaging
from liangyi.nets import dcgan
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.history import History
from liangyi.nets.minibatch import MinibatchDiscrimination
from liangyi.runs.building import build
from liangyi.zoo.adversarial.dcgan import DCGAN, DCGANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS = 1500
CONFIG = DCGANConfig(width=16)
SMOOTH, KERNELS, HISTORY = 0.9, 16, 0.001  # real target, of the minibatch layer, weight
TRICKS = ("smoothing", "tanh", "normal noise", "apart", "features", "minibatch", "history")
COLUMNS = ("frechet", "precision", "coverage")


class Judge(nn.Module):
    """Pictures [N C H W] -> logits [N 1], by features on the way.

    Args:
        below: pictures -> features.
        last: features -> logits.
    """

    def __init__(self, below: nn.Module, last: nn.Module) -> None:
        super().__init__()
        self.below, self.last = below, last

    def forward(self, image: Tensor) -> Tensor:
        """Judge pictures."""
        logits: Tensor = self.last(self.below(image))
        return logits


class Advised(DCGAN):
    """A DCGAN that follows some of the advice."""

    advice: frozenset[str] = frozenset()

    def networks(self) -> None:
        """Build the networks of `dcgan`, changed as advised."""
        super().networks()
        generator, network = self.generator, self.discriminator
        assert isinstance(generator, Sequential) and isinstance(network, Sequential)
        last = network[-1]
        if "minibatch" in self.advice:
            assert isinstance(last, nn.Linear)
            wider = nn.Linear(last.in_features + KERNELS, 1, bias=False)
            last = nn.Sequential(MinibatchDiscrimination(last.in_features, KERNELS), wider)
            dcgan.initialize(wider)
        self.generator = generator[:-1].append(nn.Tanh() if "tanh" in self.advice else nn.Sigmoid())
        self.discriminator = Judge(network[:-1], last)
        if "history" in self.advice:
            self.past = nn.ModuleList([History(self.generator), History(self.discriminator)])

    def noise(self, count: int) -> Tensor:
        """Return normal noise [count latent], or uniform."""
        if "normal noise" not in self.advice:
            return super().noise(count)
        return draw.normal(count, self.config.latent, device=self.device)

    def judged(self, real: Any, fake: Any) -> tuple[Tensor, Tensor]:
        """Return the logits of real and generated pictures, normalised apart or together."""
        if "apart" in self.advice:
            return self.judgement(real), self.judgement(fake)
        both = self.judgement(self.Batch(torch.cat([real[0], fake[0]])))
        one, other = both.tensor_split([len(real[0])])
        return one, other

    def pull(self, player: int) -> Tensor | float:
        """Return what the generator, 0, or the discriminator, 1, pays for leaving its past."""
        if "history" not in self.advice:
            return 0.0
        weights, past = list(self.players[player].parameters()), self.past[player]
        assert isinstance(past, History)
        return HISTORY * historical_averaging(weights, past.means)

    @property
    def players(self) -> tuple[nn.Module, nn.Module]:
        """The generator and the discriminator."""
        return self.generator, self.discriminator

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1, as advised."""
        fake = self.generated(len(batch[0]), given=batch)
        said_of = self.judged(batch, detached(fake))
        target = SMOOTH if "smoothing" in self.advice else 1.0
        loss = adversarial.discriminator(*said_of, target)
        yield Update(self.discriminator, loss + self.pull(1), discriminator=loss)
        loss = adversarial.nonsaturating(self.judged(batch, fake)[1])
        if "features" in self.advice:
            seen = [self.discriminator.get_submodule("below")(x[0]) for x in (batch, fake)]
            loss = loss + feature_matching(*seen)
        yield Update(self.generator, loss + self.pull(0), generator=loss)
        if "history" in self.advice:
            for past, network in zip(self.past, self.players, strict=True):
                assert isinstance(past, History)
                past.follow(network)


def advised(advice: frozenset[str]) -> type[Advised]:
    """Return a GAN that follows this advice."""
    image_range = (-1.0, 1.0) if "tanh" in advice else (0.0, 1.0)
    return type("Advised", (Advised,), {"advice": advice, "image_range": image_range})


GAMES = {
    "all": frozenset(TRICKS),
    **{f"without {trick}": frozenset(TRICKS) - {trick} for trick in TRICKS},
    "none": frozenset[str](),
}


def measured(name: str, examiner: Examiner, steps: int, seed: int) -> dict[str, float | None]:
    """Return how good the pictures are after so many steps; None: the training failed."""
    model = build(advised(GAMES[name]), CONFIG, examiner.train.spec, seed)
    return examiner.of_model(trained(model, examiner.train, steps, seed))


@experiment("What is each piece of the usual training advice worth?")
def run(work: Work) -> Outcome:
    """Train with all of it, with each piece left out, and with none."""
    steps = work.steps(STEPS, 2)
    examiner = Examiner.of(QUICK if work.quick else WHOLE, work.tell)
    runs = {name: work.each(name, partial(measured, name, examiner, steps)) for name in GAMES}
    rows: list[dict[str, Any]] = [
        {"game": name, **{column: [one[column] for one in found] for column in COLUMNS}}
        for name, found in runs.items()
    ]
    cells = [[row["game"], *(_cell(row[column]) for column in COLUMNS), _cell(_loss(row, rows))]
             for row in rows]  # fmt: skip
    cells.append(["pictures learned from", *(said(examiner.floor[c]) for c in COLUMNS), ""])
    head = ("advice", *COLUMNS, "Frechet distance by that of all")
    return Outcome((markdown(head, cells),), rows, _seen(rows), figure=_figure(rows))


def _cell(values: list[float | None]) -> str:
    found, lost = finite(values), values.count(None)
    if not found.values:
        return "failed"
    return f"{found} ({lost} failed)" if lost else str(found)


def _loss(row: dict[str, Any], rows: list[dict[str, Any]]) -> list[float | None]:
    """Return seed by seed how many times as far a game ends as that with all advice."""
    pairs = zip(row["frechet"], rows[0]["frechet"], strict=True)
    return [one / all_ if one is not None and all_ else None for one, all_ in pairs]


def _seen(rows: list[dict[str, Any]]) -> str:
    """Name the pieces that help and those that harm: whose interval leaves out 1."""
    larger, smaller, unknown = list[str](), list[str](), 0
    for row in rows[1:-1]:
        ratio = finite(_loss(row, rows))
        if not ratio.values or ratio.half is None:
            unknown += 1
        elif abs(ratio.mean - 1) > ratio.half:
            piece = f"`{row['game'].removeprefix('without ')}` ({said(ratio.mean)})"
            (larger if ratio.mean > 1 else smaller).append(piece)
    whole, none = (_cell(rows[place]["frechet"]) for place in (0, -1))
    rest = len(rows) - 2 - len(larger) - len(smaller) - unknown
    return (
        f"The Frechet distance at the end is {whole} with all of it and {none} with none; of "
        f"the pieces left out alone, those without which it is larger, by that of the whole: "
        f"{_listed(larger)}; smaller: {_listed(smaller)}; of {rest} the interval has room for no "
        f"difference, and {unknown} have too few trainings that came to their end for an interval."
    )


def _listed(pieces: list[str]) -> str:
    return ", ".join(pieces) or "none"


def _figure(rows: list[dict[str, Any]]) -> Figure:
    figure, places = panels(1, len(COLUMNS), 4.2, 3.4)
    for axes, column in zip(places, COLUMNS, strict=True):
        dots(axes, {row["game"]: finite(row[column]) for row in rows}, column)
        if axes is not places[0]:
            axes.set_yticklabels([])
    return figure
