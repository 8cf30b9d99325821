"""Text to image (GAN-INT-CLS): the generator also draws what lies between two sentences.

Reed et al., "Generative adversarial text to image synthesis", arXiv:1605.05396, equation 5: beside
the loss of `gan-cls` (algorithm 1) the generator lowers

    E log(1 - D(G(z, t''), t''))    with    t'' = beta t + (1 - beta) t',    beta = 1/2

for the codes t and t' of two texts. There is no picture of t'', but a discriminator that knows what
belongs together can judge it all the same: what the data leaves out is filled in.

Changed from `gan-cls`: this term, with the weight 1 of the authors' script. Without wrong texts
(`--mismatch 0`) it is their GAN-INT.

Departure: the non-saturating form of the term, as of all others.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from liangyi.core.batch import Captioned
from liangyi.core.config import NonNegative
from liangyi.core.registry import register
from liangyi.losses import adversarial
from liangyi.zoo.conditional.gan_cls import GANCLS, GANCLSConfig


@dataclass(frozen=True, kw_only=True)
class TextToImageConfig(GANCLSConfig):
    """Settings of GAN-INT-CLS."""

    interpolation: NonNegative = 1.0  # weight of pictures of what lies between two texts


@register("text-to-image")
class TextToImage(GANCLS):
    """Text to image (GAN-INT-CLS): the generator also draws what lies between two sentences."""

    Config = TextToImageConfig

    def fooled(self, fake: Captioned) -> Tensor:
        """Return the generator's loss: equation 5."""
        text = self.reader(fake.caption).detach()
        between = torch.lerp(text, text.roll(1, 0), 0.5)
        drawn = self.generate(self.noise(len(text)), between)
        loss = adversarial.nonsaturating(self.discriminator(drawn, between))
        return super().fooled(fake) + self.config.interpolation * loss
