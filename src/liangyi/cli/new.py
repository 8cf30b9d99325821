"""`liangyi new NAME --from MODEL`: a file to begin a model of one's own with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.cli.flags import parse
from liangyi.core.config import Config

_ABOUT = (
    "Writes ./NAME.py, a model that begins as another one: change what your paper changes, "
    "then liangyi check ./NAME.py and liangyi train ./NAME.py"
)
_TEMPLATE = '''"""{title}: WHAT IS NEW, in one sentence.

AUTHORS, "TITLE", arXiv:0000.00000, algorithm 1:

    THE OBJECTIVE

Changed from `{parent}`: WHAT.

Departures: WHAT IS NOT AS IN THE PAPER, and why.
"""

from __future__ import annotations

{imports}


@register("{name}")
class {title}({base}):
    """{title}: WHAT IS NEW, in one sentence."""

{updates}'''


@dataclass(frozen=True, kw_only=True)
class New(Config):
    """What to begin with."""

    from_: str = "gan"  # the model whose algorithm it begins with
    out: Path | None = None  # the file; else ./NAME.py


def main(words: Sequence[str]) -> None:
    """Write the file."""
    import inspect
    import re

    from liangyi.cli.choose import named
    from liangyi.core import files, registry
    from liangyi.core.errors import UserError, shown

    name, rest = named(words, "new")
    args = parse(New, rest, "new NAME", _ABOUT)
    if not re.fullmatch(r"[a-z][a-z0-9_-]*", name):
        raise UserError(f"{shown(name)} is no name; small letters, digits and - would do: my-gan")
    stem = name.replace("-", "_")
    out = args.out or Path(f"{stem}.py")
    if out.exists():
        raise UserError(f"{out} is there already; name another file by --out")
    kind = registry.find(args.from_)
    owner = next(c for c in kind.__mro__ if "updates" in vars(c))
    module = inspect.getmodule(owner)
    assert module is not None
    source = inspect.getsource(vars(owner)["updates"])
    known = [
        line
        for line in inspect.getsource(module).splitlines()
        if line.startswith(("from ", "import "))
    ]
    wanted = [line for line in known if "__future__" not in line and _used(line, source)]
    wanted += ["from liangyi.core.registry import register"]
    wanted += [f"from {kind.__module__} import {kind.__name__}"]
    title = "".join(part.capitalize() for part in stem.split("_"))
    text = _TEMPLATE.format(
        title=title, parent=args.from_, name=name.replace("_", "-"), base=kind.__name__,
        imports="\n".join(sorted(set(wanted))), updates=source,
    )  # fmt: skip
    files.write(out, text)
    print(f"{out}: liangyi check ./{out} says whether it keeps the contract")


def _used(line: str, source: str) -> bool:
    """Whether any name that a line imports occurs in the source."""
    import re

    names = re.split(r",\s*", line.partition("import ")[2])
    return any(re.search(rf"\b{re.escape(name.split()[-1])}\b", source) for name in names if name)
