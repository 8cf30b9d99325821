"""What a discriminator and a generator want, as functions of logits or values [N] or [N 1].

All are means over the batch. Logits stay logits: softplus is the numerically safe form of
-log sigmoid(x) = softplus(-x) and -log(1 - sigmoid(x)) = softplus(x).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, relu, softplus


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


def critic(real: Tensor, fake: Tensor) -> Tensor:
    """E f(G(z)) - E f(x), the negative of the Wasserstein estimate: arXiv:1701.07875, alg. 1."""
    return fake.float().mean() - real.float().mean()


def linear(fake: Tensor) -> Tensor:
    """-E f(G(z)), what a generator wants of a critic: arXiv:1701.07875, alg. 1."""
    return -fake.float().mean()


def hinge(real: Tensor, fake: Tensor) -> Tensor:
    """E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))): Miyato et al., arXiv:1802.05957, eq. 16.

    What is judged beyond -1 and 1 teaches nothing more. The generator's side is `linear`.
    """
    return relu(1 - real.float()).mean() + relu(1 + fake.float()).mean()


def least_squares(values: Tensor, target: float) -> Tensor:
    """1/2 E (D(x) - t)^2: Mao et al., "Least squares GAN", arXiv:1611.04076, equation 2.

    A discriminator wants b of real items and a of generated ones, a generator c of its own: for 0,
    1, 1 they are told apart as by labels, for -1, 1, 0 the game is the Pearson divergence.

    Args:
        values: of items of one kind.
        target: what they should be judged.
    """
    return 0.5 * (values.float() - target).square().mean()


def relativistic(preferred: Tensor, other: Tensor) -> Tensor:
    """-E log sigmoid(D(a) - D(b)), in pairs: the relativistic GAN, arXiv:1807.00734.

    The discriminator prefers real items to generated ones, the generator the reverse.

    Args:
        preferred: logits of those that should be judged higher.
        other: logits of the others, as many.
    """
    return softplus(other.float() - preferred.float()).mean()


def relativistic_average(preferred: Tensor, other: Tensor) -> Tensor:
    """-E log s(D(a) - E D(b)) - E log(1 - s(D(b) - E D(a))): arXiv:1807.00734, RaSGAN.

    Each is compared with the mean of the others. The discriminator prefers real items, the
    generator its own. Where all are judged alike it is 2 ln 2.
    """
    preferred, other = preferred.float(), other.float()
    higher, lower = preferred - other.mean(), other - preferred.mean()
    return softplus(-higher).mean() + softplus(lower).mean()


def relativistic_average_squares(preferred: Tensor, other: Tensor) -> Tensor:
    """E (D(a) - E D(b) - 1)^2 + E (D(b) - E D(a) + 1)^2: arXiv:1807.00734, RaLSGAN."""
    preferred, other = preferred.float(), other.float()
    higher, lower = preferred - other.mean(), other - preferred.mean()
    return (higher - 1).square().mean() + (lower + 1).square().mean()
