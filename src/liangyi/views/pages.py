"""Pages that need no network and no other file: templates, with their styles and scripts inside."""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from liangyi.views import figures, intervals

STYLES = ("vendor/uPlot.min.css", "page.css")
SCRIPTS = ("vendor/uPlot.iife.min.js", "charts.js", "codes.js", "page.js")
LICENSE = "vendor/LICENSE-uPlot"  # wants to be wherever the library is


def render(template: str, **known: Any) -> str:
    """Return a page; all words are escaped, whatever they hold.

    Args:
        template: a file in templates/.
        **known: what it shows.
    """
    styles, scripts = _assets()
    page = _environment().get_template(template)
    return page.render(styles=styles, scripts=scripts, policy=_policy(styles, scripts), **known)


def part(template: str, **known: Any) -> str:
    """Return a piece of a page, without styles and scripts; all words are escaped.

    Args:
        template: a file in templates/.
        **known: what it shows.
    """
    return _environment().get_template(template).render(**known)


def address(png: bytes) -> str:
    """Return a PNG file as the address of itself."""
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


def typed(value: Any) -> str:
    """Write a setting as it would be typed."""
    if isinstance(value, list | tuple):
        return " ".join(typed(part) for part in value)
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return str(value)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("liangyi.views"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "address": address,
        "counted": "{:,}".format,
        "figures": figures.figures,
        "looks": intervals.looks,
        "short": figures.short,
        "typed": typed,
    }
    environment.globals |= {
        "scale": intervals.scale,
        "ARROWS": figures.ARROWS,
        "BETTER": figures.BETTER,
    }
    # JavaScript knows no NaN; series keep their order
    environment.policies["json.dumps_kwargs"] = {"allow_nan": False, "separators": (",", ":")}
    return environment


@functools.cache
def _assets() -> tuple[list[Markup], list[Markup]]:
    """Return the contents of all styles and scripts."""
    folder = resources.files("liangyi.views") / "static"
    read = {
        name: (folder / name).read_text(encoding="utf-8") for name in (*STYLES, *SCRIPTS, LICENSE)
    }
    read[SCRIPTS[0]] = f"/*\n{read[LICENSE]}\n*/\n{read[SCRIPTS[0]]}"
    styles, scripts = ([Markup(read[name]) for name in names] for names in (STYLES, SCRIPTS))
    return styles, scripts


def _policy(styles: list[Markup], scripts: list[Markup]) -> str:
    """Return what a browser may do: apply what is in the page, known by its hash; fetch nothing."""
    allowed = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": " ".join(map(_hash, styles)),
        "script-src": " ".join(map(_hash, scripts)),
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in allowed.items())


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
