"""Flags from dataclasses, by tyro; every mistake becomes one line."""

from __future__ import annotations

import contextlib
import io
import re
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar, Union, get_args, get_origin

import tyro
from tyro.constructors import ConstructorRegistry, PrimitiveConstructorSpec, PrimitiveTypeInfo

from liangyi.core.errors import UserError, shown

T = TypeVar("T")

_WANTED = {"INT": "a whole number", "FLOAT": "a number", "PATH": "a path", "STR": "a word"}


def parse(kind: type[T], words: Sequence[str], verb: str, about: str) -> T:
    """Return the dataclass that the words describe; `--help` prints and leaves.

    Raises:
        UserError: a flag or a value that is not understood, with the nearest right one.
    """
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors):
            return tyro.cli(
                kind,
                args=list(words),
                prog=f"liangyi {verb}",
                description=about,
                config=(tyro.conf.OmitArgPrefixes,),
                registry=_registry(),
            )
    except SystemExit as leaving:
        if not leaving.code:
            raise
        raise UserError(_one_line(errors.getvalue(), words, verb)) from None


def _registry() -> ConstructorRegistry:
    """Return rules that show `INT | None` as INT: nobody types None on purpose."""
    registry = ConstructorRegistry()
    registry.primitive_rule(_optional)
    registry.primitive_rule(_place)
    return registry


def _place(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    """Refuse an empty path, which Python takes for the folder where one stands."""
    if info.type is not Path:
        return None
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar="PATH",
        instance_from_str=lambda given: _path(given[0]),
        is_instance=lambda value: isinstance(value, Path),
        str_from_instance=lambda value: [str(value)],
    )


def _path(given: str) -> Path:
    if not given or "\0" in given:
        raise ValueError
    return Path(given)


def _optional(info: PrimitiveTypeInfo) -> PrimitiveConstructorSpec[Any] | None:
    if get_origin(info.type) not in (Union, types.UnionType):
        return None
    inner = [part for part in get_args(info.type) if part is not type(None)]
    plain = get_args(inner[0])[0] if hasattr(inner[0], "__metadata__") else inner[0]
    if len(inner) != 1 or plain not in (int, float, str, Path):
        return None
    read = _path if plain is Path else plain
    return PrimitiveConstructorSpec(
        nargs=1,
        metavar=plain.__name__.upper(),
        instance_from_str=lambda given: None if given[0].lower() == "none" else read(given[0]),
        is_instance=lambda value: value is None or isinstance(value, plain),
        str_from_instance=lambda value: ["none" if value is None else str(value)],
    )


def _one_line(box: str, words: Sequence[str], verb: str) -> str:
    """Return what is wrong and what would be right, from a box of tyro's."""
    first, *others = _sections(box)
    message = " ".join(first)
    if found := re.match(r"Unrecognized options: (.+)", message):
        return _unrecognised(found[1].split(", "), others, verb)
    if found := re.match(r"Error parsing (\S+):", message):
        return f"{_given(found[1], words)}: {_wish(others)}"
    if found := re.match(r"invalid choice .* for argument '.*?(--[\w-]+)'.*\((.*)\)", message):
        return f"{_given(found[1], words)}: choose from {re.sub(chr(39), '', found[2])}"
    if found := re.match(r"Missing value for argument '(?:.*\W)?(--[\w-]+)'.* (\d+) val", message):
        return f"{found[1]} wants {'a value' if found[2] == '1' else found[2] + ' values'}"
    return f"{message} (liangyi {verb} --help)"


def _sections(box: str) -> list[list[str]]:
    """Return the lines between a box's rules; the title is left out."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", box)  # colours, on a terminal
    sections: list[list[str]] = [[]]
    for line in plain.splitlines():
        text = line.strip(" │")
        if text[:1] in "╭╰" or re.search(r"[─-]{8}", text):  # also without Unicode
            sections.append([])
        elif text:
            sections[-1].append(text)
    found = [section for section in sections if section]
    # drawn with Unicode, the title is part of the upper rule
    return (found if "╭" in plain else found[1:]) or [[plain]]


def _unrecognised(unknown: list[str], others: list[list[str]], verb: str) -> str:
    flags = [shown(word) for word in unknown if word.startswith("-")]
    if not flags:
        return f"cannot use the word {shown(unknown[0])!r} there; liangyi {verb} --help says more"
    near = [
        found[0]
        for section in others
        if section[0].startswith(("Perhaps", "Arguments similar"))
        for line in section[1:]
        if line.startswith("-") and (found := re.findall(r"--[\w-]+", line))
    ]
    if near:
        return f"unknown option {flags[0]}; did you mean {' or '.join(dict.fromkeys(near[:2]))}?"
    return f"unknown option {flags[0]}; liangyi {verb} --help shows what there is"


def _given(flag: str, words: Sequence[str]) -> str:
    """Return the flag and what was given to it; `-n/--number` is a flag with a short name."""
    for place, word in enumerate(words):
        if word.split("=")[0] in flag.split("/"):
            given = words[place : place + (1 if "=" in word else 2)]
            return " ".join(shown(word) or "''" for word in given)
    return flag


def _wish(others: list[list[str]]) -> str:
    """Return what the flag wants, from its entry in the help."""
    entry = next((section for section in others if section[0].startswith("Argument help")), [])
    shown = entry[1].rpartition("--")[2] if len(entry) > 1 else ""
    kinds = re.findall(r"\b[A-Z]+\b", shown)
    if not kinds:
        return "not understood"
    wanted = _WANTED.get(kinds[0], kinds[0])
    if len(kinds) > 1:  # "INT INT" is two, "[INT [INT ...]]" any number of them
        many = "" if "..." in shown else f"{len(kinds)} "
        wanted = f"{many}{wanted.removeprefix('a ')}s"
    about = re.sub(r" ?\(default:.*", "", " ".join(entry[2:]))
    return f"wants {wanted}" + (f" ({about})" if about else "")
