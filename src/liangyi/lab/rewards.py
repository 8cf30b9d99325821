"""What a generator of words owes to its discriminator, and what to any reward at all.

SeqGAN's policy gradient (arXiv:1609.05473, equation 8) weighs each word that was written by what
the discriminator thinks of it. Where every word earns the same, its expectation is zero: nothing
can be learned. But Adam divides each weight's gradient by its own usual size, and expectations do
not pass through a quotient: a word that is seldom written gives one large gradient upwards and many
small ones downwards. So rare words become rarer, and what is written likelier, under any law that
is itself uneven. Here the game is played from the same generator, which learned by likelihood, with

- the discriminator's reward, as published;
- the same with a baseline, the batch's mean: the same direction on average, of less variance;
- a constant reward, 1 for every word, by Adam;
- the constant reward by plain gradient descent.

Beside them stands likelihood at lower temperatures (arXiv:1811.02549): what costs nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from liangyi.core.batch import Tokens
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.core.verbs import samples
from liangyi.data import Batches, Data, Dataset, Source, choose
from liangyi.lab.entry import Entry
from liangyi.lab.experiment import Outcome, Work, experiment, said
from liangyi.lab.figure import panels
from liangyi.lab.table import Summary, markdown
from liangyi.lab.trial import Trial, failed, finished
from liangyi.losses import policy
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer, TrainingFailed
from liangyi.zoo.sequences.seqgan import SeqGAN, SeqGANConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TEMPERATURES = (1.0, 0.95, 0.9, 0.85, 0.8)
COLUMNS = ("oracle_nll", "nll", "entropy")
_LOOKS, _WRITTEN, _HELD_OUT = 6, 2500, 2000
_PACE = {"sample_every": 10_000, "examine_every": 0, "keep": 1, "validate_every": 0}
Point = dict[str, float]
End = tuple[str, str, dict[str, Summary]]  # what, when, and its figures


@dataclass(frozen=True)
class Law:
    """A language, a generator of it, and the length of the game."""

    data: Mapping[str, int]  # settings of the oracle
    config: SeqGANConfig
    rounds: int


LAW = Law({"vocabulary": 5000, "length": 20}, SeqGANConfig(), 60)  # the paper's
QUICK = Law(
    {"vocabulary": 12, "length": 5},
    SeqGANConfig(width=8, reader_width=8, windows=(1, 2), filters=(4, 4), rollouts=1,
                 likelihood_steps=20, pretrain_steps=2, discriminator_steps=1),
    6,
)  # fmt: skip


class ConstantReward(SeqGAN):
    """A game in which every word earns 1, so that nothing is to be learned."""

    def updates(self, batch: Tokens, step: int) -> Iterator[Update]:
        """Raise the chance of what was written, whatever it is."""
        with torch.no_grad():
            written = self.generator.write(*batch.token.shape)
        score = self.generator(written)
        yield Update(self.policy, policy.reinforce(score, torch.ones_like(score)))


class ConstantRewardDescent(ConstantReward):
    """The same by plain gradient descent, whose expected step is zero."""

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return gradient descent, at the rate at which its steps are as long as Adam's here."""
        return torch.optim.SGD(weights, lr=0.3)


GAMES: dict[str, tuple[type[SeqGAN], bool]] = {  # whose updates, and whether the mean is subtracted
    "discriminator": (SeqGAN, False),
    "discriminator, baseline": (SeqGAN, True),
    "constant": (ConstantReward, False),
    "constant, gradient descent": (ConstantRewardDescent, False),
}


def likelihood(work: Work, law: Law, seed: int) -> SeqGAN:
    """Return a generator that learned by likelihood; the training is a run that goes on."""
    ends = law.config.likelihood_steps
    settings = {**asdict(law.config), **law.data, **_PACE, "steps": ends, "log_every": ends,
                "checkpoint_every": 1000}  # fmt: skip
    path = work.out / "likelihood" / f"seed-{seed}"
    (done,) = finished([Trial(Entry("likelihood", "seqgan", settings), "oracle", seed, path, {})],
                       work.tell)  # fmt: skip
    assert done.run is not None
    if failed(done.run):
        raise UserError(f"with seed {seed} the likelihood became no number; see {path}")
    model = done.run.model(weights="newest")
    assert isinstance(model, SeqGAN)
    return model


def played(work: Work, law: Law, game: str, seed: int) -> list[Point]:
    """Play from a generator that learned by likelihood; return a look at each sixth of the game.

    After a loss that is no number, looks have no figures.
    """
    first, (kind, baseline) = likelihood(work, law, seed), GAMES[game]
    config = replace(law.config, likelihood_steps=0, baseline=baseline)
    alone = issubclass(kind, ConstantReward)  # each step is a turn of the generator
    before = 0 if alone else config.pretrain_steps
    each = 1 if alone else 1 + config.discriminator_steps
    source, rounds = choose("oracle", **law.data), work.steps(law.rounds, law.rounds)
    train = source.split("train")
    assert isinstance(train, Dataset)
    model = build(kind, config, train.spec, seed)
    assert isinstance(model, SeqGAN)
    model.generator.load_state_dict(first.generator.state_dict())
    training = replace(SeqGAN.recipe, steps=before + rounds * each, seed=seed, device="cpu")
    stream = Batches(train, model.Batch, training.batch_size, seed, "cpu", model.image_range)
    rounds_of_looks = {rounds * look // _LOOKS for look in range(1, _LOOKS + 1)} - {0}
    looks = {before + each * number for number in rounds_of_looks}
    held_out = source.split("test")
    found = [measured(model, source, held_out)]
    with suppress(TrainingFailed):
        for step, _ in enumerate(Trainer(model, stream, training).run(), 1):
            if step in looks:
                found.append(measured(model, source, held_out))
    nothing = dict.fromkeys(COLUMNS, math.nan)
    return found + [nothing] * (1 + len(looks) - len(found))


def tempered(work: Work, law: Law, seed: int) -> list[Point]:
    """Look at likelihood at each temperature."""
    model, source = likelihood(work, law, seed), choose("oracle", **law.data)
    held_out = source.split("test")
    return [measured(model, source, held_out, temperature) for temperature in TEMPERATURES]


def measured(
    model: SeqGAN, source: Source, held_out: Data | None, temperature: float = 1.0
) -> Point:
    """Return the oracle's NLL of samples, the model's of held-out sentences, its entropy."""
    assert isinstance(held_out, Dataset)
    written = samples(model, _WRITTEN, temperature=temperature)
    batch = held_out.batch(model.Batch, held_out.subset(_HELD_OUT), "cpu")
    return {
        "oracle_nll": source.truth(written)["oracle_nll"],
        "nll": _mean(model, batch.token, temperature),
        "entropy": _mean(model, written, temperature),
    }


def _mean(model: SeqGAN, token: Tensor, temperature: float) -> float:
    """Return nats a word of sentences [N L], all of as many words."""
    nats = [
        len(part) * float(model.evaluate(Tokens(part), temperature=temperature)["nll"])
        for part in token.split(500)
    ]
    return sum(nats) / len(token)


@experiment("What does a generator of words owe to its discriminator, and what to any reward?")
def run(work: Work) -> Outcome:
    """Play each game from the same generator, and lower the temperature beside."""
    law = QUICK if work.quick else LAW
    temperatures = work.each("likelihood", partial(tempered, work, law))
    games = {game: work.each(game, partial(played, work, law, game)) for game in GAMES}
    ends = _ends(temperatures, games, f"after {work.steps(law.rounds, law.rounds)} rounds")
    cells = [[what, when, *map(str, total.values())] for what, when, total in ends]
    rows = [{"reward": what, "when": when, **{column: one.json() for column, one in total.items()}}
            for what, when, total in ends]  # fmt: skip
    table = markdown(("reward", "", "oracle NLL", "held-out NLL", "entropy"), cells)
    return Outcome((table,), rows, _seen(ends), figure=_figure(temperatures, games))


def _ends(
    temperatures: Sequence[Sequence[Point]],
    games: Mapping[str, Sequence[Sequence[Point]]],
    when: str,
) -> list[End]:
    """Return each row of a table: what, when, and its figures over the seeds."""
    found = [("likelihood", f"at {t:g}", _summed([run[place] for run in temperatures]))
             for place, t in enumerate(TEMPERATURES)]  # fmt: skip
    return found + [
        (what, when, _summed([run[-1] for run in runs])) for what, runs in games.items()
    ]


def _summed(points: Sequence[Point]) -> dict[str, Summary]:
    return {column: Summary(tuple(one[column] for one in points)) for column in COLUMNS}


def _seen(ends: Sequence[End]) -> str:
    """Say where the oracle's NLL went from and to."""
    after = ", ".join(f"{said(total['oracle_nll'].mean)} ({what})"
                      for what, _, total in ends if what != "likelihood")  # fmt: skip
    before = said(ends[0][2]["oracle_nll"].mean)
    return f"The oracle's NLL of what is written goes from {before} to {after}."


def _figure(
    temperatures: Sequence[Sequence[Point]], games: Mapping[str, Sequence[Sequence[Point]]]
) -> Figure:
    """Draw the ways from the generator that learned by likelihood, means over the seeds."""
    figure, (axes,) = panels(1, 1, 6.0, 5.0)
    for what, runs in {"likelihood, temperature 1 to 0.8": temperatures, **games}.items():
        places = list(zip(*runs, strict=True))
        x, y = ([fmean(one[column] for one in place) for place in places]
                for column in ("nll", "oracle_nll"))  # fmt: skip
        axes.plot(x, y, "o-", label=what, ms=3, color="0.55" if runs is temperatures else None)
    axes.set(xlabel="NLL of held-out sentences, better to the left",
             ylabel="oracle NLL of what is written, better downwards")  # fmt: skip
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", fontsize=8)
    return figure
