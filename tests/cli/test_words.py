"""Every wrong word is one line that says what would be right, and leaves nothing behind."""

from __future__ import annotations

import json
import re

import pytest
import torch
from PIL import Image

from liangyi import cli

# what is said, and what the one line must contain
MISTAKES = [
    ("trian", "unknown verb 'trian'; did you mean train or rank?"),
    ("--verison", "did you mean --version?"),
    ("qqq", "there are: list, show, look"),
    ("list --jsn", "unknown option --jsn; did you mean --json?"),
    ("list all", "cannot use the word 'all'"),
    ("show", "wants a model or a run first"),
    ("sample", "wants a run first"),
    ("resume", "wants a run first"),
    ("walk --frames 3", "wants a run first"),
    ("dream", "wants a picture first"),
    ("show dcgna", "unknown model 'dcgna'; did you mean dcgan"),
    ("show nothere/run", "nothere/run is not a run"),
    ("show gan --widths 3", "did you mean --generator-widths or --discriminator-widths?"),
    ("show gan -o nothere/x.svg", "nothere/x.svg: No such file or directory"),
    ("train dcgna", "unknown model 'dcgna'; did you mean dcgan"),
    ("train dcgan mnist", "cannot use the word 'mnist' there; did you mean --data mnist?"),
    ("train dcgan --data digtis", "unknown data 'digtis'; did you mean digits"),
    ("train dcgan --data qqqqq", "PATH/OF/PICTURES"),
    ("train dcgan --data ./nothere", "there is no file and no folder at ./nothere"),
    ("train dcgan --stpes 2", "unknown option --stpes; did you mean --steps"),
    ("train dcgan --step 2", "unknown option --step; did you mean --steps?"),
    ("train dcgan --qqqq", "unknown option --qqqq; liangyi train dcgan --help shows"),
    ("train dcgan --steps two", "--steps two: should be a whole number (turns"),
    ("train dcgan --steps=two", "--steps two: should be a whole number (turns"),
    ("train dcgan --steps 2.5", "--steps 2.5: should be a whole number"),
    ("train dcgan --steps", "--steps wants a value"),
    ("train dcgan --size x", "--size x: should be a whole number (pictures"),
    ("train dcgan --epochs x", "--epochs x: should be a number (passes"),
    ("train dcgan --betas 0.5", "--betas wants 2 values"),
    ("train dcgan --betas a b", "--betas a b: should be a number (Adam's"),
    ("train mnist-mlp --widths a", "--widths a: should be a whole number"),
    ("train dcgan --precision float16", "should be 'auto', 'float32' or 'bfloat16'"),
    ("train dcgan --steps 0", "--steps 0: should be greater than or equal to 1"),
    ("train dcgan --steps 99999999999999999999", "--steps 99999999999999999999: should be smaller"),
    ("train dcgan --seed 99999999999999999999", "should be smaller"),
    ("train dcgan --seed -1", "--seed -1: should be greater than or equal to 0"),
    ("train dcgan --batch-size 0", "--batch-size 0: should be greater than or equal to 1"),
    (
        "train dcgan --batch-size 99999",
        "a batch of 99999 is larger than the data: 1,500 items; try --batch-size 375",
    ),
    ("train dcgan --learning-rate -1", "--learning-rate -1: should be greater than 0"),
    ("train dcgan --learning-rate inf", "--learning-rate inf: should be a finite number"),
    ("train dcgan --epochs nan", "--epochs nan: should be a finite number"),
    ("train dcgan --epochs inf", "--epochs inf: should be a finite number"),
    ("train dcgan --average 2", "--average 2: should be less than 1"),
    ("train dcgan --betas 0.5 2", "--betas 0.5 2: should be less than 1"),
    ("train dcgan --width 0", "--width 0: should be greater than or equal to 1"),
    ("train dcgan --keep 0", "--keep 0: should be greater than or equal to 1"),
    ("train dcgan --size 1", "1 x 1 is too small for convolutions; try --size 28"),
    ("train dcgan --device nonsense", "no device 'nonsense'; there are cpu"),
    ("train dcgan --device meta", "no device 'meta'; there are cpu"),
    ("train dcgan --devices 2 --batch-size 3", "--batch-size: 3 is no multiple of the 2 processes"),
    ("train dcgan --width 100000000", "--width 100000000: a dcgan of that size cannot be trained"),
    ("train gan --latent 4611686018427387904", "--latent 4611686018427387904: a gan of that size"),
    ("show gan --generator-widths 9 1000000000", "--generator-widths 9 1000000000: a gan of that"),
    ("train gan --epochs 1e300", "--epochs: 1e+300 would be 1.2e+301 steps; give fewer"),
    ("dream oracle", "oracle has no pictures to dream over"),
    (
        "lab modes --seeds 1180591620717411303424",
        "--seeds 1180591620717411303424: should be less than or equal to 1000",
    ),
    (
        "train seqgan --compile on",
        "--compile: no compiled steps: seqgan does not do the same in every step; leave it out",
    ),
    (
        "train gan --data ring --epochs 1",
        "--epochs: this data has no end, so no epochs; give steps",
    ),
    (
        "train acgan --data ring",
        "acgan needs pictures and labels, this data has points; try --data mnist",
    ),
    (
        "train seqgan --data digits",
        "seqgan needs sentences, this data has pictures and labels; try --data oracle",
    ),
    ("train acgan --data digits", "multiples of 4 and at least 20, not 8 x 8; try --size 28"),
    ("train dcgan --data-root nothere --data mnist", "--data-root may point at a copy"),
    ("train deep-dream", "--classifier: none is given; give a run"),
    ("train dcgan --out /proc/run", "cannot make /proc/run"),
    ("sample nothere", "nothere is not a run"),
    ("sample .", "is not a run"),
    ("train dcgan --lr 1", "unknown option --lr; did you mean --learning-rate?"),
    ("train dcgan --bs 8", "unknown option --bs; did you mean --batch-size"),
    ("train dcgan --dataset mnist", "unknown option --dataset; did you mean --data"),
    ("train dcgan --image-size 32", "unknown option --image-size; did you mean --size?"),
    ("train gan --data oracle", "gan needs pictures or points, this data has sentences; try"),
    ("show gan -o x.png", "cannot write a drawing to x.png; its name must end in .svg"),
    ("sample nothere x.png", "cannot use the word 'x.png' there; did you mean --out x.png?"),
    (
        "dream digits --classifier torchvision:resnt18",
        "unknown torchvision model 'resnt18'; did you",
    ),
    ("dream digits --classifier resnet18", "did you mean torchvision:resnet18?"),
    (
        "dream digits --classifier torchvision:vgg11@nothere",
        "--classifier: cannot read the weights in nothere: No such file or directory",
    ),
    ("resume nothere", "nothere is not a run"),
    ("walk nothere", "nothere is not a run"),
    ("dream nothere.png", "there is no file and no folder at nothere.png"),
    ("dream digits", "--classifier: none is given; give a run"),
    ("dream digits --classifier torchvision:resnet1", "did you mean resnet18"),
    ("dream ring --classifier x", "ring has no pictures to dream over"),
]


@pytest.mark.parametrize(("line", "wanted"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_a_mistake_is_one_line_and_leaves_nothing(say, left, line, wanted, monkeypatch):
    if "data-root" in line:  # without it the test would ask the net
        monkeypatch.setattr("liangyi.data.pictures.torchvision_sets._fetch", _no_net)
    assert wanted in say(line).complaint
    assert not left()


def _no_net(kind, name, place):
    from liangyi.core.errors import UserError

    raise UserError(f"{name} is not in {place}; --data-root may point at a copy")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
def test_cuda_that_is_not_there_is_one_line(say, left):
    assert "no device 'cuda' here" in say("train dcgan --device cuda").complaint
    assert not left()


def test_debug_shows_the_traceback_and_exits_alike(say):
    answer = say("sample nothere --debug")
    assert answer.code == 2
    assert "Traceback" in answer.err and "nothere is not a run" in answer.err


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    # an accident of the code must not be dressed up as a mistake of the user
    def broken(words):
        raise RuntimeError("a fault")

    monkeypatch.setattr("liangyi.cli.list.main", broken)
    with pytest.raises(RuntimeError, match="a fault"):
        cli.main(["list"])


def test_help_names_every_verb_and_every_verb_helps(say):
    assert say("--help").out == say("").out == say("help").out
    for verb in cli.VERBS:
        assert f"  {verb} " in say("--help").out
        answer = say(f"{verb} --help")
        assert answer.code == 0 and not answer.err
        assert f"usage: liangyi {verb}" in answer.out
        assert "{None}" not in answer.out  # what Python calls a value that is left out


def test_every_option_is_explained(say):
    helps = [say(f"{verb} --help").out for verb in cli.VERBS]
    for text in helps:
        entries = re.split(r"\n[ │]*(?=--?[a-z])", text)[1:]
        for entry in entries:
            about = re.sub(r"^.*?(  |\n|$)", "", entry, count=1)
            about = re.sub(r"\(default: .*", "", about, flags=re.DOTALL).strip(" │╰─╯\n")
            assert about, entry


def test_version(say):
    assert re.fullmatch(r"\d+\.\d+.*\n", say("--version").out)


def test_list_twice_in_one_process(say):
    # importing the verb `list` once hid Python's own list from the command line
    first = say("list")
    assert first.code == 0 and first.out == say("list").out


def test_list_for_scripts(say):
    found = json.loads(say("list --json").out)
    assert "dcgan" in found["models"] and "digits" in found["data"]


def test_show_for_scripts_and_people(say, left):
    found = json.loads(say("show dcgan --json -o dcgan.svg").out)
    assert found["model"] == "dcgan"
    assert {"generator", "discriminator"} <= set(found["networks"])
    assert left() == {"dcgan.svg"}
    assert "(1, 28, 28)" in say("show dcgan --size 28").out
    assert "(3, 64, 64)" in say("show dcgan --data cifar10 --size 64").out


def test_none_is_understood_where_a_value_may_be_left_out(say):
    assert "(1, 8, 8)" in say("show dcgan --size none").out


def test_several_machines_get_a_command_that_can_be_copied(say, left):
    line = say("train dcgan --nodes 2 --devices 4 --steps 3").complaint
    assert "torchrun --nnodes 2 --nproc-per-node 4" in line
    assert line.endswith("-m liangyi train dcgan --nodes 2 --devices 4 --steps 3 --out runs/NAME")
    assert not left()


class TestFolders:
    """Pictures of one's own."""

    def test_nothing_in_it(self, say, tmp_path):
        (tmp_path / "mine").mkdir()
        assert "mine has no pictures; JPEG, PNG" in say("train dcgan --data mine").complaint

    def test_text_that_is_called_png(self, say, tmp_path):
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "a.png").write_text("hello")
        assert "not a picture" in say("train dcgan --data mine").complaint

    def test_sizes_that_vary(self, say, tmp_path, left):
        (tmp_path / "mine").mkdir()
        for side in (8, 9):
            Image.new("L", (side, 8)).save(tmp_path / "mine" / f"{side}.png")
        assert "sizes vary from 8x8 to 9x8; give a size" in say("train dcgan --data mine").complaint
        line = "train dcgan --data mine --size 8 --width 4 --steps 1 --batch-size 2"
        assert say(line).code == 0
        assert left() == {"mine", "runs"}

    def test_no_classes_for_a_classifier(self, say, tmp_path):
        (tmp_path / "mine").mkdir()
        Image.new("L", (8, 8)).save(tmp_path / "mine" / "a.png")
        assert (
            "mnist-cnn needs labels: put each class in its own sub-folder"
            in say("train mnist-cnn --data mine").complaint
        )


class TestPlaces:
    """Where a run cannot be."""

    def test_a_file_is_there(self, say, tmp_path):
        (tmp_path / "here").write_text("mine")
        assert (
            "--out: here is there already; name another place"
            in say("train dcgan --out here").complaint
        )
        assert (
            "cannot make here/run: Not a directory" in say("train dcgan --out here/run").complaint
        )
        assert (tmp_path / "here").read_text() == "mine"

    def test_a_run_is_there(self, say, copy):
        run = copy("dcgan")
        before = (run / "config.json").read_bytes()
        assert "`liangyi resume dcgan` continues it" in say("train dcgan --out dcgan").complaint
        assert (run / "config.json").read_bytes() == before


def test_a_model_of_nonsense_settings_is_one_line(say, left):
    # the network's own complaint, not a traceback of it
    line = say("train seqgan --windows 1 2 --filters 3 --vocabulary 9 --length 5").complaint
    assert "seqgan" in line or "filters" in line
    assert not left()
