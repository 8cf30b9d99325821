"""Flags from settings: a dataclass is its own command line; pydantic says what is wrong."""

from __future__ import annotations

import dataclasses
import difflib
import shutil
import textwrap
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from liangyi.core.config import Config, help_of, values_of
from liangyi.core.errors import UserError, shown

T = TypeVar("T", bound=Config)
SHORT = {"-n": "number", "-o": "out"}  # flags with a short name, wherever they occur
_WORDS = {int: "INT", float: "FLOAT", str: "WORD", Path: "PATH"}


@dataclasses.dataclass(frozen=True)
class Flag:
    """One setting as people type it."""

    group: str
    name: str  # of the field
    about: str
    default: Any
    kind: Any  # the type of one value
    many: bool  # takes any number of values, or as many as `count`
    count: int
    switch: bool  # takes no value: --grey, --no-grey

    @property
    def spelled(self) -> str:
        """The flag itself."""
        return spelled(self.name)

    @property
    def wanted(self) -> str:
        """What follows it, as in the help."""
        if self.switch:
            return ""
        choices = get_args(self.kind) if get_origin(self.kind) is Literal else ()
        word = "{" + ",".join(map(str, choices)) + "}" if choices else _WORDS.get(self.kind, "WORD")
        return (
            " ".join([word] * self.count)
            if self.count > 1
            else f"{word} ..."
            if self.many
            else word
        )


def parse(kind: type[T], words: Sequence[str], verb: str, about: str) -> T:
    """Return the settings that the words describe; `--help` prints and leaves.

    Raises:
        UserError: a flag or a value that is not understood, with the nearest right one.
    """
    found: T = parse_all({"options": kind()}, words, verb, about)["options"]
    return found


def parse_all(
    groups: Mapping[str, Config], words: Sequence[str], verb: str, about: str
) -> dict[str, Any]:
    """Return several settings that the words describe together.

    Args:
        groups: title in the help -> settings with their defaults; no two share a name.
        words: what was typed.
        verb: with its first word, for help and errors.
        about: text of the help.

    Raises:
        UserError: a flag or a value that is not understood, with the nearest right one.
    """
    flags = {flag.name: flag for title, part in groups.items() for flag in flags_of(title, part)}
    if {"-h", "--help"} & set(words):
        print(helped(flags.values(), verb, about))
        raise SystemExit(0)
    given = _given(flags, words, verb)
    found = {}
    for title, part in groups.items():
        own = {name: value for name, value in given.items() if flags[name].group == title}
        try:
            found[title] = values_of(part, own)
        except UserError as error:
            raise _typed(error, flags, given) from None
    return found


def flags_of(title: str, part: Config) -> list[Flag]:
    """Return the flags of settings."""
    hints, helps = get_type_hints(type(part), include_extras=True), help_of(type(part))
    flags = []
    for field in dataclasses.fields(part):
        kind, many, count = _unwrapped(hints[field.name])
        default, switch = getattr(part, field.name), kind is bool
        flags.append(Flag(title, field.name, helps[field.name], default, kind, many, count, switch))
    return flags


def _unwrapped(hint: Any) -> tuple[Any, bool, int]:
    """Return the type of one value, whether there may be many, and how many there must be."""
    if get_origin(hint) is Annotated:
        return _unwrapped(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        return _unwrapped(next(part for part in get_args(hint) if part is not type(None)))
    if get_origin(hint) is tuple:
        parts = get_args(hint)
        return _unwrapped(parts[0])[0], True, 0 if parts[-1] is Ellipsis else len(parts)
    return hint, False, 1


def _given(flags: Mapping[str, Flag], words: Sequence[str], verb: str) -> dict[str, Any]:
    """Return what was typed for each setting, as text."""
    given: dict[str, Any] = {}
    place = 0
    while place < len(words):
        word, equals, value = words[place].partition("=")
        place += 1
        if not _is_flag(word):
            raise UserError(
                f"cannot use the word {shown(word)!r} there"
                f"{_meant(word, flags) or f'; liangyi {verb} --help says more'}"
            )
        name, off = _named(word, flags, verb)
        flag = flags[name]
        if flag.switch:
            given[name] = value if equals else str(not off).lower()
            continue
        values = [value] if equals else []
        most = flag.count or len(words) if flag.many else 1
        while place < len(words) and len(values) < most and not _is_flag(words[place]):
            values.append(words[place])
            place += 1
        if len(values) < (flag.count or 1 - flag.many) or (not values and not flag.many):
            wants = "a value" if flag.count == 1 else f"{flag.count} values"
            raise UserError(f"{flag.spelled} wants {wants} ({flag.about})")
        given[name] = values if flag.many else values[0]
    return given


def _is_flag(word: str) -> bool:
    """Whether a word is a flag; -1 and -1e-3 are numbers."""
    return word.startswith("-") and len(word) > 1 and not (word[1].isdigit() or word[1] == ".")


def _named(word: str, flags: Mapping[str, Flag], verb: str) -> tuple[str, bool]:
    """Return the field that a flag means, and whether it is switched off."""
    name = SHORT.get(word) or word.removeprefix("--").replace("-", "_")
    if f"{name}_" in flags:  # a word of Python's own, which no field can be called
        name += "_"
    if word.startswith("--") or word in SHORT:
        if name in flags:
            return name, False
        if name.startswith("no_") and name[3:] in flags and flags[name[3:]].switch:
            return name[3:], True
    known = [flag.spelled for flag in flags.values()]
    inside = [flag for flag in known if word.lstrip("-") and word.lstrip("-") in flag]
    initials = ["--" + flag[2:] for flag in known if _initials(flag) == word.lstrip("-")]
    near = [*initials, *difflib.get_close_matches(word, known, n=2, cutoff=0.7), *inside]
    # --dataset, --image-size
    near = near or [flag for flag in known if len(flag) > 5 and flag[2:] in word]
    near = list(dict.fromkeys(near))[:2]
    hint = (
        f"did you mean {' or '.join(near)}?"
        if near
        else f"liangyi {verb} --help shows what there is"
    )
    raise UserError(f"unknown option {shown(word)}; {hint}")


def _initials(flag: str) -> str:
    return "".join(part[:1] for part in flag[2:].split("-"))


def _meant(word: str, flags: Mapping[str, Flag]) -> str:
    """Guess which flag a lone word was meant for: `train dcgan digits`, `sample RUN new.png`."""
    name = "data" if "data" in flags else "out" if Path(word).suffix else "label"
    hint = f"; did you mean --{name} {shown(word)}?"
    return hint if name in flags and word.isprintable() else ""


def _typed(error: UserError, flags: Mapping[str, Flag], given: Mapping[str, Any]) -> UserError:
    """Return the error in the words of the command line."""
    flag = flags.get(error.setting)
    if flag is None:
        return error
    value = given.get(flag.name, flag.default)
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return UserError(f"{flag.spelled} {shown(text)}: {error} ({flag.about})")


def told(error: UserError) -> str:
    """Return an error's line with its setting as people type it."""
    if error.better is not None:
        return f"{error.message}; try {spelled(error.setting)} {error.better}"
    return f"{spelled(error.setting)}: {error}" if error.setting else str(error)


def spelled(name: str) -> str:
    """Return the flag of a field: `batch_size` is --batch-size, `from_` is --from."""
    return "--" + name.rstrip("_").replace("_", "-")


def demand_suffix(out: Path, suffix: str, what: str) -> None:
    """Make sure that a file is not called what it will not be; a name without an ending is none.

    Raises:
        UserError: it ends otherwise.
    """
    if out.suffix.lower() not in ("", suffix):
        raise UserError(f"cannot write {what} to {out}; its name must end in {suffix}")


def helped(flags: Any, verb: str, about: str) -> str:
    """Return the text of --help."""
    width = min(100, shutil.get_terminal_size().columns)
    lines = [f"usage: liangyi {verb} [OPTIONS]", ""]
    for part in about.split("\n\n"):
        lines += [*textwrap.wrap(part, width), ""]
    group = None
    for flag in flags:
        if flag.group != group:
            group = flag.group
            lines += [f"{group}:"]
        short = next((f"{letter}, " for letter, name in SHORT.items() if name == flag.name), "")
        spelled = f"  {short}{flag.spelled} {flag.wanted}".rstrip()
        said = f"{flag.about} ({_default(flag.default)})" if flag.about else _default(flag.default)
        body = textwrap.wrap(said, max(30, width - 34))
        first = [f"{spelled:33} {body[0]}"] if len(spelled) <= 33 else [spelled, " " * 34 + body[0]]
        lines += [*first, *(" " * 34 + more for more in body[1:])]
    return "\n".join([*lines, "  -h, --help                       show this and leave"])


def _default(value: Any) -> str:
    if value is None:
        return "default: none"
    if isinstance(value, bool):
        return "default: yes" if value else "default: no"
    if isinstance(value, tuple):
        return f"default: {' '.join(map(str, value)) or 'none'}"
    return f"default: {value}" if str(value) else "default: none"
