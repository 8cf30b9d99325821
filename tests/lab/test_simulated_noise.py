"""The lab of noise: whose parts are kept, and what is said of them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from liangyi.core.errors import UserError
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
    assert "`one` has 21.00 dB, +1.00 beside" in text and "`two` has 22.00 dB, +2.00" in text


def test_denoisers_of_one_seed_are_compared_with_each_other():
    # breaks when the seeds' common ups and downs widen the interval of a difference
    rows = [
        {"data": "d", "denoiser": way, "seed": seed, "psnr": 20.0 + 5 * seed + more}
        for way, more in {"one": 1.0, noise.GAUSSIAN: 0.0, noise.TRUE: 2.0}.items()
        for seed in range(3)
    ]
    text = noise._seen(rows)
    assert "`one` has 26.00 dB, +1.00 ± 0.00 beside fitted" in text and "-1.00 ± 0.00" in text


def photographs(folder, least, most, count=8):
    """Write photographs of even light within a range."""
    folder.mkdir(parents=True)
    dice = np.random.default_rng(0)
    for number in range(count):
        light = dice.integers(least, most, (128, 128), dtype=np.uint8)
        Image.fromarray(light).save(folder / f"{folder.name}-{number}.png")
    return str(folder)


@pytest.mark.parametrize(("least", "most"), [(40, 56), (200, 210)])
def test_planted_noise_is_checked_where_there_is_light(least, most, tmp_path):
    # breaks when the middle of the range is looked at, where these photographs have no pixel
    checks = noise._planted(photographs(tmp_path / "clean", least, most))
    assert len(checks) == 2 and all(check.holds for check in checks)
    assert least <= float(checks[0].what.split()[-1]) <= most


def test_noise_that_is_cut_at_black_is_not_held_against_the_formula(tmp_path):
    (correlation,) = noise._planted(photographs(tmp_path / "clean", 0, 2))
    assert "correlation" in correlation.what


def test_photographs_without_pairs_are_one_line_before_anything_is_trained(tmp_path):
    # breaks when the first part tells, by a KeyError
    for kind in ("noisy", "clean"):
        photographs(tmp_path / kind, 0, 255)
    work = Work(Terms(seeds=1), tmp_path / "out", lambda line: None, ("noise-gan",),
                (str(tmp_path),))  # fmt: skip
    with pytest.raises(UserError, match="has no pairs"):
        noise.run.run(work)
