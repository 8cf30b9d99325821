"""Octaves: one picture at several sizes, each a constant factor larger than the one before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch import Tensor
from torch.nn.functional import interpolate

from liangyi.core.errors import UserError

_LARGEST = 16384  # pixels of a side


def octave_sizes(sides: Sequence[int], octaves: int, scale: float) -> list[tuple[int, ...]]:
    """Return the sizes of all octaves, the smallest first; the last one is that of the picture.

    Raises:
        UserError: they grow or shrink beyond what a picture can be.
    """
    sizes: list[tuple[int, ...]] = []
    for place in range(octaves):
        try:
            size = tuple(round(side / scale**place) for side in sides)
        except (OverflowError, ZeroDivisionError):
            size = (0,)
        if min(size) < 1 or max(size) > _LARGEST:
            raise UserError(
                f"{octaves} octaves of scale {scale:g}: pictures of 1 to {_LARGEST} pixels a side "
                f"would do; the {place} octaves before the last one are too many",
                setting="octaves",
            )
        sizes.append(size)
    return sizes[::-1]


@contextmanager
def advised(octave: Tensor, picture: Tensor) -> Iterator[None]:
    """Advise one octave to who cannot look at a smaller one of a picture.

    Raises:
        UserError: what is done inside raises one that names no setting.
    """
    try:
        yield
    except UserError as error:
        if error.setting or octave.shape == picture.shape:
            raise
        more = f"{error.message}; one octave keeps the picture's size"
        raise UserError(more, setting="octaves") from None


def resize(picture: Tensor, like: Tensor) -> Tensor:
    """Return the picture at the size of another one."""
    size = tuple(like.shape[2:])
    if size == tuple(picture.shape[2:]):
        return picture.clone()
    return interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False)
