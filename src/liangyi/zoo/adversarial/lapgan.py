"""LAPGAN: a pyramid of GANs, each of which adds the detail that a doubled picture lacks.

Denton, Chintala, Szlam and Fergus, "Deep generative image models using a Laplacian pyramid of
adversarial networks", arXiv:1506.05751, sections 3.2 and 4.1. A picture is its smallest version
and bands of detail; level k sees the low-pass picture l, which is the next smaller one doubled, and
plays for the band h = picture - l:

    min_G max_D  E log D(h + l, l) + E log(1 - D(G(z, l) + l, l))

The levels learn side by side, each from real low-pass pictures; drawing goes from coarse to fine.

Changed from `gan`: which is the smallest level as it stands, and lends its algorithm to the others;
those have three convolutions in the generator, whose noise is a plane beside the low-pass picture,
and two strided ones in the discriminator.

Departures: all levels take a turn in each step, where the authors trained them apart; windows of 5
instead of 7 pixels and 32 channels instead of 128, for two cores; no dropout; the discriminator
sees the low-pass picture beside the sum; Adam with rate 2e-4 instead of gradient descent with
rate 0.02 and momentum 0.5; the non-saturating loss.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import torch
from annotated_types import Le
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.core.spec import Pixels, Spec
from liangyi.nets import pyramid
from liangyi.nets.fast.sequential import Sequential
from liangyi.zoo.adversarial.gan import GAN, GANConfig

WINDOW = 5  # pixels of a side, of all convolutions


@dataclass(frozen=True, kw_only=True)
class LAPGANConfig(Config):
    """Settings of LAPGAN."""

    levels: Annotated[Count, Le(16)] = 3  # of the pyramid; each but the first doubles the picture
    latent: Count = 100  # length of the smallest level's noise
    hidden: tuple[Count, ...] = (512, 512)  # hidden layers of both players of the smallest level
    width: Count = 32  # channels of the other levels' maps
    slope: Unit = 0.2  # of the discriminators' LeakyReLU below zero
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 2e-4  # of all players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


class Banded(NamedTuple):
    """The detail of pictures, and what they are without it."""

    band: Annotated[Tensor, Pixels]  # [N C H W], in (-2, 2)
    lowpass: Annotated[Tensor, Pixels]  # [N C H W], in (-1, 1)


class Band(GAN):
    """One level: draws the band of a low-pass picture. Its algorithm is that of `gan`."""

    Config = LAPGANConfig
    eats = (Banded,)

    def networks(self) -> None:
        """Build convolutions that keep the size, and a discriminator that halves it twice."""
        (channels, height, wide), width = self.spec.shape, self.config.width
        slope, beside = nn.LeakyReLU(self.config.slope, inplace=True), WINDOW // 2
        self.generator = Sequential(
            nn.Conv2d(channels + 1, width, WINDOW, padding=beside),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, WINDOW, padding=beside),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, channels, WINDOW, padding=beside),
        )
        self.discriminator = Sequential(
            nn.Conv2d(2 * channels, width, WINDOW, 2, padding=beside),
            slope,
            nn.Conv2d(width, 2 * width, WINDOW, 2, padding=beside),
            slope,
            nn.Flatten(),
            nn.Linear(2 * width * -(-height // 4) * -(-wide // 4), 1),
        )

    def noise(self, count: int) -> Tensor:
        """Return planes of U(-1, 1), flat: [count H*W]."""
        _, height, wide = self.spec.shape
        return draw.uniform(count, height * wide, device=self.device) * 2 - 1

    def generated(self, count: int, given: Any = None) -> Banded:
        """Return bands drawn for the low-pass pictures that are given."""
        return Banded(self.drawn(self.noise(count), given.lowpass), given.lowpass)

    def drawn(self, noise: Tensor, lowpass: Tensor) -> Tensor:
        """Return bands [N C H W] for noise [N H*W] and low-pass pictures; differentiable."""
        plane = noise.unflatten(1, (1, *lowpass.shape[2:]))
        band: Tensor = self.generator(torch.cat([lowpass, plane], 1))
        return band.float()

    def judgement(self, batch: Banded) -> Tensor:
        """Return the logits of bands, seen as the picture beside what it was made of."""
        whole = batch.band + batch.lowpass
        logits: Tensor = self.discriminator(torch.cat([whole, batch.lowpass], 1))
        return logits


@register("lapgan")
class LAPGAN(GAN):
    """LAPGAN: a pyramid of GANs, each of which adds the detail that a doubled picture lacks."""

    Config = LAPGANConfig
    eats = (Images,)
    data = "cifar10"
    recipe = Training(steps=5000, batch_size=64)
    tiny: ClassVar = {"width": 4, "latent": 8, "hidden": (16,)}
    levels: Any  # nn.ModuleList: a GAN, then a Band for each doubling

    def networks(self) -> None:
        """Build a GAN for the smallest pictures and a level for each doubling.

        Raises:
            UserError: the pictures cannot be halved so often.
        """
        config, (channels, height, wide) = self.config, self.spec.shape
        if config.levels > (most := pyramid.most_levels(height, wide)):
            raise UserError(
                f"pictures of {wide} x {height} have {many(most, 'level')} at most",
                setting="levels",
                better=most or None,
            )
        factor = 2 ** (config.levels - 1)
        fields = [
            Pixels(channels, height // (factor >> level), wide // (factor >> level))
            for level in range(config.levels)
        ]
        smallest = GANConfig(
            latent=config.latent,
            generator_widths=config.hidden,
            discriminator_widths=config.hidden,
            slope=config.slope,
            real_target=config.real_target,
        )
        self.levels = nn.ModuleList([GAN(smallest, Spec("image", image=fields[0]))])
        self.levels.extend(
            Band(config, Spec("band", band=field, lowpass=field)) for field in fields[1:]
        )

    def noise(self, count: int) -> Tensor:
        """Return the noise of all levels, side by side: [count all]."""
        return torch.cat([level.noise(count) for level in self.levels], 1)

    def generate(self, noise: Tensor, *given: Tensor) -> Tensor:
        """Return pictures for noise [N all], drawn from coarse to fine."""
        first, *finer = self.levels
        planes = [field.spec.size // field.spec.shape[0] for field in finer]
        code, *codes = noise.split([self.config.latent, *planes], 1)
        picture = first.generate(code).float()
        for level, plane in zip(finer, codes, strict=True):
            lowpass = pyramid.doubled(picture)
            picture = lowpass + level.drawn(plane, lowpass)
        return picture.clamp(-1, 1)

    def parts(self, picture: Tensor) -> list[Any]:
        """Return what each level sees of pictures [N C H W], the smallest first."""
        smallest, *finer = pyramid.bands(picture, self.config.levels)
        found: list[Any] = [Images(smallest)]
        for band in finer:
            lowpass = pyramid.doubled(smallest)
            found.append(Banded(band, lowpass))
            smallest = lowpass + band
        return found

    def judgement(self, batch: Images) -> Tensor:
        """Return the sum of all levels' logits: their odds multiply."""
        words = zip(self.levels, self.parts(batch.image), strict=True)
        return torch.stack([level.judgement(part).float() for level, part in words]).sum(0)

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        """Let every level play its own game, from coarse to fine."""
        for level, part in zip(self.levels, self.parts(batch.image), strict=True):
            yield from named(level.updates(part, step), part[0].shape[-1])


def named(updates: Iterable[Update], width: int) -> Iterator[Update]:
    """Yield a level's updates, its metrics named by the width of its pictures."""
    for update in updates:
        update.metrics = {f"{name}_{width}": value for name, value in update.metrics.items()}
        yield update
