"""Spectral normalisation: Miyato et al., arXiv:1802.05957, section 2.1 and algorithm 1.

Each weight, as a matrix [outputs, all else], is divided by its largest singular value, so that no
layer stretches more than by 1 (a convolution a little more: its windows overlap). The value is
followed by one step of power iteration whenever the network is applied in training; its vectors
are buffers, so that a checkpoint holds them and resuming is exact.
"""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils import parametrizations

Network = TypeVar("Network", bound=nn.Module)


def spectral(network: Network) -> Network:
    """Normalise all convolutions and linear layers of a network in place, and return it.

    First weights must be drawn before: the weights that one sees afterwards are computed.
    """
    kinds = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
    for module in [module for module in network.modules() if isinstance(module, kinds)]:
        parametrizations.spectral_norm(module)
    return network
