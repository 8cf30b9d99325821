"""Whether a game over words is better than likelihood at a temperature: quality beside diversity.

Caccia et al., "Language GANs falling short", arXiv:1811.02549: a generator that learned by
likelihood alone, its logits divided by a temperature, trades diversity for quality along a curve;
a GAN is better where its point lies beyond it. So each model stands here twice, with the same
first weights: as it is after its likelihood stage, and after its game. Quality is BLEU against
held-out sentences and, where the law of the data is known, the law's own NLL of the samples;
diversity is self-BLEU and the tempered model's NLL of held-out sentences.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

from liangyi.core import files, registry
from liangyi.core.errors import UserError
from liangyi.core.spec import Words
from liangyi.core.verbs import samples
from liangyi.data import Data, Dataset, Source, names
from liangyi.fields.words import sentences
from liangyi.lab.entry import Entry, entries
from liangyi.lab.experiment import Outcome, Work, experiment
from liangyi.lab.figure import panels
from liangyi.lab.table import Summary, markdown
from liangyi.lab.trial import Trial, failed, finished, place_of
from liangyi.metrics.text import bleu, self_bleu
from liangyi.runs.run import Run

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODELS = ("seqgan",)
_SMALL = "seqgan:width=8,reader_width=8,windows=1+2,filters=4+4,rollouts=1,vocabulary=12,length=5"
DATA = ("oracle",)
TEMPERATURES = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2)
COLUMNS = ("oracle_nll", "nll", "bleu_4", "self_bleu_4")
LIKELIHOOD = "after likelihood"
_COUNT, _COMPARED = 2000, 500  # sentences of a point; of them, those that are compared by words
_LENGTH = 20  # words of a line, where the data is a text
_PACE = {"log_every": 500, "sample_every": 2000, "examine_every": 0, "keep": 1,
         "validate_every": 0}  # fmt: skip
Point = dict[str, float]


def trials(
    entries: Sequence[Entry], data: Sequence[str], seeds: int, out: Path, steps: int | None
) -> list[Trial]:
    """Return the trainings of the bench; every first seed comes before any second one.

    Raises:
        UserError: a model has no likelihood stage, or no step is left for its game; or the data
            holds no sentences out.
    """
    found: list[Trial] = []
    for seed in range(seeds):
        for name in data:
            for entry in entries:
                recipe = _recipe(entry, name, steps)
                ends = _likelihood_steps(entry, recipe)
                settings = {**entry.settings, "likelihood_steps": ends, "steps": ends}
                before = Entry(f"{entry.name} {LIKELIHOOD}", entry.model, settings)
                for own in (before, entry):
                    place = place_of(out, name) / own.folder / f"seed-{seed}"
                    found.append(Trial(own, name, seed, place, recipe))
    for trial in found[: 2 * len(data) * len(entries) : 2 * len(entries)]:
        _held_out(trial.source())  # now, not after the first training
    return found


def _recipe(entry: Entry, data: str, steps: int | None) -> dict[str, Any]:
    """Return the settings of a game and what comes before it, for so many steps in all."""
    kind = registry.find(entry.model)
    total = entry.settings.get("steps", steps or kind.recipe.steps)
    config = kind.fitted(kind.Config(), total)
    if not getattr(config, "likelihood_steps", 0):
        raise UserError(f"{entry.model} learns nothing by likelihood in {total} steps")
    form = {} if data in names() else {"length": _LENGTH}
    return {**_PACE, **form, "steps": total, "checkpoint_every": total,
            "likelihood_steps": config.likelihood_steps,
            "pretrain_steps": config.pretrain_steps}  # fmt: skip


def _likelihood_steps(entry: Entry, recipe: dict[str, Any]) -> int:
    """Return how many steps come by likelihood: the game is what follows them and the pretraining.

    Raises:
        UserError: there are none, or nothing follows.
    """
    own = {**recipe, **entry.settings}
    ends: int = own["likelihood_steps"]
    if not ends:
        raise UserError(f"{entry.name} learns nothing by likelihood")
    if ends + own["pretrain_steps"] >= own["steps"]:
        raise UserError(f"{entry.name} has no step left for its game, of {own['steps']}")
    return ends


def finish(trial: Trial) -> None:
    """Measure the curve of a finished training, once."""
    run = trial.run
    if run is not None and not failed(run) and not _kept(trial).exists():
        files.write(_kept(trial), json.dumps(curve(run)))


def _kept(trial: Trial) -> Path:
    return trial.path / "temperature.json"


def curve(run: Run) -> dict[str, Point]:
    """Return the figures of a trained model at each temperature, and of real sentences.

    Raises:
        UserError: the data holds nothing out.
    """
    model, source = run.model(weights="newest"), run.source()
    train, held_out, field = run.data(source), _held_out(source), model.spec.created
    assert isinstance(field, Words) and isinstance(train, Dataset)
    index = held_out.subset(min(_COUNT, len(held_out)))
    parts = [held_out.batch(model.Batch, part, model.device) for part in index.split(500)]
    real = [words for part in parts for words in sentences(field, part.token)][:_COMPARED]
    found = {}
    for temperature in TEMPERATURES:
        drawn = samples(model, _COUNT, temperature=temperature)
        point = _judged(train, field, drawn, real)
        each = [float(model.evaluate(part, temperature=temperature)["nll"]) for part in parts]
        words = [model.means_over(part)["nll"] for part in parts]
        found[f"{temperature:g}"] = point | {"nll": fmean(each, words)}
    other = train.batch(model.Batch, train.subset(min(_COUNT, len(train))), "cpu").token
    return found | {"real": _judged(train, field, other, real)}


def _held_out(source: Source) -> Dataset:
    found = source.split("test")
    if not isinstance(found, Dataset):
        raise UserError(
            f"{source.name} holds no sentences out; a folder with train.txt and test.txt would do",
            setting="data",
        )
    return found


def _judged(train: Data, field: Words, items: Any, real: list[list[int]]) -> Point:
    own = sentences(field, items)[:_COMPARED]
    known = {} if train.truth is None else train.truth(items)
    if max(map(len, own)) < 4:  # they have no groups of four words, so neither figure
        return {**known, "bleu_4": math.nan, "self_bleu_4": math.nan}
    return {**known, "bleu_4": float(bleu(own, real).mean()),
            "self_bleu_4": float(self_bleu(own).mean())}  # fmt: skip


def table(done: Sequence[Trial]) -> tuple[str, list[dict[str, Any]]]:
    """Return a Markdown table for each data set, and the same as plain values."""
    parts, plain = [], []
    for data in dict.fromkeys(trial.data for trial in done):
        rows = []
        floors: list[dict[str, Summary]] = []
        for name in dict.fromkeys(trial.entry.name for trial in done if trial.data == data):
            own = [trial for trial in done if (trial.data, trial.entry.name) == (data, name)]
            curves = [json.loads(_kept(t).read_text()) for t in own if _kept(t).exists()]
            for temperature, point in _summed(curves).items():
                if temperature == "real":
                    floors.append(point)
                else:
                    rows.append([f"`{name}`", temperature, str(len(curves)), *_cells(point)])
                    plain.append({"data": data, "model": name, "temperature": float(temperature),
                                  "seeds": len(curves),
                                  **{c: one.json() for c, one in point.items()}})  # fmt: skip
        rows += [["real sentences", "", "", *_cells(floors[0])]] if floors else []
        parts.append(markdown((data, "temperature", "seeds", *COLUMNS), rows))
    return "\n\n".join(parts) + "\n", plain


def _summed(curves: Sequence[dict[str, Point]]) -> dict[str, dict[str, Summary]]:
    """Return each figure at each temperature over the seeds."""
    return {
        temperature: {
            column: Summary(tuple(one[temperature][column] for one in curves)) for column in point
        }
        for temperature, point in (curves[0] if curves else {}).items()
    }


def _cells(point: dict[str, Summary]) -> list[str]:
    return [str(point[column]) if column in point else "" for column in COLUMNS]


def _figure(plain: Sequence[dict[str, Any]]) -> Figure:
    """Draw each pair of quality and diversity, a row for each data set."""
    pairs = [("self_bleu_4", "bleu_4", "self-BLEU-4", "BLEU-4, better upwards"),
             ("nll", "oracle_nll", "held-out NLL", "NLL by the law, better downwards")]  # fmt: skip
    data = list(dict.fromkeys(one["data"] for one in plain))
    figure, places = panels(len(data) or 1, 2, 4.5, 4)
    for number, axes in enumerate(places):
        across, up, below, beside = pairs[number % 2]
        own = [one for one in plain if one["data"] == data[number // 2] and up in one]
        for name in dict.fromkeys(one["model"] for one in own):
            points = [one for one in own if one["model"] == name
                      and None not in (one[across]["mean"], one[up]["mean"])]  # fmt: skip
            x, y = ([one[column]["mean"] for one in points] for column in (across, up))
            axes.plot(x, y, "o-", label=name, markersize=4)
            for one, place in zip(points, zip(x, y, strict=True), strict=True):
                axes.annotate(f"{one['temperature']:g}", place, fontsize=7)
        axes.set_visible(bool(own))
        if own:
            axes.set(xlabel=below, ylabel=beside, title=Path(own[0]["data"]).name)
    figure.legend(*places[0].get_legend_handles_labels(), loc="outside lower center", fontsize=7)
    return figure


def _seen(plain: Sequence[dict[str, Any]]) -> str:
    """Hold each game at temperature 1 against likelihood at the temperature as diverse."""
    parts = []
    plain = [one for one in plain if one["self_bleu_4"]["mean"] is not None]
    for game in plain:
        if game["temperature"] != 1 or game["model"].endswith(LIKELIHOOD):
            continue
        before = [one for one in plain if one["data"] == game["data"]
                  and one["model"] == f"{game['model']} {LIKELIHOOD}"]  # fmt: skip
        if not before:
            continue
        wanted = game["self_bleu_4"]["mean"]
        like = min(before, key=lambda one: abs(one["self_bleu_4"]["mean"] - wanted))
        parts.append(
            f"on {game['data']} `{game['model']}` has BLEU-4 {game['bleu_4']['mean']:.3f} and "
            f"self-BLEU-4 {wanted:.3f}; likelihood at temperature {like['temperature']:g} has "
            f"{like['bleu_4']['mean']:.3f} and {like['self_bleu_4']['mean']:.3f}"
        )
    text = "; ".join(parts)
    return f"{text[:1].upper()}{text[1:]}." if parts else "No two trainings came to their end."


@experiment(
    "Is a game over words better than likelihood at a temperature?",
    models=MODELS,
    data=DATA,
    quick={"models": (_SMALL,)},
)
def run(work: Work) -> Outcome:
    """Train what is not trained yet, and measure it at every temperature."""
    steps = 10 if work.quick else work.terms.steps
    wanted = trials(entries(work.models), work.data, len(work.seeds), work.out, steps)
    text, plain = table(finished(wanted, work.tell, finish))
    return Outcome((text.strip(),), plain, _seen(plain), figure=_figure(plain))
