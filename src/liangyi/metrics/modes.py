"""Which modes of a known mixture are there, and how evenly."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi.core.errors import UserError


def modes(mode: Tensor, good: Tensor, total: int) -> dict[str, float]:
    """Count modes as Lin et al., "PacGAN", arXiv:1712.04086, section 4.1, and its code do.

    Args:
        mode: nearest mode of each sample, [N] int64, from 0 to total - 1.
        good: [N] bool, whether the sample counts: it lies within three standard deviations of that
            mode. For stacked MNIST, where a mode is a triple of digits, all do.
        total: how many modes there are.

    Returns:
        `modes` with at least one good sample; `high_quality`, the share of good samples; and, of
        the histogram of the good ones over the modes, in nats: `reverse_kl` = KL(found || even) =
        log total - entropy, from 0 to log total, and log total when none is good; `kl` =
        KL(even || found), which is infinite as soon as one mode is missing, and is given so: any
        finite number would be that of a smoothing that nobody saw.

    Raises:
        UserError: no samples, different lengths, or a mode out of range.
    """
    mode, good = mode.detach().cpu(), good.detach().cpu().bool()
    if mode.dim() != 1 or mode.shape != good.shape or not len(mode):
        shapes = f"{list(mode.shape)} and {list(good.shape)}"
        raise UserError(f"`mode` and `good` must be [N] with N at least 1, not {shapes}")
    if not (mode.min() >= 0 and mode.max() < total):
        raise UserError(f"modes must lie within 0 to {total - 1}, not {mode.min()} to {mode.max()}")
    counts = mode[good].long().bincount(minlength=total).double()
    found = {"modes": float((counts > 0).sum()), "high_quality": float(good.double().mean())}
    if not good.any():
        return found | {"reverse_kl": math.log(total), "kl": math.inf}
    share = counts / counts.sum()
    reverse = math.log(total) + float(torch.xlogy(share, share).sum())
    forward = -math.log(total) - float(share.log().mean())  # log 0 is the infinity that is meant
    # rounding of an even histogram may fall below 0
    return found | {"reverse_kl": max(0.0, reverse), "kl": max(0.0, forward)}
