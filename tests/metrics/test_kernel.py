"""The kernel distance against sums by hand, torch-fidelity and a closed form."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from liangyi.core.errors import UserError
from liangyi.metrics import kernel
from liangyi.metrics.frechet import parts
from liangyi.metrics.kernel import kernel_distance, kernel_error, subset_kernel_distances


def draw(count: int, width: int, seed: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def by_hand(real: Tensor, fake: Tensor, own_pairs: bool = False) -> float:
    """Return the distance from the full matrices; biased when items are paired with themselves."""

    def inside(items: Tensor) -> float:
        table = (items.double() @ items.double().T / items.shape[1] + 1) ** 3
        if own_pairs:
            return float(table.mean())
        return float((table.sum() - table.diagonal().sum()) / (len(items) * (len(items) - 1)))

    cross = (real.double() @ fake.double().T / real.shape[1] + 1) ** 3
    return inside(real) + inside(fake) - 2 * float(cross.mean())


class Largest(TorchDispatchMode):
    """Notes the largest tensor that is made."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        if isinstance(made, Tensor):
            self.numbers = max(self.numbers, made.numel())
        return made


@pytest.mark.parametrize(("count", "others", "width"), [(2, 2, 1), (7, 5, 3), (70, 90, 16)])
@pytest.mark.parametrize("tile", [4, 2048])
def test_it_is_the_sum_over_all_pairs(monkeypatch, count, others, width, tile):
    # breaks when blocks are lost or counted twice, or an item meets itself
    monkeypatch.setattr(kernel, "TILE", tile)
    real, fake = draw(count, width, 0).double(), draw(others, width, 1).double() + 0.3
    assert kernel_distance(real, fake) == pytest.approx(by_hand(real, fake), rel=1e-10, abs=1e-12)
    assert kernel_distance(fake, real) == pytest.approx(by_hand(real, fake), rel=1e-10, abs=1e-12)


def test_float32_loses_little():
    real, fake = draw(400, 64, 0).abs(), draw(300, 64, 1).abs()  # features after a ReLU
    assert kernel_distance(real, fake) == pytest.approx(by_hand(real, fake), abs=1e-6)
    half = kernel_distance(real.bfloat16(), fake.bfloat16())
    assert half == pytest.approx(by_hand(real.bfloat16(), fake.bfloat16()), abs=1e-6)


def test_the_full_matrix_is_never_there(monkeypatch):
    monkeypatch.setattr(kernel, "TILE", 32)
    real, fake = draw(300, 4, 0), draw(300, 4, 1)
    for measure in (kernel_distance, kernel_error):
        with Largest() as largest:
            measure(real, fake)
        assert largest.numbers <= 300 * 4


def test_subsets_are_torch_fidelitys():
    # breaks when the subsets are drawn otherwise: the same seed must give the same figure
    kid = pytest.importorskip("torch_fidelity.metric_kid")
    real, fake = draw(120, 16, 0).double(), draw(100, 16, 1).double() + 0.2
    expected = kid.kid_features_to_metric(
        real, fake, kid_subsets=20, kid_subset_size=50, rng_seed=7, verbose=False
    )
    found = subset_kernel_distances(real, fake, subsets=20, size=50, seed=7)
    assert found.shape == (20,) and found.dtype == torch.float64
    mean, spread = expected[kid.KEY_METRIC_KID_MEAN], expected[kid.KEY_METRIC_KID_STD]
    assert float(found.mean()) == pytest.approx(mean, rel=1e-9)
    assert float(found.std(correction=0)) == pytest.approx(spread, rel=1e-9)


def test_subsets_have_the_expectation_of_the_whole():
    real, fake = draw(500, 8, 0), draw(500, 8, 1) + 0.3
    found = subset_kernel_distances(real, fake, 100, 100, 0)
    assert float(found.mean()) == pytest.approx(kernel_distance(real, fake), rel=0.1)


def test_equal_laws_give_zero_on_the_mean():
    # breaks when pairs of an item with itself are counted: that estimate is far from 0
    pairs = [(draw(60, 8, 2 * i), draw(60, 8, 2 * i + 1)) for i in range(80)]
    found = torch.tensor([kernel_distance(*pair) for pair in pairs])
    error = float(found.std()) / 80**0.5
    assert abs(float(found.mean())) < 3 * error
    assert bool((found < 0).any()) and bool((found > 0).any())
    biased = torch.tensor([by_hand(*pair, own_pairs=True) for pair in pairs])
    assert float(biased.mean()) > 10 * error


@pytest.mark.parametrize("shift", [0.5, 1.0])
def test_a_planted_shift_costs_its_closed_form(shift):
    # D = 1, x ~ N(0, 1), y ~ N(c, 1), from E y = c, E y^2 = 1 + c^2, E y^3 = c^3 + 3 c
    second = 1 + shift**2
    own = 1 + 3 * shift**2 + 3 * second**2 + (shift**3 + 3 * shift) ** 2
    expected = 4 + own - 2 * (1 + 3 * second)
    real, fake = draw(3000, 1, 0), draw(3000, 1, 1) + shift
    assert abs(kernel_distance(real, fake) - expected) < 4 * kernel_error(real, fake)
    assert kernel_error(real, fake) < expected / 5


@pytest.mark.parametrize("tile", [3, 2048])
def test_the_error_is_that_of_sets_with_each_group_left_out(monkeypatch, tile):
    # breaks when the pairs of a group with itself are taken away twice
    monkeypatch.setattr(kernel, "TILE", tile)
    real, fake = draw(33, 4, 0).double(), draw(41, 4, 1).double() + 0.5
    values = []
    for one, two in zip(parts(33, 4), parts(41, 4), strict=True):
        kept, others = torch.ones(33, dtype=torch.bool), torch.ones(41, dtype=torch.bool)
        kept[one], others[two] = False, False
        values.append(by_hand(real[kept], fake[others]))
    expected = (3 / 4 * sum((v - sum(values) / 4) ** 2 for v in values)) ** 0.5
    assert kernel_error(real, fake, 4) == pytest.approx(expected, rel=1e-8)


def test_the_error_is_the_spread_over_repeated_draws():
    pairs = [(draw(200, 6, 2 * i), draw(200, 6, 2 * i + 1) + 0.3) for i in range(40)]
    spread = torch.tensor([kernel_distance(*pair) for pair in pairs]).std()
    errors = torch.tensor([kernel_error(*pair) for pair in pairs])
    assert 0.5 < float(errors.mean() / spread) < 2


def test_mistakes_are_named():
    good = draw(10, 3, 0)
    with pytest.raises(UserError, match="at least 2 items"):
        kernel_distance(good, good[:1])
    with pytest.raises(UserError, match="widths 3 and 2"):
        kernel_distance(good, good[:, :2])
    with pytest.raises(UserError, match="2 to 8 can"):
        subset_kernel_distances(good, good[:8], 3, 9, 0)
    with pytest.raises(UserError, match="2 to 5 do"):
        kernel_error(good, good)
