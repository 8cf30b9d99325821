"""A user's own items as a trained model sees them: brought to its size and range."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path

import torch
from torch import Tensor

from liangyi import data as sources
from liangyi import fields
from liangyi.core import capacity
from liangyi.core.binding import Binding
from liangyi.core.counts import few, many, plural
from liangyi.core.errors import UserError, shown, unknown
from liangyi.core.model import Model, number_of
from liangyi.core.spec import PADDING, UNKNOWN, Field, Label, Pixels, Vector, Word, Words
from liangyi.data.dataset import Data, Dataset
from liangyi.data.pictures import files as pictures
from liangyi.data.pictures.listing import Job, class_of

Tell = Callable[[str], None]
_ARRAYS = (".npy", ".npz")
_NO_WORDS = (PADDING, UNKNOWN)  # that a vocabulary has beside its words


@dataclass(frozen=True)
class Given:
    """Items that a verb is asked about."""

    names: Sequence[str]  # of the files, numbers, or the items themselves where they can be typed
    values: Mapping[str, Tensor]  # field -> one value an item [N ...], as the model sees them

    def __len__(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class _Read:
    """What was read of one field, as it is stored."""

    names: list[str]
    values: Tensor
    classes: list[str]  # of each item, nothing where none is known


def given(model: Model, asked: Binding, words: Sequence[str], tell: Tell) -> Given:
    """Return what a user names by paths.

    Args:
        model: that is asked.
        asked: how.
        words: pictures, folders of them, files of arrays, or items that can be typed.
        tell: is given a line about each file of a folder that is left out.

    Raises:
        UserError: something cannot be read, or is nothing that this model looks at.
    """
    if by_words(asked):
        return _dealt(asked, words)
    field = asked.items[asked.item]
    found = _read(field, words, tell) if field is not None else _numbers(words)
    values = {asked.item: _scaled(model, field, found.values)}
    for name, other in asked.items.items():
        if name == asked.item:
            continue
        if not isinstance(other, Label) or "" in found.classes:
            noun = plural(other.noun) if other else f"a {name}"
            raise UserError(f"{asked.name} needs {noun} too: {_ways(other)}")
        try:
            numbers = [number_of(one, other.names) for one in found.classes]
        except UserError as error:  # a folder's name, and no setting
            raise UserError(str(error)) from None
        values[name] = torch.tensor(numbers, device="cpu")
    return Given(found.names, values)


def by_words(asked: Binding) -> bool:
    """Whether a verb is asked about single words, which are typed as they are."""
    return bool(asked.items) and all(isinstance(f, Word) for f in asked.items.values())


def _dealt(asked: Binding, words: Sequence[str]) -> Given:
    """Return typed words, dealt out to what is asked in turn: one question after the other."""
    each = len(asked.items)
    if not words or len(words) % each:
        wanted = " ".join(name.upper() for name in asked.items)
        raise UserError(f"{asked.name} wants {each} words for a question ({wanted}), "
                        f"not {len(words)}")  # fmt: skip
    values = {}
    for place, (name, field) in enumerate(asked.items.items()):
        assert isinstance(field, Word)
        numbers = [_number(word, field.vocabulary) for word in words[place::each]]
        values[name] = torch.tensor(numbers, device="cpu")
    names = [" ".join(words[first : first + each]) for first in range(0, len(words), each)]
    return Given(names, values)


def _number(word: str, vocabulary: Sequence[str]) -> int:
    """Return the number of a word, as it was typed or else in lower case."""
    for form in (word, word.lower()):
        if form not in _NO_WORDS and form in vocabulary:
            return vocabulary.index(form)
    raise unknown("word", word.lower(), [known for known in vocabulary if known not in _NO_WORDS])


def frequent(asked: Binding, count: int | None) -> Given:
    """Return the first words of the vocabulary, which are the most frequent of a text.

    Args:
        asked: how; about one word at a time.
        count: how many; None: all.

    Raises:
        UserError: the verb wants several words for a question.
    """
    if len(asked.items) > 1:
        return _dealt(asked, [])
    field = asked.items[asked.item]
    assert isinstance(field, Word)
    known = [n for n, word in enumerate(field.vocabulary) if word not in _NO_WORDS]
    numbers = known[:count]
    values = {asked.item: torch.tensor(numbers, device="cpu")}
    return Given([field.vocabulary[number] for number in numbers], values)


def held_out(model: Model, asked: Binding, data: Data, count: int | None) -> Given:
    """Return items of the data that a model learned from, or of the part that it did not.

    Args:
        model: that is asked.
        asked: how.
        data: the part.
        count: how many; None: all.

    Raises:
        UserError: the data has no such items.
    """
    if None in asked.items.values():
        raise UserError(f"{asked.name} wants a file of {asked.item}s: FILE.npy")
    kind = asked.batch or model.Batch
    total = len(data) if isinstance(data, Dataset) else 2000
    batch = data.some(min(count or total, total), kind, "cpu", model.image_range)
    # what takes a batch takes the masks of its lists, too
    values = {
        name: getattr(batch, name) for name in (batch._fields if asked.batch else asked.items)
    }
    field = asked.items[asked.item]
    if field is not None and fields.typeable(field):
        return Given([line.strip() for line in fields.lines(field, values[asked.item])], values)
    return Given([str(number) for number in range(len(batch[0]))], values)


def _scaled(model: Model, field: Field | None, stored: Tensor) -> Tensor:
    what = many(len(stored), field.noun if field else "row")
    capacity.demand_memory(8 * stored.numel(), what)
    return stored if field is None else fields.scaled(field, stored, model.image_range)


def _ways(field: Field | None) -> str:
    if isinstance(field, Label):
        return f"put each class in its own sub-folder: {few(field.names, 10)}"
    return "name no files, and it is asked about held-out data"


@singledispatch
def _read(field: Field, words: Sequence[str], tell: Tell) -> _Read:
    """Read items of a kind from the files of arrays that a user names, or as they are typed."""
    names, parts = [], []
    for word in words:
        if Path(word).suffix.lower() in _ARRAYS:
            _, values = _array(field, word)
            names += [f"{word}:{number}" for number in range(len(values))]
        else:
            values = fields.typed(field, [word])
            names.append(word)
        parts.append(values)
    return _Read(names, torch.cat(parts), [""] * len(names))


@_read.register
def _(field: Pixels, words: Sequence[str], tell: Tell) -> _Read:
    shape = (field.channels, field.height, field.width)
    names, parts, classes, unlike = [], [], [], 0
    for word in words:
        if Path(word).suffix.lower() in _ARRAYS:
            _, values = _array(field, word)
            parts.append(values)
            names += [f"{word}:{number}" for number in range(len(values))]
            classes += [""] * len(values)
            continue
        for path, label in pictures_at(Path(word).expanduser()):
            found = pictures.decode(path, shape)
            if isinstance(found, str):
                if path == Path(word).expanduser():
                    raise UserError(f"{shown(word)} cannot be read ({found})")
                tell(f"{path} is left out ({found})")
                continue
            names.append(str(path))
            classes.append(label)
            unlike += found.look.grey != (field.channels == 1)
            parts.append(torch.from_numpy(found.pixels.copy())[None])
    if not parts:
        raise UserError(f"no picture of {shown(' '.join(words))} can be read")
    if unlike:
        own, taken = ("coloured", "grey") if field.channels == 1 else ("grey", "equal colours")
        tell(f"{many(unlike, f'{own} picture')}, taken as {taken}")
    return _Read(names, torch.cat(parts), classes)


def pictures_at(path: Path) -> Iterator[tuple[Path, str]]:
    """Yield the pictures at a path, with the sub-folder that they lie in."""
    if not path.exists():
        raise UserError(f"there is no picture and no folder of pictures at {shown(path)}")
    job = Job.of(path, None, False)
    for file in job.files:
        yield job.base / file.name, "" if path.is_file() else class_of(file.name)


def _array(field: Field, word: str) -> tuple[str, Tensor]:
    """Return the items of a kind in a file of arrays, as they are stored."""
    split = sources.choose(word).split("train")
    assert isinstance(split, Dataset)
    name, found = split.spec.item, split.spec.created
    same = type(found) is type(field) and found.shape == field.shape
    if isinstance(found, Words) and isinstance(field, Words):
        same = same and found.count <= field.count
    column = split.columns[name]
    if not same or not isinstance(column, Tensor):
        raise UserError(f"{shown(word)} holds {found}; this model learned from {field}")
    return word, column


def _numbers(words: Sequence[str]) -> _Read:
    """Read rows of numbers, such as codes, as they are."""
    names, parts = [], []
    for word in words:
        if Path(word).suffix.lower() != ".npy":
            raise UserError(f"{shown(word)} is no file of numbers; give FILE.npy")
        _, rows = _array_of_numbers(word)
        parts.append(rows)
        names += [f"{word}:{number}" for number in range(len(rows))]
    return _Read(names, torch.cat(parts), [""] * len(names))


def _array_of_numbers(word: str) -> tuple[str, Tensor]:
    split = sources.choose(word).split("train")
    assert isinstance(split, Dataset)
    column = split.columns[split.spec.item]
    if not isinstance(split.spec.created, Vector) or not isinstance(column, Tensor):
        raise UserError(f"{shown(word)} holds {split.spec.created}, no rows of numbers")
    return word, column
