"""LAPGAN: one small GAN a band of the pyramid; Denton et al., arXiv:1506.05751, section 3."""

import torch
from torch import nn
from torch.nn.functional import avg_pool2d, interpolate

import liangyi
from liangyi import Update
from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.losses import adversarial
from liangyi.nets.mlp import Flat, Shaped, mlp
from liangyi.zoo.adversarial.gan import GAN


class Level(nn.Module):
    """One band: a picture given the coarser one."""

    def __init__(self, side, coarse):
        super().__init__()
        self.latent, self.coarse = 8, coarse
        self.generator = Shaped(mlp((8 + coarse, 32, side * side), nn.ReLU()), (1, side, side))
        self.discriminator = Flat(mlp((side * side + coarse, 32, 1), nn.LeakyReLU(0.2)))

    def band(self, below, count, device):
        noise = draw.normal(count, self.latent, device=device)
        return self.generator(torch.cat([noise, below.flatten(1)], 1) if self.coarse else noise)

    def judged(self, band, below):
        return self.discriminator(torch.cat([band.flatten(1), below.flatten(1)], 1))

    def updates(self, name, real, below):
        fake = self.band(below, len(real), real.device)
        judged = self.judged(real, below), self.judged(fake.detach(), below)
        loss = adversarial.discriminator(*judged)
        yield Update(self.discriminator, loss, **{f"discriminator_{name}": loss})
        loss = adversarial.nonsaturating(self.judged(fake, below))
        yield Update(self.generator, loss, **{f"generator_{name}": loss})


@liangyi.register("lapgan")
class LAPGAN(GAN):
    """LAPGAN: three levels that each update, by delegation."""

    eats, adversary, sides = (Images,), "", (2, 4, 8)

    def networks(self):
        self.levels = nn.ModuleList(Level(s, 0 if s == 2 else s * s) for s in self.sides)

    def updates(self, batch, step):
        for level, side in zip(self.levels, self.sides, strict=True):
            real = avg_pool2d(batch.image, 8 // side)
            down = avg_pool2d(real, 2)
            below = real[:, :, :0] if side == 2 else interpolate(down, scale_factor=2)
            yield from level.updates(side, real - below if side > 2 else real, below)

    def generated(self, count, given=None):
        picture = torch.zeros(count, 1, 2, 0, device=self.device)
        for level, side in zip(self.levels, self.sides, strict=True):
            below = picture if side == 2 else interpolate(picture, scale_factor=2)
            band = level.band(below, count, self.device)
            picture = band if side == 2 else band + below
        return Images(picture.clamp(-1, 1))

    @liangyi.verb
    def sample(self, count):
        """Return `count` pictures, from coarse to fine."""
        return self.generated(count).image

    interpolate = None
