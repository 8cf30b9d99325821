"""Every file that is read in a run's folder, with every kind of damage, for every verb that reads.

Whatever somebody did to a run, or whoever made it: each verb ends, with 0 or 2, and complains in
one line. Each command runs in a process of its own, forked so that it costs no import.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from cli.forked import said
from liangyi.cli import main

# resuming comes last: it mends
VERBS = {
    "show": "show ./run",
    "sample": "sample run -n 4",
    "compare": "compare run whole",
    "diagnose": "diagnose run",
    "score": "score run -n 20",
    "resume": "resume run --steps 7",
}
LOG, SCORES = "log.jsonl", "scores.json"
STATE = "checkpoints/00000004/state.json"
WEIGHTS, SLOTS = (f"checkpoints/00000004/{name}.safetensors" for name in ("weights", "state"))
FILES = ["config.json", LOG, SCORES, STATE, WEIGHTS, SLOTS, "samples/00000004.png", ".lock"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a folder with a run that was scored, twice, and everything warm for scoring again."""
    home = tmp_path_factory.mktemp("home")
    before = dict(os.environ)
    os.environ["LIANGYI_CACHE"] = str(home / ".cache")
    try:
        flags = "--generator-widths 8 --discriminator-widths 8 --latent 4 --device cpu --steps 4"
        often = "--batch-size 8 --checkpoint-every 2 --log-every 1 --sample-every 2"
        run = str(home / "run")
        assert main(["train", "gan", *flags.split(), *often.split(), "--out", run]) == 0
        assert main(["score", run, "-n", "20"]) == 0
        shutil.copytree(run, home / "whole")
        yield home
    finally:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture
def there(home: Path, tmp_path: Path) -> Path:
    """Return a folder with that run to spoil, and a whole one to compare it with."""
    here = tmp_path / "here"
    here.mkdir()
    shutil.copytree(home / "run", here / "run")
    (here / "whole").symlink_to(home / "whole")
    return here


def survives(there: Path, damage: Callable[[Path], object], verbs: str = "", codes=(0, 2)) -> None:
    """Damage a run and say every verb to it."""
    damage(there / "run")
    for verb in verbs.split() or VERBS:
        code, err = said(VERBS[verb].split(), there)
        complaints = [line for line in err.splitlines() if line.startswith("liangyi: ")]
        assert code in codes, (verb, code, err)
        assert len(complaints) == (code == 2), (verb, code, err)
        assert "Traceback" not in err and "Warning" not in err, (verb, err)


def test_nothing_is_wrong_with_what_is_whole(there):
    survives(there, lambda run: None, codes=(0,))


def pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def turned(path: Path) -> None:
    path.unlink()
    path.mkdir()


def linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def looped(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def closed(path: Path) -> None:
    path.chmod(0)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda path: path.write_bytes(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "noise": lambda path: path.write_bytes(bytes(range(256)) * 9),
    "deep": lambda path: path.write_text("[" * 100_000 + "]" * 100_000),
    "deep objects": lambda path: path.write_text('{"a":' * 50_000 + "1" + "}" * 50_000),
    "huge": lambda path: path.write_text(f'{{"step": {10**400}}}\n[{10**400}]'),
    "very huge": lambda path: path.write_text('{"step": ' + "9" * 10_000 + "}"),
    "nan": lambda path: path.write_text('[NaN, {"step": NaN, "value": Infinity}, 1e999]'),
    "surrogate": lambda path: path.write_text('{"step": 1, "\\ud800": 2}'),
    "a list": lambda path: path.write_text("[]"),
    "null": lambda path: path.write_text("null"),
    "a folder": turned,
    "a pipe": pipe,
    "a device": linked,
    "a loop": looped,
    "no permission": closed,
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("file", FILES)
def test_a_damaged_file(there, file, damage):
    if damage == "no permission" and os.geteuid() == 0:
        pytest.skip("root may read everything")
    survives(there, lambda run: DAMAGES[damage](run / file))


def places(plain: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield where a JSON value has parts, itself included; of a long list the first alone."""
    yield path
    if isinstance(plain, dict):
        for name, part in plain.items():
            yield from places(part, (*path, name))
    elif isinstance(plain, list) and plain:
        yield from places(plain[0], (*path, 0))


def changed(plain: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a JSON value with another part; `...` takes it away."""
    if not path:
        return value
    plain = inner = copy.deepcopy(plain)
    for name in path[:-1]:
        inner = inner[name]
    if value is ...:
        del inner[path[-1]]
    else:
        inner[path[-1]] = value
    return plain


deep: Any = []
for _ in range(500):
    deep = [deep]
# a huge whole number is a long training, or one that nobody can tell from it: not among these
VALUES = [..., None, True, -1, 0.5, 10**400, float("nan"), 1e308, "", "\ud800", "x" * 5000, "../..",
          [], {}, [None], {"a": {"b": 1}}, deep]  # fmt: skip


def spoilt(plain: Any) -> Iterator[tuple[tuple[Any, ...], Any]]:
    for path in places(plain):
        for value in VALUES:
            if path or value is not ...:
                yield path, value


def each(there: Path, plain: Any, write: Callable[[Path, Any], object], verbs: str) -> None:
    """Spoil one part after the other; what goes wrong is told of all of them."""
    wrong = []
    for path, value in spoilt(plain):
        shutil.rmtree(there / "run")
        shutil.copytree(there / "whole", there / "run")
        try:
            survives(there, lambda run, p=path, v=value: write(run, changed(plain, p, v)), verbs)
        except AssertionError as error:
            wrong.append(f"{path} = {str(value)[:40]}: {str(error)[-600:]}")
    assert not wrong, f"{len(wrong)} went wrong:\n" + "\n".join(wrong[:10])


def test_each_part_of_config_json(there):
    plain = json.loads((there / "run/config.json").read_text())
    each(there, plain, lambda run, new: (run / "config.json").write_text(json.dumps(new)),
         "show sample resume")  # fmt: skip


def test_each_part_of_a_card(there):
    plain = json.loads((there / "run" / SCORES).read_text())[:1]
    each(there, plain, lambda run, new: (run / SCORES).write_text(json.dumps(new)), "compare")


def test_each_part_of_a_line_of_the_log(there):
    lines = (there / "run" / LOG).read_text().splitlines()

    def write(run: Path, new: Any) -> None:
        (run / LOG).write_text("\n".join([*lines[:-1], json.dumps(new)]) + "\n")

    each(there, json.loads(lines[-1]), write, "compare diagnose")


def state_of(run: Path) -> dict[str, Any]:
    state: dict[str, Any] = json.loads(json.loads((run / STATE).read_text())["state"])
    return state


def seal(run: Path, state: Any) -> None:
    """Write what a checkpoint says of itself, with the right hash."""
    text = json.dumps(state)
    digest = hashlib.sha256(text.encode(errors="replace")).hexdigest()
    (run / STATE).write_text(json.dumps({"hash": digest, "state": text}))


def test_each_part_of_a_checkpoint_with_the_right_hash(there):
    each(there, state_of(there / "run"), seal, "sample resume")


def rewrite(file: str, change: Callable[[dict[str, torch.Tensor]], object]):
    """Return a damage: other tensors, with the right hashes."""

    def damage(run: Path) -> None:
        tensors = load_file(run / file)
        change(tensors)
        save_file({name: value.contiguous() for name, value in tensors.items()}, run / file)
        state = state_of(run)
        digest = hashlib.sha256((run / file).read_bytes()).hexdigest()
        state["hashes"][Path(file).name] = digest
        seal(run, state)

    return damage


SLOT = "optimizer/generator/0/exp_avg"


def rename(old: str, new: str) -> Callable[[dict[str, torch.Tensor]], object]:
    return lambda tensors: tensors.update({new: tensors.pop(old)})


def first(prefix: str, change: Callable[[torch.Tensor], torch.Tensor]):
    """Return a change of the first tensor under a prefix."""

    def act(tensors: dict[str, torch.Tensor]) -> None:
        name = next(name for name in sorted(tensors) if name.startswith(prefix))
        tensors[name] = change(tensors[name])

    return act


WRONG = {
    "no weights": rewrite(WEIGHTS, dict.clear),
    "no averaged weights": rewrite(WEIGHTS, lambda t: [t.pop(k) for k in list(t) if k[0] == "a"]),
    "half of the averaged": rewrite(WEIGHTS, lambda t: t.pop(next(k for k in t if k[0] == "a"))),
    "another shape": rewrite(WEIGHTS, first("averaged/", lambda x: x[:-1])),
    "another shape of the raw": rewrite(WEIGHTS, first("model/", lambda x: x[:-1])),
    "another type": rewrite(WEIGHTS, first("averaged/", lambda x: x.to(torch.int64))),
    "doubles": rewrite(WEIGHTS, first("averaged/", lambda x: x.double())),
    "no number": rewrite(WEIGHTS, first("averaged/", lambda x: x * float("nan"))),
    "a weight too many": rewrite(WEIGHTS, lambda t: t.update({"averaged/more": torch.ones(2)})),
    "no slots": rewrite(SLOTS, dict.clear),
    "a slot is missing": rewrite(SLOTS, lambda t: t.pop(SLOT)),
    "the count is missing": rewrite(SLOTS, lambda t: t.pop("optimizer/generator/0/step")),
    "a slot too many": rewrite(SLOTS, lambda t: t.update({f"{SLOT}_more": torch.ones(2)})),
    "a slot of another shape": rewrite(SLOTS, lambda t: t.update({SLOT: torch.ones(3)})),
    "a slot without shape": rewrite(SLOTS, lambda t: t.update({SLOT: torch.tensor(1.0)})),
    "a slot of another type": rewrite(SLOTS, lambda t: t.update({SLOT: t[SLOT].long()})),
    "a slot of no weight": rewrite(SLOTS, rename(SLOT, "optimizer/generator/99/exp_avg")),
    "an index that is none": rewrite(SLOTS, rename(SLOT, "optimizer/generator/x/exp_avg")),
    "an index like a number": rewrite(SLOTS, rename(SLOT, "optimizer/generator/²/exp_avg")),
    "no index": rewrite(SLOTS, rename(SLOT, "optimizer/generator")),
    "an unknown player": rewrite(SLOTS, rename(SLOT, "optimizer/nobody/0/exp_avg")),
    "a name too deep": rewrite(SLOTS, rename(SLOT, f"{SLOT}/a/b/c")),
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_tensors_with_right_hashes(there, wrong):
    survives(there, WRONG[wrong], "sample diagnose score resume", codes=(0,))


def renamed_player(run: Path) -> None:
    state = state_of(run)
    players = state["plain"]["optimizers"]
    players["nobody"] = players.pop("generator")
    seal(run, state)


def later(run: Path) -> None:
    state = state_of(run)
    state["plain"]["step"] = 10**6
    seal(run, state)


ODD = {
    "an unknown player": renamed_player,
    "a step that is not its own": later,
    "a picture of no step": lambda run: shutil.copy(
        run / "samples/00000004.png", run / "samples/copy.png"
    ),
    "a sample that is no picture": lambda run: (run / "samples/00000003.png").write_text("<svg>"),
    "a picture of no number": lambda run: (run / "samples/²²²²²²²².png").write_bytes(b""),
    "a sample that is a folder": lambda run: (run / "samples/00000003.png").mkdir(),
    "a sample that is a pipe": lambda run: os.mkfifo(run / "samples/00000003.png"),
    "a checkpoint of no number": lambda run: (run / "checkpoints/²").mkdir(),
    "a checkpoint of a huge number": lambda run: (run / "checkpoints" / ("9" * 60)).mkdir(),
    "a checkpoint without zeros": lambda run: (run / "checkpoints/9").mkdir(),
    "no checkpoints": lambda run: shutil.rmtree(run / "checkpoints"),
    "checkpoints are a pipe": lambda run: (
        shutil.rmtree(run / "checkpoints"),
        os.mkfifo(run / "checkpoints"),
    ),
    "samples are a file": lambda run: (
        shutil.rmtree(run / "samples"),
        (run / "samples").write_text(""),
    ),
    "the report is a folder": lambda run: turned(run / "report.html"),
    "the report is a pipe": lambda run: pipe(run / "report.html"),
    "nearest items are a pipe": lambda run: (
        (run / "nearest.png").unlink(missing_ok=True),
        os.mkfifo(run / "nearest.png"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("odd", ODD)
def test_odd_things_in_a_run(there, odd):
    survives(there, ODD[odd])


def test_a_checkpoint_that_is_damaged_is_told_and_the_one_before_it_is_used(there):
    renamed_player(there / "run")
    code, err = said(["resume", "run"], there)
    assert code == 0
    assert "00000004: there is no player 'nobody' in a gan; going back to the checkpoint" in err
    assert not said(["sample", "run"], there)[1]
