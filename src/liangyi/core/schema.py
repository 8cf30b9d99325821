"""What is read from the disk is checked against a type before anybody relies on it."""

from __future__ import annotations

import json
from typing import Annotated, Any, TypeVar

import pydantic
from annotated_types import Ge, Lt

from liangyi.core.errors import UserError, shown

T = TypeVar("T")

STRICT = pydantic.ConfigDict(strict=True, extra="ignore")  # what later versions add is no mistake
Step = Annotated[int, Ge(0), Lt(2**63)]  # of a training

_WISHES = {
    "dict_type": "an object",
    "dataclass_type": "an object",
    "string_type": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "int_type": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
}


def fit(adapter: pydantic.TypeAdapter[T], plain: Any, where: str) -> T:
    """Return a JSON value as the type that it should have.

    Raises:
        UserError: it has another; the first place that does not fit is named.
    """
    try:
        return adapter.validate_json(json.dumps(plain))
    except pydantic.ValidationError as error:
        raise UserError(f"{where} {_reason(error)}") from None


def _reason(error: pydantic.ValidationError) -> str:
    first = error.errors()[0]
    name = shown(".".join(map(str, first["loc"])) or "it")
    if first["type"] == "missing":
        return f"lacks {name}"
    if first["type"] in _WISHES:
        return f"is damaged: {name} should be {_WISHES[first['type']]}"
    return f"is damaged: {name}: {first['msg'][0].lower()}{first['msg'][1:]}"
