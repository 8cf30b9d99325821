"""Planted copies are counted, blurred items are not."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics.error import of_share
from liangyi.metrics.memorisation import memorisation
from liangyi.metrics.neighbours import nearest

WIDTH = 16


def draw(count: int, seed: int) -> Tensor:
    return torch.randn(count, WIDTH, generator=torch.Generator().manual_seed(seed))


TRAIN, HELD_OUT = draw(1500, 0), draw(1000, 1)


def test_fresh_samples_are_copies_as_often_as_held_out_items():
    found = memorisation(draw(1000, 2), TRAIN, HELD_OUT)
    assert found.expected == 0.01
    # the error of the limit itself comes from 10 held-out items
    assert abs(found.share - 0.01) < 0.015
    assert found.error > of_share(found.share, 1000)
    assert found.index.shape == found.distance.shape == found.ratio.shape == (1000,)


@pytest.mark.parametrize("share", [0.1, 0.5])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_planted_copies_are_counted_and_named(share, noise):
    copies = int(400 * share)
    samples = draw(400, 3)
    samples[:copies] = TRAIN[100 : 100 + copies] + noise * draw(copies, 4)
    found = memorisation(samples, TRAIN, HELD_OUT)
    assert found.share == pytest.approx(share, abs=0.015)
    assert found.index[:copies].tolist() == list(range(100, 100 + copies))
    assert float(found.ratio[:copies].max()) < 0.2
    if not noise:
        assert float(found.distance[:copies].max()) == 0


def test_blurred_items_are_no_copies():
    # breaks with raw distances: these are nearer to training items than any held-out item is
    order = torch.randperm(1500, generator=torch.Generator().manual_seed(5))[:1200]
    blurred = TRAIN[order].reshape(400, 3, WIDTH).mean(1)
    found = memorisation(blurred, TRAIN, HELD_OUT)
    assert found.share < 0.03
    usual = nearest(HELD_OUT, TRAIN)[0]
    # which raw distances would have called copies of something
    assert float((found.distance < usual.quantile(0.01)).float().mean()) > 0.1
    assert float(found.ratio.mean()) > 0.8


def test_a_training_set_that_repeats_itself_gives_the_same():
    # breaks when the fifth neighbour is a copy of the first: every ratio would be 1
    samples = torch.cat([draw(50, 3), TRAIN[:50]])
    once = memorisation(samples, TRAIN, HELD_OUT)
    often = memorisation(samples, TRAIN.repeat(6, 1), HELD_OUT)
    assert often.share == once.share >= 0.5
    torch.testing.assert_close(often.ratio, once.ratio)
    assert torch.equal(often.index, once.index)


def test_a_copy_of_a_repeated_item_is_a_copy():
    # repeated items are learnt by heart first: 0 / 0 must not become NaN or 1
    train = torch.cat([TRAIN, TRAIN[7:8].repeat(9, 1)])
    found = memorisation(TRAIN[7:8], train, HELD_OUT)
    assert found.share == 1 and found.ratio.tolist() == [0] and found.index.tolist() == [7]


def test_held_out_items_that_are_copies_raise_what_is_expected():
    # breaks when 0.01 is only claimed: data that repeat themselves make copies of honest samples
    held_out = torch.cat([HELD_OUT[:900], TRAIN[:100]])
    found = memorisation(held_out, TRAIN, held_out)
    assert found.expected == found.share == pytest.approx(0.1)


def test_the_error_knows_that_the_limit_was_drawn_too():
    # breaks when the 1 % of a hundred held-out items, one item, is taken for the law's own
    def once(seed: int) -> tuple[float, float]:
        found = memorisation(draw(2000, 2 * seed), TRAIN, draw(100, 2 * seed + 1))
        return found.share, found.error

    shares, errors = torch.tensor([once(seed) for seed in range(10, 50)]).unbind(1)
    alone = of_share(float(shares.mean()), 2000)
    assert float(shares.std()) > 2 * alone
    assert float(errors.mean()) > 0.8 * float(shares.std())


def test_few_held_out_items_say_so():
    found = memorisation(draw(100, 2), TRAIN, HELD_OUT[:20])
    assert found.expected == pytest.approx(0.05)


def test_mistakes_are_named():
    with pytest.raises(UserError, match="5 different training items are too few"):
        memorisation(draw(9, 2), TRAIN[:5].repeat(4, 1), HELD_OUT)
    with pytest.raises(UserError, match="19 held-out items are too few"):
        memorisation(draw(9, 2), TRAIN, HELD_OUT[:19])
    with pytest.raises(UserError, match="at least 1 sample"):
        memorisation(draw(0, 2), TRAIN, HELD_OUT)
    with pytest.raises(UserError, match="one width"):
        memorisation(draw(9, 2)[:, :3], TRAIN, HELD_OUT)
