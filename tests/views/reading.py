"""What tests of pages and drawings read them with."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

from liangyi.metrics.card import Card

NAMESPACE = "{http://www.w3.org/2000/svg}"
EVIL = "\"><b onclick=x>&'"
VOID = {"meta", "img", "input", "br"}


class Page(HTMLParser):
    """Checks that tags nest, and collects what a test may ask for."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.inside: dict[str, list[str]] = {"script": [], "style": []}
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in self.inside:
            self.inside[self.open[-1]].append(data)
        else:
            self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def drawings(page: str) -> list[ElementTree.Element]:
    """Return the drawings of a page, each of which must be XML."""
    return [
        ElementTree.fromstring(drawn) for drawn in re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    ]


def charts(page: str) -> list[dict[str, Any]]:
    """Return what the charts of a page are built from; NaN and its like are no JSON."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    read = Page(page)
    kinds = [attributes.get("type") for attributes in read.all("script")]
    return [
        json.loads(content, parse_constant=refuse)
        for kind, content in zip(kinds, read.inside["script"], strict=True)
        if kind == "application/json"
    ]


def panels(page: str) -> dict[str, dict[str, Any]]:
    """Return the panels of all charts, title -> panel."""
    return {panel["title"]: panel for group in charts(page) for panel in group["panels"]}


def asks_others(page: str) -> bool:
    """Whether a page loads anything from elsewhere, or links there."""
    read = Page(page)
    named = [
        value or ""
        for _, attributes in read.tags
        for name, value in attributes.items()
        if name in ("src", "href", "action", "data", "srcset", "poster", "xlink:href", "style")
    ]
    styled = re.search(r"@import|url\(", "".join(read.inside["style"]))
    return bool(styled or read.all("link") or not all(n.startswith("data:image/") for n in named))


def card(metric: str = "frechet", value: float = 1.0, **changes: Any) -> Card:
    facts: dict[str, Any] = {"better": "lower", "error": 0.1, "floor": 0.2, "about": "a distance"}
    return Card(metric=metric, value=value, **(facts | changes))
