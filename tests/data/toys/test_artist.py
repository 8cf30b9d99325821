"""The artist's lines: what is drawn, and what the law says of lines that are not its own."""

from __future__ import annotations

import pytest
import torch

from liangyi.data.toys.artist import Artist


def drawn(count: int = 20_000) -> dict[str, torch.Tensor]:
    return Artist().draw(count, torch.Generator().manual_seed(0))


def test_a_line_is_one_of_the_family_and_its_class_its_half():
    found = drawn()
    line, label = found["point"], found["label"]
    a = line[:, 7] + 1  # at t = 0 a line is a - 1
    t = torch.linspace(-1, 1, 15)
    torch.testing.assert_close(line, a[:, None] * t**2 + a[:, None] - 1)
    assert 1 <= float(a.min()) < 1.001 and 1.999 < float(a.max()) <= 2
    assert torch.equal(label, (a > 1.5).long()) and float(label.float().mean()) == pytest.approx(
        0.5, abs=0.02
    )


def test_the_law_knows_its_own_lines_and_their_classes():
    found = drawn()
    truth = Artist().truth(found["point"])
    assert truth["off_curve"] < 1e-6
    assert truth["wasserstein_of_a"] < 0.01 and truth["kolmogorov_of_a"] < 0.015
    assert (Artist().classes(found["point"]) == found["label"]).float().mean() > 0.9999


def test_the_law_measures_what_is_wrong():
    law, line = Artist(), drawn(1000)["point"]
    # a bend that no line of the family has: what the nearest one leaves
    t = torch.linspace(-1, 1, 15)
    assert law.truth(line + 0.5 * t)["off_curve"] == pytest.approx(
        float((0.5 * t).abs().mean()), rel=1e-4
    )
    # always the same line: half of the interval to either side
    same = law.truth(line[:1].expand(1000, -1) * 0 + 1.5 * (t**2 + 1) - 1)
    assert same["wasserstein_of_a"] == pytest.approx(0.25, abs=1e-3)
    assert same["kolmogorov_of_a"] == pytest.approx(0.5, abs=1e-3)
