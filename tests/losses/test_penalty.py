"""The gradient penalty against its closed form on critics whose slope is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from liangyi.losses.penalty import gradient_penalty, slopes, unit_slope


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


def linear(shape: tuple[int, ...], slope: float):
    """Return a critic whose slope is the same everywhere."""
    direction = torch.randn(shape, generator=torch.Generator().manual_seed(1)).flatten()
    direction *= slope / direction.norm()
    return lambda items: items.flatten(1) @ direction


def bowl(items: Tensor) -> Tensor:
    """Half the squared norm: the slope at x is |x|."""
    return items.flatten(1).square().sum(1) / 2


@pytest.mark.parametrize("shape", [(2,), (1, 8, 8), (3, 8, 8), (3, 5, 7)])
@pytest.mark.parametrize("count", [1, 2, 64])
@pytest.mark.parametrize("slope", [1.0, 0.25, 3.0])
def test_a_linear_critic_pays_its_distance_from_slope_one(shape, count, slope):
    # breaks when the norm runs over the batch (grows with it) or over one channel only
    real, fake = torch.randn(2, count, *shape, generator=torch.Generator().manual_seed(0))
    found = gradient_penalty(linear(shape, slope), real, fake, torch.rand(count))
    assert found.item() == pytest.approx((slope - 1) ** 2, abs=1e-5)


def test_each_sample_has_its_own_slope():
    # torchgan's mistake: one norm over the whole batch tensor, which a mixture tells apart
    points = torch.diag(torch.tensor([0.5, 1.0, 3.0]))
    found = gradient_penalty(bowl, points, points, torch.rand(3)).item()
    assert found == pytest.approx((0.25 + 0 + 4) / 3, rel=1e-5)
    whole = (float(points.norm()) - 1) ** 2
    assert found != pytest.approx(whole, rel=0.1)
    torch.testing.assert_close(slopes(bowl, points), torch.tensor([0.5, 1.0, 3.0]))


def test_values_may_be_a_column():
    points = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    row, column = slopes(bowl, points), slopes(lambda x: bowl(x)[:, None], points)
    assert row.shape == column.shape == (5,)
    assert torch.equal(row, column)


def test_every_pair_is_mixed_by_its_own_number_from_generated_to_real():
    # breaks when one number serves the whole batch
    real, fake = torch.full((3, 1, 2, 2), 1.0), torch.full((3, 1, 2, 2), 3.0)
    found = []

    def critic(items: Tensor) -> Tensor:
        found.append(items.detach().mean((1, 2, 3)))
        return bowl(items)

    penalty = gradient_penalty(critic, real, fake, torch.tensor([1.0, 0.0, 0.25]))
    torch.testing.assert_close(found[0], torch.tensor([1.0, 3.0, 2.5]))
    # slopes 2, 6, 5: every picture has four equal pixels
    assert penalty.item() == pytest.approx((1 + 25 + 16) / 3, rel=1e-5)


def test_the_penalty_moves_the_critics_weights():
    # breaks without create_graph: d (|w| - 1)^2 / dw = 2 (|w| - 1) w / |w|
    critic = nn.Linear(4, 1)
    real, fake = torch.randn(2, 6, 4)
    gradient_penalty(critic, real, fake, torch.rand(6)).backward()
    weight = critic.weight.detach()
    torch.testing.assert_close(critic.weight.grad, 2 * (weight.norm() - 1) * weight / weight.norm())
    assert float(critic.weight.grad.abs().max()) > 1e-3


def test_the_penalty_moves_every_layer_of_a_deep_critic():
    critic = nn.Sequential(nn.Linear(3, 8), nn.LeakyReLU(0.2, inplace=True), nn.Linear(8, 1))
    gradient_penalty(critic, *torch.randn(2, 16, 3), torch.rand(16)).backward()
    for layer in (critic[0], critic[2]):
        assert layer.weight.grad.abs().sum() > 0


def test_no_gradient_reaches_the_generator():
    # breaks when `fake` is not cut off: the penalty belongs to the critic alone
    noise = torch.randn(4, 3, requires_grad=True)
    penalty = gradient_penalty(nn.Linear(3, 1), torch.randn(4, 3), noise * 2, torch.rand(4))
    assert penalty.requires_grad
    assert torch.autograd.grad(penalty, noise, allow_unused=True) == (None,)


def test_a_flat_critic_pays_one_and_its_gradient_is_a_number():
    # the norm has no derivative at 0; a critic of zeros must not turn into NaN
    critic = nn.Linear(3, 1)
    nn.init.zeros_(critic.weight)
    penalty = gradient_penalty(critic, *torch.randn(2, 5, 3), torch.rand(5))
    penalty.backward()
    assert penalty.item() == 1
    assert critic.weight.grad.isfinite().all()


def test_slopes_can_be_measured_where_gradients_are_off():
    with torch.no_grad():
        assert slopes(bowl, torch.tensor([[3.0, 4.0]])).tolist() == [5.0]


def test_the_penalty_of_a_critic_in_bfloat16_is_float32():
    critic = linear((16,), 1.0)
    half = gradient_penalty(lambda x: critic(x).bfloat16(), *torch.randn(2, 8, 16), torch.rand(8))
    assert half.dtype == torch.float32
    assert half.item() == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("count", [1, 64])
def test_dragans_penalty_is_per_sample(count):
    # torchgan's mistake, one norm over the batch: a critic of slope 1 would pay 49 at 64 items
    points = torch.randn(count, 3, 8, 8)
    assert unit_slope(linear((3, 8, 8), 1.0), points).item() == pytest.approx(0, abs=1e-5)
    assert unit_slope(linear((3, 8, 8), 3.0), points).item() == pytest.approx(4, rel=1e-5)
