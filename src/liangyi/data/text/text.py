"""Any text file, or folder of them: a run of words, or lines as sentences.

    novel.txt                  one text
    library/**/*.txt           many, one after the other in the order of their names
    corpus/{train,test}.txt    the same, with a held-out part (folders, `val` and `valid` will do)

With a length each line is a sentence, cut or padded to so many words; without one the text runs
on, and is served in passages of a thousand words. The words that are not known are one, `<unk>`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le

from liangyi.core.config import Config, Count
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns
from liangyi.data.source import Source, source
from liangyi.data.text.corpus import Corpus, Form, corpus
from liangyi.data.text.reading import Unit, holds_text, splits


@dataclass(frozen=True, kw_only=True)
class TextConfig(Config):
    """How a text is read."""

    # words of a sentence, where each line is one; none: the text runs on
    length: Annotated[int, Ge(1), Le(10_000)] | None = None
    # words in lower case without punctuation, tokens as they stand between blanks, or characters
    unit: Unit = "words"
    min_count: Count = 5  # rarer words are not known
    vocabulary: Annotated[int, Ge(1), Le(10_000_000)] = 50_000  # words that are known, at most


@source("text", "any text file or folder of them, as running text or lines")
class Text(Source):
    """A text by its path."""

    Config = TextConfig
    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether text lies there, and no picture."""
        return holds_text(path)

    def _split(self, split: str) -> Corpus | None:
        assert self.path is not None
        kept: dict[str, Corpus | None] = self.__dict__.setdefault("_splits", {})
        if split not in kept:
            config = self.config
            form = Form(config.unit, config.length, config.min_count, config.vocabulary)
            try:
                places = splits(self.path)
            except OSError as error:
                raise UserError(f"cannot read {self.path}: {error.strerror}") from None
            like = None if split == "train" else self._train()
            kept[split] = corpus(places[split], form, like) if split in places else None
        return kept[split]

    def _train(self) -> Corpus:
        found = self._split("train")
        assert found is not None
        return found

    def spec(self) -> Spec:
        """Return what a sentence or passage looks like, after reading all of the text."""
        return Spec("token", token=self._train().field)

    def items(self, split: str) -> Columns | None:
        """Return the sentences or passages of a split."""
        found = self._split(split)
        return None if found is None else {"token": found.tokens}

    def fingerprint(self, split: str) -> str | None:
        """Name the content."""
        found = self._split(split)
        return None if found is None else found.fingerprint

    def findings(self) -> list[str]:
        """Say how much text there is, and what of it is known."""
        return self._train().findings
