"""The shortest way to everything: make a model, train it, load it."""

from __future__ import annotations

import dataclasses
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import liangyi.views.cells  # noqa: F401  what runs, models and cards look like in a notebook
from liangyi import data as sources
from liangyi.core import registry
from liangyi.core.config import Config, Training, checked
from liangyi.core.errors import UserError, unknown
from liangyi.core.model import Model
from liangyi.core.spec import Spec
from liangyi.data import Source
from liangyi.data.arrays import MEMORY, Arrays
from liangyi.runs.building import build
from liangyi.runs.pretrained import Beginning, beginning
from liangyi.runs.run import Run, Weights
from liangyi.runs.tuning import config_of, data_of
from liangyi.scoring import score
from liangyi.session.budget import demand_alone, fitted
from liangyi.session.create import create as _create
from liangyi.session.interrupts import interrupts
from liangyi.session.outlook import Outlook
from liangyi.session.progress import Progress, say, watched
from liangyi.session.session import Session

Data = Any  # a name, a path, arrays (see `liangyi.data.arrays`), a `Source`; nothing: what suits


def create(name: str, data: Data | Spec = "digits", seed: int = 0, **settings: Any) -> Model:
    """Return a new model with random weights.

    Args:
        name: of the model, as `liangyi list` shows it.
        data: what it will learn from: a name, a path, arrays, or a spec.
        seed: decides the weights.
        **settings: of the model's `Config`.

    Raises:
        UserError: there is no such model, data or setting.
    """
    kind = registry.find(name)
    parts = shared_out(settings, config=kind.Config())
    spec = data if isinstance(data, Spec) else source_of(data).spec()
    return build(kind, parts["config"], spec, seed)


def create_run(
    name: str = "dcgan",
    data: Data = "",
    out: Path | str | None = None,
    held_out: Any = None,
    from_run: Run | Path | str | None = None,
    minutes: float | None = None,
    **settings: Any,
) -> Run:
    """Make a run without training it: `for event in Session(run)` does; arguments as of `train`."""
    return _run(name, data, out, held_out, from_run, minutes, settings)[0]


def train(
    name: str = "dcgan",
    data: Data = "",
    out: Path | str | None = None,
    *,
    held_out: Any = None,
    from_run: Run | Path | str | None = None,
    minutes: float | None = None,
    progress: bool | None = None,
    **settings: Any,
) -> Run:
    """Train a model on data and return its run, a folder with everything about it.

    An interrupt (Ctrl-C, a notebook's stop) leaves a checkpoint behind: `liangyi.resume(run)`.

    Args:
        name: of the model, as `liangyi list` shows it.
        data: a name, or the path of a folder of pictures or of a file of arrays; or the arrays
            themselves: pictures [N H W], [N C H W] or [N H W C], points [N D], a dict of fields
            such as `image` and `label`, a torch `Dataset`, a table; nothing: what suits the model.
        out: the run's folder; nothing: the next free `runs/name-data-number`.
        held_out: of arrays, those that are not learned from.
        from_run: a run of the same model whose averaged weights it begins with (fine-tuning), or
            `torchvision:NAME`; what is not said (settings of the model, data and its size) is as it
            was there.
        minutes: wall time to fill, instead of `steps`, whose number is measured at the start.
        progress: show it; None: where somebody watches, on a terminal or in a notebook.
        **settings: of the model's `Config`, of the data's own and of `Training`.

    Raises:
        UserError: there is no such model, data or setting, or the training failed.
    """
    shows = watched() if progress is None else progress
    run, source = _run(name, data, out, held_out, from_run, minutes, settings, tell=shows)
    _follow(run, source, shows, None if minutes else Outlook(run))
    return run


def resume(
    run: Run | Path | str, data: Data = None, *, held_out: Any = None, progress: bool | None = None
) -> Run:
    """Go on with a run to its end, bit for bit as if it had never stopped.

    Args:
        run: the run, or its folder.
        data: what it learns from, for a run whose data was given in memory.
        held_out: of arrays, those that are not learned from, if the run had any.
        progress: show it; None: where somebody watches, on a terminal or in a notebook.

    Raises:
        UserError: it is no run, or its data is not what it began with.
    """
    found = run if isinstance(run, Run) else Run(run)
    shows = watched() if progress is None else progress
    _follow(found, None if data is None else source_of(data, held_out), shows)
    return found


def load(run: Run | Path | str, weights: Weights = "best") -> Model:
    """Return the trained model of a run, in evaluation mode.

    Args:
        run: the run, or its folder.
        weights: `best` of the checkpoints where one was found to be, which is said where it is not
            the newest, or `newest`.

    Raises:
        UserError: it is no run, or has no sound checkpoint.
    """
    found = run if isinstance(run, Run) else Run(run)
    best, made = found.best, found.made
    if weights == "best" and best is not None and best < made:
        say(f"weights: best, step {best:,} of {made:,}; weights='newest' for the newest")
    return found.model(weights=weights)


def source_of(data: Data, held_out: Any = None, **settings: Any) -> Source:
    """Return the source that somebody means.

    Raises:
        UserError: there is no such data, or it is nothing that a model could learn from.
    """
    if isinstance(data, Source):
        return data
    if isinstance(data, str | Path):
        return sources.choose(str(data), **settings)
    if settings:
        raise UserError(f"arrays have no settings, but {next(iter(settings))} was given")
    return Arrays(data, held_out)


def _run(
    name: str,
    data: Data,
    out: Path | str | None,
    held_out: Any,
    from_run: Run | Path | str | None,
    minutes: float | None,
    settings: Any,
    tell: bool = False,
) -> tuple[Run, Source]:
    began = time.monotonic()
    kind = registry.find(name)
    before: Beginning | None = None
    if from_run is not None:
        before = from_run if isinstance(from_run, Run) else beginning(str(from_run))
    wanted = data
    if isinstance(data, str) and not data:
        wanted = before.data_name if before else kind.data
    if before and isinstance(wanted, str) and wanted == MEMORY:  # == of arrays is an array
        raise UserError(f"the data of {before.path} was given in memory; give it, or other data")
    own: Config = Config()
    if isinstance(wanted, str | Path):
        found = sources.find(str(wanted))
        preferred = sources.preferred(found, kind.data_settings)
        own = data_of(before, str(wanted)) if before else preferred
    config = config_of(before, kind) if before else kind.Config()
    parts = shared_out(settings, config=config, data=own, training=kind.recipe.given(settings))
    plain = {f.name: getattr(parts["data"], f.name) for f in dataclasses.fields(parts["data"])}
    source = source_of(wanted, held_out, **plain)
    say_it = say if tell else _silent
    place = Path(out) if out else None
    config, training = parts["config"], parts["training"]
    demand_alone(minutes, settings)
    if minutes is not None:
        config, training = fitted(kind, config, source, training, minutes, say_it, began)
    origin = before.weights(say_it) if before else None
    run = _create(kind, config, source, training, place, say_it, origin)
    return run, source


def _silent(line: str) -> None:
    pass


def _follow(
    run: Run, source: Source | None, progress: bool, outlook: Outlook | None = None
) -> None:
    session = Session(run, source)
    # SIGTERM is the program's own affair, of which a training is only a part
    with interrupts(session.stop, [signal.SIGINT]) as caught:
        if not progress:
            for _ in session:
                pass
            return
        with Progress(run, outlook) as shown:
            for event in session:
                shown.show(event)
    if caught:
        say(f"stopped; liangyi.resume({str(run.path)!r}) goes on")


def shared_out(settings: Mapping[str, Any], **parts: Any) -> dict[str, Any]:
    """Give each setting to the part that has a field of its name."""
    owners = {f.name: part for part, own in parts.items() for f in dataclasses.fields(own)}
    for name, value in settings.items():
        if name not in owners:
            raise unknown("setting", name, owners)
        owner = owners[name]
        parts[owner] = dataclasses.replace(parts[owner], **{name: value})
    return {part: checked(own) for part, own in parts.items()}


__all__ = ["Run", "Training", "create", "create_run", "load", "resume", "score", "train"]
