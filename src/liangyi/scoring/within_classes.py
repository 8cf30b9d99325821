"""How various the pictures of each class are: nearly all can be as asked, and be few."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from liangyi.metrics.card import Card
from liangyi.metrics.neighbours import manifold
from liangyi.scoring.subject import Subject

_NEIGHBOURS = 5


def class_coverage(subject: Subject, seen: Sequence[Tensor], facts: dict[str, Any]) -> list[Card]:
    """Return the card of coverage (arXiv:2002.09797) inside the class where it is lowest.

    Args:
        subject: a model that draws by classes, each as often as it is among the real items.
        seen: features [N D] of real items, of samples, and of other real items.
        facts: what the card says of the features.
    """
    real, other = subject.real
    labels = (real.label, subject.generated.label, other.label)
    found: list[tuple[float, float, str]] = []
    for number, name in enumerate(subject.model.spec.classes):
        a, b, c = (x[label == number] for x, label in zip(seen, labels, strict=True))
        if min(len(a), len(b), len(c)) > _NEIGHBOURS:
            value, floor = (float(manifold(a, x, _NEIGHBOURS).coverage.mean()) for x in (b, c))
            found.append((value, floor, name))
    if not found:
        return []
    value, _, name = min(found)
    return [subject.card("class_coverage", value, "higher", floor=min(x for _, x, _ in found),
                         about=f"coverage inside the class where it is lowest, {name}",
                         **facts)]  # fmt: skip
