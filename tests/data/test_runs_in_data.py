"""A run that was written into the folder of its own data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from liangyi import data
from liangyi.core import registry
from liangyi.lab.small import Small


def picture(path: Path, colour: str = "red") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (40, 40), colour).save(path)


def text(folder: Path) -> None:
    (folder / "a.txt").write_text("one cat sat\ntwo cats sat\n" * 20)


def parted_text(folder: Path) -> None:
    for name in ("train.txt", "test.txt"):
        (folder / name).write_text("one cat sat\ntwo cats sat\n" * 20)


def pictures(folder: Path) -> None:
    for number, colour in enumerate(("red", "green")):
        picture(folder / f"{number}.png", colour)


def classes(folder: Path) -> None:
    for name in ("cats", "dogs"):
        picture(folder / name / "0.png", {"cats": "red", "dogs": "green"}[name])


def parted_pictures(folder: Path) -> None:
    for part in ("train", "test"):
        classes(folder / part)


def captioned(folder: Path) -> None:
    pictures(folder)
    for number in range(2):
        (folder / f"{number}.txt").write_text("a plain picture")


def noisy(folder: Path) -> None:
    for name in ("noisy", "clean"):
        for number in range(8):
            picture(folder / name / f"{number}.png")


@pytest.mark.parametrize("name", ["run", "train", "test"])
@pytest.mark.parametrize(
    "kind", [text, parted_text, pictures, classes, parted_pictures, captioned, noisy]
)
def test_a_run_in_a_folder_is_no_part_of_its_data(
    kind: Callable[[Path], None],
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # breaks when a text with a run in it is taken for pictures, those that the run has drawn
    if name != "run" and kind in (parted_text, parted_pictures):
        pytest.skip("its folder would be that of the data")
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "own"
    folder.mkdir()
    kind(folder)
    settings = {"min_count": 1} if "text" in kind.__name__ else {}

    def told() -> tuple[object, ...]:
        source = data.choose(str(folder), **settings)
        parts = [part and part.fingerprint for part in map(source.split, ("train", "test"))]
        return source.registered, source.spec(), source.findings(), parts

    before = told()
    run = Small.of(registry.find("gan"), folder).run(name)
    picture(run.path / "samples" / "000100.png")
    (run.path / "samples" / "000100.txt").write_text("what was drawn " * 20)
    assert told() == before


def test_settings_of_other_programs_make_no_run(tmp_path: Path) -> None:
    # breaks when a class of pictures is lost because a config.json lies beside them
    classes(tmp_path)
    for name, held in (("cats", '{"model": "vit", "format": 1}'), ("dogs", "[not json")):
        (tmp_path / name / "config.json").write_text(held)
    assert data.choose(str(tmp_path)).spec().classes == ("cats", "dogs")
