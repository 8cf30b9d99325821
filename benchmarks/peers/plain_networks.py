"""The networks of the measured models, built by hand from PyTorch's own layers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

LATENT = 100


def dcgan_generator(dropout: float = 0.4) -> nn.Sequential:
    """Return noise [N 100] -> pictures [N 1 28 28] in (0, 1), 2.4 M weights."""

    def normalised(channels: int) -> list[nn.Module]:
        return [nn.BatchNorm2d(channels, eps=1e-3), nn.ReLU(inplace=True)]

    return nn.Sequential(
        nn.Linear(LATENT, 256 * 7 * 7),
        nn.BatchNorm1d(256 * 7 * 7, eps=1e-3),
        nn.ReLU(inplace=True),
        nn.Unflatten(1, (256, 7, 7)),
        nn.Dropout(dropout),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(256, 128, 5, padding=2),
        *normalised(128),
        nn.Upsample(scale_factor=2),
        nn.Conv2d(128, 64, 5, padding=2),
        *normalised(64),
        nn.Conv2d(64, 32, 5, padding=2),
        *normalised(32),
        nn.Conv2d(32, 1, 5, padding=2),
        nn.Sigmoid(),
    )


def dcgan_discriminator(dropout: float = 0.4) -> nn.Sequential:
    """Return pictures [N 1 28 28] -> logits [N 1], 4.3 M weights."""

    def judged(inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        return [
            nn.Conv2d(inputs, outputs, 5, stride, padding=2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Dropout(dropout),
        ]

    return nn.Sequential(
        *judged(1, 64, 2),
        *judged(64, 128, 2),
        *judged(128, 256, 2),
        *judged(256, 512, 1),
        nn.Flatten(),
        nn.Linear(512 * 4 * 4, 1),
    )


def mlp_generator() -> nn.Sequential:
    """Return noise [N 100] -> pictures [N 1 28 28] in (-1, 1)."""
    return nn.Sequential(
        nn.Linear(LATENT, 128),
        nn.ReLU(),
        nn.Linear(128, 784),
        nn.Tanh(),
        nn.Unflatten(1, (1, 28, 28)),
    )


def mlp_discriminator() -> nn.Sequential:
    """Return pictures [N 1 28 28] -> logits [N 1]."""
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 128), nn.LeakyReLU(0.2), nn.Linear(128, 1))


class VAE(nn.Module):
    """784-400-20 and back, as in PyTorch's example: probabilities, means, log variances."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(784, 400)
        self.mean = nn.Linear(400, 20)
        self.log_variance = nn.Linear(400, 20)
        self.opened = nn.Linear(20, 400)
        self.pixels = nn.Linear(400, 784)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        hidden = torch.relu(self.hidden(image.flatten(1)))
        mean, log_variance = self.mean(hidden), self.log_variance(hidden)
        deviation = torch.exp(0.5 * log_variance)
        code = mean + torch.randn_like(deviation) * deviation
        return self.pixels(torch.relu(self.opened(code))).sigmoid(), mean, log_variance


def count(*networks: nn.Module) -> list[int]:
    """Return how many weights each network learns."""
    return [sum(weight.numel() for weight in network.parameters()) for network in networks]
