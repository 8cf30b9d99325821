"""Convolutions with a fully connected layer before or behind them: the networks of InfoGAN.

Chen et al., arXiv:1606.03657, appendix C.1; pictures are halved twice.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.upconv import quartered


def generator(inputs: int, shape: Sequence[int], hidden: int, width: int) -> Sequential:
    """Return codes [N inputs] -> pictures [N C H W] in (0, 1).

    Args:
        inputs: length of a code.
        shape: of a picture, (C, H, W).
        hidden: width of the first layer.
        width: channels before the last convolution.
    """
    height, wide = quartered(shape)
    return Sequential(
        nn.Linear(inputs, hidden),
        nn.BatchNorm1d(hidden),
        nn.ReLU(inplace=True),
        nn.Linear(hidden, 2 * width * height * wide),
        nn.BatchNorm1d(2 * width * height * wide),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (2 * width, height, wide)),
        nn.ConvTranspose2d(2 * width, width, 4, 2, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(inplace=True),
        nn.ConvTranspose2d(width, shape[0], 4, 2, padding=1),
        nn.Sigmoid(),
    )


class TwoHeads(nn.Module):
    """Pictures -> logits [N 1] of being real, and what is read in them, [N outputs].

    Args:
        shape: of a picture, (C, H, W).
        hidden: width of the last layer that both heads share; the second has one of an eighth.
        width: channels after the first convolution.
        outputs: width of the second head's answer.
        slope: of the LeakyReLU below zero.
    """

    def __init__(
        self, shape: Sequence[int], hidden: int, width: int, outputs: int, slope: float
    ) -> None:
        super().__init__()
        height, wide = quartered(shape)
        self.features = Sequential(
            nn.Conv2d(shape[0], width, 4, 2, padding=1),
            nn.LeakyReLU(slope, inplace=True),
            nn.Conv2d(width, 2 * width, 4, 2, padding=1),
            nn.BatchNorm2d(2 * width),
            nn.LeakyReLU(slope, inplace=True),
            nn.Flatten(),
            nn.Linear(2 * width * height * wide, hidden),
            nn.BatchNorm1d(hidden),
            nn.LeakyReLU(slope, inplace=True),
        )
        self.source = nn.Linear(hidden, 1)
        between = max(1, hidden // 8)
        self.read = Sequential(
            nn.Linear(hidden, between),
            nn.BatchNorm1d(between),
            nn.LeakyReLU(slope, inplace=True),
            nn.Linear(between, outputs),
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return both for pictures [N C H W]."""
        features = self.features(image)
        return self.source(features), self.read(features)
