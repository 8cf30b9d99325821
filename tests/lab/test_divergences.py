"""Which Gaussian a divergence chooses: against closed forms, and by training."""

from __future__ import annotations

import json
import math

import pytest
import torch

from liangyi import cli
from liangyi.lab import divergences
from liangyi.lab.divergences import MODES, best, divergence, fitted, grid, mixture
from liangyi.lab.fitting import points

MEAN = sum(w * m for w, m, _ in MODES)
VARIANCE = sum(w * (s**2 + m**2) for w, m, s in MODES) - MEAN**2


def test_the_mixture_is_a_density_and_its_points_follow_it():
    x, log_p, step = grid()
    assert float(log_p.exp().sum()) * step == pytest.approx(1)
    drawn = points(mixture, 200_000, 1, 0, "test")
    assert float(drawn.mean()) == pytest.approx(MEAN, abs=0.02)
    assert float(drawn.var()) == pytest.approx(VARIANCE, rel=0.02)
    left = float(log_p[x < 0].exp().sum()) * step
    assert float((drawn < 0).float().mean()) == pytest.approx(left, abs=0.01)


def test_kl_takes_the_mixtures_mean_and_variance():
    # the closed form of maximum likelihood: breaks when the two laws are exchanged
    least, mean, deviation = best("kl")
    assert mean == pytest.approx(MEAN, abs=1e-3)
    assert deviation == pytest.approx(math.sqrt(VARIANCE), abs=1e-3)
    assert least == pytest.approx(divergence("kl", MEAN, math.sqrt(VARIANCE)), abs=1e-6)


@pytest.mark.parametrize("name", ["reverse-kl", "neyman"])
def test_reverse_kl_and_neyman_take_the_heavier_mode(name):
    _, mean, deviation = best(name)
    weight, centre, spread = MODES[0]
    assert weight > MODES[1][0]
    assert mean == pytest.approx(centre, abs=0.1) and deviation == pytest.approx(spread, rel=0.15)


@pytest.mark.parametrize("name", list(divergences.DIVERGENCES))
def test_the_best_is_no_worse_than_its_neighbours(name):
    least, mean, deviation = best(name)
    for shift, scale in ((0.02, 1), (-0.02, 1), (0, 1.02), (0, 0.98)):
        assert divergence(name, mean + shift, deviation * scale) > least


def test_training_finds_what_the_grid_finds():
    least, mean, deviation = best("kl")
    bound, found, width = fitted("kl", 0, 800)
    assert found == pytest.approx(mean, abs=0.25) and width == pytest.approx(deviation, abs=0.25)
    # a bound on samples: below what it bounds, but for their noise
    assert bound <= divergence("kl", found, width) + 0.02 and bound == pytest.approx(least, abs=0.1)


def test_the_command_writes_its_tables_and_its_figure(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    cli.main(["lab", "divergences", "--seeds", "1", "--steps", "2", "--out", str(tmp_path / "x")])
    printed = capsys.readouterr().out
    assert printed.strip() == (tmp_path / "x" / "table.md").read_text().strip()
    assert len(json.loads((tmp_path / "x" / "table.json").read_text())["rows"]) == 7
    assert (tmp_path / "x" / "divergences.png").stat().st_size > 1000
