"""Settings: one frozen dataclass is the flags, the JSON, the documentation and the form."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Collection
from typing import Annotated, Any, Literal, TypeVar, get_args, get_type_hints

import pydantic
from annotated_types import Ge, Gt, Le, Lt

from liangyi.core.errors import UserError, shown

Count = Annotated[int, Ge(1)]
Natural = Annotated[int, Ge(0)]
Positive = Annotated[float, Gt(0)]
NonNegative = Annotated[float, Ge(0)]
Share = Annotated[float, Ge(0), Lt(1)]  # a probability or a decay
Unit = Annotated[float, Ge(0), Le(1)]
# what a discriminator should say of real items; above 1 its loss would have no floor
Target = Annotated[float, Gt(0), Le(1)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Config:
    """Base of all settings. Every field has a one-line comment: its help text everywhere."""

    __pydantic_config__ = pydantic.ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


Settings = TypeVar("Settings", bound=Config)


def to_plain(config: Config) -> dict[str, Any]:
    """Return the settings as JSON types; tuples become lists."""
    plain: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(config)))
    return plain


def from_plain(kind: type[Settings], plain: Any, where: str = "") -> Settings:
    """Build settings from JSON types, every value checked against its annotation.

    Raises:
        UserError: an unknown field, or a value of the wrong type or out of its bounds.
    """
    try:
        built: Settings = pydantic.TypeAdapter(kind).validate_json(json.dumps(plain))
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        names = [part for part in first["loc"] if isinstance(part, str)]
        name = names[0] if names else ""
        if first["type"] == "unexpected_keyword_argument":
            known = [field.name for field in dataclasses.fields(kind)]
            raise UserError(
                f"{where}unknown setting {shown(name)!r}; there are: {', '.join(known)}"
            ) from None
        hint = f" ({help_of(kind)[name]})" if name in help_of(kind) else ""
        message = first["msg"][0].lower() + first["msg"][1:]
        got = shown(json.dumps(first["input"]))
        raise UserError(f"{where}{name or kind.__name__} = {got}: {message}{hint}") from None
    return built


def values_of(config: Settings, typed: dict[str, Any]) -> Settings:
    """Return the settings with some values as a person typed them: texts, or lists of texts.

    Raises:
        UserError: a value of the wrong kind or out of its bounds; its `setting` is named.
    """
    kind, fields = type(config), {field.name for field in dataclasses.fields(config)}
    assert typed.keys() <= fields
    none = {name for name, text in typed.items() if text == "none" and _may_be_none(kind, name)}
    given = {name: text for name, text in typed.items() if name not in none}
    try:
        read = pydantic.TypeAdapter(kind).validate_python(given, strict=False)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        raise UserError(_said(first), setting=str(first["loc"][0])) from None
    found = {name: getattr(read, name) for name in given} | dict.fromkeys(none)
    for name, value in found.items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, int) and abs(one) >= 2**63:
                raise UserError("should be smaller", setting=name)
    return dataclasses.replace(config, **found)


def _may_be_none(kind: type[Config], name: str) -> bool:
    return type(None) in get_args(get_type_hints(kind)[name])


_KINDS = {
    "int": "a whole number",
    "float": "a number",
    "bool": "yes or no",
    "finite": "a finite number",
}


def _said(error: Any) -> str:
    """Return what pydantic found wrong, in words for people."""
    kind = error["type"].partition("_")[0]
    if kind in _KINDS and error["type"].endswith(("parsing", "type", "number", "from_float")):
        return f"should be {_KINDS[kind]}"
    message = str(error["msg"]).removeprefix("Value error, ")
    return (message[0].lower() + message[1:]).removeprefix("input ")


def checked(config: Settings, where: str = "") -> Settings:
    """Return the settings unchanged, or say which value breaks its annotation."""
    return from_plain(type(config), to_plain(config), where)


def help_of(kind: type[Config]) -> dict[str, str]:
    """Return the comment beside or above each field, own and inherited, or its `help`."""
    if kind not in _helps:  # reading sources takes time, and a page asks for all settings
        _helps[kind] = _help_of(kind)
    return _helps[kind]


_helps: dict[type[Config], dict[str, str]] = {}


def _help_of(kind: type[Config]) -> dict[str, str]:
    found: dict[str, str] = {}
    for parent in reversed(kind.__mro__):
        if dataclasses.is_dataclass(parent) and parent is not Config:
            own = {f.name: f.metadata for f in dataclasses.fields(parent)}
            found |= {name: about["help"] for name, about in own.items() if "help" in about}
            try:
                source = inspect.getsource(parent)
            except OSError:  # it was made of a verb's signature, and is in no file
                continue
            found |= dict(re.findall(r"^    (\w+): .*?  # (.+)$", source, re.MULTILINE))
            above = re.findall(r"^    # (.+)\n    (\w+): ", source, re.MULTILINE)
            found |= {name: text for text, name in above}
    return {field.name: found.get(field.name, "") for field in dataclasses.fields(kind)}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Training(Config):
    """How long, how fast and how carefully to train; the trainer's settings."""

    steps: Count = 1000  # turns through the model's algorithm
    epochs: Positive | None = None  # passes over the data; when given, it decides instead of steps
    batch_size: Count = 64  # items a step, over all processes together
    seed: Natural = 0  # decides the first weights, the order of the data and all noise
    device: str = "auto"  # cpu, cuda, cuda:1, mps, or auto: the best that is there
    precision: Literal["auto", "float32", "bfloat16"] = "auto"  # auto: bfloat16 where it is fast
    average: Share = 0.999  # decay of the averaged weights that draw the samples; 0: none
    accumulate: Count = 1  # parts that each batch is cut into, to save memory
    compile: Literal["auto", "on", "off"] = "auto"  # a step as one function; auto: where it pays
    devices: Count = 1  # processes on this machine, one device each
    nodes: Count = 1  # machines; start the same command by torchrun or SLURM on each
    log_every: Count = 50  # steps between lines in log.jsonl
    sample_every: Count = 250  # steps between pictures, and tests on held-out data
    examine_every: Natural = 250  # steps between the doctor's signals; 0: none
    checkpoint_every: Count = 500  # steps between checkpoints
    # steps between looks that choose the best checkpoint; none: at each checkpoint; 0: never
    validate_every: Natural | None = None
    patience: Natural = 0  # such looks without a better one that end the training; 0: to the end
    keep: Count = 2  # newest checkpoints that stay on disk, beside the best
    rewind: Natural = 0  # times to go back to a healthy checkpoint, at half the rate, on divergence

    @property
    def validation_pace(self) -> int:
        """Steps between looks that choose the best checkpoint; 0: there are none."""
        return self.checkpoint_every if self.validate_every is None else self.validate_every

    def given(self, names: Collection[str]) -> Training:
        """Return the recipe for somebody who says these settings: steps count, not its epochs."""
        said = "steps" in names and "epochs" not in names
        return dataclasses.replace(self, epochs=None) if said else self

    def total(self, items: int) -> int:
        """Return the number of steps for a data set of so many items (0: endless)."""
        if self.epochs is None:
            return self.steps
        if not items:
            raise UserError("this data has no end, so no epochs; give steps", setting="epochs")
        steps = self.epochs * items / self.batch_size
        if steps >= 2**63:
            raise UserError(
                f"{self.epochs:g} would be {steps:.1e} steps; give fewer", setting="epochs"
            )
        return max(1, round(steps))
