"""From words to a model, its data and its training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from liangyi.cli.flags import parse_all
from liangyi.core import registry
from liangyi.core.config import Config, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.data import Source
from liangyi.data.arrays import MEMORY
from liangyi.runs.pretrained import Beginning, beginning
from liangyi.runs.run import Run, Weights
from liangyi.runs.tuning import config_of, data_of

# what a verb wants first, and an example of it, whose flags its --help shows
_WANTS = {
    "look": ("a folder of pictures, a file of arrays or the name of a data set", "digits"),
    "show": ("a model or a run", "dcgan"),
    "dream": ("a picture", "digits"),
    "check": ("the file of a model", "dcgan"),
}
Extra = TypeVar("Extra", bound=Config)


@dataclass(frozen=True)
class Choice(Generic[Extra]):
    """What somebody wants to train."""

    kind: type[Model]
    config: Any
    source: Source
    training: Training
    extra: Extra


@dataclass(frozen=True, kw_only=True)
class Named(Config):
    """Which data."""

    data: str = ""  # a name that `liangyi list` shows, or a path


@dataclass(frozen=True, kw_only=True)
class Outside(Config):
    """Where the code of a run is, when it is no part of any package."""

    model: str = ""  # the file of the run's model, for a run of ./my_gan.py


def named(words: Sequence[str], verb: str, default: str | None = None) -> tuple[str, Sequence[str]]:
    """Split off the first word, which names a model, a picture or a run.

    Raises:
        UserError: there is none and no default.
    """
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    wanted, example = _WANTS.get(verb, ("a run", "dcgan"))
    if default is None and not {"-h", "--help"} & set(words):
        raise UserError(f"liangyi {verb} wants {wanted} first; liangyi {verb} --help says more")
    return default or example, words


def origin_of(words: Sequence[str]) -> Beginning | None:
    """Return the run, or network of torchvision, that was typed after --from to begin with.

    Raises:
        UserError: it is no run, or its model is in a file that was not named first.
    """
    from_ = value_of(words, "--from")
    if from_ is None:
        return None
    if words[0].endswith(".py"):
        registry.find(words[0])
    return beginning(from_)


def chosen(
    name: str,
    words: Sequence[str],
    verb: str,
    extra: Extra,
    about: str = "",
    before: Beginning | None = None,
) -> Choice[Extra]:
    """Return what the words say of a model, every value checked.

    Args:
        name: of the model, or its file.
        words: flags of the model's settings, the data's own, the training, and the verb's own.
        verb: with its first word, for help and errors.
        extra: defaults of the verb's own flags.
        about: more about the verb, for its help.
        before: a run to go on from: what is not typed is as it was there.

    Raises:
        UserError: an unknown model or flag, or a value that is out of bounds.
    """
    from liangyi import data

    kind = registry.find(name)
    wanted = value_of(words, "--data")
    if wanted is None and before and before.data_name == MEMORY:
        raise UserError(
            f"the data of {before.path} was given in memory; name other", setting="data"
        )
    if wanted is None:
        wanted = before.data_name if before else kind.data
    source = data.find(wanted)
    own = data_of(before, wanted) if before else data.preferred(source, kind.data_settings)
    typed = [flag[2:] for flag in ("--steps", "--epochs") if value_of(words, flag)]
    groups: dict[str, Config] = {
        "model": config_of(before, kind) if before else kind.Config(),
        "data": Named(data=wanted),
        f"settings of {source.registered}": own,
        "training": kind.recipe.given(typed),
        "output": extra,
    }
    summary = registry.summary(kind.name())
    found = parse_all(groups, words, verb, f"{summary}\n\n{about}".strip())
    model, _, settings, training, output = found.values()
    return Choice(kind, model, data.made(source, wanted, settings), training, output)


def value_of(words: Sequence[str], flag: str) -> str | None:
    """Return what was typed after a flag, the last time that it was."""
    found = None
    for place, word in enumerate(words):
        if word == flag and place + 1 < len(words):
            found = words[place + 1]
        elif word.startswith(f"{flag}="):
            found = word.partition("=")[2]
    return found


@dataclass(frozen=True, kw_only=True)
class Trained(Outside):
    """Which weights of a run."""

    newest: bool = False  # the newest weights, also where older ones were found to be better


def weights_of(run: Run, newest: bool) -> Weights:
    """Return which weights are meant, and say so where the best are not the newest."""
    from liangyi.cli.watch import say

    best, made = run.best, run.made
    if newest or best is None:
        return "newest"
    if best < made:
        say(f"weights: best, step {best:,} of {made:,}; --newest for the newest")
    return "best"


def run_of(name: str, model: str = "") -> Run:
    """Return a run, the file of its model given where it is one from outside.

    Raises:
        UserError: it is no run, or its model is not known here.
    """
    from liangyi.cli.watch import say

    if model:
        registry.find(model)
    run = Run(name)
    for line in run.about_code():
        say(line)
    return run
