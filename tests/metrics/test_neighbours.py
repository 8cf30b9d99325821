"""Neighbours against scikit-learn, and what is made of them against prdc and planted faults."""

from __future__ import annotations

import numpy
import pytest
import torch
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from liangyi.core.errors import UserError
from liangyi.metrics import neighbours
from liangyi.metrics.neighbours import manifold, nearest, radii, two_sample

WIDTHS = [2, 64]  # both ways to a distance: subtracted, and by way of the product


def draw(count: int, width: int, seed: int) -> Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def means(real: Tensor, fake: Tensor, k: int = 5) -> dict[str, float]:
    found = manifold(real, fake, k)._asdict()
    return {name: float(value.mean()) for name, value in found.items()}


class Largest(TorchDispatchMode):
    """Notes the largest tensor that is made."""

    numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for one in made if isinstance(made, tuple) else [made]:
            if isinstance(one, Tensor):
                self.numbers = max(self.numbers, one.numel())
        return made


@pytest.fixture(params=[16, 2048])
def tile(request, monkeypatch) -> int:
    """Blocks much smaller than the sets, and one block for all."""
    monkeypatch.setattr(neighbours, "TILE", request.param)
    monkeypatch.setattr(neighbours, "BLOCK", request.param * 256)
    return request.param


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("k", [1, 4])
def test_nearest_is_sklearns(tile, width, k):
    queries, items = draw(90, width, 0), draw(120, width, 1)
    expected, places = NearestNeighbors(n_neighbors=k).fit(items.numpy()).kneighbors(queries)
    distance, index = nearest(queries, items, k)
    assert distance.shape == index.shape == (90, k)
    numpy.testing.assert_allclose(distance, expected, rtol=1e-5)
    assert index.tolist() == places.tolist()


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("k", [1, 5, 119])
def test_radii_are_sklearns(tile, width, k):
    # breaks when an item is its own neighbour, or when merging blocks loses one
    items = draw(120, width, 0)
    expected = NearestNeighbors(n_neighbors=k).fit(items.numpy()).kneighbors()[0][:, -1]
    numpy.testing.assert_allclose(radii(items, k), expected, rtol=1e-4)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_copy_is_found_at_no_distance(width):
    # breaks with distances from the product: a copy would lie at 3e-4 of |x|
    items = 5 + draw(50, width, 0)
    distance, index = nearest(items[[7, 3]], items, 2)
    assert index[:, 0].tolist() == [7, 3] and distance[:, 0].tolist() == [0, 0]
    assert float(distance[:, 1].min()) > 0


def test_an_item_is_not_its_own_neighbour_but_its_copy_is():
    # breaks when distances of 0 are left out instead of places
    items = torch.tensor([[0.0], [0.0], [3.0], [7.0]])
    assert radii(items, 1).tolist() == [0, 0, 3, 4]


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("k", [1, 5])
def test_the_manifold_is_that_of_full_matrices(tile, width, k):
    # breaks when an axis is mixed up: real and fake differ in number
    real, fake = draw(130, width, 0), 0.8 * draw(100, width, 1) + 0.3
    found = manifold(real, fake, k)
    cross = torch.cdist(real.double(), fake.double())

    def kth(items: Tensor) -> Tensor:
        return torch.cdist(items.double(), items.double()).sort(1).values[:, k]

    inside = cross <= kth(real)[:, None]
    assert torch.equal(found.precision, inside.any(0).float())
    assert torch.equal(found.recall, (cross <= kth(fake)).any(1).float())
    torch.testing.assert_close(found.density, inside.sum(0) / k)
    assert torch.equal(found.coverage, inside.any(1).float())


@pytest.mark.parametrize("width", [2, 16, 64])
def test_the_means_are_prdcs(width):
    prdc = pytest.importorskip("prdc")
    real, fake = draw(300, width, 0), 0.8 * draw(200, width, 1) + 0.3
    expected = prdc.compute_prdc(real.numpy(), fake.numpy(), nearest_k=5)
    assert means(real, fake) == pytest.approx({k: float(v) for k, v in expected.items()}, rel=1e-6)


@pytest.mark.parametrize("width", WIDTHS)
def test_two_sample_is_a_left_out_neighbour_classifier(tile, width):
    real, fake = draw(60, width, 0), draw(60, width, 1) + 0.3
    items, sides = torch.cat([real, fake]).numpy(), numpy.repeat([0, 1], 60)
    found = two_sample(real, fake)
    for place in range(0, 120, 7):
        kept = numpy.arange(120) != place
        judge = KNeighborsClassifier(1).fit(items[kept], sides[kept])
        assert float(found[place]) == float(judge.predict(items[[place]])[0] == sides[place])


@pytest.mark.parametrize("width", WIDTHS)
def test_equal_laws_cannot_be_told_apart(width):
    real, fake = draw(800, width, 0), draw(800, width, 1)
    assert float(two_sample(real, fake).mean()) == pytest.approx(0.5, abs=0.06)
    found = means(real, fake)
    assert found["density"] == pytest.approx(1, abs=0.1)
    # 1 - (chance that none of 800 falls among the 5 nearest) = 1 - 1/2^5
    assert found["coverage"] == pytest.approx(1 - 2**-5, abs=0.02)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_planted_shift_tells_them_apart(width):
    real, fake = draw(200, width, 0), draw(200, width, 1) + 10
    assert two_sample(real, fake).mean() == 1
    assert means(real, fake) == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}


@pytest.mark.parametrize("width", [2, 8])
def test_copies_lie_inside_and_fool_the_two_sample_test(width):
    # 0 is not "bad at telling" but the mark of copying; breaks when surfaces are left out
    real = draw(200, width, 0)
    assert two_sample(real, real.clone()).mean() == 0
    found = means(real, real[torch.randperm(200)])
    assert found["precision"] == found["recall"] == found["coverage"] == 1


@pytest.mark.parametrize("width", WIDTHS)
def test_a_planted_collapse_costs_recall_and_coverage_but_not_precision(width):
    real = draw(500, width, 0)
    whole = draw(500, width, 1)
    few = real[:10].repeat(50, 1) + 0.01 * draw(500, width, 2)
    before, after = means(real, whole), means(real, few)
    assert after["precision"] == 1 >= before["precision"]
    assert after["recall"] < 0.1 < before["recall"]
    assert after["coverage"] < 0.3 < before["coverage"]


def test_repeated_values_are_no_reason_for_doubt():
    # balls of radius 0: breaks when surfaces are left out; ties: breaks when they count as wrong
    real = torch.arange(4.0).repeat(25)[:, None]
    assert means(real, real.clone())["precision"] == 1
    assert two_sample(real, real.clone()).mean() == 0.5


def test_points_of_far_tight_clusters_keep_their_distances():
    # the toys: breaks with |x|^2 + |y|^2 - 2 x y, whose error is larger than these distances
    centres = torch.cartesian_prod(torch.tensor([-4.0, 4.0]), torch.tensor([-4.0, 4.0]))
    items = centres[torch.arange(400) % 4] + 1e-4 * draw(400, 2, 0)
    expected = NearestNeighbors(n_neighbors=3).fit(items.double()).kneighbors()[0][:, -1]
    numpy.testing.assert_allclose(radii(items, 3), expected, rtol=0.02)


def test_the_origin_does_not_matter():
    # breaks without centring; sixteenths keep their value at 4096, so nothing is lost on the way
    real, fake = ((16 * draw(200, 64, seed)).round() / 16 for seed in (0, 1))
    assert means(real + 4096, fake + 4096) == pytest.approx(means(real, fake), abs=0.005)
    torch.testing.assert_close(radii(real + 4096, 3), radii(real, 3))


def test_blocks_are_bounded(monkeypatch):
    monkeypatch.setattr(neighbours, "TILE", 32)
    monkeypatch.setattr(neighbours, "BLOCK", 1024)
    real, fake = draw(300, 40, 0), draw(300, 40, 1)  # 12 000 numbers; all distances: 90 000
    for measure in (manifold, two_sample, lambda one, two: nearest(one, two, 3)):
        with Largest() as largest:
            measure(real, fake)
        assert largest.numbers <= 300 * 40


def test_every_dtype_will_do():
    items = torch.arange(12).reshape(6, 2)
    for dtype in (torch.uint8, torch.int64, torch.bfloat16, torch.float64):
        torch.testing.assert_close(radii(items.to(dtype), 1), torch.full((6,), 8.0).sqrt())


def test_mistakes_are_named():
    good = draw(5, 3, 0)
    with pytest.raises(UserError, match="no neighbour number 5 among 5 items; 1 to 4 can"):
        manifold(good, draw(9, 3, 1))
    with pytest.raises(UserError, match="1 to 4 can"):
        radii(good, 0)
    with pytest.raises(UserError, match="1 to 5 can"):
        nearest(good, good, 6)
    with pytest.raises(UserError, match="one width D"):
        nearest(good, good[:, :2])
    with pytest.raises(UserError, match="as many fake as real"):
        two_sample(good, good[:4])
    with pytest.raises(UserError, match="not finite"):
        radii(torch.where(good == good[2, 1], torch.inf, good), 1)
    assert nearest(good[:0], good)[0].shape == (0, 1)
