"""`python -m benchmarks NAME ...`: one question, answered by measuring."""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path

from liangyi.core.errors import UserError


def questions() -> dict[str, str]:
    """Return name -> first line of the docstring of every file here that has a `main`.

    Read, not imported: some need packages that only a comparison has.
    """
    found = {}
    for path in sorted(Path(__file__).parent.glob("[!_]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            first = (ast.get_docstring(tree) or "").partition("\n")[0]
            found[path.stem.replace("_", "-")] = first
    return found


def main() -> None:
    known = questions()
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in known:
        lines = (f"  {name:12} {about}" for name, about in known.items())
        sys.exit("\n".join(["python -m benchmarks NAME ...; NAME is one of", *lines]))
    try:
        importlib.import_module(f"benchmarks.{name.replace('-', '_')}").main(sys.argv[2:])
    except UserError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
