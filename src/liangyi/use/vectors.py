"""Files of word vectors in the text and the binary format of word2vec, which others read too.

The first line says how many words there are, and how many numbers each has. A line of the text
format is a word and its numbers; the binary format has them as 32-bit floats after the word.
"""

from __future__ import annotations

from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from liangyi.core import files
from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown

ENDINGS = (".txt", ".bin")
_WORD = 1000  # bytes of a word, at most
_MOST = 2**31  # numbers of a file, at most


def write_vectors(path: Path | str, words: list[str], vectors: Tensor) -> None:
    """Write vectors [N D] of words; binary where the name ends in .bin, else as text.

    Raises:
        UserError: a word is empty or has a blank, which the formats cannot hold.
        OSError: the file cannot be written.
    """
    for word in words:
        if not word or any(letter.isspace() for letter in word):
            raise UserError(f"{shown(repr(word))} has blanks, which files of vectors cannot hold")
    rows = vectors.detach().cpu().float().numpy()
    path = Path(path)
    with files.stream(path) as file:
        file.write(f"{len(words)} {rows.shape[1]}\n".encode())
        for word, row in zip(words, rows, strict=True):
            if path.suffix == ".bin":
                file.write(word.encode() + b" " + row.astype("<f4").tobytes() + b"\n")
            else:
                file.write(f"{word} {' '.join(f'{value:.9g}' for value in row)}\n".encode())


def read_vectors(path: Path | str) -> tuple[list[str], Tensor]:
    """Return the words of a file and their vectors [N D].

    Raises:
        UserError: it cannot be read, or does not hold what its first line says.
    """
    path = Path(path)
    try:
        files.demand_file(path)
        with path.open("rb") as file:
            count, size = _header(path, file)
            binary = path.suffix == ".bin"
            left = path.stat().st_size - file.tell()
            least = count * (2 + (4 * size if binary else 2 * size - 1)) - 1
            if left < least or count * size > _MOST:
                raise UserError(
                    f"{path} says that it holds {many(count, 'word')} of {size} numbers, for which "
                    f"it is too short: {left:,} bytes"
                )
            read = _binary if binary else _text
            words, rows = read(path, file, count, size)
            if file.read().strip():
                raise UserError(f"{path} says {many(count, 'word')}, and more follow")
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from None
    if len(set(words)) < len(words):
        raise UserError(f"{path} holds the same word twice")
    if not np.isfinite(rows).all():
        raise UserError(f"{path} holds numbers that are not finite")
    return words, torch.from_numpy(rows)


def _header(path: Path, file: IO[bytes]) -> tuple[int, int]:
    line = file.readline(100)
    try:
        count, size = map(int, line.split())
    except ValueError:
        count = size = 0
    if count < 1 or size < 1:
        raise UserError(
            f"{path} is no file of word vectors: its first line should be two numbers, how many "
            f"words and how many numbers each, not {shown(line.decode(errors='replace').strip())!r}"
        )
    return count, size


def _word(path: Path, raw: bytes, number: int) -> str:
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        raise UserError(f"{path}: word {number + 1:,} is no UTF-8") from None


def _text(path: Path, file: IO[bytes], count: int, size: int) -> tuple[list[str], np.ndarray]:
    words, rows = [], np.empty((count, size), np.float32)
    for number in range(count):
        word, *values = file.readline(_WORD + 40 * size).split()[: size + 2] or [b""]
        try:
            rows[number] = [float(value) for value in values]
        except ValueError:
            raise UserError(
                f"{path}: line {number + 2:,} is no word with {size} numbers, as its first line "
                "says"
            ) from None
        words.append(_word(path, word, number))
    return words, rows


def _binary(path: Path, file: IO[bytes], count: int, size: int) -> tuple[list[str], np.ndarray]:
    words, rows = [], np.empty((count, size), np.float32)
    for number in range(count):
        raw = bytearray()
        while (byte := file.read(1)) not in (b" ", b"") and len(raw) <= _WORD:
            raw += byte
        values = file.read(4 * size)
        if byte != b" " or len(values) < 4 * size:
            raise UserError(
                f"{path}: word {number + 1:,} of {count:,} is no word with {size} numbers"
            )
        rows[number] = np.frombuffer(values, "<f4")
        words.append(_word(path, bytes(raw), number))
    return words, rows
