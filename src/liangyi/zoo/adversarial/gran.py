"""GRAN: a generator that looks at what it has just painted, and paints on.

Im, Kim, Jiang and Memisevic, "Generating images with recurrent adversarial networks",
arXiv:1602.05110, section 3. A decoder f paints T times on one canvas; before each time but the
first an encoder g looks at what was painted last:

    C_t = f(h_z, g(C_{t-1})),   h_z = tanh(W z + b),   G(z) = sigmoid(C_1 + ... + C_T)

The objective is that of the GAN (arXiv:1406.2661, algorithm 1). With T = 1 it is a DCGAN.

Changed from `dcgan`: the generator; normal noise; pictures in (0, 1).

As in the authors' code the noise is drawn once and read each time. Departures: networks of `dcgan`,
at any size; its rate, which for the generator is divided by T, since a step of its weights moves
the canvas T times (undivided, all noise soon paints one picture). The authors' batch normalisation
always uses the batch at hand; here samples do not depend on each other, by running statistics of
each time (arXiv:1603.09025). Without any normalisation all noise soon paints one picture, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from annotated_types import Le
from torch import Tensor, nn

from liangyi.core import latent
from liangyi.core.config import Count, Training
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.nets import dcgan
from liangyi.nets.adversary import adversary
from liangyi.nets.augment import augmentation
from liangyi.nets.recurrent_norm import recurrent, set_time
from liangyi.zoo.adversarial.dcgan import DCGAN, DCGANConfig


@dataclass(frozen=True, kw_only=True)
class GRANConfig(DCGANConfig):
    """Settings of GRAN."""

    timesteps: Annotated[Count, Le(100)] = 3  # times that the generator paints, T
    width: Count = 32  # channels of the largest maps; they double at each halving


@register("gran")
class GRAN(DCGAN):
    """GRAN: a generator that looks at what it has just painted, and paints on."""

    Config = GRANConfig
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(steps=6000, batch_size=64)
    tiny: ClassVar = {"width": 4, "latent": 8, "timesteps": 2}
    noise = latent.normal

    def networks(self) -> None:
        """Build the recurrent generator, and the discriminator of `dcgan`."""
        config, shape = self.config, self.spec.shape
        self.generator = Painter(config.latent, shape, config.width, config.timesteps)
        augment = augmentation(config.augment, self.spec.created, self.image_range)
        self.discriminator = adversary(self.discriminator_of, shape, config.pack, augment)
        dcgan.initialize(self)

    def generate(self, noise: Tensor, *given: Tensor) -> Tensor:
        """Return pictures for noise [N latent]; differentiable."""
        return self.generator(noise).sum(1).sigmoid()

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam; the generator's rate is divided by T."""
        config = self.config
        rate = config.learning_rate / (config.timesteps if player == "generator" else 1)
        return torch.optim.Adam(weights, lr=rate, betas=config.betas, fused=True)

    @verb
    def canvases(self, count: Count) -> Annotated[Tensor, Pixels]:
        """Return the canvas after each time of painting, [count T C H W]; the last are samples."""
        return self.generator(self.noise(count)).cumsum(1).sigmoid()


class Painter(nn.Module):
    """Noise [N latent] -> what is painted each time, [N T C H W], before the sigmoid.

    Args:
        latent: length of the noise, and of what the encoder says of a painting.
        shape: of a picture, (C, H, W).
        width: channels of the largest maps of decoder and encoder.
        timesteps: how often it paints.
    """

    def __init__(self, latent: int, shape: tuple[int, ...], width: int, timesteps: int) -> None:
        super().__init__()
        self.timesteps = timesteps
        self.idea = nn.Linear(latent, latent)
        # without tanh: paintings are added up before the sigmoid
        self.decoder = recurrent(dcgan.generator(2 * latent, shape, width)[:-1], timesteps)
        if timesteps > 1:
            self.encoder = recurrent(dcgan.discriminator(shape, width, outputs=latent), timesteps)

    def forward(self, noise: Tensor) -> Tensor:
        """Paint, look, paint on."""
        idea = self.idea(noise).tanh()
        seen = torch.zeros_like(idea)
        painted: list[Tensor] = []
        for time in range(self.timesteps):
            set_time(self, time)
            if time:  # the encoder looks at what was painted the time before
                seen = self.encoder(painted[-1]).tanh()
            painted.append(self.decoder(torch.cat([idea, seen], 1)))
        return torch.stack(painted, 1).float()
