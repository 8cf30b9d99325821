"""Any folder of pictures with captions: a table of them, or a .txt beside each picture.

Pictures, classes from subfolders and held-out pictures are those of `folder`; words and their
vocabulary those of `text`. Of several captions of a picture one is drawn at each look. What has no
caption is left out, and said.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
from annotated_types import Ge, Le
from torch import Tensor

from liangyi.core.config import Count
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec, Words
from liangyi.data.columns import Column, Columns, Dice
from liangyi.data.pictures.folder import Pictures, folder
from liangyi.data.pictures.listing import Job, shown, splits
from liangyi.data.pictures.settings import PictureConfig, PictureSource
from liangyi.data.source import source
from liangyi.data.text.captions import captions_of, files_of, holds_captions
from liangyi.data.text.reading import Reader
from liangyi.data.text.vocabulary import Vocabulary


@dataclass(frozen=True, kw_only=True)
class CaptionedConfig(PictureConfig):
    """In which form pictures are served, and how captions are read."""

    length: Annotated[int, Ge(1), Le(200)] = 30  # words of a caption at most; longer ones are cut
    min_count: Count = 1  # words that occur less often are not known
    vocabulary: Annotated[int, Ge(1), Le(1_000_000)] = 10_000  # words that are known, at most


class Captions:
    """Captions of pictures that have several each: one of them is drawn at each look.

    Args:
        token: of all captions, those of a picture one after the other, [M L].
        counts: how many each picture has, [N].
    """

    def __init__(self, token: Tensor, counts: Tensor) -> None:
        self.token, self.counts = token, counts

    def __len__(self) -> int:
        return len(self.counts)

    def take(self, index: Tensor, dice: Dice) -> Mapping[str, Tensor]:
        """Return a caption [N L] of each picture."""
        index = index.to(self.counts.device)
        count = self.counts[index]
        chosen = (dice(1)[:, 0].to(count.device) * count).long()
        return {"": self.token[self.counts.cumsum(0)[index] - count + chosen]}

    def to(self, device: torch.device) -> Captions:
        """Return the captions on a device."""
        return Captions(self.token.to(device), self.counts.to(device))

    def parts(self) -> Sequence[Tensor]:
        """Return the words and how many captions there are."""
        return self.token, self.counts


class _Part(NamedTuple):
    """The pictures of a split that have captions, and the words of these."""

    pictures: Pictures
    chosen: Tensor  # which of the pictures they are
    words: list[list[list[str]]]  # of each, its captions


@source("captioned folder", "any folder of pictures with captions in a table or beside them")
class CaptionedFolder(PictureSource):
    """A folder of pictures and their captions, by its path."""

    Config = CaptionedConfig
    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether there is a table of captions, or a text beside a picture."""
        return holds_captions(path)

    def _split(self, split: str) -> _Part | None:
        kept = self.__dict__.setdefault("_splits", {})
        if split not in kept:
            kept[split] = self._read(split)
        found: _Part | None = kept[split]
        return found

    def _read(self, split: str) -> _Part | None:
        assert self.path is not None
        config = self.config
        found = folder(self.path, split, size=config.size, grey=config.grey)
        if found is None:
            return None
        place = splits(self.path)[split]
        broken = {name for name, _ in found.findings.unreadable}
        every = [file.name for file in Job.of(place, config.size, config.grey).files]
        names = [name for name in every if shown(name) not in broken]
        cut = Reader((), "words").cut
        said = captions_of(self.path, place, names)
        words = [[line for line in map(cut, lines) if line] for lines in said]
        index = [number for number, lines in enumerate(words) if lines]
        if not index:
            raise UserError(f"no picture in {place} has a caption")
        others = found.findings.ignored - len(files_of(self.path, place, names))
        findings = replace(found.findings, ignored=max(0, others))  # captions are read
        pictures = found._replace(findings=findings)
        return _Part(pictures, torch.tensor(index, device="cpu"), [words[n] for n in index])

    def _train(self) -> _Part:
        found = self._split("train")
        assert found is not None
        return found

    def _field(self) -> tuple[Words, dict[str, int]]:
        if not hasattr(self, "_words"):
            lines = [line for lines in self._train().words for line in lines]
            counts = Counter(word for line in lines for word in line)
            known = Vocabulary.of(counts, self.config.min_count, self.config.vocabulary)
            if len(known.words) < 3:
                raise UserError("no word occurs so often", setting="min_count", better=1)
            length = min(self.config.length, max(map(len, lines)))
            self._words = Words(length, known.words, known.counts), known.numbered()
        return self._words

    def whole(self) -> Spec:
        """Return what a picture and its caption look like, after looking at all of them."""
        return self._train().pictures.spec.replace(caption=self._field()[0])

    def items(self, split: str) -> Columns | None:
        """Return the pictures of a split that have captions."""
        found = self._split(split)
        if found is None:
            return None
        every = len(found.chosen) == len(found.pictures.columns["image"])
        columns: dict[str, Tensor | Column] = {
            name: column if every else column[found.chosen]
            for name, column in found.pictures.columns.items()
        }
        token, counts = self._tokens(found)
        several = len(token) > len(counts)
        columns["caption"] = Captions(token, counts) if several else token
        return columns

    def _tokens(self, found: _Part) -> tuple[Tensor, Tensor]:
        """Return the captions of all pictures [M L], and how many each has."""
        field, known = self._field()
        assert isinstance(field.vocabulary, tuple)
        vocabulary = Vocabulary(field.vocabulary, field.counts)
        lines = [line[: field.length] for lines in found.words for line in lines]
        rows = [vocabulary.numbers(line, known) for line in lines]
        padded = [row + [0] * (field.length - len(row)) for row in rows]
        counts = [len(lines) for lines in found.words]
        return torch.tensor(padded, device="cpu"), torch.tensor(counts, device="cpu")

    def fingerprint(self, split: str) -> str | None:
        """Name the content."""
        found = self._split(split)
        if found is None:
            return None
        what = repr((self._field()[0], found.chosen.tolist(), found.words))
        return f"{found.pictures.fingerprint}-{hashlib.sha256(what.encode()).hexdigest()[:8]}"

    def findings(self) -> list[str]:
        """Say what was found among the pictures, and of the captions."""
        found, (field, _) = self._train(), self._field()
        assert isinstance(field.vocabulary, tuple)
        lines = sum(map(len, found.words))
        known = len(field.vocabulary) - 2
        said = [*found.pictures.findings.lines(), *super().findings(),
                f"{many(lines, 'caption')} of {many(known, 'different word')}"]  # fmt: skip
        bare = len(found.pictures.columns["image"]) - len(found.chosen)
        return [*said, *[f"{many(bare, 'picture')} without a caption, left out"] * bool(bare)]
