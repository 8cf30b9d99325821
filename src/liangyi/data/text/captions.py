"""Captions of pictures: from a table, or from a text beside each picture.

captions.csv, captions.tsv     a column `file` (or `file_name`, `image`), a column `caption`
                               (or `text`); a picture may have several rows
photo.txt beside photo.jpg     a caption a line
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from liangyi.core.errors import UserError
from liangyi.data.pictures.files import named_so as is_picture
from liangyi.data.places import walked

TABLES = ("captions.csv", "captions.tsv")
_FILES = ("file", "file_name", "filename", "image", "picture")
_CAPTIONS = ("caption", "captions", "text")
_TEXTS = (".txt", ".TXT")


def holds_captions(path: Path) -> bool:
    """Tell whether a folder has a table of captions, or texts beside pictures of their names."""
    if not path.is_dir():
        return False
    if any((path / name).is_file() for name in TABLES):
        return True
    for _, names in walked(path):
        texts = {name[:-4] for name in names if name.endswith(_TEXTS)}
        if any(is_picture(name) and Path(name).stem in texts for name in names):
            return True
    return False


def captions_of(path: Path, place: Path, names: Sequence[str]) -> list[list[str]]:
    """Return the captions of pictures, nothing of those that have none.

    Args:
        path: the whole folder, in which the table lies.
        place: the folder of the pictures, the same or one in it.
        names: of the pictures, relative to `place`.

    Raises:
        UserError: a table or a text cannot be read, or the table has not the columns.
    """
    table = _table(path)
    if table is None:
        return [_lines(place / name) for name in names]
    known = _rows(table)
    here = place.relative_to(path)
    return [known.get(str((here / name).as_posix()), []) for name in names]


def files_of(path: Path, place: Path, names: Sequence[str]) -> set[Path]:
    """Return the files below `place` in which `captions_of` looks."""
    table = _table(path)
    if table is not None:
        return {table} if place == path else set()
    return {text for name in names if (text := _text(place / name)) is not None}


def _table(path: Path) -> Path | None:
    return next((path / name for name in TABLES if (path / name).is_file()), None)


def _text(picture: Path) -> Path | None:
    """Return the text beside a picture."""
    texts = (picture.with_suffix(ending) for ending in _TEXTS)
    return next((text for text in texts if text.is_file()), None)


def _lines(picture: Path) -> list[str]:
    """Return the captions in the text beside a picture."""
    path = _text(picture)
    if path is None:
        return []
    return [line.strip() for line in _read(path).splitlines() if line.strip()]


def _rows(table: Path) -> dict[str, list[str]]:
    """Return the captions of each file that a table names."""
    delimiter = "\t" if table.suffix == ".tsv" else ","
    found: dict[str, list[str]] = {}
    try:
        rows = csv.DictReader(io.StringIO(_read(table)), delimiter=delimiter)
        columns = [name for name in rows.fieldnames or () if name]
        file, caption = (
            next((name for name in columns if name.strip().lower() in known), None)
            for known in (_FILES, _CAPTIONS)
        )
        if file is None or caption is None:
            raise UserError(
                f"{table} wants the columns `file` and `caption` in its first line, and has "
                f"{', '.join(columns)[:100] or 'none'}"
            )
        for row in rows:
            if any(row.pop(None, ())):
                between = "tab" if delimiter == "\t" else "comma"
                raise UserError(
                    f"{table}, line {rows.line_num}: more columns than in its first line; put "
                    f"quotes around a caption with a {between}"
                )
            name, said = (row[file] or "").strip(), (row[caption] or "").strip()
            if name and said:
                found.setdefault(Path(name).as_posix(), []).append(said)
    except csv.Error as error:
        raise UserError(f"{table} is no table that can be read ({error})") from None
    return found


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(f"{path} is no UTF-8 text; save it as UTF-8") from None
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
