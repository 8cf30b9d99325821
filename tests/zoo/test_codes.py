"""Autoencoders and VAEs: what their papers say, and the known mistakes of the originals."""

from __future__ import annotations

import dataclasses
import math

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from conftest import batch_of, follow
from liangyi.core import draw, registry
from liangyi.core.batch import Images
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.core.spec import Pixels, Spec
from liangyi.metrics.bounds import importance_weighted
from liangyi.zoo.codes.conv_autoencoder import ConvAutoencoder

AUTOENCODERS = ("autoencoder", "simple-autoencoder", "conv-autoencoder")
VAES = ("vae", "conv-vae", "iwae")


def loss_of(model, batch, step: int = 0) -> torch.Tensor:
    with draw.step(0, step, model.device):
        (turn,) = list(model.updates(batch, step))
    assert isinstance(turn, Update) and turn.loss is not None
    return turn.loss


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_encoder_and_decoder_are_models_that_share_weights(name, small):
    # breaks when decode or reconstruct uses other weights than those that learn
    here = small(name)
    model, batch = here.build(), batch_of(here)
    before = model.encode(batch.image)
    loss_of(model, batch).backward()
    torch.optim.SGD(model.parameters(), lr=0.1).step()
    code = model.encode(batch.image)
    assert not torch.equal(code, before) and code.dim() == 2
    assert torch.equal(model.decode(code), model.reconstruct(batch.image))
    owned = [weight.data_ptr() for weight in model.parameters()]
    parts = [*model.encoder.parameters(), *model.decoder.parameters()]
    assert owned == [weight.data_ptr() for weight in parts]


def test_the_simple_one_is_linear_but_for_its_code(small):
    # the layers before the code are one linear map, and so are those after it, before the sigmoid
    model = small("simple-autoencoder").build()
    one, two, middle = torch.rand(3, 5, *model.spec.shape).unbind()
    linear = model.encoder.network[:-1]
    mixed = linear((0.3 * one + 0.7 * two).flatten(1))
    parts = 0.3 * linear(one.flatten(1)) + 0.7 * linear(two.flatten(1))
    torch.testing.assert_close(mixed, parts, atol=1e-5, rtol=1e-4)
    assert (model.encode(middle) >= 0).all()


def test_the_cross_entropy_is_keras_own(small):
    # breaks when a sum is taken for a mean, or logits for probabilities (a second sigmoid)
    here = small("simple-autoencoder")
    model, batch = here.build(), batch_of(here)
    found = model.evaluate(batch)
    p, x = model.reconstruct(batch.image).double(), batch.image.double()
    wanted = -(x * p.log() + (1 - x) * (1 - p).log()).mean()
    assert float(found["cross_entropy"]) == pytest.approx(float(wanted), rel=1e-4)
    assert float(found["cross_entropy_bits"]) == pytest.approx(
        float(wanted) / math.log(2), rel=1e-4
    )
    assert float(found["reconstruction"]) == pytest.approx(float(wanted) * x[0].numel(), rel=1e-4)
    right = ((p > 0.5) == (x == 1)).double().mean()
    assert float(found["pixel_accuracy"]) == pytest.approx(float(right), abs=1e-6)


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_the_pixel_error_is_on_the_scale_of_black_to_white(name, small):
    # breaks when the width of a model's range is forgotten: 4 times too much in (-1, 1)
    here = small(name)
    model, batch = here.build(), batch_of(here)
    low, high = model.image_range
    again, true = ((x - low) / (high - low) for x in (model.reconstruct(batch.image), batch.image))
    wanted = (again - true).square().mean()
    assert float(model.evaluate(batch)["pixel_error"]) == pytest.approx(float(wanted), rel=1e-4)


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_noise_goes_in_and_the_clean_picture_is_wanted(name, small):
    here = small(name, noise=0.25)
    model, batch = here.build(), batch_of(here, 1000)
    low, high = model.image_range
    with draw.step(0, 0, model.device):
        away = (model.corrupted(batch.image) - batch.image) / (high - low)
    assert float(away.std()) == pytest.approx(0.25, rel=0.02) and abs(float(away.mean())) < 0.01
    # a decoder that draws the even middle: the loss asks nothing of what went in
    with torch.no_grad():
        for weight in model.decoder.parameters():
            weight.zero_()
    middle = torch.full_like(batch.image, (low + high) / 2)
    wanted = (middle - batch.image).square().flatten(1).sum(1).mean()
    if name == "simple-autoencoder":
        wanted = torch.tensor(model.spec.size * math.log(2))
    assert loss_of(model, batch).item() == pytest.approx(float(wanted), rel=1e-4)
    # but what went in did move the code
    with draw.step(0, 0, model.device):
        assert not torch.equal(
            model.encoder(model.corrupted(batch.image)), model.encode(batch.image)
        )


@pytest.mark.parametrize("name", AUTOENCODERS)
def test_without_noise_nothing_is_drawn(name, small):
    model = small(name).build()
    image = torch.rand(2, *model.spec.shape)
    assert model.corrupted(image) is image


@pytest.mark.parametrize("side", [16, 28, 40, 52, 64])
def test_the_convolutions_find_back_to_the_pictures_size(side):
    model = ConvAutoencoder(ConvAutoencoder.Config(), Spec("image", image=Pixels(3, side, 28)))
    assert model.reconstruct(torch.zeros(2, 3, side, 28)).shape == (2, 3, side, 28)


@pytest.mark.parametrize("side", [3, 4, 8, 15, 27, 29, 32])
def test_other_sizes_are_refused_by_name(side):
    with pytest.raises(UserError) as told:
        ConvAutoencoder(ConvAutoencoder.Config(), Spec("image", image=Pixels(1, side, 28)))
    assert told.value.setting == "size"


@pytest.mark.parametrize("name", VAES)
def test_the_cost_of_each_code_value_is_the_divergence(name, small):
    # breaks by the wrong sign of a widespread comment, or a forgotten half
    here = small(name)
    model, batch = here.build(), batch_of(here)
    with torch.no_grad():
        mean, log_variance = model.encoder(batch.image).chunk(2, 1)
    law = Normal(mean, (log_variance / 2).exp())
    wanted = kl_divergence(law, Normal(torch.zeros(1), torch.ones(1)))
    torch.testing.assert_close(model.kl(batch.image), wanted, atol=1e-5, rtol=1e-4)
    total = float(model.evaluate(batch)["kl"])
    assert total == pytest.approx(float(wanted.sum(1).mean()), rel=1e-4)


@pytest.mark.parametrize("name", VAES)
def test_drawn_costs_are_the_divergence_on_average(name, small):
    here = small(name)
    model, batch = here.build(), batch_of(here)
    with torch.no_grad(), draw.step(0, 0, model.device):
        likelihood, cost = model.weighed(batch.image, 4000)
    assert likelihood.shape == cost.shape == (4000, 6)
    away = 4 * cost.std(0) / 4000**0.5 + 1e-4
    assert ((cost.mean(0) - model.kl(batch.image).sum(1)).abs() < away).all()


def test_one_draw_is_the_vaes_bound_and_the_bound_grows_with_draws(small):
    here = small("iwae")
    model, batch = here.build(), batch_of(here, 200)
    with torch.no_grad():
        for weight in model.parameters():
            weight.mul_(2)  # with lively weights draws differ
        elbo = model.evaluate(batch)["bernoulli_bound"]
        one = float(model.bound(batch, draws=1).mean())
        bounds = [float(model.bound(batch, draws=k).mean()) for k in (1, 5, 50, 120)]
    assert one == pytest.approx(float(elbo), rel=0.02)
    assert bounds == sorted(bounds)


def test_the_gradient_weighs_each_draw(small):
    # equation 13: sum_k w_k grad log w_k, with the weights held still
    here = small("iwae", draws=7)
    model, batch = here.build(), batch_of(here)
    loss_of(model, batch).backward()
    found = [weight.grad.clone() for weight in model.parameters()]
    model.zero_grad()
    with draw.step(0, 0, model.device):
        likelihood, cost = model.weighed(batch.image, 7)
    log_weights = likelihood - cost
    share = log_weights.detach().softmax(0)
    (-(share * log_weights).sum(0).mean()).backward()
    for one, weight in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(one, weight.grad, atol=1e-5, rtol=1e-3)


def test_the_stages_are_the_papers():
    # section 5: rate 10^(-i/7) for 3^i passes, i = 0 ... 7, 3,280 in all
    kind = registry.find("iwae")
    with torch.device("meta"):
        spec = Spec("image", image=Pixels(1, 28, 28))
        model = kind(kind.Config(stage=3000), spec)
    rates = [model.schedule("model", 3000 * passes) for passes in range(3280)]
    for stage in range(8):
        first = (3**stage - 1) // 2
        for passes in (first, first + 3**stage - 1):
            assert rates[passes] == pytest.approx(10 ** (-stage / 7))
    assert kind.recipe.steps == 3280 * kind.Config().stage
    assert kind.fitted(kind.Config(), 32_800).stage == 10
    still = kind.fitted(dataclasses.replace(kind.Config(), stage=0), 5)
    assert still.stage == 0 and kind(still, small_spec()).schedule("model", 10**6) == 1


def small_spec() -> Spec:
    return Spec("image", image=Pixels(1, 4, 4))


def test_beta_weighs_the_cost_alone(small):
    for name in VAES:
        losses = []
        for beta in (0.0, 1.0, 3.0):
            here = small(name, beta=beta, **({"draws": 1} if name == "iwae" else {}))
            losses.append(loss_of(here.build(), batch_of(here)).item())
        assert losses[2] - losses[0] == pytest.approx(3 * (losses[1] - losses[0]), rel=1e-3), name


def test_the_manifold_is_even_in_the_prior(small):
    model = small("vae", latent=3).build()
    rows = model.manifold(side=5, across=2, up=0)
    assert rows.shape == (5, 5, *model.spec.shape)
    normal = Normal(0.0, 1.0)
    code = torch.zeros(1, 3)
    code[0, 2] = normal.icdf(torch.tensor(0.9))  # the rightmost column
    code[0, 0] = normal.icdf(torch.tensor(0.7))  # the second row from the top
    torch.testing.assert_close(rows[1, 4][None], model.decode(code), atol=1e-5, rtol=1e-4)
    with pytest.raises(UserError) as told:
        model.manifold(up=3)
    assert told.value.setting == "up"


def test_what_no_code_can_tell_is_a_bound_that_is_exact():
    # the bound of a decoder that ignores its code, with the prior as posterior, is the likelihood
    kind = registry.find("vae")
    model = kind(kind.Config(widths=(8,), latent=2), small_spec())
    with torch.no_grad():
        model.encoder.network[-1].weight.zero_()
        model.encoder.network[-1].bias.zero_()
        model.decoder.network[-1].weight.zero_()
        model.decoder.network[-1].bias.fill_(0.4)
    image = (torch.rand(9, 1, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.5).float()
    p = torch.tensor(0.4).sigmoid()
    wanted = (image * p.log() + (1 - image) * (1 - p).log()).flatten(1).sum(1)
    torch.testing.assert_close(model.bound(Images(image), draws=3), wanted, atol=1e-4, rtol=1e-5)
    assert (model.kl(image) == 0).all()


def test_keras_keeps_its_test_digits_and_so_do_we(small, tmp_path):
    # the example trained on all 70,000; a run reports on pictures that no step saw
    here = small("conv-vae")
    run = here.run(tmp_path / "run")
    for _ in follow(run):
        pass
    train, test = here.source.split("train"), here.source.split("test")
    assert test is not None and run.plain["items"] == train.size < train.size + test.size
    assert "test/bernoulli_bound" in run.lines()[-1]


def test_weights_of_equal_draws_change_nothing():
    log_weights = torch.tensor([[-3.0, 2.0]]).expand(6, 2)
    torch.testing.assert_close(importance_weighted(log_weights), torch.tensor([-3.0, 2.0]))
