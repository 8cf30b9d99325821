"""What can be done with a run, and to it, by a clumsy user."""

from __future__ import annotations

import json
import os
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from liangyi.core.verbs import samples
from liangyi.fields.pixels import to_bytes
from liangyi.runs import checkpoint
from liangyi.runs.run import Run
from liangyi.use import standing

from .conftest import QUICK

SMALL = "--width 4 --latent 8 --batch-size 8 --device cpu"


def steps_of(run: Path) -> list[int]:
    return sorted(int(path.name) for path in (run / "checkpoints").iterdir())


class TestTrain:
    def test_a_run_holds_everything_and_prints_for_people_only(self, say, left, tmp_path):
        answer = say(f"train {SMALL} --steps 3 --log-every 1")  # dcgan on digits, unasked
        assert answer.code == 0
        assert not answer.out  # standard output is for results
        assert answer.err == (
            "runs/dcgan-digits-1: dcgan on digits\n"
            "doctor: under-trained (liangyi diagnose runs/dcgan-digits-1)\n"
            "done: runs/dcgan-digits-1/report.html\n"
        )
        assert left() == {"runs"}
        assert steps_of(tmp_path / "runs" / "dcgan-digits-1") == [3]
        assert say(f"train {SMALL} --steps 1").code == 0
        assert {path.name for path in (tmp_path / "runs").iterdir()} == {
            "dcgan-digits-1",
            "dcgan-digits-2",
        }

    def test_epochs_decide_instead_of_steps(self, say, tmp_path):
        assert say(f"train dcgan {SMALL} --epochs 0.02 --steps 900 --out run").code == 0
        assert steps_of(tmp_path / "run") == [4]  # 0.02 * 1500 / 8

    def test_steps_count_where_the_recipe_has_epochs(self, say, tmp_path):
        # breaks when a recipe of 100 epochs goes on for hours, whatever number of steps was typed
        small = "--data digits --hidden 8 --latent 4 --batch-size 8 --device cpu"
        assert say(f"train bigan {small} --steps 3 --out run").code == 0
        assert steps_of(tmp_path / "run") == [3]
        assert say(f"train bigan {small} --steps 900 --epochs 0.02 --out both").code == 0
        assert steps_of(tmp_path / "both") == [4]  # of both that were typed, epochs

    def test_a_batch_in_parts_and_each_precision(self, say, tmp_path):
        for settings in ("--accumulate 4", "--precision bfloat16", "--precision float32"):
            name = settings.split()[-1]
            assert say(f"train dcgan {SMALL} --steps 2 {settings} --out {name}").code == 0
            weights = load_file(tmp_path / name / "checkpoints/00000002/weights.safetensors")
            assert all(torch.isfinite(value).all() for value in weights.values())

    def test_a_loss_that_is_no_number_names_player_and_step(self, say, left):
        # nothing was learned yet, so nothing stays
        line = say(f"train dcgan {SMALL} --steps 9 --learning-rate 1e30 --out run").complaint
        assert "the loss of generator became nan at step 0" in line
        assert "a smaller learning rate" in line
        assert not left()

    def test_the_last_good_checkpoint_outlives_a_failure(self, say, tmp_path):
        settings = "--widths 32 --latent 4 --batch-size 8 --learning-rate 1e3 --device cpu"
        line = f"train vae --data digits {settings} --steps 90 --checkpoint-every 1 --out run"
        assert "the loss of model became nan at step" in say(line).complaint
        found = steps_of(tmp_path / "run")
        weights = load_file(tmp_path / f"run/checkpoints/{found[-1]:08d}/weights.safetensors")
        assert all(torch.isfinite(value).all() for value in weights.values())
        assert say("sample run -n 4").code == 0

    def test_findings_about_pictures_are_told_first(self, say, tmp_path):
        for name in ("a", "b"):
            (tmp_path / "mine" / name).mkdir(parents=True)
            pixels = np.random.default_rng(ord(name)).integers(0, 255, (8, 8), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "mine" / name / "1.png")
        settings = "--width 4 --latent 8 --steps 1 --batch-size 2 --out run"
        answer = say(f"train dcgan --data mine {settings}")
        assert answer.err.splitlines()[:4] == [
            "2 pictures, 8x8, grey",
            "2 classes, 1 each: a, b",
            "2 items to learn from: so few are learned by heart, and nothing new is drawn; a few "
            "hundred are the least, some thousands are usual",
            f"run: dcgan on {tmp_path / 'mine'}",
        ]


class TestSample:
    def test_every_form(self, say, trained, tmp_path):
        answer = say("sample -n 6 -o six.png".replace("sample", f"sample {trained / 'acgan'}"))
        assert answer.out == "6 samples: six.png\n" and not answer.err
        assert say(f"sample {trained / 'acgan'} -n 3 --label 4 -o array.npy").code == 0
        assert np.load(tmp_path / "array.npy").shape == (3, 20, 20, 1)
        assert say(f"sample {trained / 'acgan'} -n 11 -o folder").code == 0
        names = sorted(path.name for path in (tmp_path / "folder").iterdir())
        assert names == [f"{n:02d}.png" for n in range(11)]
        assert say(f"sample {trained / 'seqgan'} -n 5 -o lines.txt").code == 0
        assert len((tmp_path / "lines.txt").read_text().splitlines()) == 5
        assert say(f"sample {trained / 'ring'} -n 5").code == 0
        assert (tmp_path / "samples.png").read_bytes().startswith(b"\x89PNG")

    def test_what_is_written_as_it_is_drawn_is_what_is_drawn_at_once(self, say, trained, tmp_path):
        count = 600  # more than are drawn at once
        for model in ("gan", "seqgan", "ring"):
            found = samples(Run(trained / model).model(), count, 3)
            assert say(f"sample {trained / model} -n {count} --seed 3 -o x.npy").code == 0
            array = torch.from_numpy(np.load(tmp_path / "x.npy"))
            if model == "gan":
                array, found = array.permute(0, 3, 1, 2), to_bytes(found, (-1.0, 1.0))
            assert torch.equal(array, found)
        assert say(f"sample {trained / 'seqgan'} -n {count} --seed 3 -o x.txt").code == 0
        lines = (tmp_path / "x.txt").read_text().splitlines()
        assert len(lines) == count and len({len(line) for line in lines}) == 1
        found = samples(Run(trained / "seqgan").model(), count, 3)
        assert [[int(word) for word in line.split()] for line in lines] == found.tolist()

    def test_much_is_announced_and_an_interrupt_leaves_nothing(
        self, say, left, trained, monkeypatch
    ):
        def interrupted(part):
            raise KeyboardInterrupt

        monkeypatch.setattr("liangyi.use.sample.fields.stored", lambda *given: interrupted(given))
        answer = say(f"sample {trained / 'gan'} -n 10000000 -o x.npy")
        assert answer.code == 130
        assert answer.err == "x.npy: 10,000,000 samples, up to 640 MB\n"
        assert not left()

    def test_sentences_are_printed_where_no_file_is_named(self, say, left, trained):
        answer = say(f"sample {trained / 'seqgan'} -n 3 --seed 1")
        found = samples(Run(trained / "seqgan").model(), 3, 1)
        assert [[int(word) for word in line.split()] for line in answer.out.splitlines()] == (
            found.tolist()
        )
        assert not left()

    def test_what_the_models_own_verb_takes_is_a_flag(self, say, trained):
        run = trained / "seqgan"
        assert "--temperature" in say(f"sample {run} --help").out
        cold = say(f"sample {run} -n 50 --temperature .02").out.splitlines()
        warm = say(f"sample {run} -n 50").out.splitlines()
        assert len(set(cold)) < len(set(warm)) / 2
        for none in ("0", "1e-45"):  # by which no float32 can be divided
            answer = say(f"sample {run} --temperature {none}")
            assert answer.code == 2 and f"--temperature {none}: should be greater" in answer.err
        answer = say(f"sample {trained / 'gan'} --temperature 1")
        assert answer.code == 2 and "--temperature" in answer.err

    def test_the_seed_decides(self, say, trained, tmp_path):
        for name, seed in (("a", 1), ("b", 1), ("c", 2)):
            say(f"sample {trained / 'vae'} -n 2 --seed {seed} -o {name}.npy")
        a, b, c = (np.load(tmp_path / f"{name}.npy") for name in "abc")
        assert (a == b).all() and (a != c).any()

    @pytest.mark.parametrize(
        ("model", "line", "wanted"),
        [
            ("gan", "-n 0", "should be 1 or more"),
            ("gan", "-n -3", "should be 1 or more"),
            ("gan", "-n two", "--number two: should be a whole number (how many)"),
            ("gan", "-o", "--out wants a value"),
            ("gan", "--seed -1", "--seed -1: should be greater than or equal to 0"),
            ("gan", "--seed 99999999999999999999", "should be smaller"),
            ("gan", "--label 1", "gan does not know labels; it draws without being asked"),
            ("gan", "-o x.jpg", "its name may end in .png or .npy, or be a folder's"),
            ("gan", "-o x.txt", "cannot write to x.txt"),
            ("gan", "-n 1000000000", "too many for one sheet: at most 800,000, or FILE.npy"),
            ("gan", "-n 1000000000000 -o x.npy", "cannot write x.npy: it would take 64 TB, and"),
            ("gan", "-n 1000000000000 -o many", "cannot write many: it would take"),
            ("seqgan", "-n 1000000000000 -o x.txt", "cannot write x.txt: it would take 60 TB"),
            ("gan", "-o nothere/x.png", "cannot write nothere/x.png: No such file"),
            ("gan", "-o /proc/x.png", "cannot write /proc/x.png"),
            ("gan", "-o /proc/folder", "cannot write /proc/folder"),
            ("gan", "-o file/x.png", "cannot write file/x.png: Not a directory"),
            ("gan", "-o file", "cannot write file: File exists"),
            ("gan", "-o folder.png", "cannot write folder.png: Is a directory"),
            ("ring", "-o folder", "may end in .png, .npy"),
            ("seqgan", "-o x.jpg", ".png, .npy or .txt"),
            ("acgan", "--label 10", "there is no class 10; there are: 0, 1, 2"),
            ("acgan", "--label -1", "there is no class -1; there are: 0, 1, 2"),
            ("acgan", "--label two", "there is no class two; there are: 0, 1, 2"),
            ("mnist-cnn", "", "mnist-cnn cannot sample; it can: classify"),
        ],
    )
    def test_what_cannot_be_drawn(self, say, left, trained, tmp_path, model, line, wanted):
        (tmp_path / "file").write_text("mine")
        (tmp_path / "folder.png").mkdir()
        assert wanted in say(f"sample {trained / model} {line}").complaint
        assert left() == {"file", "folder.png"}
        assert (tmp_path / "file").read_text() == "mine"


class TestBest:
    def test_the_best_weights_are_taken_and_it_is_said(self, say, copy, monkeypatch):
        run = Run(copy("gan"))
        monkeypatch.setattr(checkpoint, "best", lambda folder: 2)
        line = "weights: best, step 2 of 4; --newest for the newest\n"
        assert say("sample gan -n 2 -o best.npy").err == line
        assert say("sample gan -n 2 -o newest.npy --newest").err == ""
        found = {}
        for weights in ("best", "newest"):
            drawn = samples(run.model(weights=weights), 2)
            found[weights] = to_bytes(drawn, (-1, 1)).permute(0, 2, 3, 1).numpy()
            assert np.array_equal(np.load(run.path.parent / f"{weights}.npy"), found[weights])
        assert not np.array_equal(found["best"], found["newest"])
        assert say("walk gan --frames 2").err == line
        assert say("walk gan --frames 2 --newest").err == ""

    def test_minutes_beside_steps_are_one_line(self, say, left):
        line = say("train dcgan --minutes 8 --steps 9").complaint
        assert line == "--minutes: decides how many steps there are; leave steps out"
        assert say("train dcgan --minutes=-1").complaint.startswith("--minutes -1:")
        assert not left()


class TestWalkAndDream:
    def test_a_film(self, say, trained, tmp_path):
        answer = say(f"walk {trained / 'acgan'} --frames 5 --stops 2 --label 3 -o film.gif")
        assert answer.out == "5 frames: film.gif\n" and not answer.err
        with Image.open(tmp_path / "film.gif") as film:
            assert film.format == "GIF" and film.size == (256, 256)

    def test_a_film_of_the_size_and_rate_that_were_asked_for(self, say, trained, tmp_path):
        answer = say(f"walk {trained / 'acgan'} --frames 5 --size 60 --fps 10 -o film.gif")
        assert not answer.err
        with Image.open(tmp_path / "film.gif") as film:
            assert film.size == (60, 60) and film.info["duration"] == 100
        refused = say(f"walk {trained / 'acgan'} --frames 5 --fps 60 -o film.gif")
        assert refused.code == 2 and refused.complaint.startswith("--fps: a GIF shows at most 50")

    @pytest.mark.parametrize(
        ("model", "line", "wanted"),
        [
            ("mnist-cnn", "", "draws no pictures to walk through"),
            ("ring", "", "draws no pictures to walk through"),
            ("seqgan", "", "draws no pictures to walk through"),
            ("vae", "--label 1", "vae does not know labels"),
            ("acgan", "--label 10", "there is no class 10"),
            ("vae", "--frames 1", "--frames 1: should be greater than or equal to 2"),
            (
                "vae",
                "--frames 1000000000",
                "--frames 1000000000: should be less than or equal to 1000000",
            ),
            ("vae", "--frames 1000000", "a GIF of 1000000 frames, held whole until it is written"),
            (
                "vae",
                "--stops 1000000000",
                "--stops 1000000000: should be less than or equal to 10000",
            ),
            ("vae", "--seed -1", "--seed -1: should be greater than or equal to 0"),
            ("vae", "--frames 3 -o film.png", "must end in .gif or .mp4"),
            ("vae", "--frames 3 -o nothere/film.gif", "cannot write nothere/film.gif"),
        ],
    )
    def test_no_film(self, say, left, trained, model, line, wanted):
        assert wanted in say(f"walk {trained / model} {line}").complaint
        assert not left()

    def test_a_dream(self, say, left, trained, tmp_path):
        Image.linear_gradient("L").resize((20, 20)).save(tmp_path / "sky.png")
        line = f"dream sky.png --classifier {trained / 'mnist-cnn'} --ascents 1 --octaves 1"
        answer = say(f"{line} -o night.png")
        assert answer.out.startswith("excitement ") and not answer.err
        assert left() == {"sky.png", "night.png"}  # and no run

    def test_a_dream_in_colour_of_a_classifier_of_grey(self, say, trained, tmp_path):
        shades = [Image.effect_noise((20, 20), 90) for _ in "rgb"]
        Image.merge("RGB", shades).save(tmp_path / "a.png")
        answer = say(f"dream a.png --classifier {trained / 'mnist-cnn'} --ascents 1 --octaves 1")
        assert "the classifier knows grey pictures alone" in answer.err

    def test_a_film_of_dreams(self, say, left, trained, tmp_path):
        Image.linear_gradient("L").resize((20, 20)).save(tmp_path / "sky.png")
        line = f"dream sky.png --classifier {trained / 'mnist-cnn'} --ascents 2 --octaves 1"
        answer = say(f"{line} --frames 3 --zoom 1.1 --fps 10 -o night.gif")
        assert "in 6 ascents in 3 frames: night.gif" in answer.out
        with Image.open(tmp_path / "night.gif") as film:
            assert film.n_frames == 3 and film.info["duration"] == 100
        assert left() == {"sky.png", "night.gif"}

    @pytest.mark.parametrize(
        ("model", "line", "wanted"),
        [
            ("nothere", "", "no classifier at"),
            ("vae", "", "is no classifier; train one: liangyi train mnist-cnn"),
            ("mnist-cnn", "--layers qqq", "unknown layer 'qqq'; there are: network"),
            (
                "mnist-cnn",
                "--layers network.2=x",
                "--layers: network.2=x: write NAME or NAME=WEIGHT",
            ),
            ("mnist-cnn", "--layers network.22", "did you mean network.2"),
            ("mnist-cnn", "--label zebra", "--label: there is no class zebra"),
            ("mnist-cnn", "--guide nothere.png --octaves 1", "--guide: cannot read nothere.png"),
            ("mnist-cnn", "--frames 2 --octaves 1", "its name must end in .gif or .mp4"),
            ("mnist-cnn", "--octaves 20", "pictures of 1 to 16384 pixels a side"),
            ("mnist-cnn", "--scale 1e-300", "scale 1e-300: pictures of 1 to 16384 pixels"),
            ("mnist-cnn", "--octaves 7", "one octave keeps the picture's size"),
            ("mnist-cnn", "--limit 1e-30 --octaves 1", "from the start; give more"),
            ("mnist-cnn", "--octaves 1 --ascents 1 -o nothere/x.png", "cannot write nothere/x.png"),
        ],
    )
    def test_no_dream(self, say, left, trained, tmp_path, model, line, wanted):
        Image.linear_gradient("L").resize((20, 20)).save(tmp_path / "sky.png")
        answer = say(f"dream sky.png --classifier {trained / model} {line}")
        assert wanted in answer.complaint
        assert left() == {"sky.png"}

    def test_another_size_is_no_matter_of_octaves(self, say, trained, tmp_path):
        # breaks when one octave is advised to who has it
        Image.linear_gradient("L").resize((20, 20)).save(tmp_path / "sky.png")
        line = f"dream sky.png --classifier {trained / 'mnist-cnn'} --label 3 --octaves"
        complaint = say(f"{line} 1").complaint
        assert complaint.startswith("the classifier cannot look at 20 x 20 pixels (")
        assert complaint.endswith("or pictures as large as those that it learned from")
        assert say(f"{line} 2").complaint.startswith("--octaves: the classifier cannot look at 14")

    def test_words_that_are_not_known_are_said(self, say):
        small = "--of digits --size 28 --pictures 60 --width 2 --latent 4 --text 4"
        assert say(f"train gan-cls {small} {QUICK} --out gc").code == 0
        for line in ("sample gc -n 2", "walk gc --frames 2"):
            answer = say(line, "--caption", "a purple seven")
            assert answer.err == "not every word is known: a <unk> seven\n"
            assert not say(line, "--caption", "a red seven").err


class TestResume:
    def test_a_finished_run_says_so(self, say, copy):
        run = copy("gan")
        before = (run / "config.json").read_bytes()
        answer = say("resume gan")
        assert answer.code == 0
        assert "gan is trained: 4 steps; liangyi resume gan --steps N goes on" in answer.err
        assert (run / "config.json").read_bytes() == before

    def test_more_steps(self, say, copy):
        run = copy("gan")
        assert say("resume gan --steps 7").code == 0
        assert steps_of(run) == [6, 7]

    @pytest.mark.parametrize(
        ("steps", "wanted"),
        [("3", "has made 4 already"), ("0", "--steps 0: should be"), ("x", "should be a whole")],
    )
    def test_fewer_steps_change_nothing(self, say, copy, steps, wanted):
        run = copy("gan")
        before = (run / "config.json").read_bytes()
        assert wanted in say(f"resume gan --steps {steps}").complaint
        assert (run / "config.json").read_bytes() == before
        assert steps_of(run) == [2, 4]

    def test_the_paths_that_a_run_names_are_told(self, say, copy, tmp_path):
        # whoever made the run chose them, and may have been anybody
        assert "reads" not in say(f"resume {copy('gan')}").err
        Image.linear_gradient("L").resize((8, 8)).save(tmp_path / "sky.png")
        dream = f"--classifier {copy('mnist-cnn')} --octaves 1 --steps 1 --out run"
        assert say(f"train deep-dream --data sky.png {dream}").code == 0
        lines = say("resume run").err.splitlines()
        assert lines[0] == f"run reads {tmp_path / 'sky.png'}"
        assert lines[1].startswith("run is trained")  # the classifier lies in the run itself

    def test_data_that_changed_or_vanished(self, say, tmp_path):
        generator = np.random.default_rng(0)
        (tmp_path / "mine").mkdir()
        for number in range(4):
            pixels = generator.integers(0, 255, (8, 8), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "mine" / f"{number}.png")
        settings = "--width 4 --latent 8 --steps 2 --batch-size 2 --out run"
        assert say(f"train dcgan --data mine {settings}").code == 0
        Image.fromarray(255 - pixels).save(tmp_path / "mine" / "3.png")
        assert "is not what run began with" in say("resume run --steps 4").complaint
        shutil.rmtree(tmp_path / "mine")
        assert "no file and no folder at" in say("resume run --steps 4").complaint
        assert say("sample run -n 2").code == 0  # what was learned is still there


def spoil(run: Path, place: list[str], value: object) -> None:
    """Change one value in config.json; `...` takes it away."""
    plain = json.loads((run / "config.json").read_text())
    inner = plain
    for name in place[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    (run / "config.json").write_text(json.dumps(plain))


class TestConfig:
    """config.json, edited by hand."""

    @pytest.mark.parametrize("content", [b"{nonsense", b"", b"\xff\xfe\x00"])
    def test_not_json(self, say, copy, content):
        (copy("acgan") / "config.json").write_bytes(content)
        for verb in ("sample", "resume", "walk", "show"):
            assert "acgan/config.json is not JSON" in say(f"{verb} ./acgan").complaint

    @pytest.mark.parametrize("content", ["[]", "null", "3", '{"format": 2}'])
    def test_another_format(self, say, copy, content):
        (copy("acgan") / "config.json").write_text(content)
        assert "is not of format 1" in say("sample acgan").complaint

    @pytest.mark.parametrize(
        "name", ["model", "config", "data", "spec", "training", "fingerprint", "versions"]
    )
    def test_a_part_is_missing_or_something_else(self, say, copy, name):
        run = copy("acgan")
        spoil(run, [name], [1])
        for verb in ("sample", "resume", "show"):
            assert f"{name} should be" in say(f"{verb} acgan").complaint
        spoil(run, [name], ...)
        for verb in ("sample", "resume", "show"):
            assert f"acgan/config.json lacks {name}" in say(f"{verb} acgan").complaint

    @pytest.mark.parametrize(
        ("place", "value", "wanted"),
        [
            (["model"], "acgn", "unknown model 'acgn'; did you mean acgan"),
            (["model"], "gan", "unknown setting 'depth'; there are: latent"),
            (["config", "width"], -1, "width = -1: input should be greater than"),
            (["config", "width"], "x", 'width = "x": input should be a valid integer'),
            (["config", "width"], 4.5, "should be a valid integer"),
            (["config", "nothere"], 1, "unknown setting 'nothere'; there are: latent"),
            (["config", "width"], 8, "the checkpoint does not fit the model in config.json"),
            (["config", "learning_rate"], float("inf"), "inf is no sensible number"),
            (["training", "batch_size"], -1, "batch_size = -1: input should be greater"),
            (["training", "seed"], 10**30, "is no sensible number"),
            (["training", "average"], float("nan"), "nan is no sensible number"),
            (["training", "epochs"], float("inf"), "inf is no sensible number"),
            (["training", "keep"], None, "keep = null: input should be"),
            (["spec", "fields", "image", "kind"], "Foo", "describes no data"),
            (
                ["spec", "fields", "image"],
                {"kind": "Vector", "width": 3},
                "acgan needs pictures",
            ),
            (["spec", "fields", "image", "height"], 24, "the checkpoint does not fit"),
            (["spec", "fields"], {}, "describes no data"),
            (["spec", "fields", "image", "width"], -20, "describes no data"),
            (["spec", "item"], "label", "cannot be built"),
            (["spec", "fields"], "abc", "spec is damaged"),
            (["spec", "fields", "label", "names"], [], "describes no data"),
            (["data"], {}, "config.json lacks data.data"),
            (["data", "data"], 4, "data.data should be text"),
            (["versions", "torch"], 2, "versions.torch should be text"),
        ],
        ids=str,
    )
    def test_nonsense_for_sampling_and_resuming(self, say, copy, place, value, wanted):
        spoil(copy("acgan"), place, value)
        for verb in ("sample", "resume"):
            line = say(f"{verb} acgan").complaint
            # whoever resumes looks at the data first, which is other than that
            assert wanted in line or (verb == "resume" and "is not what acgan began with" in line)

    @pytest.mark.parametrize(
        ("place", "value", "wanted"),
        [
            (["data", "data"], "digts", "unknown data 'digts'; did you mean digits or additions?"),
            (["data", "data"], "ring", "unknown setting 'size'"),
            (["data", "size"], 24, "digits is not what acgan began with"),
            (["training", "device"], "zz", "no device 'zz'"),
            (["training", "batch_size"], 10**6, "larger than the data"),
            (["training", "devices"], 10**6, "--devices: 1000000, but this machine has"),
        ],
        ids=str,
    )
    def test_nonsense_for_resuming_only(self, say, copy, place, value, wanted):
        spoil(copy("acgan"), place, value)
        assert wanted in say("resume acgan --steps 6").complaint
        assert say("sample acgan -n 1").code == 0


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)


def turn(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES = {
    "cut": ("weights.safetensors", cut),
    "flipped": ("weights.safetensors", flip),
    "gone": ("weights.safetensors", Path.unlink),
    "a folder": ("weights.safetensors", turn),
    "no json": ("state.json", Path.unlink),
    "flipped json": ("state.json", flip),
    "empty json": ("state.json", lambda path: path.write_text("")),
    "list": ("state.json", lambda path: path.write_text("[]")),
    "numbers": ("state.json", lambda path: path.write_text('{"hash": 1, "state": 2}')),
}


class Evil:
    def __reduce__(self):
        return os.system, ("touch EXECUTED",)


class TestDamage:
    @pytest.mark.parametrize("damage", DAMAGES)
    def test_the_checkpoint_before_it_is_used(self, say, copy, damage):
        run = copy("gan")
        file, act = DAMAGES[damage]
        act(run / "checkpoints/00000004" / file)
        for line in ("sample gan -n 2", "resume gan"):
            answer = say(line)
            assert answer.code == 0
            assert "00000004" in answer.err.splitlines()[0]
            assert "going back to the checkpoint before it" in answer.err
        # the steps were made again, and are sound now
        assert steps_of(run) == [2, 4]
        assert not say("sample gan -n 2").err

    def test_damaged_optimiser_state_matters_to_resuming_only(self, say, copy):
        flip(copy("gan") / "checkpoints/00000004/state.safetensors")
        assert not say("sample gan -n 2").err
        assert "going back" in say("resume gan").err

    def test_all_damaged_is_one_line(self, say, copy):
        run = copy("gan")
        for step in steps_of(run):
            cut(run / f"checkpoints/{step:08d}/weights.safetensors")
        for verb in ("sample", "resume"):
            answer = say(f"{verb} gan")
            assert "no checkpoint in gan is sound" in answer.complaint
            assert len(answer.err.splitlines()) == 1

    def test_damaged_later_ones_do_not_push_out_the_good(self, say, copy):
        # with --keep 1 only the newest stays: that must not be the damaged one
        run = copy("gan")
        spoil(run, ["training", "keep"], 1)
        spoil(run, ["training", "checkpoint_every"], 1)
        cut(run / "checkpoints/00000004/weights.safetensors")
        spoil(run, ["training", "steps"], 3)
        assert say("resume gan").code == 0
        assert steps_of(run) == [3]
        assert say("sample gan -n 2").code == 0

    def test_no_checkpoint(self, say, copy):
        shutil.rmtree(copy("gan") / "checkpoints")
        assert "has no checkpoint yet; `liangyi resume gan`" in say("sample gan").complaint
        assert say("resume gan").code == 0

    @pytest.mark.parametrize("write", [torch.save, lambda x, path: path.write_bytes(_pickle(x))])
    def test_a_pickle_is_refused_and_not_run(self, say, copy, left, write):
        run = copy("gan")
        for step in steps_of(run):
            write({"model": Evil()}, run / f"checkpoints/{step:08d}/weights.safetensors")
        for verb in ("sample", "resume", "walk"):
            assert "is a pickle, which is never opened" in say(f"{verb} gan").complaint
        assert left() == {"gan"}
        pickle.loads(_pickle(Evil()))  # the bait itself is good
        assert "EXECUTED" in left()

    @pytest.mark.parametrize(
        "content", [b'garbage\n{"step": "x"}\n[1]\n{"step": 2, "loss": null}\n', b"\xff\xfe\n"]
    )
    def test_a_damaged_log_is_no_hindrance(self, say, copy, content):
        run = copy("gan")
        (run / "log.jsonl").write_bytes(content)
        assert say("resume gan --steps 6").code == 0
        assert json.loads((run / "log.jsonl").read_text().splitlines()[-1])["step"] == 6

    def test_what_can_be_made_again_may_be_gone(self, say, copy):
        run = copy("gan")
        (run / "log.jsonl").unlink()
        (run / "report.html").unlink()
        shutil.rmtree(run / "samples")
        assert say("resume gan --steps 6").code == 0
        assert (run / "report.html").exists()


def _pickle(value: object) -> bytes:
    return pickle.dumps(value)


def test_samples_can_be_truncated_and_their_statistics_taken_anew(say, trained):
    # breaks when a flag does nothing, or a model that has neither stays silent
    plain, others = [], []
    for flags, found in (("", plain), ("--standing 2", others)):
        assert say(f"sample {trained / 'dcgan'} -n 3 --out x.npy {flags}").code == 0
        found.append(np.load("x.npy"))
    assert (plain[0] != others[0]).any()
    for flags, told in (
        ("--truncation 0.7", "--truncation: only normal noise"),
        ("--truncation 0", "--truncation 0: should be"),
    ):
        answer = say(f"sample {trained / 'dcgan'} -n 3 {flags}")
        assert answer.code == 2 and told in answer.err
    answer = say(f"sample {trained / 'ring'} --standing 3 --out x.npy")
    assert answer.code == 2 and "--standing: gan generates without batch statistics" in answer.err
    assert say(f"sample {trained / 'vae'} -n 3 --truncation 0.5 --out y.npy").code == 0


def test_standing_statistics_are_of_the_noise_that_is_asked_for(say, trained, monkeypatch):
    # breaks when --standing does not hear of --truncation
    heard = []
    monkeypatch.setattr(standing, "take_standing", lambda model, *words: heard.append(words))
    flags = "-n 3 --standing 2 --truncation 0.5 --out x.npy"
    assert say(f"sample {trained / 'vae'} {flags}").code == 0
    assert heard == [(2, 0.5)]
