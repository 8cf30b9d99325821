"""Sources: one data set under its own settings, found by its name or by what lies at a path."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch

from liangyi import data
from liangyi.core.config import Config, checked
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec, Vector
from liangyi.data import Dataset, Source, choose, find, opened, source
from liangyi.data.catalogue import summaries
from liangyi.data.pictures.settings import PictureConfig

OLD = {  # what every run wrote when all sources shared their settings
    "data_root": None, "size": None, "grey": False, "vocabulary": 5000, "length": 20,
}  # fmt: skip


# in which form pictures are served, which are learned from, and how
FORM = {"size", "grey", "colour"}
VARIED = {"mirror", "crop", "classes", "per_class", "binarise"}


def settings(name: str) -> set[str]:
    return {field.name for field in dataclasses.fields(find(name).Config)}


def test_settings_of_a_source_belong_to_it_alone() -> None:
    # --vocabulary stood in the help of every data set, and did nothing there
    assert settings("oracle") == {"vocabulary", "length"}
    for name in data.names():
        if name != "oracle":
            assert not settings(name) & {"vocabulary", "length"}, name
    assert settings("ring") == set() and settings("digits") == {*FORM, *VARIED}
    assert settings("mnist") == {*FORM, "data_root", *VARIED}


def test_a_setting_of_another_source_is_one_line() -> None:
    with pytest.raises(UserError, match=r"unknown setting of ring 'vocabulary'"):
        choose("ring", vocabulary=9)
    with pytest.raises(UserError, match=r"did you mean vocabulary"):
        choose("oracle", vocabulry=9)


@pytest.mark.parametrize(("name", "setting", "value"), [
    ("digits", "size", 100_000), ("digits", "size", 0), ("oracle", "length", 1_000_000_000),
    ("oracle", "vocabulary", 10**9), ("oracle", "length", 10**30), ("oracle", "length", 0),
])  # fmt: skip
def test_settings_have_bounds(name: str, setting: str, value: int) -> None:
    with pytest.raises(UserError, match=f"{setting} = "):
        choose(name, **{setting: value})
    with pytest.raises(UserError, match=f"{setting} = "):
        checked(find(name).Config(**{setting: value}))


@pytest.mark.parametrize("name", data.names())
def test_every_source_comes_back_from_its_plain_form(name: str) -> None:
    made = choose(name, **({"size": 28} if "size" in settings(name) else {}))
    again = opened(made.plain())
    assert type(again) is type(made) and again.config == made.config
    assert again.plain() == made.plain() and again.spec() == made.spec()
    assert summaries()[name] == made.about  # `list` says the same without importing it


@pytest.mark.parametrize(("plain", "registered", "config"), [
    ({"data": "ring"}, "ring", {}),
    ({"data": "digits", "size": 12}, "digits", dataclasses.asdict(PictureConfig(size=12))),
    ({"data": "oracle", "vocabulary": 9, "length": 3}, "oracle", {"vocabulary": 9, "length": 3}),
])  # fmt: skip
def test_the_data_of_an_old_run_is_opened(
    plain: dict[str, object], registered: str, config: dict[str, object]
) -> None:
    # each run had the settings of all sources in its config.json
    found = opened(OLD | plain)
    assert found.registered == registered and dataclasses.asdict(found.config) == config


def test_a_folder_of_an_old_run_is_opened(tmp_path: Path) -> None:
    found = opened(OLD | {"data": str(tmp_path), "size": 8})
    assert found.registered == "folder" and found.path == tmp_path and found.config.size == 8


def test_what_stands_in_config_json_is_checked() -> None:
    # a setting that is none is a mistake in runs that know whose settings they are
    plain = choose("oracle").plain()
    with pytest.raises(UserError, match="RUN: unknown setting 'size'"):
        opened(plain | {"size": 9}, "RUN: ")
    with pytest.raises(UserError, match="RUN: length = 0"):
        opened(plain | {"length": 0}, "RUN: ")
    with pytest.raises(UserError, match="unknown data 'oracel'; did you mean oracle"):
        opened(plain | {"data": "oracel"})


@pytest.mark.parametrize("named", ["folder", "array file", "memory"])
def test_what_is_named_by_a_path_has_no_name(named: str) -> None:
    assert named not in data.names()
    with pytest.raises(UserError, match="unknown data"):
        choose(named)


@pytest.mark.parametrize("named", ["nowhere/pictures", "~/nowhere-at-all", "points.npy"])
def test_a_path_to_nothing_is_one_line(named: str) -> None:
    with pytest.raises(UserError, match=r"there is no file and no folder at"):
        choose(named)


def test_relative_paths_outlive_a_change_of_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pictures").mkdir()
    monkeypatch.chdir(tmp_path)
    assert choose("pictures").name == str(tmp_path / "pictures")


def test_a_source_is_one_class() -> None:
    # what is not said is derived: a config, a fingerprint, no truth, nothing held out
    class Line(Source):
        registered = "line"

        def spec(self) -> Spec:
            return Spec("point", point=Vector(1))

        def items(self, split: str) -> dict[str, torch.Tensor] | None:
            return {"point": torch.arange(3.0)[:, None]} if split == "train" else None

    line = Line()
    made = line.split()
    assert isinstance(made, Dataset) and made.size == 3 and made.truth is None
    assert line.split("test") is None and line.findings() == [] and line.config == Config()
    assert made.fingerprint == line.split().fingerprint  # type: ignore[union-attr]
    assert line.plain() == {"data": "line", "source": "line"}


def test_an_endless_source_is_named_by_its_settings() -> None:
    @dataclasses.dataclass(frozen=True, kw_only=True)
    class Wide(Config):
        width: float = 1.0

    class Even(Source):
        registered = "even"
        Config = Wide

        def spec(self) -> Spec:
            return Spec("point", point=Vector(1))

        def draw(self, count: int, generator: torch.Generator) -> dict[str, torch.Tensor]:
            return {"point": torch.rand(count, 1, generator=generator) * self.config.width}

    names = {Even(Wide(width=width)).split().fingerprint for width in (1.0, 2.0)}  # type: ignore[union-attr]
    assert len(names) == 2
    assert Even().split().size == 0  # type: ignore[union-attr]


def test_two_sources_of_one_name_are_a_mistake() -> None:
    with pytest.raises(ValueError, match="two sources are called 'ring'"):

        @source("ring", "another")
        class Other(Source):
            def spec(self) -> Spec:
                return Spec("point", point=Vector(1))
