"""Coloured digits, each with a sentence: "a small red seven at the top left"; made on the spot.

Every picture has four attributes: its digit, and a colour, a size and a place drawn at random. Of
the 40 combinations of colour, size and place, 8 of each digit never occur in training, so that one
can ask for what was never seen: whoever has learned what the words mean can draw it all the same.
Item n of a split is always the same; its handwriting is a digit of that split.

A training caption leaves each of colour, size and place out now and then, so that one may ask for
"a red seven" alone; held-out captions say everything.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
from annotated_types import Ge, Le
from torch import Tensor

from liangyi import fields
from liangyi.core import draw
from liangyi.core.config import Config
from liangyi.core.spec import PADDING, UNKNOWN, Label, Pixels, Spec, Words
from liangyi.data.columns import Columns, Dice
from liangyi.data.pictures.digits import Digits
from liangyi.data.pictures.mnist import MNIST
from liangyi.data.pictures.resize import resized
from liangyi.data.pictures.torchvision_sets import KnownConfig
from liangyi.data.source import Source, source

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
COLOURS = {
    "red": (235, 50, 40), "green": (50, 200, 70), "blue": (70, 110, 255),
    "yellow": (250, 215, 50), "white": (255, 255, 255),
}  # fmt: skip
SIZES = ("small", "large")
PLACES = ("top left", "top right", "bottom left", "bottom right")
ATTRIBUTES = {"label": DIGITS, "colour": tuple(COLOURS), "size": SIZES, "place": PLACES}
WORDS = (PADDING, UNKNOWN, "a", "an", *SIZES, *COLOURS, *DIGITS,
         "at", "the", "top", "bottom", "left", "right")  # fmt: skip
LENGTH = 8  # words of a caption that says everything
HELD_OUT = 8  # combinations of each digit that are not learned from
OMITTED = 0.1  # share of training captions that leave a colour out; likewise sizes and places
_FORMS = (len(COLOURS), len(SIZES), len(PLACES))
_EACH = len(COLOURS) * len(SIZES) * len(PLACES)
_MARGIN = 4  # pixels around MNIST's digits that are empty
_VERSION = 1  # to be raised whenever the same settings would give other pictures


@dataclass(frozen=True, kw_only=True)
class CaptionedDigitsConfig(Config):
    """Which digits, how large, and how many."""

    size: Annotated[int, Ge(28), Le(32)] = 32  # pixels of a side
    pictures: Annotated[int, Ge(60), Le(1_000_000)] = 60_000  # to learn from; a sixth is held out
    of: Literal["mnist", "digits"] = "mnist"  # whose handwriting; digits are embedded
    data_root: str | None = None  # where MNIST lies or is downloaded; else LIANGYI_DATA


class Scenes:
    """Pictures that are put together when they are asked for; only the digits are kept.

    Args:
        digits: grey pictures [M S S], uint8, in each size.
        rows: of each picture, [N 5]: number of its digit, colour, size, and where it begins, down
            and to the right.
        side: pixels of a picture.
    """

    def __init__(self, digits: Sequence[Tensor], rows: Tensor, side: int) -> None:
        self.digits, self.rows, self.side = list(digits), rows, side

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Draw the pictures [N 3 H W] of items [N]."""
        rows = self.rows.index_select(0, index.to(self.rows.device))
        digit, colour, size, down, right = rows.unbind(1)
        device = rows.device
        grey = torch.zeros(len(rows), self.side, self.side, dtype=torch.int32, device=device)
        for number, kept in enumerate(self.digits):
            mine = (size == number).nonzero().flatten()
            steps = torch.arange(kept.shape[1], device=device)
            across = right[mine, None, None] + steps
            grey[mine[:, None, None], down[mine, None, None] + steps[:, None], across] = kept[
                digit[mine]
            ].int()
        ink = torch.tensor(list(COLOURS.values()), dtype=torch.int32, device=device)[colour]
        return {"": (grey[:, None] * ink[:, :, None, None] // 255).to(torch.uint8)}

    def to(self, device: torch.device) -> Scenes:
        """Return the digits on a device."""
        return Scenes([kept.to(device) for kept in self.digits], self.rows.to(device), self.side)

    def parts(self) -> Sequence[Tensor]:
        """Return the digits and what is drawn of them."""
        return *self.digits, self.rows


@source("captioned-digits", "coloured digits with a sentence each, some combinations held out")
class CaptionedDigits(Source):
    """Digits in colours, sizes and places, and sentences that say so."""

    Config = CaptionedDigitsConfig

    def spec(self) -> Spec:
        """Return what a picture, its caption and its attributes look like."""
        side = self.config.size
        labels = {name: Label(names) for name, names in ATTRIBUTES.items()}
        return Spec("image", image=Pixels(3, side, side), caption=Words(LENGTH, WORDS), **labels)

    def fingerprint(self, split: str) -> str:
        """Name the pictures."""
        own = self.config
        return f"captioned-{own.of}-{own.size}-{own.pictures}-{split}-{_VERSION}"

    def items(self, split: str) -> Columns:
        """Draw the pictures of a split and write their captions."""
        kept, label = self._digits(split)
        count = self.config.pictures if split == "train" else self.config.pictures // 6
        dice = draw.generator(0, f"captioned digits, {split}")
        share = torch.rand(count, 8, generator=dice, device="cpu")
        digit = (share[:, 0] * len(label)).long()
        allowed = learned() if split == "train" else combinations()
        form = allowed[label[digit], (share[:, 1] * allowed.shape[1]).long()]
        look = torch.stack(torch.unravel_index(form, _FORMS), 1)
        colour, size, place = look.unbind(1)
        side = torch.tensor([one.shape[1] for one in kept], device="cpu")[size]
        down, right = (
            self._begin(place, names, side, share[:, 2 + n])
            for n, names in enumerate(("top", "left"))
        )
        said = look if split != "train" else look.where(share[:, 5:] >= OMITTED, -1)
        rows = torch.stack([digit, colour, size, down, right], 1)
        return {
            "image": Scenes(kept, rows, self.config.size),
            "caption": _captions(label[digit], said),
            "label": label[digit], "colour": colour, "size": size, "place": place,
        }  # fmt: skip

    def _digits(self, split: str) -> tuple[list[Tensor], Tensor]:
        """Return the split's digits [M S S] in both sizes, and which they are [M]."""
        mnist = self.config.of == "mnist"
        whole = MNIST(KnownConfig(data_root=self.config.data_root)) if mnist else Digits()
        columns = whole.items(split)
        assert columns is not None
        image, label = columns["image"], columns["label"]
        assert isinstance(image, Tensor) and isinstance(label, Tensor)
        if mnist:
            image = image[:, :, _MARGIN:-_MARGIN, _MARGIN:-_MARGIN]
        sides = (3 * self.config.size // 8, 9 * self.config.size // 16)
        return [resized(image, side)[:, 0] for side in sides], label

    def _begin(self, place: Tensor, name: str, side: Tensor, share: Tensor) -> Tensor:
        """Return where digits [N] begin in one direction: at that edge or the other, about."""
        near = torch.tensor([name in words.split() for words in PLACES], device="cpu")[place]
        away = (share * (self.config.size // 8 + 1)).long()
        return torch.where(near, away, self.config.size - side - away)

    def strata(self, rows: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Tell whether each item's combination of attributes was never learned from."""
        if not ATTRIBUTES.keys() <= rows.keys():
            return {}
        size = rows["colour"] * len(SIZES) + rows["size"]
        form = (size * len(PLACES) + rows["place"]).cpu()
        known = (learned()[rows["label"].cpu()] == form[:, None]).any(1)
        return {"unseen": (~known).long()}

    def findings(self) -> list[str]:
        """Say what is held out."""
        kept = set(learned()[7].tolist())
        first = next(form for form in range(_EACH) if form not in kept)
        look = torch.stack(torch.unravel_index(torch.tensor([first], device="cpu"), _FORMS), 1)
        caption = _captions(torch.tensor([7], device="cpu"), look)
        said = fields.lines(Words(LENGTH, WORDS), caption)[0]
        return [f"{10 * HELD_OUT} of {10 * _EACH} combinations are not learned from, as: {said}"]


def combinations() -> Tensor:
    """Return all combinations of colour, size and place, in a random order for each digit."""
    dice = draw.generator(0, "captioned digits, combinations")
    return torch.stack([torch.randperm(_EACH, generator=dice, device="cpu") for _ in DIGITS])


def learned() -> Tensor:
    """Return the combinations that are learned from, for each digit: all but the first ones."""
    return combinations()[:, HELD_OUT:]


def _captions(digit: Tensor, look: Tensor) -> Tensor:
    """Return captions [N L] of digits [N] and their colour, size and place [N 3]; -1: not said."""
    every, which = torch.cat([digit[:, None], look], 1).unique(dim=0, return_inverse=True)
    return fields.typed(Words(LENGTH, WORDS), [sentence(*row) for row in every.tolist()])[which]


def sentence(digit: int, colour: int, size: int, place: int) -> str:
    """Return a caption of what is said; -1: nothing."""
    words = [SIZES[size]] * (size >= 0) + [tuple(COLOURS)[colour]] * (colour >= 0)
    words += [DIGITS[digit]] + [f"at the {PLACES[place]}"] * (place >= 0)
    return " ".join(["an" if words[0] == "eight" else "a", *words])
