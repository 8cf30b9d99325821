"""Whether simulated noise teaches a denoiser what real noise does.

A `noise-gan` learns from noisy and clean photographs that are no pairs. Then three `dncnn` learn
from the same clean photographs, with the true noise of each; with Gaussian noise of the deviation
that the true noise has, the best that one number can say (and known from pairs, which is more than
the simulation was told); and with the simulated noise. All are judged by the true pairs of held-out
photographs. On a planted law the simulated noise stands beside its formula, too.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any

import torch

from liangyi import data as sources
from liangyi.core.errors import UserError
from liangyi.data import Dataset
from liangyi.data.pictures.noisy import NoisySource, Paired
from liangyi.data.pictures.planted_noise import PlantedNoise
from liangyi.lab.entry import Entry, parse
from liangyi.lab.experiment import Check, Outcome, Work, experiment
from liangyi.lab.figure import finite
from liangyi.lab.table import Summary, markdown
from liangyi.lab.trial import Trial, place_of
from liangyi.metrics.noise import BINS, LAGS, Law, law
from liangyi.runs.run import Run
from liangyi.scoring import score
from liangyi.scoring.scorers.noise import simulated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, DENOISED = 3000, 1500  # of the simulation, and of each denoiser
LOOK = 2000  # held-out patches
TRUE, GAUSSIAN = "true noise", "fitted Gaussian"
COLUMNS = {"psnr": "PSNR, dB", "ssim": "SSIM"}
FIGURES = {"noise_variance": "variance, share wrong", "noise_correlation": "correlation, wrong by",
           "noise_kurtosis": "excess kurtosis", "noise_deviation": "deviation"}  # fmt: skip


@experiment(
    "Does a denoiser learn from simulated noise what it learns from real noise?",
    models=("noise-gan",),
    data=("planted-noise",),
)
def run(work: Work) -> Outcome:
    """Learn the noise, and denoisers from it; `--data` also takes folders of photographs."""
    rows: list[dict[str, Any]] = []
    tables, checks, laws = [], [], {}
    for name in work.data:  # now, not after all trainings
        _held_out(name)
    for name in work.data:
        own = [row for seed in work.seeds for row in _measured(work, name, seed)]
        rows += own
        tables += _tables(name, own)
        laws[name] = own[-1]["laws"]
        checks += _planted(name) if laws[name]["formula"] else []
    return Outcome(tables, rows, _seen(rows), checks, _figure(laws, rows))


def _measured(work: Work, name: str, seed: int) -> list[dict[str, Any]]:
    """Return the rows of one data set and seed: of the denoisers, then of each simulation."""
    steps = work.steps(STEPS, 4)
    place = place_of(work.out / "runs", name)
    run = functools.partial(_run, name, seed, place)
    rows: list[dict[str, Any]] = []
    gaussian = {"sigma": round(_deviation(name), 3)}
    ways: dict[str, dict[str, Any]] = {TRUE: {}, GAUSSIAN: gaussian}
    for model in work.models:
        made = parse(model)
        path = place / made.folder / f"seed-{seed}"
        ways[model] = {"noise": str(path)}
        figures = work.kept(f"{place.name}, {made.folder}, seed {seed}", functools.partial(
            _simulation, run, made, path, steps, name))  # fmt: skip
        rows.append({"data": name, "simulation": model, "seed": seed, **figures})
    shorter = work.steps(DENOISED, 4)
    for way, settings in ways.items():
        entry = Entry(way, "dncnn", settings)
        path = place / "dncnn" / way.replace(" ", "-").replace(":", "-") / f"seed-{seed}"
        figures = work.kept(f"{place.name}, denoiser from {way}, seed {seed}", functools.partial(
            _cards, run, entry, path, shorter))  # fmt: skip
        rows.insert(0, {"data": name, "denoiser": way, "seed": seed, **figures})
    return rows


def _source(name: str) -> tuple[str, dict[str, Any]]:
    """Return data and its settings: a plain folder of photographs gets the planted law."""
    kind = sources.find(name)
    if issubclass(kind, NoisySource):
        return name, {}
    if not Path(name).is_dir():
        raise UserError(f"{name} is neither noisy photographs nor a folder of clean ones",
                        setting="data")  # fmt: skip
    return PlantedNoise.registered, {"photographs": str(Path(name).absolute())}


def _held_out(name: str) -> Paired:
    known, settings = _source(name)
    test = sources.choose(known, **settings).split("test")
    if not isinstance(test, Dataset) or not test.spec.serves(Paired):
        raise UserError(f"{name} has no pairs, by which to judge", setting="data")
    found: Paired = test.batch(Paired, test.subset(LOOK), "cpu", (0.0, 255.0))
    return found


@functools.lru_cache(maxsize=4)
def _deviation(name: str) -> float:
    """Return the deviation of the noise on the clean training photographs, grey levels."""
    known, settings = _source(name)
    train = sources.choose(known, **settings).split("train")
    assert isinstance(train, Dataset)
    pairs = train.some(LOOK, Paired, "cpu", (0.0, 255.0))
    return float((pairs.noised - pairs.clean).square().mean().sqrt())


def _run(name: str, seed: int, place: Path, entry: Entry, path: Path, steps: int) -> Run:
    known, settings = _source(name)
    paces = {"log_every": 100, "sample_every": steps, "checkpoint_every": max(1, steps // 4),
             "examine_every": 0, "validate_every": 0, "keep": 1}  # fmt: skip
    trial = Trial(entry, known, seed, path, {**settings, "steps": steps, **paces})
    if not trial.finished:
        trial.train()
    assert trial.run is not None
    return trial.run


def _cards(run: Any, entry: Entry, path: Path, steps: int) -> dict[str, float]:
    return {card.metric: card.value for card in score(run(entry, path, steps), LOOK)}


def _simulation(run: Any, entry: Entry, path: Path, steps: int, name: str) -> dict[str, Any]:
    figures: dict[str, Any] = _cards(run, entry, path, steps)
    model, pairs = Run(path).model(), _held_out(name)
    low, high = model.image_range
    scaled = low + (high - low) / 255 * pairs.clean
    noisy = (simulated(model, scaled) - low) * (255 / (high - low))
    known, settings = _source(name)
    source = sources.choose(known, **settings)
    light = [(place + 0.5) * 256 / BINS for place in range(BINS)]
    formula = None
    if isinstance(source, PlantedNoise):
        variance = source.variance(torch.tensor(light, device="cpu")).tolist()
        formula = {"variance": variance, "correlation": [source.correlation(*lag) for lag in LAGS]}
    figures["laws"] = {"true": _plain(law(pairs.noised - pairs.clean, pairs.clean)),
                       "made": _plain(law(noisy - pairs.clean, pairs.clean)),
                       "formula": formula, "centre": light}  # fmt: skip
    return figures


def _plain(found: Law) -> dict[str, Any]:
    """Return a law as JSON; variances of few pixels as null."""
    variance = [value if value == value else None for value in found.variance.tolist()]
    return {"light": found.light.nan_to_num(0.0).tolist(), "variance": variance,
            "correlation": found.correlation.tolist()}  # fmt: skip


def _planted(name: str) -> list[Check]:
    """Compare the held-out noise with the formula that it was drawn by.

    The variance is that of the commonest light whose noise is not cut at black or white.
    """
    known, settings = _source(name)
    source, pairs = sources.choose(known, **settings), _held_out(name)
    assert isinstance(source, PlantedNoise)
    true = law(pairs.noised - pairs.clean, pairs.clean)
    wanted = source.variance(true.light)
    reach = 3 * wanted.sqrt()
    whole = (true.light >= reach) & (true.light <= 255 - reach) & true.variance.isfinite()
    checks = [Check(f"{name}: correlation with the right neighbour", float(true.correlation[0]),
                    source.correlation(*LAGS[0]), 0.03)]  # fmt: skip
    if whole.any():
        place = int(true.share.where(whole, 0).argmax())
        right = float(wanted[place])
        checks.insert(0, Check(f"{name}: variance at {true.light[place]:.0f}",
                               float(true.variance[place]), right, 0.05 * right))  # fmt: skip
    return checks


def _summary(rows: list[dict[str, Any]], key: str, name: str, column: str) -> Summary:
    return finite([row.get(column) for row in rows if row.get(key) == name])


def _tables(name: str, rows: list[dict[str, Any]]) -> list[str]:
    """Return the tables of one data set: the denoisers, and the simulations."""
    ways = list(dict.fromkeys(row["denoiser"] for row in rows if "denoiser" in row))[::-1]
    cells = [[f"`dncnn` from {way}", *(str(_summary(rows, "denoiser", way, column))
                                       for column in COLUMNS)] for way in ways]  # fmt: skip
    noisy = ["nothing done", *(str(_summary(rows, "denoiser", ways[0], f"noisy_{column}"))
                               for column in COLUMNS)]  # fmt: skip
    models = dict.fromkeys(row["simulation"] for row in rows if "simulation" in row)
    noise = [[f"`{model}`", *(str(_summary(rows, "simulation", model, column))
                              for column in FIGURES)] for model in models]  # fmt: skip
    return [markdown((name, *COLUMNS.values()), [noisy, *cells]),
            markdown((name, *FIGURES.values()), noise)]  # fmt: skip


def _seen(rows: list[dict[str, Any]]) -> str:
    parts = []
    for name in dict.fromkeys(row["data"] for row in rows):
        own = [row for row in rows if row["data"] == name and "denoiser" in row]
        found: dict[str, list[float]] = {}
        for row in own:
            found.setdefault(row["denoiser"], []).append(row["psnr"])
        parts += [
            f"on {name} a denoiser that learned from `{model}` has {fmean(decibels):.2f} dB, "
            f"{_more(decibels, found[GAUSSIAN])} beside fitted Gaussian noise and "
            f"{_more(decibels, found[TRUE])} beside true noise"
            for model, decibels in found.items() if model not in (TRUE, GAUSSIAN)
        ]  # fmt: skip
    said = "; ".join(parts)
    return f"{said[0].upper()}{said[1:]}."


def _more(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the mean difference, seed by seed, with half of its 95 % interval if it has one."""
    more = Summary(tuple(one - other for one, other in zip(ours, theirs, strict=True)))
    return f"{more.mean:+.2f}" + ("" if more.half is None else f" ± {more.half:.2f}")


def _figure(laws: dict[str, Any], rows: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import dots, panels

    figure, places = panels(len(laws), 3, 3.6, 3.0)
    for number, (name, found) in enumerate(laws.items()):
        one, other, last = places[3 * number : 3 * number + 3]
        for key, mark in (("true", "o"), ("made", "-")):
            pairs = zip(found[key]["light"], found[key]["variance"], strict=True)
            known = [pair for pair in pairs if pair[1] is not None]
            one.plot(*zip(*known, strict=True), mark, label={"made": "simulated"}.get(key, key))
            other.plot(found[key]["correlation"], mark)
        if found["formula"]:
            one.plot(found["centre"], found["formula"]["variance"], ":", label="planted")
            other.plot(found["formula"]["correlation"], ":")
        one.set(xlabel="light", title=f"{Path(name).name}: variance")
        other.set(xticks=range(len(LAGS)), title="correlation of neighbours")
        other.set_xticklabels([f"{down}, {right}" for down, right in LAGS], fontsize=8)
        one.legend(frameon=False, fontsize=8)
        own = [row for row in rows if row["data"] == name and "denoiser" in row][::-1]
        ways = dict.fromkeys(row["denoiser"] for row in own)
        dots(last, {way: _summary(own, "denoiser", way, "psnr") for way in ways},
             "PSNR of the denoiser, dB")  # fmt: skip
    return figure
