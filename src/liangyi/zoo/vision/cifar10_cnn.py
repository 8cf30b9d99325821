"""CIFAR-10 CNN: four convolutions for small photographs, each picture a little different each time.

The Keras example `cifar10_cnn.py` (2.2.4): RMSprop with rate 1e-4 divided by 1 + 1e-6 t, batches of
32, pictures shifted by up to a tenth of a side and mirrored, 100 epochs. CIFAR-10: Krizhevsky,
"Learning multiple layers of features from tiny images" (2009); dropout: arXiv:1207.0580.

    min  -E log softmax(f(moved x))_y

Changed from `mnist-mlp`: the network, the optimiser and its decay, pictures moved at random.

Departures: the pictures are moved on the device, in the step, in float32; 25 epochs if nothing is
said. The test pictures choose nothing here: there they were the validation of each epoch.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.batch import Labelled
from liangyi.core.config import Count, NonNegative, Positive, Share, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.freezing import FreezingConfig
from liangyi.nets.shifting import ShiftFlip
from liangyi.nets.weights import glorot
from liangyi.zoo.vision.mnist_mlp import MnistMLP


@dataclass(frozen=True, kw_only=True)
class Cifar10CNNConfig(FreezingConfig):
    """Settings of the classifier of photographs."""

    width: Count = 32  # channels of the first two convolutions; doubled in the next two
    hidden: Count = 512  # values in the hidden layer
    shift: Share = 0.1  # largest shift at random, as a share of each side
    flip: bool = True  # mirror half of the pictures, in every step anew; not of letters
    learning_rate: Positive = 1e-4  # of RMSprop; 1e-3 does not converge
    decay: NonNegative = 1e-6  # the rate is divided by 1 + decay * step


@register("cifar10-cnn")
class Cifar10CNN(MnistMLP):
    """CIFAR-10 CNN: four convolutions for small photographs, moved a little each time."""

    Config = Cifar10CNNConfig
    data = "cifar10"
    recipe = Training(epochs=25, batch_size=32, average=0, checkpoint_every=1563)
    tiny: ClassVar = {"width": 4, "hidden": 16}
    tiny_data: ClassVar = {"data": "digits", "size": 12}

    def networks(self) -> None:
        """Build the layers of the Keras example, at the size of the pictures."""
        config, (channels, *sides) = self.config, self.spec.shape
        height, wide = (((side - 2) // 2 - 2) // 2 for side in sides)
        if min(height, wide) < 1:
            raise UserError(
                f"{self.name()} needs pictures of 10 x 10 or more", setting="size", better=32
            )
        self.augment = ShiftFlip(self.image_range, config.shift, config.flip)
        self.features = Sequential(
            *block(channels, config.width), *block(config.width, 2 * config.width)
        )
        self.head = Sequential(
            nn.Flatten(),
            nn.Linear(2 * config.width * height * wide, config.hidden),
            nn.ReLU(inplace=True),
            nn.Dropout(0.5),
            nn.Linear(config.hidden, len(self.spec.classes)),
        )
        glorot(self)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits [N classes] for pictures [N C H W]; differentiable."""
        logits: Tensor = self.head(self.features(image))
        return logits

    def updates(self, batch: Labelled, step: int) -> Iterator[Update]:
        """One step towards the labels, of moved pictures."""
        yield from super().updates(batch._replace(image=self.augment(batch.image)), step)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return RMSprop with Keras' decay and epsilon."""
        return torch.optim.RMSprop(weights, lr=self.config.learning_rate, alpha=0.9, eps=1e-7)

    def schedule(self, player: str, step: int) -> float:
        """Return the factor of the rate at a step."""
        return float(1 / (1 + self.config.decay * step))


def block(inputs: int, outputs: int) -> tuple[nn.Module, ...]:
    """Return a convolution that keeps the size and one that does not, pooling and dropout."""
    return (
        nn.Conv2d(inputs, outputs, 3, padding=1),
        nn.ReLU(inplace=True),
        nn.Conv2d(outputs, outputs, 3),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(2),
        nn.Dropout(0.25),
    )
