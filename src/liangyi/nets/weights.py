"""First weights."""

from __future__ import annotations

from torch import Tensor, nn


def glorot(network: nn.Module) -> None:
    """Draw weights by Glorot's uniform law, biases 0, as Keras does when nothing is said.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks",
    AISTATS 2010, equation 16.
    """
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.xavier_uniform_(module.weight)
            if isinstance(module.bias, Tensor):
                nn.init.zeros_(module.bias)


def he(network: nn.Module) -> None:
    """Draw weights by He's uniform law, which is made for ReLU; biases 0: arXiv:1502.01852."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            nn.init.zeros_(module.bias)


def evenly(network: nn.Module, most: float) -> None:
    """Draw the weights of linear layers from U(-most, most), biases 0."""
    for module in network.modules():
        if isinstance(module, nn.Linear):
            nn.init.uniform_(module.weight, -most, most)
            nn.init.zeros_(module.bias)


def truncated(network: nn.Module, deviation: float, bias: float = 0.0) -> None:
    """Draw weights from N(0, deviation) cut at two deviations; give all biases one value."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.trunc_normal_(module.weight, 0, deviation, -2 * deviation, 2 * deviation)
            if isinstance(module.bias, Tensor):
                nn.init.constant_(module.bias, bias)
