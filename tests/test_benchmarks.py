"""Parts of the benchmarks that can be tried without their hours."""

from __future__ import annotations

import dataclasses
import importlib
import json
import os
import sys
from types import SimpleNamespace
from unittest import mock

import numpy as np
import pytest
import torch
import torchvision

from conftest import follow
from liangyi.core.errors import UserError
from liangyi.data import choose
from liangyi.scoring.held_out import figures_on


def test_our_side_of_the_public_scripts_draws_its_classes_in_turn(small, tmp_path, monkeypatch):
    # breaks when a tensor of classes is asked for, which no verb takes: after the whole training
    scripts = importlib.import_module("benchmarks.public_scripts")
    here = small("cgan")

    def train(*words, **terms):
        for _ in follow(here.run(tmp_path / "cgan-0", validate_every=0)):
            pass

    monkeypatch.setattr(scripts, "_SAMPLES", 600)  # more than are drawn at once
    monkeypatch.setattr(scripts, "subprocess", SimpleNamespace(run=train, DEVNULL=None))
    with np.load(scripts.ours("cgan", 0, 5, tmp_path)) as found:
        image, label = found["image"], found["label"]
    assert len(image) == 600 and -1 <= image.min() < image.max() <= 1
    model = scripts.Run(tmp_path / "cgan-0").model()
    for asked in (3, 7):
        drawn = model.sample(600, label=asked).numpy()
        assert np.allclose(image[label == asked], drawn[label == asked], atol=1e-5)


@pytest.mark.parametrize("name", ["vae", "autoencoder", "bigan", "gan"])
def test_codes_are_compared_whatever_else_their_model_measures(
    small, name, tmp_path, monkeypatch, capsys
):
    # breaks when a model's own figures have no error of a pixel, as a VAE's: a KeyError
    benchmarks = importlib.import_module("benchmarks.__main__")
    run = small(name).run(tmp_path / name, validate_every=0, steps=2)
    for _ in follow(run):
        pass
    monkeypatch.setattr(benchmarks.sys, "argv", ["benchmarks", "codes", str(run.path)])
    if name == "gan":
        with pytest.raises(SystemExit, match="gan cannot encode; it can: "):
            benchmarks.main()
        return
    benchmarks.main()
    told = capsys.readouterr().out
    errors = {row.split("|")[1].strip(): row.split("|")[2].strip() for row in told.splitlines()}
    assert f"`{name}`" in errors and "mean picture" in errors
    if name == "autoencoder":  # which says the same of itself
        error = figures_on(run.model(), run.source().split("test"))["test/pixel_error"]
        assert errors["`autoencoder`"] == f"{error:.4f}"


def test_a_public_script_is_counted_in_steps_as_ours_are(tmp_path, monkeypatch):
    # breaks when the turns of all optimisers are added: five and one are one step of ours
    peer = importlib.import_module("benchmarks.peers.public_script")
    for thing, name in ((torch.optim.Adam, "step"), (torchvision.datasets, "MNIST"),
                        (torchvision.utils, "save_image"), (peer.sys, "argv")):  # fmt: skip
        monkeypatch.setattr(thing, name, getattr(thing, name))  # the script's process changes them
    script = tmp_path / "wgan.py"
    script.write_text("""
import torch
one, other = (torch.optim.Adam([torch.ones(1, requires_grad=True)]) for _ in "GD")
for number in range(40):
    other.step()
    if number % 5 == 4:
        one.step()
""")
    variables, steps = peer.trained(script, 60, 0)
    assert steps == 8 and variables["number"] == 39


def test_keras_on_pytorch_trains_with_the_threads_of_all_sides(tmp_path, monkeypatch):
    # breaks when PyTorch is kept to one thread, as it is beside TensorFlow, where Keras runs on it
    peer = importlib.import_module("benchmarks.peers.additions")
    keras = mock.MagicMock()
    monkeypatch.setitem(sys.modules, "keras", keras)
    before, found = torch.get_num_threads(), {}
    try:
        for backend in ("torch", "tensorflow"):
            torch.set_num_threads(2)
            keras.backend.backend.return_value = backend
            peer.by_keras(0, str(tmp_path / "answers.npy"), 1, 40)
            found[backend] = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)
    assert found == {"torch": 2, "tensorflow": 1}


DIES = """
def dies(after):
    left = iter(range(after))
    def work():
        if next(left, None) is None:
            raise FloatingPointError("the loss is no longer finite")
        return 1.0
    return work, {}
"""


@pytest.fixture
def harness(tmp_path, monkeypatch):
    """Return the harness, beside a side `mortal:dies` that fails after so many stretches."""
    (tmp_path / "mortal.py").write_text(DIES)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([*sys.path, str(tmp_path)]))
    return importlib.import_module("benchmarks.harness")


def test_a_side_that_fails_while_it_is_measured_is_left_out_alone(harness, capsys):
    # breaks when it ends all others with a traceback, or stands there with its few rounds
    sides = [harness.Side(name, "mortal:dies", {"after": after})
             for name, after in (("liangyi", 9), ("peer", 1), ("liangyi quick", 0))]  # fmt: skip
    outcomes = harness.measure(sides, 3, 1)
    assert [len(outcome.rates) for outcome in outcomes.values()] == [3, 0, 0]
    assert "FloatingPointError: the loss is no longer finite" in outcomes["peer"].failed
    rows = harness.table(outcomes, "steps/s", ["liangyi", "liangyi quick"]).splitlines()
    assert len(rows) == 3 and rows[0] == "|  | steps/s | liangyi / this |"
    assert capsys.readouterr().err.count("left out") == 2


def test_a_worker_that_was_killed_is_a_side_that_failed(harness):
    # breaks when asking it is a BrokenPipeError
    worker = harness.Worker(harness.Side("one", "mortal:dies", {"after": 9}), 1)
    worker._process.kill()
    worker._process.wait()
    with pytest.raises(harness.SideFailed):
        worker.measure()
    worker.close()


@pytest.fixture
def asked_sides(harness, monkeypatch):
    """Return a list that fills with the sides that a question would measure."""
    found = []

    def made(sides, rounds, threads):
        found.extend(sides)
        return {side.name: harness.Outcome([1.0], {"peak memory, MiB": 1.0}) for side in sides}

    monkeypatch.setattr("benchmarks.peers.question.measure", made)
    importlib.import_module("benchmarks.dreaming")
    for module in ("liangyi.lab.dreams", "benchmarks.dreaming"):
        monkeypatch.setattr(f"{module}.squeezenet", str)
    return found


@pytest.mark.parametrize(
    ("question", "word", "titles"),
    [("small-step", "pythae", ["VAE, batch 128"]),
     ("upscaling", "bfloat16", ["Training, batch 16"]),
     ("levers", "folding", ["dcgan-mnist, float32, batch 128", "dcgan-mnist, bfloat16, batch 128"]),
     ("cifar10", "nobody", []),
     ("dreaming", "nobody", [])],
)  # fmt: skip
def test_only_takes_a_side_that_but_one_of_the_tables_has(
    question, word, titles, asked_sides, tmp_path, capsys
):
    # breaks when the first table without such a side ends the command, and those made are not kept
    module = importlib.import_module(f"benchmarks.{question.replace('-', '_')}")
    file = tmp_path / "kept.json"
    words = ["--only", word, "--json", str(file)]
    if titles:
        module.main(words)
        assert list(json.loads(file.read_text())["tables"]) == titles
        assert "no side has that in its name; there are: liangyi" in capsys.readouterr().err
    else:
        with pytest.raises(SystemExit, match="no side was measured"):
            module.main(words)
        assert not file.exists()


@pytest.mark.parametrize(
    "question", ["cifar10", "dcgan-step", "dreaming", "levers", "seqgan", "small-step", "upscaling"]
)
def test_every_side_works_on_the_device_that_was_asked_for(question, asked_sides):
    # breaks when a table of a question takes the processor, whatever was asked
    module = importlib.import_module(f"benchmarks.{question.replace('-', '_')}")
    module.main(["--device", "cuda"])
    assert asked_sides and {side.settings.get("device") for side in asked_sides} == {"cuda"}


@pytest.mark.parametrize(
    ("question", "option"),
    [("dreaming", "--batches"), ("seqgan", "--batches"), ("profile", "--rounds"),
     ("profile", "--device")],
)  # fmt: skip
def test_an_option_that_a_question_has_no_use_for_is_refused(question, option, asked_sides, capsys):
    # breaks when it is taken and ignored
    module = importlib.import_module(f"benchmarks.{question}")
    with pytest.raises(SystemExit):
        module.main([option, "cuda" if option == "--device" else "1"])
    assert f"unrecognized arguments: {option}" in capsys.readouterr().err


def test_quartiles_are_those_of_the_pairs_that_there_are(harness):
    assert harness.quartiles([2.0]) == (2.0, 2.0, 2.0)
    assert harness.quartiles([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)


@pytest.mark.parametrize("question", ["overhead", "watching"])
def test_one_pair_is_enough_to_see_that_it_works(question, monkeypatch, capsys):
    # breaks when one has no quartiles: a traceback after the work
    module = importlib.import_module(f"benchmarks.{question}")
    if question == "overhead":
        for side in ("ours", "by_hand"):
            monkeypatch.setattr(module, side, lambda: lambda: None)
    else:
        monkeypatch.setattr(module, "shares", lambda *given: [0.25])
    module.main(["1"])
    assert len(capsys.readouterr().out.splitlines()) == (3 if question == "overhead" else 7)


def test_without_gensim_words_says_so_before_our_own_training(monkeypatch):
    # breaks when it is a traceback that comes after it
    module = importlib.import_module("benchmarks.words")
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install gensim"):
        module.main(["text8"])


def test_a_likelihood_is_of_the_step_of_the_checkpoint_that_was_looked_at(small, tmp_path):
    # breaks when it is that of the newest one, beside the figure of the best
    here = small("vae")
    wild = dataclasses.replace(here.config, learning_rate=1.0)  # every step makes it worse
    here = dataclasses.replace(here, config=wild, source=choose("digits", binarise="fixed"))
    run = here.run(tmp_path / "vae", steps=6, checkpoint_every=2, validate_every=2)
    for _ in follow(run):
        pass
    assert run.best is not None and run.trained()[1] < run.made == 6
    row = importlib.import_module("benchmarks.likelihood").measured(run, 4, 2)
    assert row[3] == str(run.trained()[1])
