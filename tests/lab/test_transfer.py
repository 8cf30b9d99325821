"""The benches of classifiers: equal terms, figures that are kept, and what they say."""

from __future__ import annotations

import json

import pytest
import torch

from liangyi import data
from liangyi.lab import antirectifier, classified, transfer
from liangyi.lab.experiment import Terms, Work
from liangyi.runs.building import build
from liangyi.zoo.vision.mnist_transfer import MnistTransfer, MnistTransferConfig


def digits(name, split, *classes):
    """Return small pictures in place of MNIST's and Fashion-MNIST's."""
    return data.choose("digits", classes=classes).split(split)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(transfer, "pictures", digits)
    monkeypatch.setattr(antirectifier, "pictures", digits)
    monkeypatch.setattr(transfer, "EXAMPLES", (1, 3))


def test_few_of_each_class_and_more_are_these_and_others():
    whole = digits("mnist", "train", "1", "2")
    one, three = (transfer.few(whole, most, 0) for most in (1, 3))
    assert one.columns["label"].bincount().tolist() == [1, 1]
    assert three.columns["label"].bincount().tolist() == [3, 3]
    known = [picture.tolist() for picture in three.columns["image"]]
    assert all(picture.tolist() in known for picture in one.columns["image"])
    other = transfer.few(whole, 1, 1)  # each seed has examples of its own
    assert not torch.equal(one.columns["image"], other.columns["image"])


@pytest.mark.parametrize("name", transfer.OTHERS | transfer.DIGITS)
def test_each_way_takes_over_and_freezes_what_it_says(name):
    way = (transfer.OTHERS | transfer.DIGITS)[name]
    train = digits("", "train", *"56789")
    first = build(MnistTransfer, MnistTransferConfig(), train.spec, 7)
    model = way.begin(first, train, 0)
    for part in ("features", "head"):
        known, now = (one.get_submodule(part).state_dict() for one in (first, model))
        taken = all(torch.equal(known[key], now[key]) for key in known)
        assert taken == (part in way.taken)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    after = classified.learned(model, train, 2, 0).state_dict()
    still = {key for key in before if torch.equal(before[key], after[key])}
    assert still == {key for key in before if key.startswith(tuple(f"{p}." for p in way.freeze))}


def test_the_tables_and_what_is_known_is_not_measured_again(tmp_path, monkeypatch):
    told: list[str] = []
    work = Work(Terms(seeds=1, steps=2), tmp_path, told.append)
    outcome = transfer.run.run(work)
    assert outcome.figure is not None and "9,568 of 600,165" in outcome.text()
    plain = outcome.rows
    assert len(plain) == len(told) == 2 + 3 * len(transfer.DIGITS) + len(transfer.OTHERS)
    json.dumps(plain)
    monkeypatch.setattr(transfer, "learned", None)  # whoever trains now, fails
    again = transfer.run.run(work)
    assert again.text() == outcome.text() and len(told) == len(plain)


def test_the_sentence_is_also_true_where_random_features_are_better():
    worse = {"frozen features, new head": [0.5, 0.5], "random features, frozen": [0.6, 0.6]}
    text = transfer._seen(dict.fromkeys(("1", transfer.ALL, transfer.CLOTHES), worse))
    assert "better" not in text and text.count("-10.00") == 3


def test_the_antirectifiers_table(tmp_path, monkeypatch):
    work = Work(Terms(seeds=2, steps=3), tmp_path, lambda line: None)
    outcome = antirectifier.run.run(work)
    text, plain = outcome.text(), outcome.rows
    assert [len(one["accuracy"]["values"]) for one in plain] == [2, 2, 2]
    assert "2 seeds" in text and plain[0]["first less this"]["mean"] == 0
    values = [one["accuracy"]["values"] for one in plain]
    less = [a - b for a, b in zip(values[0], values[2], strict=True)]
    assert plain[2]["first less this"]["values"] == pytest.approx(less)
    assert plain[0]["parameters"] < plain[2]["parameters"]
    monkeypatch.setattr(antirectifier, "learned", None)
    assert antirectifier.run.run(work).text() == text
