"""Whether drawn pictures are faces: what the classifier learns from, and the bench."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from liangyi.core.errors import UserError
from liangyi.lab import faces
from liangyi.lab.entry import parse
from liangyi.metrics.card import Card


def test_scrambled_pictures_keep_their_patches_and_change_their_places():
    image = torch.arange(2 * 3 * 8 * 12, dtype=torch.float).view(2, 3, 8, 12)
    other = faces.scrambled(image)
    assert other.shape == image.shape and not torch.equal(other, image)
    assert torch.equal(other.flatten(1).sort(1)[0], image.flatten(1).sort(1)[0])

    def patches(one):
        found = one.unfold(1, 2, 2).unfold(2, 3, 3).permute(1, 2, 0, 3, 4).reshape(16, -1)
        return {tuple(each.tolist()) for each in found}

    # breaks when pixels move between patches, or two pictures are mixed
    assert patches(other[0]) == patches(image[0]) and patches(other[1]) == patches(image[1])


def test_half_of_what_the_classifier_sees_are_faces():
    real, other = torch.rand(10, 1, 8, 8), torch.rand(10, 1, 8, 8)
    found = faces._labelled(real, other)
    assert found["label"].tolist() == [1] * 10 + [0] * 10
    assert torch.equal(found["image"][:10], (255 * real).round().byte())
    assert torch.equal(found["image"][10:15], (255 * other[:5]).round().byte())


def test_faces_must_be_named(tmp_path):
    with pytest.raises(UserError, match="name a folder of faces"):
        faces.trials([parse("dcgan")], (), 1, tmp_path, None)


def test_a_card_that_few_pictures_do_not_have_is_a_gap_in_the_table(monkeypatch):
    # breaks when all cards are taken for granted: `memorised` wants twenty held-out pictures
    cards = [Card(metric=metric, value=0.5, better="lower", floor=0.4, real=9, generated=9,
                  split="test", data="", seed=0, step=1)
             for metric in faces.COLUMNS if metric != "memorised"]  # fmt: skip
    monkeypatch.setattr(faces, "kept", lambda run: cards)
    monkeypatch.setattr(faces, "failed", lambda run: False)
    monkeypatch.setattr(faces, "judged", lambda run: {"faces": 0.9, "real": 0.95, "accuracy": 0.97})
    trial = SimpleNamespace(data="few", entry=parse("dcgan"), run=object(), seed=0)
    text, (plain,) = faces.table([trial])
    row, real = (line.split("|")[-2].strip() for line in text.splitlines()[2:4])
    assert (row, real) == ("-", "") and plain["memorised"]["mean"] is None
    assert plain["coverage"]["mean"] == 0.5


def test_the_sheet_has_a_row_of_each_model_that_came_to_its_end(monkeypatch):
    # breaks when a model whose first seed failed, or is trained by others, has no row at all
    def trial(data, name, seed, sound=True):
        model = SimpleNamespace(image_range=(0.0, 1.0), seed=seed)
        run = SimpleNamespace(sound=sound, model=lambda: model)
        whole = {"entry": parse(name), "source": lambda: data}
        return SimpleNamespace(data=data, seed=seed, run=run, **whole)

    image = torch.rand(faces._SHOWN, 3, 8, 8)
    monkeypatch.setattr(faces, "failed", lambda run: not run.sound)
    monkeypatch.setattr(faces, "judged", lambda run: {"faces": run.model().seed / 100})
    monkeypatch.setattr(faces, "samples", lambda model, count: image)
    monkeypatch.setattr(faces, "_pictures", lambda source, count: image)
    done = [trial("a", "dcgan", 0, sound=False), trial("a", "gan", 0), trial("b", "gan", 1),
            trial("a", "dcgan", 1), trial("a", "gan", 1), trial("b", "gan", 0)]  # fmt: skip
    titles = [axes.get_title(loc="left") for axes in faces.sheet(done).axes]
    assert titles == ["real", "gan: 0 % faces", "dcgan: 1 % faces", "real", "gan: 0 % faces"]
