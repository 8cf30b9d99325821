"""Mixtures of Gaussians: what they draw, and what they say of samples whose quality is known."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.core.batch import Points
from liangyi.core.spec import Spec, Vector
from liangyi.data import Batches, Endless, choose
from liangyi.data.toys.grid import Grid
from liangyi.data.toys.ring import Ring


def drawn(law, count: int = 40_000, seed: int = 0) -> torch.Tensor:
    return law.draw(count, torch.Generator().manual_seed(seed))["point"]


@pytest.mark.parametrize(("made", "modes", "deviation"), [(Ring, 8, 0.01), (Grid, 25, 0.05)])
def test_modes_are_distinct_equally_likely_and_as_wide_as_they_say(made, modes, deviation):
    # linspace(0, 2 pi, 8) holds both of its ends: 7 distinct modes, one of double weight
    law = made()
    assert law.centres().shape == (modes, 2)
    assert float(torch.pdist(law.centres()).min()) > 10 * deviation
    points = drawn(law)
    _, nearest = torch.cdist(points, law.centres()).min(1)
    share = nearest.bincount(minlength=modes) / len(points)
    error = (1 / modes * (1 - 1 / modes) / len(points)) ** 0.5
    assert (share - 1 / modes).abs().max() < 4.5 * error
    off = points - law.centres()[nearest]
    assert off.std(0).tolist() == pytest.approx([deviation] * 2, rel=0.02)
    assert off.mean(0).abs().max() < 5 * deviation / len(points) ** 0.5
    assert abs(float(off.T.corrcoef()[0, 1])) < 0.03  # round


def test_the_ring_is_the_unit_circle_in_eight_even_parts():
    modes = Ring().centres()
    torch.testing.assert_close(modes.norm(dim=1), torch.ones(8))
    steps = (modes.roll(-1, 0) - modes).norm(dim=1)
    torch.testing.assert_close(steps, torch.full((8,), 2 * math.sin(math.pi / 8)))


def test_the_grid_is_a_lattice_from_minus_four_to_four():
    modes = {tuple(mode) for mode in Grid().centres().tolist()}
    assert modes == {(x, y) for x in range(-4, 5, 2) for y in range(-4, 5, 2)}


@pytest.mark.parametrize(("made", "modes"), [(Ring, 8), (Grid, 25)])
def test_the_law_itself_is_judged_as_good_as_can_be(made, modes):
    # within three deviations in the plane lie 1 - exp(-9/2) = 98.9 %, not 99.7 %
    found = made().truth(drawn(made()))
    assert found["modes"] == modes
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.003)


@pytest.mark.parametrize("made", [Ring, Grid])
def test_collapsed_and_far_samples_are_seen_through(made):
    law = made()
    one = law.centres()[3] + 0.1 * law.deviation * torch.randn(500, 2)
    total = len(law.centres())
    # all eggs in one of n equal baskets: KL is log n, and the other way round it is infinite
    alone = pytest.approx(math.log(total))
    assert law.truth(one) == {"modes": 1, "high_quality": 1, "reverse_kl": alone}
    far = law.centres()[0] + torch.tensor([3.1, 0.0]) * law.deviation
    found = law.truth(far.expand(500, -1))
    assert (found["modes"], found["high_quality"]) == (0, 0)
    half = torch.cat([law.centres()[:2], far.expand(2, -1)])
    found = law.truth(half)
    assert (found["modes"], found["high_quality"]) == (2, 0.5)


def test_samples_between_the_modes_cover_none():
    # the mean of all modes is nearest to one of them, and good for nothing
    found = Ring().truth(torch.zeros(10, 2))
    assert (found["modes"], found["high_quality"]) == (0, 0)


@pytest.mark.parametrize("name", ["ring", "grid", "parabola"])
def test_streams_of_a_law_never_end_and_never_repeat(name):
    source = choose(name)
    law = source.split()
    assert isinstance(law, Endless) and law.spec == Spec("point", point=Vector(2))
    points = drawn(source, 500)
    assert law.truth(points) == source.truth(points)
    first, again = Batches(law, Points, 16, seed=3), Batches(law, Points, 16, seed=3)
    assert first.items == 0
    batches = [first.batch(k).point for k in (0, 1, 2, 10**6)]
    assert torch.equal(again.batch(10**6).point, batches[3])
    others = [Batches(law, Points, 16, seed=4).batch(0).point, *batches]
    assert len({other.numpy().tobytes() for other in others}) == 5
    assert batches[0].shape == (16, 2) and batches[0].dtype == torch.float32
