"""The rules of the house: rooms, sizes, and how quickly it answers."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import liangyi

ROOT = Path(liangyi.__file__).parent
LEVELS = {
    name: level
    for level, names in enumerate(
        [
            ("core",),
            ("nets", "losses", "metrics"),
            ("data",),
            ("zoo", "doctor"),
            ("views",),
            ("measuring", "showing", "sampling"),
            ("session",),
            ("judging", "diagnosing"),
            ("scoring",),
            ("api", "comparing"),
            ("bench",),
            ("cli", "studio"),
        ]
    )
    for name in names
}
FILES = sorted(ROOT.rglob("*.py"))


def room(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_down_only(path):
    here = room(path)
    if here in ("__init__", "__main__"):
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "liangyi" and len(parts) > 1 and parts[1] in LEVELS:
                down = LEVELS[parts[1]] < LEVELS[here] or parts[1] == here
                assert down, f"{path.relative_to(ROOT)} imports {name}"


def test_every_public_name_is_there_and_explained():
    for name in liangyi.__all__:
        assert inspect.getdoc(getattr(liangyi, name)), name
    assert liangyi.__all__ == sorted(liangyi.__all__)
    assert set(dir(liangyi)) >= set(liangyi.__all__)


@pytest.mark.parametrize(
    "name",
    [m.name for m in pkgutil.walk_packages([str(ROOT)], "liangyi.") if "__main__" not in m.name],
)
def test_every_module_can_be_imported_and_says_what_it_is(name):
    assert (importlib.import_module(name).__doc__ or "").strip()


def alone(script):
    words = [sys.executable, "-c", script]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr


def test_the_command_answers_without_loading_pytorch():
    script = (
        "import sys; from liangyi.cli import main; main(['--help']);"
        "heavy = {'torch', 'torchvision', 'sklearn', 'matplotlib', 'numpy'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr


def test_training_does_not_load_torchvision_or_matplotlib():
    # each costs a second or more at every start
    script = (
        "import sys; import liangyi.cli.train, liangyi.session, liangyi.zoo.dcgan;"
        "heavy = {'torchvision', 'sklearn', 'matplotlib', 'tensorboard'} & set(sys.modules);"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 0, ended.stderr


def test_nothing_is_ever_unpickled():
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        for line in text.splitlines():
            assert "pickle.load" not in line and "allow_pickle=True" not in line, path
            if "torch.load(" in line:
                assert "weights_only=True" in line, path
