"""The bench of modes: fair recipes, exact counts, and the paper's figures beside ours."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch

from liangyi.core import verbs
from liangyi.core.errors import UserError
from liangyi.lab import modes
from liangyi.lab.entry import parse
from liangyi.lab.trial import work
from liangyi.scoring import evaluator

SMALL = "gan:generator_widths=8+,discriminator_widths=8+,latent=2"


def rows_of(text):
    """Parse one Markdown table, which must have as many cells in each row."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({len(row) for row in cells}) == 1
    assert set("".join(cells[1])) == {"-"}
    return [cells[0], *cells[2:]]


def silently(trials):
    return list(work(trials, lambda line: None))


def test_a_pack_sees_as_many_packs_as_others_see_items(tmp_path):
    one, packed = modes.trials([parse("gan"), parse("gan:pack=3")], ["ring"], 1, tmp_path, None)
    assert packed.recipe["batch_size"] == 3 * one.recipe["batch_size"]
    assert packed.recipe["steps"] == one.recipe["steps"]


def test_fewer_steps_shorten_all_that_hangs_on_them(tmp_path):
    (one,) = modes.trials([parse("r3gan")], ["ring"], 1, tmp_path, 20)
    assert (one.recipe["steps"], one.recipe["decay_steps"], one.recipe["sample_every"]) == (20,) * 3
    assert one.recipe["checkpoint_every"] == 5


def test_only_data_whose_modes_are_known(tmp_path):
    with pytest.raises(UserError, match="the modes of digits are not known; there are: ring, grid"):
        modes.trials([parse("gan")], ["ring", "digits"], 1, tmp_path, 2)


@pytest.fixture(scope="module")
def done(tmp_path_factory):
    """Return three finished trials of one entry, one of which failed, and one that failed alone."""
    out = tmp_path_factory.mktemp("modes")
    names = [SMALL, f"{SMALL},learning_rate=1e30"]
    trials = modes.trials([parse(name) for name in names], ["ring"], 2, out, 2)
    lost = modes.trials([parse(SMALL)], ["ring"], 3, out, 2)[-1]
    trials = silently([*trials, lost])
    lost.run.log({"step": 2, "signal/finite": 0.0})
    return trials


def test_the_table_holds_means_failures_and_the_paper(done):
    text, plain = modes.table(done)
    head, ours, lost, *published = rows_of(text)
    assert head == ["ring", "seeds", "modes of 8", "high quality", "reverse KL, nats"]
    sound = [one for one in done if modes.result(one) is not None]
    assert len(sound) == 2
    mean = sum(modes.result(one)["reverse_kl"] for one in sound) / 2
    assert ours[:2] == [f"`{SMALL}`", "3 (1 failed)"]
    assert "(0 x all)" in ours[2]
    assert ours[4].startswith(f"{mean:.2f}" if mean >= 1 else f"{mean:.3f}")
    assert lost == [f"`{SMALL},learning_rate=1e30`", "2", "failed", "", ""]
    assert published[0] == ["GAN (published)", "10", "6.3 ± 0.5", "0.982", "0.45"]
    assert [row[0] for row in published] == [
        "GAN (published)", "PacGAN2 (published)", "PacGAN3 (published)", "PacGAN4 (published)",
    ]  # fmt: skip
    first, second = json.loads(json.dumps(plain, allow_nan=False))
    assert (first["model"], first["seeds"], first["failed"]) == (SMALL, [0, 1, 2], 1)
    assert first["reverse_kl"]["mean"] == pytest.approx(mean)
    assert len(first["modes"]["values"]) == 2  # a failure has no modes, not none of them
    assert (second["seeds"], second["failed"]) == ([0, 1], 2) and "modes" not in second


def test_results_are_those_of_the_last_step(done):
    line = done[0].run.lines()[-1]
    assert line["step"] == 2
    assert modes.result(done[0]) == {name: line[f"truth/{name}"] for name in modes.COLUMNS}


def test_all_modes_are_counted_as_such(done, monkeypatch):
    found = iter([8.0, 7.0, 8.0])
    monkeypatch.setattr(
        modes, "result",
        lambda one: {"modes": next(found), "high_quality": 1.0, "reverse_kl": 0.1},
    )  # fmt: skip
    text, _ = modes.table([one for one in done if one.entry.name == SMALL])
    cell = rows_of(text)[1][2]
    assert cell.startswith("7.67 ± 1.43") and cell.endswith("(2 x all)")


def test_data_get_a_table_each(tmp_path):
    done = silently(modes.trials([parse(SMALL)], ["ring", "grid"], 1, tmp_path, 1))
    text, plain = modes.table(done)
    first, second = text.strip().split("\n\n")
    assert rows_of(first)[0][2] == "modes of 8" and rows_of(second)[0][2] == "modes of 25"
    assert "6.3 ± 0.5" in first and "17.3 ± 0.8" in second
    assert [one["data"] for one in plain] == ["ring", "grid"]


def idx(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    path.write_bytes(head + array.tobytes())


class Reader:
    """An evaluator whose class of a picture is its brightness, in tenths of the range."""

    def classes(self, image, image_range):
        assert image.shape[1:] == (1, 28, 28)
        low, high = image_range
        share = (image.flatten(1).mean(1) - low) / (high - low)
        return (share * 10).round().long().clamp(max=9)


def test_stacked_digits_are_read_channel_by_channel_and_counted_once(tmp_path, monkeypatch):
    raw = tmp_path / "mnist" / "MNIST" / "raw"
    for part, count in {"train": 12, "t10k": 5}.items():
        pixels = np.arange(count * 784).reshape(count, 28, 28) % 251
        idx(raw / f"{part}-images-idx3-ubyte", pixels.astype(np.uint8))
        idx(raw / f"{part}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))
    monkeypatch.setenv("LIANGYI_DATA", str(tmp_path / "mnist"))
    entry = parse("dcgan:width=2,latent=2,batch_size=2,examine_every=0")
    (one,) = silently(modes.trials([entry], ["stacked-mnist"], 1, tmp_path / "out", 1))
    # 123 thrice, 321 twice, 999 once: a slip in the order of channels would join the first two
    triples = torch.tensor([[1, 2, 3]] * 3 + [[3, 2, 1]] * 2 + [[9, 9, 9]])
    asked = []

    def drawn(model, count):
        asked.append(count)
        low, high = model.image_range
        return (low + (high - low) * triples / 10)[:, :, None, None].expand(-1, -1, 28, 28)

    judged = []
    monkeypatch.setattr(verbs, "samples", drawn)
    monkeypatch.setattr(
        evaluator, "evaluator_of", lambda source, thorough: judged.append(source.name) or Reader()
    )
    modes.result(one)
    assert (asked, judged) == ([26_000], ["mnist"])  # the paper's count
    entropy = -sum(p * math.log(p) for p in (3 / 6, 2 / 6, 1 / 6))
    wanted = {"modes": 3, "high_quality": 1, "reverse_kl": math.log(1000) - entropy}
    assert modes.result(one) == pytest.approx(wanted)
    assert len(asked) == 1  # kept beside the run
    text, _ = modes.table([one])
    assert rows_of(text)[1][2] == "3.00 (0 x all)"
    assert "PacDCGAN2 (published)" in text
