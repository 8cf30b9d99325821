"""Where runs lie, and which one was meant by a path that leads to none."""

from __future__ import annotations

import difflib
from pathlib import Path

from liangyi.core.counts import few, many
from liangyi.core.errors import shown
from liangyi.runs.manifest import CONFIG


def there(path: Path | str) -> bool:
    """Whether there is a run at a path."""
    return (Path(path) / CONFIG).is_file()


def runs_in(folder: Path) -> list[Path]:
    """Return the runs that lie in a folder, the newest first."""
    try:
        found = [inner for inner in folder.iterdir() if there(inner)]
        return sorted(found, key=lambda run: (-run.stat().st_mtime, run))
    except OSError:
        return []


def meant(path: Path) -> str:
    """Say which runs lie in a folder that is none, or which one may be meant."""
    if inside := runs_in(path):
        count = many(len(inside), "run")
        return f", but holds {count}: {few([shown(run) for run in inside], 4)}; name one"
    known = {run.name: run for place in (path.parent, Path("runs")) for run in runs_in(place)}
    near = difflib.get_close_matches(path.name[:100], known, n=2, cutoff=0.6)
    near = [path.name] if path.name in known else near
    return f"; did you mean {' or '.join(shown(known[name]) for name in near)}?" if near else ""
