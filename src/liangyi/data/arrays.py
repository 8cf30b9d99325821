"""Arrays of one's own: NumPy, tensors, tables, dicts of fields, a torch `Dataset`, or files.

liangyi.train("dcgan", pictures)                        # [N H W], [N C H W] or [N H W C]
liangyi.train("acgan", {"image": pictures, "label": labels})
liangyi train gan --data points.npy
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source
from liangyi.data.understood import one_line, understood

MEMORY = "memory"  # how a run names data that was given in Python
_TEST = "test_"  # before the names of what an .npz holds out


class Arrays(Source):
    """Data that was given in memory: a run of it asks for the same again when it is resumed.

    Args:
        given: pictures, points or sentences; or a dict of fields; or a torch `Dataset`; or a table.
        held_out: the same for the part that is not learned from, or nothing.
    """

    registered = MEMORY

    def __init__(self, given: Any, held_out: Any = None) -> None:
        super().__init__()
        self._train = understood(given)
        self._test = None if held_out is None else understood(held_out, self._train)

    def spec(self) -> Spec:
        """Return what an item looks like."""
        return self._train.spec

    def items(self, split: str) -> Columns | None:
        """Return what was given."""
        found = self._train if split == "train" else self._test
        return None if found is None else found.columns

    def findings(self) -> list[str]:
        """Say how the arrays were understood."""
        return self._train.said


@source("array file", "a .npy or .npz file: pictures, points, labels beside")
class ArrayFile(Source):
    """Arrays from a .npy or .npz file; an .npz may hold `image`, `label`, `test_image` ..."""

    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether the name says that it holds arrays."""
        return path.suffix.lower() in (".npy", ".npz")

    def raw(self) -> dict[str, Any]:
        """Return the arrays of the file by name, as they are; that of a .npy has none.

        Raises:
            UserError: it holds none that can be read.
        """
        assert self.path is not None
        return _arrays(self.path)

    def _read(self) -> Arrays:
        if not hasattr(self, "_found"):
            arrays = self.raw()
            held = {name: arrays.pop(name) for name in list(arrays) if name.startswith(_TEST)}
            named = {name.removeprefix(_TEST): array for name, array in held.items()}
            self._found = Arrays(arrays, named or None)
        return self._found

    def spec(self) -> Spec:
        """Return what an item looks like."""
        return self._read().spec()

    def items(self, split: str) -> Columns | None:
        """Return the arrays of a split."""
        return self._read().items(split)

    def findings(self) -> list[str]:
        """Say how the arrays were understood."""
        return self._read().findings()


def _arrays(path: Path) -> dict[str, Any]:
    """Return the arrays of a file by name; that of a .npy has none."""
    if not path.is_file():
        raise UserError(f"{path} is no file of arrays")
    try:
        with path.open("rb") as file:
            if file.read(2) != b"PK":
                # copy on write: torch wants writable memory, and the file must never change
                return {"": np.load(path, allow_pickle=False, mmap_mode="c")}
            file.seek(0)
            with np.load(file, allow_pickle=False) as found:
                return {name: found[name] for name in found.files}
    except Exception as error:  # broken bytes lead numpy and zipfile to any exception
        raise UserError(f"{path} holds no arrays that can be read ({one_line(error)})") from None
