"""Whether a generator that learns which negatives to show ranks better than a rule that takes them.

IRGAN (arXiv:1705.10513) beside what it should be better than: logistic regression of each document,
pairs (BPR), and pairs whose negatives are the highest of several (DNS). All have networks of the
same form, the same batches and as many steps; a step of IRGAN is a turn of one player. Planted laws
decide, since they hold out a thousand queries; the public samples hold out 28 and 43 and are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from liangyi.core.batch import Interactions, Rankings
from liangyi.core.errors import UserError
from liangyi.data import Dataset, choose
from liangyi.data.tables.rankings import Law
from liangyi.data.tables.tastes import Tastes
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import benched
from liangyi.lab.table import Summary, markdown, write
from liangyi.lab.table import seeds as said
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.metrics.card import Card
from liangyi.metrics.rankings import by_chance, figures
from liangyi.runs.cards import kept
from liangyi.scoring import score

MODELS = ("pointwise", "bpr", "dns", "irgan", "irgan:pretrain_steps=1000")
DATA = ("rankings", "tastes", "mq2008", "lightgbm-rank")
COLUMNS = ("ndcg_5", "precision_5", "average_precision", "reciprocal_rank")
_STEPS = 2000
# vectors begin near 0 and want a higher rate; 54 and 141 queries want small batches and a pull to 0
_SMALL = {"batch_size": 8, "weight_decay": 0.01}
_RECIPES: dict[str, dict[str, Any]] = {
    "tastes": {"learning_rate": 1e-2}, "mq2008": _SMALL, "lightgbm-rank": _SMALL,
}  # fmt: skip
Found = dict[str, dict[int, dict[str, Card]]]  # entry -> seed -> cards, of what has such


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every entry's first seed comes before any second one.

    Raises:
        UserError: the data has no queries.
    """
    for name in data:
        spec = choose(name).spec()
        if not spec.serves(Rankings) and not spec.serves(Interactions):
            raise UserError(f"{name} has no queries; {', '.join(DATA)} have", setting="data")
    return [
        Trial(entry, name, seed, place_of(out, name) / entry.folder / f"seed-{seed}",
              _recipe(name, steps or _STEPS))
        for seed in range(seeds)
        for name in data
        for entry in entries
    ]  # fmt: skip


def _recipe(data: str, steps: int) -> dict[str, Any]:
    every = ("sample_every", "checkpoint_every", "log_every")
    pace = {"steps": steps, "keep": 1, "examine_every": 0, "validate_every": 0}
    return {"batch_size": 32, **pace, **dict.fromkeys(every, steps), **_RECIPES.get(data, {})}


def finish(trial: Trial) -> None:
    """Score a finished training, once."""
    run = trial.run
    if run is not None and not failed(run) and not kept(run):
        score(run)


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table for each data set, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        own = [trial for trial in done if trial.data == data]
        rows, found = [], _found(own)
        for name, cards in found.items():
            sums = {
                c: Summary(tuple(one[c].value for one in cards.values())) for c in COLUMNS if cards
            }
            every = sum(trial.entry.name == name for trial in own)
            cells = [str(sums[c]) if c in sums else "-" for c in COLUMNS]
            rows.append([f"`{name}`", said(every, every - len(cards)), *cells])
            plain.append({"data": data, "model": name, "seeds": every,
                          "failed": every - len(cards),
                          **{c: total.json() for c, total in sums.items()}})  # fmt: skip
        queries, ends = _ends(data)
        rows += [[name, "", *(write(values[c]) for c in COLUMNS)] for name, values in ends.items()]
        head = (f"{data}, {queries} held out", "seeds", *COLUMNS)
        parts.append(markdown(head, rows))
    return "\n\n".join(parts) + "\n", plain


def _found(trials: Sequence[Trial]) -> Found:
    found: Found = {}
    for trial in trials:
        cards = {card.metric: card for card in kept(trial.run)} if trial.run is not None else {}
        found.setdefault(trial.entry.name, {}).update({trial.seed: cards} if cards else {})
    return found


def _ends(data: str) -> tuple[int, dict[str, dict[str, float]]]:
    """Return how many queries are held out, and both ends of the scale: chance, and the law."""
    source = choose(data)
    held_out = source.split("test")
    assert isinstance(held_out, Dataset)
    kind: Any = Rankings if held_out.spec.serves(Rankings) else Interactions
    batch = held_out.some(len(held_out), kind)
    found = {"in random order": by_chance(batch.relevance, batch.mask)}
    if isinstance(source, Law | Tastes):
        scores = source.worth(batch).masked_fill(~batch.mask, -torch.inf)
        each = figures(scores, batch.relevance)
        found["by the law itself"] = {name: float(values.mean()) for name, values in each.items()}
    return len(held_out), found


def _sentence(found: Found) -> str:
    """Say whether the best of IRGAN's rows beats dynamic negative sampling, seed by seed."""
    column = COLUMNS[0]
    means = {name: Summary(tuple(one[column].value for one in cards.values())).mean
             for name, cards in found.items() if cards}  # fmt: skip
    games = {name: mean for name, mean in means.items() if name.startswith("irgan")}
    if not games or "dns" not in means:
        return ""
    best = max(games, key=games.__getitem__)
    game, rule = found[best], found["dns"]
    both = sorted(game.keys() & rule.keys())
    if not both:
        return ""
    away = Summary(tuple(game[seed][column].value - rule[seed][column].value for seed in both))
    sure = away.half is not None and abs(away.mean) > away.half
    word = ("beats" if away.mean > 0 else "is behind") if sure else "cannot be told from"
    return f"`{best}` {word} `dns`: {away} in {column}, the mean over seeds of the differences."


@experiment(
    "Does a generator of negatives rank better than a rule that takes them?",
    models=MODELS,
    data=DATA,
    quick={"models": ("dns:hidden=4+", "irgan:hidden=4+"), "data": ("rankings",)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet."""
    steps = 2 if work.quick else work.terms.steps
    wanted = trials(entries(work.models), work.data, len(work.seeds), work.out, steps)
    done = finished(wanted, work.tell, finish)
    text, plain = table(done)
    said = [(data, _sentence(_found([trial for trial in done if trial.data == data])))
            for data in dict.fromkeys(trial.data for trial in done)]  # fmt: skip
    seen = " ".join(f"On {data} {sentence}" for data, sentence in said if sentence)
    seen = seen or "Nothing that takes part can be held against `dns`."
    return Outcome((text.strip(),), plain, seen, figure=benched(plain, COLUMNS[0]))
