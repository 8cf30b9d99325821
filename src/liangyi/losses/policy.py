"""Losses whose gradient is a policy gradient."""

from __future__ import annotations

from torch import Tensor


def reinforce(log_probability: Tensor, reward: Tensor) -> Tensor:
    """-E sum_t R_t log pi(a_t): its gradient is the REINFORCE estimate (Williams, 1992).

    Args:
        log_probability: of the actions that were taken, [N T].
        reward: what each of them earned, [N T]; no gradient flows through it.
    """
    return -(log_probability.float() * reward.detach()).sum(1).mean()
