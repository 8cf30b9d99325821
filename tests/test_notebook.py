"""A notebook, executed: progress that moves in one line, and runs, models and cards to look at."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import liangyi

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

CELLS = (
    "import sys; sys.modules['ipywidgets'] = None  # not all have it\nimport liangyi",
    "run = liangyi.train('gan', 'ring', 'run', steps=20, latent=2)",
    "run",
    "print(run)",
    "model = liangyi.load(run); model",
    "model.sample(2, label=1)",
    "liangyi.score(run, number=200)[0]",
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """Return the outputs of each cell."""
    place = tmp_path_factory.mktemp("notebook")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(Path(liangyi.__file__).parents[1]))
        patch.setenv("IPYTHONDIR", str(place / "ipython"))
        nbclient.NotebookClient(
            book, timeout=200, allow_errors=True, resources={"metadata": {"path": str(place)}}
        ).execute()
    return [cell.outputs for cell in book.cells]


def html(outputs):
    return "".join(one["data"].get("text/html", "") for one in outputs if "data" in one)


def test_training_shows_one_line_that_ends_at_the_last_step(outputs):
    # breaks when nothing is shown without widgets, or a line is added for each state
    (line,) = [one for one in outputs[1] if "progress" in str(one.get("data"))]
    assert "20/20  100%" in line["data"]["text/plain"] and "<progress" in line["data"]["text/html"]
    assert "━" not in line["data"]["text/plain"]  # one bar is enough
    assert not [one for one in outputs[1] if one["output_type"] == "error" or "Warn" in str(one)]


def test_a_run_a_model_and_a_card_are_shown(outputs):
    for words in ("gan on ring", "20 of 20 steps", "newest samples", "curves"):
        assert words in html(outputs[2])
    assert "gan on ring, done, 20 of 20 steps" in outputs[3][0]["text"]
    assert "sample(count)" in html(outputs[4]) and "generator" in html(outputs[4])
    assert "95 % interval" in html(outputs[6])


def test_a_label_that_the_model_does_not_know_is_one_line(outputs):
    (error,) = outputs[5]
    assert error["ename"] == "UserError" and error["evalue"].startswith("gan does not know labels;")
    assert error["traceback"] == [f"UserError: {error['evalue']}"]


SCRIPT = "import liangyi; liangyi.train('gan', 'ring', 'run', steps=2, latent=2{more})"


@pytest.mark.parametrize("more", ["", ", progress=True"])
def test_a_script_that_nobody_watches_is_quiet(tmp_path, more):
    words = [sys.executable, "-c", SCRIPT.format(more=more)]
    ended = subprocess.run(
        words, cwd=tmp_path, capture_output=True, text=True, timeout=100, env=os.environ
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    assert ended.stderr == ""
