"""Figures made again: side by side, stopped and gone on with, never taken from other work."""

from __future__ import annotations

from dataclasses import replace

import pytest

import liangyi
from liangyi.cli import main
from liangyi.core.errors import UserError
from liangyi.lab import records, reproduce
from liangyi.lab.records import Printed, Row, Trainings
from liangyi.runs.run import Run
from liangyi.session import Session, Stepped

WORDS = ("gan --data ring --latent 2 --generator-widths 8 --discriminator-widths 8 --batch-size 8 "
         "--steps 4 --device cpu")  # fmt: skip


def record(**changes):
    plain = {
        "about": "a small GAN", "budget": "4 steps", "columns": ("generator",), "seeds": (0, 1),
        "rows": (Row(name="gan", train=WORDS),),
    } | changes  # fmt: skip
    return Trainings(**plain)


def printed(*typed):
    return Printed(about="", budget="", typed=typed)


def test_trainings_give_their_figures_and_are_made_once(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    told = []
    found = reproduce.reproduced(record(), tmp_path, told.append)
    assert [one.seed for one in found.found] == [0, 1] and len(told) == 2
    for one, training in zip(found.found, reproduce.trainings(record(), tmp_path), strict=True):
        run = Run(training.path)
        assert run.training.seed == one.seed and run.made == 4
        assert one.figures == {"generator": run.lines()[-1]["generator"]}
        # breaks when two trainings side by side fight for the cores
        assert run.plain["versions"]["threads"] == "1"
    assert found.made and found.machine
    again = reproduce.reproduced(record(), tmp_path, told.append)
    assert again.found == found.found and len(told) == 2


def test_a_stopped_training_is_gone_on_with(tmp_path):
    (training, _) = reproduce.trainings(record(), tmp_path)
    settings = {"latent": 2, "generator_widths": (8,), "discriminator_widths": (8,)}
    run = liangyi.create_run("gan", "ring", training.path, steps=4, batch_size=8, **settings)
    session = Session(run)
    for event in session:
        if isinstance(event, Stepped):
            session.stop()
    assert training.left() == [["resume", str(training.path)]]
    for _ in Session(run):
        pass
    assert training.left() == []


def test_a_score_is_made_after_the_training(tmp_path):
    scored = record(rows=(Row(name="gan", train=WORDS, score="-n 50"),))
    training = reproduce.trainings(scored, tmp_path)[0]
    train, score = training.left()
    assert train[:2] == ["train", "gan"] and train[-4:] == ["--seed", "0", "--out", train[-1]]
    assert score == ["score", str(training.path), "-n", "50"]


def test_what_another_command_made_is_not_taken(tmp_path):
    # breaks when a record is changed and the old trainings pass for the new ones
    one = reproduce.trainings(record(), tmp_path)
    changed = record(rows=(Row(name="gan", train=f"{WORDS} --pack 2"),))
    other = reproduce.trainings(changed, tmp_path)
    assert not {training.path for training in one} & {training.path for training in other}


def test_a_command_that_fails_is_told_and_ends_the_work(tmp_path):
    told = []
    bad = record(rows=(Row(name="gan", train="gan --data ring --stepz 4"),), seeds=(0, 1, 2, 3))
    with pytest.raises(UserError, match="unknown option --stepz; did you mean --steps"):
        reproduce.reproduced(bad, tmp_path, told.append, workers=1)
    assert len(told) < 4


def test_a_figure_that_nobody_has_is_told(tmp_path):
    run = tmp_path / "run"
    liangyi.train("gan", "ring", run, progress=False, steps=1, batch_size=8, latent=2)
    training = reproduce.Training(Row(name="gan", train=""), 0, ("generatr",), run)
    with pytest.raises(UserError, match=r"no figure generatr; it has .*generator"):
        training.found()


def test_what_a_command_prints_is_kept_once(tmp_path):
    code = (
        "import os, pathlib; path = pathlib.Path('{out}'); path.mkdir(parents=True); "
        "print(os.environ['SEEN'], 'A=1')"
    )
    wanted = printed(f'SEEN=yes python -c "{code}"')
    told = []
    found = reproduce.reproduced(wanted, tmp_path, told.append)
    assert found.printed == ("yes A=1\n",) and told == list(wanted.typed)
    # a second run of the command would fail: its folder is there
    assert reproduce.reproduced(wanted, tmp_path, told.append).printed == found.printed


def test_the_figures_of_a_record_are_those_that_its_command_drew(tmp_path):
    code = (
        "import pathlib, sys; out = pathlib.Path(sys.argv[1]); out.mkdir(); "
        "(out / 'a.png').write_bytes(b'drawn'); print(1)"
    )
    one = replace(printed(f'python -c "{code}" {{out}}'), figures=("lab/a.png",))
    reproduce.reproduced(one, tmp_path, print)
    assert reproduce.figures(one, tmp_path)["lab/a.png"].read_bytes() == b"drawn"
    with pytest.raises(UserError, match=r"draw no b\.png"):
        reproduce.figures(replace(one, figures=("lab/b.png",)), tmp_path)


def test_a_command_that_ends_badly_is_told_and_not_kept(tmp_path):
    wanted = printed('python -c "print(1); raise SystemExit(3)"')
    for _ in range(2):
        with pytest.raises(UserError, match="ended with 3"):
            reproduce.reproduced(wanted, tmp_path, lambda line: None)


def test_work_that_spans_two_commits_says_so(tmp_path, monkeypatch):
    wanted = printed('python -c "print(1)"')
    monkeypatch.setattr(reproduce, "commit", lambda: "commit a")
    assert reproduce.reproduced(wanted, tmp_path, lambda line: None).commit == "commit a"
    monkeypatch.setattr(reproduce, "commit", lambda: "commit b")
    found = reproduce.reproduced(wanted, tmp_path, lambda line: None)
    assert found.commit == "commit a to commit b"


@pytest.fixture
def docs(tmp_path, monkeypatch):
    """Return a folder of pages with one record, not made yet."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "docs"
    records.write(folder / "records", "one", printed('python -c "print(7)"'))
    (folder / "page.md").write_text("<!-- record one -->\n<!-- /record -->\n")
    return folder


def test_the_command_shows_and_with_keep_writes(docs, capsys):
    before = (docs / "page.md").read_text()
    assert main(["reproduce", "one"]) == 0
    assert "    7" in capsys.readouterr().out
    assert (docs / "page.md").read_text() == before
    assert records.read(docs / "records", "one").printed == ()
    assert main(["reproduce", "one", "--keep"]) == 0
    assert records.read(docs / "records", "one").printed == ("7\n",)
    assert "    7\n" in (docs / "page.md").read_text()


def test_figures_that_came_out_otherwise_stand_beside_the_record(docs, capsys):
    old = records.read(docs / "records", "one")
    changed = Printed(about="", budget="", typed=old.typed, printed=("8\n",), made="2026-01-01")
    records.write(docs / "records", "one", changed)
    assert main(["reproduce", "one"]) == 0
    out = capsys.readouterr().out
    assert out.index("    7") < out.index("made on 2026-01-01") < out.index("    8")


def test_pages_are_filled_by_one_command(docs, capsys):
    assert main(["reproduce", "--fill"]) == 0
    assert "python -c" in (docs / "page.md").read_text()
    assert main(["reproduce"]) == 0
    assert capsys.readouterr().out.startswith("one ")
    assert main(["reproduce", "on"]) == 2
