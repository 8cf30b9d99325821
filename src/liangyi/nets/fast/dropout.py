"""Dropout from random words: Srivastava et al., JMLR 15 (2014), section 4, inverted.

PyTorch's on a CPU draws its Bernoullis one by one in one thread, which takes longer than the
convolution beside it. Four 15-bit numbers are cut here from each 64-bit word of the generator.
"""

from __future__ import annotations

import torch
from torch import Tensor

_STEPS = 1 << 15
_LANES = 0x7FFF7FFF7FFF7FFF  # four times 15 bits


def dropout(x: Tensor, share: float) -> Tensor:
    """Return x with a share of its values at 0 and the others scaled so that the mean stays.

    The share is rounded to a 32,768th, and the scale is exact for the rounded one. The random
    numbers are PyTorch's global ones, in another order than `torch.nn.functional.dropout` has.
    """
    dropped = round(share * _STEPS)
    if not 0 < dropped < _STEPS:
        return torch.nn.functional.dropout(x, share)
    if not (x.is_contiguous() or x.is_contiguous(memory_format=torch.channels_last)):
        x = x.contiguous()
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64, device=x.device)
    numbers = words.random_().bitwise_and_(_LANES).view(torch.int16)[: x.numel()]
    kept = (numbers >= dropped).as_strided(x.shape, x.stride())
    # not `where`, which guesses wrong at every second value
    return x * kept.to(x.dtype).mul_(_STEPS / (_STEPS - dropped))
