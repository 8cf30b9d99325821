"""score, diagnose, compare and lab: what they tell, keep and refuse."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from liangyi.cli import main
from liangyi.lab import trial
from liangyi.metrics.card import Card

FIELDS = {field.name for field in dataclasses.fields(Card)} | {"interval"}
# small enough for a moment, and a known name
GAN = "gan:generator_widths=8+,discriminator_widths=8+,latent=2"
SMALL = "--widths 8 --latent 2 --batch-size 4 --steps 1 --device cpu"


@pytest.fixture(scope="session")
def judges(tmp_path_factory):
    """Return a cache for all tests here: a judge of digits is trained once."""
    return tmp_path_factory.mktemp("judges")


@pytest.fixture
def say(say, judges, monkeypatch):
    monkeypatch.setenv("LIANGYI_CACHE", str(judges))
    return say


@pytest.fixture(scope="session")
def scored(trained, judges, tmp_path_factory):
    """Return a folder with scored runs."""
    home = tmp_path_factory.mktemp("scored")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIANGYI_CACHE", str(judges))
        for name in ("gan", "vae", "mnist-cnn", "ring"):
            shutil.copytree(trained / name, home / name)
            assert main(["score", str(home / name), "-n", "60"]) == 0
    return home


@pytest.fixture
def judged(scored, tmp_path):
    """Return a function that gives a scored run to spoil, under a name."""

    def make(model, name=None):
        return Path(shutil.copytree(scored / model, tmp_path / (name or model)))

    return make


def pictures(folder, count, size=8):
    """Write random pictures."""
    folder.mkdir(parents=True)
    generator = np.random.default_rng(0)
    for number in range(count):
        pixels = generator.integers(0, 255, (size, size), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:02d}.png")


def cards_of(run):
    return json.loads((run / "scores.json").read_text())


class TestScore:
    def test_for_people(self, say, copy):
        copy("gan")
        answer = say("score gan -n 60")
        assert answer.code == 0
        assert "drawing 60 samples" in answer.err
        first = {line.split()[0] for line in answer.out.splitlines() if line.strip()}
        assert {"frechet", "kernel", "precision", "recall", "memorised", "confidence"} <= first
        assert "60 generated" in answer.out and "split train" in answer.out

    def test_for_scripts_and_kept_in_the_run(self, say, copy):
        run = copy("gan")
        answer = say("score gan --number 60 --json")
        found = json.loads(answer.out)
        assert found == cards_of(run)
        for card in found:
            assert set(card) == FIELDS, card["metric"]
        (frechet,) = (card for card in found if card["metric"] == "frechet")
        assert (frechet["real"], frechet["generated"], frechet["step"]) == (60, 60, 4)
        assert frechet["features"].startswith("mnist-cnn ") and frechet["data"].startswith("digits")
        low, high = frechet["interval"]
        assert low < frechet["value"] < high and 0 < frechet["floor"] < frechet["value"]

    def test_the_seed_decides_the_samples(self, say, copy):
        copy("gan")
        first, again, other = (
            json.loads(say(f"score gan -n 60 --json --seed {seed}").out) for seed in (3, 3, 4)
        )
        assert first == again
        assert first[0]["value"] != other[0]["value"]
        assert {card["seed"] for card in other} == {4}

    def test_the_judge_is_trained_once(self, say, copy, judges):
        copy("gan")
        assert say("score gan -n 60").code == 0
        before = sorted(judges.rglob("*.safetensors"))
        assert before and "training an evaluator" not in say("score gan -n 60").err
        assert sorted(judges.rglob("*.safetensors")) == before

    def test_the_page_holds_cards_verdicts_and_the_nearest_pictures(self, scored):
        text = (scored / "gan" / "report.html").read_text(encoding="utf-8")
        for words in ("How good", "frechet", "Diagnosis", "Nearest training pictures"):
            assert words in text, words
        nearest = (scored / "gan" / "nearest.png").read_bytes()
        assert base64.b64encode(nearest).decode() in text

    @pytest.mark.parametrize(
        ("model", "metrics"),
        [
            ("vae", {"psnr", "ssim", "bernoulli_bound", "importance_bound", "frechet"}),
            ("mnist-cnn", {"accuracy", "loss"}),
            ("ring", {"modes", "reverse_kl", "wasserstein", "nearest_neighbour_accuracy"}),
        ],
    )
    def test_each_kind_by_its_own_measures(self, scored, model, metrics):
        found = {card["metric"] for card in cards_of(scored / model)}
        assert metrics <= found
        assert ("frechet" in found) == (model == "vae")  # points have no pictures, classes neither

    @pytest.mark.parametrize(
        ("model", "line", "wanted"),
        [
            ("gan", "--number 3", "--number: ten samples are the least that say anything"),
            ("gan", "-n x", "--number x: should be a whole number"),
            ("gan", "--seed -1", "--seed -1: should be greater than or equal to 0"),
            ("gan", "--nubmer 60", "unknown option --nubmer; did you mean --number?"),
            ("gan", "vae", "cannot use the word 'vae'"),
            ("mnist-cnn", "--inception", "looks at pictures, which mnist-cnn does not draw"),
            ("ring", "--inception", "looks at pictures, which gan does not draw"),
            ("nothere", "", "nothere is not a run"),
        ],
    )
    def test_mistakes(self, say, left, copy, model, line, wanted):
        if model != "nothere":
            copy(model)
        assert wanted in say(f"score {model} {line}").complaint
        assert not {"scores.json", "nearest.png"} & {path.name for path in Path(model).glob("*")}

    def test_without_a_run(self, say):
        assert "liangyi score wants a run first" in say("score").complaint
        assert "liangyi score wants a run first" in say("score -n 60").complaint

    def test_nothing_was_trained_yet(self, say, copy):
        shutil.rmtree(copy("gan") / "checkpoints")
        assert "gan has no checkpoint yet; `liangyi resume gan`" in say("score gan").complaint

    @pytest.mark.parametrize(
        ("count", "wanted"),
        [
            (1, "1 items are too few to score against; 20 or more would do"),
            (19, "19 items are too few"),
            (40, "40 pictures are too few to train an evaluator on; 50 or more would do"),
        ],
    )
    def test_too_few_pictures(self, say, tmp_path, count, wanted):
        pictures(tmp_path / "mine", count)
        line = f"train vae --data mine {SMALL} --batch-size 1 --out run"
        assert say(line).code == 0
        *told, last = say("score run").err.splitlines()
        assert last.startswith("liangyi: ") and wanted in last
        assert all("drawing" in line for line in told)

    def test_pictures_without_classes_or_held_out_ones(self, say, tmp_path):
        # one folder of one class: nothing to name, nothing to tell copies by
        pictures(tmp_path / "mine" / "only", 60)
        assert say(f"train vae --data mine {SMALL} --out run").code == 0
        found = {card["metric"]: card for card in json.loads(say("score run --json").out)}
        assert found["frechet"]["features"].startswith("mnist-cnn of rotated pictures")
        assert (found["frechet"]["split"], found["frechet"]["real"]) == ("train", 30)
        assert not {"memorised", "confidence", "classifier_score"} & set(found)
        assert not (tmp_path / "run" / "nearest.png").exists()
        shutil.rmtree(tmp_path / "mine")
        for verb in ("score", "diagnose"):
            assert "no file and no folder at" in say(f"{verb} run").complaint


class TestDiagnose:
    def test_for_people_and_for_scripts(self, say, copy):
        run = copy("gan")
        out = say("diagnose gan").out
        found = json.loads(say("diagnose gan --json").out)
        assert found
        assert re.match(rf"{found[0]['name']}, since step \d+\n  seen ", out)
        for verdict in found:
            assert {"name", "since", "evidence", "advice"} <= set(verdict)
            assert verdict["name"] in out
            assert verdict["name"] in (run / "report.html").read_text(encoding="utf-8").lower()
        assert all(len(line) <= 96 for line in out.splitlines())

    @pytest.mark.parametrize("model", ["vae", "mnist-cnn", "seqgan", "ring"])
    def test_every_kind_can_be_examined(self, say, copy, model):
        copy(model)
        assert json.loads(say(f"diagnose {model} --json").out)

    def test_without_signals(self, say, tmp_path):
        train = "train gan --data ring --latent 2 --steps 2 --batch-size 8 --examine-every 0"
        assert say(f"{train} --out run").code == 0
        wanted = "run was trained without the doctor's signals; train with 250 steps between them"
        assert wanted in say("diagnose run").complaint

    def test_nothing_was_trained_yet(self, say, copy):
        run = copy("gan")
        shutil.rmtree(run / "checkpoints")
        (run / "log.jsonl").unlink()
        assert "gan has learned nothing yet; `liangyi resume gan`" in say("diagnose gan").complaint

    def test_mistakes(self, say):
        assert "liangyi diagnose wants a run first" in say("diagnose").complaint
        assert "nothere is not a run" in say("diagnose nothere").complaint


SPOILED = [
    "{",
    "{}",
    "[1]",
    '[{"metric": "frechet"}]',
    '[{"metric": "frechet", "value": [1], "better": "lower"}]',
    '[{"metric": "frechet", "value": 1, "better": "sideways"}]',
    '[{"metric": "frechet", "value": 1, "better": "lower", "error": "x"}]',
    '[{"metric": "frechet", "value": 1, "better": "lower", "nothere": 1}]',
]


@pytest.mark.parametrize("content", SPOILED)
def test_edited_scores_are_one_line_and_can_be_made_anew(say, judged, content):
    judged("gan", "one")
    (judged("gan", "two") / "scores.json").write_text(content)
    for line in ("compare one two", "diagnose two"):
        assert "two/scores.json" in say(line).complaint
    if content == SPOILED[0]:
        assert say("score two -n 60").code == 0
        assert say("compare one two").code == 0


class TestCompare:
    def test_a_table_and_a_page(self, say, judged, left):
        judged("gan", "one")
        judged("gan", "two")
        answer = say("compare one two")
        assert answer.code == 0 and not answer.err
        assert answer.out.endswith("side by side: compare.html\n")
        assert "one" in answer.out and "frechet" in answer.out
        assert "too close to call" in answer.out  # their samples are the same
        assert left() == {"one", "two", "compare.html"}
        assert say("compare one two -o other.html").code == 0
        text = Path("other.html").read_text(encoding="utf-8")
        assert text.count('alt="newest samples of') == 2 and "frechet" in text

    def test_other_numbers_of_samples_are_not_ranked(self, say, judged):
        judged("gan", "one")
        judged("gan", "two")
        assert say("score two -n 50").code == 0
        answer = say("compare one two")
        assert "not ranked" in answer.out
        assert "another number of real items: 60 and 50" in answer.out
        found = json.loads(say("compare one two --json").out)
        assert found["not_ranked"]["frechet"] == "another number of real items: 60 and 50"

    def test_runs_that_were_never_scored(self, say, trained, left):
        # samples, curves and verdicts need no card
        for name in ("gan", "vae"):
            shutil.copytree(trained / name, name)
        answer = say("compare gan vae")
        assert answer.code == 0 and not answer.err
        rows = {line.split()[0]: line.split()[1:] for line in answer.out.splitlines() if line}
        assert rows["model"] == ["gan", "vae"] and rows["beta"] == ["-", "1.0"]
        assert "steps" not in rows  # the same in both
        assert "without cards so far: liangyi score gan; liangyi score vae\n" in answer.out
        text = Path("compare.html").read_text(encoding="utf-8")
        assert text.count('alt="newest samples of') == 2
        for words in ("Settings that differ", "Curves", "liangyi score vae"):
            assert words in text

    def test_one_of_two_was_scored(self, say, trained, judged):
        judged("gan", "one")
        shutil.copytree(trained / "gan", "two")
        answer = say("compare one two")
        assert "frechet" in answer.out and "without cards so far: liangyi score two\n" in answer.out

    def test_runs_that_are_scored_otherwise(self, say, judged):
        judged("gan")
        judged("mnist-cnn")
        answer = say("compare gan mnist-cnn")
        assert answer.code == 0 and "gan and mnist-cnn are scored otherwise" in answer.out

    def test_for_scripts(self, say, judged, tmp_path):
        judged("gan", "one")
        judged("vae", "two")
        answer = say("compare one two --json")
        found = json.loads(answer.out)
        assert list(found["runs"]) == ["one", "two"]
        assert found["runs"]["two"]["cards"] == cards_of(tmp_path / "two")
        assert Path("compare.html").exists()

    @pytest.mark.parametrize(
        ("line", "wanted"),
        [
            ("", "liangyi compare wants two runs or more"),
            ("gan", "liangyi compare wants two runs or more"),
            ("--out x.html gan vae", "cannot use the word 'gan'"),
            ("gan nothere", "nothere is not a run"),
            ("gan gan", "gan: the same run twice; name each run once"),
            ("gan vae/../gan", "the same run twice; name each run once"),
            ("gan vae --out x.png", "cannot write a page to x.png; its name must end in .html"),
            ("gan vae --out nothere/x.html", "cannot write nothere/x.html: No such file"),
            ("gan vae --out gan", "cannot write gan: Is a directory"),
        ],
    )
    def test_mistakes(self, say, judged, trained, left, line, wanted):
        for model in ("gan", "vae", "mnist-cnn"):
            judged(model)
        shutil.copytree(trained / "gan", "unscored")
        assert wanted in say(f"compare {line}").complaint
        assert left() == {"gan", "vae", "mnist-cnn", "unscored"}


class TestLab:
    def test_modes_twice(self, say, monkeypatch):
        # the second time nothing is trained, and the same is said
        line = f"lab modes --models {GAN} {GAN},pack=2 --data ring --seeds 2 --steps 20 --out x"
        first = say(line)
        assert first.code == 0
        assert re.findall(r"(\d) of 4: (\S+) on ring, seed (\d)", first.err) == [
            ("1", GAN, "0"),
            ("2", f"{GAN},pack=2", "0"),
            ("3", GAN, "1"),
            ("4", f"{GAN},pack=2", "1"),
        ]
        assert len(list(Path("x/ring").glob("*/seed-*/checkpoints/00000020"))) == 4
        assert Path("x/table.md").read_text(encoding="utf-8").strip() == first.out.strip()
        assert "PacGAN2 (published)" in first.out

        def never(*args):
            raise AssertionError("trained again")

        monkeypatch.setattr(trial, "Session", never)
        monkeypatch.setattr(trial, "create", never)
        again = say(line)
        assert again.code == 0 and not again.err and again.out == first.out
        plain = json.loads(say(f"{line} --json").out)
        assert plain == json.loads(Path("x/table.json").read_text())
        assert [(one["model"], one["seeds"]) for one in plain["rows"]] == [
            (GAN, [0, 1]),
            (f"{GAN},pack=2", [0, 1]),
        ]
        assert "a training of 20 steps, not of 30" in say(line.replace("20", "30")).complaint

    def test_named_twice_counts_once(self, say):
        # two equal rows would pass for two seeds, and halve the interval
        line = f"lab modes --models {GAN} {GAN} --data ring ring --seeds 1 --steps 1 --json"
        (row,) = json.loads(say(line).out)["rows"]
        assert row["seeds"] == [0] and row["modes"]["interval"] is None
        assert Path("runs/lab/modes/table.md").exists()

    def test_quality_scores_and_ranks(self, say):
        other = f"{GAN},slope=0.1"
        line = f"lab quality --models {GAN} {other} --data digits --seeds 1 --steps 2 --out x"
        answer = say(line)
        assert answer.code == 0
        assert "real against real" in answer.out
        assert "750 samples, 750 real pictures (train split), features of mnist-cnn" in answer.out
        plain = json.loads(Path("x/table.json").read_text())["rows"]
        assert {one["model"] for one in plain} == {GAN, other}
        values = [one["frechet"]["mean"] for one in plain]
        assert values == sorted(values)
        again = say(line)
        assert again.out == answer.out and not again.err

    def test_battle_plays_all_pairs(self, say):
        other = f"{GAN},slope=0.1"
        answer = say(f"lab battle --models {GAN} {other} --data digits --seeds 2 --steps 2 --out x")
        assert answer.code == 0 and "r_test" in answer.out
        (plain,) = json.loads(Path("x/table.json").read_text())["rows"]
        assert (plain["first"], plain["second"], plain["seeds"]) == (GAN, other, 2)
        assert len(plain["test_ratio"]["values"]) == 2

    @pytest.mark.parametrize(
        ("line", "wanted"),
        [
            ("battle --models gan", "--models: a battle is between two models or more"),
            ("nothere", "unknown experiment 'nothere'; did you mean noise?"),
            ("qqq", "unknown experiment 'qqq'; there are: "),
            ("qualty", "unknown experiment 'qualty'; did you mean quality?"),
            ("--seeds 2", "unknown experiment '--seeds'"),
            ("modes quality", "cannot use the word 'quality'"),
            ("modes --seeds 0", "--seeds 0: should be greater than or equal to 1"),
            ("modes --steps 0", "--steps 0: should be greater than or equal to 1"),
            ("modes --steps -5", "--steps -5: should be greater than or equal to 1"),
            ("modes --seeds x", "--seeds x: should be a whole number (trainings of each)"),
            ("modes --data digits", "the modes of digits are not known; there are: ring, grid"),
            (
                "quality --models gan --data qqq",
                "unknown data 'qqq'; there are: PATH/OF/PICTURES, additions, artist",
            ),
            ("quality --models gan --data ./qqq", "no folder at ./qqq"),
            ("modes --models gna", "unknown model 'gna'; did you mean gan"),
            ("modes --models gan gan:pack", "gan:pack: 'pack' has no value"),
            ("modes --models gan gan:pack=0", "gan:pack=0: pack = 0: input should be greater"),
            (
                "modes --models gan:latnet=2",
                "unknown setting 'latnet'; did you mean latent or",
            ),
            ("modes --models vae", "vae needs pictures, this data has points"),
            (f"modes --models {GAN} --steps 1 --out /proc/x", "cannot make /proc/x/ring/"),
        ],
    )
    def test_mistakes(self, say, left, line, wanted):
        *told, last = say(f"lab {line}").err.splitlines()
        assert last.startswith("liangyi: ") and wanted in last
        assert all(re.match(r"\d+ of \d+: ", line) for line in told)
        assert not left()

    def test_a_file_where_the_experiment_should_be(self, say):
        Path("here").write_text("mine")
        line = f"lab modes --models {GAN} --data ring --steps 1 --seeds 1 --out here"
        answer = say(line)
        assert answer.code == 2
        assert answer.err.splitlines()[-1].startswith("liangyi: cannot make here/ring")
        assert Path("here").read_text() == "mine"

    def test_help_names_the_experiments(self, say):
        assert say("lab --help").out == say("lab").out
        assert "  modes " in say("lab").out and "  quality " in say("lab").out
        for name in ("modes", "quality"):
            assert f"usage: liangyi lab {name}" in say(f"lab {name} --help").out
