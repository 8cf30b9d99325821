"""Antirectifier: hidden layers that keep both signs, half as wide for the same job.

The Keras example `antirectifier.py` (2.2.4): a layer gives relu(z) and relu(-z) of its centred and
normalised values, so that 256 linear functions feed the next layer with 512 values; dropout .1,
RMSprop with rate 1e-3, batches of 128, 40 epochs. The two halves: Shang et al., arXiv:1603.05201.

    min  -E log softmax(f(x))_y

Changed from `mnist-mlp`: the activation (`nets/antirectifier.py`), widths, dropout, the optimiser.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import nn

from liangyi.core.config import Count, Positive, Share, Training
from liangyi.core.registry import register
from liangyi.nets.antirectifier import Antirectifier
from liangyi.nets.freezing import FreezingConfig
from liangyi.nets.mlp import Flat, mlp
from liangyi.nets.weights import glorot
from liangyi.zoo.vision.mnist_mlp import MnistMLP

ACTIVATIONS: dict[str, type[nn.Module]] = {"antirectifier": Antirectifier, "relu": nn.ReLU}


@dataclass(frozen=True, kw_only=True)
class AntirectifierConfig(FreezingConfig):
    """Settings of the classifier."""

    widths: tuple[Count, ...] = (256, 256)  # linear functions in the hidden layers
    activation: Literal["antirectifier", "relu"] = "antirectifier"  # what follows them
    dropout: Share = 0.1  # after each hidden layer
    learning_rate: Positive = 1e-3  # of RMSprop


@register("antirectifier")
class AntirectifierMLP(MnistMLP):
    """Antirectifier: hidden layers that keep both signs, half as wide for the same job."""

    Config = AntirectifierConfig
    recipe = Training(epochs=40, batch_size=128, average=0)
    tiny: ClassVar = {"widths": (16, 8)}

    def networks(self) -> None:
        """Build the fully connected layers."""
        config = self.config
        widths = (self.spec.size, *config.widths, len(self.spec.classes))
        activation = ACTIVATIONS[config.activation]()
        self.network: nn.Module = Flat(mlp(widths, activation, dropout=config.dropout))
        glorot(self)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return RMSprop with Keras' decay of squares and epsilon."""
        return torch.optim.RMSprop(weights, lr=self.config.learning_rate, alpha=0.9, eps=1e-7)
