"""`liangyi look DATA`: what some data holds, what is wrong with it, and how to begin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liangyi.core.config import Config

if TYPE_CHECKING:
    from liangyi.data.pictures.inventory import Inventory
    from liangyi.session.beginning import Beginning
    from liangyi.session.look import Looked

_ABOUT = (
    "A look at a folder of pictures, a file of arrays or a data set that `liangyi list` shows, "
    "before anything is trained: sizes, classes, copies, pictures that look alike, broken files, "
    "how much that is for a GAN, the command to begin with and how long it takes on this machine."
)
_FEW = 3  # examples that are named


@dataclass(frozen=True, kw_only=True)
class Look(Config):
    """How it is told."""

    json: bool = False  # for scripts; all copies and broken files are named there
    out: Path | None = None  # draw some of the data into this file, x.png


def main(words: Sequence[str]) -> None:
    """Look and tell."""
    import io
    import json

    from liangyi import data
    from liangyi.cli.choose import named
    from liangyi.cli.flags import parse_all
    from liangyi.core import files
    from liangyi.core.errors import UserError
    from liangyi.session.look import look, sheet

    name, rest = named(words, "look")
    kind = data.find(name)
    groups: dict[str, Config] = {"output": Look(), f"settings of {kind.registered}": kind.Config()}
    args, own = parse_all(groups, rest, f"look {name}", _ABOUT).values()
    if args.out is not None and args.out.suffix.lower() != ".png":
        raise UserError("should be a picture, x.png", setting="out")
    source = data.made(kind, name, own)
    looked = look(source)
    if args.out is not None:
        picture = io.BytesIO()
        sheet(source).save(picture, "PNG")
        files.write(args.out, picture.getvalue())
    if args.json:
        print(json.dumps(looked.json(), indent=2, ensure_ascii=False))
        return
    print(_told(_lines(looked)))
    if args.out is not None:
        print(f"drawn: {args.out}")


def _told(lines: Iterable[tuple[str, str]]) -> str:
    """Return lines of a name and what is said of it, in two columns that fit the terminal."""
    import shutil
    from textwrap import wrap

    pairs = list(lines)
    left = max(len(name) for name, _ in pairs) + 2
    room = max(40, min(100, shutil.get_terminal_size().columns) - left)
    found = []
    for name, said in pairs:
        parts = [said] if name in ("begin with", "or quicker") else wrap(said, room) or [""]
        found += [f"{name:{left}}{parts[0]}", *(" " * left + part for part in parts[1:])]
    return "\n".join(found)


def _lines(looked: Looked) -> Iterator[tuple[str, str]]:
    yield "data", looked.data
    for line in looked.said:
        yield "", line
    if looked.pictures is not None:
        yield from _pictures(looked.pictures)
    else:
        yield "items", f"{looked.items:,}" if looked.items else "endless: drawn anew each time"
    for name, facts in looked.fields.items():
        if looked.pictures is None or name not in ("image", "label"):
            yield name, "; ".join(_facts(facts))
    if looked.pictures is None and looked.held_out:
        yield "held out", f"{looked.held_out:,}"
    if looked.begin is not None:
        yield from _begin(looked.begin)
    if looked.why_not:
        yield "to begin", looked.why_not


def _pictures(found: Inventory) -> Iterator[tuple[str, str]]:
    colour = found.pictures - found.grey
    modes = [f"{n:,} {word}" for n, word in ((colour, "in colour"), (found.grey, "grey")) if n]
    yield "pictures", f"{found.pictures:,}: {', '.join(modes)}; {found.held_out:,} held out beside"
    yield "sizes", _sizes(found.sizes)
    if found.classes:
        low, high = min(found.classes.values()), max(found.classes.values())
        each = [f"{name} {count:,}" for name, count in found.classes.items()]
        yield "classes", f"{len(each):,} of {low:,} to {high:,}: {_some(each, 10)}"
    yield "copies", _pairs(found.copies, "equal to an earlier one", "=")
    yield "look alike", _pairs(found.near, "nearly an earlier one", "~")
    bad = [f"{name} ({reason})" for name, reason in found.unreadable]
    yield "broken", f"{len(bad):,}: {_some(bad)}" if bad else "none"
    if found.ignored:
        yield "ignored", f"{found.ignored:,} other files"


def _sizes(sizes: dict[tuple[int, int], int]) -> str:
    ordered = sorted(sizes, key=lambda size: size[0] * size[1])
    (width, height), count = next(iter(sizes.items()))
    if len(sizes) == 1:
        return f"all {width}x{height}"
    low, high = ("{}x{}".format(*size) for size in (ordered[0], ordered[-1]))
    wide, tall = (sum(n for (w, h), n in sizes.items() if way(w, h)) for way in (_wide, _tall))
    square = sum(sizes.values()) - wide - tall
    shapes = [(square, "square"), (wide, "wider"), (tall, "taller")]
    said = ", ".join(f"{n:,} {word}" for n, word in shapes if n)
    return f"{len(sizes):,}, from {low} to {high}; most common {width}x{height} ({count:,}); {said}"


def _wide(width: int, height: int) -> bool:
    return width > height


def _tall(width: int, height: int) -> bool:
    return height > width


def _pairs(pairs: Sequence[tuple[str, str]], what: str, sign: str) -> str:
    if not pairs:
        return "none"
    return f"{len(pairs):,} {what}: {_some(f'{one} {sign} {other}' for one, other in pairs)}"


def _some(names: Iterable[str], most: int = _FEW) -> str:
    from liangyi.core.counts import few

    return few(names, most)


def _facts(facts: dict[str, Any]) -> Iterator[str]:
    """Yield what is known of a field, in words."""
    for name, value in facts.items():
        if name == "columns":
            for number, column in enumerate(value[:_FEW]):
                each = " ".join(f"{part} {number_:.4g}" for part, number_ in column.items())
                yield f"column {number + 1}: {each}"
            if len(value) > _FEW:
                yield f"{len(value) - _FEW:,} more columns (--json shows them)"
        elif isinstance(value, dict):
            yield f"{name}: {_some((f'{key} {count:,}' for key, count in value.items()), 10)}"
        elif isinstance(value, list):
            yield f"{name} {', '.join(map(str, value))}"
        else:
            yield f"{name} {value:,.4g}" if isinstance(value, float) else f"{name} {value:,}"


def _begin(begin: Beginning) -> Iterator[tuple[str, str]]:
    from liangyi.core.counts import duration

    if begin.enough:
        yield "that is", begin.enough
    yield "begin with", begin.command
    if begin.seconds is None:
        yield "time", f"{begin.steps:,} steps, whose speed is not measured"
    else:
        speed = begin.seconds / begin.steps
        yield (
            "time",
            (
                f"{duration(begin.seconds)} here: {begin.steps:,} steps of {speed:.2g} s, "
                "measured just now on made-up data"
            ),
        )
    if begin.quicker:
        yield "or quicker", begin.quicker
    yield "expect", begin.expect
