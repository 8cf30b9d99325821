"""Every verb x every parameter x every kind of mistake: one line, exit 2, nothing left behind.

The parameters come from the dataclasses, so that a new one is tried without a word here. Each try
is a forked process, which has everything imported already.
"""

from __future__ import annotations

import dataclasses
import importlib
import io
import json
import os
import shutil
import signal
import stat
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from rich.console import Console

import liangyi.scoring
from cli.conftest import FLAGS, QUICK, words_of
from liangyi import cli, data
from liangyi.cli import watch
from liangyi.cli.flags import spelled
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.lab import trial
from liangyi.lab.experiment import BenchTerms
from liangyi.runs.run import Run
from liangyi.scoring.subject import Subject
from liangyi.session import progress

PATIENCE = 20  # seconds that any mistake may take to be told
LONG = 300  # characters that nobody reads to the end

VERBS = {verb: importlib.import_module(f"liangyi.cli.{verb}") for verb in cli.VERBS}
# what must be said before a verb's own parameters
FIRST = {
    "list": "list",
    "look": "look ring",
    "show": "show mine",
    "train": "train gan --steps 1 --batch-size 8 --device cpu",
    "resume": "resume mine",
    "sample": "sample mine",
    "walk": "walk mine",
    "score": "score mine",
    "diagnose": "diagnose mine",
    "compare": "compare mine other",
    "lab": "lab modes",
    "reproduce": "reproduce",
    "check": "check gan",
    "new": "new my_gan",
    "rank": "rank mine",
    "dream": "dream digits --classifier judge",
}
# and what each model must be told besides
TINY = {name: dict(registry.find(name).tiny_data) for name in registry.names()}
MODELS = {
    name: "".join(
        f" --{spelled_as.replace('_', '-')} {value}" for spelled_as, value in tiny.items()
    )
    for name, tiny in TINY.items()
}
MODELS["deep-dream"] += " --classifier judge"
# data that is none for a gan
EATS = {
    tiny["data"]: name for name, tiny in TINY.items() if tiny["data"] not in ("digits", "parabola")
}
EATS |= dict.fromkeys(("tastes", "mq2008", "lightgbm-rank"), "bpr")
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
    """What a command said, how it ended, and what it left."""

    code: int
    out: str
    err: str
    new: list[str]


def forked(tries: list[list[str]], home: Path) -> list[Try]:
    """Say each `liangyi WORDS` in a folder, in one other process; none are left when one hangs."""
    told = home.parent / "told"
    told.write_text("")
    child = os.fork()
    if child == 0:
        _be(tries, home, told)
    done, ending = 0, time.monotonic() + PATIENCE
    while not os.waitpid(child, os.WNOHANG)[0]:
        count = told.read_text().count("\n")
        if count > done:
            done, ending = count, time.monotonic() + PATIENCE
        elif time.monotonic() > ending:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            break
        time.sleep(0.005)
    return [Try(**json.loads(line)) for line in told.read_text().splitlines()]


def _be(tries: list[list[str]], home: Path, told: Path) -> None:
    """Become the process that runs the commands; never return."""
    try:
        os.chdir(home)
        os.environ["LIANGYI_CACHE"] = str(home.parent / "cache")
        before = seen(home)
        for words in tries:
            out, err = io.StringIO(), io.StringIO()
            sys.stdout, sys.stderr = out, err
            progress._console = Console(stderr=True, highlight=False, soft_wrap=True)
            try:
                code = cli.main(words)
            except BaseException:
                code = 1
                traceback.print_exc()
            new = sorted(seen(home) - before)
            with told.open("a") as file:
                file.write(
                    json.dumps(asdict(Try(code, out.getvalue(), err.getvalue(), new))) + "\n"
                )
            for name in new:
                shutil.rmtree(home / name, ignore_errors=True)
                (home / name).unlink(missing_ok=True)
    finally:
        os._exit(0)


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
        for model, name in (("gan", "mine"), ("mnist-cnn", "judge")):
            assert cli.main(words_of(f"train {model} {FLAGS[model]} {QUICK} --out {name}", ())) == 0
        assert cli.main(["sample", "mine", "--out", str(home.parent / "x.png")]) == 0
        patch.setattr(watch, "Session", Idle)
        patch.setattr(liangyi.scoring, "score", lambda run, *more, **_: _looked(run, *more))
        patch.setattr(trial, "work", lambda trials, tell: trials[0].check() or [])
        _litter(home)
        yield home


class Idle:
    """A session that makes no step."""

    def __init__(self, run: Run) -> None: ...

    def stop(self) -> None: ...

    def __iter__(self) -> Iterator[Any]:
        return iter(())


def _looked(run: Run, number: int, seed: int, inception: bool) -> list[Any]:
    """Look at what is to be scored, without scoring it."""
    Subject.of(run, number, seed, lambda line: None)
    return []


def _litter(home: Path) -> None:
    shutil.copytree(home / "mine", home / "other")
    shutil.copytree(home / "mine", home / "bare")
    shutil.rmtree(home / "bare" / "checkpoints")
    shutil.copytree(home / "mine", home / "damaged")
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


KINDS = {"lab": BenchTerms}  # of verbs whose parameters another room has


def parameters() -> Iterator[tuple[str, str, Any]]:
    """Yield (what is said first, flag, type) for each parameter of each verb."""
    for verb, module in VERBS.items():
        yield from _flags(FIRST[verb], KINDS.get(verb) or getattr(module, verb.capitalize()))
    for name in data.names():
        line = f"train {EATS.get(name, 'gan')} --steps 1 --batch-size 8 --device cpu --data {name}"
        yield from _flags(line, data.find(name).Config)
    for kind in (Training, *(registry.find(name).Config for name in MODELS)):
        name = next((name for name in MODELS if registry.find(name).Config is kind), "gan")
        line = FIRST["train"].replace("gan", name)
        yield from _flags(line + MODELS[name], kind)


def _flags(line: str, kind: type) -> Iterator[tuple[str, str, Any]]:
    hints = get_type_hints(kind)
    for field in dataclasses.fields(kind):
        yield line, spelled(field.name), hints[field.name]


ANYTHING = {"--data-root"}  # whose value is of no account to what is tried here
# parameters of the same name and type are one parameter of several models
TRIES = {(line, flag): hint for line, flag, hint in
         {(line.split()[0], flag, str(hint)): (line, flag, hint)
          for line, flag, hint in parameters()}.values()}  # fmt: skip


def check(found: list[Try], what: list[str]) -> None:
    """Make sure that each mistake was one line, or that there was none."""
    for one, said in zip(found, what, strict=False):
        assert "Traceback" not in one.err, f"{said}\n{one.err}"
        assert one.code in (0, 2), f"{said}: exit {one.code}\n{one.err}"
        if one.code == 0:
            continue
        lines = [line for line in one.err.splitlines() if line.startswith("liangyi: ")]
        assert len(lines) == 1 and one.err.endswith(lines[0] + "\n"), f"{said}\n{one.err}"
        assert len(lines[0]) <= LONG and lines[0].isprintable(), f"{said}\n{lines[0]}"
        assert not one.new, f"{said}: left {one.new}"
    assert len(found) == len(what), f"{what[len(found)]}: still at it after {PATIENCE} s"


@pytest.mark.parametrize(("line", "flag"), TRIES, ids=[" ".join(pair) for pair in TRIES])
def test_a_mistake_in_a_parameter_is_one_line(line: str, flag: str, runs: Path) -> None:
    mistakes = mistakes_in(TRIES[line, flag], line.split()[0])
    found = forked([[*line.split(), flag, value] for value in mistakes.values()], runs)
    check(found, [f"liangyi {line} {flag} [{name}]" for name in mistakes])
    assert any(one.code == 2 for one in found) or flag in ANYTHING


TAKES_A_RUN = ("show", "resume", "sample", "walk", "score", "diagnose", "compare")


@pytest.mark.parametrize("verb", TAKES_A_RUN)
def test_a_mistake_in_the_run_is_one_line(verb: str, runs: Path) -> None:
    first = [verb, *["mine"] * (verb == "compare")]
    found = forked([[*first, value] for value in RUNS.values()], runs)
    check(found, [f"liangyi {verb} [{name}]" for name in RUNS])
    for name, one in zip(RUNS, found, strict=True):
        if name != "no checkpoint" or verb not in ("show", "resume", "diagnose", "compare"):
            assert one.code == 2, f"liangyi {verb} [{name}]"
