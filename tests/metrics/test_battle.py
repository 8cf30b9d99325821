"""The generative adversarial metric on discriminators whose mistakes are counted by hand."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.metrics.battle import Battle, mistakes


def test_mistakes_are_counted_on_the_side_of_what_things_are():
    logits = torch.tensor([[2.0], [-1.0], [0.5], [-3.0], [1.0]])
    assert mistakes(logits, real=True) == pytest.approx(2 / 5)
    assert mistakes(logits, real=False) == pytest.approx(3 / 5)
    # zero says neither: it is not taken for real
    assert mistakes(torch.zeros(4), real=True) == 1 and mistakes(torch.zeros(4), real=False) == 0


def test_who_is_fooled_less_wins_and_the_other_way_round():
    battle = Battle(held_out=(0.2, 0.2), crossed=(0.1, 0.4))
    assert battle.test_ratio == 1 and battle.sample_ratio == pytest.approx(0.25)
    assert battle.winner() == 0
    turned = Battle(battle.held_out[::-1], battle.crossed[::-1])
    assert turned.sample_ratio == pytest.approx(4) and turned.winner() == 1


def test_a_discriminator_that_calls_everything_generated_does_not_win():
    # it makes no mistake on any sample, and all of them on real items
    battle = Battle(held_out=(1.0, 0.1), crossed=(0.0, 0.5))
    assert battle.sample_ratio == 0 and battle.winner() is None


def test_the_same_model_twice_is_a_tie_and_no_mistakes_say_nothing():
    assert Battle((0.3, 0.3), (0.2, 0.2)).winner() is None
    assert math.isnan(Battle((0.3, 0.3), (0.0, 0.0)).sample_ratio)
    assert Battle((0.3, 0.3), (0.0, 0.0)).winner() is None
    assert Battle((0.3, 0.3), (0.1, 0.0)).winner() == 1
