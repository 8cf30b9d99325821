"""Folders that Hugging Face's `datasets` saved.

Where the package is not installed a stand-in takes its place: what we ask of it, and no more.
"""

from __future__ import annotations

import importlib
import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow

from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Dataset, choose

RED, GREEN = (255, 0, 0), (0, 255, 0)
Save = Callable[..., None]


class Image:
    def __init__(self, decode: bool = True) -> None:
        self.decode = decode


class ClassLabel:
    def __init__(self, names: list[str]) -> None:
        self.names = names


class Value:
    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


class Rows:
    """A stand-in's data set: its pictures are bytes only where nobody decodes them."""

    def __init__(self, features: dict[str, Any], columns: dict[str, list[Any]]) -> None:
        self.features, self.columns = features, columns

    def cast_column(self, name: str, feature: Any) -> Rows:
        return Rows({**self.features, name: feature}, self.columns)

    def select_columns(self, name: str) -> Rows:
        return Rows({name: self.features[name]}, {name: self.columns[name]})

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for feature in self.features.values():
            assert not getattr(feature, "decode", False), "Pillow's every decoder would run"
        for cells in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, cells, strict=True))


def _package(saved: dict[str, Any]) -> ModuleType:
    found = ModuleType("datasets")
    found.Image, found.ClassLabel, found.Value = Image, ClassLabel, Value  # type: ignore[attr-defined]
    found.load_from_disk = lambda path: saved[path]  # type: ignore[attr-defined]
    return found


def stood_in(monkeypatch: pytest.MonkeyPatch) -> Save:
    """Put the stand-in in the package's place and return what saves a data set to a folder."""
    saved: dict[str, Any] = {}
    monkeypatch.setitem(sys.modules, "datasets", _package(saved))

    def save(path: Path, features: dict[str, Any], **splits: dict[str, list[Any]]) -> None:
        path.mkdir(exist_ok=True)
        alone = set(splits) == {"alone"}
        for name in ("dataset_info.json", "state.json") if alone else ("dataset_dict.json",):
            (path / name).write_text("{}")
        rows = {name: Rows(features, columns) for name, columns in splits.items()}
        saved[str(path)] = rows["alone"] if alone else rows

    return save


def real() -> Save:
    """Return what saves a data set by the package itself."""
    package = importlib.import_module("datasets")

    def save(path: Path, features: dict[str, Any], **splits: dict[str, list[Any]]) -> None:
        form = package.Features(features)
        rows = {n: package.Dataset.from_dict(c, features=form) for n, c in splits.items()}
        alone = set(splits) == {"alone"}
        (rows["alone"] if alone else package.DatasetDict(rows)).save_to_disk(str(path))

    return save


@pytest.fixture
def save(monkeypatch: pytest.MonkeyPatch) -> Save:
    try:
        importlib.import_module("datasets")
    except ImportError:
        return stood_in(monkeypatch)
    return real()


def picture(
    colour: Any = RED, size: tuple[int, int] = (8, 6), form: str = "PNG", mode: str = "RGB"
) -> dict[str, Any]:
    stream = io.BytesIO()
    Pillow.new(mode, size, colour).save(stream, form)
    return {"bytes": stream.getvalue(), "path": None}


def features(**more: Any) -> dict[str, Any]:
    return {"picture": sys.modules["datasets"].Image(), **more}


def kinds(*names: str) -> Any:
    return sys.modules["datasets"].ClassLabel(names=list(names))


def load(path: Path, split: str = "train", **settings: Any) -> Dataset:
    data = choose(str(path), **settings).split(split)
    assert isinstance(data, Dataset)
    return data


def test_pictures_and_their_classes(tmp_path: Path, save: Save) -> None:
    columns = {"picture": [picture(RED), picture(GREEN)], "kind": [1, 0]}
    save(tmp_path / "a", features(kind=kinds("leaf", "apple")), alone=columns)
    source = choose(str(tmp_path / "a"))
    assert source.registered == "hugging face" and source.split("test") is None
    data = load(tmp_path / "a")
    # the order of the classes is the set's own
    wanted = Spec("image", image=Pixels(3, 6, 8), label=Label(("leaf", "apple")))
    assert data.spec == source.spec() == wanted
    assert data.columns["image"][:, :, 0, 0].tolist() == [[*RED], [*GREEN]]
    assert data.columns["label"].tolist() == [1, 0]
    assert source.findings() == ["2 pictures, 8x6, colour", "2 classes, 1 each: leaf, apple"]
    assert data.fingerprint == load(tmp_path / "a").fingerprint


@pytest.mark.parametrize("held_out", ["test", "validation"])
def test_splits(tmp_path: Path, save: Save, held_out: str) -> None:
    grey = picture(90, mode="L")
    save(tmp_path / "a", features(), train={"picture": [picture()] * 3},
         **{held_out: {"picture": [grey]}})  # fmt: skip
    train, test = load(tmp_path / "a"), load(tmp_path / "a", "test")
    # held-out pictures take the form of the training ones
    assert train.spec == test.spec == Spec("image", image=Pixels(3, 6, 8))
    assert (len(train), len(test)) == (3, 1)
    assert test.columns["image"][0, :, 0, 0].tolist() == [90] * 3


def test_without_a_column_of_classes_there_are_no_labels(tmp_path: Path, save: Save) -> None:
    columns = {"picture": [picture(9, mode="L")] * 2, "caption": ["a", "b"]}
    value = sys.modules["datasets"].Value("string")
    save(tmp_path / "a", features(caption=value), alone=columns)
    assert load(tmp_path / "a").spec == Spec("image", image=Pixels(1, 6, 8))


def test_sizes_that_vary_want_one(tmp_path: Path, save: Save) -> None:
    columns = {"picture": [picture(), picture(GREEN, (20, 30))]}
    save(tmp_path / "a", features(), alone=columns)
    with pytest.raises(UserError, match=r"8x6 to 20x30; give a size") as caught:
        load(tmp_path / "a")
    assert caught.value.setting == "size"
    data = load(tmp_path / "a", size=4, grey=True)
    assert data.spec.shape == (1, 4, 4)
    assert data.columns["image"][:, 0, 0, 0].tolist() == [76, 150]  # luma
    assert load(tmp_path / "a", size=4).fingerprint != data.fingerprint


def test_what_cannot_be_read_is_left_out_and_named(tmp_path: Path, save: Save) -> None:
    noise = Pillow.fromarray(np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8))
    stream = io.BytesIO()
    noise.save(stream, "PNG")
    cut = {"bytes": stream.getvalue()[:-60], "path": None}
    tiff = picture(RED, form="TIFF")  # a format whose decoder never runs
    elsewhere = {"bytes": None, "path": "/dev/zero"}
    bad = [{"bytes": b"no picture", "path": None}, cut, tiff]
    rows = [picture(), *bad, picture(GREEN), None]
    cells = {"picture": rows, "kind": [0, 1, 1, 1, 1, 0]}
    save(tmp_path / "a", features(kind=kinds("x", "y")), alone=cells)
    source, data = choose(str(tmp_path / "a")), load(tmp_path / "a")
    assert data.columns["label"].tolist() == [0, 1]  # each still beside its own picture
    assert data.columns["image"][:, :, 5, 7].tolist() == [[*RED], [*GREEN]]
    line = source.findings()[-1]
    assert line.startswith("left out, unreadable: 4: row 1 (not a picture), row 2 (")
    if "stood" in save.__qualname__:  # the package itself would embed what lies there
        save(tmp_path / "b", features(), alone={"picture": [elsewhere]})
        with pytest.raises(UserError, match="no picture that can be read"):
            load(tmp_path / "b")


@pytest.mark.parametrize(("columns", "wanted"), [
    ({"picture": [picture()], "kind": [-1]}, "has pictures without a kind"),
    ({"picture": [picture()], "kind": [None]}, "has pictures without a kind"),
    ({"picture": [{"bytes": b"x", "path": None}], "kind": [0]}, "no picture that can be read"),
    ({"picture": [], "kind": []}, "cannot be read by|no picture that can be read"),
])  # fmt: skip
def test_what_nothing_can_be_learned_from_is_one_line(
    tmp_path: Path, save: Save, columns: Any, wanted: str
) -> None:
    save(tmp_path / "a", features(kind=kinds("x", "y")), alone=columns)
    with pytest.raises(UserError, match=wanted) as caught:
        load(tmp_path / "a")
    assert "\n" not in str(caught.value)


def test_without_a_column_of_pictures_or_a_split_to_train_on(tmp_path: Path, save: Save) -> None:
    value = sys.modules["datasets"].Value("string")
    save(tmp_path / "a", {"text": value}, alone={"text": ["hello"]})
    with pytest.raises(UserError, match="has no column of pictures; it has: text"):
        load(tmp_path / "a")
    save(tmp_path / "b", features(), test={"picture": [picture()]})
    with pytest.raises(UserError, match="has no split called train"):
        load(tmp_path / "b")


def test_a_damaged_folder_is_one_line(tmp_path: Path, save: Save) -> None:
    (tmp_path / "a").mkdir()
    for name in ("dataset_info.json", "state.json"):
        (tmp_path / "a" / name).write_text("[")
    with pytest.raises(UserError, match=r"a cannot be read by Hugging Face's datasets \("):
        load(tmp_path / "a")


def test_without_the_package_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood_in(monkeypatch)(tmp_path / "a", features(), alone={"picture": [picture()]})
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r"pip install 'liangyi\[hf\]'$"):
        load(tmp_path / "a")


def test_a_folder_of_pictures_beside_a_description_stays_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # a data set that was downloaded as it lies on the hub has such a file, too
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a").mkdir()
    Pillow.new("RGB", (8, 8), RED).save(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "dataset_info.json").write_text("{}")
    assert choose(str(tmp_path / "a")).registered == "folder"
