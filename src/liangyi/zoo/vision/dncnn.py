"""DnCNN: a denoiser that learns the noise instead of the picture.

Zhang, Zuo, Chen, Meng and Zhang, "Beyond a Gaussian denoiser: residual learning of deep CNN for
image denoising", arXiv:1608.03981, equation 1:

    min_R  E ||R(y) - (y - x)||^2,   denoised: y - R(y)

with x a clean picture and y the same with noise. The network is the paper's: convolutions of 3 x 3
with batch normalisation and ReLU between the first and the last.

The noise is that of the data's own pairs, or is made: Gaussian of one deviation, or by a run of
`noise-gan`, which needs no pairs.

Departures: 8 layers of 32 channels, where the paper has 17 or 20 of 64; no flips and rotations.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.config import Config, Count, NonNegative, Positive, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import AnySize, Pixels
from liangyi.data.pictures.noisy import Paired, Unpaired
from liangyi.runs.lending import lent


@dataclass(frozen=True, kw_only=True)
class DnCNNConfig(Config):
    """Settings of DnCNN."""

    depth: Annotated[int, Ge(2), Le(1000)] = 8  # convolutions
    width: Count = 32  # channels between them
    noise: str = ""  # a run of noise-gan that makes the noise; nothing: the data's own pairs
    sigma: NonNegative = 0.0  # deviation of Gaussian noise, grey levels of 255, instead of pairs
    learning_rate: Positive = 1e-3  # of Adam


@register("dncnn")
class DnCNN(Model):
    """DnCNN: a denoiser that learns the noise instead of the picture."""

    Config = DnCNNConfig
    eats: ClassVar = (Paired, Unpaired)
    data = "planted-noise"
    recipe = Training(steps=3000, batch_size=32)
    tiny: ClassVar = {"depth": 3, "width": 4}
    tiny_data: ClassVar = {"data": "planted-noise", "side": 16}
    borrowed = ("simulator.network",)

    def networks(self) -> None:
        """Build the network of figure 1, and borrow what makes the noise."""
        config, channels, width = self.config, self.spec.shape[0], self.config.width
        if config.noise and config.sigma:
            raise UserError("is not for noise that a run makes; leave one out", setting="sigma")
        if self.Batch is Unpaired and not (config.noise or config.sigma):
            raise UserError("this data has no pairs, so name a run of noise-gan, or give a sigma",
                            setting="noise")  # fmt: skip
        middle = (
            (nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
            for _ in range(config.depth - 2)
        )
        self.network = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(), *chain(*middle),
            last := nn.Conv2d(width, channels, 3, padding=1),
        )  # fmt: skip
        for layer in self.network:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(last.weight)  # at first it takes nothing away
        if config.noise:
            self.simulator = lent(config.noise, "add_noise", "noise", "noise-gan")
            if self.simulator.borrowed_network.channels != channels:
                kind = "grey" if channels == 3 else "colour"
                raise UserError(f"{config.noise} makes noise for {kind} pictures", setting="noise")

    @property
    def reach(self) -> int:
        """Pixels between one and the farthest that matters to it: one for each convolution."""
        return self.config.depth

    @torch.no_grad()
    def noised(self, batch: Any) -> Tensor:
        """Return the clean pictures of a batch with noise, within the range of pictures."""
        low, high = self.image_range
        if self.config.noise:
            simulator: Any = self.simulator.network
            made: Tensor = simulator.noised(batch.clean)
            return made
        if self.config.sigma:
            sigma = self.config.sigma * (high - low) / 255
            normal = draw.normal(*batch.clean.shape, device=self.device)
            return (batch.clean + sigma * normal).clamp(low, high)
        known: Tensor = batch.noised
        return known

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Equation 1."""
        noisy = self.noised(batch)
        loss = (self.network(noisy) - (noisy - batch.clean)).square().mean()
        yield Update(self.network, loss, loss=loss)

    @verb
    def denoise(self, noisy: Annotated[Tensor, AnySize]) -> Annotated[Tensor, Pixels]:
        """Return noisy pictures [N C H W] of any size without what is taken for noise."""
        return (noisy - self.network(noisy)).clamp(*self.image_range)

    @verb
    def evaluate(self, batch: Any) -> dict[str, Tensor]:
        """Return the mean squared error of a pixel, of the data's own noise where it is known."""
        noisy = batch.noised if isinstance(batch, Paired) else self.noised(batch)
        denoised = (noisy - self.network(noisy)).clamp(*self.image_range)
        return {"error": (denoised - batch.clean).square().mean()}
