"""What people are told word by word: each command of a first hour gone wrong, and its one line."""

from __future__ import annotations

import os
import shutil

import numpy as np
import pytest
from PIL import Image

# the command, and the whole line
LINES = [
    ("train acgan --data plain", "acgan needs labels: put each class in its own sub-folder, or "
     "`label` beside `image` (.npz); try --data mnist"),
    ("train dcgan --data ring", "dcgan needs pictures, this data has points; try --data digits"),
    ("train dcgan --data text.npy", "dcgan needs pictures, this data has sentences; try --data "
     "digits"),
    ("train gan --data named.npz", "gan needs pictures or points called point, this data has "
     "points called x; try --data digits"),
    ("train vae --data labels.npy", "vae needs pictures, this data has labels; try --data mnist"),
    ("train seqgan --data pets", "seqgan needs sentences, this data has pictures and labels; try "
     "--data oracle"),
    ("train dcgan digits", "cannot use the word 'digits' there; did you mean --data digits?"),
    ("train dcgan --lr 0.1", "unknown option --lr; did you mean --learning-rate?"),
    ("train dcgan --data plain --batch-size 64", "a batch of 64 is larger than the data: 12 items; try "
     "--batch-size 3"),
    ("train dcgan --data plain --size 1", "1 x 1 is too small for convolutions; try --size 28"),
    ("train acgan --data pets", "this model draws pictures whose sides are multiples of 4 and at "
     "least 20, not 9 x 8; try --size 28"),
    ("train dcgan --batch-size 4 --accumulate 9", "9 parts of a batch of which each process has 4 "
     "items; try --accumulate 1"),
    ("sample runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("resume runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("score runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("diagnose runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("walk runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("show runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("encode runs", "runs is not a run, but holds 2 runs: runs/acgan, runs/gan; name one"),
    ("sample acgan", "acgan is not a run; did you mean runs/acgan?"),
    ("sample runs/gna", "runs/gna is not a run; did you mean runs/gan?"),
    ("sample plain", "plain is not a run"),
    ("sample runs/acgan --label svn", "--label: there is no class svn; there are: 0, 1, 2, 3, 4, "
     "5, 6, 7, 8, 9"),
    ("walk runs/acgan --label 10", "--label: there is no class 10; there are: 0, "
     "1, 2, 3, 4, 5, 6, 7, 8, 9"),
    ("interpolate runs/acgan --count 2 --label x", "--label: there is no class x; there are: 0, 1, "
     "2, 3, 4, 5, 6, 7, 8, 9"),
    ("sample runs/gan --label 1", "--label: gan does not know labels; it draws without being "
     "asked"),
    ("sample runs/gan 9.png", "cannot use the word '9.png' there; did you mean --out 9.png?"),
    ("sample runs/gan -o plain", "--out: plain holds 12 files already, which would lie among the "
     "new ones; name a new folder, or empty it"),
    ("sample runs/gan -o x.jpg", "cannot write to x.jpg; its name may end in .png or "
     ".npy, or be a folder's"),
    ("walk runs/gan -o x.png", "cannot write a film to 'x.png'; its name must end in .gif or .mp4"),
    ("compare runs/gan runs/acgan -o x.png", "cannot write a page to x.png; its name must end in "
     ".html"),
    ("show gan -o x.png", "cannot write a drawing to x.png; its name must end in .svg"),
    ("encode runs/gan plain", "gan cannot encode; it can: interpolate, sample"),
    ("dream plain", "--classifier: none is given; give a run (as of mnist-cnn), torchvision:NAME, "
     "or torchvision:NAME@FILE"),
    ("dream plain --classifier vgg", "--classifier: no classifier at 'vgg'; did you mean torchvision:vgg19?"),
]  # fmt: skip


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    """Return a folder with data of all kinds and two runs."""
    generator = np.random.default_rng(0)
    for place in ("plain", "pets/cat", "pets/dog"):
        (tmp_path / place).mkdir(parents=True)
        for number in range(12):
            pixels = generator.integers(0, 255, (8, 9), np.uint8)
            Image.fromarray(pixels).save(tmp_path / place / f"{number}.png")
    np.save(tmp_path / "text.npy", generator.integers(0, 9, (50, 6)))
    np.save(tmp_path / "labels.npy", generator.integers(0, 3, 50))
    np.savez(tmp_path / "named.npz", x=generator.normal(size=(50, 2)).astype(np.float32))
    (tmp_path / "runs").mkdir()
    for name in ("gan", "acgan"):
        shutil.copytree(trained / name, tmp_path / "runs" / name)
    os.utime(tmp_path / "runs" / "gan", (0, 0))  # the newest comes first
    return tmp_path


@pytest.mark.parametrize(("line", "wanted"), LINES, ids=[line for line, _ in LINES])
def test_the_one_line(say, here, left, line, wanted):
    before = left()
    answer = say(line)
    assert answer.code == 2 and not answer.out and "Traceback" not in answer.err
    assert answer.err.splitlines()[-1] == f"liangyi: {wanted}"
    assert answer.err.count("liangyi: ") == 1
    assert left() == before


def test_the_numbers_of_things_agree_with_their_nouns(say, here):
    assert say("sample runs/gan -n 1").out == "1 sample: samples.png\n"
    assert say("encode runs/gan").code == 2
    assert say("sample runs/acgan -n 2 --label 3").out == "2 samples: samples.png\n"


def test_a_class_by_its_name_is_the_class_of_its_number(say, here):
    assert say("sample runs/acgan -n 3 --label 7 -o name.npy").code == 0
    found = np.load("name.npy")
    assert say("sample runs/acgan -n 3 --label 8 -o other.npy").code == 0
    assert not np.array_equal(found, np.load("other.npy"))
