"""Convolutional autoencoder: 5,729 weights that see the same stroke wherever it stands.

Hinton and Salakhutdinov, Science 313 (2006), with the strided convolutions and transposed ones of
the learning notes: 28 -> 10 -> 5 -> 3 -> 8 maps of 2 x 2, and 2 -> 5 -> 15 -> 28:

    min  E ||x - decode(encode(x))||^2 + weight decay

Changed from `autoencoder`: the networks, and Adam's weight decay. The code of 32 numbers is longer
than that of three, and the weights are fewer by 38 times.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.errors import UserError
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.zoo.codes.autoencoder import Autoencoder


@dataclass(frozen=True, kw_only=True)
class ConvAutoencoderConfig(Config):
    """Settings of the convolutional autoencoder."""

    width: Count = 16  # channels of the widest maps
    code: Count = 8  # channels of the code's maps
    noise: NonNegative = 0.0  # deviation of noise on what it sees; from black to white is 1
    weight_decay: NonNegative = 1e-5  # Adam's
    learning_rate: Positive = 1e-3  # Adam's
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates


@register("conv-autoencoder")
class ConvAutoencoder(Autoencoder):
    """Convolutional autoencoder: 5,729 weights that see the same stroke wherever it stands."""

    Config = ConvAutoencoderConfig
    recipe = Training(steps=18_760, batch_size=128, sample_every=2000, checkpoint_every=5000)
    tiny: ClassVar = {"width": 8, "code": 4}
    tiny_data: ClassVar = {"data": "digits", "size": 16}

    def networks(self) -> None:
        """Build the notes' networks, layer for layer."""
        channels, width, code = self.spec.shape[0], self.config.width, self.config.code
        height, wide = (_squeezed(side) for side in self.spec.shape[1:])
        self.encoder = Sequential(
            nn.Conv2d(channels, width, 3, stride=3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, code, 3, stride=2, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2, stride=1),
            nn.Flatten(),
        )
        self.decoder = Sequential(
            nn.Unflatten(1, (code, height, wide)),
            nn.ConvTranspose2d(code, width, 3, stride=2),
            nn.ReLU(),
            nn.ConvTranspose2d(width, code, 5, stride=3, padding=1),
            nn.ReLU(),
            nn.ConvTranspose2d(code, channels, 2, stride=2, padding=1),
            nn.Tanh(),
        )

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam with weight decay as a part of the gradient."""
        config = self.config
        return torch.optim.Adam(
            weights, lr=config.learning_rate, betas=config.betas,
            weight_decay=config.weight_decay, fused=True,
        )  # fmt: skip

    @verb
    def embed(self, image: Tensor) -> Tensor:
        """Return the codes [N code], by which pictures are compared."""
        code: Tensor = self.encoder(image)
        return code


def _squeezed(side: int) -> int:
    """Return the side of the code's maps for a side of pictures.

    Raises:
        UserError: the decoder would draw pictures of another size.
    """
    code, rest = divmod(side - 4, 12)
    if code < 1 or rest:
        raise UserError(
            f"conv-autoencoder draws pictures with sides of 16, 28, 40, 52, 64 ..., not {side}",
            setting="size",
            better=28,
        )
    return code
