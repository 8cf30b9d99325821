"""Near copies: what passes for one, and that none is missed for the sake of speed."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from liangyi.data.pictures.likeness import BITS, SIDE, coded, near_copies


def picture(seed, side=96):
    """Return a smooth picture of random waves, as photographs are."""
    rough = np.random.RandomState(seed).randint(0, 256, (8, 8)).astype(np.uint8)
    return Image.fromarray(rough).resize((side, side), Image.Resampling.BICUBIC)


def square(image):
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def saved(image):
    file = io.BytesIO()
    image.save(file, "JPEG", quality=50)
    return Image.open(file)


CHANGES = {
    "compressed": saved,
    "halved": lambda image: image.resize((48, 48), Image.Resampling.BICUBIC),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.8),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_picture_is_a_near_copy_and_another_is_not(change):
    images = [picture(seed) for seed in range(20)]
    squares = [square(image) for image in (*images, *map(CHANGES[change], images))]
    found = near_copies(*coded(np.stack(squares)))
    assert found.tolist() == [*range(20), *range(20)]


def test_none_is_missed():
    # breaks when the five parts of a code do not meet every pair of at most four bits
    random = np.random.RandomState(0)
    code = random.randint(0, 2**62, 300).astype(np.uint64)
    for number in range(100):
        flips = random.choice(63, BITS, replace=False)
        code[200 + number] = code[number] ^ np.bitwise_or.reduce(
            np.left_shift(np.uint64(1), flips.astype(np.uint64))
        )
    small = np.tile(random.randint(0, 256, 256).astype(np.uint8), (300, 1))  # all correlate
    found = near_copies(code, small)
    bits = [[int(a ^ b).bit_count() for b in code.tolist()] for a in code.tolist()]
    wanted = [next(m for m in range(300) if bits[n][m] <= BITS) for n in range(300)]
    assert found.tolist() == wanted and wanted[200:] == list(range(100))


def test_like_codes_of_unlike_pictures_are_told_apart():
    random = np.random.RandomState(0)
    code = np.full(3, 77, np.uint64)
    small = random.randint(0, 256, (3, 256)).astype(np.uint8)
    small[2] = small[0]
    assert near_copies(code, small).tolist() == [0, 1, 0]


def test_many_of_one_code_take_no_time():
    # breaks when all pairs of ten thousand blank frames are looked at
    code, small = coded(np.full((1, SIDE, SIDE), 255, np.uint8))
    found = near_copies(np.repeat(code, 10_000), np.repeat(small, 10_000, 0))
    assert found.tolist() == list(range(10_000))  # blank ones say nothing about likeness
    assert near_copies(code, small).tolist() == [0]
