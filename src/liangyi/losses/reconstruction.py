"""How far a picture is from its reconstruction; each name says over what it sums."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits


def squared_error(output: Tensor, target: Tensor) -> Tensor:
    """Return squared differences summed over each item, averaged over the batch."""
    return (output.float() - target).square().flatten(1).sum(1).mean()


def bernoulli(logits: Tensor, target: Tensor) -> Tensor:
    """-log p(x|z) of independent pixels in [0, 1], nats an item, averaged over the batch."""
    return bernoulli_each(logits, target).mean()


def bernoulli_each(logits: Tensor, target: Tensor) -> Tensor:
    """-log p(x|z) of independent pixels in [0, 1], nats of each item.

    Args:
        logits: of the pixels, [... N *shape]; what stands before N are several z of each item.
        target: the items, [N *shape].

    Returns:
        [... N].
    """
    same = target.expand_as(logits)
    loss = binary_cross_entropy_with_logits(logits.float(), same, reduction="none")
    return loss.flatten(1 - target.dim()).sum(-1)


def kl_to_standard_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(m, s^2) || N(0, 1)), nats an item [N]: arXiv:1312.6114, appendix B."""
    return kl_each(mean, log_variance).flatten(1).sum(1)


def kl_each(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the same of each value of the code apart, of the shape of the mean."""
    mean, log_variance = mean.float(), log_variance.float()
    return 0.5 * (mean.square() + torch.expm1(log_variance) - log_variance)
