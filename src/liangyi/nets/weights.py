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
