"""SeqGAN: what a word is worth, against enumeration; who learns when, and how fast."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import nn

from conftest import same, weights_of
from liangyi.core.batch import Tokens
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Spec, Words
from liangyi.training.trainer import Trainer

WORDS, LENGTH = 3, 3
SPEC = Spec("token", token=Words(LENGTH, WORDS))
EVERY = torch.tensor(list(itertools.product(range(WORDS), repeat=LENGTH)))


def tiny(small: Any, **settings: Any) -> Model:
    """Return a model whose players are far from indifferent."""
    here = small("seqgan", **settings)
    torch.manual_seed(0)
    model = here.kind(here.config, SPEC)
    for weight in model.parameters():
        nn.init.normal_(weight)
    return model


def test_a_word_is_worth_what_the_judge_thinks_of_what_may_follow(small):
    # equation 4 against all completions; the roll-out's law, not the generator's
    tries = 3000
    model = tiny(small, rollouts=tries, dropout=0.5)
    written = torch.tensor([[0, 1, 2], [2, 2, 0], [1, 0, 0]])
    with torch.no_grad():
        found = model.rewards(written)
        model.eval()
        believed, law = model.discriminator(EVERY).sigmoid(), model.rollout(EVERY)
    assert believed.max() - believed.min() > 0.3
    assert found.shape == written.shape
    for row, sentence in zip(found, written, strict=True):
        for place in range(LENGTH):
            fits = (EVERY[:, : place + 1] == sentence[: place + 1]).all(1)
            chance = law[fits][:, place + 1 :].sum(1).exp()
            wanted = float((chance * believed[fits]).sum())
            exact = place == LENGTH - 1
            assert float(row[place]) == pytest.approx(wanted, abs=1e-5 if exact else 0.04)


def test_a_judgement_does_not_depend_on_dropouts_luck(small):
    model = tiny(small, dropout=0.9).train()
    written = torch.tensor([[0, 1, 2], [2, 2, 0]])
    with torch.no_grad():
        last = [model.rewards(written)[:, -1] for _ in range(2)]
    assert torch.equal(*last)
    assert model.discriminator.training  # and it learns with dropout afterwards


@pytest.mark.parametrize("baseline", [True, False])
def test_the_policys_loss_is_the_reward_of_what_was_written(small, monkeypatch, baseline):
    # breaks when a baseline is subtracted where none is wanted (the authors' code has none), or is
    # taken over words in place of sentences
    model = tiny(small, likelihood_steps=0, pretrain_steps=0, baseline=baseline)
    worth = torch.tensor([[0.1, 0.2, 0.9], [0.3, 0.8, 0.5], [0.5, 0.5, 0.1], [0.7, 0.1, 0.1]])
    written = EVERY[[3, 11, 20, 25]]
    monkeypatch.setattr(model, "rewards", lambda _: worth)
    monkeypatch.setattr(model.generator, "write", lambda count, length: written)
    (update,) = model.updates(Tokens(written), 0)
    score = model.generator(written)
    wanted = -(score * (worth - baseline * worth.mean(0))).sum(1).mean()
    torch.testing.assert_close(update.loss, wanted)
    assert float(update.metrics["reward"]) == pytest.approx(float(worth.mean()))
    assert update.player == model.policy


def test_first_likelihood_then_judging_then_the_game(small):
    model = tiny(small, likelihood_steps=2, pretrain_steps=3, discriminator_steps=2)
    assert model.stages == (0, 2, 5, 6)
    players = []
    for step in range(12):
        (update,) = model.updates(Tokens(EVERY), step)
        name = "discriminator" if update.player is model.discriminator else "generator"
        assert (update.player == model.policy) == (step >= 5 and name == "generator")
        players.append(f"{name}: {', '.join(update.metrics)}")
    judging, playing = "discriminator: discriminator", "generator: reward, entropy"
    game = [playing, judging, judging]
    assert players == ["generator: nll"] * 2 + [judging] * 3 + game * 2 + [playing]


def test_likelihood_is_nats_a_word(small):
    model = tiny(small)
    (update,) = model.updates(Tokens(EVERY[:4]), 0)
    wanted = -float(model.generator(EVERY[:4]).detach().sum()) / (4 * LENGTH)
    assert update.loss.item() == pytest.approx(wanted, rel=1e-5)
    assert float(model.evaluate(Tokens(EVERY[:4]))["nll"]) == pytest.approx(wanted, rel=1e-5)


class Stream:
    spec = SPEC
    items = len(EVERY)

    def batch(self, number: int) -> Tokens:
        return Tokens(EVERY)


def test_the_rollout_starts_as_the_generator_and_follows_at_a_distance(small):
    model = tiny(small, likelihood_steps=1, pretrain_steps=1, discriminator_steps=1, lag=0.75)
    trainer = Trainer(model, Stream(), small("seqgan").trainer().training)
    begun = weights_of(model.rollout)
    trainer.advance(), trainer.advance()
    assert same(begun, weights_of(model.rollout))  # nothing rolls out before the game
    learned = weights_of(model.generator)
    trainer.advance()
    for name, value in weights_of(model.rollout).items():
        wanted = 0.75 * learned[name] + 0.25 * model.generator.state_dict()[name]
        torch.testing.assert_close(value, wanted)
    before = weights_of(model.rollout)
    trainer.advance()  # the judge's turn
    assert same(before, weights_of(model.rollout))


def test_the_judge_is_shown_fresh_sentences_of_the_generator_as_fakes(small, monkeypatch):
    model = tiny(small, likelihood_steps=0, pretrain_steps=9, dropout=0.0)
    real, fake = EVERY[:4], EVERY[-4:]
    monkeypatch.setattr(model.generator, "write", lambda count, length: fake)
    (update,) = model.updates(Tokens(real), 0)
    judged = model.discriminator(real).sigmoid().log(), model.discriminator(fake).sigmoid()
    wanted = -judged[0].mean() - (1 - judged[1]).log().mean()
    torch.testing.assert_close(update.loss, wanted, rtol=1e-4, atol=1e-5)
    assert update.player is model.discriminator


class TestSentencesThatEnd:
    """Words of a text: the first is padding, which ends a sentence."""

    TEXT = Spec("token", token=Words(4, ("", "<unk>", "a", "b")))
    SAID = torch.tensor([[2, 3, 0, 0], [2, 2, 2, 3], [0, 0, 0, 0]])

    @pytest.fixture
    def model(self, small):
        here = small("seqgan", rollouts=2)
        torch.manual_seed(0)
        made = here.kind(here.config, self.TEXT)
        for weight in made.parameters():
            nn.init.normal_(weight)
        return made

    def test_the_law_is_one_of_sentences_up_to_their_end(self, model):
        # breaks when padding after the end costs something: then the sum is below one
        every = torch.tensor(list(itertools.product(range(4), repeat=4)))
        ended = (every == 0).cumsum(1) > (every == 0).long()
        real = every[(~ended | (every == 0)).all(1)]
        score = model.generator(real).detach()
        assert float(score.sum(1).exp().sum()) == pytest.approx(1, abs=1e-5)

    def test_likelihood_counts_words_and_the_end_but_no_padding(self, model):
        score = model.generator(self.SAID)
        assert (score != 0).tolist() == [[True] * 3 + [False], [True] * 4, [True] + [False] * 3]
        found = model.evaluate(Tokens(self.SAID))["nll"]
        assert float(found) == pytest.approx(-float(score.detach().sum()) / 8, rel=1e-5)

    def test_nothing_is_written_after_the_end(self, model):
        written = model.sample(500)
        assert len(written.unique()) == 4
        after = (written == 0).cumsum(1) > 0
        assert (written[after] == 0).all()
        done = model.rollout.finish(self.SAID, 200)
        assert (done[:, :, 2] == 0).all() and (done[1:, :, 0, 2:] != 0).any()
        assert (done[2, :, 0, 2:] == 0).all()

    def test_what_stands_after_the_end_is_not_learned(self, model):
        score = model.generator(self.SAID)
        (gradient,) = torch.autograd.grad(score[2, 1:].sum(), [model.generator.output.weight])
        assert not gradient.any()


def test_without_rollouts_each_word_is_worth_what_its_sentence_is(small):
    model = tiny(small, rollouts=0)
    with torch.no_grad():
        found, wanted = model.rewards(EVERY), model.eval().discriminator(EVERY).sigmoid()
    torch.testing.assert_close(found, wanted[:, None].expand(-1, LENGTH))


def test_the_game_begins_with_an_adam_of_its_own(small):
    # breaks when the memory of likelihood's gradients decides the first moves of the game
    model = tiny(small, likelihood_steps=3, pretrain_steps=1, policy_rate=0.25)
    trainer = Trainer(model, Stream(), small("seqgan").trainer().training)
    for _ in range(4):
        trainer.advance()
    before = model.generator.output.bias.detach().clone()
    trainer.advance()
    moved = (model.generator.output.bias - before).abs()
    torch.testing.assert_close(moved, torch.full_like(moved, 0.25), rtol=1e-3, atol=0)


def test_a_temperature_below_one_prefers_likely_words(small):
    model = tiny(small)
    written = [model.sample(800, temperature=t) for t in (0.5, 1, 2)]
    nll = [float(model.evaluate(Tokens(one))["nll"]) for one in written]
    assert nll == sorted(nll) and nll[0] < nll[2] - 0.2
    exact = model.evaluate(Tokens(EVERY), temperature=1e6)["nll"]
    assert float(exact) == pytest.approx(torch.log(torch.tensor(3.0)).item(), rel=1e-4)


def test_a_text_that_runs_on_has_no_sentences(small):
    # breaks with hours of roll-outs: a text without a length comes in passages of a thousand words
    here = small("seqgan")
    with pytest.raises(UserError, match="1,000 words are no sentence") as told:
        here.kind(here.config, Spec("token", token=Words(1000, 5)))
    assert (told.value.setting, told.value.better) == ("length", 20)
