"""The form of an experiment: found by its file, kept part by part, checked, written and listed."""

from __future__ import annotations

import json

import numpy as np
import pytest

from liangyi import cli
from liangyi.core.errors import UserError
from liangyi.lab import experiment
from liangyi.lab.experiment import Check, Outcome, Terms, Work, find, questions
from liangyi.lab.frames import load

PLANE = ("flipped-labels", "frozen-discriminator", "turns", "any-generator", "mode-collapse")
EXACT = (
    *("circling", "divergences", "flipped-labels", "frozen-discriminator", "gan-and-rl"),
    *("optimal-discriminator", "vanishing-gradient", "data-kinds", "evaluation", "graph-and-eager"),
)


@pytest.fixture(scope="module")
def quick(tmp_path_factory):
    """Return the folder of all experiments, each run quickly, and what was printed as JSON."""
    out = tmp_path_factory.mktemp("lab")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIANGYI_CACHE", str(out / ".cache"))
        assert cli.main(["lab", "all", "--quick", "--out", str(out)]) == 0
    return out


@pytest.mark.parametrize("name", list(questions()))
def test_each_experiment_answers_its_question_quickly(quick, name):
    plain = json.loads((quick / name / "table.json").read_text())
    assert plain["question"] == find(name).question and plain["question"].endswith("?")
    assert plain["rows"] and plain["seen"].endswith(".")
    text = (quick / name / "table.md").read_text()
    assert "|---" in text and plain["seen"] in text
    assert (quick / name / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", EXACT)
def test_what_theory_says_holds(quick, name):
    # breaks when a rule, a loss or a gradient is no longer what its closed form is of
    checks = json.loads((quick / name / "table.json").read_text())["checks"]
    assert checks and all(check["holds"] for check in checks)


@pytest.mark.parametrize("name", PLANE)
def test_games_of_the_plane_are_kept_look_by_look(quick, name):
    files = sorted((quick / name / "frames").glob("*.npz"))
    assert files
    for path in files:
        found = load(path)
        looks, (height, width) = len(found["step"]), (len(found["y"]), len(found["x"]))
        assert looks > 1 and found["step"][0] == 0 and np.all(np.diff(found["step"]) > 0)
        assert found["judgement"].shape == (looks, height, width)
        assert found["pull"].shape == found["fake"].shape == (looks, 250, 2)
        assert found["real"].shape[1] == 2
        assert all(np.isfinite(values).all() for values in found.values())


def test_places_of_two_numbers_are_kept_with_their_flow(quick):
    found = load(quick / "circling" / "frames" / "bilinear-simultaneous.npz")
    assert found["point"].shape == (1001, 2)
    # of x y: x wants to go to -y, y to x
    x, y = np.meshgrid(found["x"], found["y"])
    assert np.allclose(found["flow"], np.stack([-y, x], 2))


def test_what_is_done_is_not_done_again(tmp_path):
    done = []

    def measure(seed):
        done.append(seed)
        return {"value": seed}

    def work(seeds, **terms):
        return Work(Terms(seeds=seeds, **terms), tmp_path, lambda line: None)

    assert work(2).each("a part", measure) == [{"value": 0}, {"value": 1}]
    assert work(3).each("a part", measure) == [{"value": 0}, {"value": 1}, {"value": 2}]
    assert done == [0, 1, 2]
    with pytest.raises(UserError, match="with other steps; name another place"):
        work(3, steps=7).each("a part", measure)


def test_what_was_stopped_goes_on(tmp_path):
    def stopped(seed):
        if seed == 1:
            raise KeyboardInterrupt
        return seed

    work = Work(Terms(seeds=2), tmp_path, lambda line: None)
    with pytest.raises(KeyboardInterrupt):
        work.each("part", stopped)
    assert work.each("part", lambda seed: 10 + seed) == [0, 11]


def test_a_check_tells_what_does_not_hold():
    good, bad = Check("a", 1.0, 1.05, 0.1), Check("b", float("nan"), 1.0, 0.1)
    assert good.holds and not bad.holds
    text = Outcome(("| t |",), [], "It is so.", (good, bad)).text()
    assert text.count("| yes") == 1 and text.count("| no ") == 1 and text.endswith("It is so.\n")


def test_questions_are_those_of_the_files(monkeypatch):
    assert {"circling", "modes", "critics"} <= set(questions())
    for name in ("trial", "fitting", "descent", "records"):
        assert name not in questions()
    with pytest.raises(UserError, match="unknown experiment 'circlin'; did you mean circling"):
        experiment.find("circlin")


def test_the_list_shows_every_question(capsys):
    cli.main(["lab"])
    printed = capsys.readouterr().out
    for name, question in questions().items():
        assert f"  {name} " in printed and question in printed
