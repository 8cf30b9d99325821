"""What each of the small adversarial papers changed, and packs for all of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import softplus

from conftest import batch_of
from liangyi.core import draw, registry
from liangyi.core.batch import Points
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update
from liangyi.core.spec import Pixels, Spec, Vector
from liangyi.data import choose
from liangyi.losses import energy, penalty
from liangyi.losses.divergence import DIVERGENCES
from liangyi.nets.adversary import Packed, opened
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.began import BEGAN, BEGANConfig
from liangyi.zoo.adversarial.dragan import DRAGAN, DRAGANConfig
from liangyi.zoo.adversarial.r3gan import R3GAN, R3GANConfig

PLANE = Spec("point", point=Vector(2))
# the networks of tutorials and of the first paper stay as they are; a pyramid has many adversaries
PLAIN = {"dcgan-mnist", "dcgan-beginners", "dcgan-cs231n", "dcgan-tanh", "gan-original", "lapgan"}
PACKING = [name for name in registry.families()["adversarial"] if name not in PLAIN]


def network_of(model: Model) -> torch.nn.Module:
    found: torch.nn.Module = getattr(model, "critic", None) or model.discriminator
    return found


def turns(model: Model, batch: Any) -> list[Any]:
    with draw.step(0, 0, torch.device("cpu")):
        return list(model.updates(batch, 0))


def test_clipping_holds_all_weights_of_the_critic_and_nobody_elses(small):
    # breaks when the first critic turn's weights, or those of the last, stay unclipped
    trainer = small("wgan", clip=0.02).trainer(average=0)
    apart = [float(w.detach().abs().max()) for w in trainer.model.generator.parameters()]
    assert max(apart) > 0.02
    for _ in trainer.run(2):
        largest = max(float(w.detach().abs().max()) for w in trainer.model.critic.parameters())
        assert largest == pytest.approx(0.02)
        assert (
            max(float(w.detach().abs().max()) for w in trainer.model.generator.parameters()) > 0.1
        )


def test_the_generator_meets_a_clipped_critic(small):
    here = small("wgan", clip=0.02)
    model, seen = here.build(), []
    for update in turns(model, batch_of(here)):
        seen.append(max(float(w.detach().abs().max()) for w in model.critic.parameters()))
        assert isinstance(update, Update)
    # nobody moves here: the first turn saw the first weights, all later ones the clipped
    assert seen[-1] == pytest.approx(0.02)


def test_players_of_the_wasserstein_gan_have_no_momentum(small):
    trainer = small("wgan").trainer()
    trainer.advance()
    for optimizer in trainer.players.optimizers.values():
        assert isinstance(optimizer, torch.optim.RMSprop)
        assert optimizer.param_groups[0]["momentum"] == 0
    trainer = small("wgan-gp").trainer()  # its child, which has Adam again
    trainer.advance()
    assert all(isinstance(o, torch.optim.Adam) for o in trainer.players.optimizers.values())


def test_r3gans_losses_are_the_papers():
    # arXiv:2501.05441: softplus of the paired difference, and gamma / 2 (R1 + R2)
    model = build(R3GAN, R3GANConfig(latent=4, width=8, penalty=0.5), PLANE, 0)
    real = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
    first, second = turns(model, Points(real))
    with draw.step(0, 0, torch.device("cpu")):
        fake = model.generate(model.noise(16)).detach()

    def squared_slopes(points: Tensor) -> Tensor:
        points = points.clone().requires_grad_()
        (slope,) = torch.autograd.grad(model.critic(points).sum(), points)
        return slope.square().sum(1).mean()

    with torch.no_grad():
        apart = model.critic(real) - model.critic(fake)
    gamma = 0.5 * real.var(0).sum()
    held = gamma / 2 * (squared_slopes(real) + squared_slopes(fake))
    torch.testing.assert_close(first.loss.detach(), softplus(-apart).mean() + held)
    torch.testing.assert_close(second.loss.detach(), softplus(apart).mean())
    shuffled = softplus(-(apart[torch.arange(16) - 1])).mean()
    assert float(shuffled) == pytest.approx(float(softplus(-apart).mean()))  # a mean over pairs


def test_every_layer_of_the_spectral_discriminator_is_normalised_and_nothing_else_is(small):
    model = small("sngan").build()
    layers = [m for m in model.discriminator.modules() if hasattr(m, "parametrizations")]
    weights = [n for n, _ in model.discriminator.named_parameters() if "bias" not in n]
    assert len(layers) == len(weights) == sum("original" in name for name in weights)
    assert not any("original" in name for name, _ in model.generator.named_parameters())


def test_spectral_estimates_are_kept_and_the_average_has_the_models_own(small):
    trainer = small("sngan").trainer(average=0.9)
    for _ in trainer.run(3):
        pass
    tensors, plain = trainer.state()
    vectors = [name for name in tensors if name.endswith(("._u", "._v"))]
    assert len(vectors) == 2 * 2 * 3  # two for each of three layers, of model and average
    for name in vectors:
        if name.startswith("model/"):
            assert torch.equal(tensors[name], tensors[name.replace("model/", "averaged/", 1)])
    other = small("sngan").trainer(average=0.9)
    other.restore({name: value.clone() for name, value in tensors.items()}, plain)
    assert other.advance().read() == trainer.advance().read()


@pytest.mark.parametrize("name", ["sngan", "began"])
def test_a_compiled_step_moves_buffers_as_an_eager_one(name):
    # breaks when power iteration or the balance is frozen into the compiled function
    kind = registry.find(name)

    def ending(word: str) -> tuple[dict[str, float], dict[str, Tensor]]:
        data = choose("ring")
        model = build(kind, kind.Config(width=8, latent=4), data.spec(), 0)
        from liangyi.core.config import Training
        from liangyi.data import Batches

        stream = Batches(data.split(), model.Batch, 32, 0, "cpu", model.image_range)
        training = Training(steps=6, batch_size=32, device="cpu", compile=word, examine_every=0)
        *_, last = Trainer(model, stream, training).run()
        return last.read(), dict(model.named_buffers())

    eager, compiled = ending("off"), ending("on")
    assert compiled[0] == pytest.approx(eager[0], rel=1e-3, abs=1e-5)
    for buffer, value in eager[1].items():
        torch.testing.assert_close(compiled[1][buffer], value, rtol=1e-3, atol=1e-5)
        if name == "began":
            assert float(value) != 0


def test_relativistic_means_want_the_whole_batch(small):
    for name in ("ragan", "ebgan", "began"):
        with pytest.raises(UserError, match="one piece"):
            small(name).trainer(accumulate=2)


def test_dragan_looks_around_real_items_only():
    model = build(DRAGAN, DRAGANConfig(latent=4, width=8, around=0.5), PLANE, 0)
    real = 10 + 3 * torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    with draw.step(0, 0, torch.device("cpu")):
        away = model.around(real) - real
    assert away.mean(0).tolist() == pytest.approx([0, 0], abs=0.1)
    assert away.std(0).tolist() == pytest.approx([1.5, 1.5], rel=0.05)
    # each number its own: the corners of a cube only would be a single draw a batch
    assert away.unique().numel() > 7000


def test_dragans_penalty_is_part_of_the_one_loss(small):
    here = small("dragan", penalty=7.0)
    first = turns(here.build(), batch_of(here))[0]
    wanted = first.metrics["discriminator"] + 7 * first.metrics["penalty"]
    torch.testing.assert_close(first.loss.detach(), wanted)


@pytest.mark.parametrize("data", ["digits", "ring"])
def test_energies_are_each_items_own_and_low_for_what_can_be_rebuilt(data, small):
    here = small("ebgan")
    here.source = choose(data)
    model = here.build().train()
    items = torch.rand(6, *model.spec.shape)
    together = model.critic(items)
    torch.testing.assert_close(together, torch.cat([model.critic(item) for item in items.split(1)]))
    rebuilt = model.critic.decoder(model.critic.encoder(items))
    torch.testing.assert_close(together, (rebuilt - items).square().flatten(1).mean(1))
    assert torch.equal(model.judgement((items,)), -together)


def test_began_moves_both_at_once_and_then_its_balance():
    model = build(BEGAN, BEGANConfig(latent=4, width=8, balance_rate=0.5), PLANE, 0)
    real = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
    (pair,) = turns(model, Points(real))
    assert [update.player for update in pair] == [model.critic, model.generator]
    with draw.step(0, 0, torch.device("cpu")):
        model.noise(16)  # the critic's
        drawn = model.generate(model.noise(16))
    moved = 0.5 * energy.imbalance(model.critic(real), model.critic(drawn), 0.5)
    assert float(model.balance) == pytest.approx(min(1.0, max(0.0, float(moved))), rel=1e-5)
    model.follow(torch.tensor(9.0))
    assert float(model.balance) == 1
    model.follow(torch.tensor(-9.0))
    assert float(model.balance) == 0


@pytest.mark.parametrize("name", list(DIVERGENCES))
def test_both_players_of_an_f_gan_follow_one_value_at_the_same_weights(name, small):
    # the single-step method of algorithm 1: breaks when the critic moves before the generator looks
    here = small("f-gan", divergence=name)
    (pair,) = turns(here.build(), batch_of(here))
    assert torch.equal(pair[0].loss, -pair[1].loss)
    trainer = here.trainer(average=0)
    for report in trainer.run(3):
        assert all(torch.isfinite(torch.tensor(list(report.read().values()))))


@pytest.mark.parametrize("name", PACKING)
@pytest.mark.parametrize("data", ["digits", "ring"])
def test_every_adversary_judges_packs(name, data, small):
    # PacGAN is an option of all: breaks when a new one forgets it, or its penalty unpacks
    here = small(name, pack=3)
    here.source = choose(data)
    if not any(here.source.spec().serves(kind) for kind in here.kind.eats):
        return
    model = here.build()
    assert isinstance(network_of(model), Packed)
    for report in here.trainer(batch_size=16, average=0).run(2):
        assert all(torch.isfinite(torch.tensor(list(report.read().values()))))
    assert model.judgement((torch.rand(6, *model.spec.shape),)).numel() == 2


def test_the_slope_of_a_pack_is_one_vector():
    # breaks when the items of a pack are penalised one by one: (|w| - 1)^2 of parts, not the whole
    packed = Packed(torch.nn.Linear(6, 1), 3)
    judge, (packs,) = opened(packed, torch.randn(6, 2))
    length = float(judge.weight.detach().norm())
    assert penalty.slopes(judge, packs).tolist() == pytest.approx([length, length], rel=1e-5)
    plain = torch.nn.Linear(2, 1)
    assert opened(plain, packs)[0] is plain


def test_pictures_of_a_pack_are_judged_by_an_autoencoder_of_all_their_channels():
    kind = registry.find("began")
    spec = Spec("image", image=Pixels(3, 16, 16))
    model = build(kind, kind.Config(width=4, latent=4, pack=2), spec, 0)
    assert model.critic(torch.rand(4, 3, 16, 16)).shape == (2,)
    assert model.critic.network.decoder(torch.rand(2, 4)).shape == (2, 6, 16, 16)
