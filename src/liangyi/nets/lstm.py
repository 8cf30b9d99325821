"""Layers of recurrent networks that read and write whole sentences, as Keras means them."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class LSTM(nn.LSTM):
    """PyTorch's LSTM that gives its states alone, and begins with Keras' weights.

    Glorot's uniform law for what comes in; orthogonal for what comes back (Saxe et al.,
    arXiv:1312.6120); biases 0, but 1 in the forget gate (Jozefowicz, Zaremba and Sutskever, "An
    empirical exploration of recurrent network architectures", ICML 2015). PyTorch adds two biases
    where Keras has one, so it counts 4 `width` parameters more.

    Args:
        inputs: numbers at each time.
        width: memory cells.
        last: give the last state alone.
    """

    weight_ih_l0: Tensor
    weight_hh_l0: Tensor
    bias_ih_l0: Tensor
    bias_hh_l0: Tensor

    def __init__(self, inputs: int, width: int, last: bool = False) -> None:
        super().__init__(inputs, width, batch_first=True)
        self.last = last
        nn.init.xavier_uniform_(self.weight_ih_l0)
        nn.init.orthogonal_(self.weight_hh_l0)
        nn.init.zeros_(self.bias_ih_l0)
        nn.init.zeros_(self.bias_hh_l0)
        with torch.no_grad():
            self.bias_ih_l0[width : 2 * width] = 1  # gates are in the order i, f, g, o

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        """Return the states [N T width] of rows [N T inputs], or the last ones [N width]."""
        states, (last, _) = super().forward(x)
        return last[0] if self.last else states


class OneHot(nn.Module):
    """Each word as a row of zeros with a single 1.

    Args:
        count: number of different words.
    """

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, token: Tensor) -> Tensor:
        """Return rows [N T count] of words [N T]."""
        rows: Tensor = nn.functional.one_hot(token, self.count).float()
        return rows


class Repeat(nn.Module):
    """The same row at several times.

    Args:
        times: how many.
    """

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def forward(self, x: Tensor) -> Tensor:
        """Return [N times W] of rows [N W]."""
        return x[:, None].expand(-1, self.times, -1)
