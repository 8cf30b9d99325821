"""Kernel distance: squared maximum mean discrepancy with a cubic kernel, without bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.frechet import jackknife, parts

TILE = 2048  # items on each side of a block: 16 MB of float32


def kernel_distance(real: Tensor, fake: Tensor) -> float:
    """E k(x, x') + E k(y, y') - 2 E k(x, y), k(x, y) = (x y / D + 1)^3: arXiv:1801.01401, sec. 4.

    KID of Binkowski et al. over all pairs of different items of real [N D] and fake [M D]. Without
    bias, hence about 0 for two draws from one law, on either side of it.

    Raises:
        UserError: fewer than two items in a set, or different widths.
    """
    real, fake = _features(real), _features(fake)
    _alike(real, fake)
    return _distance(real, fake)


def subset_kernel_distances(
    real: Tensor, fake: Tensor, subsets: int, size: int, seed: int
) -> Tensor:
    """Return the distances [subsets] (float64) of random subsets of `size` items from each set.

    As torch-fidelity does and draws them; its KID is their mean. That mean has the same expectation
    as `kernel_distance` and a larger error.

    Raises:
        UserError: a set holds fewer than `size` items, `size` is below 2, or the widths differ.
    """
    real, fake = _features(real), _features(fake)
    _alike(real, fake)
    if not 2 <= size <= min(len(real), len(fake)):
        most = min(len(real), len(fake))
        raise UserError(f"subsets of {size} items cannot be drawn here; 2 to {most} can")
    random = numpy.random.RandomState(seed)
    found = []
    for _ in range(subsets):
        rows, columns = (
            torch.from_numpy(random.choice(len(items), size, replace=False)).to(items.device)
            for items in (real, fake)
        )
        found.append(_distance(real[rows], fake[columns]))
    return torch.tensor(found, dtype=torch.float64, device="cpu")


def kernel_error(real: Tensor, fake: Tensor, groups: int = 10) -> float:
    """Return the standard error of `kernel_distance` of real [N D] and fake [M D].

    Delete-a-group jackknife: a tenth of both sets is left out at a time. Every pair is visited
    once; sums over pairs of groups then give every value.

    Raises:
        UserError: fewer than two items for a group, or different widths.
    """
    real, fake = _features(real), _features(fake)
    _alike(real, fake)
    tiles, owners, sizes = [], [], []
    for items in (real, fake):
        split = parts(len(items), groups)
        cut = [(group, part) for group, rows in enumerate(split) for part in rows.split(TILE)]
        tiles.append([items[part.to(items.device)] for _, part in cut])
        owners.append(torch.tensor([group for group, _ in cut], device="cpu"))
        sizes.append([len(rows) for rows in split])

    def by_group(table: Tensor, rows: Tensor, columns: Tensor) -> Tensor:
        found = torch.zeros(groups, groups, dtype=torch.float64, device="cpu")
        return found.index_put_((rows[:, None], columns[None, :]), table, accumulate=True)

    own = by_group(_sums(tiles[0]), owners[0], owners[0])
    other = by_group(_sums(tiles[1]), owners[1], owners[1])
    cross = by_group(_sums(*tiles), *owners)

    def without(table: Tensor, group: int) -> float:
        outside = torch.arange(groups, device="cpu") != group
        return float(table[outside][:, outside].sum())

    found = []
    for group in range(groups):
        sums = [without(table, group) for table in (own, other, cross)]
        left = len(real) - sizes[0][group], len(fake) - sizes[1][group]
        found.append(_unbiased(sums, *left))
    return jackknife(found)


def _features(items: Tensor) -> Tensor:
    items = items.detach()
    if items.device.type == "mps":  # it has no float64 for the sums
        items = items.cpu()
    if items.dim() != 2 or len(items) < 2:
        shape = list(items.shape)
        raise UserError(f"the distance needs features [N D] of at least 2 items, not {shape}")
    return items if items.dtype == torch.float64 else items.float()


def _alike(real: Tensor, fake: Tensor) -> None:
    if real.shape[1] != fake.shape[1]:
        wide = f"{real.shape[1]} and {fake.shape[1]}"
        raise UserError(f"features of widths {wide} do not compare")


def _distance(real: Tensor, fake: Tensor) -> float:
    one, other = real.split(TILE), fake.split(TILE)
    sums = [float(table.sum()) for table in (_sums(one), _sums(other), _sums(one, other))]
    return _unbiased(sums, len(real), len(fake))


def _unbiased(sums: list[float], count: int, others: int) -> float:
    """Turn sums over pairs of the first set, of the second and across into the distance."""
    own, other, cross = sums
    inside = own / (count * (count - 1)) + other / (others * (others - 1))
    return inside - 2 * cross / (count * others)


def _sums(tiles: Sequence[Tensor], others: Sequence[Tensor] | None = None) -> Tensor:
    """Sum the kernel over all pairs of tiles, [T U] float64.

    Without `others` the tiles meet each other; then no item is paired with itself, and every block
    serves both ways round.
    """
    found = torch.zeros(len(tiles), len(others or tiles), dtype=torch.float64, device="cpu")
    for row, one in enumerate(tiles):
        for column, other in enumerate(others or tiles):
            if others is None and column < row:
                continue
            block = (one @ other.to(one).T).div_(one.shape[1]).add_(1).pow_(3)
            if others is None and column == row:
                block.fill_diagonal_(0)
            # rows in float32: summing all of it in float64 takes thirty times as long
            found[row, column] = block.sum(1).double().sum()
    return found if others is not None else found + found.triu(1).T
