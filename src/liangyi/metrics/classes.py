"""What a classifier sees in generated items: are they clear, and are there some of every class?"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.frechet import jackknife, parts


def classifier_score(probabilities: Tensor) -> float:
    """exp(E KL(p(y|x) || p(y))): Salimans et al., arXiv:1606.03498, section 4.

    From 1 (every item looks the same) to C (each surely of one class, all classes alike). The
    formula of the Inception Score, with any classifier, over all items at once: the paper's mean
    over ten parts is a little lower.

    Args:
        probabilities: p(y|x), [N C], each row with sum 1.

    Raises:
        UserError: these are no probabilities.
    """
    found = _probabilities(probabilities)
    return _score(found.sum(0), _negentropy(found).sum(), len(found))


def classifier_score_error(probabilities: Tensor, groups: int = 10) -> float:
    """Return the standard error of `classifier_score`: delete-a-group jackknife.

    Raises:
        UserError: these are no probabilities, or fewer than two items for a group.
    """
    found = _probabilities(probabilities)
    sums, inner = found.sum(0), _negentropy(found)
    scores = []
    for rows in parts(len(found), groups):
        left = sums - found[rows].sum(0), inner.sum() - inner[rows].sum()
        scores.append(_score(*left, len(found) - len(rows)))
    return jackknife(scores)


def entropy_share(counts: Tensor) -> float:
    """Return the entropy of a histogram [C] divided by log C: 1 is even, 0 is one class only.

    Raises:
        UserError: fewer than two classes, a negative count, or nothing counted.
    """
    counts = counts.detach().cpu().double()
    if counts.dim() != 1 or len(counts) < 2 or not counts.sum() > 0 or bool((counts < 0).any()):
        raise UserError("a histogram [C] of at least 2 classes with something in it is needed")
    return max(0.0, -float(_negentropy(counts / counts.sum())) / math.log(len(counts)))


def confusion(named: Tensor, label: Tensor, classes: int) -> Tensor:
    """Return how many items of each class were named as each: [C C], rows are the true classes.

    Args:
        named: the classes that were named, [N].
        label: the true ones, [N].
        classes: C.
    """
    pairs = (label.cpu() * classes + named.cpu()).bincount(minlength=classes * classes)
    return pairs.view(classes, classes)


def _probabilities(given: Tensor) -> Tensor:
    found = given.detach().cpu().double()
    if found.dim() != 2 or not len(found):
        raise UserError(f"probabilities must be [N C] with N at least 1, not {list(found.shape)}")
    # 0.01: bfloat16 classifiers; logits are far off
    if not bool(((found >= 0).all(1) & ((found.sum(1) - 1).abs() < 0.01)).all()):
        raise UserError("these are no probabilities: each row must be >= 0 and have sum 1")
    return found / found.sum(1, keepdim=True)


def _negentropy(found: Tensor) -> Tensor:
    """Sum of p log p over the last axis, in nats; an impossible class gives 0."""
    return torch.xlogy(found, found).sum(-1)


def _score(sums: Tensor, inner: Tensor, count: int) -> float:
    """From sums over items of p(y|x) [C] and of its negative entropy."""
    return math.exp(max(0.0, float(inner / count - _negentropy(sums / count))))


def matched(category: Tensor, label: Tensor, categories: int, classes: int) -> Tensor:
    """Return the class of each category [categories], no class twice: the best such matching.

    By the Hungarian method, so that as many items as possible have their category's class. Where
    there are more categories than classes, those that are left over have -1.

    Args:
        category: that was found in each item, [N], 0 ... categories - 1.
        label: its true class, [N], 0 ... classes - 1.
        categories: how many there are.
        classes: how many there are.
    """
    from scipy.optimize import linear_sum_assignment

    pairs = (category.cpu() * classes + label.cpu()).bincount(minlength=categories * classes)
    rows, columns = linear_sum_assignment(pairs.view(categories, classes), maximize=True)
    found = torch.full((categories,), -1, device="cpu")
    found[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return found
