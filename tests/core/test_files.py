"""Writing replaces files and nothing else; what is read is a file that ends."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading

import pytest

from liangyi.core import files
from liangyi.core.errors import UserError, shown


def test_a_device_is_written_into_and_stays_a_device(tmp_path):
    # breaks when what is written beside is renamed over whatever is there: as root that takes
    # /dev/null from everybody
    device = tmp_path / "null"
    try:
        os.mknod(device, stat.S_IFCHR | 0o666, os.makedev(1, 3))
        device.write_bytes(b"")
    except OSError:
        pytest.skip("only root may make a device, and not everywhere")
    files.write(device, "gone")
    assert stat.S_ISCHR(device.stat().st_mode)
    assert [path.name for path in tmp_path.iterdir()] == ["null"]


def test_a_pipe_with_a_reader_is_written_into_and_one_without_is_refused(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="No such device"):  # and nobody waits for a reader
        files.write(pipe, "unheard")
    heard = []
    reader = threading.Thread(target=lambda: heard.append(pipe.read_bytes()))
    reader.start()
    while not heard and reader.is_alive():
        try:
            files.write(pipe, b"heard" * 50_000)  # more than a pipe holds
            break
        except OSError:  # the reader is not there yet
            continue
    reader.join(timeout=30)
    assert heard == [b"heard" * 50_000]
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_of_a_link_the_target_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target", tmp_path / "link"
    link.symlink_to(target)
    for content in ("first", "second"):  # at first it leads nowhere
        files.write(link, content)
        assert link.is_symlink() and target.read_text() == content
    assert [path.name for path in target.parent.iterdir()] == ["target"]


@pytest.mark.parametrize("name", ["folder", "loop", "folder/.."])
def test_what_cannot_be_a_file_is_refused(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OSError):
        files.write(tmp_path / name, "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "loop"]


def test_a_file_without_a_name_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="needs a name"):
        files.write(type(tmp_path)(""), "")


def test_only_files_are_read_and_appended_to(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "device").symlink_to("/dev/zero")
    for name in ("pipe", "folder", "device", "nothere"):
        with pytest.raises(OSError):
            files.read(tmp_path / name)
    for name in ("pipe", "folder", "device"):
        with pytest.raises(OSError):
            files.append(tmp_path / name, "x")
    files.append(tmp_path / "new", "a")
    files.append(tmp_path / "new", "b")
    assert files.read(tmp_path / "new") == b"ab"


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[" * 100_000, "nested too deeply"),
        ("[" * 40 + "]" * 40, "nested too deeply"),
        (str(10**400), "no sensible number"),
        ("9" * 10_000, "is not JSON"),
        ('"\\ud800"', "is no text"),
        ("{", "is not JSON"),
    ],
    ids=["endless", "deep", "large", "larger", "half a letter", "cut"],
)
def test_json_that_nobody_would_write_is_told(text, wanted):
    with pytest.raises(UserError, match=wanted) as told:
        files.parse_json(text, "this")
    assert len(str(told.value)) < 200


def killed() -> int:
    """Return the number of a process that has ended."""
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_what_the_dead_left_is_swept_and_what_the_living_write_is_not(tmp_path):
    dead = tmp_path / f".00000010.{killed()}.partial"
    dead.mkdir()
    (dead / "weights").write_bytes(b"0")
    (tmp_path / f".report.html.{killed()}.partial").write_text("half")
    alive = [f".report.html.{os.getppid()}.partial", ".mine.partial", "x.12.partial"]
    for name in alive:
        (tmp_path / name).write_text("")
    files.sweep(tmp_path)
    files.sweep(tmp_path / "nothere")
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(alive)


def test_what_was_typed_is_shown_short_and_printable():
    assert shown("dcgan") == "dcgan"
    assert shown("x" * 60) == "x" * 60
    assert len(shown("x" * 61)) == 60 and shown("x" * 61).endswith("…")
    assert shown("\x1b[2J").isprintable() and shown("\ud800").isprintable()
