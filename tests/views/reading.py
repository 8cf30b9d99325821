"""What tests of pages and drawings read them with."""

from __future__ import annotations

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
        self.words += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def drawings(page: str) -> list[ElementTree.Element]:
    """Return the drawings of a page, each of which must be XML."""
    return [
        ElementTree.fromstring(drawn) for drawn in re.findall(r"<svg.*?</svg>", page, re.DOTALL)
    ]


def asks_others(page: str) -> bool:
    """Whether a page loads anything from elsewhere, or links there."""
    plain = page.replace('xmlns="http://www.w3.org/2000/svg"', "")
    return bool(re.search(r"https?://|//\w|@import|<link|url\(|\shref|\ssrc=.(?!data:)", plain))


def card(metric: str = "frechet", value: float = 1.0, **changes: Any) -> Card:
    facts: dict[str, Any] = {"better": "lower", "error": 0.1, "floor": 0.2, "about": "a distance"}
    return Card(metric=metric, value=value, **(facts | changes))
