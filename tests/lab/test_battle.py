"""Battles: the table of pairs, who may take part, and whose samples who judges."""

from __future__ import annotations

import json

import pytest
import torch

from liangyi.core import verbs
from liangyi.core.batch import Images, Labelled
from liangyi.core.errors import UserError
from liangyi.lab import battle
from liangyi.lab.entry import parse
from liangyi.lab.trial import work

SMALL = "gan:generator_widths=4+,discriminator_widths=4+,latent=2"
GRAN = "gran:width=4,latent=2,timesteps=2"
LOST = f"{SMALL},learning_rate=1e30"


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    out = tmp_path_factory.mktemp("battle")
    entries = [parse(name) for name in (SMALL, GRAN, LOST)]
    return list(work(battle.trials(entries, ["digits"], 1, out, 2), lambda line: None))


def test_every_pair_plays_and_failures_play_no_one(done):
    text, plain = battle.table(done)
    plain = json.loads(json.dumps(plain))
    assert [(one["first"], one["second"]) for one in plain] == [(SMALL, GRAN)]
    assert plain[0]["seeds"] == 1 and text.count(f"`{LOST}`") == 2
    assert "r_test" in text and "r_samples" in text


def test_mistakes_are_those_of_each_discriminator_on_the_others_samples(done):
    # breaks when a discriminator judges its own generator's samples, or in the wrong range
    one, other = done[0].run, done[1].run
    models = one.model(), other.model()
    assert models[0].image_range != models[1].image_range
    found = battle.battle(one, other, 64)
    drawn = [model.sample(64) for model in models]
    with torch.no_grad():
        first = models[0].judgement(Images(drawn[1] * 2 - 1))
        second = models[1].judgement(Images((drawn[0] + 1) / 2))
    wanted = tuple(float((word > 0).float().mean()) for word in (first, second))
    assert found.crossed == pytest.approx(wanted)


def test_against_itself_both_ratios_are_one_or_nothing(done):
    found = battle.battle(done[0].run, done[0].run, 64)
    assert found.held_out[0] == found.held_out[1] and found.crossed[0] == found.crossed[1]
    assert found.winner() is None


def test_a_critic_and_one_who_asks_for_labels_are_refused(small):
    with pytest.raises(UserError, match="wgan-gp has no discriminator"):
        battle.trials([parse("gan"), parse("wgan-gp")], ["digits"], 1, None, 1)
    plain, asked = small("gan").build(), small("acgan").build()
    with pytest.raises(UserError, match="acgan judges by label, which gan"):
        battle.seen(Images(torch.zeros(2, 1, 8, 8)), plain, asked)
    drawn = Labelled(torch.zeros(2, 1, 8, 8), torch.zeros(2))
    assert battle.seen(drawn, asked, plain)._fields == ("image",)


def test_who_writes_sentences_plays_too(small):
    # breaks when words are scaled like pixels: they are numbers of words no more
    one, other = small("seqgan").build(0), small("maligan").build(1)
    drawn = battle.seen(verbs.generated(one, 3), one, other)
    assert drawn.token.equal(one.sample(3)) and len(battle.word(other, drawn)) == 3


def test_what_cannot_be_played_is_told_before_anything_is_trained(tmp_path):
    with pytest.raises(UserError, match="two models or more"):
        battle.trials([parse("gan")], ["digits"], 1, tmp_path, 1)
    with pytest.raises(UserError, match="nothing is held out of ring"):
        battle.trials([parse("gan"), parse("gan:pack=2")], ["ring"], 1, tmp_path, 1)


@pytest.mark.parametrize(("other", "words"), [
    ("cgan", "cgan judges by label, which gan"), ("gan:size=16", "draw unlike things"),
])  # fmt: skip
def test_who_cannot_judge_another_is_told_before_anything_is_trained(other, words, tmp_path):
    # breaks when the first battle tells: after both trainings
    with pytest.raises(UserError, match=words):
        battle.trials([parse("gan"), parse(other)], ["digits"], 1, tmp_path, 1)
