"""InfoGAN: a code as condition, found by a head; Chen et al., arXiv:1606.03657, equation 6."""

from typing import Annotated, Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

import liangyi
from liangyi import Update
from liangyi.core import draw
from liangyi.core.batch import Images, detached
from liangyi.core.spec import Pixels
from liangyi.losses import adversarial
from liangyi.nets.mlp import Flat, Shaped, mlp
from liangyi.zoo.adversarial.gan import GAN


class Categorised(NamedTuple):
    image: Annotated[Tensor, Pixels]
    category: Any  # [N], the code that made it; real pictures have none


@liangyi.register("own-infogan")
class InfoGAN(GAN):
    """InfoGAN: generator and head are one player for the mutual information."""

    eats, tiny = (Images,), {"latent": 8}

    def networks(self):
        size, latent = self.spec.size, self.config.latent
        self.generator = Shaped(mlp((latent + 5, 64, size), nn.ReLU(), nn.Tanh()), self.spec.shape)
        self.trunk = Flat(mlp((size, 64), nn.ReLU(), nn.LeakyReLU(0.2)))
        self.discriminator, self.head = nn.Linear(64, 1), nn.Linear(64, 5)

    def generated(self, count, given=None):
        return self.drawn(draw.integers(5, count, device=self.device))

    def drawn(self, category):
        code = torch.cat([self.noise(len(category)), one_hot(category, 5).float()], 1)
        return Categorised(self.generate(code), category)

    def judgement(self, batch):
        return self.discriminator(self.trunk(batch.image))

    def updates(self, batch, step):
        fake = self.generated(len(batch.image))
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        yield Update((self.trunk, self.discriminator), loss, discriminator=loss)
        fooled = adversarial.nonsaturating(self.judgement(fake))
        found = cross_entropy(self.head(self.trunk(fake.image)), fake.category)
        yield Update(
            (self.generator, self.head), fooled + found, generator=fooled, information=found
        )

    @liangyi.verb
    def interpolate(self, count: int, stops: int = 4) -> Tensor:
        """Return `count` pictures through all categories."""
        return self.drawn(draw.rows(count, self.device) * 5 // count % 5).image
