"""Name -> model class. The model `wgan-gp` lives in `liangyi/zoo/wgan_gp.py`, nowhere else.

Other packages add models by an entry point in the group `liangyi.models`.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from liangyi.core.errors import unknown

if TYPE_CHECKING:
    from liangyi.core.model import Model

_ZOO = "liangyi.zoo"
_models: dict[str, type[Model]] = {}
Class = TypeVar("Class", bound="type[Model]")


def register(name: str) -> Callable[[Class], Class]:
    """Make a model class known by this name."""

    def add(kind: Class) -> Class:
        if name in _models and _models[name].__qualname__ != kind.__qualname__:
            raise ValueError(f"two models are called {name!r}: {_models[name]} and {kind}")
        _models[name] = kind
        kind.registered = name  # type: ignore[attr-defined]
        return kind

    return add


def names() -> list[str]:
    """Return the names of all models, without importing any."""
    zoo = find_spec(_ZOO)
    assert zoo is not None and zoo.submodule_search_locations is not None
    own = [m.name.replace("_", "-") for m in pkgutil.iter_modules(zoo.submodule_search_locations)]
    return sorted({*own, *_models, *(point.name for point in entry_points(group="liangyi.models"))})


def find(name: str) -> type[Model]:
    """Return the model class of this name.

    Raises:
        UserError: there is none; the nearest names are in the message.
    """
    if name not in _models:
        if name not in names():
            raise unknown("model", name, names())
        points = entry_points(group="liangyi.models", name=name)
        if points:
            register(name)(next(iter(points)).load())
        else:
            importlib.import_module(f"{_ZOO}.{name.replace('-', '_')}")
    return _models[name]


def summary(name: str) -> str:
    """Return the first line of a model's docstring, read without importing it."""
    zoo = find_spec(f"{_ZOO}.{name.replace('-', '_')}") if name not in _models else None
    if zoo is None or zoo.origin is None:
        return (find(name).__doc__ or "").strip().split("\n")[0]
    tree = ast.parse(Path(zoo.origin).read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").split("\n")[0]
