"""Settings that pictures share."""

from __future__ import annotations

import copy
import dataclasses
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Self

from annotated_types import Ge, Le
from torch import Tensor

from liangyi.core.config import Config, Count
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data.columns import Dice
from liangyi.data.dataset import Data, Dataset
from liangyi.data.pictures import coloured
from liangyi.data.pictures.binarised import Binarisation, binarised
from liangyi.data.pictures.chosen import chosen, spec_of
from liangyi.data.pictures.variation import cropped, mirrored
from liangyi.data.source import Source

# far beyond what can be learned here, and before what no machine can hold
Side = Annotated[int, Ge(1), Le(8192)]
Part = Annotated[float, Ge(0.1), Le(1)]


@dataclass(frozen=True, kw_only=True)
class PictureConfig(Config):
    """In which form pictures are served."""

    size: Side | None = None  # pictures are cropped to a square and resized to this many pixels
    grey: bool = False  # turn colour pictures to grey ones
    colour: bool = False  # take grey pictures as three equal channels
    mirror: bool = False  # learn from half of them with left and right exchanged; not of letters
    crop: Part = 1.0  # learn from random parts of at least this share of each side; 1: from all
    classes: tuple[str, ...] = ()  # only pictures of these, by their names or numbers; nothing: all
    per_class: Count | None = None  # learn from at most so many pictures of each class
    # pixels become black or white: by round(x), drawn once (fixed), or anew at each look (random)
    binarise: Binarisation = "none"

    def pixels(self, channels: int, height: int, width: int) -> Pixels:
        """Return what pictures of this shape become."""
        return Pixels(1 if self.grey else channels, self.size or height, self.size or width)


class PictureSource(Source):
    """A source of pictures, which a model may see varied while it learns."""

    Config = PictureConfig

    @abstractmethod
    def whole(self) -> Spec:
        """Return what a picture looks like, with all classes that there are."""

    def spec(self) -> Spec:
        """Return what a picture of the wanted classes looks like.

        Raises:
            UserError: there is no such class, or pictures are wanted both grey and in colour.
        """
        self.demand_one_form()
        return self.form_of(self.whole())

    def demand_one_form(self) -> None:
        """Make sure that pictures are not wanted both grey and in colour, before any is read."""
        if self.config.grey and self.config.colour:
            raise UserError("pictures are served grey or in colour; leave one out", setting="grey")

    def form_of(self, whole: Spec) -> Spec:
        """Return what a picture looks like under the settings, of what one looks like without.

        Raises:
            UserError: there is no such class.
        """
        found = spec_of(whole, self.config.classes)
        return coloured.spec_of(found) if self.config.colour else found

    def of_all_classes(self) -> Self:
        """Return the same data with all its classes, and all pictures of each."""
        other = copy.copy(self)
        other.config = dataclasses.replace(self.config, classes=(), per_class=None)
        return other

    def split(self, split: str = "train") -> Data | None:
        """Return the pictures of one split: of the wanted classes, in the wanted form.

        Raises:
            UserError: it is not there, or is damaged; there is no such class; or crops would make
                black and white pixels grey again.
        """
        data, wanted, how = super().split(split), self.config.classes, self.config.binarise
        if how != "none" and self.config.crop < 1:
            raise UserError("makes black and white pixels grey again; leave it out", setting="crop")
        if not isinstance(data, Dataset):
            return data
        most = self.config.per_class if split == "train" else None
        if wanted or most:
            data.spec = self.whole()  # of all items, as they are here
            data = chosen(data, data.spec.classes, wanted, most)
        data = data if how == "none" else binarised(data, how, split)
        return coloured.coloured(data) if self._taken_as_colour() else data

    def _taken_as_colour(self) -> bool:
        return bool(self.config.colour) and coloured.is_grey(self.whole())

    def findings(self) -> list[str]:
        """Say so where grey pictures are served in colour."""
        return ["grey pictures, taken as equal colours"] * self._taken_as_colour()

    def vary(self, rows: dict[str, Tensor], dice: Dice) -> dict[str, Tensor]:
        """Return a training batch's rows with their pictures mirrored and cropped at random."""
        image = rows["image"]
        if self.config.mirror:
            image = mirrored(image, dice)
        if self.config.crop < 1:
            image = cropped(image, dice, self.config.crop)
        return {**rows, "image": image}


def labelled(pixels: Pixels, names: tuple[str, ...]) -> Spec:
    """Return the spec of pictures with a class each."""
    return Spec("image", image=pixels, label=Label(names))
