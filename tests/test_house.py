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
            ("fields", "losses", "nets", "metrics"),
            ("data",),
            ("training",),
            ("runs",),
            ("zoo", "doctor"),
            ("views",),
            ("scoring",),
            ("session", "use"),
            ("api",),
            ("lab",),
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
        "import sys; import liangyi.cli.train, liangyi.session, liangyi.zoo.adversarial.dcgan;"
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


def calls(path):
    """Yield each call in a file: where it stands, its words (`torch.zeros`), and the call."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", ast.unparse(node.func), node


def test_only_one_place_seeds_a_generator():
    # breaks when somebody seeds by a bare number: two purposes of one seed then share their numbers
    seeds = ("manual_seed", "seed", "set_rng_state", "fork_rng", "manual_seed_all")
    here = {ROOT / "core" / "draw.py"}
    # what draws there changes nothing that anybody sees
    forks = {ROOT / "views" / "table.py", ROOT / "metrics" / "inception.py"}
    for path in set(FILES) - here:
        for where, words, _ in calls(path):
            *owner, last = words.split(".")
            seeding = last in seeds and ("torch" in owner or last.startswith("manual_seed"))
            assert not seeding or (last == "fork_rng" and path in forks), f"{where}: {words}"
            assert not words.endswith("draw.mix"), f"{where}: draw.key names a purpose"


MAKERS = (
    *("arange", "as_tensor", "empty", "eye", "full", "Generator", "linspace", "logspace", "normal"),
    *("ones", "rand", "randint", "randn", "randperm", "scalar_tensor", "tensor", "zeros"),
)


def test_every_tensor_is_made_on_a_named_device():
    # breaks, on a machine with a GPU alone, when something is made on the CPU that meets what is
    # on the GPU; what belongs on the CPU says so
    nameless = []
    for path in FILES:
        for where, words, call in calls(path):
            named = any(key.arg == "device" for key in call.keywords)
            if words == "torch.Generator":
                named = bool(call.args)
            elif words.endswith("Batches"):  # data, kind, size, seed, device
                named = named or len(call.args) > 4
            elif words.endswith(".batch") and len(call.args) > 1:  # kind, index, device
                named = named or len(call.args) > 2
            elif words not in {f"torch.{name}" for name in MAKERS}:
                continue
            nameless += [] if named else [f"{where}: {words}"]
    assert not nameless


def test_nobody_looks_at_the_first_items_of_sorted_data():
    # breaks when a limited look takes the first items of data: folders are sorted by class
    allowed = {
        "data/dataset.py",  # a share of what was drawn
        "data/pictures/binarised.py",  # all pictures
        "data/pictures/rotated.py",  # every picture in four positions
        "data/toys/parabola.py",
        "data/toys/ring.py",
        "data/toys/grid.py",
        "nets/recurrent.py",  # prefixes of one sentence
        "nets/fast/windows.py",  # scores of a table
        "zoo/sequences/word2vec.py",  # each word's own output
        "metrics/kernel.py",
        "scoring/evaluator.py",  # all items
        "session/look.py",  # all items
        "use/ranking.py",  # all queries, called by their numbers
        "scoring/scorers/pictures.py",  # all items
    }
    for path in FILES:
        for where, words, call in calls(path):
            counted = words == "torch.arange" and "device='cpu'" in ast.unparse(call)
            shortened = words == "torch.arange" and "min(" in ast.unparse(call)
            if where.split(":")[0] not in allowed:
                assert not counted and not shortened, f"{where}: take Dataset.subset"
