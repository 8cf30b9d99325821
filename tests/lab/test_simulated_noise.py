"""The lab of noise: whose parts are kept, and what is said of them."""

from __future__ import annotations

import pytest

from liangyi.lab import noise
from liangyi.lab.experiment import Terms, Work


@pytest.mark.parametrize("names", [("a/b", "a-b"), ("a-b", "a/b")])
def test_folders_of_like_names_share_no_part(names, tmp_path, monkeypatch):
    work = Work(Terms(seeds=1), tmp_path, lambda line: None, ("noise-gan",))
    monkeypatch.setattr(noise, "_deviation", lambda name: 10.0)
    monkeypatch.setattr(noise, "_simulation", lambda run, made, path, steps, name: {"of": name})
    monkeypatch.setattr(noise, "_cards", lambda run, *rest: {"of": run.args[0]})
    for name in names:
        assert {row["of"] for row in noise._measured(work, name, 0)} == {name}


def test_the_sentence_speaks_of_every_simulation():
    found = {"one": 21.0, "two": 22.0, noise.GAUSSIAN: 20.0, noise.TRUE: 30.0}
    rows = [{"data": "d", "denoiser": way, "psnr": value} for way, value in found.items()]
    text = noise._seen(rows)
    assert "`one` has 21.00 dB, +1.00" in text and "`two` has 22.00 dB, +2.00" in text
