"""Generated pictures: planted real items, noise, one item alone, and copies move the right cards.

The data is `digits`: 1,500 to learn from, in an order that is always the same. Scores of 400 take
the first 400 as real items and the second as floor; the third are planted here as samples.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import math
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from conftest import follow
from liangyi.core import draw, registry
from liangyi.core.batch import Labelled
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.model import verb
from liangyi.data import Dataset, choose
from liangyi.data.pictures.digits import Digits
from liangyi.metrics.error import of_share
from liangyi.scoring import score
from liangyi.scoring.evaluator import evaluator_of
from liangyi.scoring.scorers import pictures
from liangyi.views.nearest import nearest_pairs
from liangyi.zoo.adversarial.gan import GAN

from .conftest import named, subject_of

MANIFOLD = ("precision", "recall", "density", "coverage")
CLASSES = ("classifier_score", "confidence", "class_entropy")


@pytest.fixture
def run(run_of):
    return run_of("gan", "digits")


def other_items(run: Any, number: int = 400) -> Tensor:
    """Return real pictures that take no other part in a score of 400."""
    subject = subject_of(run, number)
    train = subject.train
    assert isinstance(train, Dataset)
    return subject.items(train, train.subset(3 * number)[2 * number :])


def noisy(image: Tensor) -> Tensor:
    dice = torch.Generator().manual_seed(1)
    return (image + torch.randn(image.shape, generator=dice)).clamp(-1, 1)


def test_real_items_in_the_place_of_samples_are_as_good_as_the_floor(run, plant):
    # breaks when real items are compared with themselves, or value and floor by other means
    plant(other_items(run))
    found = named(score(run, 400))
    for distance in (found["frechet"], found["kernel"]):
        assert abs(distance.value - distance.floor) < 4 * distance.error
    for name in MANIFOLD:
        assert found[name].value == pytest.approx(found[name].floor, abs=0.08), name
    for share in (
        found["nearest_neighbour_accuracy"].value,
        found["nearest_neighbour_accuracy"].floor,
    ):
        assert share == pytest.approx(0.5, abs=0.08)
    for name in CLASSES:
        assert found[name].value == pytest.approx(found[name].floor, rel=0.05), name


def test_the_floor_is_what_the_second_set_of_real_items_would_get(run, plant):
    plant(subject_of(run).pair[1])
    for name, card in named(score(run, 400)).items():
        if name not in ("memorised", *CLASSES):
            assert card.value == card.floor, name


def test_noise_on_pictures_is_seen(run, plant):
    plant(noisy(other_items(run)))
    found = named(score(run, 400))
    for name in ("frechet", "kernel"):
        card = found[name]
        assert card.value - 3 * card.error > 2 * card.floor, name
    for name in ("precision", "density", "confidence", "classifier_score"):
        card = found[name]
        assert card.value + 3 * card.error < card.floor, name
    told = found["nearest_neighbour_accuracy"]
    assert told.value - 3 * told.error > max(0.7, told.floor)


def test_one_picture_again_and_again_is_seen(run, plant):
    # every sample looks real, so precision alone would call this perfect
    plant(other_items(run)[:1].expand(400, -1, -1, -1))
    found = named(score(run, 400))
    assert found["precision"].value == 1
    assert found["recall"].value < 0.05 and found["coverage"].value < 0.2
    assert found["frechet"].value > 5 * found["frechet"].floor
    assert found["class_entropy"].value == 0
    assert found["classifier_score"].value == pytest.approx(1, abs=1e-3)
    assert found["class_entropy"].floor > 0.9 and found["classifier_score"].floor > 5


@pytest.fixture
def shown(monkeypatch):
    """Return a list of the pairs that are laid out: samples, and the nearest training items."""
    pairs: list[tuple[Tensor, Tensor]] = []

    def watched(samples: Tensor, found: Tensor, image_range: tuple[float, float]) -> Image.Image:
        pairs.append((samples, found))
        return nearest_pairs(samples, found, image_range)

    monkeypatch.setattr(pictures, "nearest_pairs", watched)
    return pairs


def test_copies_of_training_items_are_counted(run, plant):
    plant(subject_of(run).items(choose("digits").split(), torch.arange(400)))
    card = named(score(run, 400))["memorised"]
    assert card.value == 1 and card.floor < 0.1
    assert (card.split, card.real, card.generated) == ("train", 1500, 400)
    assert card.error == pytest.approx(of_share(1, 400), rel=0.05)


def test_the_nearest_pairs_are_shown_first(run, plant, shown):
    # breaks when the twelve that are shown are any twelve, or stand above other items
    copies = subject_of(run).items(choose("digits").split(), torch.arange(1000, 1012))
    plant(torch.cat([noisy(other_items(run))[:388], copies]))
    card = named(score(run, 400))["memorised"]
    assert 12 / 400 <= card.value < 0.06
    ((above, below),) = shown
    assert len(above) == 12 and torch.equal(above, below)
    kept = Image.open(io.BytesIO((run.path / "nearest.png").read_bytes()))
    wanted = nearest_pairs(above, below, (-1, 1)).convert("RGB")
    assert kept.convert("RGB").tobytes() == wanted.tobytes()


def test_held_out_items_are_no_copies(run, plant):
    held_out = choose("digits").split("test")
    plant(subject_of(run, 297).items(held_out, torch.arange(297)))
    card = named(score(run, 297))["memorised"]
    assert card.value == card.floor < 0.1


def test_the_real_items_themselves_are_told_to_be_copies(run, plant):
    plant(subject_of(run).pair[0])
    found = named(score(run, 400))
    assert found["nearest_neighbour_accuracy"].value < 0.05
    assert found["frechet"].value == pytest.approx(0, abs=1e-3)


def test_every_card_says_what_it_was_measured_on(run):
    evaluator = evaluator_of(choose("digits"))
    found = named(score(run, 400, seed=3))
    data = f"digits {choose('digits').split().fingerprint}"
    assert set(found) == {
        "frechet",
        "kernel",
        *MANIFOLD,
        "nearest_neighbour_accuracy",
        "memorised",
        *CLASSES,
        "parzen",
    }
    window = found.pop("parzen")  # half of the real pictures choose it
    assert (window.real, window.generated, window.features) == (200, 400, "pixels")
    for name, card in found.items():
        assert (card.data, card.seed, card.step) == (data, 3, 4), name
        assert card.about and math.isfinite(card.value), name
        assert card.generated == 400 and card.split == "train", name
        if name != "memorised":
            assert (card.real, card.features, card.resize) == (400, evaluator.name, "none"), name
            assert card.floor is not None, name
        assert (card.error is None) == (name == "class_entropy"), name
    groups = ("frechet", "kernel", "classifier_score")
    assert {found[name].degrees for name in groups} == {9}
    assert {found[name].degrees for name in (*MANIFOLD, "nearest_neighbour_accuracy")} == {24}
    assert found["nearest_neighbour_accuracy"].better == "half"
    assert {name for name, card in found.items() if card.better == "lower"} == {
        "frechet", "kernel", "memorised",
    }  # fmt: skip


@pytest.mark.parametrize("number", [10, 19, 20])
def test_the_fewest_samples_that_are_allowed_are_enough(number, run):
    # breaks when a jackknife of ten groups is asked for where there are not two items for each
    found = named(score(run, number))
    assert found["frechet"].generated == number
    for name in ("frechet", "kernel", "classifier_score"):
        assert math.isfinite(found[name].error), name


def test_pictures_without_classes_or_held_out_ones_have_no_such_cards(small, tmp_path):
    # sixty pictures in one subfolder, which makes one class: as good as none
    place = tmp_path / "pictures" / "only"
    place.mkdir(parents=True)
    for number, image in enumerate(choose("digits").split().columns["image"][:60]):
        Image.fromarray(image[0].numpy()).save(place / f"{number}.png")
    here = dataclasses.replace(small("gan"), source=choose(str(tmp_path / "pictures")))
    run = here.run(tmp_path / "folder", examine_every=0)
    for _ in follow(run):
        pass
    found = named(score(run))
    own = {"frechet", "kernel", *MANIFOLD, "nearest_neighbour_accuracy"}
    assert set(found) == own | {"parzen"}
    assert found["frechet"].generated == 30  # two halves of sixty
    assert "of rotated pictures" in found["frechet"].features
    assert not (run.path / "nearest.png").exists()


def test_a_run_that_cannot_be_written_is_one_line(run):
    (run.path / "nearest.png").mkdir()
    with pytest.raises(UserError, match=r"cannot write into .*: Is a directory") as error:
        score(run, 20)
    assert "\n" not in str(error.value)


# models that can be asked for a class


def test_without_a_label_a_model_draws_its_classes_in_turn(small):
    # `as_asked` believes so
    families = registry.families()
    families.pop("others", None)  # what other tests registered, such as planted diseases
    names = [name for family in families.values() for name in family]
    asking = [name for name in names if "label" in _conditions(registry.find(name))]
    assert {"acgan", "acgan-early"} <= set(asking)
    for name in asking:
        model = small(name).build()
        drawn = model.sample(12)
        for label in (0, 1, 9):
            own = model.sample(12, label=label)
            for index in range(12):
                same = torch.allclose(drawn[index], own[index], atol=1e-5)
                assert same == (index % 10 == label), (name, label, index)


def _conditions(kind: Any) -> Any:
    return kind.verbs()["sample"].parameters if "sample" in kind.verbs() else {}


@pytest.fixture
def obeys(monkeypatch):
    """Return a function that makes a GAN draw real digits of the class asked for, or of another."""
    data = choose("digits").split()
    image = data.columns["image"].float() / 127.5 - 1
    of_class = [image[data.columns["label"] == label] for label in range(10)]

    def make(away: int) -> None:
        def generated(self: GAN, count: int, given: Any = None) -> Labelled:
            asked = draw.rows(count, "cpu") % 10 if given is None else given.label
            dice = torch.randint(1000, (count,))
            chosen = [
                (of_class[(int(c) + away) % 10], int(n)) for c, n in zip(asked, dice, strict=True)
            ]
            drawn = torch.stack([some[number % len(some)] for some, number in chosen])
            return Labelled(drawn, asked)

        @verb
        def sample(self: GAN, count: int, label: int | None = None) -> Tensor:
            return self.generated(count, None if label is None else self.asked(count, label)).image

        monkeypatch.setattr(GAN, "eats", (Labelled,))
        monkeypatch.setattr(GAN, "generated", generated)
        monkeypatch.setattr(GAN, "sample", sample)
        # a fifth of the usual training, which digits do not need
        monkeypatch.setattr(pictures, "Training", lambda **k: Training(**(k | {"steps": 120})))

    return make


def test_a_model_that_draws_what_it_is_asked_for(run, obeys):
    # 600 are drawn in two parts; breaks when the classes begin anew in the second
    obeys(0)
    found = named(score(run, 600))
    asked, synthetic = found["as_asked"], found["synthetic_accuracy"]
    assert asked.value > 0.93 and asked.generated == 600
    assert asked.floor == pytest.approx(evaluator_of(choose("digits")).accuracy)
    assert asked.error == pytest.approx(of_share(asked.value, 600))
    assert synthetic.value > 0.75 and synthetic.floor > 0.75  # 0.1: chance
    assert synthetic.value == pytest.approx(synthetic.floor, abs=0.1)
    assert (synthetic.real, synthetic.split) == (297, "test")
    assert synthetic.error is None  # samples drawn anew would make another classifier
    inside = found["class_coverage"]
    assert 0.5 * inside.floor < inside.value <= found["coverage"].value


def test_without_held_out_pictures_the_floor_is_not_tested_on_what_it_learned(
    run, obeys, monkeypatch
):
    # breaks when a classifier that learned its test by heart is the floor
    seen: list[tuple[Tensor, Tensor]] = []

    def watched(data: Dataset, proof: Dataset, *_: Any) -> float:
        seen.append((data.columns["image"], proof.columns["image"]))
        return 0.5

    monkeypatch.setattr(pictures, "_accuracy", watched)
    split = Digits.split
    monkeypatch.setattr(
        Digits, "split", lambda self, name="train": None if name == "test" else split(self, name)
    )
    obeys(0)
    card = named(score(run, 600))["synthetic_accuracy"]
    assert (card.real, card.split) == (600, "train")
    (_, proof), (learned, same) = seen
    assert torch.equal(proof, same) and len(learned) == len(proof) == 600
    found = {one.numpy().tobytes() for one in learned}
    assert sum(one.numpy().tobytes() in found for one in proof) < 3  # digits repeats a picture


def test_a_model_that_draws_another_class_than_it_is_asked_for(run, obeys):
    # its pictures are as good; only who asks for a class is deceived
    obeys(1)
    found = named(score(run, 600))
    assert found["as_asked"].value < 0.07
    assert found["synthetic_accuracy"].value < 0.15 < found["synthetic_accuracy"].floor
    assert found["precision"].value > 0.9


# the measures of papers


def test_inception_cards_take_torch_fidelity_s_figures(run, monkeypatch):
    # names from the library itself: breaks when a figure is looked up under another one
    pytest.importorskip("torch_fidelity")
    fid, kid, isc = (importlib.import_module(f"torch_fidelity.metric_{name}")
                     for name in ("fid", "kid", "isc"))  # fmt: skip
    seen: list[tuple[Tensor, Tensor]] = []

    def figures(samples: Tensor, real: Tensor) -> dict[str, float]:
        seen.append((samples, real))
        mean = float(samples.float().mean())
        return {fid.KEY_METRIC_FID: mean, kid.KEY_METRIC_KID_MEAN: mean + 1000,
                kid.KEY_METRIC_KID_STD: -1.0, isc.KEY_METRIC_ISC_MEAN: mean + 2000,
                isc.KEY_METRIC_ISC_STD: -1.0}  # fmt: skip

    monkeypatch.setattr("liangyi.metrics.inception.inception", figures)
    monkeypatch.setattr("liangyi.metrics.inception.ready", lambda: None)
    cards = score(run, 50, inception=True)
    found = named(cards)
    (drawn, real), (other, again) = seen
    assert drawn.dtype == other.dtype == torch.uint8 and drawn.shape == real.shape == (50, 1, 8, 8)
    assert torch.equal(real, again) and not torch.equal(drawn, other)
    index = subject_of(run, 50).order()
    for pixels, which in ((real, index[0]), (other, index[1])):
        assert torch.equal(pixels, choose("digits").split().columns["image"][which])
    for number, (name, better) in enumerate((
        ("inception_frechet", "lower"), ("inception_kernel", "lower"),
        ("inception_score", "higher"),
    )):  # fmt: skip
        card = found[name]
        assert card.value == pytest.approx(float(drawn.float().mean()) + 1000 * number)
        assert card.floor == pytest.approx(float(other.float().mean()) + 1000 * number)
        assert card.better == better and card.error is None
        assert card.features.startswith("inception-v3") and card.resize != "none"
    assert "inception_frechet" not in named(score(run, 50))  # only when they are asked for


def test_without_its_weights_inception_is_refused_before_the_work(run, monkeypatch):
    # breaks when minutes of drawing and judging are thrown away for a missing file
    def missing():
        raise UserError("no weights")

    monkeypatch.setattr("liangyi.metrics.inception.ready", missing)
    told = []
    with pytest.raises(UserError, match="no weights"):
        score(run, 50, inception=True, tell=told.append)
    assert not told


@pytest.mark.parametrize(
    ("model", "data"), [("gan", "ring"), ("mnist-cnn", "digits"), ("autoencoder", "digits")]
)
def test_inception_of_what_draws_no_pictures_is_one_line(model, data, run_of):
    with pytest.raises(UserError, match=f"Inception looks at pictures, which {model}") as error:
        score(run_of(model, data), 20, inception=True)
    assert "\n" not in str(error.value)
