"""What a verb asks for and gives, from its signature: parameters are bound to fields by names.

    @verb
    def classify(self, image: Tensor) -> Annotated[Tensor, Label]:

asks for the field `image` of the data, and gives labels. `Annotated[Tensor, Field]` is the kind
that the model creates, whatever that is; a result that says nothing is plain numbers. Whoever
offers verbs to people (a command line, a form) needs to know no more.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from torch import Tensor

from liangyi.core.config import Config
from liangyi.core.counts import few
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import AnySize, Field, Label, Spec, Words, fields_of


@dataclass(frozen=True)
class Binding:
    """What a verb of a model wants for data of a spec, and what it gives."""

    name: str
    about: str
    items: Mapping[str, Field | None]  # tensors that it must have, an item a row; None: numbers
    settings: type[Config]  # what else can be said; None where it must be
    demanded: tuple[str, ...]  # of the settings
    batch: type[Any] | None  # the type of the batch that it takes, if it takes one
    result: Any  # Tensor, dict, or a NamedTuple of tensors: columns of a table
    gives: Field | None  # what a tensor that it gives is; None: numbers
    columns: Mapping[str, Field | None]  # what those of a table are; None: numbers
    any_size: bool  # its pictures need not be as large as those that the model learned from

    @property
    def item(self) -> str:
        """The name of what it is asked about, empty where it is asked about nothing."""
        return next(iter(self.items), "")


def bound(kind: type[Model], name: str, spec: Spec, said: Collection[str] = ()) -> Binding:
    """Bind a verb of a model to data.

    Args:
        kind: the model.
        name: the verb.
        spec: of the data.
        said: parameters that the caller says itself; they are left out.

    Raises:
        UserError: an annotation of it names something that its file does not import.
    """
    verb = kind.verbs()[name]
    try:
        hints = get_type_hints(getattr(kind, name), include_extras=True)
    except NameError as error:  # or imports for type checkers alone
        raise UserError(f"{kind.name()}.{name} cannot be offered: {error}; import it") from None
    items: dict[str, Field | None] = {}
    settings: list[tuple[str, Any, Any]] = []
    demanded: list[str] = []
    batch, any_size = None, False
    for parameter in verb.parameters.values():
        if parameter.name in said:
            continue
        hint = hints.get(parameter.name, Any)  # a model of one's own may say nothing
        field = spec.fields.get(parameter.name) or _given(hint, spec)
        needed = parameter.default is inspect.Parameter.empty
        if parameter.name == "batch":
            batch = hint if hasattr(hint, "_fields") else kind.batch_type(spec)
            items |= {part: spec.fields.get(part) for part in fields_of(batch)}
        elif needed and _plain(hint) is Tensor:
            items[parameter.name] = field
            any_size |= AnySize in get_args(hint)
        else:
            default = None if needed else parameter.default
            wanted: Any = str if isinstance(field, Label | Words) else hint
            stored = dataclasses.field(
                default=default, metadata={"help": _about(parameter.name, hint, field)}
            )
            settings.append((parameter.name, wanted | None if default is None else wanted, stored))
            demanded += [parameter.name] * needed
    made = dataclasses.make_dataclass(name, settings, bases=(Config,), frozen=True, kw_only=True)
    result = hints.get("return", Tensor)
    gives, plain = _given(result, spec), _plain(result)
    columns: dict[str, Field | None] = {}
    if hasattr(plain, "_fields"):
        parts = get_type_hints(plain, include_extras=True)
        columns = {name: _given(parts[name], spec) for name in plain._fields}
    return Binding(
        name, verb.about, items, made, tuple(demanded), batch, plain, gives, columns, any_size
    )


def _plain(hint: Any) -> Any:
    """Return a type without what is noted beside it; of `dict[str, Tensor]`, dict."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    return get_origin(hint) or hint


def _given(hint: Any, spec: Spec) -> Field | None:
    """Return the field of the data, or a part of one, of the kind that is noted beside a type."""
    kinds = [part for part in get_args(hint)[1:] if isinstance(part, type)]
    wanted = [part for part in kinds if issubclass(part, Field)]
    every = [spec.created, *spec.fields.values()]
    every += [field.part for field in every if field.part is not None]
    return next((field for kind in wanted for field in every if isinstance(field, kind)), None)


def _about(name: str, hint: Any, field: Field | None) -> str:
    """Return the help of a setting: by what it means in the data, by its type, or its name."""
    if isinstance(field, Label):
        return f"a class, by its name or number: {few(field.names, 10)}"
    if isinstance(field, Words):
        return "a sentence, as it is typed"
    notes = [part for part in get_args(hint)[1:] if isinstance(part, str)]
    return notes[0] if notes else name.replace("_", " ")
