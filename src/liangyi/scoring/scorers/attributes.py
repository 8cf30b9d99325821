"""Pictures drawn by their captions: which of the attributes that were asked for can be seen."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from liangyi.core.spec import Label, Pixels
from liangyi.core.verbs import generated
from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.scoring.evaluator import Evaluator, evaluator_of
from liangyi.scoring.subject import Subject


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that draws by captions, where the data knows attributes.

    Each attribute, a field of classes, is judged by a classifier of its own that learned from real
    pictures; what it says of real ones is the most that can be expected.
    """
    model, (data, split) = subject.model, subject.tested
    spec = subject.train.spec
    names = [name for name, field in spec.fields.items() if isinstance(field, Label)]
    asks = "sample" in model.verbs() and model.conditions("sample") == ["caption"]
    if not asks or not isinstance(model.spec.created, Pixels) or data is None or not names:
        return []
    judges = {
        name: evaluator_of(subject.run.source(), model.spec.item, subject.tell, subject.track,
                           subject.thorough, name)
        for name in names
    }  # fmt: skip
    found: list[Card] = []
    for about, part in _parts(subject, data, names).items():
        found += _judged(subject, judges, part, about, split)
    return found


def _parts(subject: Subject, data: Dataset, names: list[str]) -> Mapping[str, Any]:
    """Return real items, with their attributes, of each of the data's strata: `unseen_0` ..."""
    model = subject.model
    kind = namedtuple("Known", (*model.Batch._fields, *names))  # type: ignore[misc]
    every = data.batch(kind, data.subset(len(data)), "cpu", model.image_range)

    def some(which: Tensor) -> Any:
        index = which.nonzero().flatten()[: subject.number]
        return kind(*(column[index] for column in every))

    strata = subject.run.source().strata(every._asdict())
    if not strata:
        return {"": some(torch.ones(len(data), dtype=torch.bool, device="cpu"))}
    return {
        f"{name}_{value}": some(values == value)
        for name, values in strata.items()
        for value in values.unique().tolist()
    }


def _judged(
    subject: Subject, judges: Mapping[str, Evaluator], part: Any, about: str, split: str
) -> Iterator[Card]:
    """Yield the cards of one stratum."""
    model, count = subject.model, len(part[0])
    if count < 2:
        return
    given = model.Batch(*(getattr(part, name) for name in model.Batch._fields))
    item, scale = model.spec.item, model.image_range
    drawn, other = (
        getattr(generated(model, count, subject.seed + more, given), item) for more in (0, 1)
    )
    real = getattr(part, item)
    right, possible = (
        torch.stack([judge.classes(shown, scale) == getattr(part, name)
                     for name, judge in judges.items()], 1).float()
        for shown in (drawn, real)
    )  # fmt: skip
    end = f"_{about}" if about else ""
    where = f"; captions with {about.rpartition('_')[0]} = {about.rpartition('_')[2]}" * bool(about)
    features = " ".join(judge.name for judge in judges.values())
    facts = {"split": split, "real": count, "generated": count, "features": features}
    shares = {
        "attributes": (right.mean(1), possible.mean(1), "share of attributes as asked for"),
        "all_attributes": (right.prod(1), possible.prod(1), "share with every attribute right"),
    } | {
        f"{name}_as_asked": (right[:, place], possible[:, place], f"share of the {name} asked for")
        for place, name in enumerate(judges)
    }
    for metric, (each, most, said) in shares.items():
        share = float(each.mean())
        wrong = error.of_mean(each) if metric == "attributes" else error.of_share(share, count)
        yield subject.card(f"{metric}{end}", share, "higher", error=wrong,
                           floor=float(most.mean()), about=f"{said}{where}", **facts)  # fmt: skip
    judge = next(iter(judges.values()))
    one, two, known = (judge.features(shown, scale) for shown in (drawn, other, real))
    apart = (one - two).norm(dim=1)
    yield subject.card(f"caption_diversity{end}", float(apart.mean()), "higher",
                       error=error.of_mean(apart), floor=_apart(known, part, judges),
                       about=f"distance of two pictures of one caption, as judged{where}",
                       **facts)  # fmt: skip


def _apart(features: Tensor, part: Any, names: Mapping[str, Evaluator]) -> float | None:
    """Return the mean distance of real pictures that have all attributes in common, in pairs."""
    attributes = torch.stack([getattr(part, name) for name in names], 1)
    kinds = attributes.unique(dim=0, return_inverse=True)[1]
    order = kinds.argsort(stable=True)
    same = kinds[order][1:] == kinds[order][:-1]
    away = (features[order][1:] - features[order][:-1]).norm(dim=1)[same]
    return float(away.mean()) if len(away) else None
