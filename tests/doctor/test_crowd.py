"""Two crowds of items: equal laws, planted collapse, planted shift."""

from __future__ import annotations

import pytest
import torch

from liangyi import fields
from liangyi.core.spec import Vector, Words
from liangyi.doctor import crowd

POINT, SENTENCE = Vector(5), Words(3, 5)


def law(count: int, seed: int, width: int = 5) -> torch.Tensor:
    return torch.randn(count, width, generator=torch.Generator().manual_seed(seed))


def test_equal_laws_look_alike():
    found = crowd.compared(POINT, law(256, 0), law(256, 1))
    assert found["diversity"] == pytest.approx(1, abs=0.05)
    assert abs(found["energy"]) < 0.01
    assert found["duplicates"] < 0.02
    assert found["coverage"] > 0.9
    assert found["nearest_neighbour_accuracy"] == pytest.approx(0.5, abs=0.08)


def test_energy_is_unbiased():
    # breaks when an item's distance to itself counts: the energy of equal laws would be positive
    found = [
        crowd.compared(POINT, law(20, 2 * n), law(20, 2 * n + 1))["energy"] for n in range(200)
    ]
    assert abs(sum(found) / 200) < 0.005


def test_a_planted_collapse_lowers_diversity_and_coverage():
    one = law(1, 0) + 1e-4 * law(256, 2)
    found = crowd.compared(POINT, one, law(256, 1))
    assert found["diversity"] < 0.01 and found["duplicates"] == 1 and found["coverage"] < 0.2


def test_a_planted_shift_raises_energy_and_tells_apart():
    found = crowd.compared(POINT, law(256, 0) + 3, law(256, 1))
    assert found["energy"] > 0.3 and found["nearest_neighbour_accuracy"] > 0.95
    assert found["diversity"] == pytest.approx(1, abs=0.05)  # they are not less different


def test_tokens_are_compared_by_how_many_differ():
    one = torch.tensor([[1, 2, 3], [1, 2, 4]])
    assert fields.distances(SENTENCE, one, one).tolist() == [[0, 1], [1, 0]]


def test_equally_near_neighbours_tell_nothing():
    # breaks when ties count as one side's: sentences of few words would always be told apart
    words = torch.randint(2, (100, 3), generator=torch.Generator().manual_seed(0))
    again = torch.randint(2, (100, 3), generator=torch.Generator().manual_seed(1))
    assert crowd.compared(SENTENCE, words, again)["nearest_neighbour_accuracy"] == pytest.approx(
        0.5, abs=0.05
    )


def test_the_range_of_samples_is_told_in_that_of_real_items():
    real = torch.linspace(-1, 1, 1000)[:, None]
    found = crowd.extent(real / 2 + 0.5, real)  # a sigmoid's range
    assert found["lowest_value"] == pytest.approx(0.5, abs=0.01)
    assert found["highest_value"] == pytest.approx(1, abs=0.01)
    assert crowd.extent(real.sign(), real)["saturated"] > 0.95
