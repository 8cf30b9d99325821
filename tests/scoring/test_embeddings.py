"""Codes by the labels of their neighbours, and categories by the digits that they match."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.core.model import verb
from liangyi.metrics.classes import matched
from liangyi.scoring import score
from liangyi.scoring.scorers import clusters
from liangyi.zoo.codes.autoencoder import Autoencoder
from liangyi.zoo.codes.infogan import InfoGAN

from .conftest import named, subject_of


def embed_by(monkeypatch, looks):
    def embed(self, image):
        return looks(self, image)

    monkeypatch.setattr(Autoencoder, "embed", verb(embed))


def test_features_that_are_the_pixels_score_what_pixels_score(run_of, monkeypatch):
    # digits: nearest neighbours in pixels name nearly all; constant features name one in ten
    run = run_of("autoencoder", "digits")
    embed_by(monkeypatch, lambda self, image: image.flatten(1))
    found = named(score(run, 200))
    assert found["one_nn_accuracy"].value > 0.95 and found["one_nn_accuracy"].better == "higher"
    assert (found["one_nn_accuracy"].real, found["one_nn_accuracy"].split) == (200, "test")
    embed_by(monkeypatch, lambda self, image: image.flatten(1) * 0)
    assert named(score(run, 200))["one_nn_accuracy"].value < 0.3


def test_the_untrained_network_stands_beside_and_has_its_first_weights(run_of, monkeypatch):
    run, seen = run_of("autoencoder", "digits"), []
    original = Autoencoder.embed

    def noted(self, image):
        seen.append(next(self.encoder.parameters()).detach().clone())
        return original(self, image)

    embed_by(monkeypatch, noted)
    found = named(score(run, 100))
    assert found["one_nn_accuracy_untrained"].better == "none"
    trained = next(run.model().encoder.parameters())
    assert torch.equal(seen[0], trained) and not torch.equal(seen[-1], trained)


def test_matching_undoes_a_permutation_and_gives_no_class_twice():
    label = torch.arange(1000) % 5
    order = torch.tensor([3, 0, 4, 1, 2])
    assert torch.equal(matched(order[label], label, 5, 5)[order], torch.arange(5))
    # two classes in one category: it gets one of them, an empty category the other
    merged = torch.where(label == 1, 0, label)
    names = matched(merged, label, 5, 5)
    assert sorted(names.tolist()) == [0, 1, 2, 3, 4] and int(names[0]) in (0, 1)
    assert float((names[merged] == label).float().mean()) == pytest.approx(0.8)
    # more categories than classes: those left over name nothing
    assert sorted(matched(label, label % 2, 5, 2).tolist()) == [-1, -1, -1, 0, 1]


def test_categories_that_are_the_digits_match_them(run_of, monkeypatch):
    run = run_of("infogan", "digits")
    found = named(score(run, 200))
    card = found["matched_accuracy"]
    assert card.better == "higher" and 0.05 < card.value < 0.7  # hardly trained
    for name in ("slant_correlation", "width_correlation"):
        assert 0 <= found[name].value <= 1, name
    # of samples that are drawn: hardly trained it knows little, and never more than there is
    assert -0.5 < found["category_information"].value < math.log(10)
    assert "10 categories have 2.303 at most" in found["category_information"].about

    # all alike, whatever the picture: nothing is read
    def unsure(self, image):
        return torch.full((len(image), 10), 0.1)

    monkeypatch.setattr(InfoGAN, "cluster", verb(unsure))
    assert named(score(run, 200))["category_information"].value == pytest.approx(0, abs=1e-5)

    # one category for all: it gets one digit
    def cluster(self, image):
        return torch.eye(10)[3].expand(len(image), -1)

    monkeypatch.setattr(InfoGAN, "cluster", verb(cluster))
    card = named(score(run, 200))["matched_accuracy"]
    assert card.value == pytest.approx(0.1, abs=0.06)
    blind = named(score(run, 200))["category_information"]
    assert blind.value < -50  # sure and mostly wrong
    # breaks when the matching is counted: it names every category, seen in a picture or not
    assert "1 of 10 are seen" in card.about


def test_numbers_that_move_nothing_correlate_with_nothing(run_of, monkeypatch):
    # breaks when ranks of equal values are correlated: a warning of scipy's, and no number
    run, drawn = run_of("infogan", "digits"), InfoGAN.drawn

    def blank(self, noise, category, continuous):
        made = drawn(self, noise, category, continuous)
        return made._replace(image=torch.zeros_like(made.image))

    monkeypatch.setattr(InfoGAN, "drawn", blank)
    found = {card.metric: card.value for card in clusters.cards(subject_of(run, 50))}
    assert found["slant_correlation"] == found["width_correlation"] == 0


def test_the_parzen_figure_stands_beside_that_of_real_pictures(run_of):
    found = named(score(run_of("gan", "digits"), 200))
    card = found["parzen"]
    assert card.better == "none" and card.floor is not None and card.value < card.floor
