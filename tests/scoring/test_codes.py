"""Pictures that passed through a code: against themselves, and what the model's own bound says."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from liangyi.core.batch import Images
from liangyi.core.model import verb
from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.pictures import psnr, ssim
from liangyi.runs.cards import kept
from liangyi.scoring import score
from liangyi.scoring.scorers import codes
from liangyi.zoo.codes.autoencoder import Autoencoder
from liangyi.zoo.codes.bigan import BiGAN
from liangyi.zoo.codes.vae import VAE

from .conftest import named, subject_of


@pytest.fixture
def autoencoder(run_of):
    return run_of("autoencoder", "digits")


@pytest.fixture
def vae(run_of):
    return run_of("vae", "digits")


def held_out(run) -> Dataset:
    data = run.source().split("test")
    assert isinstance(data, Dataset)
    return data


def pictures(run, count: int) -> Tensor:
    data = held_out(run)
    (image,) = data.batch(Images, data.subset(count), value_range=run.kind.image_range)
    return image


def test_each_card_is_the_figure_of_its_name(autoencoder):
    found = named(score(autoencoder, 100))
    model, real = autoencoder.model(), pictures(autoencoder, 100)
    again = model.reconstruct(real)
    for name, each in (("psnr", psnr(again, real, (-1, 1))), ("ssim", ssim(again, real, (-1, 1)))):
        assert found[name].value == pytest.approx(float(each.mean()), rel=1e-5)
        assert found[name].error == pytest.approx(error.of_mean(each), rel=1e-4)
        assert found[name].better == "higher"
    wanted = float((again - real).square().flatten(1).sum(1).mean())
    assert found["reconstruction"].value == pytest.approx(wanted, rel=1e-4)
    assert found["reconstruction"].better == found["pixel_error"].better == "lower"
    own = {"psnr", "ssim", "reconstruction", "pixel_error", "sharpness", "fine_detail"}
    assert found.keys() == own | {"one_nn_accuracy", "one_nn_accuracy_untrained"}
    for name in own:
        card = found[name]
        assert (card.split, card.real, card.features) == ("test", 100, "pixels")


def test_a_lost_picture_is_worse_than_a_noisy_one_and_that_than_none(autoencoder, monkeypatch):
    def reconstructing(change) -> dict[str, float]:
        monkeypatch.setattr(Autoencoder, "reconstruct", verb(lambda self, image: change(image)))
        found = named(score(autoencoder, 100))
        return {name: found[name].value for name in ("psnr", "ssim")}

    perfect = reconstructing(lambda image: image)
    noisy = reconstructing(lambda image: image + 0.3 * torch.randn(image.shape))
    other = reconstructing(lambda image: image.roll(1, 0))  # another picture
    assert perfect["psnr"] == math.inf and perfect["ssim"] == pytest.approx(1, abs=1e-5)
    assert perfect["psnr"] > noisy["psnr"] > 12 > other["psnr"]
    assert perfect["ssim"] > noisy["ssim"] > other["ssim"]


def test_a_blurred_reconstruction_is_told(autoencoder, monkeypatch):
    def reconstructing(change) -> dict[str, Any]:
        monkeypatch.setattr(Autoencoder, "reconstruct", verb(lambda self, image: change(image)))
        return named(codes.cards(subject_of(autoencoder, 100)))

    perfect = reconstructing(lambda image: image)
    assert perfect["sharpness"].value == pytest.approx(1) and perfect["sharpness"].error == 0
    assert perfect["fine_detail"].value == pytest.approx(perfect["fine_detail"].floor)
    blurred = reconstructing(lambda image: avg_pool2d(image, 3, 1, 1))
    assert blurred["sharpness"].value < 0.3 and blurred["sharpness"].error > 0
    assert blurred["fine_detail"].value < 0.5 * perfect["fine_detail"].value
    # two sets of real pictures are about as sharp as each other
    assert blurred["sharpness"].floor == pytest.approx(1, abs=0.1)


def test_the_models_own_figures_have_errors(autoencoder):
    # by the spread over parts; of independent pictures that is about the usual standard error
    found = named(codes.cards(subject_of(autoencoder, 297)))
    model, real = autoencoder.model(), pictures(autoencoder, 297)
    each = (model.reconstruct(real) - real).square().flatten(1).sum(1)
    card = found["reconstruction"]
    assert card.value == pytest.approx(float(each.mean()), rel=1e-4)
    assert card.error == pytest.approx(error.of_mean(each), rel=0.4) and card.degrees == 24


@pytest.mark.parametrize("count", [10, 25, 51, 77])
def test_no_picture_is_compared_with_itself_alone(run_of, monkeypatch, count):
    # breaks when a part has one picture: the distance to "another" reconstruction is its own
    run, sizes, original = run_of("bigan", "digits"), [], BiGAN.evaluate.__wrapped__

    def evaluate(self, batch):
        sizes.append(len(batch.image))
        return original(self, batch)

    monkeypatch.setattr(BiGAN, "evaluate", verb(evaluate))
    card = named(codes.cards(subject_of(run, count)))["reconstruction_ratio"]
    assert sum(sizes) == count and min(sizes) > 1 and card.value != 1


def test_the_costs_of_a_code_are_counted_and_told(vae, monkeypatch):
    monkeypatch.setattr(
        VAE, "kl", verb(lambda self, image: torch.tensor([[0.5, 2.0, 0.001, 0.02]]).expand(
            len(image), 4)),
    )  # fmt: skip
    card = named(codes.cards(subject_of(vae, 100)))["kl_units"]
    assert card.value == 3 and "2.00 0.50 0.02 0.00" in card.about and card.better == "none"


def test_an_endless_figure_does_not_spoil_the_file(autoencoder, monkeypatch):
    monkeypatch.setattr(Autoencoder, "reconstruct", verb(lambda self, image: image))
    score(autoencoder, 100)
    text = (autoencoder.path / "scores.json").read_text()
    assert "Infinity" not in text and "NaN" not in text
    assert math.isnan(named(kept(autoencoder))["psnr"].value)


def test_a_code_that_can_be_drawn_from_has_bounds_and_pictures_too(vae):
    found = named(score(vae, 250))
    bound, single = found["importance_bound"], found["bernoulli_bound"]
    # the same 250 pictures; the tighter bound is the greater one
    assert bound.real == single.real == 250
    assert single.value < bound.value < 0
    assert bound.better == single.better == "higher"
    assert found["reconstruction"].better == "lower"
    # a posterior that collapsed has the lowest: that is no merit
    assert found["kl"].better == "none"
    terms = found["reconstruction"].value + found["kl"].value
    assert single.value == pytest.approx(-terms, rel=1e-4)
    assert {"frechet", "precision", "memorised", "psnr"} <= found.keys()


def test_grey_pixels_have_no_likelihood(vae):
    # breaks when a cross-entropy with grey pixels is sold as log p(x), or in bits
    found = named(score(vae, 250))
    assert "bits" not in found
    assert "no log-likelihood" in found["importance_bound"].about


def test_black_and_white_pixels_have_a_likelihood(vae, monkeypatch):
    grey = Dataset.batch

    def rounded(*given, **more) -> Images:
        batch = grey(*given, **more)
        return batch._replace(image=batch.image.round())

    monkeypatch.setattr(Dataset, "batch", rounded)
    found = named(codes.cards(subject_of(vae, 250)))
    bound, bits = found["importance_bound"], found["bits"]
    assert "log p(x)" in bound.about
    assert bits.value == pytest.approx(-bound.value / (64 * math.log(2)))
    assert bits.error == pytest.approx(bound.error / (64 * math.log(2)))
    assert bits.better == "lower" and bits.degrees == bound.degrees == 249


def test_active_units_are_those_that_carry_anything(vae, monkeypatch):
    # breaks when a collapsed posterior looks like a working one
    carried = torch.tensor([1.0, 0.0, 1.0, 0.0])
    encode = VAE.encode

    def some(self: VAE, image: Tensor) -> Tensor:
        return encode(self, image) * 0 + image.flatten(1)[:, 27:31] * carried

    monkeypatch.setattr(VAE, "encode", some)
    card = named(score(vae, 250))["active_units"]
    assert card.value == 2 and "of 4" in card.about
    assert (card.real, card.generated, card.better) == (250, 0, "higher")


def test_bounds_look_at_five_hundred_pictures_at_most(vae, monkeypatch):
    monkeypatch.setattr("liangyi.scoring.scorers.codes._BOUND", 40)
    found = named(score(vae, 250))
    assert found["importance_bound"].real == 40
    assert found["active_units"].real == found["bernoulli_bound"].real == 250
