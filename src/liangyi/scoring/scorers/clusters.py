"""Categories and numbers found without labels, against what they turned out to mean."""

from __future__ import annotations

import math

import torch
from scipy.stats import spearmanr
from torch import Tensor

from liangyi.core.batch import Labelled
from liangyi.core.spec import Label
from liangyi.data import Dataset
from liangyi.losses.information import of_category
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.classes import matched
from liangyi.metrics.strokes import strokes
from liangyi.scoring.subject import Subject


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that sorts pictures into categories, none of others."""
    if "cluster" not in subject.model.verbs():
        return []
    found = []
    if isinstance(subject.train.spec.fields.get("label"), Label):
        found += _matched(subject)
    return found + (_meaning(subject) if hasattr(subject.generated, "continuous") else [])


def _matched(subject: Subject) -> list[Card]:
    """Name each category by training pictures, then count held-out ones that are named rightly."""
    train, (data, split) = subject.train, subject.tested
    assert isinstance(train, Dataset) and data is not None
    count = min(len(data), subject.number)
    classes = len(data.spec.classes)
    found = [_sorted(subject, *pair) for pair in ((train, 2 * count), (data, count))]
    (category, label), (seen, true) = found
    width = subject.model.config.categories
    names = matched(category, label, width, classes)
    share = float((names[seen] == true).float().mean())
    return [
        subject.card("matched_accuracy", share, "higher", error=error.of_share(share, count),
                     split=split, real=count, generated=0, features="the verb cluster",
                     about=f"categories as classes, one for one; {len(seen.unique())} of {width} "
                           "are seen in them")
    ]  # fmt: skip


def _sorted(subject: Subject, data: Dataset, count: int) -> tuple[Tensor, Tensor]:
    """Return the category that the model sees in pictures, and their classes."""
    model, categories, labels = subject.model, [], []
    for part in data.subset(count).split(500):
        batch = data.batch(Labelled, part, model.device, model.image_range)
        categories.append(model.cluster(batch.image).argmax(1).cpu())
        labels.append(batch.label.cpu())
    return torch.cat(categories), torch.cat(labels)


def _meaning(subject: Subject) -> list[Card]:
    """Read categories again; correlate numbers with slant and width inside each category."""
    fake, (low, high) = subject.generated, subject.model.image_range
    image = getattr(fake, subject.model.spec.item)
    found, ink = [_read_again(subject, image)], (image - low) / (high - low)
    for name, values in strokes(ink)._asdict().items():
        inside = _centred(values, fake.category)
        each = [
            _ranked(inside, _centred(code.double(), fake.category)) for code in fake.continuous.T
        ]
        best = max(range(len(each)), key=each.__getitem__)
        found.append(subject.card(f"{name}_correlation", each[best], "higher", real=0,
                                  features="pixels",
                                  about=f"rank correlation with number {best + 1}, the best of "
                                        f"{len(each)}, inside each category"))  # fmt: skip
    return found


def _read_again(subject: Subject, image: Tensor) -> Card:
    """Tell how surely the category can be read off what it drew: chosen by this, no label helps."""
    model, category = subject.model, subject.generated.category
    seen = torch.cat([model.cluster(part.to(model.device)).cpu() for part in image.split(500)])
    log = seen.clamp(min=torch.finfo(seen.dtype).tiny).log()
    of_each = log.gather(1, category[:, None])
    return subject.card("category_information", float(of_category(log, category)), "higher",
                        error=error.of_mean(of_each.flatten()), real=0, features="the verb cluster",
                        about=f"nats of the category in its picture; {log.shape[1]} categories "
                              f"have {math.log(log.shape[1]):.3f} at most")  # fmt: skip


def _ranked(values: Tensor, others: Tensor) -> float:
    """Return the size of the rank correlation; what never changes follows nothing: 0."""
    if bool((values == values[0]).all()):
        return 0.0
    return abs(float(spearmanr(values, others).statistic))


def _centred(values: Tensor, category: Tensor) -> Tensor:
    """Return values [N] less their category's mean."""
    count = category.bincount().clamp(min=1)
    sums = torch.zeros_like(count, dtype=values.dtype).index_add_(0, category, values)
    return values - (sums / count)[category]
