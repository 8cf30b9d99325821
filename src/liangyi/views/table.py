"""Layer tables: what a network computes, seen by running it without memory on the meta device."""

from __future__ import annotations

import copy
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import torch
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from torch import Tensor, nn
from torch.nn.utils import parametrize

from liangyi.views import text


@dataclass(frozen=True)
class Layer:
    """One row of the table."""

    name: str  # attribute path in the network
    kind: str  # class of the module
    detail: str  # what the class alone does not say: "5x5, stride 2"
    shape: tuple[int, ...] | None  # of the output without the batch; None: unknown
    parameters: int  # numbers that training moves; weights shared with a row above count there
    statistics: int  # numbers that are kept but not trained: running means, fixed weights


class Totals(NamedTuple):
    """The last lines of the table."""

    trainable: int
    with_statistics: int


def layers(network: nn.Module, *inputs: Any) -> list[Layer]:
    """Return the layers of a network in order of execution.

    The network itself is not touched or run: a copy without memory is. Layers are the modules
    without submodules; parameters that a larger module holds directly have a row of their own, so
    that totals are right. If such a copy cannot run, rows come in order of definition, without
    shapes.

    Args:
        network: any module.
        *inputs: of one call; tensors may be anywhere, only their shape and type matters.
    """
    rows = _rows(network)
    try:
        calls = _trace(network, rows, inputs)
    except Exception:  # whatever a strange network raises: a table without shapes is still of use
        return list(rows.values())
    found = []
    for module, call in calls.items():
        row = rows.pop(module)
        detail = [row.detail] * bool(row.detail) + [f"x{call.runs}"] * (call.runs > 1)
        found.append(replace(row, detail=", ".join(detail), shape=call.shape))
    return found + [row for row in rows.values() if row.parameters or row.statistics]


def summary(layers: Iterable[Layer]) -> Totals:
    """Return the sums over all rows."""
    rows = list(layers)
    trainable = sum(row.parameters for row in rows)
    return Totals(trainable, trainable + sum(row.statistics for row in rows))


def render(networks: dict[str, list[Layer]], width: int | None = None) -> str:
    """Return the tables of several networks as text, with totals.

    Args:
        networks: name -> rows as `layers` returns them.
        width: letters of a line; None: the terminal's.
    """
    shown: list[RenderableType] = []
    for name, rows in networks.items():
        shown += [Text(name, "bold"), _table(rows), ""]
    if len(networks) > 1:
        every = summary(row for rows in networks.values() for row in rows)
        shown += [f"trainable, all together: {every.trainable:,}", ""]
    return text.rendered(*shown[:-1], width=width)


def _table(rows: list[Layer]) -> Table:
    table = text.table()
    for head in ("layer", "kind", "detail", "output"):
        table.add_column(head)
    table.add_column("parameters", justify="right", no_wrap=True)
    for row in rows:
        cells = map(text.words, (row.name, row.kind, row.detail, sides(row.shape)))
        table.add_row(*cells, f"{row.parameters:,}")
    totals = summary(rows)
    table.add_section()
    table.add_row("trainable", "", "", "", f"{totals.trainable:,}")
    if totals.with_statistics != totals.trainable:
        table.add_row("with running statistics", "", "", "", f"{totals.with_statistics:,}")
    return table


def sides(shape: tuple[int, ...] | None) -> str:
    """Return the sides of an output as words, nothing where they are unknown."""
    return "" if shape is None else " x ".join(map(str, shape))


# the rows


def _parts(network: nn.Module) -> Iterable[tuple[str, nn.Module, bool]]:
    """Yield (path, module, whole): whole modules are shown as one, with all that is in them."""
    inside: set[int] = set()
    for path, module in network.named_modules():
        if id(module) in inside:
            continue
        whole = (
            not list(module.children())
            or isinstance(module, nn.MultiheadAttention)
            or parametrize.is_parametrized(module)
        )
        if whole:
            inside |= {id(part) for part in module.modules()}
        yield path, module, whole


def _rows(network: nn.Module) -> dict[nn.Module, Layer]:
    """Return a row without a shape for each module that has one, in order of definition."""
    rows: dict[nn.Module, Layer] = {}
    counted: set[int] = set()
    for path, module, whole in _parts(network):
        named = [*module.named_parameters(recurse=whole), *module.named_buffers(recurse=whole)]
        # counters of batches seen are whole numbers and no statistics
        named = [(name, tensor) for name, tensor in named if tensor.is_floating_point()]
        if not whole and not named:
            continue
        fresh = [tensor for _, tensor in named if id(tensor) not in counted]
        counted |= {id(tensor) for tensor in fresh}
        detail = _detail(module) if whole else "own " + ", ".join(name for name, _ in named)
        if named and not fresh:
            detail = ", ".join([detail] * bool(detail) + ["shared"])
        rows[module] = Layer(
            name=path or "(itself)",
            kind=_kind(module),
            detail=detail,
            shape=None,
            parameters=sum(tensor.numel() for tensor in fresh if tensor.requires_grad),
            statistics=sum(tensor.numel() for tensor in fresh if not tensor.requires_grad),
        )
    return rows


def _kind(module: nn.Module) -> str:
    name = type(module).__name__
    return name.removeprefix("Parametrized") if parametrize.is_parametrized(module) else name


ATTRIBUTES = {  # what modules say of themselves -> (value that need not be said, how to say others)
    "stride": (1, "stride {}"),
    "dilation": (1, "dilation {}"),
    "groups": (1, "{} groups"),
    "num_groups": (None, "{} groups"),
    "scale_factor": (None, "factor {:g}"),
    "upscale_factor": (None, "factor {}"),
    "negative_slope": (None, "slope {:g}"),
    "p": (None, "p {:g}"),
    "num_heads": (None, "{} heads"),
    "num_layers": (1, "{} layers"),
    "bidirectional": (False, "both directions"),
}


def _detail(module: Any) -> str:
    """Return what distinguishes this module from others of its class, in a few words."""
    words: list[str] = []
    if hasattr(module, "kernel_size"):
        words.append(_size(module.kernel_size, type(module).__name__))
    if isinstance(module, nn.Linear):
        words.append(f"{module.in_features} to {module.out_features}")
    if isinstance(module, nn.Embedding):
        words.append(f"{module.num_embeddings} to {module.embedding_dim}")
    for name, (usual, form) in ATTRIBUTES.items():
        value = getattr(module, name, usual)
        if isinstance(value, tuple):
            value = value[0] if len(set(value)) == 1 else _size(value)
        if isinstance(value, int | float) and value != usual:
            words.append(form.format(value))
        elif isinstance(value, str):
            words.append(f"{name} {value}")
    if parametrize.is_parametrized(module):
        steps = [step for own in module.parametrizations.values() for step in own]
        words += sorted({type(step).__name__.strip("_") for step in steps})
    return ", ".join(words)


def _size(sides: Any, kind: str = "") -> str:
    """Write sides as 3x3; pooling keeps one number, and its dimensions only in its name."""
    if not isinstance(sides, tuple):
        sides = (sides,) * next((n for n in (1, 2, 3) if kind.endswith(f"{n}d")), 1)
    return "x".join(map(str, sides)) if len(sides) > 1 else f"kernel {sides[0]}"


# the run


@dataclass
class _Call:
    """What one module did."""

    shape: tuple[int, ...] | None = None
    runs: int = 0


def _watch(twin: nn.Module, whole: bool, begin: Callable[[], _Call]) -> None:
    """Have a module note its calls; of one that only holds parameters the place is enough."""

    def before(*_: Any) -> None:
        begin()

    def after(_: nn.Module, __: Any, output: Any) -> None:
        call = begin()
        call.runs += 1
        call.shape = _shape(output, getattr(twin, "batch_first", True))

    twin.register_forward_pre_hook(before)
    if whole:
        twin.register_forward_hook(after)


def _trace(
    network: nn.Module, rows: Container[nn.Module], inputs: tuple[Any, ...]
) -> dict[nn.Module, _Call]:
    """Run a copy without memory; return what each module did, in order of their first calls."""
    calls: dict[nn.Module, _Call] = {}
    ghost = _ghost(network)
    twins = dict(zip(network.modules(), ghost.modules(), strict=True))
    for _, module, whole in _parts(network):
        if module in rows:
            _watch(twins[module], whole, partial(calls.setdefault, module, _Call()))
    moved = [value.to("meta") if isinstance(value, Tensor) else value for value in inputs]
    # the default device serves networks that make tensors themselves
    with torch.no_grad(), torch.random.fork_rng(devices=[]), torch.device("meta"):
        ghost(*moved)
    return calls


def _ghost(network: nn.Module) -> nn.Module:
    """Copy a network without copying its numbers."""
    memo: dict[int, Any] = {}
    for module in network.modules():
        own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        # old-style weight normalisation leaves computed tensors, which refuse to be copied
        own += [value for value in vars(module).values() if isinstance(value, Tensor)]
        for tensor in own:
            twin = torch.empty_like(tensor, device="meta", requires_grad=False)
            if isinstance(tensor, nn.Parameter):
                twin = nn.Parameter(twin, requires_grad=tensor.requires_grad)
            memo[id(tensor)] = twin
    return copy.deepcopy(network, memo).eval()


def _shape(output: Any, batch_first: bool) -> tuple[int, ...] | None:
    """Return the shape of the first tensor in an output, without the batch."""
    if isinstance(output, dict):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        found = [_shape(part, batch_first) for part in output]
        return next((shape for shape in found if shape is not None), None)
    if not isinstance(output, Tensor):
        return None
    sides = list(output.shape)
    del sides[0 if batch_first or len(sides) < 2 else 1]
    return tuple(sides)
