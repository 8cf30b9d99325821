"""Nearest neighbours, and what they say of two sets of features: are they in the same places?

Distances are Euclidean, taken in blocks of at most 64 MB. Wide features go by way of
|x|^2 + |y|^2 - 2 x y about the mean of the real items; its error, 1e-7 of |x|^2, is small beside
their distances. For narrow ones, such as points in the plane, it is not: their differences are
summed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.metrics.error import of_mean, of_redrawn, of_share

DIRECT = 32  # features of at most this width are subtracted, not multiplied
TILE = 2048  # items on each side of a block: 16 MB of float32
BLOCK = 2**24  # numbers in a block that must hold whole rows: 64 MB of float32


class Manifold(NamedTuple):
    """Who lies among whom, item by item: the mean of each is the figure of the paper.

    Attributes:
        precision: [M] 1 where a fake item lies in the ball of some real one, else 0.
        recall: [N] 1 where a real item lies in the ball of some fake one, else 0.
        density: [M] number of real balls that hold the fake item, divided by k.
        coverage: [N] 1 where the ball of a real item holds some fake one, else 0.
    """

    precision: Tensor
    recall: Tensor
    density: Tensor
    coverage: Tensor


def nearest(queries: Tensor, items: Tensor, k: int = 1) -> tuple[Tensor, Tensor]:
    """Return distances [M k] and indices [M k] of the nearest items [N D] to queries [M D].

    Nearest first. The distances are those of the differences: that of a copy is 0.

    Raises:
        UserError: k is not within 1 to N, widths differ, or a value is not finite.
    """
    items, queries = _centred(items, queries)
    _enough(items, k, len(items))
    distances, indices = [], []
    for part in queries.split(max(1, BLOCK // max(len(items), k * items.shape[1]))):
        index = _squares(part, items).topk(k, largest=False).indices
        distance, order = (part[:, None] - items[index]).norm(dim=2).sort(dim=1)
        distances.append(distance)
        indices.append(index.gather(1, order))
    if not distances:
        return items.new_empty(0, k), torch.empty(0, k, dtype=torch.int64, device=items.device)
    return torch.cat(distances), torch.cat(indices)


def radii(items: Tensor, k: int) -> Tensor:
    """Return the distance [N] of each item [N D] to its k-th neighbour, itself left out.

    Raises:
        UserError: k is not within 1 to N - 1, or a value is not finite.
    """
    (items,) = _centred(items)
    return _square_radii(items, k).sqrt_()


def manifold(real: Tensor, fake: Tensor, k: int = 5) -> Manifold:
    """Compare where real [N D] and fake [M D] items lie, by balls out to the k-th neighbour.

    Precision and recall: Kynkaanniemi et al., arXiv:1904.06991, eq. 1 and 2. Density and coverage:
    Naeem et al., arXiv:2002.09797, section 3. A ball holds its surface, as eq. 1 has it (the code
    of the second paper leaves it out): items that are repeated have balls of radius 0, and a copy
    of them lies inside.

    Raises:
        UserError: k is not below N and M, widths differ, or a value is not finite.
    """
    real, fake = _centred(real, fake)
    real_radii, fake_radii = _square_radii(real, k), _square_radii(fake, k)
    held = fake.new_zeros(len(fake))  # real balls about each fake item
    recall = torch.zeros(len(real), dtype=torch.bool, device=real.device)
    coverage = torch.zeros_like(recall)
    for rows, columns in _tiles(len(real), len(fake)):
        square = _squares(real[rows], fake[columns])
        inside = square <= real_radii[rows, None]
        held[columns] += inside.sum(0)
        coverage[rows] |= inside.any(1)
        recall[rows] |= (square <= fake_radii[columns]).any(1)
    return Manifold((held > 0).float(), recall.float(), held / k, coverage.float())


def manifold_errors(real: Tensor, fake: Tensor, found: Manifold) -> list[float]:
    """Return the standard error of the mean of each part of `found`, the manifold of k = 5.

    Were both sets drawn anew: `liangyi.metrics.error.of_redrawn`, whose degrees of freedom it has.
    """
    # all but the density are shares
    alone = [
        of_mean(each) if each is found.density else of_share(float(each.mean()), len(each))
        for each in found
    ]
    return of_redrawn(manifold, real, fake, alone)


def two_sample(real: Tensor, fake: Tensor) -> Tensor:
    """Tell which items [N + M], real first, have their nearest other item in their own set.

    1 or 0, and 1/2 where both sets have one equally near (as when values repeat). The mean is the
    leave-one-out accuracy of a 1-nearest-neighbour classifier: Lopez-Paz and Oquab,
    arXiv:1610.06545, used so by Xu et al., arXiv:1806.07755. 1/2: the sets cannot be told apart;
    1: they lie apart; 0: the fake items are copies of the real ones.

    Raises:
        UserError: the sets differ in number or width, hold fewer than two items, or a value is not
            finite.
    """
    if len(real) != len(fake):
        raise UserError(f"as many fake as real items are needed, not {len(fake)} and {len(real)}")
    real, fake = _centred(real, fake)
    own = torch.cat([_square_radii(real, 1), _square_radii(fake, 1)])
    to_fake, to_real = torch.full_like(own, torch.inf).chunk(2)
    for rows, columns in _tiles(len(real), len(fake)):
        square = _squares(real[rows], fake[columns])
        to_fake[rows] = torch.minimum(to_fake[rows], square.amin(1))
        to_real[columns] = torch.minimum(to_real[columns], square.amin(0))
    return ((torch.cat([to_fake, to_real]) - own).sign() + 1) / 2


def two_sample_error(real: Tensor, fake: Tensor, found: Tensor) -> float:
    """Return the standard error of the mean of `found`, the two-sample test of both sets.

    Were both sets drawn anew: `liangyi.metrics.error.of_redrawn`, whose degrees of freedom it has.
    """
    alone = of_share(float(found.mean()), len(found))
    return of_redrawn(lambda *sets: [two_sample(*sets)], real, fake, [alone])[0]


def _centred(first: Tensor, *others: Tensor) -> list[Tensor]:
    """Return sets [N D] in float32 on the first one's device, about the mean of the first."""
    sets = [items.detach() for items in (first, *others)]
    for items in sets:
        if items.dim() != 2 or items.shape[1] != first.shape[-1]:
            shapes = " and ".join(str(list(items.shape)) for items in sets)
            raise UserError(f"sets must be [N D] with one width D, not {shapes}")
    # before the cast: large values would lose their differences
    centre = first.detach().to(torch.promote_types(first.dtype, torch.float32)).mean(0)
    found = [(items.to(centre.device) - centre).float() for items in sets]
    if not all(bool(items.isfinite().all()) for items in found):
        raise UserError("the features hold values that are not finite")
    return found


def _enough(items: Tensor, k: int, most: int) -> None:
    if not 1 <= k <= most:
        raise UserError(
            f"there is no neighbour number {k} among {many(len(items), 'item')}; 1 to {most} can "
            "be had"
        )


def _squares(one: Tensor, other: Tensor) -> Tensor:
    """Return squared distances [N M]."""
    if one.shape[1] <= DIRECT:
        mode = "donot_use_mm_for_euclid_dist"
        return torch.cdist(one, other, compute_mode=mode).square_()
    sizes = one.square().sum(1, keepdim=True) + other.square().sum(1)
    return sizes.addmm_(one, other.T, alpha=-2).clamp_(min=0)


def _tiles(rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    for row in range(0, rows, TILE):
        for column in range(0, columns, TILE):
            yield slice(row, row + TILE), slice(column, column + TILE)


def _square_radii(items: Tensor, k: int) -> Tensor:
    """Return the squared distance [N] to the k-th neighbour; each block serves both its sides."""
    _enough(items, k, len(items) - 1)
    best = items.new_full((len(items), k), torch.inf)

    def take(at: slice, square: Tensor) -> None:
        near = square.topk(min(k, square.shape[1]), largest=False).values
        best[at] = torch.cat([best[at], near], 1).topk(k, largest=False).values

    for rows, columns in _tiles(len(items), len(items)):
        if columns.start < rows.start:
            continue
        square = _squares(items[rows], items[columns])
        if columns == rows:
            square.fill_diagonal_(torch.inf)  # itself, by its place: a copy of it is a neighbour
        else:
            take(columns, square.T.contiguous())
        take(rows, square)
    return best.amax(1)
