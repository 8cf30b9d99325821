"""Models by their names, and models outside: in a file of somebody's own, never run unasked."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import follow
from liangyi.cli import main
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.lab.small import Small
from liangyi.runs.run import Run
from liangyi.zoo.adversarial.gan import GAN

MINE = '''"""Mine: a GAN with a flatter slope."""

from liangyi.core.registry import register
from liangyi.zoo.adversarial.gan import GAN


@register("{name}")
class Mine(GAN):
    """Mine: a GAN with a flatter slope."""
'''


pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a file with a model of somebody's own."""
    file = tmp_path / "mine.py"
    file.write_text(MINE.format(name="mine"))
    return file


def forget(file: Path) -> None:
    """Be a process that has not seen a file yet."""
    for name in [name for name, (place, _) in registry._outside.items() if place == file]:
        del registry._outside[name], registry._models[name]


def test_names_are_those_of_the_files_in_their_families():
    families = registry.families()
    assert registry.find("wgan-gp").name() == "wgan-gp"
    assert {"gan", "dcgan", "wgan-gp", "r3gan"} <= set(families["adversarial"])
    assert sorted(name for family in families.values() for name in family) == registry.names()
    with pytest.raises(UserError, match="unknown model 'wgan-pg'; did you mean wgan-gp"):
        registry.find("wgan-pg")


def test_a_summary_is_read_without_running_anything(monkeypatch):
    monkeypatch.setattr(registry, "find", None)
    assert registry.summary("gan") == (
        "GAN: two fully connected networks, one creates, one judges."
    )


def test_two_models_of_one_name_are_refused():
    @registry.register("twice")
    class One(GAN):
        """One."""

    with pytest.raises(ValueError, match="two models are called 'twice'"):

        @registry.register("twice")
        class Other(GAN):
            """Other."""

    assert registry.find("twice") is One


def test_a_file_outside_is_found_with_its_hash(mine):
    kind = registry.find(str(mine))
    assert issubclass(kind, GAN) and kind.name() == "mine"
    assert registry.find(str(mine)) is kind and registry.find("mine") is kind
    sha = hashlib.sha256(mine.read_bytes()).hexdigest()
    assert registry.code_of(kind) == {"file": "mine.py", "sha256": sha}
    assert registry.code_of(GAN) is None
    assert registry.summary("mine") == "Mine: a GAN with a flatter slope."
    assert "mine" in registry.names() and "mine" in registry.families()["others"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('"""Nothing."""\n', "should register one model by @register.NAME., it has none"),
        (MINE.format(name="one") + MINE.format(name="two").replace("Mine(", "Other("),
         "should register one model by @register.NAME., it has one, two"),
        ("import no_such_package\n", "cannot be used: ModuleNotFoundError: No module named"),
        ("def broken(:\n", "cannot be used: SyntaxError"),
        ("raise SystemExit(3)\n", "cannot be used: SystemExit: 3"),
        (MINE.format(name="gan"), "cannot be used: ValueError: two models are called 'gan'"),
        (MINE.format(name="vae"), "vae is a model of the zoo; choose another name"),
    ],
    ids=["none", "two", "import", "syntax", "exit", "taken", "taken, not loaded"],
)  # fmt: skip
def test_a_file_that_is_no_model_is_refused_in_one_line(tmp_path, text, wanted):
    file = tmp_path / "mine.py"
    file.write_text(text)
    registry.find("gan")
    registry._models.pop("vae", None)
    before = registry.names()
    for _ in range(2):  # and it stays refused
        with pytest.raises(UserError, match=wanted) as told:
            registry.find(str(file))
        assert "\n" not in str(told.value)
    assert registry.names() == before
    file.write_text(MINE.format(name="mine"))  # mended
    assert registry.find(str(file)).name() == "mine"


def test_a_file_that_is_not_there_is_the_users_mistake(tmp_path):
    for name in ("nothere.py", "folder.py"):
        (tmp_path / "folder.py").mkdir(exist_ok=True)
        with pytest.raises(UserError, match="there is no file of a model at"):
            registry.find(str(tmp_path / name))


@pytest.fixture
def run(mine, tmp_path) -> Run:
    """Return a trained run of the model outside."""
    made = Small.of(registry.find(str(mine)), tmp_path).run("run")
    for _ in follow(made):
        pass
    return made


def test_a_run_of_it_is_refused_without_its_file_and_used_with_it(run, mine, tmp_path, capsys):
    # breaks when a run's folder names code that is then run: a folder may be a stranger's
    code = json.loads((run.path / "config.json").read_text())["code"]
    assert code == registry.code_of(run.kind) and str(tmp_path) not in json.dumps(code)
    forget(mine)
    shutil.copy(mine, run.path / "mine.py")  # not even one that lies there
    with pytest.raises(UserError, match=r"is in a file, mine\.py; name that file"):
        Run(run.path)
    for verb in ("sample", "resume", "diagnose", "show"):
        assert main([verb, str(run.path)]) == 2
        assert "--model: the model of" in capsys.readouterr().err
    words = ["sample", str(run.path), "--out", str(tmp_path / "drawn.npy"), "-n", "3"]
    words = [word if word != "-n" else "--number" for word in words]
    assert main([*words, "--model", str(mine)]) == 0
    assert (tmp_path / "drawn.npy").exists() and not capsys.readouterr().err


def test_it_goes_on_with_its_file(run, mine):
    forget(mine)
    registry.find(str(mine))
    again = Run(run.path).aimed_at(6)
    assert [report.step for report in follow(again)] == [5, 6]


def test_a_file_that_has_changed_is_told_and_used(run, mine, capsys):
    assert run.about_code() == []
    mine.write_text(mine.read_text() + "\n# another line\n")
    assert registry.find(str(mine)) is not run.kind  # as in a notebook: what was edited is used
    assert Run(run.path).about_code() == [f"mine.py is not what it was when {run.path} began"]
    assert main(["resume", str(run.path), "--model", str(mine), "--steps", "5"]) == 0
    assert "mine.py is not what it was" in capsys.readouterr().err


def test_the_message_names_something_that_works_in_python(run, mine):
    # breaks when an error gives advice that cannot be followed
    script = (
        "import liangyi, sys; run, file = sys.argv[1:]; liangyi.outside(file);"
        "print(len(liangyi.load(run).sample(2)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, str(run.path), str(mine)],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ended.stdout == "2\n", ended.stderr


def test_a_borrowed_name_is_no_prefix_of_others():
    # breaks when the weights of `judge_head` are never saved, since `judge` is borrowed
    class Lent(GAN):
        borrowed = ("judge",)

    assert Lent.borrows("judge") and Lent.borrows("judge.0.weight")
    assert not Lent.borrows("judge_head.weight")
