"""Architecture diagrams: the layers of each network from top to bottom, as one SVG."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from liangyi.core.counts import many
from liangyi.views.svg import document, span, tag, text, width_of
from liangyi.views.table import Layer, summary

FAMILIES = {  # family: (classes, colour, what the legend says); the first that fits counts
    "norm": (r"Norm", "#2a9d8f", "normalisation"),
    "dropout": (r"Drop", "#a8b0bd", "dropout"),
    "reshape": (r"latten|Identity|Reshape|View|Permute", "#a8b0bd", "reshape"),
    "resize": (r"Pool|Upsampl|Shuffle|Pad|Fold", "#6cb4d9", "resize"),
    "memory": (r"LSTM|GRU\b|GRUCell|RNN|Attention|Embed", "#8a6fc4", "memory, attention"),
    "conv": (r"Conv", "#3f72af", "convolution"),
    "linear": (r"[Ll]inear", "#e08e45", "linear"),
    "activation": (
        r"LU|Tanh|tanh|Sigmoid|sigmoid|Softm|Softplus|Softsign|Mish|Swish|Shrink|Maxout",
        "#d9534f",
        "activation",
    ),
    "other": (r"", "#6b7280", "other"),
}
THIN = {"norm", "dropout", "reshape", "activation"}
PER_ROW = 3  # networks side by side
EDGE = 20.0
AXIS = 96.0  # from a column's left edge to the middle of its boxes
LABEL = 200.0  # from a column's left edge to its labels
LINE = 17.0
GAP = 22.0  # between blocks, for the arrow
SMALL = 11.5  # font size of all but the first line of a label
HEAD = 62.0  # height of a column's name and total


def family(kind: str) -> str:
    """Return the group of layers that a class belongs to, by its name."""
    return next(name for name, (pattern, _, _) in FAMILIES.items() if re.search(pattern, kind))


@dataclass
class _Bar:
    """One layer as drawn."""

    layer: Layer
    width: float
    height: float

    @property
    def colour(self) -> str:
        return FAMILIES[family(self.layer.kind)][1]


@dataclass
class _Block:
    """A layer with the thin ones that follow it, and its label as lines of markup."""

    bars: list[_Bar]
    lines: list[str]
    width: float  # of the label

    @property
    def stack(self) -> float:
        return sum(bar.height for bar in self.bars) + 2.0 * (len(self.bars) - 1)

    @property
    def height(self) -> float:
        return max(self.stack, LINE * len(self.lines))


def svg(networks: dict[str, list[Layer]], title: str) -> str:
    """Draw the architecture of some networks.

    A column each, boxes from top to bottom: wide boxes have many channels or features, tall ones
    large pictures, both on logarithmic scales. Normalisation, activation, dropout and reshaping
    are thin bars below the layer that they follow. Each box names itself under the mouse.

    Args:
        networks: name -> rows as `table.layers` returns them.
        title: heading; may be empty.

    Returns:
        An SVG that stands alone or inside a page, on a light background.
    """
    most = max((_features(row) for rows in networks.values() for row in rows), default=1)
    columns = [(name, rows, _blocks(rows, most)) for name, rows in networks.items()]
    top = EDGE + (34.0 if title else 0.0)
    body = [text(EDGE, EDGE + 16, title, font_size=18, font_weight=650)] if title else []
    right = EDGE + width_of(title, 18)
    for start in range(0, len(columns), PER_ROW):
        left, bottom = EDGE, top
        for name, rows, blocks in columns[start : start + PER_ROW]:
            drawn, end = _column(name, rows, blocks, left, top)
            body += drawn
            names = [width_of(name, 15), *(block.width for block in blocks)]
            left += LABEL + max(names) + 36
            bottom = max(bottom, end)
        right, top = max(right, left - 36), bottom + 30
    rows = [row for rows in networks.values() for row in rows]
    drawn, legend = _legend(rows, top)
    return document(max(right, legend) + EDGE, top + EDGE, title or "architecture", body + drawn)


def _column(
    name: str, rows: list[Layer], blocks: list[_Block], left: float, top: float
) -> tuple[list[str], float]:
    """Draw one network; return the markup and where it ends."""
    body = [
        text(left, top + 16, name, font_size=15, font_weight=650),
        text(left, top + 34, _count(summary(rows).trainable), font_size=SMALL, opacity=0.65),
    ]
    y, end = top + HEAD, 0.0
    for block in blocks:
        start = y + (block.height - block.stack) / 2
        if end:
            body.append(_arrow(left + AXIS, end + 3, start - 3))
        body += _boxes(block, left + AXIS, start)
        first = y + (block.height - LINE * len(block.lines)) / 2 + 13
        body += [
            tag("text", line, x=left + LABEL, y=first + LINE * place, font_size=SMALL)
            for place, line in enumerate(block.lines)
        ]
        end, y = start + block.stack, y + block.height + GAP
    return body, y - GAP


def _boxes(block: _Block, middle: float, y: float) -> Iterator[str]:
    for bar in block.bars:
        yield tag(
            "rect",
            span(_whole(bar.layer), element="title"),
            x=middle - bar.width / 2,
            y=y,
            width=bar.width,
            height=bar.height,
            rx=min(4.0, bar.height / 2.5),
            fill=bar.colour,
        )
        y += bar.height + 2


def _arrow(x: float, start: float, end: float) -> str:
    # drawn by hand: markers need names, which clash when a page holds several drawings
    shaft = f"M{x:.1f} {start:.1f}V{end - 5:.1f}"
    point = f"M{x - 3.5:.1f} {end - 6:.1f}L{x:.1f} {end:.1f}L{x + 3.5:.1f} {end - 6:.1f}Z"
    line = tag("path", d=shaft, stroke="currentColor", stroke_width=1.2, opacity=0.5)
    return line + tag("path", d=point, opacity=0.5)


def _whole(layer: Layer) -> str:
    """Return everything about a layer, for the mouse."""
    words = [layer.name, f"{layer.kind} {layer.detail}".strip(), _sides(layer)]
    words.append(_count(layer.parameters) if layer.parameters else "")
    words.append(f"{layer.statistics:,} not trained" if layer.statistics else "")
    return "\n".join(word for word in words if word)


# from rows to blocks


def _blocks(rows: list[Layer], most: int) -> list[_Block]:
    groups: list[list[Layer]] = []
    for row in rows:
        if groups and family(row.kind) in THIN:
            groups[-1].append(row)
        else:
            groups.append([row])
    return [_block(group, most) for group in groups]


def _block(group: list[Layer], most: int) -> _Block:
    head, *tail = group
    thin = family(head.kind) in THIN
    wide = _width(head, most)
    bars = [_Bar(head, wide, 7.0 if thin else 16.0 + 5.0 * math.log2(_side(head)))]
    shape = head.shape
    for row in tail:
        # what keeps the shape keeps the width: its own shape might be read in another order
        wide = wide if row.shape in (None, shape) else _width(row, most)
        shape = row.shape or shape
        bars.append(_Bar(row, wide, 7.0))
    said = [head.detail] * bool(head.detail)
    first = span(head.kind, font_size=13, font_weight=600)
    first += span("  " + "".join(said), opacity=0.65) if said else ""
    widths = [width_of(head.kind, 13.5) + width_of("  " + head.detail, SMALL)]
    facts = [f"→ {_sides(head)}"] * (head.shape is not None)
    facts += [_count(head.parameters)] * bool(head.parameters)
    second = "  ·  ".join(facts)
    lines = [first] + [span(second, opacity=0.85)] * bool(second)
    widths.append(width_of(second, SMALL))
    for part, width in _tail(tail, head.shape):
        lines.append(part)
        widths.append(width)
    return _Block(bars, lines, max(widths))


def _tail(tail: list[Layer], shape: tuple[int, ...] | None) -> Iterator[tuple[str, float]]:
    """Yield the lines that name the thin layers, with their widths."""
    line, width = "", 0.0
    for row in tail:
        words = row.kind
        if row.shape not in (None, shape):
            words, shape = f"{words} {_sides(row)}", row.shape
        words += f" ({row.parameters:,})" if row.parameters else ""
        room = width_of(words, SMALL) + 26
        if line and width + room > 300:
            yield line, width
            line, width = "", 0.0
        gap = 10 if line else None
        colour = FAMILIES[family(row.kind)][1]
        line += span("■", fill=colour, dx=gap) + span(words, opacity=0.85, dx=4)
        width += room
    if line:
        yield line, width


def _features(layer: Layer) -> int:
    """Return channels of pictures, features of vectors and sequences."""
    if not layer.shape:
        return 1
    flat = len(layer.shape) == 2 and not re.search(r"1d$", layer.kind)
    return max(1, layer.shape[-1 if flat else 0])


def _side(layer: Layer) -> float:
    """Return the side of a square picture of the same size, the length of a sequence, or 1."""
    if not layer.shape or len(layer.shape) == 1:
        return 1.0
    rest = math.prod(layer.shape) / _features(layer)
    return max(1.0, math.pow(rest, 1 / (len(layer.shape) - 1)))


def _width(layer: Layer, most: int) -> float:
    if layer.shape is None:
        return 70.0
    return 20.0 + 140.0 * math.log2(_features(layer)) / max(1.0, math.log2(most))


def _count(parameters: int) -> str:
    return many(parameters, "parameter")


def _sides(layer: Layer) -> str:
    if layer.shape == ():
        return "scalar"
    return " × ".join(map(str, layer.shape or ()))


def _legend(rows: list[Layer], y: float) -> tuple[list[str], float]:
    """Explain the colours that occur; return the markup and where it ends on the right."""
    labels: dict[str, list[str]] = {}
    for name in dict.fromkeys(family(row.kind) for row in rows):
        _, colour, label = FAMILIES[name]
        labels.setdefault(colour, []).append(label)
    x, body = EDGE, []
    for colour, names in labels.items():
        words = ", ".join(names)
        body.append(tag("rect", x=x, y=y - 9, width=10, height=10, rx=2, fill=colour))
        body.append(text(x + 15, y, words, font_size=SMALL, opacity=0.75))
        x += 15 + width_of(words, SMALL) + 16
    return body, x - 16
