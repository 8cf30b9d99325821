"""Tiles: the whole picture without seams, sizes of any kind, and what people give by mistake."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from liangyi.core import capacity
from liangyi.core.errors import UserError
from liangyi.nets.upscaling import Upscaling
from liangyi.use.tiles import assembled

STEPS = ("one", "doublings")


def network(steps: str, blocks: int = 2, factor: int = 2) -> Upscaling:
    """Return a network whose every part matters: its last layer begins at 0."""
    torch.manual_seed(0)
    made = Upscaling(3, factor, 4, blocks, steps).eval()
    for module in made.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, 0.3)
    return made


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize(("height", "width"), [(40, 57), (7, 90), (1, 1), (33, 32)])
@torch.no_grad()
def test_tiles_are_the_whole_picture(steps, height, width):
    # breaks with too small a reach, with an edge that is padded inside the picture, and with a
    # filter that is shifted from tile to tile
    made = network(steps)
    picture = torch.randn(1, 3, height, width)
    whole = made(picture)
    parts = assembled(made, picture, made.reach, tile=11)
    assert whole.shape == (1, 3, 2 * height, 2 * width)
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-4 * float(whole.abs().max()))


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("factor", [2, 4])
def test_the_reach_is_how_far_a_pixel_matters(steps, factor):
    # breaks when it is smaller than that, which gives seams, or more than a few pixels larger
    made = network(steps, factor=factor)
    picture = torch.randn(1, 3, 65, 65, requires_grad=True)
    large = made(picture)
    edge = 32 * factor
    for place in (edge, edge + factor - 1):  # the first and the last that replace one pixel
        (slope,) = torch.autograd.grad(large[0, :, place, place].sum(), picture, retain_graph=True)
        seen = slope.abs().sum((0, 1)).nonzero()
        far = int((seen - 32).abs().max())
        assert made.reach - 3 <= far <= made.reach


@torch.no_grad()
def test_memory_is_that_of_a_tile():
    # breaks when the whole picture goes through the network at once
    made, sizes = network("one", blocks=1), []

    def watched(part):
        sizes.append(part.shape[2] * part.shape[3])
        return made(part)

    assembled(watched, torch.randn(1, 3, 64, 100), made.reach, tile=16)
    assert max(sizes) <= (16 + 2 * made.reach) ** 2 and len(sizes) == 4 * 7


def test_what_does_not_fit_into_memory_is_told(monkeypatch):
    monkeypatch.setattr(capacity, "free", lambda: 1000)
    with pytest.raises(UserError, match="a picture of 80 x 60 would take"):
        assembled(network("one"), torch.randn(1, 3, 30, 40), 8)


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder of pictures of several sizes and kinds."""
    dice = np.random.default_rng(0)
    for name, shape in (("a", (20, 31, 3)), ("b", (300, 40, 3)), ("grey", (9, 12))):
        Image.fromarray(dice.integers(0, 255, shape, np.uint8)).save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.fixture
def say(capsys):
    from liangyi.cli import main

    def asked(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return (code, *capsys.readouterr())

    return asked


def test_a_photograph_of_any_size_is_enlarged(enlarging, photos, say, tmp_path):
    code, out, _ = say("upscale", enlarging.path, photos / "b.png", "-o", tmp_path / "big.png")
    assert code == 0 and out.strip().endswith("big.png: 40 x 300 -> 80 x 600")
    large = np.asarray(Image.open(tmp_path / "big.png"))
    model = enlarging.model()
    pixels = torch.from_numpy(np.asarray(Image.open(photos / "b.png")).copy())
    wanted = model.upscale(pixels.permute(2, 0, 1)[None].float() / 127.5 - 1)
    wanted = ((wanted[0].permute(1, 2, 0) + 1) * 127.5).round().numpy()
    assert large.shape == (600, 80, 3) and np.abs(large - wanted).max() <= 1


def test_several_go_into_a_folder_and_colours_are_told(enlarging, photos, say, tmp_path):
    code, out, err = say("upscale", enlarging.path, photos, "-o", tmp_path / "large")
    assert code == 0 and len(out.splitlines()) == 3
    assert "grey.png is grey; srresnet takes it as three equal colours" in err
    names = sorted(path.name for path in (tmp_path / "large").iterdir())
    assert names == ["a.png", "b.png", "grey.png"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["a.png", "--factor", "4"], "it has learned to enlarge by 2; for 4"),
        (["a.png", "b.png", "-o", "one.png"], "2 pictures do not go into one file"),
        (["a.png", "-o", "one.tiff"], "its name may end in .png"),
        (["none.png"], "there is no picture and no folder of pictures at none.png"),
        (["text.png"], "text.png cannot be read (not a picture"),
    ],
)
def test_mistakes_are_one_line(words, told, enlarging, photos, say, monkeypatch):
    monkeypatch.chdir(photos)
    Path("text.png").write_text("no picture")
    code, out, err = say("upscale", enlarging.path, *words)
    lines = [line for line in err.splitlines() if not line.startswith("weights: best")]
    assert code == 2 and not out and len(lines) == 1 and told in lines[0]
    assert not Path("one.png").exists()
