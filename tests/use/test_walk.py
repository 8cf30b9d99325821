from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageSequence

from liangyi.core.errors import UserError
from liangyi.use.walk import walk


def frames(count: int, channels: int, side: int = 8) -> torch.Tensor:
    torch.manual_seed(0)
    return torch.rand(count, channels, side, side)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_gif_has_all_frames_large_enough_and_repeats(tmp_path: Path, channels: int) -> None:
    walk([frames(7, channels)], 7, (0.0, 1.0), tmp_path / "walk.gif", seconds_per_frame=0.08)
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames == 7 and film.size == (256, 256)  # type: ignore[attr-defined]
        assert film.info["loop"] == 0 and film.info["duration"] == 80
    assert [path.name for path in tmp_path.iterdir()] == ["walk.gif"]


def test_grey_frames_come_back_to_the_bit(tmp_path: Path) -> None:
    shown = torch.randint(256, (4, 1, 16, 16), dtype=torch.uint8)
    walk([shown.float() / 127.5 - 1], 4, (-1.0, 1.0), tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        for frame, wanted in zip(ImageSequence.Iterator(film), shown, strict=True):
            grey = torch.from_numpy(np.array(frame.convert("L")))
            assert torch.equal(grey[::16, ::16], wanted[0])


def test_colours_stay_close(tmp_path: Path) -> None:
    ramp = torch.linspace(0, 1, 16)
    picture = torch.stack(
        [ramp.expand(16, 16), ramp[:, None].expand(16, 16), 1 - ramp.expand(16, 16)]
    )
    shown = torch.stack([picture, picture.flip(1), picture.flip(2)])
    walk([shown], 3, (0.0, 1.0), tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        for frame, wanted in zip(ImageSequence.Iterator(film), shown, strict=True):
            rgb = torch.from_numpy(np.array(frame.convert("RGB"))).permute(2, 0, 1)
            assert (rgb[:, ::16, ::16] / 255 - wanted).abs().mean() < 0.03


def test_large_frames_are_not_enlarged(tmp_path: Path) -> None:
    walk([frames(2, 1, 300)], 2, (0.0, 1.0), tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.size == (300, 300)


@pytest.mark.parametrize("channels", [2, 5])
def test_odd_numbers_of_channels_are_shown_as_in_a_grid(tmp_path: Path, channels: int) -> None:
    walk([frames(3, channels)], 3, (0.0, 1.0), tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.width == (512 if channels == 2 else 256)


@pytest.mark.parametrize("name", ["walk.png", "walk"])
def test_other_suffixes_are_refused_by_name(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"\.gif or \.mp4"):
        walk([frames(2, 1)], 2, (0.0, 1.0), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_missing_folder_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot write"):
        walk([frames(2, 1)], 2, (0.0, 1.0), tmp_path / "nowhere" / "walk.gif")


def test_a_single_picture_is_no_batch_of_frames(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"\[N C H W\]"):
        walk([torch.rand(1, 8, 8)], 1, (0.0, 1.0), tmp_path / "walk.gif")


def test_without_an_encoder_the_way_out_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(UserError, match=r"liangyi\[video\].*\.gif"):
        walk([frames(2, 1)], 2, (0.0, 1.0), tmp_path / "walk.mp4")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("side", [8, 257])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_mp4_has_all_frames(tmp_path: Path, channels: int, side: int) -> None:
    encoder = pytest.importorskip("imageio_ffmpeg")
    walk([frames(9, channels, side)], 9, (0.0, 1.0), tmp_path / "walk.mp4", seconds_per_frame=0.1)
    count, seconds = encoder.count_frames_and_secs(str(tmp_path / "walk.mp4"))
    assert count == 9 and seconds == pytest.approx(0.9, abs=0.05)
    reader = encoder.read_frames(str(tmp_path / "walk.mp4"))
    assert next(reader)["size"] == ((256, 256) if side == 8 else (258, 258))
    reader.close()
