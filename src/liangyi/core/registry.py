"""Name -> model class. The model `wgan-gp` lives in a file `wgan_gp.py` of the zoo, in a family.

Other packages add models by an entry point in the group `liangyi.models`; a single file is a model
too, by its path. A run never names code: who uses the run of such a file gives it again.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import sys
from collections.abc import Callable
from importlib.metadata import entry_points
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from liangyi.core.errors import UserError, unknown

if TYPE_CHECKING:
    from liangyi.core.model import Model

_ZOO = "liangyi.zoo"
_models: dict[str, type[Model]] = {}
_outside: dict[str, tuple[Path, str]] = {}  # name -> file and hash of a model of no package
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


def _files() -> dict[str, Path]:
    """Return the file of each model in the zoo, by its name."""
    zoo = find_spec(_ZOO)
    assert zoo is not None and zoo.submodule_search_locations is not None
    every = sorted(Path(zoo.submodule_search_locations[0]).rglob("*.py"))
    return {f.stem.replace("_", "-"): f for f in every if f.stem != "__init__"}


def names() -> list[str]:
    """Return the names of all models, without importing any."""
    points = (point.name for point in entry_points(group="liangyi.models"))
    return sorted({*_files(), *_models, *points})


def families() -> dict[str, list[str]]:
    """Return the names of all models by family; those of other packages are `others`."""
    files = _files()
    found: dict[str, list[str]] = {}
    for name in names():
        family = files[name].parent.name if name in files else "others"
        found.setdefault(family, []).append(name)
    return found


def find(name: str) -> type[Model]:
    """Return the model class of this name, or of this file (`./my_gan.py`).

    Raises:
        UserError: there is none; the nearest names are in the message.
    """
    if name.endswith(".py"):
        return outside(name)
    if name not in _models:
        files, points = _files(), entry_points(group="liangyi.models", name=name)
        if points:
            register(name)(next(iter(points)).load())
        elif name in files:
            family = files[name].parent.name
            importlib.import_module(f"{_ZOO}.{family}.{files[name].stem}")
        else:
            raise unknown("model", name, names())
    return _models[name]


def outside(path: Path | str) -> type[Model]:
    """Return the one model that a file registers; the file is executed, anew where it has changed.

    Raises:
        UserError: it cannot be read or executed, or registers no model or several.
    """
    path = Path(path).absolute()
    if not path.is_file():
        raise UserError(f"there is no file of a model at {path}")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    for name, own in _outside.items():
        if own == (path, sha256):
            return _models[name]
    known = f"liangyi_outside_{hashlib.sha256(str(path).encode()).hexdigest()[:12]}"
    try:
        _execute(known, path)
        new = [name for name, kind in _models.items() if kind.__module__ == known]
        if len(new) != 1:
            many = ", ".join(new) if new else "none"
            raise UserError(f"{path} should register one model by @register(NAME), it has {many}")
        if new[0] in _files():  # its runs would be taken for those of the zoo's
            raise UserError(f"{path}: {new[0]} is a model of the zoo; choose another name")
    except UserError:
        _forget(known)
        raise
    _outside[new[0]] = (path, sha256)
    return _models[new[0]]


def _execute(known: str, path: Path) -> None:
    """Execute a file as the module of a name."""
    _forget(known)
    spec = spec_from_file_location(known, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[known] = module  # NamedTuples and dataclasses look their annotations up there
    try:
        # not by the loader: it would take a file of the same second and length for the same one
        exec(compile(path.read_bytes(), path, "exec", dont_inherit=True), vars(module))
    except (Exception, SystemExit) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{path} cannot be used: {type(error).__name__}: {reason}") from error


def _forget(known: str) -> None:
    """Forget a module and the models that it registered."""
    sys.modules.pop(known, None)
    for name in [name for name, kind in _models.items() if kind.__module__ == known]:
        del _models[name]
        _outside.pop(name, None)


def code_of(kind: type[Model]) -> dict[str, str] | None:
    """Return the name and the hash of the file of a model outside, None of others."""
    if getattr(kind, "registered", "") not in _outside:
        return None
    path, sha256 = _outside[kind.registered]  # type: ignore[attr-defined]
    return {"file": path.name, "sha256": sha256}


def file_of(kind: type[Model]) -> Path | None:
    """Return the file of a model outside, None of others."""
    name = getattr(kind, "registered", "")
    return _outside[name][0] if name in _outside else None


def verbs() -> dict[str, list[str]]:
    """Return what the models of the zoo can do besides learning, and which of them say how.

    Read without importing any; what others can do is known by asking a run of them.
    """
    found: dict[str, list[str]] = {}
    for name, path in _files().items():
        for part in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(part, ast.FunctionDef) and any(
                isinstance(mark, ast.Name) and mark.id == "verb" for mark in part.decorator_list
            ):
                found.setdefault(part.name, []).append(name)
    return dict(sorted(found.items()))


def summary(name: str) -> str:
    """Return the first line of a model's docstring, read without importing it."""
    path = _files().get(name) if name not in _outside else _outside[name][0]
    if path is None:
        return (find(name).__doc__ or "").strip().split("\n")[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (ast.get_docstring(tree) or "").split("\n")[0]
