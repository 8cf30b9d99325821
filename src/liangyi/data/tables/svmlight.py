"""SVMlight files with queries, as LETOR and LightGBM have them.

    2 qid:10 1:0.5 2:1 46:0.07 # a comment
    0 qid:10 2:0.3

A line is a document: its grade, its query, its features by number. LightGBM keeps queries apart:
beside FILE lies FILE.query, with the number of documents of each. Either may be compressed by gzip.
"""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from liangyi.core import capacity
from liangyi.core.counts import many
from liangyi.core.errors import UserError

_LOOK = 2**20  # bytes by which a file is known
_NUMBER = rb"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WITH_QUERY = re.compile(rb"%b\s+qid:\S+(\s|$)" % _NUMBER)
_FEATURES = re.compile(rb"%b(\s+\d+:(%b|nan|inf))+" % (_NUMBER, _NUMBER))
_UNREADABLE = OSError, EOFError, zlib.error


@dataclass(frozen=True)
class Queries:
    """What a file holds: its documents in the order of their queries."""

    names: list[str]  # of each query
    counts: Tensor  # documents of each query, [Q]
    document: Tensor  # features, [M D], float32
    grade: Tensor  # [M], int64, 0 and above
    line: Tensor  # of the file in which each document stands, [M], from 1

    def widened(self, width: int) -> Queries:
        """Return the same documents with more features, of which they have nothing."""
        more = width - self.document.shape[1]
        return replace(self, document=nn.functional.pad(self.document, (0, more)))

    def only(self, kept: Tensor) -> Queries:
        """Return some of the queries, by a mask [Q]."""
        rows = kept.repeat_interleave(self.counts)
        names = [name for name, keeps in zip(self.names, kept.tolist(), strict=True) if keeps]
        rest = (part[rows] for part in (self.document, self.grade, self.line))
        return Queries(names, self.counts[kept], *rest)


def is_svmlight(path: Path) -> bool:
    """Whether a file begins with a document that names its query, or with two of features alone.

    A line of a diary, `12 10:30 went to market`, begins like a document, too.
    """
    try:
        lines = _lines(path, _LOOK)
    except _UNREADABLE:
        return False
    first = list(islice(filter(None, map(_data, lines)), 2))
    if not first or _WITH_QUERY.match(first[0]):
        return bool(first)
    return all(map(_FEATURES.fullmatch, first))


def read(path: Path, first_feature: int = 1, width: int | None = None) -> Queries:
    """Return the queries of a file, in the order in which they begin.

    Args:
        path: of the file.
        first_feature: the number with which features begin.
        width: how many features a document has; None: as many as occur.

    Raises:
        UserError: a line is no document (it is named), or there are none, or no queries.
    """
    try:
        lines = _lines(path)
    except _UNREADABLE as error:
        raise UserError(f"{path} cannot be read ({error})") from None
    numbers = [number for number, line in enumerate(lines, 1) if _data(line)]
    if not numbers:
        raise UserError(f"{path} holds no documents")
    try:
        table, grade, query = _parsed(b"\n".join(lines), first_feature)
    except ValueError:
        raise _first_bad(path, lines, first_feature) from None
    most = table.shape[1]
    if width is not None and most > width:
        raise UserError(
            f"{path} has a feature {most - 1 + first_feature}; this model knows {width}"
        )
    width = width or most
    capacity.demand_memory(4 * table.shape[0] * width, f"{path} with its {width:,} features")
    table.resize((table.shape[0], width))
    document, line = torch.from_numpy(table.toarray()), torch.tensor(numbers, device="cpu")
    _demand_sound(path, document, grade, line)
    if not len(query):
        query = _beside(path, len(grade))
    if len(query) != len(grade):
        without = next(n for n in numbers if b"qid:" not in lines[n - 1])
        raise UserError(f"{path} line {without} has no qid, though others have one")
    names, begin, place = np.unique(query, return_index=True, return_inverse=True)
    rank = begin.argsort().argsort()[place]  # queries in the order in which they begin
    order = torch.from_numpy(rank.argsort(kind="stable"))
    return Queries(
        [str(name) for name in names[begin.argsort()]],
        torch.from_numpy(np.bincount(rank)),
        document[order], torch.from_numpy(grade).long()[order], line[order],
    )  # fmt: skip


def _lines(path: Path, most: int = -1) -> list[bytes]:
    """Return the lines of a file, or of so many of its bytes, unpacked."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as file:
        return file.read(most).removeprefix(codecs.BOM_UTF8).splitlines()


def _data(line: bytes) -> bytes:
    return line.partition(b"#")[0].strip()


def _parsed(text: bytes, first_feature: int) -> Any:
    from sklearn.datasets import load_svmlight_file  # late: it takes seconds

    return load_svmlight_file(
        io.BytesIO(text), dtype=np.float32, zero_based=first_feature == 0, query_id=True
    )


def _first_bad(path: Path, lines: list[bytes], first_feature: int) -> UserError:
    """Return what is wrong with the first line that cannot be read."""
    for number, line in enumerate(lines, 1):
        try:
            _parsed(line, first_feature)
        except ValueError as error:
            hint = "; if features begin with 0, first_feature=0" * ("Invalid index 0" in str(error))
            return UserError(f"{path} line {number} is no document ({error}{hint})")
    return UserError(f"{path} holds no documents that can be read")


def _demand_sound(path: Path, document: Tensor, grade: np.ndarray, line: Tensor) -> None:
    finite = document.isfinite().all(1)
    if not finite.all():
        raise UserError(f"{path} line {int(line[~finite][0])}: a feature is no finite number")
    whole = torch.from_numpy((grade >= 0) & (grade == np.floor(grade)) & (grade < 1000))
    if not whole.all():
        place = int((~whole).nonzero()[0])
        raise UserError(
            f"{path} line {int(line[place])}: the grade {grade[place]:g} is none of 0, 1, 2 ..."
        )


def _beside(path: Path, documents: int) -> np.ndarray:
    """Return the query of each document, from the file of their numbers of documents."""
    beside = path.with_name(path.name.removesuffix(".gz") + ".query")
    if not beside.is_file():
        raise UserError(f"{path} names no queries: give each line a qid:, or lay {beside.name} by")
    try:
        counts = np.array(beside.read_text(encoding="utf-8").split(), dtype=np.int64)
    except ValueError as error:
        raise UserError(f"{beside} should hold a number of documents a line ({error})") from None
    if (counts < 1).any() or counts.sum() != documents:
        what = many(documents, "document")
        raise UserError(f"{beside} counts {counts.sum():,} documents, {path.name} has {what}")
    return np.arange(1, len(counts) + 1).repeat(counts)
