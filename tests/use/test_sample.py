"""Samples on the disk: which forms there are, what is in them, and what is refused before any."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from liangyi import fields
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Field, Pixels, Spec, Vector, Words
from liangyi.core.verbs import parts, samples
from liangyi.fields.pixels import GAP, grid
from liangyi.runs.building import build
from liangyi.use.sample import write_samples


def model(field: Field) -> Model:
    kind = registry.find("seqgan" if isinstance(field, Words) else "gan")
    name = {"Pixels": "image", "Vector": "point", "Words": "token"}[type(field).__name__]
    return build(kind, kind.Config(**kind.tiny), Spec(name, **{name: field}), 0).eval()


def write(count: int, one: Model, out: Path, said: list[str] | None = None) -> None:
    tell = said.append if said is not None else lambda line: None
    write_samples(parts(one, count), count, one, out, tell)


@pytest.fixture(scope="module")
def painter() -> Model:
    return model(Pixels(3, 6, 5))


@pytest.fixture(scope="module")
def pointer() -> Model:
    return model(Vector(3))


@pytest.fixture(scope="module")
def writer() -> Model:
    return model(Words(4, 11))


def stored(one: Model, count: int) -> Tensor:
    return fields.stored(one.spec.created, samples(one, count), one.image_range)


def test_pictures_in_an_array_are_bytes_with_colours_last(tmp_path: Path, painter: Model) -> None:
    # 600: more than are drawn at once
    write(600, painter, tmp_path / "a.npy")
    found = np.load(tmp_path / "a.npy")
    assert found.dtype == np.uint8 and found.shape == (600, 6, 5, 3)
    assert np.array_equal(found, stored(painter, 600).permute(0, 2, 3, 1).numpy())


def test_other_arrays_are_as_they_were_drawn(tmp_path: Path, pointer: Model, writer: Model) -> None:
    write(7, pointer, tmp_path / "a.npy")
    assert np.array_equal(np.load(tmp_path / "a.npy"), samples(pointer, 7).numpy())
    write(7, writer, tmp_path / "b.npy")
    found = np.load(tmp_path / "b.npy")
    assert found.dtype == np.int64 and np.array_equal(found, samples(writer, 7).numpy())


def test_a_sheet_is_what_the_kind_draws(tmp_path: Path, painter: Model, pointer: Model) -> None:
    write(9, painter, tmp_path / "a.png")
    wanted = grid(samples(painter, 9), painter.image_range)
    with Image.open(tmp_path / "a.png") as sheet:
        assert np.array_equal(np.asarray(sheet), np.asarray(wanted))
    write(9, pointer, tmp_path / "b.png")
    with Image.open(tmp_path / "b.png") as sheet:
        assert sheet.width > sheet.height / 3


def test_a_single_picture_is_no_sheet(tmp_path: Path, painter: Model) -> None:
    write(1, painter, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (5, 6)
        assert np.array_equal(np.asarray(picture), stored(painter, 1)[0].permute(1, 2, 0).numpy())


def test_a_folder_has_a_picture_each_in_order(tmp_path: Path, painter: Model) -> None:
    write(11, painter, tmp_path / "deep" / "all")
    places = sorted((tmp_path / "deep" / "all").iterdir())
    assert [place.name for place in places] == [f"{number:02}.png" for number in range(11)]
    for place, pixels in zip(places, stored(painter, 11), strict=True):
        with Image.open(place) as picture:
            assert np.array_equal(np.asarray(picture), pixels.permute(1, 2, 0).numpy())


def test_a_folder_is_never_mixed(tmp_path: Path, painter: Model) -> None:
    # breaks when 3 new pictures lie among the 11 of an earlier call
    out = tmp_path / "all"
    write(11, painter, out)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    with pytest.raises(UserError, match="all holds 11 files already") as told:
        write_samples(never(), 3, painter, out)
    assert told.value.setting == "out"
    assert before == {path.name: path.read_bytes() for path in out.iterdir()}
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / ".DS_Store").touch()  # the system's own, which a user does not see
    write(1, painter, tmp_path / "empty")
    assert (tmp_path / "empty" / "0.png").exists()


def test_text_has_a_line_each(tmp_path: Path, writer: Model, pointer: Model) -> None:
    write(600, writer, tmp_path / "a.txt")  # in two parts, and no gap between them
    wanted = fields.lines(writer.spec.created, samples(writer, 600))
    assert (tmp_path / "a.txt").read_text().splitlines() == wanted
    write(3, pointer, tmp_path / "b.txt")
    assert len((tmp_path / "b.txt").read_text().splitlines()) == 3


def never() -> Iterator[Tensor]:
    raise AssertionError("drawn, though it cannot be written")
    yield


@pytest.mark.parametrize(("name", "endings"), [
    ("a.gif", r"\.png or \.npy, or be a folder's"), ("a.txt", r"\.png or \.npy, or be a folder's"),
])  # fmt: skip
def test_other_endings_are_refused_before_anything_is_drawn(
    tmp_path: Path, painter: Model, name: str, endings: str
) -> None:
    with pytest.raises(UserError, match=endings):
        write_samples(never(), 3, painter, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a", "a.jpg"])
def test_points_are_no_folder_of_pictures(tmp_path: Path, pointer: Model, name: str) -> None:
    with pytest.raises(UserError, match=r"may end in \.png, \.npy or \.txt"):
        write_samples(never(), 3, pointer, tmp_path / name)


def test_too_many_for_one_sheet_are_refused_before_anything_is_drawn(
    tmp_path: Path, painter: Model, pointer: Model
) -> None:
    most = 80_000_000 // ((6 + GAP) * (5 + GAP))
    with pytest.raises(UserError, match=rf"at most {most:,}, or FILE.npy or a folder"):
        write_samples(never(), most + 1, painter, tmp_path / "a.png")
    with pytest.raises(UserError, match=r"at most 100,000, or FILE.npy or FILE.txt"):
        write_samples(never(), 10**6, pointer, tmp_path / "a.png")


def test_a_full_disk_is_said_before_anything_is_drawn(
    tmp_path: Path, painter: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"would take .*, and 1 kB are free there"):
        write_samples(never(), 10**8, painter, tmp_path / "a.npy")


def test_large_files_are_announced(tmp_path: Path, pointer: Model) -> None:
    said: list[str] = []
    write(3, pointer, tmp_path / "a.npy", said)
    assert said == []
    with pytest.raises(AssertionError, match="drawn"):
        write_samples(never(), 10**7, pointer, tmp_path / "a.npy", said.append)
    assert said == [f"{tmp_path / 'a.npy'}: 10,000,000 samples, up to 240 MB"]


def test_nothing_half_written_is_left(tmp_path: Path, pointer: Model) -> None:
    def broken() -> Iterator[Tensor]:
        yield torch.zeros(3, 3)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_samples(broken(), 6, pointer, tmp_path / "a.npy")
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_one_line(tmp_path: Path, painter: Model) -> None:
    (tmp_path / "file").touch()
    for name in ("a.png", "a.npy", "a"):
        with pytest.raises(UserError, match=r"cannot write .*Not a directory"):
            write(2, painter, tmp_path / "file" / name)


def test_a_model_of_normal_noise_can_be_asked_for_usual_samples(small):
    # truncated to almost nothing, all samples are that of the code 0
    one = small("sngan").build().eval()
    whole, short = samples(one, 20), samples(one, 20, truncation=1e-3)
    assert float(short.std(0).mean()) < 0.05 * float(whole.std(0).mean())
    assert torch.equal(one.sample(5, first=3, truncation=0.7), one.sample(8, truncation=0.7)[3:])
    with pytest.raises(UserError, match="draws none"):
        samples(small("gan").build(), 2, truncation=0.7)
