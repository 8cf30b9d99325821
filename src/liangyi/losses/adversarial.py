"""What a discriminator and a generator want, as functions of logits [N] or [N 1].

All are means over the batch. Logits stay logits: softplus is the numerically safe form of
-log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus


def discriminator(real: Tensor, fake: Tensor, real_target: float = 1.0) -> Tensor:
    """-E log D(x) - E log(1 - D(G(z))): Goodfellow et al., arXiv:1406.2661, eq. 1.

    At D = 1/2 everywhere this is 2 ln 2 = 1.386.

    Args:
        real: logits of real items.
        fake: logits of generated items.
        real_target: below 1 it is one-sided label smoothing (arXiv:1606.03498, section 3.4).
    """
    real = real.float()  # before the target is made: 0.95 is no number of bfloat16
    real_loss = binary_cross_entropy_with_logits(real, torch.full_like(real, real_target))
    return real_loss + softplus(fake.float()).mean()


def nonsaturating(fake: Tensor, target: float = 1.0) -> Tensor:
    """-E log D(G(z)), the generator's loss that practice uses: arXiv:1406.2661, section 3.

    Args:
        fake: logits of generated items.
        target: what the generator wants the discriminator to say; below 1 it is content with less.
    """
    fake = fake.float()
    return (softplus(-fake) + (1 - target) * fake).mean()


def saturating(fake: Tensor) -> Tensor:
    """E log(1 - D(G(z))), the generator's side of the minimax game: arXiv:1406.2661, eq. 1."""
    return -softplus(fake.float()).mean()


def least_squares(values: Tensor, target: float) -> Tensor:
    """1/2 E (D(x) - target)^2, one term of either player's: arXiv:1611.04076, equation 9."""
    return (values.float() - target).square().mean() / 2


def critic(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) - E f(x), the negative of the Wasserstein estimate: arXiv:1701.07875, alg. 1."""
    return fake.float().mean() - real.float().mean()


def relativistic(preferred: Tensor, other: Tensor) -> Tensor:
    """-E log sigmoid(D(a) - D(b)), in pairs: the relativistic GAN, arXiv:1807.00734.

    The discriminator prefers real items to generated ones, the generator the reverse.

    Args:
        preferred: logits of those that should be judged higher.
        other: logits of the others, as many.
    """
    return softplus(other.float() - preferred.float()).mean()
