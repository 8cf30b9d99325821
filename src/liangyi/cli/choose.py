"""From words to a model, its data and its training."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from liangyi.cli.flags import parse
from liangyi.core import registry
from liangyi.core.config import Training, checked
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.data import DataConfig

Extra = TypeVar("Extra")


@dataclasses.dataclass(frozen=True)
class Choice(Generic[Extra]):
    """What somebody wants to train."""

    kind: type[Model]
    config: Any
    data: DataConfig
    training: Training
    extra: Extra


def named(words: Sequence[str], verb: str, default: str | None = None) -> tuple[str, Sequence[str]]:
    """Split off the first word, which names a model or a run.

    Raises:
        UserError: there is none and no default.
    """
    if words and not words[0].startswith("-"):
        return words[0], words[1:]
    if default is None and not {"-h", "--help"} & set(words):
        raise UserError(f"liangyi {verb} wants a name first; liangyi {verb} --help says more")
    return default or "dcgan", words


def chosen(name: str, words: Sequence[str], verb: str, extra: Extra) -> Choice[Extra]:
    """Return what the words say of a model, every value checked.

    Args:
        name: of the model.
        words: flags of the model's settings, the data, the training, and the verb's own.
        verb: for help and errors.
        extra: defaults of the verb's own flags.

    Raises:
        UserError: an unknown model or flag, or a value that is out of bounds.
    """
    kind = registry.find(name)
    defaults: dict[str, Any] = {
        "model": kind.Config(),
        "data": DataConfig(data=kind.data),
        "training": kind.recipe,
        "extra": extra,
    }
    wanted = dataclasses.make_dataclass(
        "Wanted",
        [(part, type(value), dataclasses.field(default=value)) for part, value in defaults.items()],
        frozen=True,
    )
    found: Any = parse(wanted, words, f"{verb} {name}", registry.summary(name))
    return Choice(
        kind, checked(found.model), checked(found.data), checked(found.training), found.extra
    )
