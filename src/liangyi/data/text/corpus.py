"""A text as numbers of words: counted and written once, mapped from the cache ever after."""

from __future__ import annotations

import hashlib
import json
import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from liangyi.core import files
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.spec import Words
from liangyi.data.text.reading import File, Reader, Unit, listed
from liangyi.data.text.vocabulary import Vocabulary

PASSAGE = 1000  # words of a passage, where the text runs on
_FORMAT = 3  # of the cache; to be raised whenever the same files would give other numbers
_BLOCK = 2**20  # words that are written at once
# a word that is rather a clause: Chinese and Japanese have no blanks between their words
_CLAUSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]{5,}")
_CLAUSES = 0.1  # share of the words from which on these are no accident
# Mahoney's text8: bytes, words and different words
_TEXT8 = (100_000_000, 17_005_207, 253_854)


@dataclass(frozen=True)
class Form:
    """How a text becomes rows of numbers."""

    unit: Unit
    length: int | None  # words of a sentence, where each line is one; None: passages
    min_count: int
    most: int  # words that are known


class Corpus(NamedTuple):
    """The rows of one split."""

    field: Words
    tokens: Tensor  # int32 [N L], mapped
    fingerprint: str
    findings: list[str]


def corpus(path: Path, form: Form, like: Corpus | None = None) -> Corpus:
    """Return a text as rows of numbers.

    Args:
        path: a text file, or a folder of them.
        form: how it is cut and what is known.
        like: the training text, whose vocabulary is taken; None: the text's own.

    Raises:
        UserError: there is no text, or it cannot be read, or the cache cannot be written.
    """
    try:
        listing = listed(path)
    except OSError as error:
        raise UserError(f"cannot read {error.filename or path}: {error.strerror}") from None
    what = (_FORMAT, str(path.resolve()), listing, form, like and like.fingerprint)
    entry = files.cache() / "texts" / hashlib.sha256(repr(what).encode()).hexdigest()[:32]
    try:
        return _read(entry)
    except (OSError, ValueError, KeyError, TypeError):  # not there, or damaged
        pass
    reader = Reader(listing, form.unit)
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        files.sweep(entry.parent)
        with files.folder(entry) as made:
            _build(path, reader, form, like, made)
        return _read(entry)
    except OSError as error:
        if error.filename and Path(error.filename) in [file.path for file in listing]:
            raise UserError(f"cannot read {error.filename}: {error.strerror}") from None
        raise UserError(
            f"cannot keep the numbers of words in {entry.parent} ({error.strerror}); "
            "the environment variable LIANGYI_CACHE may name another folder"
        ) from None


def _read(entry: Path) -> Corpus:
    """Map what lies in the cache; raises where it is not what was written there."""
    index: dict[str, Any] = json.loads((entry / "index.json").read_text(encoding="utf-8"))
    shape = (int(index["rows"]), int(index["length"]))
    tokens = entry / "tokens.int32"
    if tokens.stat().st_size != 4 * shape[0] * shape[1]:
        raise ValueError(f"{entry} is damaged")
    # copy on write: torch wants writable memory, and the file must never change
    mapped = torch.from_numpy(np.memmap(tokens, np.int32, "c", shape=shape))
    field = Words(shape[1], tuple(index["words"]), tuple(index["counts"]))
    return Corpus(field, mapped, str(index["fingerprint"]), list(index["findings"]))


def _build(path: Path, reader: Reader, form: Form, like: Corpus | None, made: Path) -> None:
    """Read the text twice: for its vocabulary, and for its numbers."""
    counts: Counter[str] = Counter()
    for line in reader.lines():
        counts.update(line)
    if not counts:
        raise UserError(f"{path} holds no {form.unit}")
    if like is None:
        vocabulary = Vocabulary.of(counts, form.min_count, form.most)
        _demand_words(path, vocabulary, form, counts)
    else:
        assert isinstance(like.field.vocabulary, tuple)
        vocabulary = Vocabulary(like.field.vocabulary, like.field.counts)
    length = form.length or PASSAGE
    known = vocabulary.numbered()
    numbers = (vocabulary.numbers(line, known) for line in reader.lines())
    rows = _passages(numbers) if form.length is None else _sentences(numbers, length)
    digest, written, long = hashlib.sha256(repr((vocabulary.words, length)).encode()), 0, 0
    with (made / "tokens.int32").open("wb") as file:
        for block, cut in rows:
            file.write(block.tobytes())
            digest.update(block.tobytes())
            written, long = written + len(block), long + cut
    index = {
        "rows": written // length,
        "length": length,
        "words": vocabulary.words,
        "counts": vocabulary.counts,
        "fingerprint": digest.hexdigest()[:16],
        "findings": [
            *_said(reader.files, vocabulary, counts, form),
            *[f"{many(long, 'line')} of more than {length}, cut there"] * bool(long),
            *reader.findings(),
        ],
    }
    (made / "index.json").write_text(json.dumps(index, ensure_ascii=False), encoding="utf-8")


def _demand_words(path: Path, vocabulary: Vocabulary, form: Form, counts: Counter[str]) -> None:
    found, most = len(vocabulary.words) - 2, max(counts.values())
    if found > 1:
        return
    if _clauses(counts) > _CLAUSES:
        raise UserError(
            f"{path} has no blanks between its words, and whole clauses do not repeat",
            setting="unit",
            better="characters",
        )
    what = form.unit if found == 0 else f"{form.unit} but one"
    if form.min_count == 1 or form.most == 1:
        raise UserError(f"{path} holds no {what}: there is nothing to tell apart")
    raise UserError(
        f"{path} holds no {what} that occur {form.min_count} times; the most frequent one does "
        f"{many(most, 'time')}",
        setting="min_count",
        better=1,
    )


def _clauses(counts: Counter[str]) -> float:
    """Return the share of the words that are whole clauses."""
    return sum(n for word, n in counts.items() if _CLAUSE.search(word)) / counts.total()


def _passages(lines: Iterable[list[int]]) -> Iterator[tuple[array[int], int]]:
    """Yield the words one after the other, in blocks of whole passages; the last is padded."""
    waiting = array("i")
    for line in lines:
        waiting.extend(line)
        if len(waiting) >= _BLOCK:
            whole = len(waiting) - len(waiting) % PASSAGE
            yield waiting[:whole], 0
            waiting = waiting[whole:]
    waiting.extend([0] * (-len(waiting) % PASSAGE))
    yield waiting, 0


def _sentences(lines: Iterable[list[int]], length: int) -> Iterator[tuple[array[int], int]]:
    """Yield lines padded to a length, in blocks, and how many of each block were longer."""
    waiting, long = array("i"), 0
    for line in lines:
        if line:
            waiting.extend([*line[:length], *[0] * (length - len(line))])
            long += len(line) > length
        if len(waiting) >= _BLOCK:
            yield waiting, long
            waiting, long = array("i"), 0
    yield waiting, long


def _said(files: Iterable[File], known: Vocabulary, counts: Counter[str], form: Form) -> list[str]:
    """Return what was found, in lines for people."""
    files = list(files)
    total, kinds = counts.total(), len(counts)
    missed = total - sum(counts[word] for word in known.words[2:])
    said = [
        f"{many(total, form.unit[:-1])} in {many(len(files), 'file')}, {kinds:,} different; "
        f"{len(known.words) - 2:,} known, {missed / total:.1%} of the text is of others"
    ]
    if (share := _clauses(counts)) > _CLAUSES:
        said.append(
            f"{share:.0%} of these {form.unit} are clauses of Chinese or Japanese, which has no "
            "blanks between its words; the unit characters takes them apart"
        )
    for file in files:
        if file.path.name == "text8" and len(files) == 1:
            same = (file.size, total, kinds) == _TEXT8
            right = "as it should be" if same else (
                "not the known one of {:,} bytes, {:,} words, {:,} different".format(*_TEXT8)
            )  # fmt: skip
            said.append(f"text8: {file.size:,} bytes, {right}")
    return said
