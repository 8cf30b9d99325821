"""Every verb x every parameter x every kind of mistake: one line, exit 2, nothing left behind.

The parameters come from the dataclasses, so that a new one is tried without a word here. Each try
is a forked process, which has everything imported already.
"""

from __future__ import annotations

import dataclasses
import importlib
import os
import shutil
import signal
import stat
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

import liangyi.scoring
from cli.conftest import FLAGS, QUICK, words_of
from liangyi import cli
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.lab import trial
from liangyi.runs.run import Run
from liangyi.scoring.subject import Subject

PATIENCE = 20  # seconds that any mistake may take to be told
LONG = 300  # characters that nobody reads to the end

VERBS = {verb: importlib.import_module(f"liangyi.cli.{verb}") for verb in cli.VERBS}
# what must be said before a verb's own parameters
FIRST = {
    "list": "list",
    "show": "show gan",
    "train": "train gan --steps 1 --batch-size 8 --device cpu",
    "resume": "resume gan",
    "sample": "sample gan",
    "walk": "walk gan",
    "score": "score gan",
    "diagnose": "diagnose gan",
    "compare": "compare gan gan2",
    "bench": "bench modes",
    "dream": "dream digits --classifier mnist-cnn",
}
HUGE = "x" * 10_000
NUMBERS = {
    "wrong type": "two",
    "below": "-1",
    "far below": "-9223372036854775809",
    "zero": "0",
    "above": "9223372036854775808",
    "far above": "1" + "0" * 400,
    "just within": "4611686018427387904",
    "not a number": "nan",
    "infinite": "inf",
    "large float": "1e308",
    "empty": "",
    "huge": HUGE,
}
WORDS = {"wrong": "nothere", "empty": "", "huge": HUGE, "control": "a\x1b[2J\nb", "nul": "a\0b"}
PATHS = {
    "empty": "",
    "huge": HUGE,
    "device": "device",
    "fifo": "fifo",
    "folder": "folder",
    "missing": "nothere/at/all",
    "unwritable": "/proc/nothere",
    "file": "file",
    "below a file": "file/x",
    "nobody's": "~nouser/x",
    "nul": "a\0b",
}
RUNS = PATHS | {"damaged": "damaged", "no checkpoint": "bare", "no run": "folder"}
# the places to write to are named as each verb wants them
ENDINGS = {"sample": ".npy", "walk": ".gif", "show": ".svg", "dream": ".png", "compare": ".html"}


@dataclass
class Try:
    """What a forked process said and how it ended; -1: it had to be killed."""

    code: int
    out: str
    err: str
    new: set[str]


def forked(words: list[str], home: Path) -> Try:
    """Say `liangyi WORDS` in a folder, in a process of its own."""
    before = seen(home)
    said = [home.parent / f"{home.name}.{name}" for name in ("out", "err")]
    child = os.fork()
    if child == 0:
        _be(words, home, said)
    ending = time.monotonic() + PATIENCE
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            code = os.waitstatus_to_exitcode(status)
            break
        if time.monotonic() > ending:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            code = -1
            break
        time.sleep(0.002)
    out, err = (path.read_text(errors="replace") for path in said)
    return Try(code, out, err, seen(home) - before)


def _be(words: list[str], home: Path, said: list[Path]) -> None:
    """Become the process that runs the command; never return."""
    code = 1
    try:
        for number, path in enumerate(said, 1):
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
            os.dup2(handle, number)
        sys.stdout, sys.stderr = (os.fdopen(os.dup(number), "w") for number in (1, 2))
        watch._console = watch.Console(stderr=True, highlight=False, soft_wrap=True)
        os.chdir(home)
        os.environ["LIANGYI_CACHE"] = str(home.parent / "cache")
        code = cli.main(words)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def seen(home: Path) -> set[str]:
    return {str(path.relative_to(home)) for path in home.rglob("*")}


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with runs, and with things that are none; legal trainings make no step.

    The runs are made in this process, so that all its children have imported what that takes.
    """
    home = tmp_path_factory.mktemp("mistakes") / "home"
    home.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        for name in ("gan", "mnist-cnn"):
            assert cli.main(words_of(f"train {name} {FLAGS[name]} {QUICK} --out {name}", ())) == 0
        assert cli.main(["sample", "gan", "--out", str(home.parent / "x.png")]) == 0
        patch.setattr(watch, "follow", lambda run, **more: iter(()))
        patch.setattr(liangyi.scoring, "score", lambda run, *more, tell: _looked(run, *more))
        patch.setattr(trial, "work", lambda trials, tell: trials[0].check() or [])
        _litter(home)
        yield home


def _looked(run: Run, number: int, seed: int, inception: bool) -> list[Any]:
    """Look at what is to be scored, without scoring it."""
    Subject.of(run, number, seed, lambda line: None)
    return []


def _litter(home: Path) -> None:
    shutil.copytree(home / "gan", home / "gan2")
    shutil.copytree(home / "gan", home / "bare")
    shutil.rmtree(home / "bare" / "checkpoints")
    shutil.copytree(home / "gan", home / "damaged")
    (home / "damaged" / "config.json").write_text('{"format": 1')
    (home / "folder").mkdir()
    (home / "file").write_text("mine")
    os.mkfifo(home / "fifo")
    try:  # not /dev/null itself, which root could replace
        os.mknod(home / "device", stat.S_IFCHR | 0o666, os.makedev(1, 3))
    except PermissionError:
        (home / "device").symlink_to("/dev/null")


def plain_of(hint: Any) -> list[Any]:
    """Return the types that an annotation is made of."""
    inner = [plain for part in get_args(hint) for plain in plain_of(part)]
    return inner or [hint]


def mistakes_in(hint: Any, verb: str) -> dict[str, str]:
    """Return what can be wrong with a value of this type."""
    kinds = plain_of(hint)
    if Path in kinds:
        ending = ENDINGS.get(verb, "")
        ended = {f"{k} with its ending": v + ending for k, v in PATHS.items() if v and ending}
        return PATHS | ended
    if int in kinds or float in kinds:
        return NUMBERS
    return WORDS | {name: PATHS[name] for name in ("device", "fifo", "missing", "nobody's")}


def parameters() -> Iterator[tuple[str, str, Any]]:
    """Yield (what is said first, flag, type) for each parameter of each verb."""
    for verb, module in VERBS.items():
        own = getattr(module, verb.capitalize())
        yield from _flags(FIRST[verb], own)
    for kind in (registry.find("gan").Config, DataConfig, Training):
        yield from _flags(FIRST["train"], kind)
        yield from _flags("show gan", kind)
    for name in registry.names():
        data = "--data oracle" if name == "seqgan" else "--data digits"
        line = f"show {name} {data} " + "--classifier mnist-cnn" * (name == "deep-dream")
        yield from _flags(line, registry.find(name).Config)
    yield from _flags(FIRST["dream"], registry.find("deep-dream").Config)


def _flags(line: str, kind: type) -> Iterator[tuple[str, str, Any]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield line, "--" + field.name.replace("_", "-"), hints[field.name]


TRIES = {(line, flag): hint for line, flag, hint in parameters()}


def check(found: Try, what: str) -> None:
    """Make sure that a mistake is one line, or that there was none."""
    assert found.code != -1, f"{what}: still at it after {PATIENCE} s\n{found.err}"
    assert "Traceback" not in found.err, f"{what}\n{found.err}"
    assert found.code in (0, 2), f"{what}: exit {found.code}\n{found.err}"
    if found.code == 2:
        lines = [line for line in found.err.splitlines() if line.startswith("liangyi: ")]
        assert len(lines) == 1 and found.err.endswith(lines[0] + "\n"), f"{what}\n{found.err}"
        assert len(lines[0]) <= LONG, f"{what}\n{lines[0]}"
        assert lines[0].isprintable(), what
        assert not found.new, f"{what}: left {found.new}"


@pytest.mark.parametrize(("line", "flag"), TRIES, ids=[" ".join(pair) for pair in TRIES])
def test_a_mistake_in_a_parameter_is_one_line(line: str, flag: str, runs: Path) -> None:
    for name, value in mistakes_in(TRIES[line, flag], line.split()[0]).items():
        found = forked([*line.split(), flag, value], runs)
        _clear(runs, found.new)
        check(found, f"liangyi {line} {flag} [{name}]")


TAKES_A_RUN = ("show", "resume", "sample", "walk", "score", "diagnose", "compare")


@pytest.mark.parametrize("verb", TAKES_A_RUN)
def test_a_mistake_in_the_run_is_one_line(verb: str, runs: Path) -> None:
    for name, value in RUNS.items():
        found = forked([verb, *["gan"] * (verb == "compare"), value], runs)
        _clear(runs, found.new)
        check(found, f"liangyi {verb} [{name}]")
        if name != "no checkpoint" or verb not in ("show", "resume"):
            assert found.code == 2, f"liangyi {verb} [{name}]"


def _clear(home: Path, new: set[str]) -> None:
    for name in new:
        shutil.rmtree(home / name, ignore_errors=True)
        (home / name).unlink(missing_ok=True)
