"""Streams of random numbers: one a purpose, rows that do not depend on their number."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liangyi.core import draw, processes
from liangyi.core.errors import UserError

CPU = torch.device("cpu")
LAWS = [draw.normal, draw.uniform]


@given(st.integers(0, 2**62), st.integers(0, 2**40))
def test_purposes_seeds_and_numbers_have_nothing_in_common(seed, number):
    # breaks when a purpose is added to the seed, or left out
    pairs = [(seed, number), (seed + 1, number), (seed, number + 1), (number, seed)]
    streams = {
        (one, purpose, *numbers)
        for (one, other), purpose in itertools.product(pairs, ("weights", "noise", "order"))
        for numbers in ((), (other,), (other, 0))
    }
    keys = {draw.key(*stream) for stream in streams}
    assert len(keys) == len(streams) and all(0 <= value < 2**63 for value in keys)


def test_streams_are_the_same_tomorrow():
    # breaks when the purpose is hashed by Python, anew in each process
    assert draw.key(3, "weights") == 3991810870900789739
    assert draw.key(3, "noise", 7) == 8070345018213370894


@pytest.mark.parametrize("law", LAWS)
def test_a_row_does_not_depend_on_how_many_are_drawn(law):
    # breaks when a verb draws one long run of numbers: more rows are then other rows
    def rows(count, first=0):
        with draw.fixed(3, CPU, first):
            return law(count, 5), law(count, 2, 2)

    whole = rows(600)
    for count in (0, 1, 18, 63, 64, 65, 512):
        for part, all_of_it in zip(rows(count), whole, strict=True):
            assert torch.equal(part, all_of_it[:count])
    for first, count in ((512, 88), (64, 64), (63, 2), (17, 1), (100, 300)):
        for part, all_of_it in zip(rows(count, first), whole, strict=True):
            assert torch.equal(part, all_of_it[first : first + count])


@pytest.mark.parametrize("law", LAWS)
def test_calls_blocks_and_seeds_differ(law):
    # breaks when a block, or the second call of a verb, begins the stream anew
    drawn = []
    for seed in (3, 4):
        with draw.fixed(seed, CPU):
            drawn += [*law(192, 50).split(64), *law(192, 50).split(64)]
    both = torch.stack([part.flatten() for part in drawn]).corrcoef()
    assert (both - torch.eye(len(both))).abs().max() < 5 / (64 * 50) ** 0.5


def test_rows_know_their_place(monkeypatch):
    assert draw.rows(3, "cpu").tolist() == [0, 1, 2]
    with draw.fixed(0, CPU, first=512):
        assert draw.rows(3, "cpu").tolist() == [512, 513, 514]
    monkeypatch.setattr(processes, "world", lambda: 2)
    monkeypatch.setattr(processes, "rank", lambda: 1)
    with draw.step(0, 5, CPU):
        assert draw.rows(3, "cpu").tolist() == [3, 4, 5]


def test_a_verb_inside_a_step_leaves_the_step_its_stream():
    def noise(look):
        with draw.step(0, 1, CPU):
            first = draw.normal(4)
            if look:
                with draw.fixed(0, CPU):
                    draw.normal(4)
                    torch.rand(4)
            return first, draw.normal(4), torch.rand(4)

    assert all(torch.equal(*pair) for pair in zip(noise(True), noise(False), strict=True))


@pytest.mark.parametrize("inside", [draw.step, draw.fixed])
def test_the_gpus_own_generator_is_found_again_as_it_was(inside, monkeypatch):
    # breaks, on a GPU alone, when a step leaves its dropout's state to the caller
    gpu = torch.Generator("cpu").manual_seed(5)
    before = gpu.get_state()
    monkeypatch.setattr(draw, "_generators", lambda device: [torch.default_generator, gpu])
    arguments = (0, 1, CPU) if inside is draw.step else (0, CPU)
    with inside(*arguments):
        first = torch.rand(3, generator=gpu)
    assert torch.equal(gpu.get_state(), before)
    with inside(*arguments):
        assert torch.equal(torch.rand(3, generator=gpu), first)
    with pytest.raises(ValueError), inside(*arguments):
        raise ValueError
    assert torch.equal(gpu.get_state(), before)
    assert draw._Now.place is None


@pytest.mark.parametrize("most", [0.1, 0.7, 2.0])
def test_truncated_noise_has_the_law_of_what_is_drawn_again_beyond(most):
    # breaks when it is scaled (whose law is another) or cut off (which heaps it at the border)
    noise = torch.randn(200_000, generator=torch.Generator().manual_seed(0))
    found = draw.truncated(noise, most)
    again = noise[noise.abs() <= most]
    assert float(found.abs().max()) <= most
    for share in (0.1, 0.25, 0.5, 0.9):
        wanted = float(again.quantile(share))
        assert float(found.quantile(share)) == pytest.approx(wanted, abs=0.02 * most)
    assert torch.equal(found.argsort()[:100], noise.argsort()[:100])
    torch.testing.assert_close(draw.truncated(noise, 30.0), noise, rtol=1e-3, atol=1e-3)


def test_truncation_reaches_normal_noise_in_verbs_and_no_other():
    with draw.fixed(3, CPU):
        whole, share = draw.normal(70, 2), draw.uniform(70, 2)
    with draw.fixed(3, CPU, truncation=0.7):
        found, same = draw.normal(70, 2), draw.uniform(70, 2)
    assert torch.equal(found, draw.truncated(whole, 0.7)) and torch.equal(same, share)


@pytest.mark.parametrize("wrong", [0, -1.0, float("nan")])
def test_truncation_that_makes_no_sense_is_told(wrong):
    with pytest.raises(UserError, match="above 0"), draw.fixed(0, CPU, truncation=wrong):
        pass
    with pytest.raises(UserError, match="none"), draw.fixed(0, CPU, truncation=1.0):
        draw.uniform(3)
