"""Every verb of a model is a verb of the command line, on pictures of one's own."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi import fields
from liangyi.api import train
from liangyi.core.verbs import samples
from liangyi.data.pictures.files import decode
from liangyi.fields.pixels import GAP, to_bytes
from liangyi.runs.run import Run


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    """Return a folder with two runs, and pictures that are no digits, of any size and colour."""
    for name in ("vae", "mnist-cnn", "gan", "ring"):
        shutil.copytree(trained / name, tmp_path / name)
    generator = np.random.default_rng(0)
    for place in ("mine/3", "mine/7"):
        (tmp_path / place).mkdir(parents=True)
        for number in range(5):
            pixels = generator.integers(0, 255, (30, 20 + number, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / place / f"{number}.png")
    np.save(tmp_path / "points.npy", generator.normal(size=(9, 2)).astype(np.float32))
    return tmp_path


def seen(run, paths):
    """Return pictures as the model of a run sees them, by the decoder of training."""
    model = Run(run).model()
    low, high = model.image_range
    pixels = np.stack([decode(path, model.spec.shape).pixels for path in paths])
    return model, torch.from_numpy(pixels).float() / 255 * (high - low) + low


def test_reconstructions_stand_below_their_originals(say, here):
    answer = say("reconstruct vae mine -o sheet.png")
    assert answer.code == 0 and answer.out == "10 pictures: sheet.png\n"
    assert answer.err == "10 coloured pictures, taken as grey\n"
    model, image = seen("vae", sorted(Path("mine").rglob("*.png")))
    sheet = np.asarray(Image.open("sheet.png"))
    # eight in a row, then two: 4 rows; enlarged by a whole factor
    side = (sheet.shape[1] - GAP) // 8 - GAP
    assert sheet.shape[0] == 4 * (side + GAP) + GAP
    for row, what in ((0, image[0]), (1, model.reconstruct(image)[0])):
        top = GAP + row * (side + GAP)
        part = sheet[top : top + side, GAP : GAP + side]
        small = np.asarray(Image.fromarray(part).resize((8, 8), Image.Resampling.BOX))
        wanted = to_bytes(what, model.image_range)[0].numpy()
        assert np.abs(small.astype(int) - wanted.astype(int)).mean() < 12


def test_codes_are_those_of_the_model_and_decode_again(say, here):
    assert say("encode vae mine/3 mine/7/0.png -o codes.npy").out == "6 rows: codes.npy\n"
    paths = [*sorted(Path("mine/3").iterdir()), Path("mine/7/0.png")]
    model, image = seen("vae", paths)
    codes = np.load("codes.npy")
    assert np.allclose(codes, model.encode(image).numpy(), atol=1e-6)
    assert say("decode vae codes.npy -o back.npy").code == 0
    wanted = to_bytes(model.decode(torch.from_numpy(codes)), model.image_range)
    assert np.array_equal(np.load("back.npy"), wanted.permute(0, 2, 3, 1).numpy())


def test_classes_for_people_for_scripts_and_in_a_file(say, here):
    rows = json.loads(say("classify mnist-cnn mine --json").out)
    assert [row["file"] for row in rows] == [str(p) for p in sorted(Path("mine").rglob("*.png"))]
    model, image = seen("mnist-cnn", [Path(row["file"]) for row in rows])
    confidence, number = model.classify(image).max(1)
    assert [row["class"] for row in rows] == [model.spec.classes[n] for n in number]
    assert [row["confidence"] for row in rows] == pytest.approx(confidence.tolist(), abs=1e-5)
    lines = say("classify mnist-cnn mine").out.splitlines()
    assert lines[0].split() == ["file", "class", "confidence"] and len(lines) == 12
    assert say("classify mnist-cnn mine -o classes.csv").out == "10 rows: classes.csv\n"
    with Path("classes.csv").open() as file:
        assert [row["class"] for row in csv.DictReader(file)] == [row["class"] for row in rows]
    # breaks when an ending in capitals is written as the other kind of table
    say("classify mnist-cnn mine -o CLASSES.CSV")
    assert Path("CLASSES.CSV").read_bytes() == Path("classes.csv").read_bytes()


def test_figures_of_labelled_pictures_take_the_classes_from_their_folders(say, here):
    found = json.loads(say("evaluate mnist-cnn mine --json").out)
    model, image = seen("mnist-cnn", sorted(Path("mine").rglob("*.png")))
    label = torch.tensor([3] * 5 + [7] * 5)
    hit = (model.classify(image).argmax(1) == label).float().mean()
    assert found["accuracy"] == pytest.approx(float(hit))


def test_without_files_it_is_asked_about_held_out_data(say, here):
    answer = say("evaluate mnist-cnn --json")
    last = Run("mnist-cnn").lines()[-1]
    assert json.loads(answer.out)["accuracy"] == pytest.approx(last["test/accuracy"], abs=1e-6)
    assert "held-out items of digits" in answer.err
    assert say("reconstruct vae -n 3").out == "3 pictures: reconstruct.png\n"


def test_one_number_for_each_picture_is_a_table(say, here):
    lines = say("bound vae mine/3 --draws 2").out.splitlines()
    assert lines[0].split() == ["file", "bound"] and len(lines) == 7


def test_an_item_answers_alike_however_many_are_asked_about(say, here):
    # breaks when the noise of the first picture depends on the others
    one, all_ = (
        json.loads(say(f"bound vae {what} --draws 2 --json").out)[0]["bound"]
        for what in ("mine/3/0.png", "mine")
    )
    assert one == pytest.approx(all_, rel=1e-5)


def test_walks_and_points_too(say, here):
    assert say("interpolate gan --count 5 -o walk.npy").code == 0
    assert np.load("walk.npy").shape == (5, 8, 8, 1)
    assert say("interpolate ring --count 5 -o walk.txt").code == 0
    assert len(Path("walk.txt").read_text().splitlines()) == 5


def test_a_new_verb_of_a_model_of_ones_own_needs_no_word_here(say, tmp_path, left):
    Path("mine.py").write_text(OWN)
    line = "train ./mine.py --data digits --steps 1 --batch-size 4 --device cpu --out run"
    assert say(line).code == 0
    say("sample run --model ./mine.py -n 3 -o three.npy")
    drawn = samples(Run("run").model(), 3)
    assert np.array_equal(
        np.load("three.npy"), to_bytes(drawn, (-1, 1)).permute(0, 2, 3, 1).numpy()
    )
    assert say("negate run three.npy --model ./mine.py -o negative.npy").code == 0
    assert np.array_equal(np.load("negative.npy"), 255 - np.load("three.npy"))
    helped = say("negate run --model ./mine.py --help").out
    assert "--times INT" in helped and "how often" in helped


OWN = '''"""Mine: a GAN that can negate. Nobody, "Nothing", arXiv:0000.00000."""
from typing import Annotated

from torch import Tensor

from liangyi.core.config import Count
from liangyi.core.model import verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.zoo.adversarial.gan import GAN


@register("mine")
class Mine(GAN):
    """Mine: a GAN that can negate."""

    @verb
    def negate(
        self, image: Tensor, times: Annotated[Count, "how often"] = 1
    ) -> Annotated[Tensor, Pixels]:
        """Return negatives."""
        return image * (-1) ** times
'''

MISTAKES = [
    ("classify", "liangyi classify wants a run first; liangyi classify --help says more"),
    ("classify nothere", "nothere is not a run"),
    ("classify gan mine", "gan cannot classify; it can: interpolate, sample"),
    ("classfy mnist-cnn mine", "unknown verb 'classfy'; did you mean classify"),
    ("classify mnist-cnn nothere.png", "there is no picture and no folder of pictures at nothere"),
    ("classify mnist-cnn vae/config.json", "vae/config.json cannot be read (not a picture"),
    ("classify mnist-cnn points.npy", "points.npy holds points of 2; this model learned from pict"),
    ("classify mnist-cnn mine -o x.png", "cannot write a table to x.png; its name may end in .csv"),
    ("classify mnist-cnn mine --label 3", "unknown option --label; liangyi classify RUN --help"),
    (
        "evaluate mnist-cnn mine/3",
        "evaluate needs labels too: put each class in its own sub-folder",
    ),
    ("evaluate mnist-cnn cats", "there is no class cat; there are: 0, 1, 2"),
    ("reconstruct vae mine -o x.gif", "cannot write to x.gif"),
    ("reconstruct vae mine -o mine", "--out: mine holds 2 files already"),
    ("decode vae", "decode wants a file of codes: FILE.npy"),
    ("decode vae mine", "mine is no file of numbers; give FILE.npy"),
    ("decode vae points.npy", "vae cannot decode 9 x 2 numbers"),
    ("bound vae mine --draws 0", "--draws 0: should be greater than or equal to 1 (codes drawn"),
    ("interpolate gan", "--count: interpolate wants it"),
    ("interpolate gan mine --count 3", "cannot use the word 'mine' there: interpolate is asked"),
]


@pytest.mark.parametrize(("line", "wanted"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_one_line_and_leaves_nothing(say, here, left, line, wanted):
    shutil.copytree("mine/3", "cats/cat")
    shutil.copytree("mine/7", "cats/dog")
    before = left()
    answer = say(line)
    assert answer.code == 2 and "Traceback" not in answer.err
    *_, last = answer.err.splitlines()
    assert last.startswith(f"liangyi: {wanted}"), last
    assert left() == before


def test_broken_pictures_of_a_folder_are_left_out_and_named(say, here):
    Path("mine/3/broken.png").write_text("no picture")
    answer = say("classify mnist-cnn mine --json")
    assert len(json.loads(answer.out)) == 10
    assert "broken.png is left out (not a picture, whatever its name says)" in answer.err


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """Return a folder with runs of models that give pictures in rows."""
    monkeypatch.chdir(tmp_path)
    quick = {"data": "digits", "steps": 4, "batch_size": 8, "validate_every": 1}
    quick |= {"latent": 4, "device": "cpu", "progress": False}
    train("gran", out="gran", width=2, timesteps=3, size=16, **quick)
    train("infogan", out="infogan", width=2, hidden=8, categories=4, **quick)
    return tmp_path


def test_pictures_in_rows_keep_their_rows(say, rows):
    # breaks when 5 x 3 canvases are laid out as a square of 15, or listed as numbers
    assert say("canvases gran --count 5 -o canvases.png").out == "15 pictures: canvases.png\n"
    assert say("traverse infogan --which 1 --values 7").out == "28 pictures: traverse.png\n"
    for name, columns, lines in (("canvases", 3, 5), ("traverse", 7, 4)):
        with Image.open(f"{name}.png") as sheet:
            width, height = sheet.size
        assert (width - GAP) * lines == (height - GAP) * columns
    assert say("canvases gran --count 2 -o canvases").code == 0
    assert len(list(Path("canvases").iterdir())) == 6


def test_none_of_something_is_a_mistake(say, rows):
    for line in ("canvases gran --count 0", "traverse infogan --values 0"):
        assert "should be greater than or equal to 1" in say(line).complaint


def test_numbers_of_any_form_can_be_listed(say, rows):
    assert say("encode infogan -n 2 -o codes.txt").code == 0
    assert len(Path("codes.txt").read_text().splitlines()) == 2


def test_a_verb_says_that_it_takes_the_best_weights(say, rows, monkeypatch):
    monkeypatch.setattr(Run, "best", 2)
    answer = say("encode infogan -n 2 -o best.npy")
    assert "weights: best, step 2 of 4; --newest for the newest" in answer.err
    answer = say("encode infogan -n 2 --newest -o newest.npy")
    assert answer.code == 0 and "weights" not in answer.err


def test_what_can_be_typed_is_asked_about_as_it_is_typed(say, trained, tmp_path):
    run = str(trained / "addition-rnn")
    rows = json.loads(say("answer", run, "7+12", "99+1", "--json").out)
    model = Run(run).model()
    wanted = model.answer(fields.typed(model.spec["question"], ["7+12", "99+1"]))
    lines = [line.strip() for line in fields.lines(model.spec["answer"], wanted)]
    assert rows == [
        {"question": "7+12", "answer": lines[0]}, {"question": "99+1", "answer": lines[1]},
    ]  # fmt: skip
    assert say("answer", run, "7+12").out.splitlines()[-1].split() == ["7+12", *lines[0].split()]
    assert say("answer", run, "-n", "3", "-o", "three.csv").out == "3 rows: three.csv\n"
    with Path("three.csv").open() as file:
        assert all("+" in row["question"] for row in csv.DictReader(file))
    assert "Sentences are typed" in say("answer", run, "--help").out
    np.save("two.npy", np.array([[2, 1, 3, 0, 0], [4, 1, 5, 0, 0]]))
    assert say("answer", run, "two.npy").code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("7x1", "unknown symbol 'x'"), ("777+1", None), ("777+12", "has 6 symbols; at most 5 fit")],
)
def test_what_cannot_be_typed_is_one_line(say, trained, text, complaint):
    answer = say("answer", str(trained / "addition-rnn"), text)
    assert answer.code == 0 if complaint is None else complaint in answer.complaint
