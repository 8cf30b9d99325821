"""The originals' mistakes, one regression test each: which one is named in each comment.

Numbers such as A7 name the original in the list of mistakes that the library was built from.
"""

from __future__ import annotations

import copy
import functools
import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from conftest import batch_of, follow, same, weights_of
from liangyi.core import registry
from liangyi.core.batch import Images
from liangyi.core.config import checked
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update
from liangyi.data import choose
from liangyi.losses import penalty

ADVERSARIES = [
    *("acgan", "acgan-early", "cgan", "dcgan", "dcgan-beginners", "dcgan-cs231n", "dcgan-mnist"),
    *("dcgan-tanh", "gan", "gan-original", "lsgan", "wgan-gp"),
    *("dragan", "ebgan", "ragan", "sngan", "wgan"),
]
PICTURES = [*ADVERSARIES, "autoencoder", "vae"]
JUDGES = {"wgan-gp": "critic", "wgan": "critic", "ebgan": "critic"}


def turns(model: Model, batch: Any, seed: int = 0) -> list[Update]:
    """Return all turns of one step; nobody moves."""
    torch.manual_seed(seed)
    return list(model.updates(batch, 0))


def watched(trainer: Any, look: Any) -> list[tuple[str, bool]]:
    """Make one step; return for each turn who moved, and whether what `look` sees changed."""
    found, move = [], trainer._move

    def around(names: Any, metrics: Any) -> None:
        before = look()
        move(names, metrics)
        found.append((names[0], not same(before, look())))

    trainer._move = around
    trainer.advance()
    return found


@pytest.mark.parametrize("name", ADVERSARIES)
def test_the_judge_stands_still_in_the_creators_turn(name, small):
    # A7: dcgan_mnist.py moved it towards "fake is real" in every such turn
    trainer = small(name).trainer(average=0)
    judge = JUDGES.get(name, "discriminator")
    network = trainer.model.get_submodule(judge)
    moves = watched(trainer, lambda: weights_of(network))
    assert moves == [(judge, True)] * (len(moves) - 1) + [("generator", False)]
    assert len(moves) == (3 if "wgan" in name else 2)
    # nor does that turn leave it a gradient, which its own next turn would then follow
    assert all(weight.grad is None for weight in trainer.model.parameters())


@pytest.mark.parametrize("name", ADVERSARIES)
def test_the_creator_stands_still_in_the_judges_turn(name, small):
    # only its batch statistics may see the fakes that it draws for the judge
    trainer = small(name).trainer(average=0)
    network = trainer.model.generator
    moves = watched(trainer, lambda: {n: p.detach().clone() for n, p in network.named_parameters()})
    assert [moved for _, moved in moves] == [False] * (len(moves) - 1) + [True]


@pytest.mark.parametrize("name", ADVERSARIES)
def test_two_optimisers_own_two_disjoint_lists_of_weights(name, small):
    # A7: one optimiser owned both networks
    trainer = small(name).trainer(average=0)
    trainer.advance()
    owned = {
        player: {id(w) for group in optimizer.param_groups for w in group["params"]}
        for player, optimizer in trainer.players.optimizers.items()
    }
    judge = JUDGES.get(name, "discriminator")
    assert owned.keys() == {judge, "generator"}
    for player, weights in owned.items():
        assert weights == {id(w) for w in trainer.model.get_submodule(player).parameters()}
    assert not owned[judge] & owned["generator"]


@pytest.mark.parametrize("name", ["acgan", "dcgan", "dcgan-mnist", "gan"])
def test_smoothing_moves_the_label_of_real_pictures_and_nothing_else(name, small):
    # A9 scaled the loss instead, and the generator's too; only AC-GAN's generator has the target
    here, target = small(name), 0.8
    smooth = small(name, real_target=target)
    model = here.build()
    batch = batch_of(here)
    plain = turns(model, batch)
    seen: list[Tensor] = []
    model.discriminator.register_forward_hook(lambda _, __, out: seen.append(out))
    model.config = smooth.config
    smoothed = turns(model, batch)
    judged = seen[0][0] if isinstance(seen[0], tuple) else seen[0]
    real = judged[: len(batch.image)].detach()
    before, after = (u[0].metrics["discriminator"] for u in (plain, smoothed))
    # cross entropy is linear in its target: t softplus(-x) + (1 - t) softplus(x)
    own = here.config.real_target
    torch.testing.assert_close(after - before, (own - target) * real.mean(), rtol=1e-3, atol=1e-5)
    assert float((after - before).abs()) > 1e-6
    assert torch.equal(plain[1].loss, smoothed[1].loss) is (name != "acgan")


@pytest.mark.parametrize("name", ["acgan", "acgan-early", "dcgan", "dcgan-mnist", "gan"])
@pytest.mark.parametrize("target", [0.0, 1.5])
def test_no_discriminator_is_told_to_say_more_than_certainly_real(name, target):
    # above 1 the loss falls without end as the logit rises
    kind = registry.find(name)
    with pytest.raises(UserError, match="real_target = "):
        checked(kind.Config(real_target=target))


SEEN_THROUGH = ["cgan", "dcgan", "dcgan-cs231n", "dcgan-mnist", "gan", "gan-original"]


@pytest.mark.parametrize("name", SEEN_THROUGH)
def test_a_creator_that_is_seen_through_still_learns(name, small):
    # the saturating loss of A16 leaves it a gradient 1e12 times smaller
    here = small(name)
    model, pulls = here.build(), []
    for sure in (0.0, 30.0):
        hook = model.discriminator.register_forward_hook(lambda _, __, out, sure=sure: out - sure)
        update = turns(model, batch_of(here))[-1]
        hook.remove()
        pull = torch.autograd.grad(update.loss, list(model.generator.parameters()))
        pulls.append(sum(float(one.abs().sum()) for one in pull))
        assert float(update.metrics["generator"]) == pytest.approx(sure + 0.7, abs=1)
    assert pulls[1] > pulls[0] > 0


@pytest.mark.parametrize("name", ["mnist-mlp", "mnist-cnn"])
def test_a_sure_and_right_classifier_pays_nothing(name, small):
    # A11: softmax twice, so that the loss could not fall below log(1 + 9 / e) = 1.4612
    here = small(name)
    model, batch = here.build(), batch_of(here)
    sure = 50 * nn.functional.one_hot(batch.label, 10).float()
    model.network = Fixed(sure)
    assert turns(model, batch)[0].loss.item() < 1e-6
    assert float(model.evaluate(batch)["loss"]) < 1e-6
    assert float(model.evaluate(batch)["accuracy"]) == 1
    # and a sure, wrong one pays in full, 50 nats
    model.network = Fixed(sure.roll(1, 1))
    assert turns(model, batch)[0].loss.item() == pytest.approx(50)
    assert float(model.evaluate(batch)["accuracy"]) == 0


@pytest.mark.parametrize("name", ["mnist-mlp", "mnist-cnn"])
def test_classify_gives_probabilities_and_forward_gives_logits(name, small):
    here = small(name)
    model, batch = here.build().eval(), batch_of(here)
    given = model.classify(batch.image)
    with torch.no_grad():
        torch.testing.assert_close(given, model(batch.image).softmax(1))
        assert (model(batch.image).sum(1) - 1).abs().min() > 1e-3
    torch.testing.assert_close(given.sum(1), torch.ones(len(given)))


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_drawn_fills_the_range_of_what_is_learned_from(name, small):
    # A18: tanh pictures against data in [0, 1]; a sigmoid against [-1, 1] is the same mistake
    here = small(name)
    model, batch = here.build().eval(), batch_of(here, 100)
    drawer = model.generator if hasattr(model, "generator") else model.decoder
    weights = [w for w in drawer.parameters() if w.dim() > 1]
    with torch.no_grad():
        weights[-1].mul_(1e4)  # drives the last activation into both of its ends
    drawn = (
        model.decode(torch.randn(64, model.config.code)) if name == "autoencoder"
        else model.sample(64)
    )  # fmt: skip
    ends = (float(drawn.min()), float(drawn.max()))
    assert ends == pytest.approx(model.image_range, abs=1e-4)
    assert ends == pytest.approx((float(batch.image.min()), float(batch.image.max())), abs=1e-4)


def test_the_penalty_looks_between_real_and_fake_and_nowhere_else(small, monkeypatch):
    # A20: numbers of N(0, 1), so that half of the points lie outside; and one number a batch
    here, mixes = small("wgan-gp", critic_steps=50), []

    def note(critic: Any, real: Tensor, fake: Tensor, mix: Tensor) -> Tensor:
        assert not fake.requires_grad and real.shape == fake.shape
        mixes.append(mix)
        return mix.mean() * 0

    monkeypatch.setattr(penalty, "gradient_penalty", note)
    turns(here.build(), batch_of(here, 20))
    mix = torch.stack(mixes)
    assert mix.shape == (50, 20) and 0 <= mix.min() < 0.01 and 0.99 < mix.max() <= 1
    assert float(mix.mean()) == pytest.approx(1 / 2, abs=0.05)
    assert float(mix.std()) == pytest.approx(1 / math.sqrt(12), abs=0.02)
    assert mix[:, 0].unique().numel() == 50 and mix[0].unique().numel() == 20


def test_the_penalty_is_part_of_the_critics_one_loss(small):
    # A19 stepped on it apart from the distance
    here = small("wgan-gp", critic_steps=3, penalty=7.0)
    found = turns(here.build(), batch_of(here))
    assert len(found) == 4
    for update in found[:3]:
        wanted = 7 * update.metrics["penalty"] - update.metrics["wasserstein"]
        torch.testing.assert_close(update.loss.detach(), wanted)
        assert float(update.metrics["penalty"]) > 0


@pytest.mark.parametrize("data", ["digits", "ring"])
def test_the_critics_slope_is_each_pictures_own(data, small):
    # A19: batch normalisation in the critic, or one norm over the batch, mixes pictures
    here = small("wgan-gp")
    here.source = choose(data)
    model = here.build().train()
    items = torch.randn(8, *model.spec.shape, generator=torch.Generator().manual_seed(0))
    together = penalty.slopes(model.critic, items)
    alone = torch.cat([penalty.slopes(model.critic, item) for item in items.split(1)])
    torch.testing.assert_close(together, alone)


def test_dropout_is_on_while_players_learn_and_off_when_pictures_are_asked_for(small):
    # A9: tf.layers.dropout without training=True does nothing at all
    for here in (small("dcgan-mnist"), small("acgan"), small("gan", dropout=0.5)):
        trainer = here.trainer(average=0)
        model, seen = trainer.model, set()

        def note(_: nn.Module, given: tuple[Tensor], out: Tensor, seen: set[bool] = seen) -> None:
            seen.add(torch.equal(given[0], out))

        for module in model.modules():
            if isinstance(module, nn.Dropout):
                module.register_forward_hook(note)
        trainer.advance()
        assert seen == {False}
        seen.clear()
        model.sample(4)
        assert seen <= {True}
        assert model.training


@pytest.mark.parametrize("name", ADVERSARIES)
def test_a_picture_does_not_depend_on_those_drawn_beside_it(name, small):
    # A18: batch statistics always of the batch at hand, so that a lone sample is grey
    here = small(name)
    trainer = here.trainer(average=0)
    trainer.advance()  # running statistics are no longer those of the start
    model = trainer.model.eval()
    noise = model.noise(9)
    given = (torch.arange(9) % 10,) if name in ("acgan", "acgan-early", "cgan") else ()
    with torch.no_grad():
        together = model.generate(noise, *given)
        alone = [model.generate(noise[i : i + 1], *(x[i : i + 1] for x in given)) for i in range(9)]
    torch.testing.assert_close(torch.cat(alone), together, rtol=1e-4, atol=1e-5)
    assert float((together[0] - together[1]).abs().max()) > 1e-4


@pytest.mark.parametrize("name", ["acgan", "dcgan", "dcgan-mnist"])
def test_samples_use_the_statistics_of_training(name, small):
    model = small(name).build()
    norms = [m for m in model.generator.modules() if hasattr(m, "running_mean")]
    before = model.sample(3)
    norms[0].running_mean += 1
    assert not torch.equal(model.sample(3), before)


def test_autoencoder_codes_are_linear_and_pictures_pass_through_them(small):
    # A13: a ReLU on the code would lose all negative values
    here = small("autoencoder")
    model, batch = here.build(), batch_of(here, 100)
    codes = model.encode(batch.image)
    assert codes.shape == (100, 3) and codes.min() < 0 < codes.max()
    assert torch.equal(model.decode(codes), model.reconstruct(batch.image))
    found = model.evaluate(batch)
    error = ((model.reconstruct(batch.image) - batch.image) / 2).square()  # on [0, 1]
    assert float(found["pixel_error"]) == pytest.approx(float(error.mean()), rel=1e-4)
    assert float(found["reconstruction"]) == pytest.approx(4 * 64 * float(error.mean()), rel=1e-4)


def test_the_vaes_terms_are_nats_a_picture(small):
    # A14: pixels summed, not averaged (64 times less), and KL summed over the code
    here = small("vae", latent=4, beta=0.5)
    model, batch = here.build(), batch_of(here)
    mean, log_variance = torch.tensor([1.0, -2.0, 0.0, 0.5]), torch.tensor([0.0, 1.0, -1.0, 0.3])
    with torch.no_grad():
        for player in (model.encoder, model.decoder):
            last = player.network[-1]
            last.weight.zero_(), last.bias.zero_()
        model.encoder.network[-1].bias.copy_(torch.cat([mean, log_variance]))
    kl = 0.5 * float((mean**2 + log_variance.exp() - 1 - log_variance).sum())
    update = turns(model, batch)[0]
    assert float(update.metrics["reconstruction"]) == pytest.approx(64 * math.log(2), rel=1e-5)
    assert float(update.metrics["kl"]) == pytest.approx(kl, rel=1e-5)
    assert update.loss.item() == pytest.approx(64 * math.log(2) + 0.5 * kl, rel=1e-5)
    # the batch is averaged: twice the pictures, the same figures
    twice = Images(torch.cat([batch.image, batch.image]))
    assert turns(model, twice)[0].loss.item() == pytest.approx(update.loss.item(), rel=1e-5)
    # the bound does not know beta
    found = model.evaluate(batch)
    assert float(found["bernoulli_bound"]) == pytest.approx(-64 * math.log(2) - kl, rel=1e-5)


def test_the_vaes_noise_has_the_codes_deviation(small):
    # breaks when exp(v) is taken for exp(v / 2), or one draw serves the whole batch
    model = small("vae", latent=2).build()
    with torch.no_grad():
        last = model.encoder.network[-1]
        last.weight.zero_()
        last.bias.copy_(torch.tensor([3.0, -1.0, 2 * math.log(0.5), 2 * math.log(2.0)]))
    codes: list[Tensor] = []
    model.decoder.register_forward_pre_hook(lambda _, x: codes.append(x[0].detach()))
    turns(model, Images(torch.rand(4000, 1, 8, 8)))
    assert codes[0].mean(0).tolist() == pytest.approx([3, -1], abs=0.15)
    assert codes[0].std(0).tolist() == pytest.approx([0.5, 2], rel=0.05)


@pytest.mark.parametrize("name", ["autoencoder", "mnist-mlp", "vae"])
def test_no_picture_is_both_learned_from_and_tested_on(name, small, tmp_path, monkeypatch):
    # A14, A20: 70,000 pictures of MNIST, the test set included, were trained on
    here = small(name)
    learned: set[bytes] = set()
    tested: list[set[bytes]] = []
    original = {"updates": here.kind.updates, "evaluate": here.kind.evaluate}

    def pictures(batch: Any) -> set[bytes]:
        return {picture.numpy().tobytes() for picture in batch.image.mul(100).round().byte()}

    def updates(self: Any, batch: Any, step: int) -> Any:
        learned.update(pictures(batch))
        yield from original["updates"](self, batch, step)

    @functools.wraps(here.kind.evaluate)
    def evaluate(self: Any, batch: Any, **more: Any) -> Any:
        tested.append(pictures(batch))
        return original["evaluate"](self, batch, **more)

    monkeypatch.setattr(here.kind, "updates", updates)
    monkeypatch.setattr(here.kind, "evaluate", evaluate)
    for _ in follow(here.run(tmp_path / "run", steps=12, batch_size=128, sample_every=12)):
        pass
    assert len(learned) >= 1500 and len(set().union(*tested)) == 297
    assert not learned & set().union(*tested)


def test_each_turn_sees_the_weights_that_the_turn_before_has_moved(small):
    # breaks when both losses are computed before anybody moves
    here = small("gan", learning_rate=0.05)
    trainer = here.trainer(average=0)
    frozen = copy.deepcopy(trainer.model)
    reported = trainer.advance().read()
    from liangyi.core import draw

    with draw.step(0, 0, torch.device("cpu")):
        unmoved = list(frozen.updates(trainer.stream.batch(0), 0))
    assert reported["discriminator"] == pytest.approx(unmoved[0].loss.item(), rel=1e-6)
    assert reported["generator"] != pytest.approx(unmoved[1].loss.item(), rel=1e-3)


class Fixed(nn.Module):
    """A network that always says the same."""

    def __init__(self, answer: Tensor) -> None:
        super().__init__()
        self.answer = nn.Parameter(answer)

    def forward(self, image: Tensor) -> Tensor:
        return self.answer * 1
