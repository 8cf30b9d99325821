"""What takes part in a bench: a model under its settings, by a name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from liangyi.core import registry
from liangyi.core.errors import UserError


@dataclass(frozen=True)
class Entry:
    """One row of the table."""

    name: str  # as people type it: dcgan, or dcgan:pack=2
    model: str
    settings: Mapping[str, Any]  # of the model, the data and the training

    @property
    def folder(self) -> str:
        """The name as a folder's."""
        return self.name.replace(":", "-").replace("=", "-").replace(",", "-").replace(" ", "")


def parse(name: str) -> Entry:
    """Read MODEL, or MODEL:setting=value,setting=value.

    Raises:
        UserError: there is no such model, or a setting has no value.
    """
    model, _, rest = name.partition(":")
    registry.find(model)
    settings: dict[str, Any] = {}
    for part in rest.split(",") if rest else []:
        field, equals, value = part.partition("=")
        if not equals:
            raise UserError(f"{name}: {part!r} has no value; write {model}:setting=value")
        settings[field.strip().replace("-", "_")] = _value(value)
    return Entry(name, model, settings)


def _value(text: str) -> Any:
    """Return a number, a tuple of numbers joined by +, yes or no, or the word itself."""
    try:
        return (
            tuple(json.loads(part) for part in text.split("+")) if "+" in text else json.loads(text)
        )
    except ValueError:
        return {"yes": True, "no": False}.get(text, text)
