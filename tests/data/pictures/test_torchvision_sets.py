"""MNIST, Fashion-MNIST and CIFAR-10: found where they lie, fetched otherwise, never half-read.

Small files in the layout of the real ones stand in for them; no test touches the network.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import socket
from http.client import IncompleteRead
from pathlib import Path
from typing import Any
from urllib.error import URLError

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision import datasets

from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.data import Dataset, choose
from liangyi.data.pictures.cifar10 import CIFAR10
from liangyi.data.pictures.folder import folder


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test may reach the net, or what this machine's user has."""

    def offline(*_: Any, **__: Any) -> None:
        raise URLError("no network in tests")

    socket.setdefaulttimeout(None)
    monkeypatch.setattr("urllib.request.urlopen", offline)
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("LIANGYI_DATA", str(tmp_path / "data"))


def load(name: str, split: str = "train", **settings: Any) -> Dataset:
    data = choose(name, **settings).split(split)
    assert isinstance(data, Dataset)
    return data


def idx(path: Path, array: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    """Write an array as an IDX file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes()
    path.write_bytes(head + array.tobytes())


def write_mnist(raw: Path) -> None:
    for part, count in {"train": 12, "t10k": 5}.items():
        pixels = np.arange(count * 28 * 28).reshape(count, 28, 28) % 251
        idx(raw / f"{part}-images-idx3-ubyte", pixels.astype(np.uint8))
        idx(raw / f"{part}-labels-idx1-ubyte", (np.arange(count) % 10).astype(np.uint8))


@pytest.mark.parametrize(
    ("name", "inside", "label"),
    [("mnist", "MNIST", "3"), ("fashion-mnist", "FashionMNIST", "Dress")],
)
def test_files_that_lie_there_need_no_network(
    tmp_path: Path, name: str, inside: str, label: str
) -> None:
    write_mnist(tmp_path / "data" / inside / "raw")
    train, test = (load(name, split) for split in ("train", "test"))
    assert (len(train), len(test)) == (12, 5)
    assert train.spec == test.spec and train.spec.shape == (1, 28, 28)
    assert len(train.spec.classes) == 10 and train.spec.classes[3] == label
    image, labels = train.columns["image"], train.columns["label"]
    assert image.dtype == torch.uint8 and labels.dtype == torch.int64
    assert image[1, 0, 0, :3].tolist() == [784 % 251, 785 % 251, 786 % 251]  # rows not mixed up
    assert labels.tolist() == [*range(10), 0, 1]
    assert train.fingerprint != test.fingerprint
    assert train.batch(Labelled, torch.tensor([0])).image.min() == -1


def test_the_argument_wins_over_the_variable(tmp_path: Path) -> None:
    write_mnist(tmp_path / "mine" / "MNIST" / "raw")
    assert len(load("mnist", data_root=str(tmp_path / "mine"))) == 12
    with pytest.raises(UserError):
        load("mnist")


def test_grey_of_grey_changes_nothing(tmp_path: Path) -> None:
    write_mnist(tmp_path / "data" / "MNIST" / "raw")
    plain, grey = (load("mnist", grey=grey) for grey in (False, True))
    assert plain.fingerprint == grey.fingerprint


def test_arrays_are_resized_on_demand(tmp_path: Path) -> None:
    write_mnist(tmp_path / "data" / "MNIST" / "raw")
    small = load("mnist", size=14)
    assert small.spec.shape == (1, 14, 14) and small.columns["image"].shape == (12, 1, 14, 14)
    assert small.fingerprint != load("mnist").fingerprint


def test_what_a_set_looks_like_is_known_without_it() -> None:
    # `show` and `list` need no download
    assert choose("mnist", size=32).spec().shape == (1, 32, 32)
    assert choose("cifar10", grey=True).spec().shape == (1, 32, 32)
    assert len(choose("fashion-mnist").spec().classes) == 10


def write_pictures(place: Path) -> None:
    for split in ("train", "test"):
        for number, name in enumerate(("airplane", "bird")):
            (place / split / name).mkdir(parents=True)
            image = Image.new("RGB", (32, 32), (0, 255 * number, 0))
            image.save(place / split / name / "1.png")


def test_cifar10_may_be_a_folder_of_pictures(tmp_path: Path) -> None:
    write_pictures(tmp_path / "data" / "cifar10")
    data = load("cifar10", "test")
    assert data.spec.shape == (3, 32, 32) and data.spec.classes == ("airplane", "bird")
    assert choose("cifar10").spec() == data.spec  # the folder's classes, not the ten
    assert data.columns["image"][:, 1, 0, 0].tolist() == [0, 255]
    assert data.fingerprint == folder(tmp_path / "data" / "cifar10", "test").fingerprint  # type: ignore[union-attr]
    small = load("cifar10", size=16, grey=True)
    assert small.spec.shape == (1, 16, 16) and small.columns["image"][1, 0, 0, 0] == 150


def test_cifar10_without_held_out_pictures_is_said(tmp_path: Path) -> None:
    place = tmp_path / "data" / "cifar10"
    write_pictures(place)
    (place / "test").rename(place / "extra")
    (place / "extra").rename(tmp_path / "extra")
    with pytest.raises(UserError, match=r"no folder test/"):
        load("cifar10", "test")


def write_cifar(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write CIFAR-10's own archive in small, and tell torchvision the checksums."""
    place.mkdir(parents=True)

    def put(name: str, what: Any) -> list[str]:
        data = pickle.dumps(what)
        (place / name).write_bytes(data)
        return [name, hashlib.md5(data, usedforsecurity=False).hexdigest()]

    def part(name: str, colour: list[int]) -> list[list[str]]:
        rows = np.repeat(np.array([colour] * 4, np.uint8), 1024, 1)  # planes: red, green, blue
        return [put(name, {"data": rows, "labels": [0, 1, 2, 3]})]

    meta = put("batches.meta", {"label_names": list("abcd")})
    monkeypatch.setattr(datasets.CIFAR10, "train_list", part("data_batch_1", [255, 0, 0]))
    monkeypatch.setattr(datasets.CIFAR10, "test_list", part("test_batch", [255, 255, 255]))
    named = {"filename": meta[0], "md5": meta[1], "key": "label_names"}
    monkeypatch.setattr(datasets.CIFAR10, "meta", named)


def test_cifar10_may_be_the_original_archive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cifar(tmp_path / "data" / "cifar-10-batches-py", monkeypatch)
    train = load("cifar10")
    assert train.spec.shape == (3, 32, 32) and train.spec.classes == CIFAR10.names
    image = train.columns["image"]
    assert image.is_contiguous() and image[0, :, 5, 7].tolist() == [255, 0, 0]  # planes, not rows
    assert train.columns["label"].tolist() == [0, 1, 2, 3]
    grey = [load("cifar10", split, grey=True) for split in ("train", "test")]
    assert grey[0].spec.shape == (1, 32, 32)
    # ITU-R 601; white stays white, which weights that do not sum to 1 would miss
    assert [int(data.columns["image"][0, 0, 0, 0]) for data in grey] == [76, 255]


@pytest.mark.parametrize("name", ["mnist", "fashion-mnist", "cifar10"])
def test_no_network_is_one_line_that_names_the_way_out(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError) as caught:
        load(name, data_root=str(tmp_path / "typo"))
    message = str(caught.value)
    assert "\n" not in message and "no network in tests" in message
    assert name in message and str(tmp_path / "typo") in message
    assert "LIANGYI_DATA or data_root" in message
    assert socket.getdefaulttimeout() is None  # the patience was ours alone


@pytest.mark.parametrize("error", [TimeoutError("timed out"), IncompleteRead(b"x", 9)])
def test_a_network_that_breaks_off_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        assert socket.getdefaulttimeout() is not None  # a silent server must not hang us for ever
        raise error

    monkeypatch.setattr("urllib.request.urlopen", broken)
    with pytest.raises(UserError, match=r"cannot be fetched \("):
        load("cifar10")


def test_what_is_missing_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(self: Any) -> None:
        write_mnist(Path(self.raw_folder))

    monkeypatch.setattr(datasets.MNIST, "download", fetch)
    assert len(load("mnist", "test", data_root=str(tmp_path / "new"))) == 5


@pytest.mark.parametrize(("root", "said"), [
    ("", "data_root is empty"),
    (os.devnull, "data_root /dev/null is no folder"),
    ("~nobody.at.all/data", "no home folder of a user ~nobody.at.all"),
    ("x" * 5000, "File name too long"),
])  # fmt: skip
@pytest.mark.parametrize("name", ["mnist", "cifar10"])
def test_a_root_that_is_none(name: str, root: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        load(name, data_root=root)


@pytest.mark.parametrize("split", ["train", "t10k"])
def test_a_pipe_in_place_of_a_file_is_not_waited_for(tmp_path: Path, split: str) -> None:
    raw = tmp_path / "data" / "MNIST" / "raw"
    write_mnist(raw)
    path = raw / f"{split}-labels-idx1-ubyte"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(UserError, match=f"{path} is no file that can be read"):
        load("mnist")


def test_a_file_of_absurd_size_is_not_read(tmp_path: Path) -> None:
    raw = tmp_path / "data" / "MNIST" / "raw"
    write_mnist(raw)
    os.truncate(raw / "train-images-idx3-ubyte", 9 * 10**9)
    with pytest.raises(UserError, match="more than 1,073,741,824 bytes"):
        load("mnist")


def test_a_root_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match=r"cannot be fetched"):
        load("mnist", data_root=str(tmp_path / "file" / "below"))


@pytest.mark.parametrize("size", [0, 10, 200])
def test_damaged_files_are_named(tmp_path: Path, size: int) -> None:
    raw = tmp_path / "data" / "MNIST" / "raw"
    write_mnist(raw)
    path = raw / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(UserError, match=r"mnist in .*MNIST cannot be read"):
        load("mnist")
