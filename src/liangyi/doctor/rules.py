"""From a chart to verdicts: each disease is one rule, with its threshold and one thing to try.

A finding must have lasted to the end of what was trained, over several looks: early trainings look
like diseases. The thresholds were set on trainings with planted mistakes and on healthy ones, and
tried on others (docs/results.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from functools import partial

from liangyi.doctor.chart import LEAST, Chart
from liangyi.doctor.codes import all_one_way, posterior_collapse, predicts_the_mean
from liangyi.doctor.critics import penalty_too_strong, penalty_too_weak
from liangyi.doctor.facts import Facts
from liangyi.doctor.few import too_few
from liangyi.doctor.language import likelihood_overfits, policy_collapse
from liangyi.doctor.lasting import all_last, apart, lasting, mends
from liangyi.doctor.remedies import advice
from liangyi.doctor.verdict import Advice, Verdict
from liangyi.doctor.well import GOOD, LOOKS, well
from liangyi.runs.copies import Copies


def verdicts(lines: Sequence[dict[str, float]], facts: Facts) -> list[Verdict]:
    """Return what is wrong with a training, the gravest first; `healthy` alone when nothing is."""
    chart = Chart(lines)
    rules = RULES if chart.looks >= EARLY else AT_ONE_LOOK
    found = [verdict for rule in rules if (verdict := rule(chart, facts)) is not None]
    broken = [verdict for verdict in found if verdict.name == "diverging"]
    if broken and chart.lines[-1].get("signal/finite") == 0:
        return broken  # whatever else there is comes from it
    return found or [well(chart, facts)]


def with_copies(found: list[Verdict], seen: Copies, facts: Facts) -> list[Verdict]:
    """Add the verdict on samples that were looked up among the training items.

    Args:
        found: the other verdicts.
        seen: how many of them are near copies.
        facts: about the training.
    """
    if seen.share - 2 * seen.error <= max(COPIED, 2 * seen.expected):
        return found
    return [*(verdict for verdict in found if not verdict.healthy), Verdict(
        "memorised", seen.step,
        f"{seen.share:.0%} of the samples are near copies of training items, where "
        f"{seen.expected:.0%} of held-out items pass for such",
        advice("memorised", facts),
    )]  # fmt: skip


COPIED = 0.2  # share of near copies from which on a model has learned items by heart


def diverging(chart: Chart, facts: Facts) -> Verdict | None:
    """A loss is no number, or a thousand times what it was, or was once beyond all bounds."""
    for line in chart.lines[-1:]:
        if line.get("signal/finite") == 0:
            return Verdict(
                "diverging", int(line["step"]), "a loss or a weight is no finite number",
                advice("diverging", facts),
            )  # fmt: skip
    since = lasting(chart, "diversity", lambda value: value > 10)
    if since is not None:
        return Verdict(
            "diverging", since,
            f"samples lie {chart.last('signal/diversity'):.3g} times as far apart as real items",
            advice("diverging", facts),
        )  # fmt: skip
    for name in chart.losses():
        sizes = [(step, abs(value)) for step, value in chart.line(name)]
        if len(sizes) < 6:
            continue
        usual = statistics.median(size for _, size in sizes)
        peak, worst = max(sizes, key=lambda pair: pair[1])
        if worst > 1e6 * max(usual, 1.0):
            return Verdict(
                "diverging", peak,
                f"{name} was {worst:.3g} there and {usual:.3g} otherwise: a step threw the weights "
                "far away",
                advice("diverging", facts),
            )  # fmt: skip
        first = sorted(size for _, size in sizes[: len(sizes) // 3])[len(sizes) // 6]
        limit = 1000 * max(first, 0.1)
        since = chart.lasting(name, partial(_exceeds, limit))
        if since is not None:
            return Verdict(
                "diverging", since, f"{name} is {chart.last(name):.3g}, was about {first:.3g}",
                advice("diverging", facts),
            )  # fmt: skip
    return None


def _exceeds(limit: float, value: float) -> bool:
    return abs(value) > limit


def range_mismatch(chart: Chart, facts: Facts) -> Verdict | None:
    """Samples never leave one half of the range that real pictures fill, or go far beyond it."""
    if not facts.picture:
        return None
    for name, test in (
        ("lowest_value", lambda value: value > 0.45 or value < -0.25),
        ("highest_value", lambda value: value < 0.55 or value > 1.25),
    ):
        since = lasting(chart, name, test)
        if since is not None and since <= chart.lines[-1]["step"] / 3:
            low, high = (chart.last(f"signal/{end}") for end in ("lowest_value", "highest_value"))
            return Verdict(
                "range mismatch", since,
                f"samples lie between {low:.2f} and {high:.2f} of the real range, which is 0 to 1",
                advice("range mismatch", facts),
            )  # fmt: skip
    return None


def mode_collapse(chart: Chart, facts: Facts) -> Verdict | None:
    """Samples are alike, though real items are not, and they do not become less so."""
    for name, test, words in (
        ("diversity", lambda v: v < 0.5, "samples differ only {:.2f} times as much as real items"),
        ("duplicates", lambda v: v > 0.5, "{:.0%} of the samples are near copies of each other"),
        ("class_entropy", lambda v: v < 0.6, "the classes drawn are uneven: entropy {:.2f} of 1"),
    ):
        since = lasting(chart, name, test)
        if since is not None and not mends(chart, name):
            return Verdict(
                "mode collapse", since, words.format(chart.last(f"signal/{name}")),
                advice("mode collapse", facts),
            )  # fmt: skip
    return None


def all_alike(chart: Chart, facts: Facts) -> Verdict | None:
    """Every sample is the same one: that is plain at one look, but for the very first steps."""
    if not chart.lines or chart.lines[-1]["step"] < BEGUN or mends(chart, "diversity"):
        return None
    diversity, duplicates = (chart.newest(f"signal/{n}") for n in ("diversity", "duplicates"))
    if diversity is None or duplicates is None:
        return None
    if diversity > 0.05 and duplicates < 0.9:
        return None
    step = next(int(line["step"]) for line in reversed(chart.lines) if "signal/diversity" in line)
    return Verdict(
        "mode collapse", step,
        f"all samples are alike: they differ {diversity:.2f} times as much as real items, and "
        f"{duplicates:.0%} are near copies of each other",
        advice("mode collapse", facts),
    )  # fmt: skip


def too_few_items(chart: Chart, facts: Facts) -> Verdict | None:
    """There is too little to learn from; that was known before the first step."""
    seen = too_few(facts.items) if facts.creates else ""
    return Verdict("too few items", 0, seen, advice("too few items", facts)) if seen else None


def discriminator_won(chart: Chart, facts: Facts) -> Verdict | None:
    """The discriminator is always right and the samples do not become better."""
    if facts.adversary != "logits":
        return None  # a critic may be right: its loss has a slope everywhere
    since = all_last(
        chart, ("real_accuracy", lambda v: v > 0.97), ("fake_accuracy", lambda v: v > 0.97),
        ("auc", lambda v: v > 0.99), ("nearest_neighbour_accuracy", lambda v: v > 0.9),
    )  # fmt: skip
    if since is None or mends(chart, "energy"):
        return None
    return Verdict(
        "discriminator won", since,
        f"it is right about {chart.last('signal/real_accuracy'):.0%} of real and "
        f"{chart.last('signal/fake_accuracy'):.0%} of drawn items, and the samples get no better",
        advice("discriminator won", facts),
    )  # fmt: skip


def generator_won(chart: Chart, facts: Facts) -> Verdict | None:
    """The discriminator prefers samples to real items, though they are easy to tell apart."""
    since = all_last(
        chart, ("auc", lambda v: v < 0.4), ("nearest_neighbour_accuracy", lambda v: v > 0.9),
        ("energy", lambda v: v > 0.03),
    )  # fmt: skip
    if since is None:
        return None
    return Verdict(
        "generator won", since,
        f"a real item is preferred to a sample in {chart.last('signal/auc'):.0%} of pairs, "
        f"though {apart(chart)} are told apart by their neighbours",
        advice("generator won", facts),
    )  # fmt: skip


def discriminator_overfits(chart: Chart, facts: Facts) -> Verdict | None:
    """What the discriminator knows of training items does not hold for held-out ones."""
    since = all_last(chart, ("overfit", lambda v: v > 0.6), ("gap", lambda v: v > 0.5))
    if since is None:
        return None
    return Verdict(
        "discriminator overfits", since,
        f"{chart.last('signal/overfit'):.0%} of its preference for real items is for those it "
        "was trained on; held-out ones pass for real in "
        f"{chart.last('signal/held_out_accuracy'):.0%}",
        advice("discriminator overfits", facts,
               Advice("an earlier stop: that is when it began", "steps", since)),
    )  # fmt: skip


def overfits(chart: Chart, facts: Facts) -> Verdict | None:
    """The loss on held-out items has left its lowest point behind, the training's own falls on."""
    accuracy = chart.newest("test/accuracy")
    if facts.adversary or (accuracy is not None and accuracy >= GOOD):
        return None  # what is right, and only surer than it should be, serves its purpose
    held_out, own = chart.line("test/loss"), dict(chart.line("loss"))
    if len(held_out) < EARLY or not own:
        return None
    since, least = min(held_out, key=lambda pair: pair[1])
    now, learned = chart.last("test/loss"), chart.last("loss")
    before = next((value for step, value in own.items() if step >= since), learned)
    after = sum(step > since for step, _ in held_out)
    if after < LEAST or now <= 1.1 * least or learned >= before or now <= 1.5 * learned:
        return None
    return Verdict(
        "overfits", since,
        f"loss of held-out items was {least:.3g} then and is {now:.3g}, where that of training "
        f"items fell from {before:.3g} to {learned:.3g}",
        advice("overfits", facts, Advice("an earlier stop: that is when it began", "steps", since)),
    )  # fmt: skip


def oscillation(chart: Chart, facts: Facts) -> Verdict | None:
    """From the same noise, the weights of now and of the recent past draw other things."""
    since = all_last(chart, ("drift", lambda v: v > 0.4), ("energy", lambda v: v > 0.05))
    if since is None or mends(chart, "energy"):
        return None
    return Verdict(
        "oscillation", since,
        f"what one noise becomes moves by {chart.last('signal/drift'):.0%} of the distance of two "
        "real items, and the samples get no better",
        advice("oscillation", facts),
    )  # fmt: skip


def label_ignored(chart: Chart, facts: Facts) -> Verdict | None:
    """Samples are no more often of the class that was asked for than by chance."""
    if facts.classes < 2:
        return None
    chance = 1 / facts.classes
    since = lasting(chart, "as_asked", lambda value: value < chance + 0.2 * (1 - chance))
    if since is None or mends(chart, "as_asked"):
        return None
    return Verdict(
        "label ignored", since,
        f"{chart.last('signal/as_asked'):.0%} of the samples are of the class asked for, "
        f"{chance:.0%} would be by chance",
        advice("label ignored", facts),
    )  # fmt: skip


def popular_only(chart: Chart, facts: Facts) -> Verdict | None:
    """All users are recommended the same items, and those are what many chose anyway."""
    since = all_last(chart, ("agreement", lambda v: v > 0.5), ("popularity", lambda v: v > 1.5))
    if since is None:
        return None
    return Verdict(
        "prefers popular items", since,
        f"two users share {chart.last('signal/agreement'):.0%} of their first items, which were "
        f"chosen {chart.last('signal/popularity'):.2g} times as often as what they do choose",
        advice("prefers popular items", facts),
    )  # fmt: skip


Rule = Callable[[Chart, Facts], Verdict | None]
RULES: tuple[Rule, ...] = (
    penalty_too_weak,  # before what comes of it
    diverging,
    too_few_items,
    range_mismatch,
    penalty_too_strong,
    policy_collapse,  # before the samples that come of it
    mode_collapse,
    discriminator_won,
    generator_won,
    discriminator_overfits,
    overfits,
    oscillation,
    label_ignored,
    posterior_collapse,
    predicts_the_mean,
    all_one_way,
    likelihood_overfits,
    popular_only,
)


AT_ONE_LOOK: tuple[Rule, ...] = (diverging, too_few_items, all_alike)  # what needs no more
EARLY = LOOKS  # before which a training looks ill because it has just begun
BEGUN = 200  # steps before which samples are alike because the first weights draw them so
