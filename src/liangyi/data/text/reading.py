"""Text files, read part by part: nothing here grows with the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.data.pictures.files import named_so as is_picture
from liangyi.data.places import is_run, walked
from liangyi.fields.words import cut

Unit = Literal["words", "tokens", "characters"]
_ENDINGS = {".txt", ".text"}
_PART = 2**20  # bytes of a line that are read at once; text8 is one line of 100 million
_STRANGE = 0.1  # share of bytes from which on a file is no text
_HELD_OUT = ("test", "val", "valid", "validation", "dev", "eval")
_CUT: dict[Unit, Callable[[str], list[str]]] = {
    "words": cut,
    "tokens": str.split,
    "characters": lambda line: list("".join(line.split())),
}


class File(NamedTuple):
    """A text file, and what the system says about it."""

    path: Path
    size: int
    written: int  # nanoseconds
    changed: int  # likewise, whatever changed
    number: int  # of the file on its disk


def named_so(path: Path) -> bool:
    """Tell whether a file is a text by its name."""
    return path.suffix.lower() in _ENDINGS or path.name == "text8"


def holds_text(path: Path) -> bool:
    """Tell whether a path is a text file, or a folder of texts without any picture."""
    if path.is_file():
        return named_so(path)
    found = False
    for file in _below(path):
        if is_picture(file.name):
            return False
        found = found or named_so(file)
    return found


def _below(path: Path) -> Iterator[Path]:
    for here, names in walked(path):
        yield from (here / name for name in names)


def listed(path: Path) -> list[File]:
    """Return the text files at a path, in the order of their names.

    Raises:
        UserError: there is none.
        OSError: it cannot be read.
    """
    paths = [path] if path.is_file() else [file for file in _below(path) if named_so(file)]
    if not paths:
        raise UserError(f"{path} has no text; texts end in {' or '.join(sorted(_ENDINGS))}")
    abouts = [(file, file.stat()) for file in paths]
    return [File(f, a.st_size, a.st_mtime_ns, a.st_ctime_ns, a.st_ino) for f, a in abouts]


def splits(path: Path) -> dict[str, Path]:
    """Return the places of the training and, if there is one, of the held-out text.

    In a folder they may be sub-folders or files: `train` and `test`, `train.txt` and `test.txt`.

    Raises:
        UserError: there are two of which each may be meant.
    """
    if not path.is_dir():
        return {"train": path}
    inside: dict[str, list[Path]] = {}
    for entry in sorted(path.iterdir()):
        if named_so(entry) or (entry.is_dir() and not is_run(entry)):
            name = entry.name if entry.is_dir() else entry.stem
            inside.setdefault(name.lower(), []).append(entry)
    held_out = next((name for name in _HELD_OUT if name in inside), None)
    if "train" not in inside or held_out is None:
        return {"train": path}
    return {"train": _only(path, inside["train"]), "test": _only(path, inside[held_out])}


def _only(path: Path, found: Sequence[Path]) -> Path:
    if len(found) > 1:
        named = " and ".join(entry.name for entry in found)
        raise UserError(f"{path} has {named}; leave the one that is meant")
    return found[0]


class Reader:
    """Texts as lines of words, as often as one likes.

    Args:
        files: which.
        unit: what is a word: `words` are runs of letters and digits in lower case, without
            punctuation; `tokens` what stands between blanks, as it is; `characters` all but blanks.
    """

    def __init__(self, files: Sequence[File], unit: Unit) -> None:
        self.files, self.cut = files, _CUT[unit]
        self.bad: Counter[Path] = Counter()  # bytes that are no UTF-8, of each file that was read

    def lines(self) -> Iterator[list[str]]:
        """Yield the words of each line; a line of more than a megabyte comes in parts.

        Raises:
            UserError: a file is no UTF-8 text.
            OSError: a file cannot be read.
        """
        self.bad.clear()
        for file in self.files:
            read = 0
            for part in _parts(file.path):
                read += len(part)
                text = part.decode(errors="ignore")
                good = len(text) if text.isascii() else len(text.encode())
                self.bad[file.path] += len(part) - good
                self._demand_text(file.path, text, read)
                yield self.cut(text)

    def _demand_text(self, path: Path, text: str, read: int) -> None:
        if "\0" in text:
            raise UserError(f"{path} is no text: it holds zero bytes; save it as UTF-8")
        if self.bad[path] > max(100, _STRANGE * read):
            bad = many(self.bad[path], "byte")
            raise UserError(
                f"{path} is no UTF-8 text ({bad} of its first {read:,} are none); save it as UTF-8"
            )

    def findings(self) -> list[str]:
        """Say which of the files had bytes that are no UTF-8, after they were read."""
        return [
            f"{path}: {many(count, 'byte')} that are no UTF-8, left out"
            for path, count in self.bad.items()
            if count
        ]


def _parts(path: Path) -> Iterator[bytes]:
    """Yield lines, or parts of them that end between words."""
    with path.open("rb") as file:
        if file.read(3) != b"\xef\xbb\xbf":  # a byte order mark
            file.seek(0)
        left = b""
        while read := file.readline(_PART):
            line, left = left + read, b""
            if len(read) == _PART and not read.endswith(b"\n"):  # and not the end of the file
                end = _end(line)
                line, left = line[:end], line[end:]
            yield from line.splitlines(keepends=True)  # lines of old end in \r alone
    yield from left.splitlines(keepends=True)


def _end(part: bytes) -> int:
    """Return where a part can be cut: after a line or a blank, else between two characters."""
    if b"\r" in part:
        return part.rindex(b"\r") + 1
    blank = max(part.rfind(b" "), part.rfind(b"\t"))
    if blank > 0:
        return blank
    whole = len(part)
    while whole > len(part) - 4 and part[whole - 1] & 0xC0 == 0x80:
        whole -= 1
    return max(1, whole - 1)
