"""Captioned GAN: a discriminator of two arguments, Reed et al., arXiv:1605.05396, algorithm 1."""

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn

import liangyi
from liangyi.core import draw
from liangyi.core.spec import Pixels, Spec, Words
from liangyi.data import Source, source
from liangyi.zoo.adversarial.gan import GAN

WORDS = ("dark", "light", "left", "right")


class Captioned(NamedTuple):
    image: Annotated[Tensor, Pixels]
    caption: Annotated[Tensor, Words]


@source("spots", "grey spots with a caption of two words; made on the spot")
class Spots(Source):
    def spec(self):
        return Spec("image", image=Pixels(1, 8, 8), caption=Words(2, WORDS))

    def items(self, split):
        dice = torch.rand(600, 2, generator=draw.generator(0, f"spots {split}")) > 0.5
        image = torch.zeros(600, 1, 8, 8, dtype=torch.uint8)
        for number, (light, right) in enumerate(dice.tolist()):
            image[number, :, 2:6, 4 * right : 4 * right + 4] = 250 if light else 90
        return {"image": image, "caption": torch.stack([dice[:, 0] + 0, dice[:, 1] + 2], 1).long()}


@liangyi.register("captioned-gan")
class CaptionedGAN(GAN):
    """Captioned GAN: the discriminator sees a picture and its caption."""

    interpolate = None  # what it draws hangs on more than noise
    eats, data, tiny_data = (Captioned,), "spots", {"data": "spots"}

    def networks(self):
        self.words = nn.Embedding(self.spec["caption"].count, 8)
        self.generator = nn.Sequential(
            nn.Linear(8 + 16, 64), nn.ReLU(), nn.Linear(64, 64), nn.Tanh()
        )
        self.discriminator = nn.Sequential(
            nn.Linear(64 + 16, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1)
        )

    def drawn(self, caption):
        code = torch.cat([draw.normal(len(caption), 8, device=self.device), self.read(caption)], 1)
        return Captioned(self.generator(code).view(-1, 1, 8, 8), caption)

    def read(self, caption):
        return self.words(caption).flatten(1).detach()

    def generated(self, count, given=None):
        return self.drawn(given.caption if given else (draw.uniform(count, 2) * 4).long())

    def judgement(self, batch):
        return self.discriminator(torch.cat([batch.image.flatten(1), self.read(batch.caption)], 1))

    @liangyi.verb
    def sample(self, count: int, caption: Tensor | None = None) -> Tensor:
        """Return `count` pictures of one caption [2], or of random ones."""
        return (
            self.generated(count) if caption is None else self.drawn(caption.expand(count, 2))
        ).image
