"""A classifier: the share that it names rightly, of all held-out pictures."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from liangyi.core.batch import Labelled
from liangyi.metrics.error import of_share
from liangyi.scoring import score
from liangyi.zoo.vision.mnist_mlp import MnistMLP

from .conftest import named


@pytest.fixture
def run(run_of):
    return run_of("mnist-mlp", "digits")


@pytest.fixture
def batch(run):
    data = run.source().split("test")
    return data.batch(Labelled, torch.arange(297), value_range=(0.0, 1.0))


def test_accuracy_is_of_all_that_was_held_out(run, batch):
    # breaks when --number, which is of samples, cuts it short
    found = named(score(run, 20))
    probabilities = run.model().classify(batch.image)
    right = float((probabilities.argmax(1) == batch.label).float().mean())
    card = found["accuracy"]
    assert card.value == pytest.approx(right, abs=1e-5) and card.better == "higher"
    assert card.error == pytest.approx(of_share(right, 297), abs=1e-5)
    assert (card.split, card.real, card.generated) == ("test", 297, 0)
    loss = float(cross_entropy(probabilities.log(), batch.label))
    assert found["loss"].value == pytest.approx(loss, rel=1e-3)
    assert found["loss"].better == "lower"
    assert found.keys() == {"accuracy", "loss", "worst_class", "confusion"}


def test_the_worst_class_and_the_most_frequent_mistake(run, batch, monkeypatch):
    # all threes are right but one, which is a five; every second seven is a one
    named_as = batch.label.clone()
    threes, sevens = ((batch.label == one).nonzero()[:, 0] for one in (3, 7))
    named_as[threes[0]] = 5
    named_as[sevens[::2]] = 1

    def forward(self: MnistMLP, image: Tensor) -> Tensor:
        place = torch.cdist(image.flatten(1), batch.image.flatten(1)).argmin(1)
        return 20 * torch.nn.functional.one_hot(named_as[place], 10).float()

    monkeypatch.setattr(MnistMLP, "forward", forward)
    found = named(score(run))
    wrong = len(sevens[::2]) / len(sevens)
    assert found["worst_class"].value == pytest.approx(1 - wrong)
    assert found["confusion"].value == pytest.approx(wrong)
    assert found["confusion"].about.startswith("share of 7 taken for 1")
    assert found["worst_class"].real == found["confusion"].real == len(sevens)
    assert found["confusion"].error == pytest.approx(of_share(wrong, len(sevens)))


@pytest.mark.parametrize(("away", "accuracy"), [(0, 1.0), (1, 0.0)])
def test_a_classifier_that_is_always_right_or_always_wrong(away, accuracy, run, batch, monkeypatch):
    def forward(self: MnistMLP, image: Tensor) -> Tensor:
        found = torch.cdist(image.flatten(1), batch.image.flatten(1)).argmin(1)
        named = (batch.label[found] + away) % 10
        return 20 * torch.nn.functional.one_hot(named, 10).float()

    monkeypatch.setattr(MnistMLP, "forward", forward)
    found = named(score(run))
    assert found["accuracy"].value == pytest.approx(accuracy)
    assert (found["loss"].value < 0.01) == (accuracy == 1)
    assert found["accuracy"].error > 0  # of 297 pictures nobody knows that it never errs
    # breaks when a class is said to be taken for itself where nothing is mistaken
    mistaken = "no class is taken for another" if accuracy else "share of 0 taken for 1"
    assert found["confusion"].about.startswith(mistaken)
