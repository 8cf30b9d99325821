"""Pictures of a model that learned some classes only, named by an evaluator of all of them."""

from __future__ import annotations

from torch import Tensor

from liangyi.core.spec import Pixels
from liangyi.data.pictures.chosen import numbers
from liangyi.data.pictures.settings import PictureSource
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.scoring.evaluator import evaluator_of
from liangyi.scoring.subject import Subject


def cards(subject: Subject) -> list[Card]:
    """Return the card of a model that draws pictures of classes that were chosen, none of others.

    That a sample is taken for a cat says nothing about how many different cats there are: coverage
    stands beside it.
    """
    source, model = subject.run.source(), subject.model
    draws = "sample" in model.verbs() and isinstance(model.spec.created, Pixels)
    if not draws or not isinstance(source, PictureSource) or not source.config.classes:
        return []
    every = source.of_all_classes()
    names = every.spec().classes
    if len(names) < 2:
        return []  # nothing else that a sample could be taken for
    chosen = numbers(names, source.config.classes)
    evaluator = evaluator_of(every, model.spec.item, subject.tell, subject.track, subject.thorough)

    def share(image: Tensor) -> float:
        named = evaluator.classes(image, model.image_range)
        return sum(float((named == number).float().mean()) for number in chosen)

    drawn = share(subject.samples)
    return [
        subject.card("as_chosen", drawn, "higher", error=error.of_share(drawn, subject.number),
                     floor=share(subject.pair[0]), features=evaluator.name,
                     resize=evaluator.resize,
                     about="share of samples taken for one of the classes that were learned")
    ]  # fmt: skip
