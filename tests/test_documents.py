"""What the documents show is run as it stands there."""

from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import liangyi
from liangyi.core import registry

ROOT = Path(__file__).parent.parent


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), re.S)


def test_the_readmes_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(blocks("README.md", "python")[0], names)
    assert names["pictures"].shape == (64, 1, 8, 8) and names["walk"].shape == (60, 1, 8, 8)
    assert (tmp_path / "runs" / "dcgan-digits-1" / "report.html").is_file()


def test_a_layer_of_ones_own_runs_as_it_stands_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "my_mlp.py"  # a model's settings have their help from its file
    file.write_text("\n".join(blocks("docs/layers.md", "python")))
    monkeypatch.setitem(sys.modules, "my_mlp", ModuleType("my_mlp"))
    try:
        exec(compile(file.read_text(), file, "exec"), names := {"__name__": "my_mlp"})
        assert names["run"].made == 100 and len(names["network"]) == 5
    finally:
        registry._models.pop("my-mlp", None)


def test_both_readmes_show_the_same_code():
    def bare(name: str) -> list[str]:
        code = [*blocks(name, "python"), *blocks(name, "sh")]
        return [re.sub(r" *#.*", "", line) for block in code for line in block.splitlines()]

    assert bare("README.md") == bare("README.zh-CN.md")


def test_the_readmes_gan_is_the_gan():
    # breaks when the README shows an algorithm that the zoo no longer has
    shown = blocks("README.md", "python")[1].split("step):\n")[1]
    source = (ROOT / "src/liangyi/zoo/adversarial/gan.py").read_text(encoding="utf-8")
    squeezed = re.sub(r"\s+", "", source).replace(",self.config.real_target", "")
    assert re.sub(r"\s+", "", shown) in squeezed


def test_the_paper_in_one_file_is_the_models_file():
    # breaks when the guide shows a file that the zoo no longer has
    shown = blocks("CONTRIBUTING.md", "python")[0]
    assert shown == (ROOT / "src/liangyi/zoo/adversarial/lsgan.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_the_readmes_list_the_models_by_family(name):
    # breaks when a model is added, renamed or moved and the README stays behind
    rows = re.findall(r"(?m)^\| (\w+)[^|]* \| (.*) \|$", (ROOT / name).read_text(encoding="utf-8"))
    shown = {family: sorted(re.findall(r"`([\w-]+)`", models)) for family, models in rows}
    # what other tests took from files is in no README
    zoo = {family: names for family, names in registry.families().items() if family != "others"}
    assert {f: m for f, m in shown.items() if m} == zoo


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_every_linked_file_and_heading_is_there(page):
    text = page.read_text(encoding="utf-8")
    for link, heading in re.findall(r"\]\(([^)#:\s]*)(?:#([^)]+))?\)", text):
        there = (page.parent / link).resolve() if link else page
        assert there.exists(), f"{page.name} links {link}"
        if heading:
            assert heading in anchors(there), f"{page.name} links {link}#{heading}"


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"(?m)^#+ (.*)$", page.read_text(encoding="utf-8"))
    # a mark at the end goes, the space before it stays: "Modes †" is #modes-
    return {re.sub(r"[^\w -]", "", one.strip().lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("page", PAGES, ids=[path.name for path in PAGES])
def test_pages_speak_of_what_there_is(page):
    # breaks when a page names a module, a file or a folder of this project that is gone
    if page.name == "CHANGELOG.md":  # which tells what was
        return
    text = page.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:src|tests|docs|benchmarks|examples)/[\w/.-]+)`", text):
        assert (ROOT / name).exists(), f"{page.name}: {name}"
    for name in re.findall(r"`(liangyi(?:\.\w+)+)[`(]", text):
        assert known(name), f"{page.name}: {name}"


def known(name: str) -> bool:
    """Whether a dotted name of the package means something."""
    parts = name.split(".")
    found: object = liangyi
    for place, part in enumerate(parts[1:], 2):
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = importlib.import_module(".".join(parts[:place]))
            except ImportError:
                return False
    return True
