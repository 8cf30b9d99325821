"""The sheets of a run: pictures of what it drew, beside what is real and what is nearest.

samples/      step-numbered pictures, always of the same noise
real.png      real items to hold beside them
nearest.png   samples above their nearest training items
"""

from __future__ import annotations

from pathlib import Path

from liangyi.core import files
from liangyi.core.errors import UserError
from liangyi.runs import checkpoint
from liangyi.runs.place import Place

SAMPLES = "samples"
_REAL, _NEAREST = "real.png", "nearest.png"
_PNG = b"\x89PNG\r\n\x1a\n"


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
