"""Data: `choose("mnist", size=32)`, a folder of pictures by its path, or arrays of your own."""

from __future__ import annotations

import dataclasses
import importlib
import os
import pkgutil
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from liangyi.core.config import checked, from_plain
from liangyi.core.errors import UserError, shown, unknown
from liangyi.core.spec import Spec
from liangyi.data.batches import Batches
from liangyi.data.columns import Column, Columns, Lists, Patches
from liangyi.data.dataset import Data, Dataset, Endless
from liangyi.data.places import typed
from liangyi.data.source import Source, registered, source

__all__ = [
    "Batches",
    "Column",
    "Columns",
    "Data",
    "Dataset",
    "Endless",
    "Lists",
    "Patches",
    "Source",
    "choose",
    "find",
    "made",
    "names",
    "opened",
    "preferred",
    "source",
]


def _modules() -> Iterator[str]:
    """Yield the modules of this room, without importing any."""
    for module in pkgutil.walk_packages(__path__, f"{__name__}."):
        yield module.name


def names() -> list[str]:
    """Return the names of the data that need no path."""
    return [name for name, kind in _all().items() if not kind.by_path]


def _all() -> Mapping[str, type[Source]]:
    """Return all sources in the order of their names; their files are found by being there."""
    for module in _modules():
        importlib.import_module(module)
    for point in entry_points(group="liangyi.data"):
        if point.name not in registered():
            point.load()
    return dict(sorted(registered().items()))  # not as somebody happened to import them


def find(name: str) -> type[Source]:
    """Return the source that serves data of this name, or what lies at this path.

    Raises:
        UserError: there is neither; the nearest names are in the message.
    """
    every = _all()
    if name in every and not every[name].by_path:
        return every[name]
    path = _path(name)
    # a folder of pictures claims everything, so it is asked last
    claiming = [kind for kind in every.values() if kind.by_path and kind.claims(path)]
    return min(claiming, key=lambda kind: kind.registered == "folder")


def _path(name: str) -> Path:
    path = typed(name, "data", "a name that `liangyi list` shows, or a folder of pictures")
    if os.path.lexists(path):
        return path
    if any(mark in name for mark in "/\\.~"):
        raise UserError(f"there is no file and no folder at {shown(name)}")
    raise unknown("data", name, ["PATH/OF/PICTURES", *names()])  # the end of a list is cut


def choose(name: str, **settings: Any) -> Source:
    """Return the source of this name or path, under these settings of its own `Config`.

    Raises:
        UserError: there is no such data or setting, or a value is out of its bounds.
    """
    kind = find(name)
    known = {field.name for field in dataclasses.fields(kind.Config)}
    for setting in settings:
        if setting not in known:
            raise unknown(f"setting of {kind.registered}", setting, known)
    return made(kind, name, checked(kind.Config(**settings)))


def preferred(kind: type[Source], wanted: Mapping[str, Any]) -> Any:
    """Return the settings of a source, with those that somebody prefers where it has them."""
    known = {field.name for field in dataclasses.fields(kind.Config)}
    return checked(kind.Config(**{name: wanted[name] for name in known & wanted.keys()}))


def made(kind: type[Source], name: str, config: Any) -> Source:
    """Return a source under its settings, and the path that names it where one does."""
    found = kind(config)
    if kind.by_path:
        found.path = _path(name).absolute()
    return found


def opened(plain: Mapping[str, Any], where: str = "") -> Source:
    """Return the source that a run's config.json describes.

    Raises:
        UserError: there is no such source, or its settings make no sense.
    """
    settings = {key: value for key, value in plain.items() if key not in ("data", "source")}
    kind = find(str(plain["data"]))
    if "source" not in plain:  # runs made when all sources shared their settings
        own = {field.name for field in dataclasses.fields(kind.Config)}
        settings = {key: value for key, value in settings.items() if key in own}
    return made(kind, str(plain["data"]), from_plain(kind.Config, settings, where))


def spec_of(name: str, **settings: Any) -> Spec:
    """Return what data of this name looks like."""
    return choose(name, **settings).spec()
