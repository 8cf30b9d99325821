"""What takes part in a bench: a model under its settings, by a name."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from liangyi.api import shared_out
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.data import find

_OF_THE_BENCH = ("data", "seed")  # which it gives to all alike


@dataclass(frozen=True)
class Entry:
    """One row of the table."""

    name: str  # as people type it: dcgan, or dcgan:pack=2
    model: str
    settings: Mapping[str, Any]  # of the model, the data and the training

    @property
    def folder(self) -> str:
        """The name as a folder's."""
        plain = re.sub("[:=,]", "-", self.name.replace(" ", ""))
        words = [value for value in self.settings.values() if isinstance(value, str)]
        if all(re.fullmatch(r"\w+", word) for word in words):
            return plain
        # paths and the like: two of them must not become one, nor lead elsewhere
        digest = hashlib.sha256(self.name.encode()).hexdigest()[:8]
        return re.sub(r"[^\w.+-]", "-", plain) + "-" + digest


def parse(name: str) -> Entry:
    """Read MODEL, or MODEL:setting=value,setting=value.

    Raises:
        UserError: no such model or setting, or a setting without a value or with an impossible one.
    """
    model, _, rest = name.partition(":")
    kind = registry.find(model)
    settings: dict[str, Any] = {}
    for part in rest.split(",") if rest else []:
        field, equals, value = part.partition("=")
        if not equals:
            raise UserError(f"{name}: {part!r} has no value; write {model}:setting=value")
        settings[field.strip().replace("-", "_")] = _value(value.strip())
    for field in _OF_THE_BENCH:
        if field in settings:
            raise UserError(f"{name}: all models of a bench share its {field}; leave {field} out")
    try:  # now, not hours later when its turn comes
        own = find(kind.data).Config()
        shared_out(settings, config=kind.Config(), data=own, training=kind.recipe.given(settings))
    except UserError as error:
        raise UserError(f"{name}: {error}") from None
    return Entry(name, model, settings)


def entries(names: Sequence[str]) -> list[Entry]:
    """Read what takes part; what is named twice does once.

    Raises:
        UserError: as `parse`.
    """
    return list({one.folder: one for one in map(parse, names)}.values())


def _value(text: str) -> Any:
    """Return a number, a tuple of numbers joined by + (of one: 16+), yes or no, or the word."""
    try:
        return json.loads(text)  # also 1e+3
    except ValueError:
        pass
    try:
        if "+" in text:
            return tuple(json.loads(part) for part in text.removesuffix("+").split("+"))
    except ValueError:
        pass
    return {"yes": True, "no": False}.get(text, text)
