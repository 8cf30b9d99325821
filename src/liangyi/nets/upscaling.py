"""Networks that enlarge pictures and work at the small size."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn
from torch.nn.functional import interpolate

from liangyi.core.errors import UserError
from liangyi.nets.blocks import Residual
from liangyi.nets.fast.order import arranged
from liangyi.nets.fast.sequential import Sequential

Steps = Literal["one", "doublings"]


class Upscaling(nn.Module):
    """Pictures [N C H W] -> [N C fH fW]: what is added to the bicubic enlargement.

    It begins as the bicubic enlargement: the last convolution's weights are 0.

    Args:
        channels: C.
        factor: f.
        width: channels of the maps.
        blocks: residual ones, of two convolutions each.
        steps: `one` sub-pixel convolution at the small size makes all f * f pixels; `doublings`: a
            convolution and a sub-pixel step for each doubling, then a window of 9 x 9 at the large
            size.

    Raises:
        UserError: the factor is not made of doublings.
    """

    def __init__(self, channels: int, factor: int, width: int, blocks: int, steps: Steps) -> None:
        super().__init__()
        self.factor = factor
        # how far a pixel of the small picture reaches: 4 by 9 x 9, 1 by each 3 x 3, 3 by bicubic
        self.reach = 4 + 2 * blocks + 1 + (1 if steps == "one" else 4)
        self.first = Sequential(nn.Conv2d(channels, width, 9, padding=4), nn.ReLU(inplace=True))
        self.blocks = Sequential(*(_block(width) for _ in range(blocks)), _convolution(width))
        if steps == "one":
            last = _convolution(width, channels * factor**2)
            self.last = nn.Sequential(last, nn.PixelShuffle(factor))
        else:
            if factor & (factor - 1):
                message = f"{factor} is not made of doublings; steps_up one enlarges by any factor"
                raise UserError(message, setting="factor")
            doublings = [_doubling(width) for _ in range(factor.bit_length() - 1)]
            last = nn.Conv2d(width, channels, 9, padding=4)
            self.last = nn.Sequential(*doublings, last)
        nn.init.zeros_(last.weight)
        assert last.bias is not None
        nn.init.zeros_(last.bias)

    def forward(self, low: Tensor) -> Tensor:
        """Enlarge."""
        maps = self.first(arranged(low))
        more: Tensor = self.last(maps + self.blocks(maps))
        return bicubic(low, self.factor) + more


def bicubic(low: Tensor, factor: int) -> Tensor:
    """Return pictures [N C H W] enlarged by the bicubic filter with a = -0.5, which is Matlab's.

    It overshoots at edges. With antialiasing PyTorch takes this filter, without it a = -0.75.
    """
    size = [side * factor for side in low.shape[2:]]
    return interpolate(low, size, mode="bicubic", antialias=True)


def _convolution(inputs: int, outputs: int = 0) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs or inputs, 3, padding=1)


def _block(width: int) -> Residual:
    layers = (_convolution(width), nn.ReLU(inplace=True), _convolution(width))
    return Residual(Sequential(*layers))


def _doubling(width: int) -> nn.Module:
    wide = _convolution(width, 4 * width)
    return nn.Sequential(wide, nn.PixelShuffle(2), nn.ReLU(inplace=True))
