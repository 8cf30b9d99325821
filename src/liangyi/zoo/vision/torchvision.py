"""Torchvision: any of its classifiers, from random weights or from those of ImageNet.

Networks of `torchvision.models` by their names, the last layer as wide as the data has classes;
residual networks (the usual one): He et al., arXiv:1512.03385. Transfer from another set of
pictures: Yosinski et al., arXiv:1411.1792.

    min  -E log softmax(f(x))_y

    liangyi train --from torchvision:resnet18 --data FOLDER --freeze features

begins with ImageNet's weights (torchvision:resnet18@FILE: with those in a file) and moves the last
layer alone. Pictures are brought to the mean and deviation of ImageNet's; grey ones come as three
equal colours.

Changed from `mnist-mlp`: the network; Adam.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.config import Positive, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.registry import register
from liangyi.nets.freezing import FreezingConfig
from liangyi.runs.classifiers import empty
from liangyi.zoo.vision.mnist_mlp import MnistMLP


@dataclass(frozen=True, kw_only=True)
class TorchvisionConfig(FreezingConfig):
    """Settings of a classifier of torchvision."""

    network: str = "resnet18"  # its name there
    learning_rate: Positive = 1e-3  # of Adam


@register("torchvision")
class Torchvision(MnistMLP):
    """Torchvision: any of its classifiers, from random weights or from those of ImageNet."""

    Config = TorchvisionConfig
    data = "cifar10"
    recipe = Training(epochs=5, batch_size=64)
    tiny: ClassVar = {"network": "shufflenet_v2_x0_5"}
    tiny_data: ClassVar = {"data": "digits", "size": 32}

    mean: Tensor
    deviation: Tensor

    def networks(self) -> None:
        """Build the network, with random weights, and try whether it looks at such pictures."""
        if self.spec.shape[0] not in (1, 3):
            raise UserError(f"{self.name()} looks at grey or coloured pictures", setting="data")
        for name, values in (
            ("mean", [0.485, 0.456, 0.406]),
            ("deviation", [0.229, 0.224, 0.225]),
        ):
            value = torch.tensor(values, device="cpu").view(3, 1, 1)
            self.register_buffer(name, value, persistent=False)
        self.network = empty(self.config.network, len(self.spec.classes))
        _, height, width = self.spec.shape
        if refused := _refused(self.network, height, width):
            raise UserError(
                f"{self.config.network} does not look at pictures of {width} x {height} "
                f"({refused})", setting="size", better=224,
            )  # fmt: skip

    def forward(self, image: Tensor) -> Tensor:
        """Return logits [N classes] for pictures [N C H W]; differentiable."""
        colour = (image.expand(-1, 3, -1, -1) - self.mean) / self.deviation
        logits: Tensor = self.network(colour)
        return logits

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam."""
        return Model.optimizer(self, player, weights)


@torch.no_grad()
def _refused(network: nn.Module, height: int, width: int) -> str:
    """Return why a network cannot look at pictures of a size; nothing where it can."""
    picture = torch.zeros(1, 3, height, width, device=next(network.parameters()).device)
    try:
        network.eval()(picture)
    except (RuntimeError, AssertionError, ValueError) as error:  # each network says it its own way
        return str(error).split("\n")[0][:100]
    finally:
        network.train()
    return ""
