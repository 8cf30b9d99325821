"""IWAE: a VAE whose bound is made of many codes a picture, weighted by how likely they are.

Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", arXiv:1509.00519, equation 8:

    max  E log 1/K sum_k p(x, z_k) / q(z_k | x),   z_k ~ q(z | x)

nats a picture; with K = 1 it is the VAE's. The gradient is the plain one of the bound (equation
13), through codes that are reparameterised; the doubly reparameterised estimator of Tucker et al.,
arXiv:1810.04152, whose encoder gradient is less noisy for large K, is not taken. One layer of 50
codes, two of 200 tanh, batches of 20, rates that fall in eight stages, as in the paper.

Changed from `vae`: the bound in training, the widths, tanh, the rates.

Departures from the paper: 33 passes instead of 3,280, the stages in proportion (`--steps 9840000
--stage 3000` are the paper's); output biases begin at 0, there at the mean picture.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core.batch import Images
from liangyi.core.config import Count, Natural, Training
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.metrics.bounds import importance_weighted
from liangyi.nets.weights import glorot
from liangyi.zoo.codes.vae import VAE, VAEConfig

_STAGES = 8
_WHOLE = (3**_STAGES - 1) // 2  # lengths of the first stage in all of them: 3,280


@dataclass(frozen=True, kw_only=True)
class IWAEConfig(VAEConfig):
    """Settings of the IWAE."""

    draws: Count = 50  # K: codes drawn for each picture
    latent: Count = 50  # length of the code
    widths: tuple[Count, ...] = (200, 200)  # hidden layers of the encoder; mirrored to decode
    # steps of the first of eight stages; each lasts three times as long as the one before
    stage: Natural = 30


@register("iwae")
class IWAE(VAE):
    """IWAE: a VAE whose bound is made of many codes a picture, weighted by how likely they are."""

    Config = IWAEConfig
    activation = nn.Tanh
    data_settings: ClassVar = {"binarise": "random"}
    recipe = Training(steps=30 * _WHOLE, batch_size=20, sample_every=2000, checkpoint_every=5000)
    tiny: ClassVar = {"widths": (32,), "latent": 4, "draws": 5, "stage": 2}
    tiny_data: ClassVar = {"data": "digits", "binarise": "random"}

    def networks(self) -> None:
        """Build the VAE's networks with the paper's first weights."""
        super().networks()
        glorot(self)

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        """One step up the bound of equation 8."""
        likelihood, cost = self.weighed(batch.image, self.config.draws)
        loss = -importance_weighted(likelihood - self.config.beta * cost).mean()
        yield Update(self, loss, loss=loss, reconstruction=-likelihood.mean(), kl=cost.mean())

    def figures(self, image: Tensor) -> dict[str, Tensor]:
        """Return the objective at beta 1, then the figures of the VAE's, nats a picture."""
        likelihood, cost = self.weighed(image, self.config.draws)
        bound = importance_weighted(likelihood - cost).mean()
        return {"weighted_bound": bound, **super().figures(image)}

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam with the paper's epsilon."""
        config = self.config
        return torch.optim.Adam(
            weights, lr=config.learning_rate, betas=config.betas, eps=1e-4, fused=True
        )

    def schedule(self, player: str, step: int) -> float:
        """Return 10^(-i/7) in stage i, which lasts 3^i times the first; section 5."""
        if not self.config.stage:
            return 1.0
        ends = [self.config.stage * (3 ** (i + 1) - 1) // 2 for i in range(_STAGES - 1)]
        return float(10 ** (-sum(step >= end for end in ends) / 7))

    @classmethod
    def fitted(cls, config: Any, steps: int) -> Any:
        """Return settings whose stages share out so many steps."""
        stage = max(1, steps // _WHOLE) if config.stage else 0
        return dataclasses.replace(config, stage=stage)
