"""What a trained classifier sees: the activations of its named layers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from liangyi.core.borrowed import Borrowed
from liangyi.core.errors import UserError, shown, unknown


class Features(nn.Module):
    """Pictures in (-1, 1) -> activations of layers of a frozen classifier.

    Args:
        lent: a trained classifier.
        layers: names of its modules; nothing: the last convolution; "": what the whole one gives.
        channels: of the pictures that will come.

    Raises:
        UserError: there is no such layer.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, lent: Borrowed, layers: Sequence[str], channels: int) -> None:
        super().__init__()
        if lent.image_range is None:
            low = torch.tensor([0.485, 0.456, 0.406], device="cpu")
            high = torch.tensor([0.229, 0.224, 0.225], device="cpu")
            shift, scale = (0.5 - low) / high, 0.5 / high  # ImageNet's mean and deviation
        else:
            lowest, highest = lent.image_range
            shift = torch.full((lent.channels,), (lowest + highest) / 2, device="cpu")
            scale = torch.full((lent.channels,), (highest - lowest) / 2, device="cpu")
        self.borrowed_network = lent
        self.network = network = lent.network.eval().requires_grad_(False)
        self.channels, self.wanted = channels, lent.channels
        self.register_buffer("shift", shift.view(-1, 1, 1), persistent=False)
        self.register_buffer("scale", scale.view(-1, 1, 1), persistent=False)
        modules = dict(network.named_modules())
        convolutions = [name for name, m in modules.items() if isinstance(m, nn.Conv2d)]
        self.layers = tuple(layers) or tuple(convolutions[-1:])
        for name in self.layers:
            if name not in modules:
                near = unknown("layer", name, [key for key in modules if key])
                raise UserError(near.message, setting="layers")
        if not self.layers:
            raise UserError(f"{lent.reference} has no convolution; name one", setting="layers")

    def train(self, mode: bool = True) -> Features:
        """Stay in evaluation mode: the classifier is a measuring instrument here."""
        return super().train(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return one activation for each layer, pictures [N C H W] in (-1, 1)."""
        if self.channels != self.wanted:
            picture = picture.mean(1, keepdim=True).expand(-1, self.wanted, -1, -1)
        seen: dict[str, Tensor] = {}

        def keep(name: str) -> Any:
            def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
                # what comes next may work in place: this is what the layer itself gave
                seen[name] = output.clone() if isinstance(output, Tensor) else output
                if len(seen) == len(self.layers):
                    raise _Enough  # layers behind may not fit a picture of this size

            return hook

        modules = dict(self.network.named_modules())
        hooks = [modules[name].register_forward_hook(keep(name)) for name in self.layers]
        try:
            self.network(picture * self.scale + self.shift)
        except _Enough:
            pass
        except RuntimeError as error:
            height, width = picture.shape[2:]
            reason = str(error).split("\n")[0]
            raise UserError(
                f"the classifier cannot look at {width} x {height} pixels ({reason}); earlier "
                "layers may, or pictures as large as those that it learned from"
            ) from None
        finally:
            for hook in hooks:
                hook.remove()
        for name in self.layers:
            if not isinstance(seen.get(name), Tensor):
                raise UserError(f"{name} gives no map that could be looked at", setting="layers")
        return [seen[name] for name in self.layers]


def pooled(network: nn.Module) -> tuple[str, ...]:
    """Return the names of the layers after which a classifier's maps are smaller: its max pools."""
    return tuple(n for n, part in network.named_modules() if isinstance(part, nn.MaxPool2d))


class _Enough(Exception):
    pass


def weighted(layers: Sequence[str]) -> dict[str, float]:
    """Read NAME or NAME=WEIGHT of each layer; a name alone weighs 1.

    Raises:
        UserError: a weight is no number, or a layer is named twice.
    """
    found: dict[str, float] = {}
    for layer in layers:
        name, equals, text = layer.partition("=")
        try:
            weight = float(text) if equals else 1.0
        except ValueError:
            weight = math.nan
        if not name or name in found or not math.isfinite(weight):
            raise UserError(
                f"{shown(layer)}: write NAME or NAME=WEIGHT, each name once", setting="layers"
            )
        found[name] = weight
    return found
