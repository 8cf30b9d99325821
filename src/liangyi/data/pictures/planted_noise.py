"""Photographs with noise of a known law: what is learned from them can be held beside the truth.

    n = sqrt(a + b x) (k * z),   z ~ N(0, 1),   x the pixel in grey levels 0 ... 255

The variance grows with the light, as shot noise does (Foi et al., "Practical Poissonian-Gaussian
noise modeling and fitting for single-image raw-data", IEEE Transactions on Image Processing, 2008);
the kernel k, a Gaussian of unit energy, couples neighbours as a camera's interpolation does.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
from annotated_types import Ge, Le
from torch import Tensor
from torch.nn.functional import conv2d

from liangyi.core import draw
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.data.pictures.listing import Job, splits
from liangyi.data.pictures.noisy import (
    HELD_OUT,
    NoisyConfig,
    NoisySource,
    Photographs,
    read,
    shares,
)
from liangyi.data.places import typed
from liangyi.data.source import source

_REACH = 2  # pixels that the kernel reaches in each direction
_BLOCKS = (4, 6)  # parts into which each embedded photograph is cut, to be shared out


@dataclass(frozen=True, kw_only=True)
class PlantedConfig(NoisyConfig):
    """The law, and the photographs that it falls on."""

    photographs: str = ""  # a folder of clean ones; nothing: two that scikit-learn ships
    # variance of the noise in the dark, grey levels squared
    a: Annotated[float, Ge(0), Le(65_025)] = 25.0
    b: Annotated[float, Ge(0), Le(255)] = 0.8  # growth of the variance with the light, grey levels
    # deviation of the kernel that couples neighbours, pixels; 0: none
    blur: Annotated[float, Ge(0), Le(100)] = 0.6
    grey: bool = True  # turn colour to grey


@source("planted-noise", "photographs with noise of a known law, and others without")
class PlantedNoise(NoisySource):
    """Photographs with noise of a known law."""

    Config = PlantedConfig

    def paired(self) -> bool:
        """Say that the noise is known: it is made here."""
        return True

    def photographs(self, split: str) -> Photographs:
        """Return photographs; which get noise is a fixed permutation."""
        every: list[Path] | list[Tensor]
        if not self.config.photographs:
            every = _embedded(self.channels)
            chosen = shares([str(number) for number in range(len(every))])
        else:
            wanted = "a folder of photographs"
            place = splits(typed(self.config.photographs, "photographs", wanted))
            folder = place.get(split, place["train"])
            job = Job.of(folder, None, self.config.grey)
            every = [job.base / file.name for file in job.files]
            least = HELD_OUT if "test" not in place else 1 if split == "test" else 2
            if len(every) < least:
                raise UserError(f"{folder} has {many(len(every), 'photograph')}; "
                                f"{least} are the least", setting="photographs")  # fmt: skip
            chosen = shares([file.name for file in job.files], held_out="test" not in place)
            if "test" in place and split == "test":
                chosen = chosen._replace(test=list(range(len(every))))
        if split == "test":
            clean = self._read(every, chosen.test)
            noised = self._noised(clean, "test")
            return Photographs(noised, clean, noised)
        noisy, clean = (self._read(every, some) for some in (chosen.noisy, chosen.clean))
        return Photographs(self._noised(noisy, "noisy"), clean, self._noised(clean, "clean"))

    def _read(self, every: list[Path] | list[Tensor], numbers: list[int]) -> list[Tensor]:
        chosen = [every[number] for number in numbers]
        return [one if isinstance(one, Tensor) else read(one, self.channels) for one in chosen]

    def _noised(self, clean: list[Tensor], purpose: str) -> list[Tensor]:
        return [
            self.noised(photograph, draw.generator(0, f"planted {purpose}", number))
            for number, photograph in enumerate(clean)
        ]

    def noised(self, photograph: Tensor, dice: torch.Generator) -> Tensor:
        """Return a photograph [C H W] of bytes with the noise, rounded and cut to bytes."""
        channels, height, width = photograph.shape
        white = torch.randn(channels, 1, height + 2 * _REACH, width + 2 * _REACH, generator=dice,
                            device="cpu")  # fmt: skip
        coupled = conv2d(white, self.kernel()[None, None])[:, 0]
        light = photograph.float()
        noisy = light + self.variance(light).sqrt() * coupled
        return noisy.round().clamp(0, 255).to(torch.uint8)

    def variance(self, light: Tensor) -> Tensor:
        """Return the variance of the noise on pixels of 0 ... 255, grey levels squared."""
        return self.config.a + self.config.b * light

    def kernel(self) -> Tensor:
        """Return the kernel, whose squares sum up to 1."""
        places = torch.linspace(-_REACH, _REACH, 2 * _REACH + 1, device="cpu")
        if not self.config.blur:
            line = (places == 0).float()
        else:
            line = (-places.square() / (2 * self.config.blur**2)).exp()
        line = line / line.norm()
        return line[:, None] * line

    def correlation(self, down: int, right: int) -> float:
        """Return the correlation of the noise of pixels so far apart."""
        kernel = self.kernel()
        size = len(kernel)
        if max(down, right) >= size:
            return 0.0
        return float((kernel[down:, right:] * kernel[: size - down, : size - right]).sum())


def _embedded(channels: int) -> list[Tensor]:
    """Return scikit-learn's two photographs, cut into blocks."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    found: list[Tensor] = []
    for array in load_sample_images().images:
        image = Image.fromarray(array).convert("L" if channels == 1 else "RGB")
        pixels = np.array(image).reshape(*array.shape[:2], channels).transpose(2, 0, 1)
        for rows in torch.from_numpy(pixels.copy()).tensor_split(_BLOCKS[0], 1):
            found += [block.contiguous() for block in rows.tensor_split(_BLOCKS[1], 2)]
    return found
