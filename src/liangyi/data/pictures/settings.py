"""Settings that pictures share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from annotated_types import Ge, Le

from liangyi.core.config import Config
from liangyi.core.spec import Label, Pixels, Spec

# far beyond what can be learned here, and before what no machine can hold
Side = Annotated[int, Ge(1), Le(8192)]


@dataclass(frozen=True, kw_only=True)
class PictureConfig(Config):
    """In which form pictures are served."""

    size: Side | None = None  # pictures are cropped to a square and resized to this many pixels
    grey: bool = False  # turn colour pictures to grey ones

    def pixels(self, channels: int, height: int, width: int) -> Pixels:
        """Return what pictures of this shape become."""
        return Pixels(1 if self.grey else channels, self.size or height, self.size or width)


def labelled(pixels: Pixels, names: tuple[str, ...]) -> Spec:
    """Return the spec of pictures with a class each."""
    return Spec("image", image=pixels, label=Label(names))
