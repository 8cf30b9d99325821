"""From words to a model, its data and its training."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from liangyi.cli.flags import parse
from liangyi.core import registry
from liangyi.core.config import Config, Training, checked
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.data import DataConfig

_WANTS = {"show": "a model or a run", "dream": "a picture"}
Extra = TypeVar("Extra")
Settings = TypeVar("Settings", bound=Config)


@dataclasses.dataclass(frozen=True)
class Choice(Generic[Extra]):
    """What somebody wants to train."""

    kind: type[Model]
    config: Any
    data: DataConfig
    training: Training
    extra: Extra


def named(words: Sequence[str], verb: str, default: str | None = None) -> tuple[str, Sequence[str]]:
    """Split off the first word, which names a model, a picture or a run.

    Raises:
        UserError: there is none and no default.
    """
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    if default is None and not {"-h", "--help"} & set(words):
        wanted = _WANTS.get(verb, "a run")
        raise UserError(f"liangyi {verb} wants {wanted} first; liangyi {verb} --help says more")
    return default or "dcgan", words


def chosen(
    name: str, words: Sequence[str], verb: str, extra: Extra, about: str = ""
) -> Choice[Extra]:
    """Return what the words say of a model, every value checked.

    Args:
        name: of the model.
        words: flags of the model's settings, the data, the training, and the verb's own.
        verb: with its first word, for help and errors.
        extra: defaults of the verb's own flags.
        about: more about the verb, for its help.

    Raises:
        UserError: an unknown model or flag, or a value that is out of bounds.
    """
    kind = registry.find(name)
    defaults: dict[str, Any] = {
        "model": kind.Config(),
        "data": DataConfig(data=kind.data),
        "training": kind.recipe,
        "output": extra,
    }
    wanted = dataclasses.make_dataclass(
        "Wanted",
        [(part, type(value), dataclasses.field(default=value)) for part, value in defaults.items()],
        frozen=True,
    )
    found: Any = parse(wanted, words, verb, f"{registry.summary(name)}\n\n{about}".strip())
    return Choice(
        kind, bounded(found.model), bounded(found.data), bounded(found.training), found.output
    )


def bounded(config: Settings) -> Settings:
    """Return the settings unchanged, or say which flag has a value out of its bounds."""
    for name, value in dataclasses.asdict(config).items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, float) and not math.isfinite(one):
                raise UserError(f"{_flag(name)} {one}: should be a finite number")
            if isinstance(one, int) and one >= 2**63:
                raise UserError(f"{_flag(name)} {one}: should be smaller")
    try:
        return checked(config)
    except UserError as error:
        # it names the field; what the user typed is the flag
        message = re.sub(r"^(\w+) = (.*?): input ", _as_typed, str(error))
        raise UserError(message) from None


def _as_typed(found: re.Match[str]) -> str:
    return f"{_flag(found[1])} {found[2]}: "


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
