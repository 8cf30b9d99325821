"""Simple autoencoder: black and white digits as 64 numbers, every pixel a yes or a no.

Hinton and Salakhutdinov, Science 313 (2006), in the form of a widespread TensorFlow 2 tutorial:
784-128-64 and back, no activation at the layers of 128, ReLU on the code:

    min  -E sum_i [x_i log p_i + (1 - x_i) log (1 - p_i)],   p = decode(encode(x))

nats a picture; `cross_entropy` is the same a pixel, on pictures binarised by round(x).

Changed from `autoencoder`: the widths, where activations stand, pixel probabilities in [0, 1].

Departures from the tutorial: the figures are of held-out pictures, where it has the training's own.
Its layers of 128 add nothing to a single linear layer before the code, and are kept. Its "accuracy"
is the share of pixels on the right side of 1/2, here `pixel_accuracy`; on MNIST a black picture has
.87.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from liangyi.core.config import Count, Training
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.losses.reconstruction import bernoulli
from liangyi.nets.mlp import Flat, Shaped, mlp
from liangyi.nets.weights import glorot
from liangyi.zoo.codes.autoencoder import Autoencoder, AutoencoderConfig


@dataclass(frozen=True, kw_only=True)
class SimpleAutoencoderConfig(AutoencoderConfig):
    """Settings of the simple autoencoder."""

    widths: tuple[Count, ...] = (128,)  # linear layers of the encoder; mirrored to decode
    code: Count = 64  # length of the code


@register("simple-autoencoder")
class SimpleAutoencoder(Autoencoder):
    """Simple autoencoder: black and white digits as 64 numbers, every pixel a yes or a no."""

    Config = SimpleAutoencoderConfig
    image_range = (0.0, 1.0)
    data_settings: ClassVar = {"binarise": "threshold"}
    recipe = Training(epochs=10, batch_size=256, sample_every=500, checkpoint_every=500)
    tiny: ClassVar = {"widths": (32,), "code": 16}
    tiny_data: ClassVar = {"data": "digits", "binarise": "threshold"}

    def networks(self) -> None:
        """Build the encoder, and the decoder to logits of the pixels, with Keras' first weights."""
        widths = (self.spec.size, *self.config.widths, self.config.code)
        self.encoder = Flat(mlp(widths, None, last=nn.ReLU()))
        self.decoder = Shaped(mlp(widths[::-1], None), self.spec.shape)
        glorot(self)

    def drawn(self, code: Tensor) -> Tensor:
        """Return the pixels' probabilities [N C H W] of codes [N code]; differentiable."""
        image: Tensor = self.decoder(code).sigmoid()
        return image

    def objective(self, image: Tensor) -> Tensor:
        """Return the cross-entropy of pictures, nats each, by what their corrupted form becomes."""
        return bernoulli(self.decoder(self.encoder(self.corrupted(image))), image)

    def figures(self, image: Tensor) -> dict[str, Tensor]:
        """Return the cross-entropy of a pixel in nats and bits, and what is on the right side."""
        right = (self.drawn(self.encoder(image)) > 0.5) == (image > 0.5)
        nats = bernoulli(self.decoder(self.encoder(image)), image) / self.spec.size
        return {
            "cross_entropy": nats,
            "cross_entropy_bits": nats / math.log(2),
            "pixel_accuracy": right.float().mean(),
            **super().figures(image),
        }

    @verb
    def embed(self, image: Tensor) -> Tensor:
        """Return the codes [N code], by which pictures are compared."""
        code: Tensor = self.encoder(image)
        return code
