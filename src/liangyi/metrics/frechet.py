"""Frechet distance between two sets of features, each taken for a Gaussian, and its error."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.errors import UserError


class Gaussian(NamedTuple):
    """What the distance looks at: mean [D], covariance [D D] (both float64), number of items."""

    mean: Tensor
    covariance: Tensor
    count: int  # type: ignore[assignment]  # a tuple's method of this name is not missed


def gaussian(features: Tensor) -> Gaussian:
    """Fit a Gaussian to features [N D], with the unbiased covariance, on the features' device.

    Raises:
        UserError: fewer than two items, or a value that is not finite.
    """
    features = _double(features)
    mean = features.mean(0)
    centred = features - mean
    return Gaussian(mean, centred.T @ centred / (len(features) - 1), len(features))


def frechet(one: Gaussian, other: Gaussian) -> float:
    """|m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^1/2): Heusel et al., arXiv:1706.08500, eq. 6.

    In squared units of the features. With S1 = L L^T, S1 S2 has the eigenvalues of the symmetric
    L^T S2 L, so that no root of a general matrix is taken: the result is real, not negative, and
    the same both ways round. With no more items than dimensions S1 has no such L; the root of S1
    on its own range stands in.

    Raises:
        UserError: the two have different widths.
    """
    if one.mean.shape != other.mean.shape:
        raise UserError(f"features of widths {len(one.mean)} and {len(other.mean)} do not compare")
    if other.count < one.count:
        one, other = other, one  # the one of lower rank leads: the smaller and cleaner problem
    mean, covariance = (part.to(one.mean.device) for part in other[:2])
    root = _root(one)
    eigenvalues = torch.linalg.eigvalsh(root.T @ covariance @ root).clamp_(min=0)
    apart = (one.mean - mean).square().sum()
    traces = one.covariance.trace() + covariance.trace()
    return max(0.0, float(apart + traces - 2 * eigenvalues.sqrt().sum()))


def frechet_error(real: Tensor, fake: Tensor, groups: int = 10) -> float:
    """Return the standard error of `frechet` of real [N D] and fake [M D].

    Delete-a-group jackknife: a tenth of both sets is left out at a time. The sums of each group
    are taken once, and taken away from the totals. It holds 2 `groups` matrices [D D] of float64.

    Raises:
        UserError: fewer than two items for a group, or a value that is not finite.
    """
    left = zip(_all_but_one(real, groups), _all_but_one(fake, groups), strict=True)
    return jackknife([frechet(one, other) for one, other in left])


def parts(count: int, groups: int) -> list[Tensor]:
    """Split the indices of `count` items into equal groups for a jackknife, at random.

    Items often come class by class or with the classes in turn; then neither neighbours nor every
    tenth item would be a fair sample. The order is the same at every call.

    Raises:
        UserError: fewer than two groups, or fewer than two items for each.
    """
    if not 2 <= groups <= count // 2:
        raise UserError(f"{count} items give no error from {groups} groups; 2 to {count // 2} do")
    order = torch.randperm(count, generator=draw.generator(0, "groups"), device="cpu")
    return list(order.tensor_split(groups))


def jackknife(values: list[float]) -> float:
    """Return the standard error of a statistic from its values with each group left out.

    Efron and Stein 1981: variance = (G - 1) / G times the sum of squares about the mean.
    """
    found = torch.tensor(values, dtype=torch.float64, device="cpu")
    return math.sqrt((len(values) - 1) * float(found.var(correction=0)))


def _double(features: Tensor) -> Tensor:
    """Return the features [N D] in float64, on the CPU where the device has none."""
    features = features.detach()
    if features.device.type == "mps":
        features = features.cpu()
    if features.dim() != 2 or len(features) < 2:
        shape = list(features.shape)
        raise UserError(f"the distance needs features [N D] of at least 2 items, not {shape}")
    features = features.double()
    if not features.isfinite().all():
        raise UserError("the features hold values that are not finite")
    return features


def _root(of: Gaussian) -> Tensor:
    """Return some R [D rank] with R R^T = the covariance."""
    width = len(of.mean)
    if of.count > width:
        lower, failed = torch.linalg.cholesky_ex(of.covariance)
        if not failed:
            return lower
    values, vectors = torch.linalg.eigh(of.covariance)
    # what lies below is rounding; its root would be a million times larger than it
    kept = values > values[-1].clamp(min=0) * width * torch.finfo(values.dtype).eps
    return vectors[:, kept] * values[kept].sqrt()


def _all_but_one(features: Tensor, groups: int) -> Iterator[Gaussian]:
    """Fit a Gaussian to all but one group, for each group."""
    features = _double(features)
    count, centre = len(features), features.mean(0)  # about it, sums do not cancel
    sums, products, sizes = [], [], []
    for rows in parts(count, groups):
        group = features[rows.to(features.device)] - centre
        sums.append(group.sum(0))
        products.append(group.T @ group)
        sizes.append(len(rows))
    total, product = torch.stack(sums).sum(0), torch.zeros_like(products[0])
    for part in products:  # a stack of them would hold them twice
        product += part
    for group_sum, group_product, size in zip(sums, products, sizes, strict=True):
        left = count - size
        mean = (total - group_sum) / left
        scatter = (product - group_product).addr_(mean, mean, alpha=-left)
        yield Gaussian(centre + mean, scatter.div_(left - 1), left)
