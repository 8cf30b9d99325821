"""The bench of curves: equal settings, the law's own figures, and the law beside them."""

from __future__ import annotations

import json

import pytest

from liangyi.core.errors import UserError
from liangyi.lab import curves
from liangyi.lab.entry import parse
from liangyi.lab.trial import work


def test_both_losses_have_the_same_settings_and_the_entrys_own_come_first(tmp_path):
    names = ["gan", "gan-minimax", "gan-1d:latent=3"]
    found = curves.trials([parse(name) for name in names], curves.DATA, 1, tmp_path, None)
    configs = {(t.data, t.entry.model): t._parts() for t in found}
    for data in curves.DATA:
        one, other = (configs[data, name] for name in ("gan", "gan-minimax"))
        assert one["config"] == other["config"] and one["training"] == other["training"]
        assert configs[data, "gan-1d"]["config"].latent == 3


def test_the_tables_figures_are_the_last_lines_and_the_law_is_the_best(tmp_path):
    entries = [parse("gan:generator_widths=4+"), parse("gan-minimax:learning_rate=1e30")]
    trials = curves.trials(entries, ["parabola", "artist"], 2, tmp_path, 3)
    done = list(work(trials, lambda line: None))
    done[1].run.log({"step": 3, "signal/finite": 0.0})
    text, plain = curves.table(done)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert "off_curve" in rows[0] and len([row for row in rows if "the law itself" in row]) == 2
    first = json.loads(json.dumps(plain))[0]
    values = [curves.result(t)["off_curve"] for t in done
              if t.data == "parabola" and t.entry.model == "gan"]  # fmt: skip
    assert first["off_curve"]["values"] == pytest.approx(values)
    for data in curves.DATA:
        floor = curves.floors(data)
        assert floor["off_curve"].mean < 1e-6
        assert 0 < floor[curves.COLUMNS[data][1]].mean < 0.02


def test_other_data_has_no_known_curve(tmp_path):
    with pytest.raises(UserError, match="ring is no known curve"):
        curves.trials([parse("gan")], ["ring"], 1, tmp_path, 2)
