from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
import torch
from torch import nn

from liangyi.views.diagram import family, svg
from liangyi.views.table import Layer, layers

NAMESPACE = "{http://www.w3.org/2000/svg}"


def networks() -> dict[str, list[Layer]]:
    generator = nn.Sequential(
        nn.Linear(100, 512 * 16),
        nn.Unflatten(1, (512, 4, 4)),
        nn.BatchNorm2d(512),
        nn.ReLU(),
        nn.ConvTranspose2d(512, 3, 4, 2, 1),
        nn.Tanh(),
    )
    critic = nn.Sequential(
        nn.Conv2d(3, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Dropout2d(),
        nn.Flatten(),
        nn.Linear(1024, 1),
    )
    return {
        "generator": layers(generator, torch.randn(2, 100)),
        "critic": layers(critic, torch.randn(2, 3, 8, 8)),
    }


def words(drawing: ElementTree.Element) -> str:
    return " ".join(" ".join(drawing.itertext()).split())


def test_the_drawing_is_xml_and_names_every_layer_once() -> None:
    rows = networks()
    drawing = ElementTree.fromstring(svg(rows, "a GAN"))
    said = words(drawing)
    titles = [title.text or "" for title in drawing.iter(f"{NAMESPACE}title")]
    every = [row for network in rows.values() for row in network]
    assert len(titles) == len(every)
    for row, title in zip(every, titles, strict=True):
        assert row.kind in title and title.startswith(row.name)
        assert said.count(row.kind) >= 2  # under the mouse and as a label
    assert "a GAN" in said and "generator" in said and "512 × 4 × 4" in said
    assert "4x4, stride 2" in said and "819,200" not in said and "827,392 parameters" in said


def test_boxes_and_labels_stay_inside_and_apart() -> None:
    drawing = ElementTree.fromstring(svg(networks(), "a GAN"))
    _, _, width, height = map(float, drawing.attrib["viewBox"].split())
    boxes = [
        tuple(float(box.attrib[side]) for side in ("x", "y", "width", "height"))
        for box in drawing.iter(f"{NAMESPACE}rect")
    ]
    for x, y, wide, tall in boxes:
        assert x >= 0 and y >= 0 and x + wide <= width and y + tall <= height
    for place, (x, y, wide, tall) in enumerate(boxes):
        for left, top, other_wide, other_tall in boxes[place + 1 :]:
            apart = x + wide <= left or left + other_wide <= x
            assert apart or y + tall <= top or top + other_tall <= y
    for line in drawing.iter(f"{NAMESPACE}text"):
        assert 0 <= float(line.attrib["x"]) < width and 0 < float(line.attrib["y"]) <= height


def test_wide_means_many_channels_and_tall_means_large_pictures() -> None:
    rows = [
        Layer("a", "Conv2d", "", (8, 64, 64), 1, 0),
        Layer("b", "Conv2d", "", (256, 64, 64), 1, 0),
        Layer("c", "Conv2d", "", (256, 4, 4), 1, 0),
    ]
    drawing = ElementTree.fromstring(svg({"net": rows}, ""))
    a, b, c = list(drawing.iter(f"{NAMESPACE}rect"))[:3]
    assert float(a.attrib["width"]) < float(b.attrib["width"]) == float(c.attrib["width"])
    assert float(a.attrib["height"]) == float(b.attrib["height"]) > float(c.attrib["height"])


def test_strange_names_are_escaped() -> None:
    rows = [
        Layer("<a&b>", "Conv<2>", 'say "x" & y', (3,), 1, 0),
        Layer("\x00", "K\x07", "", None, 0, 0),
    ]
    drawing = ElementTree.fromstring(svg({"<script>": rows}, '"<&>'))
    assert "Conv<2>" in words(drawing) and 'say "x" & y' in words(drawing)
    assert not list(drawing.iter(f"{NAMESPACE}script"))


def test_a_drawing_needs_nothing_from_elsewhere() -> None:
    drawn = svg(networks(), "a GAN").replace('xmlns="http://www.w3.org/2000/svg"', "")
    assert "http" not in drawn and "url(" not in drawn and "href" not in drawn
    assert not re.search(r'\bid="', drawn)  # a page may hold several drawings


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("Conv2d", "conv"),
        ("ConvTranspose2d", "conv"),
        ("Linear", "linear"),
        ("Bilinear", "linear"),
        ("BatchNorm2d", "norm"),
        ("LayerNorm", "norm"),
        ("LeakyReLU", "activation"),
        ("GELU", "activation"),
        ("SiLU", "activation"),
        ("Tanh", "activation"),
        ("LogSoftmax", "activation"),
        ("Dropout2d", "dropout"),
        ("Unflatten", "reshape"),
        ("MaxPool2d", "resize"),
        ("PixelShuffle", "resize"),
        ("LSTM", "memory"),
        ("GRU", "memory"),
        ("LSTMCell", "memory"),
        ("MultiheadAttention", "memory"),
        ("Embedding", "memory"),
        ("MyBlock", "other"),
    ],
)
def test_colours_follow_the_kind(kind: str, expected: str) -> None:
    assert family(kind) == expected


@pytest.mark.parametrize("rows", [[], [Layer("", "ReLU", "", (), 0, 0)]])
def test_tiny_networks_can_be_drawn(rows: list[Layer]) -> None:
    ElementTree.fromstring(svg({"net": rows}, ""))
    ElementTree.fromstring(svg({}, ""))


def test_many_networks_fill_several_rows() -> None:
    row = Layer("0", "Linear", "3 to 4", (4,), 16, 0)
    few = ElementTree.fromstring(svg({str(n): [row] for n in range(3)}, ""))
    many = ElementTree.fromstring(svg({str(n): [row] for n in range(6)}, ""))
    assert few.attrib["width"] == many.attrib["width"]
    assert float(few.attrib["height"]) < float(many.attrib["height"])
