"""What a folder holds: every count by hand."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi.core.errors import UserError
from liangyi.data.pictures import inventory


def save(path, seed, size=(40, 30), mode="RGB"):
    rough = np.random.RandomState(seed).randint(0, 256, (8, 8, 3)).astype(np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(rough).resize(size, Image.Resampling.BICUBIC).convert(mode)
    image.save(path)
    return image


@pytest.fixture
def folder(tmp_path):
    """Return a folder in which everything is wrong that can be."""
    place = tmp_path / "photos"
    for number in range(4):
        save(place / "train" / "cats" / f"{number}.png", number)
    save(place / "train" / "dogs" / "grey.png", 10, (20, 60), "L")
    save(place / "train" / "dogs" / "square.png", 11, (32, 32))
    shutil.copy(place / "train" / "cats" / "0.png", place / "train" / "dogs" / "again.png")
    small = save(place / "train" / "cats" / "1.png", 1).resize((24, 18), Image.Resampling.BICUBIC)
    small.save(place / "train" / "dogs" / "small.jpg", quality=80)
    (place / "train" / "dogs" / "broken.jpg").write_bytes(b"\xff\xd8 nothing")
    (place / "train" / "cats" / "empty.png").write_bytes(b"")
    (place / "train" / "notes.txt").write_text("no picture")
    save(place / "test" / "cats" / "held.png", 20)
    return place


def test_everything_is_counted_and_named(folder):
    found = inventory.of_folder(folder)
    assert found.pictures == 8 and found.held_out == 1 and found.grey == 1
    assert found.sizes == {(40, 30): 5, (20, 60): 1, (32, 32): 1, (24, 18): 1}
    assert next(iter(found.sizes)) == (40, 30)
    assert found.classes == {"cats": 4, "dogs": 4}
    assert found.copies == (("dogs/again.png", "cats/0.png"),)
    assert found.near == (("dogs/small.jpg", "cats/1.png"),)
    assert [name for name, _ in found.unreadable] == ["cats/empty.png", "dogs/broken.jpg"]
    assert dict(found.unreadable)["cats/empty.png"] == "empty file"
    assert found.ignored == 1


def test_pictures_in_memory_are_called_by_their_numbers(folder):
    files = sorted((folder / "train" / "cats").glob("[0-9].png"))
    image = torch.stack([torch.tensor(np.asarray(Image.open(f))).permute(2, 0, 1) for f in files])
    brighter = (image[2:3].float() * 1.05).clamp(0, 255).byte()
    found = inventory.of_pictures([image, torch.cat([image[:1], brighter])], {"cats": 6}, 3)
    assert found.pictures == 6 and found.sizes == {(40, 30): 6} and found.held_out == 3
    assert found.copies == (("4", "0"),) and found.near == (("5", "2"),)
    assert found.grey == 0 and found.classes == {"cats": 6}


def test_nothing_to_read_is_one_line(tmp_path):
    with pytest.raises(UserError, match="has no pictures"):
        inventory.of_folder(tmp_path)
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "b.png").write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"a\.png cannot be read \(empty file\) and 1 others"):
        inventory.of_folder(tmp_path)
    with pytest.raises(UserError, match="no picture that can be read"):
        inventory.some(tmp_path, 4, (3, 8, 8))


def test_some_are_a_fair_sample_of_those_that_can_be_read(folder):
    found = inventory.some(folder, 5, (3, 16, 16))
    assert found.shape == (5, 3, 16, 16) and found.dtype == torch.uint8
    assert torch.equal(found, inventory.some(folder, 5, (3, 16, 16)))
    assert len(inventory.some(folder, 50, (3, 16, 16))) == 8
