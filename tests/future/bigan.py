"""BiGAN: an encoder joins the game; Donahue et al., arXiv:1605.09782, equation 3."""

from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor, nn

import liangyi
from liangyi import Update
from liangyi.core import draw
from liangyi.core.batch import Images, detached
from liangyi.core.spec import Pixels
from liangyi.losses import adversarial
from liangyi.nets.mlp import Flat, Shaped, mlp
from liangyi.zoo.adversarial.gan import GAN


class Coded(NamedTuple):
    image: Annotated[Tensor, Pixels]
    latent: Any


@liangyi.register("own-bigan")
class BiGAN(GAN):
    """BiGAN: discriminator of pairs (picture, code), one player of encoder and generator."""

    eats, tiny = (Images,), {"latent": 8, "generator_widths": (32,), "discriminator_widths": (32,)}

    def networks(self):
        config, size = self.config, self.spec.size
        self.generator = Shaped(
            mlp((config.latent, 64, size), nn.ReLU(), nn.Tanh()), self.spec.shape
        )
        self.encoder = Flat(mlp((size, 64, config.latent), nn.ReLU()))
        self.discriminator = mlp((size + config.latent, 64, 1), nn.LeakyReLU(0.2))

    def generated(self, count, given=None):
        latent = draw.normal(count, self.config.latent, device=self.device)
        return Coded(self.generate(latent), latent)

    def judgement(self, batch):
        coded = batch if isinstance(batch, Coded) else Coded(batch.image, self.encoder(batch.image))
        return self.discriminator(torch.cat([coded.image.flatten(1), coded.latent], 1))

    def updates(self, batch, step):
        real, fake = Coded(batch.image, self.encoder(batch.image)), self.generated(len(batch.image))
        loss = adversarial.discriminator(
            self.judgement(detached(real)), self.judgement(detached(fake))
        )
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = adversarial.discriminator(self.judgement(fake), self.judgement(real))
        yield Update((self.encoder, self.generator), loss, generator=loss)

    @liangyi.verb
    def encode(self, image: Tensor) -> Tensor:
        """Return codes [N latent] of pictures."""
        return self.encoder(image)
