"""Antirectifier: an activation that keeps what ReLU throws away.

The layer of the Keras example `antirectifier.py`; ReLU of a value and of its opposite side by side
are the concatenated ReLU of Shang et al., arXiv:1603.05201, section 2.

    y = x - mean(x),   z = y / |y|,   antirectifier(x) = [relu(z), relu(-z)]

The mean and the length are those of each sample over its features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, relu


class Antirectifier(nn.Module):
    """[N D ...] -> [N 2D ...]; the squares of what comes out sum to 1 for each place of a sample.

    What is the same everywhere in a sample, and its scale, is gone: the next layer is told the
    direction alone. A sample whose features are all equal gives 0.
    """

    widening = 2  # values that come out for each that goes in; `nets.mlp` asks

    def forward(self, x: Tensor) -> Tensor:
        """Centre, normalise, and put both halves beside each other."""
        direction = normalize(x - x.mean(1, keepdim=True), dim=1)
        return torch.cat([relu(direction), relu(-direction)], 1)
