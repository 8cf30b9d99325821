"""SRGAN: photographs enlarged so that a discriminator takes them for large ones.

Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial
network", arXiv:1609.04802, equations 2, 3, 5 and 6:

    max_D  E log D(x) + E log(1 - D(G(y)))        y: x, smaller by a factor
    min_G  E d(f(x), f(G(y))) - 1e-3 E log D(G(y))

where f is what a trained classifier sees. Errors of pixels alone want the mean of all that a small
picture may have been, which is blurred; the adversary wants one of them. So the decibels fall.

Changed from `srresnet`: the loss; the discriminator, convolutions of 3 x 3, every other one
halving. Begin with a trained one: `liangyi train srgan --from RUN`.

Departures: the classifier is whichever the user names (there VGG-19, `--layers features.35`), seen
through its pooling layers; d is the distance of its vectors of length 1 (there squared errors,
which depend on the network's scale); errors of pixels are kept beside it, at the weight of d; half
the discriminator's width.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import detached
from liangyi.core.config import Count, NonNegative, Positive, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.data.pictures.patches import Enlarged
from liangyi.losses import adversarial
from liangyi.metrics.perceptual import perceptual_distance
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.features import Features, pooled
from liangyi.runs.classifiers import classifier
from liangyi.zoo.vision.srresnet import CONTENT, SRResNet, SRResNetConfig


@dataclass(frozen=True, kw_only=True)
class SRGANConfig(SRResNetConfig):
    """Settings of SRGAN."""

    # a run of a classifier, torchvision:NAME, or torchvision:NAME@FILE with its weights in FILE
    classifier: str = ""
    layers: tuple[str, ...] = ()  # of it, that are compared; nothing: its pooling layers
    content_weight: NonNegative = 0.03  # of the errors of pixels
    perceptual_weight: NonNegative = 0.03  # of the distance in the classifier
    adversarial_weight: Positive = 1e-3  # of the adversary's word
    discriminator_width: Count = 32  # channels of its first maps; they double three times
    learning_rate: Positive = 1e-4  # Adam's, of both players, at the beginning; it falls to 0


@register("srgan")
class SRGAN(SRResNet):
    """SRGAN: photographs enlarged so that a discriminator takes them for large ones."""

    Config = SRGANConfig
    adversary = "logits"
    borrowed = ("features.network",)
    recipe = Training(
        steps=5000, batch_size=16, sample_every=500, examine_every=500, checkpoint_every=500
    )
    tiny: ClassVar = {"width": 8, "blocks": 1, "discriminator_width": 4}

    def networks(self) -> None:
        """Build the discriminator, and look through the classifier."""
        super().networks()
        config = self.config
        self.discriminator = discriminator(self.spec.shape, config.discriminator_width)
        lent = classifier(config.classifier)
        layers = config.layers or pooled(lent.network)
        self.features = Features(lent, layers, self.spec.shape[0])

    @property
    def anew(self) -> tuple[str, ...]:
        """The discriminator, which an SRResNet has not."""
        return ("discriminator",)

    def generated(self, count: int, given: Any = None) -> Enlarged:
        """Return what small pictures are enlarged to; without any, what noise is."""
        if given is None:
            low = 2 * draw.uniform(count, *self.spec["low"].shape, device=self.device) - 1
        else:
            low = given.low
        return Enlarged(low, self.generator(low))

    def judgement(self, batch: Enlarged) -> Tensor:
        """Return the logits of large pictures, [N]."""
        logits: Tensor = self.discriminator(batch.image)
        return logits.flatten()

    def updates(self, batch: Enlarged, step: int) -> Iterator[Update]:
        """One turn of the discriminator, one of the generator."""
        config, fake = self.config, self.generated(len(batch.image), batch)
        loss = adversarial.discriminator(self.judgement(batch), self.judgement(detached(fake)))
        yield Update(self.discriminator, loss, discriminator=loss)
        content = CONTENT[config.content](fake.image, batch.image)
        with torch.no_grad():
            real = self.features(batch.image)
        perceptual = perceptual_distance(self.features(fake.image), real).mean()
        wanted = adversarial.nonsaturating(self.judgement(fake))
        loss = (
            config.content_weight * content
            + config.perceptual_weight * perceptual
            + config.adversarial_weight * wanted
        )
        yield Update(self.generator, loss, content=content, perceptual=perceptual, fooling=wanted)


def discriminator(shape: tuple[int, ...], width: int) -> Sequential:
    """Return pictures [N C H W] -> logits [N 1]: figure 4 of the paper, its eight convolutions."""
    channels, height, wide = shape
    layers: list[nn.Module] = []
    for place in range(8):
        outputs, stride = width * 2 ** (place // 2), 1 + place % 2
        normed = place > 0
        layers.append(nn.Conv2d(channels, outputs, 3, stride, padding=1, bias=not normed))
        layers += [nn.BatchNorm2d(outputs)] * normed
        layers.append(nn.LeakyReLU(0.2, inplace=True))
        channels = outputs
        height, wide = -(-height // stride), -(-wide // stride)
    hidden = 16 * width
    layers += [nn.Flatten(), nn.Linear(channels * height * wide, hidden)]
    return Sequential(*layers, nn.LeakyReLU(0.2, inplace=True), nn.Linear(hidden, 1))
