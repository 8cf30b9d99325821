"""Who chose what, from a user's own table: CSV, TSV, or the form of MovieLens.

    196	242	3	881250949           user, item, rating, time: u.data of MovieLens 100k
    userId,movieId,rating,timestamp     a heading names the columns
    1::1193::5::978300760               MovieLens 1M

A rating of 4 or more is a choice (Wang et al., arXiv:1705.10513, section 4.2); a table without
ratings holds choices only. Of each user's choices a fifth is held out.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from liangyi.core import capacity, draw
from liangyi.core.config import Config
from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown
from liangyi.core.spec import Label, Ragged, Spec
from liangyi.data.columns import Columns, Dice
from liangyi.data.source import Source, source

_ENDINGS = (".csv", ".tsv", ".data", ".dat", ".inter")
_MARKS = ("\t", "::", ",", ";")
_USER = re.compile(r"users?[ _-]?(id|name)?")  # how the column of users may be called
_RATINGS = ("rating", "score", "stars")  # how a column of ratings may be called
_OTHERS = ("", "time", "timestamp", "date")  # columns that name no item
_HELD_OUT = 5  # one choice in so many
GRADES = Label(("not chosen", "chosen"))


class Candidates:
    """All items for each user, but those that they are known to have.

    Args:
        known: which items each user is known to have, bool [U I].
    """

    def __init__(self, known: Tensor) -> None:
        self.known = known

    def __len__(self) -> int:
        return len(self.known)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return items [N I] and which of them may be recommended."""
        known = self.known[index.to(self.known.device)]
        every = torch.arange(known.shape[1], device=known.device)
        return {"": every.expand_as(known), "mask": ~known}

    def to(self, device: torch.device) -> Candidates:
        """Return the column on a device."""
        return Candidates(self.known.to(device))

    def parts(self) -> Sequence[Tensor]:
        """Return what decides it."""
        return (self.known,)


def spec_of(users: Sequence[str], items: Sequence[str]) -> Spec:
    """Return what a user looks like, by the names of all users and items."""
    most = len(items)
    return Spec(
        "relevance",
        user=Label(tuple(users)),
        candidate=Ragged(Label(tuple(items)), most),
        relevance=Ragged(GRADES, most),
    )


def columns_of(chosen: Tensor, known: Tensor) -> Columns:
    """Return the users who chose something, and not all that they could, as columns.

    Of who has nothing but choices left every order is right: that tells nothing about a ranker.

    Args:
        chosen: what they shall be recommended, bool [U I].
        known: what they have already, bool [U I].
    """
    user = (chosen.any(1) & (~chosen & ~known).any(1)).nonzero()[:, 0]
    return {"user": user, "candidate": Candidates(known[user]), "relevance": chosen[user].byte()}


def split_of(chosen: Tensor) -> tuple[Tensor, Tensor]:
    """Return which choices [U I] are learned from and which fifth of each user's is held out."""
    dice = draw.generator(0, "held-out choices")
    order = torch.rand(chosen.shape, generator=dice, device="cpu").where(chosen, 2.0)
    rank = order.argsort(1).argsort(1)
    held_out = chosen & (rank < chosen.sum(1, keepdim=True) // _HELD_OUT)
    return chosen & ~held_out, held_out


@dataclass(frozen=True, kw_only=True)
class InteractionsConfig(Config):
    """What counts as a choice."""

    least: float = 4.0  # the rating from which on an item counts as chosen


@source("interactions", "a table of users, items and, if there are, ratings")
class Table(Source):
    """A user's own table."""

    Config = InteractionsConfig
    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the name says that it is a table."""
        return path.suffix.lower() in _ENDINGS and path.is_file()

    def spec(self) -> Spec:
        """Return the names of all users and items."""
        users, items, _ = self._read()
        return spec_of(users, items)

    def items(self, split: str) -> Columns:
        """Return the users with what they chose: of the training, or of what was held out."""
        train, held_out = split_of(self._read()[2])
        if split == "train":
            return columns_of(train, torch.zeros_like(train))
        return columns_of(held_out, train)

    def findings(self) -> list[str]:
        """Say how the table was understood."""
        users, items, chosen = self._read()
        share = float(chosen.float().mean())
        every = int(chosen.all(1).sum())
        return [f"{many(len(users), 'user')} chose {many(int(chosen.sum()), 'time')} of "
                f"{many(len(items), 'item')}, {share:.1%} of all pairs",
                *[f"{many(every, 'user')} chose every item and cannot tell how good an order is: "
                  "left out where it is measured"] * bool(every)]  # fmt: skip

    def _read(self) -> tuple[list[str], list[str], Tensor]:
        """Return the names of users and items, and who chose what, [U I].

        Raises:
            UserError: a line is no interaction, or nobody chose anything.
        """
        if not hasattr(self, "_found"):
            assert self.path is not None
            self._found = _choices(self.path, self.config.least)
        return self._found


def _choices(path: Path, least: float) -> tuple[list[str], list[str], Tensor]:
    users: dict[str, int] = {}
    items: dict[str, int] = {}
    pairs, ratings = [], []
    for user, item, rating in pairs_of(path):
        pairs.append((users.setdefault(user, len(users)), items.setdefault(item, len(items))))
        ratings.append(rating)
    if len(items) < 2:
        raise UserError(f"{path} holds {many(len(items), 'item')}; there is nothing to choose from")
    capacity.demand_memory(20 * len(users) * len(items), f"{len(users):,} x {len(items):,} pairs")
    chosen = torch.zeros(len(users), len(items), dtype=torch.bool, device="cpu")
    for (row, column), rating in zip(pairs, ratings, strict=True):
        chosen[row, column] |= rating is None or rating >= least
    held_out = split_of(chosen)[1].any(1)
    if not bool(held_out.any()):
        most = max((rating for rating in ratings if rating is not None), default=least)
        if most < least:
            raise UserError(f"no rating is that high; the highest is {most:g}", setting="least")
        raise UserError(f"{path}: nobody chose {_HELD_OUT} items, of which one could be held out")
    if bool(chosen[held_out].all()):
        raise UserError(
            f"{path}: who chose {_HELD_OUT} items chose every one, so no order is better than "
            "another"
        )
    return list(users), list(items), chosen


def pairs_of(path: Path) -> Iterator[tuple[str, str, float | None]]:
    """Yield the user, the item (empty in a list of users) and the rating of each line.

    Raises:
        UserError: the file cannot be read, or a line is no interaction; it is named.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read ({error})") from None
    rows = [(number, cells) for number, cells in _cells(path, lines) if any(cells)]
    if not rows:
        raise UserError(f"{path} holds no lines")
    width, named = len(rows[0][1]), _named(rows[0][1])
    user, item, rated = named or (0, 1 if width > 1 else None, 2 if width > 2 else None)
    for number, cells in rows[named is not None :]:
        if len(cells) != width:
            what = many(len(cells), "column")
            raise UserError(f"{path} line {number} has {what}, the first line {width}")
        if not cells[user] or not (item is None or cells[item]):
            raise UserError(f"{path} line {number} has no user or no item")
        try:
            rating = None if rated is None else float(cells[rated])
        except ValueError:
            what = shown(cells[rated or 0])
            raise UserError(f"{path} line {number}: the rating {what!r} is no number") from None
        yield cells[user], "" if item is None else cells[item], rating


def _named(heading: Sequence[str]) -> tuple[int, int | None, int | None] | None:
    """Return the columns of user, item and rating where a first line names them, else None."""
    names = [cell.lower().partition(":")[0] for cell in heading]  # RecBole's have a type behind
    user = next((place for place, name in enumerate(names) if _USER.fullmatch(name)), None)
    if user is None:
        return None
    rating = next((names.index(name) for name in _RATINGS if name in names), None)
    others = {user, rating} | {place for place, name in enumerate(names) if name in _OTHERS}
    return user, next((place for place in range(len(names)) if place not in others), None), rating


def _cells(path: Path, lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the cells of each line, cut at the mark that the first one has.

    Raises:
        UserError: a quotation mark is not closed; the line is named.
    """
    first = next((line for line in lines if line.strip()), "")
    mark = next((one for one in _MARKS if one in first), ",")
    for number, line in enumerate(lines, 1):
        try:  # line by line, so that an open quotation mark does not swallow the others
            read = csv.reader([line], delimiter=mark[0], strict=True)
            cells = line.split(mark) if len(mark) > 1 else next(read, [])
        except csv.Error as error:
            raise UserError(f"{path} line {number} cannot be cut into columns ({error})") from None
        yield number, [cell.strip() for cell in cells]
