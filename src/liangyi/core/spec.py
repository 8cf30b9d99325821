"""What data looks like: named fields, each of a kind, and which of them a model creates.

Here a kind is only described. What it means elsewhere (its scaling into a model's range, its
picture, how two collections are compared) is one file of `liangyi.fields`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args, get_type_hints

import pydantic
from annotated_types import Ge, Len

from liangyi.core.counts import plural
from liangyi.core.errors import UserError, unknown

Size = Annotated[int, Ge(1)]
PADDING, UNKNOWN = "", "<unk>"  # in a vocabulary of words: no word, and any other word


@dataclass(frozen=True)
class Field:
    """One thing that every item of a data set has; each subclass is a kind of field."""

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid")

    kinds: ClassVar[dict[str, type[Field]]] = {}
    noun: ClassVar[str] = "item"  # what people call one; of a new kind, its own name

    def __init_subclass__(cls) -> None:
        Field.kinds[cls.__name__] = cls
        if "noun" not in vars(cls):
            cls.noun = cls.__name__.lower()

    def __str__(self) -> str:
        """Return what such items are, for people: "pictures of 28 x 28"."""
        sides = " x ".join(map(str, self.shape))
        return plural(self.noun) + f" of {sides}" * bool(sides)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one item's values, as a model sees them; empty for a single number."""
        return ()

    @property
    def part(self) -> Field | None:
        """What each part of an item is, where people speak of parts: a word of a sentence."""
        return None


@dataclass(frozen=True)
class Pixels(Field):
    """A picture: stored as bytes, seen by a model in its `image_range`."""

    noun: ClassVar[str] = "picture"

    channels: Size
    height: Size
    width: Size

    def __str__(self) -> str:
        """Return width and height, and whether there is colour."""
        colour = {1: ", grey", 3: ", colour"}.get(self.channels, f", {self.channels} channels")
        return f"pictures of {self.width} x {self.height}{colour}"

    @property
    def shape(self) -> tuple[int, ...]:
        """(C, H, W)."""
        return (self.channels, self.height, self.width)


class AnySize:
    """Noted beside a verb's picture: it may have any size, and so may what is made of it.

    def denoise(self, noisy: Annotated[Tensor, AnySize]) -> Annotated[Tensor, Pixels]: ...

    Where what is made of a pixel depends on others up to `Model.reach` away, it is worked on in
    tiles; where that is 0, the verb is given the whole.
    """


@dataclass(frozen=True)
class Vector(Field):
    """Numbers in a row, such as the coordinates of a point."""

    noun: ClassVar[str] = "point"

    width: Size

    @property
    def shape(self) -> tuple[int, ...]:
        """(D,)."""
        return (self.width,)


@dataclass(frozen=True)
class Words(Field):
    """A sentence of a fixed length: int64, 0 ... `vocabulary` - 1."""

    noun: ClassVar[str] = "sentence"

    length: Size
    vocabulary: Size | tuple[str, ...]  # how many different words, or those words
    counts: tuple[int, ...] = ()  # how often each occurs in the training text, where that is known

    @property
    def shape(self) -> tuple[int, ...]:
        """(L,)."""
        return (self.length,)

    @property
    def count(self) -> int:
        """Number of different words."""
        return self.vocabulary if isinstance(self.vocabulary, int) else len(self.vocabulary)

    @property
    def part(self) -> Word | None:
        """One of its words, where they are known."""
        return None if isinstance(self.vocabulary, int) else Word(self.vocabulary)

    @property
    def end(self) -> int | None:
        """Number of the padding that ends a shorter sentence; None: all fill their length."""
        padded = not isinstance(self.vocabulary, int) and PADDING in self.vocabulary
        return self.vocabulary.index(PADDING) if padded else None  # type: ignore[union-attr]


@dataclass(frozen=True)
class Word(Field):
    """One word of a vocabulary: int64, 0 ... len(vocabulary) - 1."""

    vocabulary: Annotated[tuple[str, ...], Len(1)]


@dataclass(frozen=True)
class Label(Field):
    """One class of several: int64, 0 ... len(names) - 1."""

    names: Annotated[tuple[str, ...], Len(1)]


@dataclass(frozen=True)
class Ragged(Field):
    """A list of unequal length: padded to [most ...], its `NAME_mask` tells what is there."""

    noun: ClassVar[str] = "list"

    of: Field
    most: Size

    @property
    def shape(self) -> tuple[int, ...]:
        """(most, ...)."""
        return (self.most, *self.of.shape)


class Spec:
    """What a model must know of the data to build its networks.

    Args:
        item: name of the field that a model of this data creates.
        **fields: what every item has, by name.

    Raises:
        UserError: there is no such field.
    """

    def __init__(self, item: str, **fields: Field) -> None:
        if item not in fields:
            raise unknown("field", item, fields)
        self.item = item
        self.fields: Mapping[str, Field] = dict(fields)

    def __getitem__(self, name: str) -> Field:
        return self.fields[name]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Spec) and self.json() == other.json()

    def __hash__(self) -> int:
        return hash((self.item, tuple(self.fields.items())))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={field!r}" for name, field in self.fields.items())
        return f"Spec(item={self.item!r}, {fields})"

    @property
    def created(self) -> Field:
        """The field that a model of this data creates."""
        return self.fields[self.item]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of what a model creates."""
        return self.created.shape

    @property
    def size(self) -> int:
        """Number of values in what a model creates."""
        return math.prod(self.shape)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes, where each item has a `label`."""
        label = self.fields.get("label")
        return label.names if isinstance(label, Label) else ()

    def replace(self, **fields: Field) -> Spec:
        """Return a spec with some fields changed or added."""
        return Spec(self.item, **{**self.fields, **fields})

    def without(self, *names: str) -> Spec:
        """Return a spec that lacks some fields."""
        kept = {name: field for name, field in self.fields.items() if name not in names}
        return Spec(self.item, **kept)

    def serves(self, kind: type[Any]) -> bool:
        """Tell whether batches of this type can be had: fields may be left out, not made up."""
        return not self.missing(kind)

    def missing(self, kind: type[Any]) -> list[str]:
        """Return the fields of a batch type that this data has not, or has of another kind."""
        wanted = fields_of(kind)
        return [
            name for name, want in wanted.items() if not isinstance(self.fields.get(name), want)
        ]

    def json(self) -> dict[str, Any]:
        """Return the plain form for config.json."""
        return {"item": self.item, "fields": {n: _plain(f) for n, f in self.fields.items()}}

    @classmethod
    def parse(cls, plain: Any) -> Spec:
        """Build from the plain form.

        Raises:
            UserError: it is not what `json` writes.
        """
        try:
            found = {str(name): field_of(part) for name, part in plain["fields"].items()}
            return cls(str(plain["item"]), **found)
        except UserError as error:
            raise UserError(f"config.json: spec describes no data ({error})") from None
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise UserError(f"config.json: spec is damaged ({error!r:.100})") from None


def fields_of(kind: type[Any]) -> dict[str, type[Field]]:
    """Return what a batch type needs: the name and the kind of each of its fields.

    A batch type is a NamedTuple whose fields are `Annotated[Tensor, Pixels]` and the like; those
    without a kind (masks, which come with their lists) are no fields of the data.
    """
    hints = get_type_hints(kind, include_extras=True)
    found = {}
    for name in kind._fields:
        kinds = [part for part in get_args(hints[name])[1:] if isinstance(part, type)]
        if kinds:
            found[name] = kinds[0]
    return found


def _plain(field: Field) -> dict[str, Any]:
    values = {part.name: getattr(field, part.name) for part in dataclasses.fields(field)}
    nested = {name: _plain(v) if isinstance(v, Field) else v for name, v in values.items()}
    return {"kind": type(field).__name__} | nested


def field_of(plain: Any) -> Field:
    """Build a field from its plain form.

    Raises:
        UserError: there is no such kind of field, or it has no such settings.
    """
    settings = dict(plain)
    name = str(settings.pop("kind"))
    if name not in Field.kinds:
        raise unknown("kind of field", name, Field.kinds)
    for key, value in settings.items():
        if isinstance(value, dict):
            settings[key] = field_of(value)
    try:
        built: Field = pydantic.TypeAdapter(Field.kinds[name]).validate_python(settings)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"{name} {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    return built
