"""Which data a GAN suits: numbers, symbols, and rows of a table that have both; one harness.

The generator learns by the slope of the discriminator at what it drew. At a number there is one, at
a symbol there is not; three ways round it, on the same networks:

    probabilities      the discriminator sees probabilities in place of symbols
    Gumbel-softmax     it sees symbols, and the slope is that of softmax((logits + noise) / heat)
                       (straight-through; arXiv:1611.01144, for a GAN arXiv:1611.04051)
    policy gradient    it sees symbols, and log p of those drawn is raised by what it says of them,
                       log D, less the others' mean (REINFORCE, as SeqGAN, arXiv:1609.05473)

Numbers go back by their slope in all of them. All games are regularised by R1 and R2
(arXiv:1801.04406); without them some seeds give up modes, which is another question. The laws are
known, so that what is drawn can be held against them. Drawn for the figures is always a symbol, by
the probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid, one_hot

from liangyi.core import draw
from liangyi.core.batch import Points
from liangyi.core.model import Turn, Update
from liangyi.lab import fitting
from liangyi.lab.experiment import Check, Outcome, Work, experiment, percent, said
from liangyi.lab.figure import dots, panels
from liangyi.lab.fitting import Drawn, Law, points
from liangyi.lab.table import Summary, markdown
from liangyi.losses import adversarial, penalty, policy
from liangyi.metrics.transport import wasserstein
from liangyi.zoo.adversarial.gan import GAN, GANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, COUNT, MATCHED = 4000, 128, 4000, 500
CONFIG = GANConfig(latent=8, generator_widths=(64, 64), discriminator_widths=(64, 64),
                   learning_rate=1e-3, betas=(0.0, 0.99))  # fmt: skip
PENALTY = 1.0  # weight of R1 and of R2
HEAT = 0.5  # of Gumbel-softmax
WAYS = ("probabilities", "Gumbel-softmax", "policy gradient")
SYMBOLS, CLASSES = 5, 4  # of each place of a word; of the table's column
SPREAD = 0.2  # deviation of the table's numbers


@dataclass(frozen=True)
class Form:
    """A kind of data whose law is known.

    Args:
        numbers: columns of a row that are numbers; they come first.
        symbols: how many there are in each further column; a row has them one-hot.
        law: makes rows of random numbers.
        cell: which of the cells of `shares` each row [N D] lies in, [N], and whether the law allows
            it there, [N].
        shares: probabilities of the cells.
    """

    numbers: int
    symbols: tuple[int, ...]
    law: Law
    cell: Callable[[Tensor], tuple[Tensor, Tensor]]
    shares: Tensor

    @property
    def width(self) -> int:
        """Length of a row."""
        return self.numbers + sum(self.symbols)

    def split(self, rows: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the numbers [N numbers] of rows, and each column of symbols [N symbols]."""
        number, *symbols = rows.split([self.numbers, *self.symbols], dim=1)
        return number, symbols


def _ring_cell(rows: Tensor) -> tuple[Tensor, Tensor]:
    distance, nearest = torch.cdist(rows, fitting.centres()).min(1)
    return nearest, distance < 3 * fitting.DEVIATION


def _even(count: int) -> Tensor:
    return torch.full((count,), 1 / count, device="cpu")


def _rising(count: int) -> Tensor:
    """Return the probabilities 1 : 2 : ... : count."""
    share = torch.ones(count, device="cpu").cumsum(0)
    return share / share.sum()


def _place(share: Tensor, probabilities: Tensor) -> Tensor:
    """Return numbers of cells, of U(0, 1)."""
    place = torch.searchsorted(probabilities.cumsum(0), share, right=True)
    return place.clamp(max=len(probabilities) - 1)


_PAIRS = (_rising(SYMBOLS)[:, None] * _rising(SYMBOLS)).flatten()


def words(normal: Tensor, share: Tensor) -> Tensor:
    """Return words of three symbols one-hot, the third being the sum of the others."""
    pair = _place(share, _PAIRS)
    one, two = pair // SYMBOLS, pair % SYMBOLS
    found = torch.stack([one, two, (one + two) % SYMBOLS], 1)
    return one_hot(found, SYMBOLS).flatten(1).float()


def _word_cell(rows: Tensor) -> tuple[Tensor, Tensor]:
    one, two, three = rows.unflatten(1, (3, SYMBOLS)).argmax(2).unbind(1)
    return one * SYMBOLS + two, three == (one + two) % SYMBOLS


def _corners() -> Tensor:
    return torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]], device="cpu")


def table(normal: Tensor, share: Tensor) -> Tensor:
    """Return rows of two numbers and a class, whose numbers lie about the class's own corner."""
    kind = _place(share, _rising(CLASSES))
    numbers = _corners()[kind] + SPREAD * normal[:, :2]
    return torch.cat([numbers, one_hot(kind, CLASSES).float()], 1)


def _table_cell(rows: Tensor) -> tuple[Tensor, Tensor]:
    kind = rows[:, 2:].argmax(1)
    return kind, (rows[:, :2] - _corners()[kind]).norm(dim=1) < 3 * SPREAD


FORMS = {
    "numbers": Form(2, (), fitting.ring, _ring_cell, _even(fitting.MODES)),
    "symbols": Form(0, (SYMBOLS,) * 3, words, _word_cell, _PAIRS),
    "table": Form(2, (CLASSES,), table, _table_cell, _rising(CLASSES)),
}
GAMES = [
    ("numbers", "their slope"),
    *((form, way) for form in ("symbols", "table") for way in WAYS),
]


class Mixed(GAN):
    """A GAN of rows of numbers and symbols."""

    form: Form = FORMS["numbers"]
    way: str = WAYS[0]

    def drawn(self, count: int) -> tuple[Tensor, Tensor]:
        """Return rows as the discriminator sees them, and log p of their symbols [N columns]."""
        number, logits = self.form.split(self.generate(self.noise(count)))
        parts, logs = [number], [number[:, :0]]
        for column in logits:
            noise = gumbel(count, column.shape[1], self.device)
            symbol = one_hot((column + noise).argmax(1), column.shape[1]).to(column.dtype)
            logs.append((column.log_softmax(1) * symbol).sum(1, keepdim=True))
            if self.way == "probabilities" and self.training:
                symbol = column.softmax(1)
            elif self.way == "Gumbel-softmax":
                soft = ((column + noise) / HEAT).softmax(1)
                symbol = symbol + soft - soft.detach()
            parts.append(symbol)
        return torch.cat(parts, 1), torch.cat(logs, 1)

    def generated(self, count: int, given: Any = None) -> Points:
        """Return rows drawn from noise."""
        return Points(self.drawn(count)[0])

    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Algorithm 1; symbols that have no slope are raised by what they earn."""
        fake, log_probability = self.drawn(len(batch[0]))
        real, other = self.judgement(batch), self.judgement(Points(fake.detach()))
        loss = adversarial.discriminator(real, other)
        seen = (batch[0], fake.detach())
        steep = sum(penalty.zero_centred(self.discriminator, rows) for rows in seen)
        yield Update(self.discriminator, loss + PENALTY / 2 * steep, discriminator=loss)
        said_of = self.judgement(Points(fake))
        loss = adversarial.nonsaturating(said_of)
        if self.way == "policy gradient":
            earned = logsigmoid(said_of.detach().flatten())[:, None]
            others = (earned.sum() - earned) / (len(earned) - 1)
            better = (earned - others).expand_as(log_probability)
            loss = loss + policy.reinforce(log_probability, better)
        yield Update(self.generator, loss, generator=loss)


def gumbel(count: int, width: int, device: torch.device) -> Tensor:
    """Draw Gumbel noise [count width]: the largest logit + noise is a draw by softmax."""
    even = draw.uniform(count, width, device=device, purpose="symbols")
    return -(-even.clamp(1e-12, 1 - 1e-7).log()).log()


def against(form: Form, rows: Tensor, real: Tensor) -> dict[str, float]:
    """Return how far rows are from the law: all in all, which it allows, how often each cell."""
    cell, allowed = form.cell(rows)
    found = cell.bincount(minlength=len(form.shares)) / len(rows)
    return {"distance": wasserstein(real[:MATCHED], rows[:MATCHED]),
            "allowed": float(allowed.float().mean()),
            "off": float((found - form.shares).abs().sum() / 2)}  # fmt: skip


def played(name: str, way: str, steps: int, seed: int) -> dict[str, float]:
    """Train on one kind of data in one way, and hold what is drawn against the law."""
    form = FORMS[name]
    kind = type("Mixed", (Mixed,), {"form": form, "way": way})
    stream = Drawn(form.law, form.width, BATCH, seed)
    model = fitting.trained(kind, CONFIG, stream, steps, seed)
    real = points(form.law, COUNT, form.width, seed, "test")
    return against(form, fitting.drawn(model, COUNT), real)


def floor(name: str, seed: int) -> dict[str, float]:
    """Return the figures of rows that the law itself drew."""
    form = FORMS[name]
    one, other = (points(form.law, COUNT, form.width, seed, "test", n) for n in (0, 1))
    return against(form, other, one)


@experiment("Which kinds of data does a GAN suit: numbers, symbols, or rows of both?")
def run(work: Work) -> Outcome:
    """Train on each kind of data in each way."""
    steps = work.steps(STEPS, 5)
    rows: list[dict[str, Any]] = [
        {"data": name, "way": way, "runs": work.each(f"{name}, {way}",
                                                     partial(played, name, way, steps))}
        for name, way in GAMES
    ]  # fmt: skip
    least: dict[str, Any] = {
        name: {"data": name, "way": "the law itself", "runs": [floor(name, s) for s in work.seeds]}
        for name in FORMS
    }
    shown = [row for name in FORMS for row in (*_of(rows, name), least[name])]
    cells = [[row["data"], row["way"], *(str(_sum(row, key)) for key in _KEYS)] for row in shown]
    head = ("data", "way of the slope", *_KEYS.values())
    text = markdown(head, cells)
    return Outcome((text,), rows, _seen(rows, least), _checks(), _figure(shown))


_KEYS = {"distance": "Wasserstein distance", "allowed": "share that the law allows",
         "off": "frequencies, total variation"}  # fmt: skip


def _of(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["data"] == name]


def _sum(row: dict[str, Any], key: str) -> Summary:
    return Summary(tuple(run[key] for run in row["runs"]))


def _seen(rows: list[dict[str, Any]], least: dict[str, Any]) -> str:
    parts = []
    for name in FORMS:
        best = min(_of(rows, name), key=lambda row: _sum(row, "distance").mean)
        ratio = _sum(best, "distance").mean / _sum(least[name], "distance").mean
        allowed = percent(_sum(best, "allowed").mean)
        parts.append(f"{name} by {best['way']} at {said(ratio)} times ({allowed} are allowed)")
    return (
        "Of the distance that the law's own rows have from each other, drawn rows come nearest: "
        f"{'; '.join(parts)}."
    )


def _checks() -> list[Check]:
    """Compare draws by Gumbel noise with the probabilities that they are to have."""
    share = _rising(CLASSES)
    with draw.fixed(0, torch.device("cpu")):
        noise = gumbel(100_000, CLASSES, torch.device("cpu"))
    found = (share.log() + noise).argmax(1).bincount(minlength=CLASSES) / len(noise)
    within = 5 * math.sqrt(0.25 / len(noise))
    pairs = enumerate(zip(found, share, strict=True))
    return [
        Check(f"share of symbol {place} drawn by Gumbel noise", float(one), float(wanted), within)
        for place, (one, wanted) in pairs
    ]


def _figure(rows: list[dict[str, Any]]) -> Figure:
    figure, places = panels(1, len(_KEYS), 4.2, 3.6)
    for axes, (key, label) in zip(places, _KEYS.items(), strict=True):
        dots(axes, {f"{row['data']}: {row['way']}": _sum(row, key) for row in rows}, label)
        if axes is not places[0]:
            axes.set_yticklabels([])
    return figure
