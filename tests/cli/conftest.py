"""A clumsy user in a folder of their own, and small runs for them to mistreat."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from liangyi.cli import main

# flags that make each model small enough to train in a moment
FLAGS = {
    "addition-rnn": "--digits 2 --questions 400 --width 8",
    "acgan": "--data digits --size 20 --width 4 --depth 8 --latent 8",
    "dcgan": "--width 4 --latent 8",
    "gan": "--generator-widths 16 --discriminator-widths 16 --latent 8",
    "mnist-cnn": "--data digits --width 4 --hidden 16",
    "seqgan": "--vocabulary 12 --length 5 --width 8 --reader-width 8 --windows 1 2 --filters 4 4 "
    "--likelihood-steps 1 --pretrain-steps 1 --discriminator-steps 1 --rollouts 2",
    "vae": "--data digits --widths 32 --latent 4",
}
QUICK = "--steps 4 --batch-size 8 --checkpoint-every 2 --device cpu --precision float32 --validate-every 0"


@dataclass
class Answer:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line of a mistake; nothing but findings about the data may stand above it."""
        assert self.code == 2, self
        assert not self.out, self.out
        *_, last = self.err.splitlines()
        assert last.startswith("liangyi: "), self.err
        assert self.err.count("liangyi: ") == 1 and "Traceback" not in self.err, self.err
        return last.removeprefix("liangyi: ")


Say = Callable[..., Answer]


def words_of(line: str, more: tuple[object, ...]) -> list[str]:
    return [*line.split(), *(str(word) for word in more)]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Return a function that says `liangyi LINE MORE...` in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / ".cache"))
    monkeypatch.setenv("LIANGYI_DATA", str(tmp_path / ".data"))

    def run(line: str, *more: object) -> Answer:
        capsys.readouterr()
        code = main(words_of(line, more))
        return Answer(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with one small run of each model."""
    home = tmp_path_factory.mktemp("trained")
    for name, flags in FLAGS.items():
        words = words_of(f"train {name} {flags} {QUICK} --out", (home / name,))
        assert main(words) == 0
    assert main(words_of(f"train gan {QUICK} --data ring --out", (home / "ring",))) == 0
    return home


@pytest.fixture
def copy(trained: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Return a function that gives a run of a model to spoil."""

    def make(name: str) -> Path:
        return Path(shutil.copytree(trained / name, tmp_path / name))

    return make


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts `python -m liangyi`; what still runs at the end is killed."""
    begun: list[subprocess.Popen[str]] = []

    def begin(line: str, *more: object, **settings: object) -> subprocess.Popen[str]:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        environment["LIANGYI_CACHE"] = str(tmp_path / ".cache")
        process = subprocess.Popen(
            [sys.executable, "-m", "liangyi", *words_of(line, more)],
            **{
                "stdout": subprocess.PIPE,
                "stderr": subprocess.PIPE,
                "text": True,
                "cwd": tmp_path,
                "env": environment,
                "start_new_session": True,
                **settings,
            },
        )
        begun.append(process)
        return process

    yield begin
    for process in begun:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.fixture
def left(tmp_path: Path) -> Callable[[], set[str]]:
    """Return a function that lists what lies in the user's folder, hidden things aside."""

    def look() -> set[str]:
        return {path.name for path in tmp_path.iterdir() if not path.name.startswith(".")}

    return look
