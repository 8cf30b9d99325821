"""How the house stands: what hurt before it was rebuilt, counted in two commits.

    python -m benchmarks house BEFORE [AFTER]

Each row is one `git grep -cE` in the sources of a commit, which stands beside its counts: lines
that match, and in how many files.
"""

from __future__ import annotations

import argparse
import subprocess

from liangyi.lab.table import markdown

SOURCES = "src/liangyi"
RUNS = [f":!{SOURCES}/runs", f":!{SOURCES}/core/run.py", f":!{SOURCES}/core/checkpoint.py"]
TEXTS = [f":!{SOURCES}/data/text", f":!{SOURCES}/data/oracle.py"]
FORMS = [f"{SOURCES}/core/products.py", f"{SOURCES}/core/memory.py"] + [
    f"{SOURCES}/nets/{name}.py"
    for name in ("dropout", "linear", "order", "sequential", "small_map", "upsampled")
]
# what is counted: the pattern, and where
COUNTS: dict[str, tuple[str, list[str]]] = {
    "data told by how many dimensions it has": (r"len\([a-z_.]*shape\)", [SOURCES]),
    "`vocabulary` outside the sources of text": ("vocabulary", [SOURCES, *TEXTS]),
    "`hasattr`": (r"hasattr\(", [SOURCES]),
    "signatures looked into": (r"inspect\.signature|__wrapped__", [SOURCES]),
    "finite or endless data told by its class": (
        r"isinstance\(.*(Dataset|Endless|Law|Judge)",
        [SOURCES],
    ),
    "files of a run named outside of `runs`": (
        r'"(config\.json|log\.jsonl|scores\.json|report\.html)"',
        [SOURCES, *RUNS],
    ),
    "constructors in the zoo that children must pass": (
        r"def __init__\(self, config: \w+, spec",
        [f"{SOURCES}/zoo"],
    ),
    "modules beside the rooms": (r"^from __future__", [f":(glob){SOURCES}/*.py"]),
    "lines of faster forms among core and plain nets": ("", FORMS),
    "lines of core": ("", [f"{SOURCES}/core"]),
    "lines of the trainer": (
        "",
        [f"{SOURCES}/core/trainer.py", f"{SOURCES}/training/trainer.py"],
    ),
    "lines of Python in all": ("", [f"{SOURCES}/*.py"]),
}


def counted(commit: str, pattern: str, paths: list[str]) -> tuple[int, int]:
    """Return how many lines of a commit match, and in how many files."""
    words = ["git", "grep", "-cE", "-e", pattern, commit, "--", *paths]
    found = subprocess.run(words, capture_output=True, text=True, check=False)
    if found.returncode > 1:  # 1: nothing matches
        raise SystemExit(found.stderr.strip())
    each = [int(line.rpartition(":")[2]) for line in found.stdout.splitlines()]
    return sum(each), len(each)


def said(lines: int, files: int) -> str:
    return f"{lines:,} in {files}" if lines else "0"


def command(pattern: str, paths: list[str]) -> str:
    """Return the words after `git grep -cE`, for a cell of a Markdown table."""
    shown = " ".join(f"'{path}'" if path.startswith(":") else path for path in paths)
    return f"`'{pattern}' COMMIT -- {shown}`".replace("|", r"\|")


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks house", description=__doc__)
    words.add_argument("before")
    words.add_argument("after", nargs="?", default="HEAD")
    args = words.parse_args(arguments)
    rows = [
        [what, *(said(*counted(commit, *where)) for commit in (args.before, args.after)),
         command(*where)]
        for what, where in COUNTS.items()
    ]  # fmt: skip
    print(markdown(["", "before", "after", "`git grep -cE`"], rows))
