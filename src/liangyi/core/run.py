"""Run: a folder on disk with everything about one training.

config.json    model, data, training settings, versions: enough to build the model again
log.jsonl      one line a report
samples/       step-numbered pictures, always of the same noise
checkpoints/   tensors and JSON only
report.html    one self-contained page
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import torch

from liangyi.core import capacity, checkpoint, draw, files, fitting, log, manifest, registry
from liangyi.core.batch import Spec
from liangyi.core.config import Config, Training, from_plain, to_plain
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.core.place import Place
from liangyi.core.trainer import Trainer, load_weights

Tell = Callable[[str], None]

_LOG = "log.jsonl"
_PNG = b"\x89PNG\r\n\x1a\n"


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
            raise UserError(f"{shown(self.path)} is not a run (it has no config.json)")
        plain = manifest.read(self.path / "config.json")
        self.plain = plain
        self.place = Place(self.path)
        self.kind = registry.find(plain["model"])
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
            "format": manifest.FORMAT,
            "model": kind.name(),
            "config": to_plain(config),
            "data": dict(data),
            "spec": spec.json(),
            "training": to_plain(training),
            "fingerprint": fingerprint,
            "versions": manifest.versions(),
        }
        try:
            files.write(folder / "config.json", json.dumps(plain, indent=2))
        except OSError as error:
            folder.rmdir()
            raise UserError(f"cannot write into {folder}: {error.strerror}") from None
        return cls(folder)

    def discard_if_empty(self) -> None:
        """Remove a run in which nothing was learned: no checkpoint, no line of the log."""
        with suppress(UserError):
            self.place.demand()  # or it would be somebody else's
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
        with self.place.lock():
            for name in ("", "checkpoints", "samples"):
                files.sweep(self.path / name)
            yield

    def build(self) -> Model:
        """Return the model with its first, random weights: a function of the run's seed."""
        return build(self.kind, self.config, self.spec, self.training.seed)

    def model(self, tell: Tell = lambda line: None) -> Model:
        """Return the trained model in evaluation mode: averaged weights where there are such.

        Args:
            tell: is given one line for each damaged checkpoint that was passed over.

        Raises:
            UserError: there is no sound checkpoint.
        """
        return self.trained(tell)[0]

    def trained(self, tell: Tell = lambda line: None) -> tuple[Model, int]:
        """Return the trained model and the step at which it is, as `model` does."""
        model = self.build()

        def demand(found: checkpoint.Checkpoint) -> None:
            fitting.demand_weights(model, found.tensors, _shown(found))

        found = self.newest(tell, only_weights=True, demand=demand)
        if found is None:
            raise UserError(f"{self.path} has no checkpoint yet; `liangyi resume {self.path}`")
        load_weights(model, found.tensors, _shown(found))
        return model.eval(), found.plain["step"]

    def newest(
        self,
        tell: Tell,
        only_weights: bool = False,
        demand: Callable[[checkpoint.Checkpoint], None] = lambda found: None,
    ) -> checkpoint.Checkpoint | None:
        """Return the newest sound checkpoint; each damaged one is told.

        Args:
            tell: is given one line for each damaged one.
            only_weights: leave the optimisers' states out.
            demand: raises `Damaged` for what does not fit.

        Raises:
            UserError: there are checkpoints and all are damaged.
        """
        folder = self.path / "checkpoints"
        damaged: list[str] = []
        for step in checkpoint.steps(folder):
            path = folder / f"{step:08d}"
            try:
                found = checkpoint.load(path, only_weights)
                demand(found)
            except checkpoint.Damaged as error:
                damaged.append(str(error) if str(path) in str(error) else f"{path}: {error}")
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
        self.place.demand()
        checkpoint.save(self.path / "checkpoints", tensors, plain, self.training.keep)

    def restore(self, trainer: Trainer, tell: Tell) -> None:
        """Bring a trainer to the newest sound checkpoint and forget what was logged after it."""

        def demand(found: checkpoint.Checkpoint) -> None:
            fitting.demand_weights(trainer.model, found.tensors, "model")
            if trainer.averaged is not trainer.model:
                fitting.demand_weights(trainer.averaged, found.tensors, "averaged")
            fitting.demand_optimizers(trainer.model, found)

        found = self.newest(tell, demand=demand)
        if found is not None:
            trainer.restore(found.tensors, found.plain)

    def forget_after(self, step: int) -> None:
        """Drop log lines and checkpoints of steps that will be made again."""
        lines = [line for line in self.lines() if line["step"] <= step]
        if (self.path / _LOG).exists():
            files.write(self.path / _LOG, "".join(json.dumps(x) + "\n" for x in lines))
        # damaged, or they would be where we are; kept, they would push out the good ones
        for later in checkpoint.steps(self.path / "checkpoints"):
            if later > step:
                shutil.rmtree(self.path / "checkpoints" / f"{later:08d}")

    def log(self, line: Mapping[str, float]) -> None:
        """Append one line to log.jsonl."""
        self.place.demand()
        files.append(self.path / _LOG, json.dumps(line) + "\n")

    def lines(self) -> list[dict[str, float]]:
        """Return the log; lines that are damaged, as the last one by a crash, are left out.

        Raises:
            UserError: it cannot be read.
        """
        return log.read(self.path / _LOG)

    def samples(self) -> list[tuple[int, bytes]]:
        """Return step and PNG file of each sheet of samples, in order; others are left out."""
        found = []
        for path in sorted(self.path.glob("samples/*.png")):
            content = picture(path)
            if checkpoint.NAME.fullmatch(path.stem) and content:
                found.append((int(path.stem), content))
        return found


def picture(path: Path) -> bytes | None:
    """Return a PNG file, None where there is none."""
    try:
        content = files.read(path)
    except OSError:
        return None
    return content if content.startswith(_PNG) else None


def _shown(found: checkpoint.Checkpoint) -> str:
    """Return the prefix of the weights that draw samples."""
    averaged = any(name.startswith("averaged/") for name in found.tensors)
    return "averaged" if averaged else "model"


def build(kind: type[Model], config: Config, spec: Spec, seed: int) -> Model:
    """Return a new model whose first weights are a function of the seed.

    Raises:
        UserError: the model cannot learn from such data, or not with such settings.
    """
    kind.batch_type(spec)
    with draw.seeded(seed, "weights", device=torch.device("cpu")):
        try:
            with capacity.bounded(kind.name(), config):
                return kind(config, spec)
        except (ValueError, IndexError, ZeroDivisionError) as error:
            if isinstance(error, UserError):
                raise
            raise UserError(
                f"{kind.name()} cannot be built with these settings for {spec.kind} of shape "
                f"{spec.shape}: {error}"
            ) from error
