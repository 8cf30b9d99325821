"""Diseases of codes: of autoencoders, and of vectors of words."""

from __future__ import annotations

from liangyi.doctor.chart import Chart
from liangyi.doctor.facts import Facts
from liangyi.doctor.lasting import lasting, mends
from liangyi.doctor.remedies import advice
from liangyi.doctor.verdict import Verdict


def posterior_collapse(chart: Chart, facts: Facts) -> Verdict | None:
    """The code carries next to nothing."""
    since = lasting(chart, "active_units", lambda value: value < 0.15)
    if since is None or not chart.has("kl"):
        return None
    return Verdict(
        "posterior collapse", since,
        f"{chart.last('signal/active_units'):.0%} of the code's values differ among pictures "
        f"(KL {chart.last('kl'):.2g} nats)",
        advice("posterior collapse", facts),
    )  # fmt: skip


def predicts_the_mean(chart: Chart, facts: Facts) -> Verdict | None:
    """Every item is reconstructed as the mean of all: the code, if any, is not read."""
    if facts.adversary or chart.has("kl"):
        return None  # who compares nothing with its original; who has a posterior, judged above
    since = lasting(chart, "explained", lambda value: value < 0.05)
    if since is None or mends(chart, "explained"):
        return None
    return Verdict(
        "predicts the mean", since,
        f"reconstructions keep {max(0.0, chart.last('signal/explained')):.0%} of the variance of "
        "items: each is about the mean of all",
        advice("predicts the mean", facts),
    )  # fmt: skip


def all_one_way(chart: Chart, facts: Facts) -> Verdict | None:
    """Vectors of words all point one way, so that every word is near every other."""
    since = lasting(chart, "one_way", lambda value: value > 0.8)
    if since is None or mends(chart, "one_way"):
        return None
    return Verdict(
        "all one way", since,
        f"two frequent words have a cosine of {chart.last('signal/one_way'):.2f} on average: "
        "whatever is asked, all words are near",
        advice("all one way", facts),
    )  # fmt: skip
