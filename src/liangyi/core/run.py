"""Run: a folder on disk with everything about one training.

config.json    model, data, training settings, versions: enough to build the model again
log.jsonl      one line a report
samples/       step-numbered pictures, always of the same noise
checkpoints/   tensors and JSON only
report.html    one self-contained page
"""

from __future__ import annotations

import json
import math
import os
import platform
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import filelock
import torch

from liangyi.core import checkpoint, files, registry
from liangyi.core.batch import Spec
from liangyi.core.config import Config, Training, from_plain, to_plain
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.trainer import Trainer, load_weights

_FORMAT = 1
# of config.json, and what each is
_PARTS = {
    "model": str,
    "config": dict,
    "data": dict,
    "spec": dict,
    "training": dict,
    "fingerprint": str,
    "versions": dict,
}


class Run:
    """One training on disk.

    Args:
        path: the run's folder.

    Raises:
        UserError: it is no run, or its config.json was edited to nonsense.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not (self.path / "config.json").is_file():
            raise UserError(f"{self.path} is not a run (it has no config.json)")
        plain = files.read_json(self.path / "config.json")
        if not isinstance(plain, dict) or plain.get("format") != _FORMAT:
            raise UserError(f"{self.path}/config.json is not of format {_FORMAT}")
        missing = [name for name in _PARTS if name not in plain]
        if missing:
            raise UserError(f"{self.path}/config.json lacks {', '.join(missing)}")
        for name, kind in _PARTS.items():
            if not isinstance(plain[name], kind):
                what = {str: "text", dict: "an object"}[kind]
                raise UserError(f"{self.path}/config.json: {name} should be {what}")
        for number in _numbers(plain):
            if abs(number) >= 2**63 if isinstance(number, int) else not math.isfinite(number):
                raise UserError(f"{self.path}/config.json: {number} is no sensible number")
        self.plain = plain
        self.kind = registry.find(str(plain["model"]))
        where = f"{self.path}/config.json: "
        self.config = from_plain(self.kind.Config, plain["config"], where)
        training = dict(plain["training"])
        if isinstance(training.get("compile"), bool):  # of runs made before it had three values
            training["compile"] = "on" if training["compile"] else "off"
        self.training = from_plain(Training, training, where)
        self.spec = Spec.parse(plain["spec"])
        if self.spec.kind == "Labelled" and not self.spec.classes:
            raise UserError(f"{self.path}/config.json: spec is Labelled, but has no classes")

    @classmethod
    def create(
        cls,
        path: Path | str | None,
        kind: type[Model],
        config: Config,
        training: Training,
        spec: Spec,
        data: Mapping[str, Any],
        fingerprint: str,
        root: Path | str = "runs",
    ) -> Run:
        """Make a new run folder; without a path, the next free `root`/model-data-number.

        Raises:
            UserError: the folder is there already, or cannot be made.
        """
        named = Path(path) if path else None
        source = Path(str(data["data"])).name
        numbered = (Path(root) / f"{kind.name()}-{source}-{n}" for n in range(1, 1_000_000))
        for folder in [named] if named else numbered:
            try:
                folder.mkdir(parents=True)
                break
            except FileExistsError:
                if named:
                    hint = "name another place by --out"
                    if (folder / "config.json").is_file():
                        hint = f"`liangyi resume {folder}` continues it"
                    raise UserError(f"{folder} is there already; {hint}") from None
            except OSError as error:
                raise UserError(f"cannot make {folder}: {error.strerror}") from None
        plain = {
            "format": _FORMAT,
            "model": kind.name(),
            "config": to_plain(config),
            "data": dict(data),
            "spec": spec.json(),
            "training": to_plain(training),
            "fingerprint": fingerprint,
            "versions": versions(),
        }
        try:
            files.write(folder / "config.json", json.dumps(plain, indent=2))
        except OSError as error:
            folder.rmdir()
            raise UserError(f"cannot write into {folder}: {error.strerror}") from None
        return cls(folder)

    def discard_if_empty(self) -> None:
        """Remove a run in which nothing was learned: no checkpoint, no line of the log."""
        if not checkpoint.steps(self.path / "checkpoints") and not self.lines():
            shutil.rmtree(self.path, ignore_errors=True)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for one training; the lock dies with its process.

        Raises:
            UserError: another training holds it.
        """
        lock = filelock.FileLock(self.path / ".lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise UserError(f"another training is writing into {self.path}") from None
        try:
            yield
        finally:
            lock.release()

    def build(self) -> Model:
        """Return the model with its first, random weights: a function of the run's seed."""
        return build(self.kind, self.config, self.spec, self.training.seed)

    def model(self, tell: Callable[[str], None] = lambda line: None) -> Model:
        """Return the trained model in evaluation mode: averaged weights where there are such.

        Args:
            tell: is given one line for each damaged checkpoint that was passed over.

        Raises:
            UserError: there is no sound checkpoint.
        """
        model = self.build()
        found = self.newest(tell, only_weights=True)
        if found is None:
            raise UserError(f"{self.path} has no checkpoint yet; `liangyi resume {self.path}`")
        averaged = any(name.startswith("averaged/") for name in found.tensors)
        load_weights(model, found.tensors, "averaged" if averaged else "model")
        return model.eval()

    def newest(
        self, tell: Callable[[str], None], only_weights: bool = False
    ) -> checkpoint.Checkpoint | None:
        """Return the newest sound checkpoint; each damaged one is told.

        Raises:
            UserError: there are checkpoints and all are damaged.
        """
        folder = self.path / "checkpoints"
        damaged: list[checkpoint.Damaged] = []
        for step in checkpoint.steps(folder):
            try:
                found = checkpoint.load(folder / f"{step:08d}", only_weights)
            except checkpoint.Damaged as error:
                damaged.append(error)
                continue
            for one in damaged:
                tell(f"{one}; going back to the checkpoint before it")
            return found
        if damaged:
            raise UserError(f"no checkpoint in {self.path} is sound: {damaged[0]}")
        return None

    def save(self, trainer: Trainer) -> None:
        """Write a checkpoint of the trainer, after making sure that its weights are finite."""
        trainer.check_weights()
        tensors, plain = trainer.state()
        checkpoint.save(self.path / "checkpoints", tensors, plain, self.training.keep)

    def restore(self, trainer: Trainer, tell: Callable[[str], None]) -> None:
        """Bring a trainer to the newest sound checkpoint and forget what was logged after it."""
        found = self.newest(tell)
        if found is not None:
            trainer.restore(found.tensors, found.plain)

    def forget_after(self, step: int) -> None:
        """Drop log lines and checkpoints of steps that will be made again."""
        lines = [line for line in self.lines() if line["step"] <= step]
        if (self.path / "log.jsonl").exists():
            files.write(self.path / "log.jsonl", "".join(json.dumps(x) + "\n" for x in lines))
        # damaged, or they would be where we are; kept, they would push out the good ones
        for later in checkpoint.steps(self.path / "checkpoints"):
            if later > step:
                shutil.rmtree(self.path / "checkpoints" / f"{later:08d}")

    def log(self, line: Mapping[str, float]) -> None:
        """Append one line to log.jsonl."""
        with (self.path / "log.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")

    def lines(self) -> list[dict[str, float]]:
        """Return the log; a last line cut short by a crash is left out."""
        path = self.path / "log.jsonl"
        found = []
        whole = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        for text in whole.splitlines():
            try:
                found.append(json.loads(text))
            except ValueError:
                continue
        return [
            line
            for line in found
            if isinstance(line, dict)
            and "step" in line
            and all(isinstance(value, (int, float)) for value in line.values())
        ]


def build(kind: type[Model], config: Config, spec: Spec, seed: int) -> Model:
    """Return a new model whose first weights are a function of the seed.

    Raises:
        UserError: the model cannot learn from such data, or not with such settings.
    """
    kind.batch_type(spec)
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        try:
            return kind(config, spec)
        except (ValueError, IndexError, ZeroDivisionError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(
                f"{kind.name()} cannot be built with these settings for {spec.kind} of shape "
                f"{spec.shape}: {error}"
            ) from error


def _numbers(plain: Any) -> Iterator[float]:
    """Yield the numbers in a JSON value, however deep."""
    if isinstance(plain, (int, float)):
        yield plain
    elif isinstance(plain, (list, dict)):
        for part in plain.values() if isinstance(plain, dict) else plain:
            yield from _numbers(part)


def versions() -> dict[str, str]:
    """Return the versions that decide whether two runs can agree bit for bit."""
    from importlib.metadata import version

    return {
        "liangyi": version("liangyi"),
        "torch": torch.__version__,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "threads": str(torch.get_num_threads()),
        "processes": os.environ.get("WORLD_SIZE", "1"),
    }
