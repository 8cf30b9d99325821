"""Stopping a training, a full disk, a second training: nothing good is lost."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from safetensors.torch import load_file

from conftest import same
from liangyi.runs import checkpoint
from liangyi.runs.run import Run

PATIENCE = 90  # seconds that any process may take before the test fails
# a training that lasts until somebody stops it; it logs each step, so one can see that it has begun
LONG = (
    "train gan --generator-widths 16 --discriminator-widths 16 --latent 8 --steps 1000000 "
    "--batch-size 8 --log-every 1 --sample-every 1000000 --checkpoint-every 1000000 "
    "--device cpu --out run"
)


def until(path: Path) -> None:
    """Wait for a file that a process will write."""
    ending = time.monotonic() + PATIENCE
    while not (path.exists() and path.stat().st_size):
        assert time.monotonic() < ending, f"{path} never came"
        time.sleep(0.05)


def end(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=PATIENCE)
    return process.returncode, out or "", err or ""


def newest(run: Path) -> dict:
    step = max(checkpoint.steps(run / "checkpoints"))
    return load_file(run / f"checkpoints/{step:08d}/weights.safetensors")


class TestSignals:
    @pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
    def test_a_stopped_training_finishes_its_step_and_keeps_it(
        self, start, tmp_path, say, number, code
    ):
        process = start(LONG)
        until(tmp_path / "run" / "log.jsonl")
        process.send_signal(number)
        ended, out, err = end(process)
        assert ended == code
        assert not out
        assert err == "run: gan on digits\nstopped; liangyi resume run goes on\n"
        run = Run(tmp_path / "run")
        reached = run.lines()[-1]["step"]
        assert checkpoint.steps(run.path / "checkpoints") == [reached]  # no step was lost
        assert (run.path / "report.html").exists()
        assert say(f"resume run --steps {int(reached) + 1}").code == 0
        assert say("sample run -n 1").code == 0

    def test_a_second_interrupt_is_not_waited_for(self, copy, monkeypatch, say):
        # pressed while the checkpoint of the first one is being written
        run = copy("gan")
        before, ours = newest(run), signal.getsignal(signal.SIGINT)
        monkeypatch.setattr(Run, "save", lambda self, trainer, *more: interrupt())
        monkeypatch.setattr(
            "liangyi.session.recorder.Recorder.line", lambda self: interrupt() or {"step": 5}
        )
        assert say("resume gan --steps 900").code == 130
        assert same(before, newest(run))
        monkeypatch.undo()
        os.chdir(run.parent)
        assert checkpoint.steps(run / "checkpoints") == [4, 2]
        assert signal.getsignal(signal.SIGINT) is ours  # that of the training is taken back

    def test_an_interrupt_before_anything_was_learned_leaves_nothing(self, say, left, monkeypatch):
        monkeypatch.setattr(
            "liangyi.training.trainer.Trainer.advance", lambda self: interrupt_at_once()
        )
        assert say("train dcgan --width 4 --batch-size 8 --out run").code == 130
        assert not left()


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def interrupt_at_once():
    raise KeyboardInterrupt


class TestOneAtATime:
    def test_a_second_training_of_a_run_is_refused(self, say, copy):
        run = copy("gan")
        config = (run / "config.json").read_bytes()
        with Run(run).lock():
            for line in ("resume gan", "resume gan --steps 9"):
                assert "another training is writing into gan" in say(line).complaint
            assert "gan is there already" in say("train gan --out gan").complaint
            assert say("sample gan -n 1").code == 0  # looking is allowed
        assert (run / "config.json").read_bytes() == config
        assert say("resume gan").code == 0

    def test_also_while_another_process_trains(self, start, say, tmp_path):
        process = start(LONG)
        until(tmp_path / "run" / "log.jsonl")
        assert "another training is writing into run" in say("resume run").complaint
        process.send_signal(signal.SIGTERM)
        assert end(process)[0] == 143


@pytest.fixture
def small_disk(tmp_path):
    """Return a function that mounts a disk of so many kilobytes at a folder."""
    mounted: list[Path] = []

    def mount(kilobytes: int) -> Path:
        place = tmp_path / "disk"
        place.mkdir()
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "none", str(place)]
        if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
            pytest.skip("only root may mount a small disk")
        mounted.append(place)
        return place

    yield mount
    for place in mounted:
        subprocess.run(["umount", str(place)], check=True)


def fill(disk: Path) -> Path:
    """Leave no byte on a disk."""
    rest = disk / "rest"
    handle = os.open(rest, os.O_WRONLY | os.O_CREAT)
    with contextlib.suppress(OSError):
        while True:
            os.write(handle, b"0" * 4096)
    os.close(handle)
    return rest


TINY = (
    "train gan --generator-widths 64 --discriminator-widths 64 --steps 40 --batch-size 8 "
    "--log-every 5 --sample-every 1000 --checkpoint-every 10 --validate-every 0 --device cpu"
)


class TestFullDisk:
    def test_before_the_first_checkpoint(self, say, small_disk):
        disk = small_disk(128)
        line = say(f"{TINY} --out disk/run --log-every 100").complaint
        assert line.startswith("cannot write the checkpoint disk/run/checkpoints/00000010")
        assert "No space left on device" in line
        assert not list(disk.iterdir())  # nothing was learned, nothing stays

    def test_not_even_room_for_the_run(self, say, small_disk):
        disk = small_disk(64)
        rest = fill(disk)
        assert "disk/run" in say(f"{TINY} --out disk/run").complaint
        assert list(disk.iterdir()) == [rest]

    def test_the_last_good_checkpoint_stays_and_goes_on(self, say, small_disk):
        disk = small_disk(720)  # two checkpoints fit beside the rest, a third in the making not
        answer = say(f"{TINY} --out disk/run")
        assert "No space left on device" in answer.complaint
        assert len(answer.err.splitlines()) == 2  # what is trained, and the complaint
        run = Run(disk / "run")
        assert checkpoint.steps(run.path / "checkpoints")
        assert not [path for path in disk.rglob("*.partial")]
        assert say("sample disk/run -n 2 -o here.png").code == 0
        subprocess.run(["mount", "-o", "remount,size=9m", str(disk)], check=True)
        assert say("resume disk/run").code == 0
        assert max(checkpoint.steps(run.path / "checkpoints")) == 40

    def test_resuming_and_sampling_on_a_full_disk(self, say, small_disk, trained):
        disk = small_disk(4096)
        shutil.copytree(trained / "gan", disk / "run")
        before, config = newest(disk / "run"), (disk / "run" / "config.json").read_bytes()
        rest = fill(disk)
        for line in ("resume disk/run --steps 9", "sample disk/run -o disk/x.png"):
            assert "cannot write" in (found := say(line).complaint) and "No space left" in found
        assert (disk / "run" / "config.json").read_bytes() == config
        assert same(before, newest(disk / "run"))
        assert not list(disk.rglob("*.partial"))
        rest.unlink()
        assert say("resume disk/run --steps 9").code == 0


class TestPipes:
    def test_a_reader_that_leaves_is_no_error(self, start):
        # `liangyi list | head -1`: the pipe is closed before anything is written
        reading, writing = os.pipe()
        os.close(reading)
        process = start("list", stdout=writing)
        os.close(writing)
        code, _, err = end(process)
        assert (code, err) == (0, "")

    def test_a_training_outlives_whoever_watched_it(self, start, tmp_path):
        # `liangyi train 2>&1 | head -1`
        reading, writing = os.pipe()
        os.close(reading)
        line = "train dcgan --width 4 --steps 3 --batch-size 8 --device cpu --out run"
        process = start(line, stdout=writing, stderr=writing)
        os.close(writing)
        assert end(process)[0] == 0
        assert checkpoint.steps(tmp_path / "run" / "checkpoints") == [3]

    def test_a_closed_output_is_no_error(self, start):
        # `liangyi list >&-`
        code, _, err = end(start("list", stdout=None, preexec_fn=lambda: os.close(1)))
        assert (code, err) == (0, "")

    @pytest.mark.skipif(sys.platform != "linux", reason="address space is limited there")
    def test_too_little_address_space_for_pytorch_is_one_line(self, start):
        import resource

        limit = 600_000_000
        small = lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))  # noqa: E731
        code, out, err = end(start("show gan", preexec_fn=small))
        assert (code, out) == (2, "") and len(err.splitlines()) == 1
        assert "there is not enough memory to load PyTorch" in err

    def test_a_full_device_is_one_line(self, start):
        with Path("/dev/full").open("w") as full:
            code, _, err = end(start("list", stdout=full))
        assert (code, err) == (2, "liangyi: No space left on device\n")


class TestProcess:
    def test_help_answers_without_pytorch(self):
        # a second of imports before the first line of help would be felt
        script = (
            "import sys; from liangyi.cli import main; main(['--help']); main(['nothere']); "
            "assert not {'torch', 'numpy', 'rich'} & sys.modules.keys(), 'heavy'"
        )
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE
        )
        assert done.returncode == 0, done.stderr
        assert "usage: liangyi VERB" in done.stdout

    def test_the_module_is_the_command(self, start):
        assert end(start("--version"))[:2] == (0, start_version())
        code, out, err = end(start("trian"))
        assert (code, out) == (2, "")
        assert err == "liangyi: unknown verb 'trian'; did you mean train or rank?\n"

    def test_normal_paths_show_no_warnings(self, start, tmp_path):
        # in a process of its own, where nothing turns warnings into errors or hides them
        flags = "--width 4 --latent 8 --data digits --size 20 --depth 8 --device cpu"
        code, out, err = end(start(f"train acgan {flags} --steps 2 --batch-size 8 --out run"))
        assert (code, out) == (0, "")
        assert err == (
            "run: acgan on digits\ndoctor: under-trained (liangyi diagnose run)\n"
            "done: run/report.html\n"
        )
        assert end(start("walk run --frames 3")) == (0, "3 frames: walk.gif\n", "")


def start_version() -> str:
    from importlib.metadata import version

    return version("liangyi") + "\n"


class TestTogether:
    """Two processes on this machine, started by a third."""

    def test_two_processes_train_one_run_and_resume_it(self, start, tmp_path):
        line = (
            "train gan --generator-widths 16 --discriminator-widths 16 --steps 4 --batch-size 8 "
            "--checkpoint-every 2 --log-every 1 --device cpu --devices 2 --out run"
        )
        code, out, err = end(start(line))
        assert code == 0, err
        assert not out
        assert err.startswith("run: gan on digits\n") and "done: run/report.html" in err
        run = Run(tmp_path / "run")
        assert checkpoint.steps(run.path / "checkpoints") == [4, 2]
        assert [line["step"] for line in run.lines()] == [1, 2, 3, 4]  # each once, by one of them
        code, _, err = end(start("resume run --steps 6"))
        assert code == 0, err
        assert checkpoint.steps(run.path / "checkpoints") == [6, 4]
        assert [line["step"] for line in run.lines()] == [1, 2, 3, 4, 5, 6]

    @pytest.mark.parametrize(
        ("tell", "number", "code"),
        [
            # the keyboard reaches all three processes, and the first tells the others once more
            (os.killpg, signal.SIGINT, 130),
            (os.kill, signal.SIGTERM, 143),
        ],
    )
    def test_a_signal_keeps_the_steps_of_all(self, start, tmp_path, tell, number, code):
        process = start(f"{LONG} --devices 2")
        until(tmp_path / "run" / "log.jsonl")
        tell(process.pid, number)
        ended, out, err = end(process)
        assert (ended, out) == (code, "")
        assert err == "run: gan on digits\nstopped; liangyi resume run goes on\n"  # no dump
        run = Run(tmp_path / "run")
        assert checkpoint.steps(run.path / "checkpoints") == [run.lines()[-1]["step"]]

    def test_a_killed_process_ends_the_other_and_is_told(self, start, tmp_path):
        process = start(f"{LONG} --devices 2 --checkpoint-every 1")
        until(tmp_path / "run" / "log.jsonl")
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[-1]), signal.SIGKILL)
        code, _, err = end(process)
        assert code == 2 and "Traceback" not in err
        last = err.splitlines()[-1]
        assert last == (
            "liangyi: process 2 of 2 was killed by signal 9; liangyi resume run goes on"
        )

    def test_what_cannot_be_together_leaves_nothing(self, say, left):
        line = say("train gan --compile on --devices 2 --device cpu --out run").complaint
        assert line.startswith("--compile: no compiled steps: several processes exchange gradients")
        assert not left()

    def test_a_damaged_run_is_one_line_before_any_process_starts(self, say, copy, monkeypatch):
        monkeypatch.setattr(subprocess, "Popen", None)
        run = copy("gan")
        plain = json.loads((run / "config.json").read_text())
        plain["training"]["devices"] = 2
        (run / "config.json").write_text(json.dumps(plain))
        for step in (2, 4):
            (run / f"checkpoints/{step:08d}/state.json").unlink()
        assert "no checkpoint in gan is sound" in say("resume gan").complaint
        plain["fingerprint"] = "other"
        (run / "config.json").write_text(json.dumps(plain))
        assert "is not what gan began with" in say("resume gan").complaint

    def test_a_run_for_several_machines_says_how(self, say, copy):
        run = copy("gan")
        plain = json.loads((run / "config.json").read_text())
        plain["training"]["nodes"] = 3
        (run / "config.json").write_text(json.dumps(plain))
        line = say("resume gan").complaint
        assert "torchrun --nnodes 3" in line and line.endswith("-m liangyi resume gan")
