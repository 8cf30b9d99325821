"""MNIST transfer: what was learned of five digits, kept to learn the other five.

The Keras example `mnist_transfer_cnn.py` (2.2.4): a network learns the digits 0 to 4, then its
convolutions are frozen and its head goes on with 5 to 9; Adadelta with rate 1 (Zeiler,
arXiv:1212.5701), batches of 128, 5 epochs each. Which features transfer: Yosinski et al.,
arXiv:1411.1792.

    min over the head  -E log softmax(head(features(x)))_y

Freezing is not being named by the player: `--freeze features` makes it the head. The head is not
drawn anew for the other digits, as in the original; the optimiser is.

Changed from `mnist-cnn`: features and head are parts of their own, narrower; `extra`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from liangyi.core.config import Count, Positive, Training
from liangyi.core.errors import UserError
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.freezing import FreezingConfig
from liangyi.nets.weights import glorot
from liangyi.zoo.vision.mnist_mlp import MnistMLP


@dataclass(frozen=True, kw_only=True)
class MnistTransferConfig(FreezingConfig):
    """Settings of the classifier in two parts."""

    width: Count = 32  # channels of the convolutions
    hidden: Count = 128  # values in the hidden layer
    # convolutions on top of the features, which another run need not have
    extra: Annotated[int, Ge(0), Le(100)] = 0
    learning_rate: Positive = 1.0  # of Adadelta


@register("mnist-transfer")
class MnistTransfer(MnistMLP):
    """MNIST transfer: what was learned of five digits, kept to learn the other five."""

    Config = MnistTransferConfig
    recipe = Training(epochs=5, batch_size=128, average=0)
    tiny: ClassVar = {"width": 4, "hidden": 16}

    def networks(self) -> None:
        """Build the features and the head of the Keras example, at the size of the pictures."""
        config, (channels, *sides) = self.config, self.spec.shape
        height, wide = ((side - 4) // 2 for side in sides)
        if min(height, wide) < 1:
            raise UserError(
                f"{self.name()} needs pictures of 6 x 6 or more", setting="size", better=28
            )
        self.features = Sequential(
            nn.Conv2d(channels, config.width, 3),
            nn.ReLU(inplace=True),
            nn.Conv2d(config.width, config.width, 3),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
        )
        if config.extra:
            self.extra = Sequential(
                *(layer for _ in range(config.extra) for layer in on_top(config.width))
            )
        self.head = Sequential(
            nn.Flatten(),
            nn.Linear(config.width * height * wide, config.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(config.hidden, len(self.spec.classes)),
        )
        glorot(self)

    @property
    def anew(self) -> tuple[str, ...]:
        """The last layer, and what is on top of the features."""
        return (*super().anew, "extra")

    def forward(self, image: Tensor) -> Tensor:
        """Return logits [N classes] for pictures [N C H W]; differentiable."""
        maps = self.features(image)
        logits: Tensor = self.head(self.extra(maps) if self.config.extra else maps)
        return logits

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adadelta with Keras' epsilon."""
        return torch.optim.Adadelta(weights, lr=self.config.learning_rate, rho=0.95, eps=1e-7)


def on_top(width: int) -> tuple[nn.Module, ...]:
    """Return a convolution that keeps size and channels."""
    return nn.Conv2d(width, width, 3, padding=1), nn.ReLU(inplace=True)
