"""SRResNet and SRGAN: where they begin, what they cost, what they want, and what they refuse."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn
from torch.nn.functional import interpolate, l1_loss, mse_loss

from conftest import batch_of
from liangyi import data
from liangyi.core.batch import detached
from liangyi.core.errors import UserError
from liangyi.metrics.perceptual import perceptual_distance
from liangyi.nets.upscaling import Upscaling, bicubic
from liangyi.runs.building import build
from liangyi.runs.origin import Origin
from liangyi.runs.tuning import config_of
from liangyi.zoo.vision.srgan import SRGAN, discriminator
from liangyi.zoo.vision.srresnet import SRResNet, SRResNetConfig


def trained_of(model):
    """Give the layer that begins at 0 some weights."""
    torch.manual_seed(0)
    for weight in model.generator.parameters():
        if not weight.any():
            nn.init.normal_(weight, 0, 0.01)
    return model


@pytest.mark.parametrize("steps", ["one", "doublings"])
@pytest.mark.parametrize("factor", [2, 4])
def test_it_begins_as_the_bicubic_enlargement(steps, factor):
    low = torch.randn(2, 3, 9, 7)
    large = Upscaling(3, factor, 8, 2, steps)(low)
    assert large.shape == (2, 3, 9 * factor, 7 * factor)
    assert torch.equal(large, bicubic(low, factor))


def test_the_paper_s_generator_has_its_weights():
    # 64 channels, 16 blocks, x4, without batch normalisation and PReLU: EDSR's baseline has a
    # window of 3 where this has 9
    layer = lambda i, o, k: (i * k * k + 1) * o  # noqa: E731
    body = layer(3, 64, 9) + 33 * layer(64, 64, 3)
    wanted = body + 2 * layer(64, 256, 3) + layer(64, 3, 9)
    network = Upscaling(3, 4, 64, 16, "doublings")
    assert sum(weight.numel() for weight in network.parameters()) == wanted
    ours = Upscaling(3, 4, 64, 8, "one")
    wanted = layer(3, 64, 9) + 17 * layer(64, 64, 3) + layer(64, 48, 3)
    assert sum(weight.numel() for weight in ours.parameters()) == wanted == 671_088


def test_a_factor_of_three_is_made_at_once():
    assert Upscaling(1, 3, 4, 1, "one")(torch.zeros(1, 1, 5, 5)).shape == (1, 1, 15, 15)
    with pytest.raises(UserError, match="3 is not made of doublings") as told:
        Upscaling(1, 3, 4, 1, "doublings")
    assert told.value.setting == "factor"


@pytest.mark.parametrize(("content", "loss"), [("absolute", l1_loss), ("squared", mse_loss)])
def test_the_content_loss_is_of_pixels(content, loss, small):
    here = small("srresnet", content=content)
    model, batch = trained_of(here.build()), batch_of(here)
    (update,) = model.updates(batch, 0)
    assert update.loss.item() == pytest.approx(loss(model.generator(batch.low), batch.image).item())


def test_decibels_are_of_the_luma_without_the_border(small):
    here = small("srresnet")
    model, batch = trained_of(here.build()), batch_of(here)
    found = model.evaluate(batch)

    def decibels(image):
        weights = torch.tensor([65.481, 128.553, 24.966]).view(3, 1, 1)
        ours, right = (((x + 1) / 2 * weights).sum(1)[:, 2:-2, 2:-2] for x in (image, batch.image))
        errors = (ours - right).square().mean((1, 2))
        return float((10 * torch.log10(255**2 / errors)).mean())

    ours, smooth = model.upscale(batch.low), bicubic(batch.low, 2).clamp(-1, 1)
    assert float(found["psnr"]) == pytest.approx(decibels(ours), abs=1e-3)
    gain = decibels(ours) - decibels(smooth)
    assert float(found["psnr_gain"]) == pytest.approx(gain, abs=2e-3)


def test_the_rate_falls_to_zero_over_the_whole_training(small):
    trainer = small("srresnet").trainer(steps=20)
    rates = [trainer.model.schedule("generator", step) for step in (0, 10, 20, 30)]
    assert rates == pytest.approx([1, 0.5, 0, 0])
    assert small("srresnet").build().schedule("generator", 10**6) == 1


def test_another_factor_is_refused(small):
    here = small("srresnet")
    model, batch = here.build(), batch_of(here)
    assert torch.equal(model.upscale(batch.low, factor=2), model.upscale(batch.low))
    with pytest.raises(UserError, match="enlarge by 2; for 3 train one: --factor 3") as told:
        model.upscale(batch.low, factor=3)
    assert told.value.setting == "factor"


def test_the_adversarial_turns_are_the_papers(small):
    here = small("srgan", adversarial_weight=0.5, perceptual_weight=2.0, content_weight=3.0)
    model, batch = trained_of(here.build()), batch_of(here)
    turns = model.updates(batch, 0)
    first = next(turns)
    fake = model.generator(batch.low)
    with torch.no_grad():
        real, false = (model.discriminator(x)[:, 0] for x in (batch.image, fake))
        wanted = -(real.sigmoid().log().mean() + (1 - false.sigmoid()).log().mean())
    assert first.player is model.discriminator
    assert first.loss.item() == pytest.approx(float(wanted), rel=1e-4)
    second = next(turns)
    seen = [model.features(x) for x in (fake, batch.image)]
    total = (
        3 * l1_loss(fake, batch.image)
        + 2 * perceptual_distance(*seen).mean()
        - 0.5 * model.discriminator(fake).sigmoid().log().mean()
    )
    assert second.player is model.generator
    assert second.loss.item() == pytest.approx(total.item(), rel=1e-4)


def test_the_generator_follows_the_adversary_and_the_classifier(small):
    # breaks when either is cut off from it, as by a picture that was detached
    for name in ("adversarial", "perceptual", "content"):
        weights = {f"{part}_weight": 1e-9 for part in ("adversarial", "perceptual", "content")}
        here = small("srgan", **{**weights, f"{name}_weight": 1.0})
        model, batch = trained_of(here.build()), batch_of(here)
        *_, update = model.updates(batch, 0)
        update.loss.backward()
        first = next(model.generator.parameters()).grad
        assert float(first.abs().max()) > 1e-7, name


def test_what_is_detached_teaches_nobody(small):
    here = small("srgan")
    model, batch = here.build(), batch_of(here)
    fake = detached(model.generated(6, batch))
    assert not fake.image.requires_grad and torch.equal(fake.low, batch.low)


def test_the_discriminator_is_figure_four():
    layers = discriminator((3, 96, 96), 64)
    convolutions = [m for m in layers if isinstance(m, nn.Conv2d)]
    assert [(m.out_channels, m.stride[0]) for m in convolutions] == [
        (64, 1), (64, 2), (128, 1), (128, 2), (256, 1), (256, 2), (512, 1), (512, 2),
    ]  # fmt: skip
    assert len([m for m in layers if isinstance(m, nn.BatchNorm2d)]) == 7
    first, last = [m for m in layers if isinstance(m, nn.Linear)]
    assert (first.in_features, first.out_features, last.out_features) == (512 * 36, 1024, 1)
    assert discriminator((1, 17, 30), 4)(torch.zeros(2, 1, 17, 30)).shape == (2, 1)


def test_an_srgan_begins_with_an_srresnet(small, tmp_path):
    # breaks when the settings that both have are not taken over, or the discriminator is missed
    before = small("srresnet", blocks=2).run("before")
    config = config_of(before, SRGAN)
    assert (config.blocks, config.width) == (2, 8)
    model, other = small("srgan", blocks=2).build(), trained_of(before.build())
    assert Origin.of("before", other, 0).into(model) == ("discriminator",)
    for one, two in zip(model.generator.parameters(), other.generator.parameters(), strict=True):
        assert torch.equal(one, two)
    with pytest.raises(UserError, match="of no use to a srresnet"):
        config_of(small("srgan").run("after"), SRResNet)


def test_the_distance_is_of_directions():
    maps = torch.randn(2, 5, 4, 4, generator=torch.Generator().manual_seed(0))
    assert perceptual_distance([maps], [3 * maps]).tolist() == pytest.approx([0, 0], abs=1e-6)
    assert perceptual_distance([maps, maps], [-maps, maps]).tolist() == pytest.approx([2, 2])
    one, other = torch.eye(2).view(2, 2, 1, 1)
    assert perceptual_distance([one[None]], [other[None]]).item() == pytest.approx(2)
    turned = torch.tensor([math.cos(0.3), math.sin(0.3)]).view(1, 2, 1, 1)
    found = perceptual_distance([one[None]], [turned]).item()
    assert found == pytest.approx(2 - 2 * math.cos(0.3), abs=1e-6)


def test_it_learns_more_than_the_bicubic_filter_knows(small):
    # a picture of stripes that bicubic enlargement blurs; breaks when what is added has no effect
    source = data.choose("patches", size=16, factor=2, photographs=None)
    model = build(SRResNet, SRResNetConfig(width=16, blocks=1), source.spec(), 0)
    image = torch.where((torch.arange(64) // 2 % 2 == 0).expand(1, 3, 64, 64), 1.0, -1.0)
    low = interpolate(image, scale_factor=0.5, mode="bicubic", antialias=True)
    optimizer = torch.optim.Adam(model.generator.parameters(), 2e-3)
    losses = []
    for _ in range(120):
        (update,) = model.updates(model.Batch(low, image), 0)
        optimizer.zero_grad()
        update.loss.backward()
        optimizer.step()
        losses.append(update.loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_pictures_of_which_the_border_leaves_nothing_are_told():
    # breaks when figures of no pixel are taken: they are not numbers
    spec = data.choose("patches", size=16, factor=8).spec()
    with pytest.raises(UserError, match="without a border of 8 pixels: none is left") as caught:
        SRResNet(SRResNetConfig(width=4, blocks=0), spec)
    assert (caught.value.setting, caught.value.better) == ("size", 64)
    found = SRResNet(SRResNetConfig(width=4, blocks=0),
                     data.choose("patches", size=24, factor=8).spec())  # fmt: skip
    low, image = torch.zeros(1, 3, 3, 3), torch.rand(1, 3, 24, 24)
    assert all(figure.isfinite() for figure in found.evaluate(found.Batch(low, image)).values())
