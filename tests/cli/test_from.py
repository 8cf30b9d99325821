"""`liangyi train --from RUN`, as people type it."""

from __future__ import annotations

from liangyi.cli.flags import spelled
from liangyi.runs.run import Run

from .conftest import QUICK


def test_a_run_goes_on_as_another_one(say, copy, tmp_path):
    copy("dcgan")
    answer = say(f"train --from dcgan --learning-rate 1e-5 {QUICK} --out tuned")
    assert answer.code == 0, answer.err
    assert "begins with the weights of dcgan at step 4" in answer.err
    run = Run(tmp_path / "tuned")
    assert run.kind.name() == "dcgan" and run.config.width == 4
    assert run.config.learning_rate == 1e-5 and run.training.steps == 4
    assert say("resume tuned").code == 0


def test_mistakes_are_one_line(say, copy, left):
    copy("dcgan")
    assert "--from" in say("train gan --from dcgan").complaint
    assert "is not a run" in say("train --from nowhere").complaint
    assert "generator.0.weight" in say(f"train --from dcgan --width 8 {QUICK}").complaint
    assert left() == {"dcgan"}


def test_a_trailing_underscore_is_pythons_own(say):
    assert spelled("from_") == "--from" and spelled("batch_size") == "--batch-size"
    assert "--from WORD" in say("train dcgan --help").out
    assert "--from WORD" in say("new my-gan --help").out
