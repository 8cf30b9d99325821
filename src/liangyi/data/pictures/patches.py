"""Photographs to enlarge: random patches of them, each beside a smaller copy of itself.

    FOLDER/*.jpg                  photographs alone
    FOLDER/{train,test}/...       the same, with held-out ones (`val` and `valid` will do)

Photographs may differ in size; none is resized. The smaller copies are made once of the whole
photographs, by the bicubic filter with antialiasing (Keys' kernel with a = -0.5, widened by the
factor) and rounded to bytes: that of Matlab's `imresize`, by which the literature's are made.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Le
from torch import Tensor

from liangyi.core import capacity, draw
from liangyi.core.config import Config
from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown
from liangyi.core.spec import Pixels, Spec
from liangyi.data.columns import Columns, Dice, Part
from liangyi.data.pictures.decoding import each
from liangyi.data.pictures.files import Look, Picture, decode, look
from liangyi.data.pictures.listing import Job, splits
from liangyi.data.pictures.resize import reduced
from liangyi.data.pictures.settings import Side
from liangyi.data.places import typed
from liangyi.data.source import Source, source

_SAMPLES = {"train": "china.jpg", "test": "flower.jpg"}
_HELD_OUT = 256  # patches of held-out photographs: looks at them shall not take long


class Enlarged(NamedTuple):
    """Small pictures, and the large ones that they were made of."""

    low: Annotated[Tensor, Pixels]  # [N C h w], float, in the range that the model declares
    image: Annotated[Tensor, Pixels]  # [N C f*h f*w], likewise


class Photograph(NamedTuple):
    """One photograph, its sides multiples of the factor, and its smaller copy."""

    name: str
    image: Tensor  # bytes [C H W]
    low: Tensor  # bytes [C H/f W/f]


class Pairs:
    """Squares of photographs and of their smaller copies, others at every look.

    A photograph counts for as many items as squares fit into it side by side, so all pixels are
    shown equally often.

    Args:
        photographs: no side below `size`.
        size: of a square, a multiple of the factor.
        factor: photographs are so many times larger than their copies.
        turned: mirror and turn by quarters at random.
    """

    def __init__(
        self, photographs: Sequence[Photograph], size: int, factor: int, turned: bool
    ) -> None:
        self.photographs = photographs
        self.size, self.factor, self.turned = size, factor, turned
        counts = [(p.image.shape[1] // size) * (p.image.shape[2] // size) for p in photographs]
        self.ends = torch.tensor(counts, device="cpu").cumsum(0)

    def __len__(self) -> int:
        return int(self.ends[-1])

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return squares [N C size size] of the photographs, and their smaller copies."""
        numbers = torch.searchsorted(self.ends, index.to("cpu"), right=True).tolist()
        pairs = [self._cut(*row) for row in zip(numbers, dice(3).tolist(), strict=True)]
        image, low = map(torch.stack, zip(*pairs, strict=True))
        return {"": image, "low": low}

    def _cut(self, number: int, chances: Sequence[float]) -> tuple[Tensor, Tensor]:
        _, image, low = self.photographs[number]
        side = self.size // self.factor
        top, left = (
            int(chance * (whole - side + 1))
            for chance, whole in zip(chances, low.shape[1:], strict=False)
        )
        turn = int(8 * chances[2]) if self.turned else 0
        found = []
        for picture, scale in ((image, self.factor), (low, 1)):
            y, x, edge = top * scale, left * scale, side * scale
            square = picture[:, y : y + edge, x : x + edge]
            square = square.flip(2) if turn >= 4 else square
            found.append(square.rot90(turn % 4, (1, 2)))
        return found[0], found[1]

    def to(self, device: torch.device) -> Pairs:
        """Stay where the photographs are: squares travel."""
        return self

    def parts(self) -> Sequence[Tensor]:
        """Return the photographs."""
        return [photograph.image for photograph in self.photographs]


@dataclass(frozen=True, kw_only=True)
class PatchesConfig(Config):
    """Which photographs, and what is cut out of them."""

    # a folder of photographs of any sizes; none: the two that come with scikit-learn
    photographs: str | None = None
    factor: Annotated[int, Ge(2), Le(8)] = 4  # how many times smaller the copies are
    size: Side = 96  # pixels of a patch's side; of its copy a factor less
    grey: bool = False  # turn colour photographs to grey ones
    turned: bool = True  # learn from patches mirrored and turned by quarters, too


@source("patches", "random patches of photographs of mixed sizes, with smaller copies")
class PatchSource(Source):
    """Patches of photographs, each with its smaller copy."""

    Config = PatchesConfig

    def spec(self) -> Spec:
        """Return what a patch and its copy look like."""
        config = self.config
        channels, side = 1 if config.grey else 3, config.size // config.factor
        if config.size % config.factor or side < 2:
            better = max(2, round(config.size / config.factor)) * config.factor
            message = f"{config.size} is no multiple of the factor {config.factor}, two or more"
            raise UserError(message, setting="size", better=better)
        low = Pixels(channels, side, side)
        return Spec("image", low=low, image=Pixels(channels, config.size, config.size))

    def items(self, split: str) -> Columns | None:
        """Return the patches of a split: of the held-out photographs at most 256."""
        photographs, config = self.whole(split), self.config
        if photographs is None:
            return None
        self.spec()
        found = Pairs(photographs, config.size, config.factor, config.turned and split == "train")
        if split == "train" or len(found) <= _HELD_OUT:
            return {"image": found}
        order = torch.randperm(len(found), generator=draw.generator(0, "subset"), device="cpu")
        return {"image": Part(found, order[:_HELD_OUT])}

    def whole(self, split: str) -> list[Photograph] | None:
        """Return the whole photographs of a split with their copies; None: nothing is held out.

        Raises:
            UserError: none can be read, none is as large as a patch, or they fill the memory.
        """
        kept = self.__dict__.setdefault("_kept", {})
        if split not in kept:
            place = self._places().get(split)
            kept[split] = place and photographs_at(place, self.config, self.config.size)
        found: tuple[list[Photograph], list[str]] | None = kept[split]
        return None if found is None else found[0]

    def _places(self) -> dict[str, Path]:
        if self.config.photographs is not None:
            try:
                return splits(typed(self.config.photographs, "photographs", "a folder of them"))
            except OSError as error:
                reason = f"cannot read {error.filename}: {error.strerror}"
                raise UserError(reason, setting="photographs") from None
        package = find_spec("sklearn")
        assert package is not None and package.origin is not None
        folder = Path(package.origin).parent / "datasets" / "images"
        return {split: folder / name for split, name in _SAMPLES.items()}

    def fingerprint(self, split: str) -> str | None:
        """Name the content: the photographs and what is cut out of them."""
        photographs = self.whole(split)
        if photographs is None:
            return None
        digest = hashlib.sha256(repr((self.spec(), self.config.turned)).encode())
        for photograph in photographs:
            digest.update(photograph.image.numpy().data)
        return digest.hexdigest()[:16]

    def findings(self) -> list[str]:
        """Say what was found among the photographs."""
        self.whole("train")
        lines: list[str] = self.__dict__["_kept"]["train"][1]
        return lines


def photographs_at(
    place: Path, config: PatchesConfig, least: int
) -> tuple[list[Photograph], list[str]]:
    """Return the photographs in a folder, with smaller copies, and lines about what was found.

    Args:
        place: a folder, or one photograph.
        config: the factor, and whether they are grey.
        least: pixels of a side, below which they are left out.

    Raises:
        UserError: none is left, or they fill the memory.
    """
    job = Job.of(place, None, config.grey)
    looks = list(each("looking at", look, job))
    large = [seen for seen in looks if isinstance(seen, Look) and min(seen[:2]) >= least]
    channels = 1 if config.grey else 3
    pixels = sum(seen.width * seen.height for seen in large)
    what = f"{many(len(large), 'photograph')} of {pixels / 1e6:,.1f} megapixels"
    capacity.demand_memory(1.5 * channels * pixels, what, "give fewer of them")
    found, broken = [], []
    decoded = each("decoding", partial(_decoded, channels=channels, least=least), job, threads=True)
    for file, picture in zip(job.files, decoded, strict=True):
        if isinstance(picture, str):
            broken.append(f"{file.name} is left out ({picture})")
            continue
        height, width = (side - side % config.factor for side in picture.pixels.shape[1:])
        image = torch.from_numpy(picture.pixels[:, :height, :width].copy())
        found.append(Photograph(file.name, image, reduced(image, config.factor)))
    if not found:
        raise UserError(f"{place} has no photograph to learn from: {shown(broken[0])}")
    more = [f"{many(len(broken) - 3, 'other')} too"] if len(broken) > 3 else []
    return found, [what, *broken[:3], *more]


def _decoded(path: Path, channels: int, least: int) -> Picture | str:
    """Read a whole photograph, or say why that cannot be done."""
    seen = look(path)
    if isinstance(seen, str):
        return seen
    if min(seen.width, seen.height) < least:
        return f"{seen.width}x{seen.height} is smaller than {least}"
    return decode(path, (channels, seen.height, seen.width))
