"""The sheets of a run: pictures of what it drew, beside what is real and what is nearest.

samples/      step-numbered pictures, always of the same noise
real.png      real items to hold beside them
nearest.png   samples above their nearest training items
codes.json    where held-out pictures lie in a code of two or three numbers
manifold.png  decoded codes of two numbers, side by side
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import pydantic
from annotated_types import Ge, Len, MinLen

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.runs import checkpoint
from liangyi.runs.place import Place

SAMPLES = "samples"
_REAL, _NEAREST = "real.png", "nearest.png"
_CODES, _MANIFOLD = "codes.json", "manifold.png"
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Places:
    """Where pictures lie in a code of two or three numbers, and what they look like."""

    codes: Annotated[list[Annotated[list[float], Len(2, 3)]], MinLen(1)]  # of each picture
    labels: list[Annotated[int, Ge(0)]]  # class of each, or none
    names: list[str]  # of the classes
    sheet: Annotated[str, pydantic.Field(pattern="^data:image/png;base64,")]  # of small pictures
    columns: Annotated[int, Ge(1)]  # small pictures in a row of the sheet
    height: Annotated[int, Ge(1)]  # of a small picture, pixels
    width: Annotated[int, Ge(1)]


class Sheets:
    """What a run keeps as PNG files."""

    path: Path
    place: Place

    def samples(self) -> list[tuple[int, bytes]]:
        """Return step and PNG file of each sheet of samples, in order; others are left out."""
        found = []
        for path in sorted(self.path.glob(f"{SAMPLES}/*.png")):
            content = picture(path)
            if checkpoint.NAME.fullmatch(path.stem) and content:
                found.append((int(path.stem), content))
        return found

    def newest_sample(self) -> bytes | None:
        """Return the newest sheet of samples as a PNG file, None before the first."""
        for path in sorted(self.path.glob(f"{SAMPLES}/*.png"), reverse=True):
            if checkpoint.NAME.fullmatch(path.stem) and (content := picture(path)):
                return content
        return None

    def keep_sample(self, step: int, png: bytes) -> None:
        """Write a sheet of samples."""
        self.place.demand()
        (self.path / SAMPLES).mkdir(exist_ok=True)
        files.write(self.path / SAMPLES / f"{step:08d}.png", png)

    def real(self) -> bytes | None:
        """Return the sheet of real items to hold beside the samples, None where there is none."""
        return picture(self.path / _REAL)

    def keep_real(self, png: bytes) -> None:
        """Write that sheet."""
        self.place.demand()
        files.write(self.path / _REAL, png)

    def places(self) -> Places | None:
        """Return where pictures lie in the code, None where that is no plane or space."""
        try:
            return pydantic.TypeAdapter(Places).validate_json(files.read(self.path / _CODES))
        except (OSError, ValueError):
            return None

    def manifold(self) -> bytes | None:
        """Return the sheet of decoded codes, None where there is none."""
        return picture(self.path / _MANIFOLD)

    def keep_codes(self, places: Places, manifold: bytes | None) -> None:
        """Write both."""
        self.place.demand()
        text = json.dumps(dataclasses.asdict(places), separators=(",", ":"))
        files.write(self.path / _CODES, text)
        if manifold is not None:
            files.write(self.path / _MANIFOLD, manifold)

    def nearest(self) -> bytes | None:
        """Return the sheet of samples above their nearest training items, None before a score."""
        return picture(self.path / _NEAREST)

    def keep_nearest(self, png: bytes) -> None:
        """Write that sheet.

        Raises:
            UserError: it cannot be written.
        """
        try:
            files.write(self.path / _NEAREST, png)
        except OSError as error:
            raise UserError(f"cannot write into {self.path}: {error.strerror}") from error


def picture(path: Path) -> bytes | None:
    """Return a PNG file, None where there is none."""
    try:
        content = files.read(path)
    except OSError:
        return None
    return content if content.startswith(_PNG) else None
