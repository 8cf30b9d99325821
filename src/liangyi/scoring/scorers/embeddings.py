"""Codes of pictures, by the labels of their neighbours."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.batch import Labelled
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels
from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.neighbours import nearest
from liangyi.runs.building import build
from liangyi.scoring.subject import Subject


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that encodes labelled pictures, none of others.

    A picture that was held out gets the class of the training picture whose features are nearest;
    features are what the verb `embed` gives, or else the codes. Beside it stands the same network
    before training: random weights are nearly as good, so the difference is what was learned.
    """
    model, train, held_out = subject.model, subject.train, subject.held_out
    verbs, spec = model.verbs(), train.spec
    if not verbs.keys() & {"embed", "encode"} or not isinstance(model.spec.created, Pixels):
        return []
    if not isinstance(spec.fields.get("label"), Label) or not isinstance(held_out, Dataset):
        return []
    assert isinstance(train, Dataset)
    count = min(len(held_out), subject.number)
    sets = (
        _labelled(train, train.subset(len(train)), model),
        _labelled(held_out, held_out.subset(count), model),
    )
    fresh = build(type(model), model.config, model.spec, subject.run.training.seed)
    fresh = fresh.to(model.device).eval()
    word = "embed" if "embed" in verbs else "encode"
    facts = {"split": "test", "real": count, "generated": 0, "features": f"the verb {word}"}
    found = []
    for name, network, about in (
        ("one_nn_accuracy", model, "of held-out pictures, by the nearest training picture's class"),
        ("one_nn_accuracy_untrained", fresh, "the same with the network's first weights"),
    ):
        share = _accuracy(network, word, *sets)
        better = "higher" if network is model else "none"
        found.append(subject.card(name, share, better, error=error.of_share(share, count),
                                  about=about, **facts))  # fmt: skip
    return found


def _labelled(data: Dataset, index: Tensor, model: Model) -> Labelled:
    """Return pictures and their classes, though the model itself may eat no classes."""
    parts = [data.batch(Labelled, part, "cpu", model.image_range) for part in index.split(2000)]
    return Labelled(*(torch.cat(columns) for columns in zip(*parts, strict=True)))


def _accuracy(model: Model, word: str, known: Labelled, asked: Labelled) -> float:
    looks = getattr(model, word)
    one, other = (
        torch.cat([looks(part.to(model.device)).float().cpu() for part in batch.image.split(500)])
        for batch in (known, asked)
    )
    index = nearest(other, one)[1][:, 0]
    return float((known.label[index] == asked.label).float().mean())
