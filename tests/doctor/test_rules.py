"""Each disease by a made-up chart: found when it lasts, not found when it passes or mends."""

from __future__ import annotations

import pytest

from liangyi.doctor.facts import Facts
from liangyi.doctor.rules import verdicts

LOOKS = 20
# signals of a training that goes well
WELL = {
    "diversity": 0.98, "energy": 0.002, "duplicates": 0.0, "coverage": 0.9,
    "nearest_neighbour_accuracy": 0.6, "lowest_value": 0.0, "highest_value": 1.0,
    "saturated": 0.0, "class_entropy": 0.99, "as_asked": 0.9, "drift": 0.1, "real_accuracy": 0.8,
    "fake_accuracy": 0.8, "gap": 1.0, "auc": 0.8, "held_out_accuracy": 0.78,
    "overfit": 0.1, "slope": 1.1, "active_units": 0.8, "explained": 0.7,
    "discriminator_gradient": 1.0, "agreement": 0.2, "popularity": 1.2,
}  # fmt: skip
FACTS = Facts(
    picture=True, creates=True, classes=10, adversary="logits", penalty=10.0,
    settings={"learning_rate": 2e-4, "betas": (0.5, 0.999), "pack": 1, "width": 64, "penalty": 10.0,
              "factors": 5, "beta": 1.0, "real_target": 1.0, "examine_every": 100, "steps": 2000},
)  # fmt: skip
BAD_AND_STAYING = {"energy": 0.2, "nearest_neighbour_accuracy": 1.0}
SICK = {
    "mode collapse": {"diversity": 0.1},
    "discriminator won": {
        "real_accuracy": 1.0,
        "fake_accuracy": 1.0,
        "auc": 1.0,
        **BAD_AND_STAYING,
    },
    "generator won": {"auc": 0.1, **BAD_AND_STAYING},
    "discriminator overfits": {"overfit": 0.9, "held_out_accuracy": 0.2},
    "oscillation": {"drift": 0.9, **BAD_AND_STAYING},
    "label ignored": {"as_asked": 0.11},
    "posterior collapse": {"active_units": 0.0},
    "range mismatch": {"lowest_value": 0.5},
    "prefers popular items": {"agreement": 0.8, "popularity": 2.5},
    "penalty too weak": {"slope": 50.0},
    "penalty too strong": {"gap": 0.001, **BAD_AND_STAYING},
}


def log(sick: dict[str, float], since: int = 0, until: int = LOOKS) -> list[dict[str, float]]:
    lines = []
    for look in range(LOOKS):
        now = {**WELL, **(sick if since <= look < until else {})}
        lines.append({"step": 100.0 * (look + 1), "kl": 5.0, "wasserstein": 1.0, "generator": 0.7,
                      **{f"signal/{name}": value for name, value in now.items()}})  # fmt: skip
    return lines


def test_a_training_that_goes_well_is_healthy():
    (verdict,) = verdicts(log({}), FACTS)
    assert verdict.name == "healthy" and verdict.healthy and not verdict.advice


@pytest.mark.parametrize("name", SICK)
def test_each_disease_is_found_with_its_beginning(name):
    since = 0 if name == "range mismatch" else 10
    found = {verdict.name: verdict for verdict in verdicts(log(SICK[name], since), FACTS)}
    assert name in found
    verdict = found[name]
    assert verdict.since == 100 * (since + 1) and not verdict.healthy
    assert verdict.evidence and verdict.advice


@pytest.mark.parametrize("name", SICK)
def test_what_has_passed_is_no_verdict(name):
    # breaks when an early look, in which every training seems ill, is held against it
    (verdict,) = verdicts(log(SICK[name], until=LOOKS - 4), FACTS)
    assert verdict.healthy


def memory(held_out, own=lambda look: 1 / (look + 1), **more):
    """Return the log of a model that answers, by its held-out loss at each look."""
    return [
        {"step": 100.0 * (look + 1), "loss": own(look), "test/loss": held_out(look),
         "signal/model_gradient": 1.0, **more}
        for look in range(LOOKS)
    ]  # fmt: skip


PLAIN = Facts(settings={"width": 64, "examine_every": 100, "steps": 2000}, total=2000, made=2000)


def test_what_is_learned_by_heart_is_told_with_its_beginning():
    (verdict,) = verdicts(memory(lambda look: 0.5 + 0.1 * abs(look - 6)), PLAIN)
    assert verdict.name == "overfits" and verdict.since == 700
    assert {advice.setting for advice in verdict.advice} == {"", "steps", "width"}


@pytest.mark.parametrize(
    "log",
    [
        memory(lambda look: 1 / (look + 1) + 0.01),  # both fall
        memory(lambda look: 0.5 + 1.5 * (look == LOOKS - 1)),  # one look
        memory(lambda look: 0.5 + 0.1 * abs(look - 6), own=lambda look: 0.5 + 0.1 * abs(look - 6)),
        # surer than it should be, and right
        memory(lambda look: 0.5 + 0.1 * abs(look - 6), **{"test/accuracy": 0.99}),
    ],
    ids=["falling", "a spike", "both rise", "right"],
)
def test_what_is_not_learned_by_heart_is_not_called_so(log):
    assert "overfits" not in {verdict.name for verdict in verdicts(log, PLAIN)}


def test_two_looks_are_an_accident():
    (verdict,) = verdicts(log(SICK["mode collapse"], since=LOOKS - 2), FACTS)
    assert verdict.healthy


def test_a_collapse_that_mends_is_none():
    lines = log({})
    for look, line in enumerate(lines):
        line["signal/diversity"] = 0.02 * 1.15**look  # still below 0.5 at the end, and rising
    assert [verdict.name for verdict in verdicts(lines, FACTS)] != ["mode collapse"]


def test_no_number_is_divergence_and_nothing_else():
    lines = [*log(SICK["mode collapse"]), {"step": 2001.0, "signal/finite": 0.0}]
    (verdict,) = verdicts(lines, FACTS)
    assert verdict.name == "diverging" and verdict.since == 2001


def test_an_exploding_loss_is_divergence():
    lines = log({})
    for look, line in enumerate(lines):
        line["generator"] = 0.7 if look < 8 else 1e5
    assert verdicts(lines, FACTS)[0].name == "diverging"


def test_a_loss_that_was_once_beyond_all_bounds_is_divergence():
    # afterwards such a training lies still, and nothing else betrays it
    lines = log({})
    lines[0]["generator"] = 1e20
    verdict = verdicts(lines, FACTS)[0]
    assert verdict.name == "diverging" and verdict.since == lines[0]["step"]


def test_samples_that_run_away_hide_no_other_disease():
    lines = log(SICK["generator won"] | {"diversity": 20.0})
    assert [v.name for v in verdicts(lines, FACTS)][:2] == ["diverging", "generator won"]


def test_what_rises_from_nothing_mends():
    lines = log({"class_entropy": 0.0})
    assert verdicts(lines, FACTS)[0].name == "mode collapse"
    lines[-1]["signal/class_entropy"] = 0.5
    assert "mode collapse" not in [verdict.name for verdict in verdicts(lines, FACTS)]


def test_a_perfect_critic_has_not_won():
    # its loss has a slope everywhere; that it tells all apart is how WGAN-GP begins
    lines = [{k: v for k, v in line.items() if "discriminator" not in k}
             for line in log(SICK["discriminator won"])]  # fmt: skip
    facts = FACTS._replace(adversary="values")
    assert "discriminator won" not in [verdict.name for verdict in verdicts(lines, facts)]


def test_points_have_no_range_and_unasked_samples_no_label():
    facts = Facts()
    for name in ("range mismatch", "label ignored", "penalty too weak", "penalty too strong"):
        found = [verdict.name for verdict in verdicts(log(SICK[name]), facts)]
        assert name not in found


def test_a_distance_that_still_falls_is_under_trained():
    lines = log({})
    for look, line in enumerate(lines):
        line["signal/energy"] = 0.3 * 0.9**look
    (verdict,) = verdicts(lines, FACTS)
    assert verdict.name == "under-trained" and verdict.healthy
    (advice,) = verdict.advice
    assert (advice.setting, advice.value, advice.resume) == ("steps", 4000, True)


def test_samples_that_are_near_nothing_real_are_not_called_healthy():
    (verdict,) = verdicts(log({"coverage": 0.01}), FACTS)
    assert verdict.name == "under-trained" and "1%" in verdict.evidence


def test_three_looks_are_too_few_to_say_more():
    # every training looks ill at its beginning
    for sick in ({}, SICK["mode collapse"], SICK["discriminator won"]):
        (verdict,) = verdicts(log(sick)[:3], FACTS)
        assert verdict.name == "under-trained" and "3 looks" in verdict.evidence
        assert verdict.advice[0].value >= 600  # enough for six looks
    assert verdicts([*log({})[:3], {"step": 301.0, "signal/finite": 0.0}], FACTS)[0].name == (
        "diverging"
    )


ALIKE = {"diversity": 0.01, "duplicates": 1.0}


def test_samples_that_are_all_alike_are_told_at_one_look():
    # breaks when a run that draws one smear is sent on for more steps
    for looks in (2, 3, 5):
        (verdict,) = verdicts(log(ALIKE)[:looks], FACTS)
        assert verdict.name == "mode collapse" and verdict.since == 100 * looks, looks
        assert "alike" in verdict.evidence and "pack" in [a.setting for a in verdict.advice]


def test_samples_are_alike_before_anything_is_learned():
    # breaks when the first weights, which draw everything alike, are taken for a collapse
    (verdict,) = verdicts(log(ALIKE)[:1], FACTS)
    assert verdict.name == "under-trained" and "1 look " in verdict.evidence


def test_few_samples_of_one_kind_are_not_plain_at_one_look():
    (verdict,) = verdicts(log({"diversity": 0.3, "duplicates": 0.6})[:3], FACTS)
    assert verdict.name == "under-trained"


@pytest.mark.parametrize(
    ("signal", "first", "pace"),
    [("energy", 0.02, 0.85), ("coverage", 0.3, 1.05), ("nearest_neighbour_accuracy", 0.99, 0.98)],
)
def test_a_run_that_was_stopped_while_it_improved_is_to_go_on(signal, first, pace):
    # breaks when whoever stops early is told that all is well
    lines = log({})
    for look, line in enumerate(lines):
        line[f"signal/{signal}"] = first * pace**look
    stopped = FACTS._replace(made=2000, total=6000)
    (verdict,) = verdicts(lines[:12], stopped)
    assert verdict.name == "under-trained" and signal in verdict.evidence
    assert "2,000 of 6,000 planned steps" in verdict.evidence
    (advice,) = verdict.advice
    assert advice.resume and not advice.setting


def test_a_run_that_was_stopped_and_does_not_improve_is_healthy():
    (verdict,) = verdicts(log({}), FACTS._replace(made=2000, total=6000))
    assert verdict.name == "healthy" and "2,000 of 6,000" in verdict.evidence


def classifier(*accuracies: float) -> list[dict[str, float]]:
    """Return the log of a classifier whose own loss falls for ever."""
    return [
        {"step": 250.0 * (look + 1), "loss": 0.5 * 0.8**look, "test/accuracy": accuracy,
         "test/loss": 0.2 * 0.95**look, "signal/model_gradient": 1.0}
        for look, accuracy in enumerate(accuracies)
    ]  # fmt: skip


def test_a_good_classifier_is_healthy():
    # breaks when a loss that falls towards zero is taken for a lack of training
    for log_of in (classifier(0.9, *[0.991] * 9), classifier(0.991)):
        (verdict,) = verdicts(log_of, Facts())
        assert verdict.name == "healthy" and "99.1%" in verdict.evidence


def test_a_classifier_is_as_good_as_what_was_held_out():
    (verdict,) = verdicts(classifier(*[0.9] * 12), Facts())  # it learns by heart
    assert verdict.name == "healthy"
    (verdict,) = verdicts(classifier(*[0.5 + 0.02 * look for look in range(12)]), Facts())
    assert verdict.name == "under-trained" and "accuracy" in verdict.evidence


def test_three_items_are_too_few_from_the_first_look_on():
    few = FACTS._replace(items=3)
    for looks in (1, LOOKS):
        (verdict,) = verdicts(log({})[:looks], few)
        assert verdict.name == "too few items" and verdict.since == 0 and not verdict.healthy
        assert verdict.evidence.startswith("3 items")
        assert "hundred" in str(verdict.advice[0])
    for facts in (few._replace(items=1500), few._replace(items=0), few._replace(creates=False)):
        assert "too few items" not in [v.name for v in verdicts(log({}), facts)]


def autoencoding(**signals: float) -> list[dict[str, float]]:
    """Return the log of a model that has no adversary, draws nothing and has no KL term."""
    told = {f"signal/{name}": value for name, value in signals.items()}
    return [{"step": 100.0 * (look + 1), "reconstruction": 50.0, **told} for look in range(LOOKS)]


def test_an_autoencoder_that_predicts_the_mean_is_told():
    settings = {"learning_rate": 0.1, "code": 3, "noise": 0.0, "steps": 2000, "examine_every": 100}
    facts = Facts(picture=True, settings=settings)
    (verdict,) = verdicts(autoencoding(explained=0.01), facts)
    assert verdict.name == "predicts the mean" and not verdict.healthy
    tried = {advice.setting: advice.value for advice in verdict.advice}
    assert tried == {"learning_rate": 0.03, "code": 6}
    (verdict,) = verdicts(autoencoding(explained=0.3), facts)
    assert verdict.healthy


def test_who_is_judged_otherwise_is_not_told_so():
    # a collapsed posterior reconstructs the mean, too, and a game promises no reconstruction
    lines = [line | {"kl": 0.001} for line in autoencoding(explained=0.0, active_units=0.0)]
    (verdict,) = verdicts(lines, Facts(picture=True))
    assert verdict.name == "posterior collapse"
    found = verdicts(autoencoding(explained=-1.0), Facts(picture=True, adversary="logits"))
    assert "predicts the mean" not in [verdict.name for verdict in found]


def sentences(**curves: list[float]) -> list[dict[str, float]]:
    """Return the log of a model of sentences, a line for each value."""
    count = max(map(len, curves.values()))
    return [
        {"step": 100.0 * (look + 1), **{f"signal/{n}": v for n, v in WELL.items()},
         **{name.replace("test_", "test/"): values[look]
            for name, values in curves.items() if look < len(values)}}
        for look in range(count)
    ]  # fmt: skip


FALLING = [6.0 - 0.1 * look for look in range(20)]
RISING = [5.0, 4.8, 4.7, 4.6, 4.6, *(4.7 + 0.05 * look for look in range(15))]


def test_a_language_model_that_overfits_is_told_when_it_was_best():
    found = verdicts(sentences(nll=FALLING, test_nll=RISING), FACTS)[0]
    assert found.name == "likelihood overfits" and "4.60 at step 400" in found.evidence
    assert (found.advice[0].setting, found.advice[0].value) == ("steps", 400)
    flat = verdicts(sentences(nll=FALLING, test_nll=[*RISING[:5], *[4.62] * 15]), FACTS)
    assert [one.name for one in flat] == ["healthy"]


def test_a_game_may_pay_with_likelihood():
    # breaks when looks of the game, in which no likelihood is learned, are counted
    log = sentences(nll=FALLING[:6], test_nll=[5.0, 4.9, 4.8, 4.7, 4.6, 4.5, *[4.9] * 14])
    assert [one.name for one in verdicts(log, FACTS)] == ["healthy"]


@pytest.mark.parametrize(("last", "name"), [(0.4, "policy collapse"), (2.5, "healthy")])
def test_a_policy_whose_entropy_dies_is_told(last, name):
    log = sentences(entropy=[3.0, 3.0, 2.9, 2.8, *[last] * 16])
    found = verdicts(log, FACTS)[0]
    assert found.name == name
    if last < 1:
        assert found.since == 500 and "0.40 nats, was 3.00" in found.evidence
