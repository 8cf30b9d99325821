"""What arrays are taken for: pictures, points, sentences or labels, by their shapes and types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from liangyi.core.counts import few, many
from liangyi.core.errors import UserError
from liangyi.core.spec import Field, Label, Pixels, Spec, Vector, Words

_COLOURS = (1, 3)
_BEYOND = 0.02  # share of the range by which resizing may overshoot it
_MOST = 100_000  # items of a torch Dataset that are read one by one


_MANY = 20  # pictures among which one is dark


class Ends(NamedTuple):
    """What black and white are in pictures."""

    low: int
    high: int
    floating: bool  # numbers with a fraction, not bytes


class Understood(NamedTuple):
    """Arrays, and what they were taken for."""

    fields: dict[str, Field]
    columns: dict[str, Tensor]  # as they are stored
    ends: dict[str, Ends]  # of pictures: what black and white are
    said: list[str]  # a line for people about each

    @property
    def spec(self) -> Spec:
        """What an item looks like; created is the first field that is no label."""
        names = [name for name, field in self.fields.items() if not isinstance(field, Label)]
        return Spec([*names, *self.fields][0], **self.fields)


def understood(given: Any, like: Understood | None = None) -> Understood:
    """Return what arrays are taken for.

    Args:
        given: arrays in any of the forms that `Arrays` takes.
        like: the training data, for what is held out: it is read in the same way.

    Raises:
        UserError: it is nothing that a model could learn from, or the lengths differ.
    """
    found = Understood({}, {}, {}, [])
    for name, values in _named(given).items():
        _add(found, name, _column(name, values), like)
    lengths = {name: len(column) for name, column in found.columns.items()}
    if not lengths:
        raise UserError("the data is empty")
    if len(set(lengths.values())) > 1:
        each = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
        raise UserError(f"the fields have different lengths: {each}")
    if like is not None and found.fields != like.fields:
        one, other = (
            ", ".join(f"{name} {field.shape or ''}".strip() for name, field in part.fields.items())
            for part in (found, like)
        )
        raise UserError(f"the held-out data is unlike the training data: {one}, not {other}")
    return found


def _named(given: Any) -> dict[str, Any]:
    """Return the arrays by name; an empty name is to be found out."""
    if isinstance(given, Mapping):
        return {str(name): values for name, values in given.items()}
    if hasattr(given, "to_numpy") and hasattr(given, "columns"):  # a table of pandas or polars
        try:
            return {"point": np.asarray(given.to_numpy(), dtype=np.float32)}
        except (TypeError, ValueError) as error:
            raise UserError(f"the table holds more than numbers ({one_line(error)})") from None
    if isinstance(given, tuple) and len(given) == 2:  # (items, labels)
        return {"": given[0], "label": given[1]}
    if isinstance(given, torch.utils.data.Dataset):
        return _listed(given)
    return {"": given}


def _listed(given: Any) -> dict[str, Any]:
    """Read a torch `Dataset` whose items are tensors, pairs of one and a label, or mappings."""
    if not hasattr(given, "__len__") or len(given) > _MOST:
        raise UserError(
            f"a torch Dataset of a known length up to {_MOST:,} can be read into memory"
        )
    rows = [given[number] for number in range(len(given))]
    if not rows:
        raise UserError("the data is empty")
    first = rows[0]
    try:
        if isinstance(first, Mapping):
            return {str(name): _stacked([row[name] for row in rows]) for name in first}
        if isinstance(first, tuple | list):
            names = ("", "label")[: len(first)]
            return {name: _stacked([row[place] for row in rows])
                    for place, name in enumerate(names)}  # fmt: skip
        return {"": _stacked(rows)}
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise UserError(f"the Dataset's items are not all alike ({one_line(error)})") from None


def _stacked(rows: list[Any]) -> Any:
    plain = (row.detach().cpu() if isinstance(row, Tensor) else row for row in rows)
    return np.stack([np.asarray(row) for row in plain])  # pictures, numbers, names


def _column(name: str, values: Any) -> Any:
    """Return values as a tensor on the CPU, or as an array of names."""
    what = name or "the data"
    try:
        array = values if isinstance(values, Tensor) else np.asarray(values)
        if isinstance(array, np.ndarray):
            if array.dtype.kind in "US" and array.ndim == 1 and len(array):
                return array
            native = array.astype(array.dtype.newbyteorder("="), copy=False)
            kept = native if native.flags.writeable else native.copy()
            array = torch.as_tensor(np.asarray(kept, order="C"), device="cpu")
        column = array.detach().cpu()
    except (TypeError, ValueError) as error:
        raise UserError(f"{what} is no array of numbers ({one_line(error)})") from None
    if column.is_complex():
        raise UserError(f"{what} holds complex numbers; give their parts")
    if not column.numel():
        raise UserError(f"{what} is empty")
    if column.is_floating_point() and not bool(column.isfinite().all()):
        raise UserError(f"{what} holds values that are not finite")
    if not column.is_floating_point() and column.dtype != torch.uint8:
        mask = column.dtype == torch.bool and column.dim() > 2  # pictures of black and white
        column = column.float() if mask else column.long()
    return column


def one_line(error: Exception) -> str:
    """Return what an error says, short and on one line."""
    return " ".join(str(error).split())[:80] or type(error).__name__


def _add(found: Understood, name: str, column: Any, like: Understood | None) -> None:
    """Take a column for a field, by its shape and type."""
    if isinstance(column, np.ndarray) or (column.dim() == 1 and not column.is_floating_point()):
        name = name or "label"
        field, column, about = _label(name, column, like and like.fields.get(name))
    elif column.dim() in (3, 4):
        name = name or "image"
        ends = like.ends.get(name) if like else None
        field, column, found.ends[name], about = _pixels(name, column, ends)
    elif column.dim() == 2 and column.is_floating_point():
        name, field, column = name or "point", Vector(column.shape[1]), column.float()
        about = f"{many(len(column), 'point')} of {many(column.shape[1], 'number')}"
    elif column.dim() == 2:
        name = name or "token"
        field, column, about = _words(name, column.long(), like and like.fields.get(name))
    else:
        raise UserError(
            f"{name or 'the data'} of shape {list(column.shape)}: pictures are [N H W], [N C H W] "
            "or [N H W C], points [N D], labels [N]"
        )
    if name in found.fields:
        raise UserError(f"two fields are called {name!r}")
    if name in ("item", "self"):
        raise UserError(f"a field cannot be called {name!r}; names are image, label, point ...")
    found.fields[name], found.columns[name] = field, column
    found.said.append(f"{name}: {about}")


def _label(name: str, values: Any, like: Field | None) -> tuple[Field, Tensor, str]:
    classes, numbers = np.unique(np.asarray(values), return_inverse=True)
    crowded = len(classes) > max(2, len(values) // 2) or len(classes) > 100_000
    if crowded and not isinstance(like, Label):
        raise UserError(
            f"{name}: {many(len(classes), 'class')} of {many(len(values), 'item')}; a class is "
            "what several items share"
        )
    names, found = (
        tuple(str(one) for one in classes),
        torch.as_tensor(numbers.reshape(-1), device="cpu").long(),
    )
    if isinstance(like, Label):  # the number of a class is what it was in training
        strange = [one for one in names if one not in like.names]
        if strange:
            raise UserError(f"{name}: the class {strange[0]!r} is not among the training data's")
        found = torch.tensor([like.names.index(one) for one in names], device="cpu")[found]
        names = like.names
    return Label(names), found, f"{many(len(names), 'class')}: {few(names, 10)}"


def _words(name: str, words: Tensor, like: Field | None) -> tuple[Field, Tensor, str]:
    length, count = words.shape[1], int(words.max()) + 1
    if int(words.min()) < 0:
        raise UserError(f"{name}: numbers of words are 0 or more")
    if isinstance(like, Words):
        count = max(count, like.count)
    about = f"{many(len(words), 'sentence')} of {many(length, 'word')}, {count:,} different"
    return Words(length, count), words, about


def _pixels(name: str, column: Tensor, like: Ends | None) -> tuple[Field, Tensor, Ends, str]:
    layout = "N H W"
    if column.dim() == 3:
        image = column[:, None]
    elif column.shape[3] in _COLOURS and column.shape[1] not in _COLOURS:
        image, layout = column.permute(0, 3, 1, 2), "N H W C"
    elif column.shape[1] in _COLOURS:
        image, layout = column, "N C H W"
    else:
        raise UserError(f"{name} of shape {list(column.shape)} has neither 1 nor 3 colours")
    ends = like if like and like.floating == image.is_floating_point() else _ends(name, image)
    low, high, _ = ends
    if like is ends:
        least, most, over = float(image.min()), float(image.max()), _BEYOND * (high - low)
        # of many pictures some are dark, unless black is another number than it was
        if least < low - over or most > high + over or (low < 0 <= least and len(image) >= _MANY):
            raise UserError(f"{name} has values outside those of the training data, or others: "
                            f"{least:g} to {most:g} beside {low} to {high}")  # fmt: skip
    if image.dtype != torch.uint8:
        unit = (image.float() - low) * (255 / (high - low))
        image = unit.round().clamp(0, 255).to(torch.uint8)
    channels, height, width = image.shape[1:]
    colour = "grey" if channels == 1 else "colour"
    form = f"values of {low} to {high}"
    about = f"{many(len(image), 'picture')} [{layout}], {width}x{height}, {colour}, {form}"
    return Pixels(channels, height, width), image.contiguous(), ends, about


def _ends(name: str, image: Tensor) -> Ends:
    """Return what black and white are: 0 to 1, -1 to 1, or 0 to 255."""
    least, most = float(image.min()), float(image.max())
    if not image.is_floating_point():
        if least < 0 or most > 255 or most == 1:
            values = "0 and 1 alone" if most == 1 and least >= 0 else f"{least:g} to {most:g}"
            raise UserError(
                f"{name}: pictures of whole numbers have values of 0 to 255, not {values}; give "
                "black and white ones as bool"
            )
        return Ends(0, 255, False)
    if least >= -_BEYOND and most <= 1 + _BEYOND:
        return Ends(0, 1, True)
    if -1 - 2 * _BEYOND <= least < -0.5 and most <= 1 + 2 * _BEYOND:
        return Ends(-1, 1, True)
    if least >= -255 * _BEYOND and 2 <= most <= 255 * (1 + _BEYOND):
        return Ends(0, 255, True)
    raise UserError(
        f"{name}: pictures have values of 0 to 1, -1 to 1 or 0 to 255, not {least:g} to {most:g}"
    )
