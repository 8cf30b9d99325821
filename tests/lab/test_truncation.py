"""Truncation against quality: the bench's rows and its figure, on a training of few steps."""

from __future__ import annotations

import pytest

from liangyi.core.errors import UserError
from liangyi.lab import truncation
from liangyi.lab.entry import parse


def test_every_limit_is_measured_once_and_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(truncation, "_SAMPLES", 100)
    entry = parse("sngan:width=8")
    (trial,) = truncation.trials([entry], ("digits",), 1, tmp_path, 4)
    trial.train()
    truncation.finish(trial)
    text, plain = truncation.table([trial])
    assert "0.25 deviations" in truncation._seen(plain)
    assert [row["truncation"] for row in plain] == list(truncation.LIMITS)
    assert text.count("`sngan:width=8`") == len(truncation.LIMITS)
    (axes,) = truncation._figure(plain).axes
    # breaks when the names of limits that lie at one place cover each other
    assert len({text.xy for text in axes.texts}) == len(axes.texts)
    named = ", ".join(text.get_text() for text in axes.texts).split(", ")
    assert sorted(named) == sorted(truncation._within(limit) for limit in truncation.LIMITS)
    # breaks when the limit does not reach the noise
    frechet = [row["frechet"]["mean"] for row in plain]
    assert len(set(frechet)) == len(frechet)
    kept = trial.run.beside("truncation.json").read_bytes()
    truncation.finish(trial)
    assert trial.run.beside("truncation.json").read_bytes() == kept


def test_the_sentence_speaks_of_every_model():
    def rows(model, precision):
        figures = {column: {"mean": precision} for column in truncation.COLUMNS}
        return [{"data": "d", "model": model, "truncation": limit, **figures}
                for limit in truncation.LIMITS]  # fmt: skip

    text = truncation._seen(rows("one", 0.5) + rows("two", 0.75))
    assert "of `one` on d, precision from 0.500" in text
    assert "of `two` on d, precision from 0.750" in text


def test_noise_that_cannot_be_cut_is_told_before_anything_is_trained(tmp_path):
    # breaks when the first limit tells: after the training
    with pytest.raises(UserError, match="only normal noise") as caught:
        truncation.trials([parse("gan")], ("digits",), 1, tmp_path, 4)
    assert caught.value.setting == "truncation"


def test_data_without_pictures_is_told_before_anything_is_trained(tmp_path):
    # breaks when the evaluator tells: after the training
    with pytest.raises(UserError, match="ring has no pictures") as caught:
        truncation.trials([parse("sngan")], ("ring",), 1, tmp_path, 4)
    assert caught.value.setting == "data"
