"""A user's own arrays: what each form is taken for, what is refused in one line, and resuming."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.utils.data import IterableDataset, TensorDataset

import liangyi
from liangyi.api import create_run
from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec, Vector, Words
from liangyi.data import Dataset, choose
from liangyi.data.arrays import Arrays
from liangyi.session import Session

BYTES = np.random.default_rng(0).integers(0, 256, (6, 3, 5, 4), np.uint8)  # [N C H W]
GREY = BYTES[:, 0]
LABEL = np.array([0, 1, 2, 0, 1, 2])


def train(given: Any, held_out: Any = None) -> Dataset:
    data = Arrays(given, held_out).split()
    assert isinstance(data, Dataset)
    return data


def said(given: Any) -> str:
    (line,) = Arrays(given).findings()
    return line


# pictures


@pytest.mark.parametrize("made", [np.asarray, torch.as_tensor], ids=["numpy", "torch"])
@pytest.mark.parametrize(("pictures", "layout", "channels"), [
    (GREY, "N H W", 1), (BYTES, "N C H W", 3), (BYTES.transpose(0, 2, 3, 1), "N H W C", 3),
    (GREY[:, None], "N C H W", 1), (GREY[..., None], "N H W C", 1),
])  # fmt: skip
def test_pictures_in_every_layout(made: Any, pictures: Any, layout: str, channels: int) -> None:
    data = train(made(pictures))
    assert data.spec == Spec("image", image=Pixels(channels, 5, 4))
    wanted = torch.as_tensor(BYTES if channels == 3 else GREY[:, None])
    assert torch.equal(data.columns["image"], wanted)
    colour = "colour" if channels == 3 else "grey"
    assert said(made(pictures)) == (
        f"image: 6 pictures [{layout}], 4x5, {colour}, values of 0 to 255"
    )


@pytest.mark.parametrize(("values", "ends"), [
    (GREY / 255, "0 to 1"), (GREY / 127.5 - 1, "-1 to 1"), (GREY.astype(np.float64), "0 to 255"),
    (GREY.astype(np.int64), "0 to 255"), (GREY.astype(np.uint16), "0 to 255"),
    (GREY.astype(">i4"), "0 to 255"), (torch.as_tensor(GREY / 255).bfloat16(), "0 to 1"),
])  # fmt: skip
def test_brightness_in_every_range(values: Any, ends: str) -> None:
    image = train(values).columns["image"]
    assert image.dtype == torch.uint8
    off = (image[:, 0].int() - torch.as_tensor(GREY).int()).abs().max()
    assert int(off) <= (1 if isinstance(values, Tensor) else 0)  # bfloat16 has 8 bits
    assert said(values).endswith(f"values of {ends}")


def test_black_and_white_masks_are_pictures() -> None:
    image = train(GREY > 99).columns["image"]
    assert torch.equal(image[:, 0] == 255, torch.as_tensor(GREY > 99))


def test_what_was_given_is_left_alone_even_where_it_may_not_be_written() -> None:
    given = GREY.copy()
    given.flags.writeable = False  # torch would warn, and pytest make that an error
    train(given).columns["image"].zero_()
    assert np.array_equal(given, GREY)


# labels, points, sentences


@pytest.mark.parametrize("label", [
    LABEL, LABEL.tolist(), torch.as_tensor(LABEL), LABEL.astype(np.uint8), np.array(list("abcabc")),
    [*"abcabc"],
])  # fmt: skip
def test_labels_beside(label: Any) -> None:
    for given in ((GREY, label), {"image": GREY, "label": label}, {"label": label, "image": GREY}):
        data = train(given)
        # the item is what is no label, whatever comes first
        names = ("a", "b", "c") if "a" in list(label) else ("0", "1", "2")
        assert data.spec == Spec("image", image=Pixels(1, 5, 4), label=Label(names))
        batch = data.batch(Labelled, torch.arange(6))
        assert batch.label.tolist() == LABEL.tolist() and batch.label.dtype == torch.int64


def test_labels_may_be_any_numbers() -> None:
    data = train((GREY, [30, 10, 10, 30, 10, 30]))
    assert data.spec.classes == ("10", "30") and data.columns["label"].tolist() == [
        1,
        0,
        0,
        1,
        0,
        1,
    ]
    assert train((GREY, np.array([True, False] * 3))).spec.classes == ("0", "1")


def test_points_and_sentences() -> None:
    data = train(np.linspace(0, 9, 12).reshape(6, 2))
    assert data.spec == Spec("point", point=Vector(2))
    assert data.columns["point"].dtype == torch.float32
    assert said([[0.0, 1.0], [2.0, 3.0]]) == "point: 2 points of 2 numbers"
    words = train(np.array([[0, 4, 2], [1, 1, 0]], np.int16))
    assert words.spec == Spec("token", token=Words(3, 5))
    assert words.columns["token"].dtype == torch.int64
    assert said([[0, 4, 2], [1, 1, 0]]) == "token: 2 sentences of 3 words, 5 different"


def test_a_dict_names_its_fields() -> None:
    data = train({"low": GREY, "high": BYTES, "code": np.zeros((6, 2)), "kind": LABEL})
    fields = {"low": Pixels(1, 5, 4), "high": Pixels(3, 5, 4), "code": Vector(2)}
    assert data.spec == Spec("low", **fields, kind=Label(("0", "1", "2")))


class Table:
    """What pandas and polars have."""

    def __init__(self, rows: Any) -> None:
        self.rows = rows
        self.columns = ["height", "weight"]

    def to_numpy(self) -> Any:
        return self.rows


def test_a_table_is_points_even_if_its_numbers_are_whole() -> None:
    data = train(Table(np.array([[1, 2], [3, 4]])))
    assert data.spec == Spec("point", point=Vector(2))
    assert data.columns["point"].tolist() == [[1, 2], [3, 4]]
    mixed = np.array([[1, 2.5], [3, 4]], dtype=object)  # as of columns of different types
    assert train(Table(mixed)).columns["point"].tolist() == [[1, 2.5], [3, 4]]
    with pytest.raises(UserError, match="the table holds more than numbers"):
        train(Table(np.array([[1, "a"]], dtype=object)))


class Rows(torch.utils.data.Dataset[Any]):
    """A torch Dataset of any rows."""

    def __init__(self, *rows: Any) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, number: int) -> Any:
        return self.rows[number]


def test_a_torch_dataset() -> None:
    image, label = torch.as_tensor(BYTES), torch.as_tensor(LABEL)
    wanted = train((image, label))
    pairs = Rows(*((picture, int(one)) for picture, one in zip(BYTES, LABEL, strict=True)))
    named = Rows(*({"image": i, "label": one} for i, one in zip(image, label, strict=True)))
    for given in (TensorDataset(image, label), pairs, named):
        data = train(given)
        assert data.spec == wanted.spec and data.fingerprint == wanted.fingerprint
    assert train(TensorDataset(image)).fingerprint == train(image).fingerprint
    assert train(Rows(*image)).fingerprint == train(image).fingerprint
    words = Rows((BYTES[0], "cat"), (BYTES[1], "dog"))
    assert train(words).spec.classes == ("cat", "dog")


class Stream(IterableDataset[Tensor]):
    """A torch Dataset of which nobody knows the length."""

    def __iter__(self) -> Iterator[Tensor]:
        yield from torch.as_tensor(BYTES)


# held-out ones


def test_what_is_held_out_is_read_as_the_training_data_is() -> None:
    # breaks when class 2 of the training data is class 0 of the held-out ones, which lack others
    source = Arrays((GREY / 127.5 - 1, list("abcabc")), (GREY[:2] / 255, ["c", "c"]))
    held = source.split("test")
    assert isinstance(held, Dataset) and held.spec == source.spec()
    assert held.columns["label"].tolist() == [2, 2]
    # 0 is the middle of -1 to 1, though these have nothing below it
    assert held.columns["image"].min() >= 127
    assert Arrays(GREY).split("test") is None
    sentences = Arrays([[0, 9], [1, 2]], [[3, 3]])
    assert sentences.split("test").spec == sentences.spec()  # type: ignore[union-attr]


@pytest.mark.parametrize(("held_out", "wanted"), [
    ((GREY, list("xyxyxy")), "label: the class 'x' is not among the training data's"),
    ((BYTES, LABEL), "the held-out data is unlike the training data"),
    (GREY, "the held-out data is unlike the training data"),
    ((GREY[:, :3], LABEL), "the held-out data is unlike the training data"),
    ((GREY[:0], LABEL[:0]), "is empty"),
])  # fmt: skip
def test_held_out_data_of_another_form_is_refused(held_out: Any, wanted: str) -> None:
    with pytest.raises(UserError, match=wanted):
        Arrays((GREY, LABEL), held_out)
    with pytest.raises(UserError, match="values outside those of the training data"):
        Arrays(GREY / 255, GREY.astype(float))


# files


def test_files_of_arrays(tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", GREY)
    source = choose(str(tmp_path / "pictures.npy"))
    assert source.registered == "array file" and source.split("test") is None
    assert source.split().fingerprint == train(GREY).fingerprint  # type: ignore[union-attr]
    assert source.findings() == Arrays(GREY).findings()
    source.split().columns["image"].zero_()  # type: ignore[union-attr]
    assert np.array_equal(np.load(tmp_path / "pictures.npy"), GREY)  # the file never changes


def test_several_arrays_in_a_file_and_some_of_them_held_out(tmp_path: Path) -> None:
    np.savez(tmp_path / "all.npz", label=LABEL, image=GREY, test_image=GREY[:2],
             test_label=LABEL[2:4])  # fmt: skip
    source = choose(str(tmp_path / "all.npz"))
    assert source.spec() == Spec("image", image=Pixels(1, 5, 4), label=Label(("0", "1", "2")))
    assert source.split().size == 6  # type: ignore[union-attr]
    held = source.split("test")
    assert isinstance(held, Dataset) and held.columns["label"].tolist() == [2, 0]
    assert len(source.findings()) == 2


def _pickled(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)


def _archive_of_objects(path: Path) -> None:
    with path.open("wb") as file:
        np.savez(file, image=np.array([{"a": 1}], dtype=object))


def _cut(path: Path) -> None:
    with path.open("wb") as file:
        np.save(file, GREY)
    path.write_bytes(path.read_bytes()[:-9])


def _cut_archive(path: Path) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, image=GREY)
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)


def _absurd(path: Path) -> None:
    with path.open("wb") as file:
        about = {"descr": "<f8", "fortran_order": False, "shape": (10**9, 10**9)}
        np.lib.format.write_array_header_1_0(file, about)


@pytest.mark.parametrize("ending", [".npy", ".npz"])
@pytest.mark.parametrize("harm", [
    lambda path: path.touch(), lambda path: path.mkdir(), lambda path: path.write_bytes(b"x" * 99),
    lambda path: path.write_bytes(b"PK\x03\x04"), lambda path: path.symlink_to("/dev/zero"),
    _pickled, _archive_of_objects, _cut, _cut_archive, _absurd,
])  # fmt: skip
def test_files_that_hold_no_arrays_are_one_line(tmp_path: Path, ending: str, harm: Any) -> None:
    path = tmp_path / f"a{ending}"
    harm(path)
    with pytest.raises(UserError) as caught:
        choose(str(path)).split()
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


# what is refused


@pytest.mark.parametrize(("given", "wanted"), [
    (np.zeros((0, 8, 8)), "the data is empty"),
    (np.zeros((4, 0)), "the data is empty"),
    ([], "the data is empty"),
    ({}, "the data is empty"),
    (Rows(), "the data is empty"),
    ({"label": np.array([], dtype=str)}, "label"),
    (np.full((4, 2), np.nan), "values that are not finite"),
    (np.array([[1.0, np.inf]]), "values that are not finite"),
    (np.array([[1, None]], dtype=object), "the data is no array of numbers"),
    ([[1, 2], [3]], "the data is no array of numbers"),
    (object(), "the data is no array of numbers"),
    (np.array([["a", "b"]]), "the data is no array of numbers"),
    (np.array(["2020-01-01"], "M8[D]"), "the data is no array of numbers"),
    (np.ones((2, 2), complex), "the data holds complex numbers"),
    (3.0, r"shape \[\]: pictures are"),
    (np.zeros(7), r"shape \[7\]: pictures are"),
    (np.zeros((1, 1, 1, 1, 1)), "pictures are .* points .* labels"),
    (np.zeros((4, 7, 8, 9)), "neither 1 nor 3 colours"),
    (np.full((2, 8, 8), 300.0), "0 to 1, -1 to 1 or 0 to 255, not 300 to 300"),
    (np.full((2, 8, 8), -2), "not -2 to -2"),
    (np.array([[0, -1]]), "numbers of words are 0 or more"),
    ((GREY, LABEL[:4] % 2), "different lengths: image 6, label 4"),
    ((GREY, np.arange(6)), "label: 6 classes of 6 items; .* share"),
    ({"item": GREY}, "a field cannot be called 'item'"),
    ({"": GREY, "image": GREY}, "two fields are called 'image'"),
    (Stream(), "a torch Dataset of a known length"),
    (Rows(torch.zeros(2, 2), torch.zeros(3, 3)), "items are not all alike"),
    (Rows({"image": GREY[0]}, {"picture": GREY[1]}), "items are not all alike"),
])  # fmt: skip
def test_what_nothing_can_be_learned_from_is_one_line(given: Any, wanted: str) -> None:
    with pytest.raises(UserError, match=wanted) as caught:
        Arrays(given)
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 250


def test_arrays_have_no_settings() -> None:
    with pytest.raises(UserError, match="unknown setting 'size'"):
        liangyi.train("gan", GREY, size=16, progress=False)


# a run of them


SMALL = {"generator_widths": (8,), "discriminator_widths": (8,), "latent": 4, "batch_size": 4}


def points(count: int = 32) -> Any:
    return np.random.default_rng(1).normal(size=(count, 2)).astype(np.float32)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("arrays") / "run"
    found = liangyi.train("gan", points(), folder, steps=4, progress=False, **SMALL)
    assert found.made == 4 and found.state == "done"
    assert liangyi.load(found).sample(3).shape == (3, 2)
    return folder


def test_a_run_of_arrays_goes_on_with_the_same_ones(run: Path) -> None:
    longer = liangyi.Run(run).aimed_at(6)
    assert liangyi.resume(longer, points(), progress=False).made == 6
    # and without them where they were given before
    assert liangyi.resume(longer.aimed_at(7), progress=False).made == 7


@pytest.mark.parametrize("other", [
    points() + 1, points(31), points().reshape(64, 1), points()[::-1],
])  # fmt: skip
def test_other_arrays_are_refused(run: Path, other: Any) -> None:
    with pytest.raises(UserError, match=r"the data given is not what .* began with"):
        liangyi.resume(run, other, progress=False)


def test_a_fresh_process_asks_for_them(run: Path) -> None:
    script = f"""
import liangyi
try:
    liangyi.resume({str(run)!r}, progress=False)
except liangyi.UserError as error:
    print(error)
"""
    words = [sys.executable, "-c", script]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    assert "was given in memory; give it again" in line and "liangyi.resume(" in line


def test_a_run_that_was_only_made_knows_its_arrays(tmp_path: Path) -> None:
    # `for event in Session(run)` is what the documents show
    made = create_run("gan", points(), tmp_path / "run", steps=2, **SMALL)
    assert [event for event in Session(made)] and made.made == 2


def test_held_out_arrays_are_looked_at(tmp_path: Path) -> None:
    found = liangyi.train(
        "autoencoder", GREY, tmp_path / "run", held_out=GREY[:4], steps=2, progress=False,
        batch_size=4, sample_every=2,
    )  # fmt: skip
    assert found.made == 2 and any((found.path / "samples").iterdir())


@pytest.mark.parametrize(("low", "high"), [(-1e-7, 1.0), (0.0, 1 + 2e-7), (-0.01, 1.01)])
def test_what_overshoots_a_little_is_still_read_as_it_is_meant(low: float, high: float) -> None:
    # breaks when a rounding error makes 0 to 1 into -1 to 1, where black is grey, or 0 to 255
    picture = np.linspace(0, 1, 20, dtype=np.float64).reshape(1, 4, 5).repeat(3, 0)
    meant = train(picture).columns["image"]
    picture[0, 0, 0], picture[0, -1, -1] = low, high
    assert torch.equal(train(picture).columns["image"], meant)


@pytest.mark.parametrize("array", [
    np.array([[[0, 1], [1, 0]]], np.uint8), np.array([[[0, 1], [1, 0]]], np.int64),
    np.array([[[0.0, 1.5], [1.0, 0.0]]]), np.array([[[-0.3, 0.5], [1.0, 0.0]]]),
])  # fmt: skip
def test_pictures_of_nobody_knows_which_range_are_refused(array: Any) -> None:
    # breaks when they become black without a word
    with pytest.raises(UserError, match=r"pictures .*have values of 0 to"):
        train(array)


def test_held_out_bytes_beside_numbers_with_a_fraction_are_read_as_bytes() -> None:
    data = Arrays(GREY / 255, GREY).split("test")
    assert isinstance(data, Dataset)
    assert torch.equal(data.columns["image"], torch.from_numpy(GREY)[:, None])


def test_many_held_out_pictures_of_another_range_are_refused() -> None:
    # breaks when 0, the middle of the training data, is black in what is held out
    many = GREY.repeat(4, 0)
    with pytest.raises(UserError, match="values outside those of the training data, or others"):
        Arrays(many / 127.5 - 1, many / 255)


def test_a_resumed_run_keeps_its_held_out_data(tmp_path: Path) -> None:
    # breaks when figures on held-out data stop at the resuming
    run = liangyi.train(
        "autoencoder", GREY, tmp_path / "run", held_out=GREY[:2], progress=False, steps=2,
        batch_size=2, sample_every=1, examine_every=0, device="cpu",
    )  # fmt: skip
    again = liangyi.resume(run.aimed_at(3), GREY, held_out=GREY[:2], progress=False)
    tested = [line["step"] for line in again.lines() if "test/pixel_error" in line]
    assert tested == [1, 2, 3]
