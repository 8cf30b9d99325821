"""The page of a training that goes on: there from the first sample, and nearly for nothing."""

from __future__ import annotations

import os
import time

from conftest import follow, same, weights_of
from liangyi.session import Session, Stepped
from liangyi.session.report import Reporter


def test_it_is_there_from_the_first_sample_on(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=9, sample_every=3)
    for event in Session(run):
        if isinstance(event, Stepped):
            assert run.report.exists() == (event.step >= 3)
            if event.step == 3:
                page = run.report.read_text()
                assert "3 of 9" in page and "real items" in page and "Architecture" in page
    assert "9 of 9" in run.report.read_text()
    assert not [path for path in run.path.iterdir() if path.name.endswith(".partial")]


def test_it_is_refreshed_with_each_sheet_as_far_as_that_costs_little(small, tmp_path, monkeypatch):
    run = small("gan").run(tmp_path / "run", steps=2)
    list(Session(run))
    reporter, written = Reporter(run), []
    monkeypatch.setattr(type(run), "keep_report", lambda self, page: written.append(page))
    now = [100.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    reporter.refresh()
    assert len(written) == 1
    reporter._cost = 1.0  # a second, of which there may be one in fifty
    for passed, wanted in ((1, 1), (48, 1), (2, 2), (1, 3)):
        now[0] += passed
        reporter.refresh()
        assert len(written) == wanted, passed  # a page that cost nothing may come at once


def test_looking_changes_nothing(small, tmp_path):
    # breaks when the page, for which a model is built and stepped, moves the training's noise
    often = small("dcgan").run(tmp_path / "often", steps=6, sample_every=1)
    never = small("dcgan").run(tmp_path / "never", steps=6, sample_every=6)
    for run in (often, never):
        list(follow(run))
    assert same(weights_of(often.model()), weights_of(never.model()))


def test_who_was_killed_before_the_last_page_finds_it_after_resuming(small, tmp_path):
    # breaks when the page of an earlier sample is taken for the last one
    run = small("gan").run(tmp_path / "run", steps=3, sample_every=1)
    list(Session(run))
    run.report.write_text("of step 2")
    before = run.path.joinpath("log.jsonl").stat().st_mtime - 5
    os.utime(run.report, (before, before))
    list(Session(run))
    assert "3 of 3" in run.report.read_text()
    run.report.write_text("whole")
    list(Session(run))
    assert run.report.read_text() == "whole"


def test_real_items_are_drawn_once(small, tmp_path):
    run = small("gan").run(tmp_path / "run", steps=2, sample_every=1)
    list(Session(run))
    before = run.real()
    (run.path / "real.png").write_bytes(before + b"mine")
    list(Session(run.aimed_at(4)))
    assert run.real() == before + b"mine"
