"""What is scored and against what: the same each time, nothing disturbed, mistakes in one line."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch
from PIL import Image

from conftest import follow, same, weights_of
from liangyi.core.errors import UserError
from liangyi.core.verbs import samples
from liangyi.data import Dataset, choose
from liangyi.runs.cards import kept
from liangyi.scoring import score
from liangyi.scoring import validation as module
from liangyi.scoring.evaluator import evaluator_of
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.scorers import pictures, points, sentences

from .conftest import named, subject_of


def complaint(run, *words, **more) -> str:
    with pytest.raises(UserError) as error:
        score(run, *words, **more)
    line = str(error.value)
    assert line and "\n" not in line
    assert not (run.path / "scores.json").exists()
    return line


@pytest.fixture
def folder_of(small, tmp_path):
    """Return a function that trains a GAN on a folder of so many digits."""

    def make(count: int):
        place = tmp_path / "pictures"
        place.mkdir()
        for number, image in enumerate(choose("digits").split().columns["image"][:count]):
            Image.fromarray(image[0].numpy()).save(place / f"{number:03d}.png")
        here = dataclasses.replace(small("gan"), source=choose(str(place)))
        run = here.run(tmp_path / "folder", examine_every=0, batch_size=8)
        for _ in follow(run):
            pass
        return run, place

    return make


@pytest.mark.parametrize(
    ("model", "data"),
    [("gan", "digits"), ("gan", "ring"), ("seqgan", ""), ("vae", "digits"), ("mnist-cnn", "")],
)
def test_scores_are_the_same_each_time_and_are_kept(model, data, run_of):
    # breaks when anything hangs on the caller's dice, or a card does not survive the file
    run = run_of(model, data)
    before = files(run.path)
    torch.manual_seed(1)
    first = score(run, 60)
    assert kept(run) == first
    torch.manual_seed(2)
    state = torch.get_rng_state()
    assert score(run, 60) == first
    assert torch.equal(state, torch.get_rng_state())
    assert kept(run) == first
    assert files(run.path) == before  # what was trained is left as it was


def files(path: Path) -> dict[str, bytes]:
    """Return what lies in a run, without what a score adds."""
    added = ("scores.json", "nearest.png", ".lock")
    return {
        str(file): file.read_bytes()
        for file in path.rglob("*")
        if file.is_file() and file.name not in added
    }


def test_other_seeds_are_other_samples_of_the_same_model(run_of):
    run = run_of("gan", "ring")
    one, other = (named(score(run, 60, seed=seed)) for seed in (0, 1))
    assert one["wasserstein"].value != other["wasserstein"].value
    assert one["wasserstein"].floor == other["wasserstein"].floor  # real items are always the same


@pytest.mark.parametrize(
    ("model", "data", "cards"),
    [
        ("gan", "digits", pictures.cards),
        ("gan", "ring", points.cards),
        ("seqgan", "", sentences.cards),
    ],
)
def test_looking_changes_nothing(model, data, cards, run_of):
    # breaks when a look trains batch statistics, or leaves a mode changed
    subject = subject_of(run_of(model, data), 60)
    for mode in (True, False):
        subject.model.train(mode)
        before = weights_of(subject.model)
        assert cards(subject)
        assert same(before, weights_of(subject.model))
        assert all(module.training == mode for module in subject.model.modules())


def test_the_evaluator_is_left_as_it_is(run_of):
    evaluator = evaluator_of(choose("digits"))
    evaluator.network.train()
    before = weights_of(evaluator.network)
    evaluator.features(torch.rand(20, 1, 8, 8), (0, 1))
    evaluator.probabilities(torch.rand(20, 1, 8, 8), (0, 1))
    assert same(before, weights_of(evaluator.network)) and evaluator.network.training


def test_what_is_going_on_is_told(run_of):
    told: list[str] = []
    score(run_of("gan", "digits"), 20, tell=told.append)
    assert told[0] == "drawing 20 samples"


def test_samples_are_those_of_the_seed(run_of):
    run = run_of("gan", "digits")
    subject = subject_of(run, 30, seed=4)
    assert torch.equal(subject.samples, samples(run.model(), 30, 4))
    assert subject.step == 4 and subject.seed == 4


# what samples are compared with


def test_the_two_sets_of_real_items_share_none(run_of):
    subject = subject_of(run_of("gan", "digits"), 5000)
    assert (subject.split, subject.number) == ("train", 750)  # two halves of 1,500
    one, other = subject.order()
    assert len(one) == len(other) == 750
    assert sorted([*one.tolist(), *other.tolist()]) == list(range(1500))
    first, second = subject.pair
    assert first.shape == second.shape == (750, 1, 8, 8)
    assert -1 <= first.min() < -0.9 and first.max() > 0.9  # the model's own range


def test_enough_held_out_items_are_what_samples_are_compared_with(run_of, monkeypatch):
    # breaks when a model is compared with what it learned from although that is not needed
    monkeypatch.setattr(module, "ENOUGH", 297)
    subject = subject_of(run_of("gan", "digits"), 5000)
    assert (subject.split, subject.number) == ("test", 297)
    held_out, train = (choose("digits").split(split) for split in ("test", "train"))
    assert isinstance(held_out, Dataset) and isinstance(train, Dataset)
    first, second = subject.pair
    one, other = subject.order()
    assert torch.equal(first, subject.items(held_out, one)) and len(set(one.tolist())) == 297
    assert torch.equal(second, subject.items(train, other)) and len(set(other.tolist())) == 297
    assert {card.split for card in pictures.cards(subject)} == {"test", "train"}  # copies: train
    monkeypatch.setattr(module, "ENOUGH", 298)
    assert subject_of(run_of("gan", "ring"), 5000).split == "law"


def test_a_law_draws_two_sets(run_of):
    subject = subject_of(run_of("gan", "ring"), 5000)
    assert subject.number == 5000
    first, second = subject.pair
    assert first.shape == second.shape == (5000, 2) and not torch.equal(first, second)
    assert torch.equal(first, subject.pair[0])


# mistakes


@pytest.mark.parametrize("number", [9, 0, -5])
def test_too_few_samples_are_one_line(number, run_of):
    assert "ten samples are the least" in complaint(run_of("gan", "ring"), number)


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_out_of_range_is_one_line(seed, run_of):
    assert "should be 0, 1, 2" in complaint(run_of("gan", "ring"), 20, seed)


def test_the_largest_seed_is_one(run_of):
    score(run_of("gan", "ring"), 10, 2**63 - 1)


def test_a_run_that_has_learned_nothing_is_one_line(small, tmp_path):
    run = small("gan").run(tmp_path / "run")
    assert "has no checkpoint yet" in complaint(run)


def test_a_run_with_a_damaged_checkpoint_alone_is_one_line(run_of):
    run = run_of("gan", "ring")
    for file in run.path.glob("checkpoints/*/weights.safetensors"):
        file.write_bytes(b"")
    assert "no checkpoint" in complaint(run)


def test_too_few_items_are_one_line(folder_of):
    run, _ = folder_of(19)
    assert complaint(run) == "19 items are too few to score against; 20 or more would do"


def test_too_few_pictures_for_a_evaluator_are_one_line(folder_of):
    run, _ = folder_of(49)
    assert "49 pictures are too few to train an evaluator on; 50" in complaint(run)


def test_data_that_have_changed_since_are_one_line(folder_of):
    run, place = folder_of(50)
    Image.new("L", (8, 8), 7).save(place / "more.png")
    assert "is not what" in complaint(run)
    shutil.rmtree(place)
    assert "there is no file and no folder at" in complaint(run)


def test_a_dream_has_nothing_to_score(small, tmp_path):
    run = small("deep-dream").run(tmp_path / "run", steps=1, batch_size=1)
    for _ in follow(run):
        pass
    assert "nothing to score about deep-dream on digits" in complaint(run)


def test_scores_edited_to_nonsense_are_in_nobody_s_way(run_of):
    # they are read by reports and comparisons; a new score takes their place
    run = run_of("gan", "ring")
    (run.path / "scores.json").write_text('[{"metric": "frechet", "value": "much"}]')
    with pytest.raises(UserError, match="score the run anew"):
        kept(run)
    assert score(run, 20) == kept(run)


def test_each_part_of_the_held_out_items_has_noise_of_its_own(small):
    # breaks when all parts share theirs: the figures then vary three times as much as they should
    model = small("vae").build()
    seen: list[torch.Tensor] = []
    decode = model.decoder.forward
    model.decoder.forward = lambda code: seen.append(code.clone()) or decode(code)
    data = choose("digits").split()
    columns = {name: torch.cat([column[:500]] * 2) for name, column in data.columns.items()}
    twice = Dataset(data.spec, columns)
    figures_on(model, twice)
    places = twice.subset(1000).split(500)
    first = {int(place) % 500: row for place, row in zip(places[0], seen[0], strict=True)}
    again = [(first[int(p) % 500], row) for p, row in zip(places[1], seen[1], strict=True)
             if int(p) % 500 in first]  # fmt: skip
    assert again and not any(torch.equal(*pair) for pair in again)
