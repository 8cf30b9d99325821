"""The names of all sources, read without importing them: `liangyi list` answers at once."""

from __future__ import annotations

import ast
from pathlib import Path


def summaries() -> dict[str, str]:
    """Return each named source and the line about it."""
    found: dict[str, str] = {}
    for place in sorted(Path(__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(place.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and not _by_path(node):
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "source":
                        name, about = (ast.literal_eval(part) for part in mark.args)
                        found[name] = about
    return found


def _by_path(node: ast.ClassDef) -> bool:
    names = (
        target for part in node.body if isinstance(part, ast.Assign) for target in part.targets
    )
    return any(getattr(name, "id", "") == "by_path" for name in names)
