"""A training without a disease: healthy, or not yet trained to the end."""

from __future__ import annotations

from liangyi.doctor.chart import Chart
from liangyi.doctor.facts import Facts
from liangyi.doctor.verdict import Advice, Verdict

LOOKS = 6  # before which too little is known to call a training healthy
GOOD = 0.98  # held-out accuracy that leaves little to learn


def well(chart: Chart, facts: Facts) -> Verdict:
    """Return `healthy`, or `under-trained` where it still becomes better or too little is known."""
    last = int(chart.lines[-1]["step"]) if chart.lines else 0
    made = max(last, facts.made)
    stopped = made < facts.total
    ended = f"; {made:,} of {facts.total:,} planned steps are made" if stopped else ""
    accuracy = chart.newest("test/accuracy")
    if accuracy is not None and accuracy >= GOOD:
        return Verdict("healthy", last, f"the accuracy on held-out items is {accuracy:.1%}{ended}")
    if chart.looks < LOOKS:
        looks = "1 look" if chart.looks == 1 else f"{chart.looks} looks"
        why = f"only {looks} so far"
    else:
        why = _improving(chart, stopped) or _far(chart)
    if not why:
        return Verdict("healthy", last, f"no signal is out of its bounds{ended}")
    return Verdict("under-trained", last, why + ended, _longer(facts, made, stopped))


def _improving(chart: Chart, stopped: bool) -> str:
    """Return what still becomes better, as words; nothing where nothing clearly does.

    Held-out figures count before the training's own losses, which fall for ever.
    """
    if chart.has("test/accuracy"):
        gain = chart.gain("test/accuracy")
        return f"test/accuracy still rises: by {gain:.1%} in the last third" if gain > 0.005 else ""
    held_out = [name for name in ("test/loss", "test/pixel_error") if chart.has(name)]
    for name in held_out or ("reconstruction", "loss"):
        trend = chart.trend(name)
        if trend is not None and 0 < trend < 0.97 and chart.last(name) > 0:
            return f"{name} still falls: by {1 - trend:.0%} in the last third"
    # who stopped early wants to know of the last improvements, too
    energy, near = chart.trend("signal/energy"), 0.002 if stopped else 0.01
    if energy is not None and 0 < energy < 0.8 and chart.last("signal/energy") > near:
        return f"energy still falls: by {1 - energy:.0%} in the last third"
    if stopped:
        for name, side in (("coverage", 1), ("nearest_neighbour_accuracy", -1)):
            gain = side * chart.gain(f"signal/{name}")
            if gain > 0.04:  # twice the error of a mean of two looks at 256 items
                return f"{name} still {'rises' if side > 0 else 'falls'}: by {gain:.2f}"
    return ""


def _far(chart: Chart) -> str:
    """Return that samples are far from all real items, where they are."""
    if not chart.has("signal/coverage") or chart.last("signal/coverage") >= 0.1:
        return ""
    coverage = chart.last("signal/coverage")
    return f"only {coverage:.0%} of the real items have a sample near by; no signal says why"


def _longer(facts: Facts, made: int, stopped: bool) -> tuple[Advice, ...]:
    """Return how it becomes what it is not yet: by going on."""
    if stopped:
        return (Advice("go on to the planned end", resume=True),)
    looks = LOOKS * facts.settings.get("examine_every", 0)
    return (Advice("more steps", "steps", max(2 * made, looks), resume=True),)
