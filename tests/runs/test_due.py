"""When the first checkpoint of a running training can be expected."""

from __future__ import annotations

import pytest

from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.runs import progress
from liangyi.runs.due import first_due

SETTINGS = Training(checkpoint_every=500)


def test_the_speed_is_that_of_the_log() -> None:
    lines = [{"step": 50, "seconds": 99.0}, {"step": 100, "seconds": 20.0}]
    told = first_due(SETTINGS, 1000, lines)
    assert told == "the first is due at step 500, in about 80 s"  # 400 steps at 5 a second


def test_without_a_log_only_the_step_is_known() -> None:
    assert first_due(SETTINGS, 1000, []) == "the first is due at step 500"
    assert first_due(SETTINGS, 1000, [{"step": 500, "seconds": 9.0}]).endswith("step 500")


def test_a_short_training_has_its_first_at_its_end() -> None:
    assert first_due(SETTINGS, 80, []) == "the first is due at step 80"
    assert first_due(SETTINGS, 0, []) == "the first is due at step 500"  # epochs of unknown length


def test_only_a_training_that_runs_is_waited_for(small, tmp_path, monkeypatch) -> None:
    quick = small("gan", generator_widths=(4,), discriminator_widths=(4,)).run(tmp_path / "quick")
    with pytest.raises(UserError, match="has no checkpoint yet; `liangyi resume"):
        quick.model()
    monkeypatch.setattr(progress, "alive", lambda path: True)
    with pytest.raises(UserError, match="has no checkpoint yet; the first is due at step"):
        quick.model()
