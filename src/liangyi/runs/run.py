"""Run: a folder on disk with everything about one training.

config.json    model, data, training settings, versions: enough to build the model again
process.json   who is training it now
log.jsonl      one line a report
samples/ ...   sheets of pictures (sheets.py)
checkpoints/   tensors and JSON only
borrowed/      frozen weights of other networks that it needs, once
origin/        the weights that it began with, where those are another run's
report.html    one self-contained page

Everything that knows these names is in this room.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from liangyi.core import files, registry
from liangyi.core.cell import cell
from liangyi.core.config import Training, from_plain, to_plain
from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.core.spec import Spec
from liangyi.data import Data, Source
from liangyi.runs import manifest
from liangyi.runs.borrowed import kept_beside
from liangyi.runs.checkpoints import CHECKPOINTS
from liangyi.runs.log import LOG
from liangyi.runs.manifest import CONFIG
from liangyi.runs.nearby import meant, there
from liangyi.runs.origin import Origin
from liangyi.runs.place import Locked, Place
from liangyi.runs.process import claimed
from liangyi.runs.progress import State
from liangyi.runs.reading import Reading
from liangyi.runs.sheets import SAMPLES, Sheets
from liangyi.runs.trained import Trained, Weights

__all__ = ["Locked", "Run", "State", "Weights"]


class Run(Reading, Trained, Sheets):
    """One training on disk.

    Args:
        path: the run's folder.

    Raises:
        UserError: it is no run, its model is not known here, or its config.json was edited to
            nonsense.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        if not self.there(self.path):
            what = "" if self.path.is_dir() else f" (it has no {CONFIG})"
            raise UserError(f"{shown(self.path)} is not a run{meant(self.path) or what}")
        plain = manifest.read(self.path / CONFIG)
        self.plain = plain
        self.place = Place(self.path)
        where = f"{self.path}/{CONFIG}: "
        self.kind = _kind(plain, self.path)
        self.config = from_plain(self.kind.Config, plain["config"], where)
        self.training = from_plain(Training, plain["training"], where)
        self.spec = Spec.parse(plain["spec"])

    @staticmethod
    def there(path: Path | str) -> bool:
        """Whether there is a run at a path."""
        return there(path)

    @classmethod
    def create(
        cls,
        path: Path | str | None,
        model: Model,
        training: Training,
        source: Source,
        data: Data,
        root: Path | str = "runs",
        begins: Origin | None = None,
    ) -> Run:
        """Make a new run folder; without a path, the next free `root`/model-data-number.

        Args:
            path: of the folder.
            model: with its first weights.
            training: how it is trained.
            source: what it learns from.
            data: the training split of that.
            root: where a folder without a path is made.
            begins: another run's weights that the model has taken over.

        Raises:
            UserError: the folder is there already, or cannot be made.
        """
        named, name = Path(path) if path else None, Path(source.name).name
        numbered = (Path(root) / f"{model.name()}-{name}-{n}" for n in range(1, 1_000_000))
        for folder in [named] if named else numbered:
            try:
                folder.mkdir(parents=True)
                break
            except FileExistsError:
                if named:
                    hint = "name another place"
                    if cls.there(folder):
                        hint = f"`liangyi resume {folder}` continues it"
                    raise UserError(f"{folder} is there already; {hint}", setting="out") from None
            except OSError as error:
                raise UserError(f"cannot make {folder}: {error.strerror}") from None
        plain = {
            "format": manifest.FORMAT,
            "model": model.name(),
            "code": registry.code_of(type(model)),
            "config": to_plain(model.config),
            "data": source.plain(),
            "spec": model.spec.json(),
            "training": to_plain(training),
            "fingerprint": data.fingerprint,
            "items": data.size,
            "versions": manifest.versions(),
        }
        try:
            kept_beside(folder, model)
            if begins is not None:
                plain["origin"] = begins.keep(folder)
            files.write(folder / CONFIG, json.dumps(plain, indent=2))
        except OSError as error:
            shutil.rmtree(folder, ignore_errors=True)
            raise UserError(f"cannot write into {folder}: {error.strerror}") from None
        run = cls(folder)
        run._remember(source)
        return run

    def about_code(self) -> list[str]:
        """Return lines for people where the file of the run's model is not what it began with."""
        began, now = self.plain.get("code"), registry.code_of(self.kind)
        if not began or not now or began["sha256"] == now["sha256"]:
            return []
        return [f"{now['file']} is not what it was when {self.path} began"]

    def aimed_at(self, steps: int) -> Run:
        """Return the run, to end at another step, however long nothing gets better.

        Raises:
            UserError: it is past that step, or is being trained just now.
        """
        if steps < self.made:
            raise UserError(f"{self.path} has made {self.made} already; give more", setting="steps")
        training = self.plain["training"] | {"steps": steps, "epochs": None, "patience": 0}
        plain = self.plain | {"training": training}
        with self.lock():  # whoever trains it now has read the old aim
            files.write(self.path / CONFIG, json.dumps(plain, indent=2))
        return Run(self.path)

    def _repr_html_(self) -> str | None:
        return cell(self)

    def __repr__(self) -> str:
        return (
            f"Run({str(self.path)!r}: {self.kind.name()} on {self.data_name}, {self.state}, "
            f"{self.made:,} of {many(self.total, 'step')})"
        )

    def discard_if_empty(self) -> None:
        """Remove a run in which nothing was learned: no checkpoint, no line of the log."""
        with suppress(UserError):
            self.place.demand()  # or it would be somebody else's
            if not self.saved() and not self.lines():
                shutil.rmtree(self.path, ignore_errors=True)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.name

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the run for one training; the lock dies with its process.

        Raises:
            Locked: another training holds it.
        """
        with self.place.lock(), claimed(self.path):
            for name in ("", CHECKPOINTS, SAMPLES):
                files.sweep(self.path / name)
            yield

    # what others keep beside it

    @property
    def scores(self) -> Path:
        """The file of its cards."""
        return self.path / "scores.json"

    @property
    def report(self) -> Path:
        """The file of its page."""
        return self.path / "report.html"

    @property
    def reported(self) -> bool:
        """Whether its page is there and younger than its log."""
        try:
            return self.report.stat().st_mtime_ns >= (self.path / LOG).stat().st_mtime_ns
        except OSError:
            return False

    def keep_report(self, page: str) -> Path:
        """Write its page and return the file."""
        self.place.demand()
        files.write(self.report, page)
        return self.report

    def beside(self, name: str) -> Path:
        """Return the place of what somebody else wants to keep with the run."""
        return self.path / name


def _kind(plain: Mapping[str, Any], path: Path) -> type[Model]:
    """Return the class of a run's model; its file is never looked for."""
    name, code = plain["model"], plain.get("code")
    if code and name not in registry.names():
        raise UserError(
            f"the model of {path} is in a file, {shown(code['file'])}; name that file "
            "(in Python: liangyi.outside(FILE))",
            setting="model",
        )
    return registry.find(name)
