"""MNIST MLP: the two hidden layers with which everybody begins, without the double softmax.

The network 784-128-256-10 of the widespread TensorFlow 2 notebook "neural_network", stochastic
gradient descent with rate 0.1, batches of 256, 2,000 steps. Back-propagation: Rumelhart,
Hinton and Williams, Nature 323 (1986):

    min  -E log softmax(f(x))_y

Departures from the notebook: the loss gets logits. There softmax was applied twice, so the loss
could not fall below log(1 + 9/e) = 1.461; its test accuracy ended at 92 %, here at 84 to 92 %
(examples/double_softmax.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from liangyi.core.batch import Labelled
from liangyi.core.config import Count, Positive, Training
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Label, Spec
from liangyi.nets.freezing import FreezingConfig, frozen, layers, learning, rest
from liangyi.nets.mlp import Flat, mlp
from liangyi.nets.weights import glorot


@dataclass(frozen=True, kw_only=True)
class MnistMLPConfig(FreezingConfig):
    """Settings of the classifier."""

    widths: tuple[Count, ...] = (128, 256)  # hidden layers
    learning_rate: Positive = 0.1  # of stochastic gradient descent


@register("mnist-mlp")
class MnistMLP(Model):
    """MNIST MLP: the two hidden layers with which everybody begins, without the double softmax."""

    Config = MnistMLPConfig
    eats = (Labelled,)
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(steps=2000, batch_size=256, average=0)
    tiny: ClassVar = {"widths": (16, 8)}

    def __init__(self, config: Any, spec: Spec) -> None:
        super().__init__(config, spec)
        self.frozen = frozen(self, config.freeze)

    def networks(self) -> None:
        """Build the fully connected layers."""
        widths = (self.spec.size, *self.config.widths, len(self.spec.classes))
        self.network: nn.Module = Flat(mlp(widths, nn.ReLU()))
        glorot(self)

    @property
    def anew(self) -> tuple[str, ...]:
        """The last layer, which names the classes."""
        return (list(layers(self))[-1],)

    def train(self, mode: bool = True) -> MnistMLP:
        """Learn, or look; what is frozen keeps its running statistics."""
        super().train(mode)
        rest(self.frozen)
        return self

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return stochastic gradient descent."""
        return torch.optim.SGD(weights, lr=self.config.learning_rate)

    def forward(self, image: Tensor) -> Tensor:
        """Return logits [N classes] for pictures [N C H W]; differentiable."""
        logits: Tensor = self.network(image)
        return logits

    def updates(self, batch: Labelled, step: int) -> Iterator[Update]:
        """One step towards the labels."""
        logits = self(batch.image).float()
        loss = cross_entropy(logits, batch.label)
        accuracy = (logits.argmax(1) == batch.label).float().mean()
        yield Update(learning(self, self.frozen), loss, loss=loss, accuracy=accuracy)

    @verb
    def classify(self, image: Tensor) -> Annotated[Tensor, Label]:
        """Return class probabilities [N classes] of pictures [N C H W]."""
        probabilities: Tensor = self(image).float().softmax(1)
        return probabilities

    @verb
    def evaluate(self, batch: Labelled) -> dict[str, Tensor]:
        """Return the loss and the share of pictures that are named rightly."""
        logits = self(batch.image).float()
        accuracy = (logits.argmax(1) == batch.label).float().mean()
        return {"loss": cross_entropy(logits, batch.label), "accuracy": accuracy}
