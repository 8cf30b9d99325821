"""Fine-tuning: what a run takes from another one, keeps, and refuses."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

import liangyi
from conftest import follow, same, weights_of
from liangyi.core.errors import UserError
from liangyi.runs.origin import Origin
from liangyi.runs.run import Run
from liangyi.runs.tuning import data_of

TINY = {"width": 4, "latent": 8, "device": "cpu", "precision": "float32", "batch_size": 8}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Return a trained run."""
    place = tmp_path_factory.mktemp("first") / "digits"
    return liangyi.train("dcgan", "digits", place, progress=False, steps=4, **TINY)


def tuned(first: Run, place, **settings) -> Run:
    quick = {k: TINY[k] for k in ("device", "precision", "batch_size")} | {"steps": 4}
    return liangyi.create_run("dcgan", out=place, from_run=first, **(quick | settings))


def test_it_begins_with_the_averaged_weights_and_the_settings(first, tmp_path):
    run = tuned(first, tmp_path / "tuned", learning_rate=1e-5)
    assert same(weights_of(run.build()), weights_of(first.model()))
    assert run.config.width == 4 and run.config.learning_rate == 1e-5
    assert run.data_name == "digits" and run.made == 0
    about = json.loads((run.path / "config.json").read_text())["origin"]
    assert about["run"] == "digits" and about["step"] == 4 and len(about["sha256"]) == 64
    assert str(first.path) not in (run.path / "config.json").read_text()


def test_it_can_be_repeated_when_the_other_run_is_gone(first, tmp_path):
    # breaks when the weights are looked up in the run that they came from
    other = Run(shutil.copytree(first.path, tmp_path / "other"))
    run = tuned(other, tmp_path / "tuned")
    shutil.rmtree(other.path)
    again = Run(shutil.copytree(run.path, tmp_path / "again"))
    for one in (run, again):
        list(follow(one))
    assert same(weights_of(run.model()), weights_of(again.model()))
    assert not same(weights_of(run.model()), weights_of(first.model()))


@pytest.mark.parametrize("freeze", [(), ("features",)])
def test_a_classifier_of_colour_goes_on_with_grey_pictures(tmp_path, monkeypatch, freeze):
    # breaks when its first layer is said not to fit, and no setting would make it so
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    for kind, mode in (("colour", "RGB"), ("grey", "L")):
        for number in range(16):
            place = tmp_path / kind / "ab"[number % 2]
            place.mkdir(parents=True, exist_ok=True)
            Image.effect_noise((12, 12), 60 + number).convert(mode).save(place / f"{number}.png")
    quick = {"steps": 2, "batch_size": 4, "device": "cpu", "precision": "float32"}
    first = liangyi.train("cifar10-cnn", str(tmp_path / "colour"), tmp_path / "first",
                          progress=False, width=4, hidden=16, **quick)  # fmt: skip
    run = liangyi.create_run("cifar10-cnn", str(tmp_path / "grey"), tmp_path / "second",
                             from_run=first, freeze=freeze, **quick)  # fmt: skip
    assert run.spec["image"].channels == 3
    assert "grey pictures, taken as equal colours" in run.source().findings()
    list(follow(run))
    assert run.state == "done" and Run(run.path).data(run.source()).spec == run.spec


def test_stopping_changes_nothing(first, tmp_path):
    whole, parts = (tuned(first, tmp_path / name) for name in ("whole", "parts"))
    list(follow(whole))
    for _ in range(4):
        list(follow(parts, stop=lambda: True))
    assert parts.made == 4
    one, other = (run.newest(lambda line: None) for run in (whole, parts))
    assert all(torch.equal(value, other.tensors[name]) for name, value in one.tensors.items())


def test_what_is_around_the_adversary_may_change(first, tmp_path):
    # the most wanted use: a trained run, few pictures of one's own, augmentation
    run = tuned(first, tmp_path / "tuned", augment="ada")
    began, now = first.model(), run.build()
    assert torch.equal(began.discriminator[0].weight, now.discriminator.network[0].weight)
    assert float(now.discriminator.augment.probability) == 0
    list(follow(run))
    back = tuned(run, tmp_path / "back", augment="none")
    assert torch.equal(
        run.model().discriminator.network[0].weight, back.build().discriminator[0].weight
    )


def test_what_does_not_fit_is_one_line_that_names_the_part(first, tmp_path):
    with pytest.raises(UserError, match=r"generator\.0\.weight is \[.*\] in digits and .* here"):
        tuned(first, tmp_path / "wide", width=8)
    with pytest.raises(UserError, match=r"discriminator.* in digits and .* here"):
        tuned(first, tmp_path / "packs", pack=2)
    with pytest.raises(UserError, match=r"is a dcgan, and its weights are of no use to a r3gan"):
        liangyi.create_run("r3gan", out=tmp_path / "r3", from_run=first)
    with pytest.raises(UserError, match=r"generator.* digits"):
        tuned(first, tmp_path / "large", size=16)
    assert not list(tmp_path.iterdir())  # nothing is left of what was refused


def test_another_number_of_classes_is_said(small, tmp_path):
    model = small("acgan").build()
    origin = Origin.of("ten", model, 5)
    few = {name: field for name, field in model.spec.fields.items()}
    spec = liangyi.Spec("image", image=few["image"], label=type(few["label"])(("a", "b")))
    other = type(model)(model.config, spec)
    with pytest.raises(UserError, match=r"trained on data with 10 classes, this has 2: generator"):
        origin.into(other)


def test_other_data_is_served_in_the_size_of_the_run(first, tmp_path):
    # 28 pixels of MNIST would not fit the networks of 8
    assert data_of(first, "mnist").size == 8 and data_of(first, "mnist").grey
    assert data_of(first, "digits").size == 8


def test_damaged_weights_are_one_line(first, tmp_path):
    run = tuned(first, tmp_path / "tuned")
    file = run.path / "origin" / "weights.safetensors"
    file.write_bytes(file.read_bytes()[:-4] + b"abcd")
    with pytest.raises(UserError, match="is not what was written"):
        list(follow(run))
    file.unlink()
    with pytest.raises(UserError, match="cannot read"):
        Run(run.path).build()


def test_a_trained_run_no_longer_needs_them(first, tmp_path):
    run = tuned(first, tmp_path / "tuned")
    list(follow(run))
    shutil.rmtree(run.path / "origin")
    assert Run(run.path).model().sample(2).shape == (2, 1, 8, 8)


def test_arrays_may_be_what_is_learned_next(first, tmp_path):
    # breaks when arrays are compared with a name
    pictures = np.random.default_rng(0).integers(0, 255, (40, 8, 8), np.uint8)
    run = liangyi.create_run("dcgan", pictures, out=tmp_path / "mine", from_run=first, batch_size=8)
    assert run.config == first.config and run.data_name == "memory"
