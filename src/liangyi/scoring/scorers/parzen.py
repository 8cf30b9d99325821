"""The Parzen-window figure of the first papers, for small grey pictures as they had them."""

from __future__ import annotations

from liangyi.core.spec import Pixels
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.parzen import best_deviation, parzen
from liangyi.scoring.subject import Subject

_LARGEST = 1024  # values of a picture
_VALIDATION = 1000  # pictures by which the window is chosen, as in the authors' script


def cards(subject: Subject) -> list[Card]:
    """Return the card of a model that draws small grey pictures, none of others."""
    model = subject.model
    field = model.spec.created
    if "sample" not in model.verbs() or not isinstance(field, Pixels):
        return []
    if field.channels != 1 or model.spec.size > _LARGEST:
        return []
    low, high = model.image_range
    real, other = subject.pair
    drawn, real, other = (
        ((items - low) / (high - low)).flatten(1) for items in (subject.samples, real, other)
    )
    # the window is chosen by other real pictures than those that are reported on
    few = min(_VALIDATION, len(real) // 2)
    chosen, judged = real[:few], real[few:]
    windows = [best_deviation(chosen, some) for some in (drawn, other)]
    each, floor = (
        parzen(judged, some, [window])[0]
        for some, window in zip((drawn, other), windows, strict=True)
    )
    return [
        subject.card("parzen", float(each.mean()), "none", error=error.of_mean(each),
                     degrees=len(each) - 1, floor=float(floor.mean()), real=len(judged),
                     features="pixels",
                     about=f"nats, window {windows[0]:.3g}; a poor measure: blurred pictures may "
                           "beat real ones, the floor")
    ]  # fmt: skip
