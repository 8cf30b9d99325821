"""Unpaired: noise for clean pictures, from two sets that are no pairs; after arXiv:1703.10593."""

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

import liangyi
from liangyi.core import draw
from liangyi.core.spec import Pixels, Spec
from liangyi.data import Source, source
from liangyi.nets.mlp import Flat, mlp
from liangyi.zoo.adversarial.gan import GAN


class Unpaired(NamedTuple):
    noisy: Annotated[Tensor, Pixels]
    clean: Annotated[Tensor, Pixels]


@source("two-sets", "300 noisy and 200 clean grey squares, which are no pairs")
class TwoSets(Source):
    def spec(self):
        return Spec("noisy", noisy=Pixels(1, 6, 6), clean=Pixels(1, 6, 6))

    def items(self, split):
        dice = draw.generator(0, f"two sets {split}")
        level = torch.rand(500, 1, 1, 1, generator=dice) * 160 + 40
        noise = 20 * torch.randn(300, 1, 6, 6, generator=dice)
        noisy = (level[:300] + noise).clamp(0, 255).byte()
        return {"noisy": noisy, "clean": level[300:].expand(-1, 1, 6, 6).byte()}


@liangyi.register("unpaired")
class UnpairedNoise(GAN):
    """Unpaired: the generator adds noise to clean pictures until they pass for noisy ones."""

    interpolate = None  # what it draws hangs on more than noise
    eats, data, tiny_data = (Unpaired,), "two-sets", {"data": "two-sets"}

    def networks(self):
        self.generator = mlp((2, 16, 1), nn.ReLU())  # of a pixel and a random number
        self.discriminator = Flat(mlp((36, 32, 1), nn.LeakyReLU(0.2)))

    def noised(self, clean):
        dice = draw.normal(len(clean), *clean.shape[1:], device=self.device)
        return (clean + self.generator(torch.stack([clean, dice], -1)).squeeze(-1)).tanh()

    def generated(self, count, given=None):
        clean = given.clean if given else draw.uniform(count, 1, 6, 6, device=self.device) * 2 - 1
        return Unpaired(self.noised(clean), clean)

    @liangyi.verb
    def sample(self, count: int) -> Tensor:
        """Return `count` noisy pictures of random clean ones."""
        return self.generated(count).noisy

    @liangyi.verb
    def add_noise(self, clean: Tensor) -> Tensor:
        """Return clean pictures [N C H W] with noise."""
        return self.noised(clean)
