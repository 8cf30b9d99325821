"""Diseases of models that write sentences."""

from __future__ import annotations

import statistics

from liangyi.doctor.chart import Chart
from liangyi.doctor.facts import Facts
from liangyi.doctor.remedies import advice
from liangyi.doctor.verdict import Advice, Verdict

WORSE = 1.02  # times the lowest NLL of held-out sentences, from which on it has clearly risen
DYING = 0.5  # share of its first entropy that a policy should keep


def likelihood_overfits(chart: Chart, facts: Facts) -> Verdict | None:
    """Held-out sentences become less likely while training ones still become likelier.

    Only while likelihood is what is learned: a game pays for better samples with likelihood.
    """
    learning = Chart([line for line in chart.lines if "nll" in line])
    held_out = learning.line("test/nll")
    trend = learning.trend("nll")
    if not held_out or trend is None or trend >= 1:
        return None
    at, least = min(held_out, key=lambda pair: pair[1])
    since = Chart([line for line in learning.lines if line["step"] >= at]).lasting(
        "test/nll", lambda value: value > WORSE * least
    )
    if since is None:
        return None
    setting = "likelihood_steps" if "likelihood_steps" in facts.settings else "steps"
    return Verdict(
        "likelihood overfits", since,
        f"held-out sentences cost {learning.last('test/nll'):.2f} nats a word, {least:.2f} at step "
        f"{at:,}; training sentences {learning.last('nll'):.2f}",
        advice("likelihood overfits", facts, Advice("an earlier stop: then it was best",
                                                    setting, at)),
    )  # fmt: skip


def policy_collapse(chart: Chart, facts: Facts) -> Verdict | None:
    """The policy's entropy dies: it writes few sentences again and again."""
    line = chart.line("entropy")
    if len(line) < 6:
        return None
    first = statistics.median(value for _, value in line[:3])
    since = chart.lasting("entropy", lambda value: value < DYING * first)
    if since is None:
        return None
    return Verdict(
        "policy collapse", since,
        f"the entropy of its words is {chart.last('entropy'):.2f} nats, was {first:.2f} when the "
        "game began",
        advice("policy collapse", facts),
    )  # fmt: skip
