"""The house bears what is to come: models and data of kinds that nobody here knows, a file each.

Each file in tests/future is a model, and its data where that is new, in at most 40 lines. From
the command line it is checked, trained, scored, diagnosed, compared and reported; no other file
is edited.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from liangyi.cli import main
from liangyi.core import registry

FILES = sorted((Path(__file__).parent / "future").glob("*.py"))
QUICK = "--steps 12 --sample-every 6 --examine-every 6 --checkpoint-every 6 --device cpu"


def lines_of(file: Path) -> list[str]:
    """Return the lines of code: no blank ones, imports, comments or docstrings."""
    text = re.sub(r'"""[\s\S]*?"""', "", file.read_text(encoding="utf-8"))
    bare = (line.strip() for line in text.splitlines())
    return [line for line in bare if line and not line.startswith(("#", "import ", "from "))]


def test_all_kinds_are_there():
    wanted = {"answers", "bigan", "captioned_gan", "infogan", "ranker", "sounds"}
    assert wanted | {"unpaired", "upscaler", "word_pairs"} == {file.stem for file in FILES}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_it_takes_forty_lines(file):
    assert len(lines_of(file)) <= 40


@pytest.fixture
def kept_registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(registry, "_models", dict(registry._models))
    yield


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.usefixtures("kept_registry")
def test_it_is_at_home_on_the_command_line(file, tmp_path, monkeypatch, capsys):
    # breaks when a room knows only the kinds of data and models that there were
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / ".cache"))
    shutil.copy(file, "mine.py")

    def say(line: str) -> str:
        code = main(line.split())
        out, err = capsys.readouterr()
        assert code == 0, f"liangyi {line}\n{out}{err}"
        return out

    assert "keeps the contract" in say("check ./mine.py")
    for seed in (0, 1):
        say(f"train ./mine.py {QUICK} --seed {seed} --out run-{seed}")
        say(f"score run-{seed} --model ./mine.py -n 60")
    assert "trainable" in say("show run-0 --model ./mine.py")
    assert say("diagnose run-0 --model ./mine.py")
    assert "side by side" in say("compare run-0 run-1 --model ./mine.py")
    page = Path("run-0/report.html").read_text(encoding="utf-8")
    assert "How good" in page and "<svg" in page
    assert Path("compare.html").stat().st_size > 10_000
    say("resume run-0 --model ./mine.py --steps 14")
