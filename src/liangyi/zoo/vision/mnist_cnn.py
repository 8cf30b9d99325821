"""MNIST CNN: a small convolutional classifier, the evaluator of generated digits.

The Keras example `mnist_cnn.py`: two 3 x 3 convolutions, max pooling, dropout, one hidden layer;
Adadelta with rate 1 (Zeiler, arXiv:1212.5701), batches of 128, 12 epochs. Convolutions for digits:
LeCun et al., Proceedings of the IEEE 86 (1998).

Changed from `mnist-mlp`: the network and the optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.config import Count, Positive, Training
from liangyi.core.errors import UserError
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.freezing import FreezingConfig
from liangyi.nets.weights import glorot
from liangyi.zoo.vision.mnist_mlp import MnistMLP


@dataclass(frozen=True, kw_only=True)
class MnistCNNConfig(FreezingConfig):
    """Settings of the convolutional classifier."""

    width: Count = 32  # channels of the first convolution; doubled in the second
    hidden: Count = 128  # values in the hidden layer
    learning_rate: Positive = 1.0  # of Adadelta


@register("mnist-cnn")
class MnistCNN(MnistMLP):
    """MNIST CNN: a small convolutional classifier, the evaluator of generated digits."""

    Config = MnistCNNConfig
    recipe = Training(steps=5625, batch_size=128)
    tiny: ClassVar = {"width": 4, "hidden": 16}

    def networks(self) -> None:
        """Build the layers of the Keras example, at the size of the pictures."""
        config, (channels, *sides) = self.config, self.spec.shape
        height, wide = ((side - 4) // 2 for side in sides)
        if min(height, wide) < 1:
            raise UserError(
                f"{self.name()} needs pictures of 6 x 6 or more", setting="size", better=28
            )
        self.network: Sequential = Sequential(
            nn.Conv2d(channels, config.width, 3),
            nn.ReLU(inplace=True),
            nn.Conv2d(config.width, 2 * config.width, 3),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Dropout(0.25),
            nn.Flatten(),
            nn.Linear(2 * config.width * height * wide, config.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(config.hidden, len(self.spec.classes)),
        )
        glorot(self)

    @verb
    def features(self, image: Tensor) -> Tensor:
        """Return what the hidden layer says of pictures [N C H W]: [N hidden], not negative."""
        values: Tensor = self.network[:-2](image)
        return values.float()

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adadelta."""
        return torch.optim.Adadelta(weights, lr=self.config.learning_rate, rho=0.95)
