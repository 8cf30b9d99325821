"""Layers in a row. What has a faster form with the same meaning is computed by that form.

The plain meaning is `torch.nn.Sequential`, which is also what `plain()` gives back. Weights, their
names and their layout are PyTorch's in any case, so a checkpoint knows nothing of forms. Which form
is taken follows from the layers, the shapes, the type and the device alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from torch import Tensor, nn

from liangyi.nets.fast.dropout import dropout
from liangyi.nets.fast.linear import faster, linear
from liangyi.nets.fast.order import arranged, flattened
from liangyi.nets.fast.small_map import fits, small_convolution
from liangyi.nets.fast.upsampled import folds, upsampled_convolution


@dataclass
class _Switch:
    plain: bool = False


_switch = _Switch()


def plainly() -> bool:
    """Whether somebody wants the plain forms just now."""
    return _switch.plain


@contextmanager
def plain() -> Iterator[None]:
    """Compute everything inside by PyTorch's own layers, one after the other."""
    before, _switch.plain = _switch.plain, True
    try:
        yield
    finally:
        _switch.plain = before


class Sequential(nn.Sequential):
    """Layers in a row."""

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers, neighbours together where that is faster."""
        layers = list(self)
        if _switch.plain or _watched(layers):
            for layer in layers:
                x = layer(x)
            return x
        x = arranged(x)
        while layers:
            layer, after = layers.pop(0), layers[0] if layers else None
            if (
                isinstance(layer, nn.Upsample)
                and isinstance(after, nn.Conv2d)
                and folds(layer, after)
            ):
                layers.pop(0)
                x = upsampled_convolution(x, after.weight, after.bias)
            elif isinstance(layer, nn.Dropout) and layer.training and x.device.type == "cpu":
                x = dropout(x, layer.p)
            elif isinstance(layer, nn.Linear) and faster(layer, x):
                x = linear(x, layer.weight, layer.bias)
            elif isinstance(layer, nn.Conv2d) and fits(layer, x):
                x = small_convolution(x, layer.weight, layer.bias)
            elif isinstance(layer, nn.Flatten) and layer.start_dim == 1:
                x = flattened(x)
            else:
                x = arranged(layer(x))
        return x


def _watched(layers: Sequence[nn.Module]) -> bool:
    """Whether somebody wants to see each layer's own input or output, or makes its weights anew.

    Weights that are made anew (spectral normalisation) move their estimate each time they are read.
    """
    return any(
        layer._forward_hooks or layer._forward_pre_hooks or hasattr(layer, "parametrizations")
        for layer in layers
    )
