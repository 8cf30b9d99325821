"""The evaluator of a data set: it does what it is asked, is always the same one, and is kept.

Most evaluators here are of sixty pictures of 8 x 8, in memory.
"""

from __future__ import annotations

import itertools
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import filelock
import pytest
import torch
from PIL import Image
from torch import Tensor

from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Dataset, Source, choose
from liangyi.data.pictures.rotated import ROTATIONS
from liangyi.scoring import evaluator as module
from liangyi.scoring import networks
from liangyi.scoring.evaluator import Evaluator, evaluator_of
from liangyi.zoo.vision.mnist_cnn import MnistCNNConfig

RANGE = (0.0, 1.0)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def pictures(count: int = 60, side: int = 8, first: int = 0) -> Tensor:
    """Digits; those of other sides than 8 are cut or repeated."""
    data = choose("digits").split("train")
    assert isinstance(data, Dataset)
    image = data.columns["image"][first : first + count]
    return image.repeat(1, 1, 2, 2)[:, :, :side, :side].contiguous()


def unlabelled(image: Tensor) -> Dataset:
    return Dataset(Spec("image", image=Pixels(*image.shape[1:])), {"image": image})


def labelled(image: Tensor, label: Tensor, classes: tuple[str, ...]) -> Dataset:
    spec = Spec("image", image=Pixels(*image.shape[1:]), label=Label(classes))
    return Dataset(spec, {"image": image, "label": label})


def given(train: Dataset, held_out: Dataset | None = None) -> Any:
    """Return what is needed of a source whose data lie in memory."""
    return SimpleNamespace(name="given", split={"train": train, "test": held_out}.get)


@pytest.fixture
def evaluated(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Evaluator]:
    """Return a function that gives the evaluator of data in memory, a smaller one than usual."""

    def make(train: Dataset, held_out: Dataset | None = None, **more: Any) -> Evaluator:
        monkeypatch.setattr(
            networks, "MnistCNNConfig", lambda width: MnistCNNConfig(width=width // 2, hidden=16)
        )
        return evaluator_of(given(train, held_out), **more)

    return make


def never(*_: object, **__: object) -> None:
    raise AssertionError("an evaluator was trained")


def complaint(source: Source) -> str:
    with pytest.raises(UserError) as error:
        evaluator_of(source)
    assert "\n" not in str(error.value)
    return str(error.value)


def kept(cache: Path) -> list[Path]:
    return sorted(cache.glob("evaluators/*/*/weights.safetensors"))


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Evaluator, list[str]]]:
    """The evaluator of real digits, and what was told while it was trained."""
    told: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIANGYI_CACHE", str(tmp_path_factory.mktemp("digits")))
        yield evaluator_of(choose("digits"), tell=told.append), told


def test_digits_that_it_never_saw_are_named(digits):
    # breaks when accuracy is measured on what it learned from, or features pass through dropout
    found, told = digits
    assert sum("training an evaluator" in line for line in told) == 1
    held_out = choose("digits").split("test")
    batch = held_out.batch(Labelled, torch.arange(len(held_out)), value_range=RANGE)
    right = float((found.classes(batch.image, RANGE) == batch.label).float().mean())
    assert found.accuracy == pytest.approx(right, abs=1e-5)
    assert found.accuracy > 0.8  # chance: 0.1
    assert found.labelled and found.resize == "none" and found.name.startswith("mnist-cnn ")


def test_what_it_says_does_not_depend_on_the_range_that_pictures_come_in(digits):
    # breaks when a model of tanh and one of sigmoid are judged by different pixels
    found, _ = digits
    image = pictures().float() / 255
    for verb in (found.features, found.probabilities):
        wanted = verb(image, RANGE)
        torch.testing.assert_close(verb(image * 2 - 1, (-1.0, 1.0)), wanted, atol=1e-4, rtol=1e-4)
        assert torch.equal(verb(image, RANGE), wanted)  # and it is always the same
        beyond = torch.where(image == 1, 1.5, image)  # what a model draws outside of its range
        assert torch.equal(verb(beyond, RANGE), wanted)


def test_many_pictures_are_judged_as_few_are(digits):
    # breaks when parts of 500 get lost or out of order
    found, _ = digits
    image = pictures(501).float() / 255
    whole = found.features(image, RANGE)
    assert len(whole) == 501 and whole.device.type == "cpu"
    torch.testing.assert_close(whole[-3:], found.features(image[-3:], RANGE), atol=1e-4, rtol=1e-4)
    assert found.probabilities(image, RANGE).sum(1).sub(1).abs().max() < 1e-4


def test_pictures_of_another_size_are_judged_too(digits):
    found, _ = digits
    image = pictures(20, 16).float() / 255
    assert found.features(image, RANGE).shape == (20, found.network.config.hidden)


def test_it_comes_back_from_the_cache_without_training(evaluated, cache, monkeypatch):
    told: list[str] = []
    first = evaluated(unlabelled(pictures()), tell=told.append)
    assert len(told) == 1 and len(kept(cache)) == 1
    monkeypatch.setattr(networks, "Trainer", never)
    second = evaluated(unlabelled(pictures()), tell=told.append)
    assert len(told) == 1  # in silence
    image = pictures().float() / 255
    assert second.name == first.name and second.accuracy == first.accuracy
    assert torch.equal(first.features(image, RANGE), second.features(image, RANGE))


def test_the_same_data_give_the_same_evaluator_whoever_trains_it(evaluated, tmp_path, monkeypatch):
    # breaks when weights depend on the caller's dice: no two users could compare their figures
    names = []
    for number in range(2):
        monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / str(number)))
        torch.manual_seed(number)
        state = torch.get_rng_state()
        names.append(evaluated(unlabelled(pictures())).name)
        assert torch.equal(state, torch.get_rng_state())  # and the caller's dice stay as they were
    assert names[0] == names[1]


def test_other_data_have_another_evaluator(evaluated, cache):
    one, other = (evaluated(unlabelled(pictures(first=first))) for first in (0, 1))
    assert one.name != other.name
    assert len(kept(cache)) == 2


def test_an_older_version_s_evaluator_is_not_taken(evaluated, cache, monkeypatch):
    evaluated(unlabelled(pictures()))
    monkeypatch.setattr(networks, "_VERSION", networks._VERSION + 1)
    evaluated(unlabelled(pictures()))
    assert len(kept(cache)) == 2


def test_a_folder_without_classes_is_judged_by_how_its_pictures_were_rotated(tmp_path):
    place = tmp_path / "pictures"
    place.mkdir()
    for number, image in enumerate(pictures()):
        pixels = image[0].clone()
        pixels[:3] = 255  # the sky
        Image.fromarray(pixels.numpy()).save(place / f"{number}.png")
    found = evaluator_of(choose(str(place)))
    assert not found.labelled and found.network.spec.classes == ROTATIONS
    assert found.name.startswith("mnist-cnn of rotated pictures ")
    assert found.accuracy > 0.9  # chance: 1/4
    sky = torch.zeros(1, 1, 8, 8)
    sky[:, :, :3] = 1
    for turn in range(4):
        assert found.classes(sky.rot90(turn, (2, 3)), RANGE).tolist() == [turn]


def test_one_class_is_as_good_as_none(evaluated):
    # breaks when a classifier of one class, which learns nothing, gives the features
    image = pictures()
    found = evaluated(labelled(image, torch.zeros(60, dtype=torch.long), ("only",)))
    assert not found.labelled and found.network.spec.classes == ROTATIONS


def test_accuracy_is_that_on_held_out_pictures_where_there_are_such(evaluated, monkeypatch):
    # labels by brightness of a corner; the held-out ones are all wrong
    image = pictures()
    label = (torch.arange(60) % 2).long()
    image[:, :, :4, :4] = label[:, None, None, None].to(torch.uint8) * 255
    right = labelled(image, label, ("dark", "bright"))
    assert evaluated(right).accuracy > 0.95
    monkeypatch.setattr(networks, "Trainer", never)  # what is held out makes no other evaluator
    assert evaluated(right, labelled(image, 1 - label, ("dark", "bright"))).accuracy < 0.05


def test_large_pictures_are_made_smaller_and_that_is_told(evaluated, monkeypatch):
    monkeypatch.setattr(module, "LARGEST", 8)
    large = unlabelled(pictures(side=12))
    found = evaluated(large, unlabelled(pictures(20, side=12, first=60)))
    assert found.resize == "8 x 8, bicubic, antialiased"
    assert found.network.spec.shape == (1, 8, 8)
    assert len(found.features(large.columns["image"].float() / 255, RANGE)) == 60


@pytest.mark.parametrize("data", ["ring", "oracle"])
def test_what_has_no_pictures_has_no_evaluator(data):
    assert complaint(choose(data)) == (f"{data} has no pictures to evaluate")


def test_too_few_pictures_are_one_line(evaluated, monkeypatch):
    monkeypatch.setattr(networks, "Trainer", never)
    with pytest.raises(
        UserError, match="49 pictures are too few to train an evaluator on; 50"
    ) as error:
        evaluated(unlabelled(pictures(49)))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("how", ["cut short", "emptied", "of another network", "gone"])
def test_a_damaged_evaluator_is_trained_anew(how, evaluated, cache):
    data = labelled(pictures(), (torch.arange(60) % 2).long(), ("even", "odd"))
    first = evaluated(data)
    (file,) = kept(cache)
    if how == "cut short":
        file.write_bytes(file.read_bytes()[:1000])
    elif how == "emptied":
        file.write_bytes(b"")
    elif how == "gone":
        file.unlink()
    else:  # sound, but not what is wanted
        evaluated(unlabelled(pictures()))
        (other,) = set(kept(cache)) - {file}
        for name in ("weights.safetensors", "state.safetensors", "state.json"):
            (file.parent / name).write_bytes((other.parent / name).read_bytes())
    told: list[str] = []
    assert evaluated(data, tell=told.append).name == first.name
    assert len(told) == 1 and "training an evaluator" in told[0]
    assert evaluated(data, tell=told.append).name == first.name
    assert len(told) == 1  # and is sound again


def test_a_cache_that_cannot_be_written_is_one_line(evaluated, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match="cannot write the evaluator to") as error:
        evaluated(unlabelled(pictures()))
    assert str(tmp_path / "file") in str(error.value) and "\n" not in str(error.value)


def test_how_far_it_is_can_be_followed(evaluated):
    # on a large data set the training takes a minute or two
    seen: list[tuple[int, str]] = []

    def track(steps: Iterable[Any], total: int, what: str) -> Iterator[Any]:
        seen.append((total, what))
        yield from steps

    told: list[str] = []
    evaluated(unlabelled(pictures()), tell=told.append, track=track)
    assert "200 steps" in told[0] and seen == [(200, "evaluator")]


def test_one_that_was_stopped_goes_on_to_the_same_weights(evaluated, cache, monkeypatch):
    # breaks when ten minutes are lost to a Ctrl-C, or what is resumed is another evaluator
    data = labelled(pictures(), torch.arange(60) % 2, ("a", "b"))
    whole = evaluated(data).name
    shutil.rmtree(cache)
    monkeypatch.setattr(networks, "_PAUSE", 0.0)

    def stopped(steps: Iterable[Any], total: int, what: str) -> Iterator[Any]:
        yield from itertools.islice(steps, 50)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluated(data, track=stopped)
    assert not kept(cache) and list(cache.glob("evaluators/*/unfinished/*"))
    told: list[str] = []
    assert evaluated(data, tell=told.append).name == whole
    assert told[0].endswith("200 steps, from step 50 on")
    assert len(kept(cache)) == 1 and not list(cache.glob("evaluators/*/unfinished"))


@pytest.mark.parametrize("name", ["weights.safetensors", "state.safetensors", "state.json"])
def test_an_unfinished_one_that_is_damaged_begins_anew(name, evaluated, cache, monkeypatch):
    data = labelled(pictures(), torch.arange(60) % 2, ("a", "b"))
    monkeypatch.setattr(networks, "_PAUSE", 0.0)

    def stopped(steps: Iterable[Any], total: int, what: str) -> Iterator[Any]:
        yield from itertools.islice(steps, 5)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        evaluated(data, track=stopped)
    (unfinished,) = cache.glob("evaluators/*/unfinished/*")
    (unfinished / name).write_bytes(b"damaged")
    told: list[str] = []
    evaluated(data, tell=told.append)
    assert told[0].endswith("200 steps")


def test_a_thorough_one_is_another_one(evaluated, cache):
    data = unlabelled(pictures())
    usual, thorough = evaluated(data), evaluated(data, thorough=True)
    assert usual.name != thorough.name and len(kept(cache)) == 2
    assert thorough.network.config.width == 2 * usual.network.config.width


def test_of_two_who_need_a_new_evaluator_one_waits_and_takes_what_the_other_made(
    evaluated, cache, monkeypatch
):
    # breaks when both train it: the second one then fails, at the rename
    data = labelled(pictures(), torch.arange(60) % 2, ("a", "b"))
    first = evaluated(data)
    (weights,) = kept(cache)
    made, folder = weights.parent, weights.parent.parent
    made.rename(cache / "aside")
    monkeypatch.setattr(networks, "Trainer", never)
    told: list[str] = []
    found: list[Evaluator] = []
    with filelock.FileLock(folder / ".lock"):  # as if another process trained
        second = threading.Thread(target=lambda: found.append(evaluated(data, tell=told.append)))
        second.start()
        deadline = time.monotonic() + 60
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)
        (cache / "aside").rename(made)
    second.join(timeout=60)
    assert told == ["another process is training the evaluator of this data; waiting for it"]
    assert found[0].name == first.name


def test_the_lock_of_whoever_was_killed_holds_up_nobody(evaluated, cache):
    data = labelled(pictures(), torch.arange(60) % 2, ("a", "b"))
    evaluated(data)
    (weights,) = kept(cache)
    folder = weights.parent.parent
    shutil.rmtree(weights.parent)
    script = (
        "import filelock, os, sys; filelock.FileLock(sys.argv[1] + '/.lock').acquire();"
        "open(sys.argv[1] + f'/.00000200.{os.getpid()}.partial', 'w'); os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(folder)]).returncode == 9
    told: list[str] = []
    evaluated(data, tell=told.append)
    assert [line for line in told if "waiting" in line] == []
    assert len(kept(cache)) == 1 and not list(folder.glob("*.partial"))


@pytest.mark.parametrize("classes", [(), ("one", "two")])
@pytest.mark.parametrize("side", [8, module.LARGEST + 8])
def test_one_that_is_there_is_found_and_none_is_trained(evaluated, monkeypatch, classes, side):
    # breaks when a look at a training trains an evaluator, or knows it by another name than `score`
    image = pictures(60).repeat(1, 1, 9, 9)[:, :, :side, :side].contiguous()
    label = torch.arange(60) % 2
    data = labelled(image, label, classes) if classes else unlabelled(image)
    assert module.existing(given(data)) is None
    made = evaluated(data)
    monkeypatch.setattr(networks, "_trained", never)
    found = module.existing(given(data))
    assert found is not None
    seen = module.features_of(found.eval(), image.float() / 255, RANGE)
    assert torch.equal(seen, made.features(image.float() / 255, RANGE))
    few = module.existing(given(data.part(torch.arange(59), "few")))
    assert few is None and module.existing(choose("ring")) is None
