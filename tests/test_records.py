"""Figures in the pages: each has a record, and each record's commands can still be typed."""

from __future__ import annotations

import argparse
import importlib
import re
import shlex
from pathlib import Path

import pytest

from liangyi.cli import choose, flags, main
from liangyi.cli.sample import Sample
from liangyi.core import registry
from liangyi.lab import entry, records

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "docs" / "records"
FOLDERS = (ROOT, ROOT / "docs", ROOT / "docs/lab")
PAGES = sorted(page for folder in FOLDERS for page in folder.glob("*.md"))
ZOO = sorted((ROOT / "docs" / "zoo").glob("*.md"))  # which may show records, too
NAMES = records.names(FOLDER)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def known(names):
    return [path.name for path in names]


@pytest.mark.parametrize("page", PAGES + ZOO, ids=known(PAGES + ZOO))
def test_pages_show_what_their_records_say(page):
    # breaks when a record was made again, or a page edited, without `liangyi reproduce --fill`
    assert records.filled(text_of(page), FOLDER) == text_of(page)


@pytest.mark.parametrize("name", NAMES)
def test_every_record_was_made_and_stands_in_a_page(name):
    record = records.read(FOLDER, name)
    assert record.about and record.budget and record.machine and record.commit and record.made
    assert "with changes" not in record.commit
    if isinstance(record, records.Trainings):
        wanted = [(row.name, seed) for seed in record.seeds for row in record.rows]
        assert [(found.row, found.seed) for found in record.found] == wanted
        assert all(set(found.figures) == set(record.columns) for found in record.found)
    else:
        assert len(record.printed) == len(record.typed) and all(record.printed)
        assert all((FOLDER.parent / figure).exists() for figure in record.figures)
    assert any(f"<!-- record {name} -->" in text_of(page) for page in PAGES + ZOO)


# figures without a record

FIGURE = re.compile(r"\d\.\d|\d ?%|\d,\d{3}|\d x\b|\bx\d|\d (?:k?B|MB|GB|ms|s|steps/s)\b")
NO_FIGURES = re.compile(r"<!-- no figures: .+ -->")


def bare(text: str) -> str:
    """Return a text without numbers that are no figures: in code and links, of papers, versions."""
    for pattern in (
        r"<!-- record .*?<!-- /record -->", r"<!--.*?-->", r"```.*?```", r"`[^`\n]*`",
        r"\]\([^)]*\)", r"arXiv:[\d., ]+", r"(?m)^    [^\n]*$", r"(?m)^#[^\n]*$",
        r"(?:Python|PyTorch|Apache)[ -][\d.]+", r"95 % interval",
    ):  # fmt: skip
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    return text


def without_record(text: str) -> list[str]:
    """Return the headings below which figures stand that have neither a record nor the mark †.

    A mark, or the remark that there are no figures, holds for the headings below it as well.
    """
    found, above = [], {}
    # a heading in code is none
    plain = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    for section in re.split(r"(?m)^(?=#{1,6} )", plain):
        marks, heading = re.match(r"(#*) *(.*)", section).groups()
        level = len(marks)
        above = {depth: free for depth, free in above.items() if depth < level}
        above[level] = heading.endswith("†") or bool(NO_FIGURES.search(section))
        if not any(above.values()) and FIGURE.search(bare(section)):
            found.append(heading)
    return found


@pytest.mark.parametrize("page", PAGES, ids=known(PAGES))
def test_every_figure_has_a_record_or_is_marked(page):
    if page.name != "CHANGELOG.md":  # which tells what was, not what is
        assert without_record(text_of(page)) == []
    if re.search(r"(?m)^#.*†$", text_of(page)):
        assert "**† before records**" in text_of(page), f"{page.name} does not explain its mark"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("## A\n\nIt is 3.5 times as fast.\n", ["A"]),
        ("## A\n\n| a | 12 % |\n\n### B\n\n0.97 ± 0.1\n", ["A", "B"]),
        ("## A †\n\n3.5\n\n### B\n\n9 %\n\n## C\n\n9 %\n", ["C"]),
        ("## A\n\n<!-- no figures: versions -->\n\nPython 3.11\n", []),
        ("## A\n\n<!-- record one -->\n| 3.5 |\n<!-- /record -->\n", []),
        ("## A\n\n<!-- record one -->\n| 3.5 |\n<!-- /record -->\n\nThat is 20 % more.\n", ["A"]),
        ("## A\n\n    train --beta 0.5\n\nSee `x=1.5`, arXiv:1406.2661 and [b](c-1.2.md).\n", []),
    ],
)  # fmt: skip
def test_figures_without_a_record_are_found(text, found):
    assert without_record(text) == found


# commands


class Understood(Exception):
    """The words were read, and the work would begin."""


@pytest.fixture
def understand(monkeypatch, tmp_path):
    """Return a function that reads the words of a command as its program does, and goes no further.

    It raises what the program raises where they make no sense.
    """
    # what the pages take for granted
    (tmp_path / "photos").mkdir()
    (tmp_path / "novels.txt").touch()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["new", "my_gan"]) == 0
    parse_all, parse_args = flags.parse_all, argparse.ArgumentParser.parse_args

    def read(groups, words, verb, about):
        found = parse_all(groups, words, verb, about)
        for model in getattr(found.get("options"), "models", ()):  # of an experiment
            entry.parse(model)
        raise Understood

    def read_all(parser, *words):
        parse_args(parser, *words)
        raise Understood

    for module in (flags, choose):
        monkeypatch.setattr(module, "parse_all", read)
    monkeypatch.setattr(choose, "origin_of", lambda words: None)  # nor is a run to begin with here
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", read_all)
    monkeypatch.syspath_prepend(str(ROOT))

    def understand(line: str) -> None:
        words = shlex.split(line.replace("{out}", "OUT"), comments=True)
        while re.fullmatch(r"[A-Z_]+=.*", words[0]):
            del words[0]
        if words[:1] == ["liangyi"]:
            module, rest = f"liangyi.cli.{words[1]}", words[2:]
            if words[1] == "sample":  # a run is not here to say which flags its model adds
                with pytest.raises(Understood):
                    flags.parse_all({"options": Sample()}, rest[1:], "sample RUN", "")
                return
        elif words[:3] == ["python", "-m", "benchmarks"]:
            module, rest = f"benchmarks.{words[3].replace('-', '_')}", words[4:]
        else:
            program = words[1] if words[0] == "python" else words[0]
            assert program == "make" or (ROOT / program).is_file(), line
            return
        with pytest.raises(Understood):
            importlib.import_module(module).main(rest)

    yield understand
    for known in (registry._models, registry._outside):
        known.pop("my-gan", None)


def commands_of(page: Path) -> list[str]:
    """Return the commands that a page shows, its records' left out."""
    text = re.sub(r"<!-- record .*?<!-- /record -->", "", text_of(page), flags=re.DOTALL)
    code = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    code += re.findall(
        r"(?m)^    (?=\S)((?:.*\\\n)*.*)$", re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    )
    lines = re.sub(r"\\\n\s*", "", "\n".join(code)).splitlines()
    return [line for line in lines if re.match(r"(?:[A-Z_]+=\S+ )*(?:liangyi|python) ", line)]


TYPED = [
    pytest.param(line, id=f"{page.name}: {line}"[:100])
    for page in PAGES
    if page.name != "CHANGELOG.md"
    for line in commands_of(page)
]


@pytest.mark.parametrize("line", TYPED)
def test_commands_in_pages_are_understood(line, understand):
    understand(line)


@pytest.mark.parametrize("name", NAMES)
def test_commands_of_records_are_understood(name, understand):
    record = records.read(FOLDER, name)
    lines = record.typed if isinstance(record, records.Printed) else record.commands()
    for line in lines:
        understand(line)


@pytest.mark.parametrize(
    "line",
    ["liangyi train gan --stepz 3", "liangyi train ganz", "liangyi lab modes --models gan:packs=2",
     "liangyi score RUN --numbr 3", "python -m benchmarks intervals --reps 3",
     "python -m benchmarks nothing", "liangyi bench modes", "python tests/test_nothing.py"],
)  # fmt: skip
def test_commands_that_are_no_longer_understood_are_found(line, understand):
    with pytest.raises((Exception, SystemExit)) as found:
        understand(line)
    assert not isinstance(found.value, Understood)


def test_there_are_commands_to_look_at():
    # breaks when the pages' form changes so that no command is found in them any more
    assert len(TYPED) > 30 and NAMES
