"""Diseases of penalised critics: held too loosely, or so flat that they tell nothing."""

from __future__ import annotations

from liangyi.doctor.chart import Chart
from liangyi.doctor.facts import Facts
from liangyi.doctor.lasting import all_last, apart, lasting
from liangyi.doctor.remedies import advice
from liangyi.doctor.verdict import Verdict


def penalty_too_weak(chart: Chart, facts: Facts) -> Verdict | None:
    """The critic's slope is far above the 1 at which it measures a distance."""
    if facts.penalty is None or not chart.has("wasserstein"):
        return None
    since = lasting(chart, "slope", lambda value: value > 6)
    if since is None:
        return None
    return Verdict(
        "penalty too weak", since,
        f"the critic's slope is {chart.last('signal/slope'):.3g}, where 1 is wanted",
        advice("penalty too weak", facts),
    )  # fmt: skip


def penalty_too_strong(chart: Chart, facts: Facts) -> Verdict | None:
    """The critic is held so flat that it tells nothing, though the samples are bad."""
    if not facts.penalty:
        return None
    since = all_last(
        chart, ("nearest_neighbour_accuracy", lambda v: v > 0.9), ("gap", lambda v: abs(v) < 0.01),
        ("energy", lambda v: v > 0.003),
    )  # fmt: skip
    if since is None:
        return None
    return Verdict(
        "penalty too strong", since,
        f"the critic's values for real and drawn items differ by {chart.last('signal/gap'):.2g} "
        f"only, though {apart(chart)} are told apart by their neighbours",
        advice("penalty too strong", facts),
    )  # fmt: skip
