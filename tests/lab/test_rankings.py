"""The lab of rankings: equal terms, cards of held-out queries, and a sentence that follows them."""

from __future__ import annotations

import pytest

from liangyi.core.errors import UserError
from liangyi.lab import rankings
from liangyi.lab.entry import parse
from liangyi.lab.trial import work
from liangyi.metrics.card import Card
from liangyi.runs.cards import kept


def test_all_have_the_same_steps_batches_and_rates(tmp_path):
    entries = [parse(name) for name in rankings.MODELS]
    found = rankings.trials(entries, ["rankings", "tastes"], 1, tmp_path, None)
    parts = {(t.data, t.entry.name): t._parts() for t in found}
    for data in ("rankings", "tastes"):
        own = [part for (name, _), part in parts.items() if name == data]
        assert len({part["training"] for part in own}) == 1
        shared = {(p["config"].learning_rate, p["config"].hidden, p["config"].factors) for p in own}
        assert len(shared) == 1


def test_the_table_shows_the_cards_and_both_ends(tmp_path):
    entries = [parse("dns:hidden=4+"), parse("irgan:hidden=4+")]
    trials = rankings.trials(entries, ["rankings"], 1, tmp_path, 3)
    done = list(work(trials, lambda line: None))
    for trial in done:
        rankings.finish(trial)
    text, plain = rankings.table(done)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert "rankings, 1000 held out" in rows[0] and "by the law itself" in rows[-1]
    cards = {card.metric: card.value for card in kept(done[0].run)}
    assert plain[0]["ndcg_5"]["mean"] == pytest.approx(cards["ndcg_5"])


def cards(*values: float, seeds: tuple[int, ...] = (0, 1, 2)) -> dict[int, dict[str, Card]]:
    found = [{"ndcg_5": Card(metric="ndcg_5", value=v, better="higher")} for v in values]
    return dict(zip(seeds, found, strict=True))


@pytest.mark.parametrize(("irgan", "said"), [
    ((0.70, 0.71, 0.72), "`irgan` is behind `dns`: -0.04"),
    ((0.80, 0.81, 0.82), "`irgan` beats `dns`: 0.06"),
    ((0.70, 0.75, 0.82), "`irgan` cannot be told from `dns`"),
])  # fmt: skip
def test_the_sentence_says_what_the_seeds_say(irgan, said):
    found = {"dns": cards(0.74, 0.75, 0.76), "irgan": cards(*irgan)}
    assert rankings._sentence(found).startswith(said)


def test_a_training_that_failed_leaves_the_other_seeds_beside_their_own():
    found = {"dns": cards(0.1, 0.5, 0.9), "irgan": cards(0.6, 1.0, seeds=(1, 2))}
    assert "`irgan` beats `dns`: 0.100" in rankings._sentence(found)
    found = {"dns": cards(0.1, seeds=(0,)), "irgan": cards(0.6, seeds=(1,))}
    assert rankings._sentence(found) == ""


def test_data_without_queries_is_refused(tmp_path):
    with pytest.raises(UserError, match="ring has no queries"):
        rankings.trials([parse("dns")], ["ring"], 1, tmp_path, 2)
