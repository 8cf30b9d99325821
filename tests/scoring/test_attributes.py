"""Attributes of drawn pictures: right where they are as asked for, by strata, beside real ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor

from liangyi.metrics.error import of_mean, of_share
from liangyi.scoring.scorers import attributes
from liangyi.scoring.subject import Subject

from .conftest import named

NAMES = ("label", "colour", "size", "place")


@dataclass
class Knowing:
    """A classifier that knows real pictures by heart, but for a share of them."""

    known: dict[bytes, int]
    name: str

    def classes(self, image: Tensor, scale: Any) -> Tensor:
        return torch.tensor([self.known[row.numpy().tobytes()] for row in image])

    def features(self, image: Tensor, scale: Any) -> Tensor:
        return image.flatten(1)


@pytest.fixture
def subject(run_of):
    return Subject.of(run_of("gan-cls"), 20, 0, lambda line: None)


@pytest.fixture
def plant(subject, monkeypatch):
    """Return a function that makes the model draw real pictures, those of other rows or its own."""
    data = subject.tested[0]
    kind = attributes.namedtuple("Every", ("image", *NAMES))
    every = data.batch(kind, torch.arange(len(data)), "cpu", (-1.0, 1.0))

    def judge(source, item, tell, track, thorough, label):
        rows = zip(every.image, getattr(every, label).tolist(), strict=True)
        return Knowing({image.numpy().tobytes(): number for image, number in rows}, label)

    monkeypatch.setattr(attributes, "evaluator_of", judge)

    def make(spoil):
        def drawn(model, count, seed=0, given=None):
            return given._replace(image=spoil(given.image, seed))

        monkeypatch.setattr(attributes, "generated", drawn)
        return every

    return make


def test_real_pictures_have_all_attributes(subject, plant):
    plant(lambda image, seed: image)
    found = named(attributes.cards(subject))
    assert {f"{name}_as_asked_unseen_{kind}" for name in NAMES for kind in (0, 1)} <= found.keys()
    for name, card in found.items():
        if not name.startswith("caption_diversity"):
            assert card.value == card.floor == 1
    assert found["caption_diversity_unseen_0"].value == 0
    assert found["colour_as_asked_unseen_1"].error == of_share(1, found["attributes_unseen_1"].real)


def test_others_pictures_have_the_attributes_that_they_share(subject, plant):
    every = plant(lambda image, seed: image.roll(1, 0) if seed == 0 else image)
    found = named(attributes.cards(subject))
    unseen = subject.run.source().strata(every._asdict())["unseen"]
    order = subject.tested[0].subset(len(every.image))
    for kind in (0, 1):
        rows = order[(unseen[order] == kind)][:20]
        shares = []
        for name in NAMES:
            wanted = getattr(every, name)[rows]
            shares.append((wanted == wanted.roll(1)).float())
            card = found[f"{name}_as_asked_unseen_{kind}"]
            assert card.value == pytest.approx(float(shares[-1].mean())) and card.floor == 1
        right = torch.stack(shares, 1)
        card = found[f"attributes_unseen_{kind}"]
        assert card.value == pytest.approx(float(right.mean()))
        assert card.error == pytest.approx(of_mean(right.mean(1)))
        assert found[f"all_attributes_unseen_{kind}"].value == float(right.prod(1).mean())
        apart = (every.image[rows] - every.image[rows].roll(1, 0)).flatten(1).norm(dim=1)
        diversity = found[f"caption_diversity_unseen_{kind}"].value
        assert diversity == pytest.approx(float(apart.mean()), rel=1e-5)


def test_who_reads_no_captions_has_no_such_cards(run_of):
    subject = Subject.of(run_of("dcgan"), 20, 0, lambda line: None)
    assert attributes.cards(subject) == []
