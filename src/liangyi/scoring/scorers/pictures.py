"""Generated pictures against real ones, in the features of the data's own evaluator."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from liangyi.core.batch import Labelled
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels
from liangyi.core.tracking import Track
from liangyi.data import Batches, Dataset
from liangyi.fields.pixels import to_bytes
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.classes import classifier_score, classifier_score_error, entropy_share
from liangyi.metrics.error import SUBSETS
from liangyi.metrics.frechet import frechet, frechet_error, gaussian
from liangyi.metrics.kernel import kernel_distance, kernel_error
from liangyi.metrics.memorisation import memorisation
from liangyi.metrics.neighbours import manifold, manifold_errors, two_sample, two_sample_error
from liangyi.runs.building import build
from liangyi.scoring.evaluator import Evaluator, evaluator_of
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.subject import Subject
from liangyi.scoring.within_classes import class_coverage
from liangyi.training.devices import choose_device
from liangyi.training.trainer import Trainer
from liangyi.views.nearest import nearest_pairs

_COPIES = 1000  # samples that are looked up among the training items


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that draws pictures, none of others."""
    model = subject.model
    if "sample" not in model.verbs() or not isinstance(model.spec.created, Pixels):
        return []
    drawn, (real, other) = subject.samples, subject.pair
    evaluator = evaluator_of(
        subject.run.source(), model.spec.item, subject.tell, subject.track, subject.thorough
    )
    seen = tuple(evaluator.features(image, model.image_range) for image in (real, drawn, other))
    facts = {"features": evaluator.name, "resize": evaluator.resize}
    found = [*_features(subject, seen, facts), *_copies(subject, drawn)]
    if "label" in model.conditions("sample"):
        found += class_coverage(subject, seen, facts)
    if evaluator.labelled:
        found += _classes(subject, evaluator, real, drawn)
    return found + (_inception(subject, real, other, drawn) if subject.inception else [])


def _features(subject: Subject, seen: Sequence[Tensor], facts: dict[str, Any]) -> list[Card]:
    a, b, c = seen
    groups = _groups(subject)
    facts = facts | {"degrees": groups - 1}
    found = [
        subject.card("frechet", frechet(gaussian(a), gaussian(b)), "lower",
                     error=frechet_error(a, b, groups), floor=frechet(gaussian(a), gaussian(c)),
                     about="Frechet distance of the features", **facts),
        subject.card("kernel", kernel_distance(a, b), "lower",
                     error=kernel_error(a, b, groups), floor=kernel_distance(a, c),
                     about="unbiased kernel distance (KID)", **facts),
    ]  # fmt: skip
    facts |= {"degrees": SUBSETS - 1}
    near, near_floor = manifold(a, b), manifold(a, c)
    errors = manifold_errors(a, b, near)
    words = {
        "precision": "share of samples that look real",
        "recall": "share of real items that could be samples",
        "density": "how many real items a sample is near to, over 5",
        "coverage": "share of real items with a sample near by",
    }
    for place, (name, about) in enumerate(words.items()):
        each, floor = near[place], near_floor[place]
        found.append(subject.card(name, float(each.mean()), "higher", error=errors[place],
                                  floor=float(floor.mean()), about=about, **facts))  # fmt: skip
    told = two_sample(a, b)
    found.append(subject.card("nearest_neighbour_accuracy", float(told.mean()), "half",
                              error=two_sample_error(a, b, told),
                              floor=float(two_sample(a, c).mean()),
                              about="1-nearest-neighbour, real against drawn",
                              **facts))  # fmt: skip
    return found


def _groups(subject: Subject) -> int:
    """Return the number of a jackknife's groups: ten, of two items at least."""
    return min(10, subject.number // 2)


def _classes(subject: Subject, evaluator: Evaluator, real: Tensor, drawn: Tensor) -> list[Card]:
    scale, model = subject.model.image_range, subject.model
    seen, true = evaluator.probabilities(drawn, scale), evaluator.probabilities(real, scale)
    facts = {"features": evaluator.name, "resize": evaluator.resize}
    best, named = seen.max(1)
    count = len(model.spec.classes) or seen.shape[1]
    found = [
        subject.card("classifier_score", classifier_score(seen), "higher",
                     error=classifier_score_error(seen, _groups(subject)),
                     degrees=_groups(subject) - 1, floor=classifier_score(true),
                     about="sure of each, even over all: the Inception Score's formula", **facts),
        subject.card("confidence", float(best.mean()), "higher", error=error.of_mean(best),
                     degrees=len(best) - 1,
                     floor=float(true.max(1).values.mean()),
                     about="mean certainty of the evaluator", **facts),
        subject.card("class_entropy", entropy_share(named.bincount(minlength=count)), "higher",
                     floor=entropy_share(true.argmax(1).bincount(minlength=count)),
                     about="evenness of the classes drawn; 1 is even", **facts),
    ]  # fmt: skip
    if "label" in model.conditions("sample"):
        asked = subject.generated.label
        share = float((named == asked).float().mean())
        found.append(subject.card("as_asked", share, "higher",
                                  error=error.of_share(share, len(asked)), floor=evaluator.accuracy,
                                  about="share of samples of the class that was asked for",
                                  **facts))  # fmt: skip
        found.append(_usefulness(subject, evaluator, drawn, asked))
    return found


def _usefulness(subject: Subject, evaluator: Evaluator, drawn: Tensor, asked: Tensor) -> Card:
    """Train a classifier on samples and test it on real pictures: arXiv:1905.10887.

    The pictures of the test are held out; where none are, those of the training items that the
    floor's classifier does not learn from. Samples drawn anew would make another classifier, so
    that an interval would take many trainings: there is none.
    """
    train, held_out = subject.train, subject.held_out
    assert isinstance(train, Dataset)
    pixels = to_bytes(drawn, subject.model.image_range)
    made = Dataset(train.spec, {subject.model.spec.item: pixels, "label": asked})
    first, second = subject.order()
    real = train.part(second, "scored")
    # without held-out pictures both sets of the order are training items, and share none
    tested = isinstance(held_out, Dataset) and len(held_out) > 0
    proof = held_out if tested else train.part(first, "scored")
    assert isinstance(proof, Dataset)
    on_made = _accuracy(made, proof, evaluator, subject.track, "classifier of samples")
    on_real = _accuracy(real, proof, evaluator, subject.track, "classifier of real pictures")
    count = min(len(proof), 5000)
    return subject.card(
        "synthetic_accuracy", on_made, "higher", floor=on_real, real=count,
        split="test" if tested else "train",
        about="a classifier that learned from samples alone, on real pictures",
    )  # fmt: skip


def _accuracy(
    data: Dataset, proof: Dataset, evaluator: Evaluator, track: Track, what: str
) -> float:
    kind = type(evaluator.network)
    training = Training(steps=600, batch_size=min(64, len(data)), average=0.0)
    model = build(kind, evaluator.network.config, data.spec, 0)
    device = choose_device(training.device)
    stream = Batches(data, Labelled, training.batch_size, 0, device, model.image_range)
    trainer = Trainer(model, stream, training)
    for _ in track(trainer.run(), training.steps, what):
        pass
    return figures_on(model.eval(), proof, 5000)["test/accuracy"]


def _copies(subject: Subject, drawn: Tensor) -> list[Card]:
    """Look samples up among the training items, and keep the nearest pairs as a picture."""
    train, held_out = subject.train, subject.held_out
    if not isinstance(train, Dataset) or not isinstance(held_out, Dataset) or len(held_out) < 20:
        return []
    every = subject.items(train, torch.arange(len(train), device="cpu"))
    held = subject.items(held_out, held_out.subset(2 * _COPIES))
    few = drawn[:_COPIES]
    try:
        found = memorisation(few.flatten(1), every.flatten(1), held.flatten(1))
    except UserError:  # too few different items to tell
        return []
    first = found.ratio.argsort()[:12]
    picture = nearest_pairs(few[first], every[found.index[first]], subject.model.image_range)
    stream = io.BytesIO()
    picture.save(stream, "PNG")
    subject.run.keep_nearest(stream.getvalue())
    return [
        subject.card("memorised", found.share, "lower", error=found.error, floor=found.expected,
                     generated=len(few), real=len(every), split="train", features="pixels",
                     about="share of samples that are near copies of training pictures")
    ]  # fmt: skip


def _inception(subject: Subject, real: Tensor, other: Tensor, drawn: Tensor) -> list[Card]:
    from liangyi.metrics.inception import inception

    scale = subject.model.image_range
    subject.tell("looking with Inception-v3, by torch-fidelity")
    pixels = to_bytes(real, scale)
    seen, floor = (inception(to_bytes(x, scale), pixels) for x in (drawn, other))
    facts = {"features": "inception-v3-compat by torch-fidelity", "resize": "299 x 299, TF 1"}
    # torch-fidelity's own deviations are over parts of the same items: no standard errors
    return [
        subject.card(metric, seen[name], better, floor=floor[name], about=about, **facts)
        for metric, name, better, about in (
            ("inception_frechet", "frechet_inception_distance", "lower", "FID"),
            ("inception_kernel", "kernel_inception_distance_mean", "lower", "KID"),
            ("inception_score", "inception_score_mean", "higher", "IS, mean of ten parts"),
        )
    ]
