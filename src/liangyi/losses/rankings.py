"""What a ranker wants of its scores: the relevant above the others."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, softplus


def pointwise(scores: Tensor, relevant: Tensor, mask: Tensor) -> Tensor:
    """-E log P(relevant or not | score), the logistic loss of each document by itself.

    The mean over a query's documents, then over queries: a long list counts as much as a short one.

    Args:
        scores: logits, [N L].
        relevant: bool, [N L].
        mask: which documents there are, [N L].
    """
    each = binary_cross_entropy_with_logits(
        scores.float(), relevant.float(), mask.float(), reduction="none"
    )
    return (each.sum(1) / mask.sum(1)).mean()


def pairwise(preferred: Tensor, other: Tensor) -> Tensor:
    """-E log sigmoid(s(d+) - s(d-)): Rendle et al., "BPR", arXiv:1205.2618, section 4.1.

    Args:
        preferred: scores of relevant documents, [N K].
        other: scores of those that they should stand above, [N K].
    """
    return softplus(other.float() - preferred.float()).mean()
