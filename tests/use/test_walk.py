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
    walk([frames(7, channels)], 7, (0.0, 1.0), tmp_path / "walk.gif", fps=12.5)
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.n_frames == 7 and film.size == (256, 256)  # type: ignore[attr-defined]
        assert film.info["loop"] == 0 and film.info["duration"] == 80
    assert [path.name for path in tmp_path.iterdir()] == ["walk.gif"]


def test_grey_frames_come_back_to_the_bit(tmp_path: Path) -> None:
    shown = torch.randint(256, (4, 1, 16, 16), dtype=torch.uint8)
    walk([shown.float() / 127.5 - 1], 4, (-1.0, 1.0), tmp_path / "walk.gif", size=16)
    with Image.open(tmp_path / "walk.gif") as film:
        for frame, wanted in zip(ImageSequence.Iterator(film), shown, strict=True):
            grey = torch.from_numpy(np.array(frame.convert("L")))
            assert torch.equal(grey, wanted[0])


def test_colours_stay_close(tmp_path: Path) -> None:
    ramp = torch.linspace(0, 1, 16)
    picture = torch.stack(
        [ramp.expand(16, 16), ramp[:, None].expand(16, 16), 1 - ramp.expand(16, 16)]
    )
    shown = torch.stack([picture, picture.flip(1), picture.flip(2)])
    walk([shown], 3, (0.0, 1.0), tmp_path / "walk.gif", size=16)
    with Image.open(tmp_path / "walk.gif") as film:
        for frame, wanted in zip(ImageSequence.Iterator(film), shown, strict=True):
            rgb = torch.from_numpy(np.array(frame.convert("RGB"))).permute(2, 0, 1)
            assert (rgb / 255 - wanted).abs().mean() < 0.03


def test_large_frames_are_not_enlarged(tmp_path: Path) -> None:
    walk([frames(2, 1, 300)], 2, (0.0, 1.0), tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.size == (300, 300)


def test_small_frames_are_enlarged_smoothly(tmp_path: Path) -> None:
    # breaks when pixels are repeated, and edges become stairs
    edge = torch.zeros(2, 1, 8, 8)
    edge[..., 4:] = 1
    edge[1, ..., 0] = 1
    walk([edge], 2, (0.0, 1.0), tmp_path / "walk.gif")
    with Image.open(tmp_path / "walk.gif") as film:
        row = np.array(film.convert("L"))[128].astype(int)
    assert len(set(row[112:144])) > 16 and abs(np.diff(row)).max() < 20
    assert row[64] < 10 and row[192] > 245


@pytest.mark.parametrize(
    ("size", "wanted"), [(100, (150, 100)), (20, (30, 20)), (None, (384, 256))]
)
def test_the_shorter_side_has_as_many_pixels_as_were_asked_for(
    tmp_path: Path, size: int | None, wanted: tuple[int, int]
) -> None:
    walk([torch.rand(2, 3, 40, 60)], 2, (0.0, 1.0), tmp_path / "walk.gif", size=size)
    with Image.open(tmp_path / "walk.gif") as film:
        assert film.size == wanted


@pytest.mark.parametrize("fps", [7, 25, 30, 50])
def test_a_gif_lasts_as_long_as_its_rate_says(tmp_path: Path, fps: int) -> None:
    # breaks when 30 frames a second, which no GIF can have, become 33
    walk([frames(60, 1)], 60, (0.0, 1.0), tmp_path / "walk.gif", fps=fps, size=16)
    with Image.open(tmp_path / "walk.gif") as film:
        lengths = [frame.info["duration"] for frame in ImageSequence.Iterator(film)]
    assert abs(sum(lengths) - 60_000 / fps) <= 10 and max(lengths) - min(lengths) <= 10


def test_a_gif_that_browsers_would_slow_down_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"at most 50 .*\.mp4") as told:
        walk([frames(2, 1)], 2, (0.0, 1.0), tmp_path / "walk.gif", fps=60)
    assert told.value.setting == "fps" and not list(tmp_path.iterdir())


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
    walk([frames(9, channels, side)], 9, (0.0, 1.0), tmp_path / "walk.mp4", fps=10)
    count, seconds = encoder.count_frames_and_secs(str(tmp_path / "walk.mp4"))
    assert count == 9 and seconds == pytest.approx(0.9, abs=0.05)
    reader = encoder.read_frames(str(tmp_path / "walk.mp4"))
    assert next(reader)["size"] == ((256, 256) if side == 8 else (258, 258))
    reader.close()
