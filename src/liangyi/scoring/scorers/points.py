"""Generated points, and items of any kind that nobody else scores, as points of a space."""

from __future__ import annotations

from liangyi import fields
from liangyi.core.spec import Pixels, Words
from liangyi.metrics.card import Card
from liangyi.metrics.error import SUBSETS, of_share
from liangyi.metrics.neighbours import manifold, manifold_errors, two_sample, two_sample_error
from liangyi.metrics.transport import wasserstein
from liangyi.scoring.subject import Subject

_BETTER = {"modes": "higher", "high_quality": "higher"}  # of the truths; others should be low
_NEIGHBOURS = 2000  # points that are looked at one by one
_CARRIED = 1000  # points that are matched: the time grows with their cube


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that draws anything but pictures and sentences."""
    field = subject.model.spec.created
    if "sample" not in subject.model.verbs() or isinstance(field, Pixels | Words):
        return []
    items = subject.samples, *subject.pair
    drawn, real, other = (fields.coordinates(field, some) for some in items)
    found = []
    if subject.train.truth is not None:
        truth, floor = (subject.train.truth(some) for some in (items[0], items[2]))
        found = [
            subject.card(name, value, _BETTER.get(name, "lower"),
                         floor=floor.get(name), features="truth", about="by the known law")
            for name, value in truth.items()
        ]  # fmt: skip
    if "label" in subject.model.conditions("sample"):
        found += _as_asked(subject)
    # on a line all are carried, which takes no time
    few = subject.number if real.shape[1] == 1 else min(_CARRIED, subject.number)
    about = "exact, of at most 1,000 points each" if real.shape[1] > 1 else "exact, of all points"
    facts = {"features": "coordinates"}
    found.append(
        subject.card("wasserstein", wasserstein(real, drawn, most=_CARRIED), "lower",
                     floor=wasserstein(real, other, most=_CARRIED), real=few, generated=few,
                     about=about, **facts)
    )  # fmt: skip
    a, b, c = (points[:_NEIGHBOURS] for points in (real, drawn, other))
    near, floor_near = manifold(a, b), manifold(a, c)
    facts |= {"real": len(a), "generated": len(b), "degrees": SUBSETS - 1}  # type: ignore[dict-item]
    errors = dict(zip(near._fields, manifold_errors(a, b, near), strict=True))
    for name in ("precision", "recall", "coverage"):
        share, floor_share = (float(getattr(x, name).mean()) for x in (near, floor_near))
        found.append(subject.card(name, share, "higher", floor=floor_share, error=errors[name],
                                  **facts))  # fmt: skip
    told = two_sample(a, b)
    found.append(subject.card("nearest_neighbour_accuracy", float(told.mean()), "half",
                              error=two_sample_error(a, b, told),
                              floor=float(two_sample(a, c).mean()), **facts))  # fmt: skip
    return found


def _as_asked(subject: Subject) -> list[Card]:
    """Return the share of items that are of the class that was asked for, where a law tells it."""
    named = subject.run.source().classes(subject.samples)
    if named is None:
        return []
    asked = subject.generated.label
    share = float((named == asked).float().mean())
    return [
        subject.card("as_asked", share, "higher", error=of_share(share, len(asked)), floor=1.0,
                     features="truth", about="share of samples of the class that was asked for")
    ]  # fmt: skip
