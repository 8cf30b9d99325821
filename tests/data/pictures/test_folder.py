"""Any folder of pictures: what is decoded, what is refused, and what is kept.

Each test's name or comment says what would break for a user.
"""

from __future__ import annotations

import errno
import multiprocessing
import os
import shutil
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from liangyi.core.batch import Images, Labelled
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Batches, Dataset, choose
from liangyi.data.pictures import decoding
from liangyi.data.pictures import files as pictures
from liangyi.data.pictures import folder as module
from liangyi.data.pictures.decoding import checksum as _sum
from liangyi.data.pictures.folder import Pictures, cache, folder
from liangyi.data.pictures.listing import FORMAT

RED, GREEN, WHITE = (255, 0, 0), (0, 255, 0), (255, 255, 255)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"


def save(
    path: Path, colour: int | tuple[int, ...] = RED, size: tuple[int, int] = (8, 8), mode: str = ""
) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = mode or ("L" if isinstance(colour, int) else "RGB")
    Image.new(mode, size, colour).save(path)
    return path


def load(path: Path, split: str = "train", size: int | None = None, grey: bool = False) -> Pictures:
    data = folder(path, split, size=size, grey=grey)
    assert data is not None
    return data


def dataset(data: Pictures) -> Dataset:
    return Dataset(data.spec, data.columns, data.fingerprint)


def count(data: Pictures) -> int:
    return len(data.columns["image"])


def pixel(data: Pictures, item: int = 0, row: int = 0, column: int = 0) -> list[int]:
    found: list[int] = data.columns["image"][item, :, row, column].tolist()
    return found


# formats and modes


@pytest.mark.parametrize("ending", ["png", "webp", "bmp", "ppm", "jpg", "jpeg", "PNG", "Jpg"])
def test_every_format_is_read_whatever_the_case_of_its_name(place: Path, ending: str) -> None:
    save(place / f"a.{ending}", RED)
    data = load(place)
    assert data.spec == Spec("image", image=Pixels(3, 8, 8))
    assert np.allclose(pixel(data), RED, atol=4)  # JPEG and WebP lose a little


@pytest.mark.parametrize("ending", ["pgm", "png", "bmp", "jpg"])
def test_grey_pictures_have_one_channel(place: Path, ending: str) -> None:
    save(place / f"a.{ending}", 77)
    data = load(place)
    assert data.spec.shape == (1, 8, 8)
    assert np.allclose(pixel(data), [77], atol=1)


def test_bits_become_black_and_white(place: Path) -> None:
    Image.fromarray(np.eye(8, dtype=bool)).save(place / "a.png")
    data = load(place)
    assert data.spec.shape == (1, 8, 8)
    assert pixel(data) == [255] and pixel(data, 0, 0, 1) == [0]


@pytest.mark.parametrize("ending", ["png", "pgm"])
def test_sixteen_bits_are_scaled_not_clipped(place: Path, ending: str) -> None:
    values = np.array([[0, 257, 128 * 257, 65535], [128, 129, 65535 - 128, 65535 - 129]], np.uint16)
    Image.fromarray(values).save(place / f"a.{ending}")
    image = load(place).columns["image"]
    assert image.shape == (1, 1, 2, 4)
    assert image[0, 0].tolist() == [[0, 1, 128, 255], [0, 1, 255, 254]]


def test_transparent_pixels_are_laid_on_white(place: Path) -> None:
    image = Image.new("RGBA", (8, 8), (0, 0, 0, 0))  # black underneath, and not to be seen
    image.putpixel((1, 0), (255, 0, 0, 255))
    image.putpixel((2, 0), (0, 0, 0, 128))
    image.save(place / "a.png")
    data = load(place)
    assert pixel(data) == [*WHITE] and pixel(data, 0, 0, 1) == [*RED]
    assert np.allclose(pixel(data, 0, 0, 2), 127, atol=1)


def test_transparent_grey_stays_grey(place: Path) -> None:
    image = Image.new("LA", (8, 8), (0, 0))
    image.putpixel((1, 0), (90, 255))
    image.save(place / "a.png")
    data = load(place)
    assert data.spec.shape == (1, 8, 8)
    assert pixel(data) == [255] and pixel(data, 0, 0, 1) == [90]


def test_a_palette_is_looked_up(place: Path) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    image.save(place / "a.png")
    data = load(place)
    assert pixel(data) == [*RED] and pixel(data, 0, 0, 1) == [*GREEN]


@pytest.mark.parametrize("transparency", [0, bytes([0, 255])])
def test_a_palette_may_be_transparent(place: Path, transparency: int | bytes) -> None:
    image = Image.new("P", (8, 8), 0)
    image.putpalette([*RED, *GREEN])
    image.putpixel((1, 0), 1)
    image.save(place / "a.png", transparency=transparency)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Pillow's own hints do not reach the user
        data = load(place)
    assert pixel(data) == [*WHITE] and pixel(data, 0, 0, 1) == [*GREEN]


def test_cmyk_becomes_rgb(place: Path) -> None:
    save(place / "a.jpg", (0, 255, 255, 0), mode="CMYK")  # magenta and yellow ink: red
    assert np.allclose(pixel(load(place)), RED, atol=4)


def _oblong() -> Image.Image:
    """A picture 24 wide and 16 high, red in its top left corner."""
    image = Image.new("RGB", (24, 16), WHITE)
    image.paste(RED, (0, 0, 8, 8))
    return image


@pytest.mark.parametrize(
    ("orientation", "corner"),
    [(1, (0, 0)), (3, (15, 23)), (6, (0, 15)), (8, (23, 0)), (2, (0, 23)), (5, (0, 0))],
)
@pytest.mark.parametrize("ending", ["jpg", "png", "webp"])
def test_exif_turns_the_picture(
    place: Path, orientation: int, corner: tuple[int, int], ending: str
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    _oblong().save(place / f"a.{ending}", exif=exif)
    data = load(place)
    assert data.spec.shape == ((3, 24, 16) if orientation >= 5 else (3, 16, 24))
    assert np.allclose(pixel(data, 0, *corner), RED, atol=40)  # colour bleeds in JPEG and WebP
    opposite = data.spec.shape[1] - 1 - corner[0], data.spec.shape[2] - 1 - corner[1]
    assert np.allclose(pixel(data, 0, *opposite), WHITE, atol=8)


_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description tiff:Orientation="6"
xmlns:tiff="http://ns.adobe.com/tiff/1.0/"/></rdf:RDF></x:xmpmeta>"""


@pytest.mark.parametrize("ending", ["png", "jpg", "webp"])
def test_header_and_pixels_are_turned_alike(place: Path, ending: str) -> None:
    # breaks when a rotation that XMP asks for is done, but not looked for: the picture is cropped
    # to a shape that it has not
    note = PngImagePlugin.PngInfo()
    note.add_itxt("XML:com.adobe.xmp", _XMP)
    more = {"pnginfo": note} if ending == "png" else {"xmp": _XMP.encode()}
    _oblong().save(place / f"a.{ending}", **more)
    seen = pictures.look(place / f"a.{ending}")
    assert isinstance(seen, pictures.Look) and (seen.width, seen.height) == (16, 24)
    found = pictures.decode(place / f"a.{ending}", (3, 24, 16))
    assert np.allclose(found.pixels[:, 0, 15], RED, atol=40)


def test_a_rotation_behind_the_pixels_turns_nothing(place: Path) -> None:
    # a header cannot know of it; breaks when the pixels are turned into a shape that was not told
    exif = Image.Exif()
    exif[0x0112] = 6
    _oblong().save(place / "a.png")
    whole, data = (place / "a.png").read_bytes(), b"eXIf" + exif.tobytes()[6:]
    chunk = (len(data) - 4).to_bytes(4) + data + zlib.crc32(data).to_bytes(4)
    (place / "a.png").write_bytes(whole[:-12] + chunk + whole[-12:])
    assert Image.open(place / "a.png").getexif()[0x0112] == 6
    assert pictures.look(place / "a.png") == pictures.Look(24, 16, False)
    found = pictures.decode(place / "a.png", (3, 16, 24))
    assert np.allclose(found.pixels[:, 0, 0], RED) and np.allclose(found.pixels[:, 15, 23], WHITE)


def test_one_coloured_picture_gives_all_three_channels(place: Path) -> None:
    save(place / "a.png", 50)
    save(place / "b.png", RED)
    data = load(place)
    assert data.spec.shape == (3, 8, 8)
    assert pixel(data, 0) == [50, 50, 50] and pixel(data, 1) == [*RED]


def test_grey_is_luma_when_asked_for(place: Path) -> None:
    save(place / "a.png", GREEN)
    data = load(place, grey=True)
    assert data.spec.shape == (1, 8, 8) and pixel(data) == [150]  # 0.587 * 255


# sizes


def test_one_size_is_kept_even_if_oblong(place: Path) -> None:
    save(place / "a.png", size=(5, 9))
    save(place / "b.png", size=(5, 9))
    assert load(place).spec.shape == (3, 9, 5)


def test_varying_sizes_are_an_error_that_names_them(place: Path) -> None:
    for name, size in {"a": (10, 10), "b": (4, 6), "c": (20, 30)}.items():
        save(place / f"{name}.png", size=size)
    with pytest.raises(UserError, match=r"4x6 to 20x30.*give a size, as 64") as caught:
        load(place)
    assert caught.value.setting == "size"  # so that the command line says --size
    assert not list(cache().iterdir())  # and nothing half-made is left


def test_the_centre_is_cropped_not_squeezed(place: Path) -> None:
    stripes = Image.new("RGB", (48, 16), RED)
    stripes.paste(GREEN, (16, 0, 32, 16))
    stripes.save(place / "a.png")
    image = load(place, size=8).columns["image"]
    assert image.shape == (1, 3, 8, 8)
    assert (image[0].float().mean((1, 2)) - torch.tensor(GREEN)).abs().max() < 8  # no red left


@pytest.mark.parametrize("ending", ["png", "jpg"])
def test_small_copies_are_antialiased(place: Path, ending: str) -> None:
    # a checkerboard of single pixels is grey from afar; without antialiasing it is moire
    board = (np.indices((256, 256)).sum(0) % 2 * 255).astype(np.uint8)
    Image.fromarray(board).save(place / f"a.{ending}", quality=95)
    image = load(place, size=16).columns["image"].float()
    assert (image - 127.5).abs().max() < 4


def test_small_pictures_are_enlarged(place: Path) -> None:
    save(place / "a.png", RED, (4, 4))
    data = load(place, size=32)
    assert data.spec.shape == (3, 32, 32) and pixel(data, 0, 31, 31) == [*RED]


# classes and splits


def test_subfolders_are_classes_however_deep(place: Path) -> None:
    save(place / "dog" / "deep" / "deeper" / "a.png", RED)
    save(place / "cat" / "b.png", GREEN)
    data = load(place)
    assert data.spec == Spec("image", image=Pixels(3, 8, 8), label=Label(("cat", "dog")))
    batch = dataset(data).batch(Labelled, torch.tensor([0, 1]), value_range=(0, 1))
    assert batch.label.tolist() == [0, 1] and batch.label.dtype == torch.int64
    assert batch.image[0, :, 0, 0].tolist() == [0, 1, 0] and batch.image[1, 0, 0, 0] == 1


def test_a_picture_beside_the_subfolders_or_one_subfolder_alone_makes_no_classes(
    place: Path,
) -> None:
    save(place / "all" / "a.png")
    assert not load(place).spec.serves(Labelled)
    save(place / "more" / "b.png")
    assert load(place).spec.serves(Labelled)
    save(place / "c.png")
    data = load(place)
    assert list(data.spec.fields) == ["image"] and data.spec.classes == () and count(data) == 3


@pytest.mark.parametrize("held_out", ["test", "val", "valid", "validation", "Test"])
def test_splits_are_taken_from_the_folders(place: Path, held_out: str) -> None:
    for name in ("train/a/1.png", "train/b/2.png", f"{held_out}/b/3.png"):
        save(place / name)
    train, test = load(place), load(place, "test")
    assert (count(train), count(test)) == (2, 1)
    # the order of the classes is the training one: a model must not confuse b with a
    assert test.spec == train.spec and test.columns["label"].tolist() == [1]
    assert test.fingerprint != train.fingerprint


def test_test_wins_over_val(place: Path) -> None:
    for name, colour in {"train": RED, "val": GREEN, "test": WHITE}.items():
        save(place / name / "1.png", colour)
    assert pixel(load(place, "test")) == [*WHITE]


def test_without_splits_everything_is_train_and_nothing_is_held_out(place: Path) -> None:
    save(place / "1.png")
    assert count(load(place)) == 1
    assert folder(place, "test") is None


def test_train_may_be_a_class_among_vehicles(place: Path) -> None:
    for name in ("bus", "car", "train"):
        save(place / name / "1.png")
    assert load(place).spec.classes == ("bus", "car", "train")
    assert folder(place, "test") is None


def test_held_out_pictures_take_the_form_of_the_training_ones(place: Path) -> None:
    save(place / "train" / "1.png", RED)
    save(place / "test" / "1.png", 60)  # all grey, yet the model has learnt three channels
    assert load(place, "test").spec.shape == (3, 8, 8)
    save(place / "test" / "1.png", 60, (9, 9))
    with pytest.raises(UserError, match=r"8x8 to 9x9"):
        load(place, "test")
    assert load(place, "test", size=4).spec.shape == (3, 4, 4)


def test_a_class_that_only_the_test_pictures_have_is_an_error(place: Path) -> None:
    for name in ("train/a/1.png", "train/b/2.png", "test/c/3.png"):
        save(place / name)
    with pytest.raises(UserError, match=r"test has the class 'c', unlike .*: a, b$"):
        load(place, "test")
    assert count(load(place)) == 2
    shutil.move(place / "test" / "c" / "3.png", place / "test" / "3.png")
    with pytest.raises(UserError, match=r"pictures outside any class"):
        load(place, "test")


def test_an_unknown_split_is_named(place: Path) -> None:
    with pytest.raises(UserError, match=r"unknown split 'tset'; did you mean test"):
        folder(place, "tset")


def test_pictures_of_one_kind_are_opened_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # breaks when the first pass over a large folder takes twice as long as it must
    for name in "abc":
        save(place / f"{name}.png")
    (place / "a.png").write_bytes(b"")
    look, seen = pictures.look, []
    monkeypatch.setattr(pictures, "look", lambda path: seen.append(path.name) or look(path))
    assert count(load(place)) == 2
    assert seen == ["a.png", "b.png"]  # the first that can be read tells the form


def test_a_late_colour_begins_anew_and_leaves_nothing_of_the_grey_ones(place: Path) -> None:
    for number in range(9):
        save(place / f"{number}.png", 10 * number, (40, 30))
    save(place / "9.png", RED, (30, 40))
    (place / "10.png").write_bytes(b"")
    data = load(place, size=16)
    assert data.columns["image"].shape == (10, 3, 16, 16)
    assert [pixel(data, item) for item in (3, 9)] == [[30, 30, 30], [*RED]]
    assert (data.findings.sizes, len(data.findings.unreadable)) == (2, 1)


def test_a_single_picture_is_a_data_set_of_one(tmp_path: Path) -> None:
    path = save(tmp_path / "dream.jpg", size=(30, 20))
    data = load(path)
    assert count(data) == 1 and data.spec.shape == (3, 20, 30)
    assert folder(path, "test") is None


# what is left out


def _truncated(path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _bomb(side: int) -> Callable[[Path], object]:
    return lambda path: Image.new("1", (side, side)).save(path)  # small on disk, huge in memory


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "text.png": (lambda path: path.write_text("not a picture"), "not a picture"),
    "empty.jpg": (lambda path: path.touch(), "empty file"),
    "cut.png": (_truncated, "truncated"),
    "cut.jpg": (_truncated, "truncated"),
    "bomb.png": (_bomb(16384), "more than 89,478,485 pixels"),  # Pillow refuses it
    "large.png": (_bomb(10000), "more than 89,478,485 pixels"),  # Pillow only warns
    "gif.png": (lambda path: Image.new("L", (8, 8)).save(path, "GIF"), "not a picture"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_files_are_left_out_and_named(place: Path, name: str) -> None:
    make, reason = BROKEN[name]
    for good in ("a.png", "z.png"):
        save(place / good, RED, (32, 32))
    make(place / name)
    data = load(place)
    assert data.columns["image"].shape == (2, 3, 32, 32)  # no gap where the broken one was
    assert pixel(data, 1) == [*RED]
    ((shown, why),) = data.findings.unreadable
    assert shown == name and reason in why
    assert any(name in line and reason in line for line in data.findings.lines())


def test_hidden_and_other_files_are_ignored_and_counted(place: Path) -> None:
    save(place / "a.png")
    save(place / ".b.png")
    save(place / ".thumbnails" / "c.png")
    (place / "labels.csv").touch()
    (place / "gone.png").symlink_to(place / "nowhere")
    data = load(place)
    assert count(data) == 1 and data.findings.ignored == 4 and not data.findings.unreadable


def test_a_link_in_a_circle_ends(place: Path) -> None:
    save(place / "a" / "1.png")
    save(place / "b" / "2.png")
    (place / "a" / "again").symlink_to(place, target_is_directory=True)
    assert count(load(place)) == 2


def test_links_to_themselves_and_devices_are_ignored_and_counted(place: Path) -> None:
    # one looping link stopped a training; a pipe or device in a picture's place could hang it
    save(place / "a.png")
    for name in ("loop", "loop.png"):
        (place / name).symlink_to(place / name)
    (place / "zero.png").symlink_to("/dev/zero")
    os.mkfifo(place / "pipe.png")
    (place / "train").symlink_to(place / "train")
    data = load(place)
    assert count(data) == 1 and data.findings.ignored == 5 and not data.findings.unreadable


def test_folders_linked_to_each_other_are_read_once_each(place: Path) -> None:
    # 9 folders with links to all of them have 9! ways through them
    for one in range(9):
        save(place / str(one) / "a.png", (one, 0, 0))
        for other in range(9):
            (place / str(one) / f"to{other}").symlink_to(place / str(other))
    data = load(place)
    # under their own names, not those of links: the classes are the folders
    assert count(data) == 9 and data.spec.classes == tuple("012345678")
    assert data.columns["image"][:, 0, 0, 0].tolist() == data.columns["label"].tolist()
    assert data.findings.ignored == 81


def test_a_link_to_a_folder_outside_is_followed(place: Path, tmp_path: Path) -> None:
    save(tmp_path / "outside" / "b.png", GREEN)
    save(place / "one" / "a.png", RED)
    (place / "another").symlink_to(tmp_path / "outside")
    assert load(place).spec.classes == ("another", "one")


def test_folders_may_be_as_deep_as_the_system_allows(place: Path) -> None:
    # breaks with a recursion, which Python ends after 1,000 levels
    deep = [place]
    for _ in range(1200):
        deep.append(deep[-1] / "d")
        deep[-1].mkdir()
    picture = save(deep[-1] / "a.png", RED)
    try:
        assert pixel(load(place)) == [*RED]
    finally:  # pytest's own cleaning is a recursion
        picture.unlink()
        for below in reversed(deep):
            below.rmdir()


@pytest.mark.parametrize("name", ["zeros.png", "zeros.webp", "wide.ppm"])
def test_files_larger_than_any_picture_are_never_read(place: Path, name: str) -> None:
    # 9 GB that take no room on the disk took it in memory
    save(place / "a.png", RED, (32, 32))
    with (place / name).open("wb") as file:
        file.write(b"P6 32 32 255\n" if name.endswith("ppm") else b"")
        file.truncate(9 * 10**9)
    data = load(place)
    assert count(data) == 1
    assert data.findings.unreadable == ((name, "more than 1,073,741,824 bytes"),)
    with pytest.raises(UserError, match="more than 1,073,741,824 bytes"):
        load(place / name)


def test_what_is_neither_a_picture_nor_a_folder(place: Path) -> None:
    os.mkfifo(place / "pipe.png")
    (place / "loop").symlink_to(place / "loop")
    for odd in (place / "pipe.png", Path("/dev/zero")):
        with pytest.raises(UserError, match="neither a picture nor a folder"):
            load(odd)
    with pytest.raises(UserError, match=r"cannot read .*loop: Too many levels"):
        load(place / "loop")


@pytest.mark.parametrize("named", ["", "  "])
def test_a_path_that_is_empty_is_no_path(named: str) -> None:
    # it was taken for the current folder
    with pytest.raises(UserError, match="data is empty"):
        choose(named)


def test_a_home_that_is_not_there() -> None:
    with pytest.raises(UserError, match=r"no home folder of a user ~nobody.at.all"):
        choose("~nobody.at.all/pictures")


def test_names_that_no_terminal_or_json_can_show(place: Path) -> None:
    save(place / "a.png")
    odd = os.fsdecode(b"caf\xe9\n.png")
    try:
        (place / odd).touch()
    except OSError:
        pytest.skip("this file system wants UTF-8")
    (line,) = (line for line in load(place).findings.lines() if "empty" in line)
    assert r"'caf\udce9\n.png' (empty file)" in line


def test_nothing_to_read_is_one_line(place: Path) -> None:
    with pytest.raises(UserError, match=r"has no pictures; JPEG, PNG"):
        load(place)
    (place / "a.gif").touch()
    with pytest.raises(UserError, match=r"no pictures among its 1 file;"):
        load(place)
    (place / "b.png").touch()
    with pytest.raises(UserError, match=r"b.png cannot be read \(empty file\)$"):
        load(place)
    _truncated(place / "a.png")
    with pytest.raises(UserError, match=r"a.png cannot be read \(.*truncated.*\), nor 1 other"):
        load(place)
    with pytest.raises(UserError, match=r"absent: No such file or directory"):
        load(place / "absent")


def test_a_folder_that_may_not_be_read(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> None:  # chmod would not stop a test that runs as root
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    save(place / "a.png")
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UserError, match=r"cannot read .*pictures: Permission denied"):
        load(place)


# findings


def test_findings_count_and_report(place: Path) -> None:
    save(place / "a" / "1.png", RED, (10, 10))
    shutil.copy(place / "a" / "1.png", place / "a" / "2.png")
    save(place / "b" / "3.png", GREEN, (4, 6))
    (place / "b" / "4.png").touch()
    (place / "notes.txt").touch()
    found = load(place, size=8).findings
    assert found.classes == {"a": 2, "b": 1}
    assert (found.smallest, found.largest, found.sizes) == ((4, 6), (10, 10), 2)
    assert found.lines() == [
        "3 pictures, 4x6 to 10x10 (2 sizes), colour",
        "2 classes, 1 to 2 each: a, b",
        "exact copies of others: 1: a/2.png = a/1.png",
        "left out, unreadable: 1: b/4.png (empty file)",
        "1 other file ignored",
    ]


def test_a_long_report_is_cut(place: Path) -> None:
    save(place / "ok.png")
    for number in range(9):
        (place / f"{number}.png").touch()
    line = load(place).findings.lines()[-1]
    assert "2.png" in line and "3.png" not in line and line.endswith("and 6 more")


def test_a_folder_is_asked_for_by_its_path(place: Path) -> None:
    save(place / "train" / "a" / "1.png")
    save(place / "train" / "b" / "2.png", GREEN)
    save(place / "test" / "b" / "3.png", GREEN)
    (place / "train" / "b" / "4.png").touch()
    source = choose(str(place), size=4)
    assert source.name == str(place) and source.registered == "folder"
    train, test = source.split("train"), source.split("test")
    assert train is not None and test is not None
    assert (train.size, test.size) == (2, 1)
    assert train.spec == test.spec == source.spec()
    loaded = load(place, size=4)
    assert train.fingerprint == loaded.fingerprint
    # the whole report outlives the data's moving to a device
    assert source.findings() == loaded.findings.lines()


def test_what_a_folder_has_not_is_said_by_its_source(place: Path) -> None:
    save(place / "a.png")
    assert choose(str(place)).split("test") is None
    with pytest.raises(UserError, match="unknown setting of folder 'vocabulary'"):
        choose(str(place), vocabulary=3)


# the cache


def test_nothing_is_decoded_twice(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(place / "a" / "1.png")
    save(place / "b" / "2.png")
    (place / "b" / "3.png").touch()
    first = load(place)

    def never(*_: object) -> None:
        raise AssertionError("decoded again")

    monkeypatch.setattr(pictures, "look", never)
    monkeypatch.setattr(pictures, "decode", never)
    again = load(place)
    assert again.findings == first.findings and again.spec == first.spec
    assert again.fingerprint == first.fingerprint
    for name, column in first.columns.items():
        assert torch.equal(again.columns[name], column)


@pytest.mark.parametrize("change", ["add", "replace", "touch", "rename", "remove"])
def test_the_cache_sees_every_change(place: Path, change: str) -> None:
    save(place / "a.png", RED)
    save(place / "b.png", RED)
    first = load(place)
    if change == "add":
        save(place / "c.png")
    elif change == "replace":
        save(place / "b.png", GREEN)
    elif change == "touch":
        os.utime(place / "b.png", ns=(0, 0))
    elif change == "rename":
        (place / "b.png").rename(place / "0.png")
    else:
        (place / "b.png").unlink()
    again = load(place)
    assert len(list(cache().iterdir())) == 2
    # a run may be resumed where the pictures are the same, whatever their dates and names
    same = change in ("touch", "rename")
    assert (again.fingerprint == first.fingerprint) is same
    if change == "replace":
        assert pixel(again, 1) == [*GREEN]


def test_other_pixels_are_of_another_format(place: Path) -> None:
    # breaks when files are decoded differently than before, and caches of before are still taken:
    # whoever means it raises FORMAT and writes the new sum beside it
    ramp = Image.linear_gradient("L").resize((24, 16))
    note, exif = PngImagePlugin.PngInfo(), Image.Exif()
    note.add_itxt("XML:com.adobe.xmp", _XMP)
    exif[0x0112] = 6
    for name, image, more in (
        ("colour", Image.merge("RGB", [ramp, ramp.rotate(90), ramp.rotate(180)]), {}),
        ("exif", ramp, {"exif": exif}),
        ("xmp", ramp, {"pnginfo": note}),
        ("deep", Image.fromarray(np.asarray(ramp).astype(np.uint16) * 200), {}),
        ("see-through", Image.merge("LA", [ramp, ramp.rotate(90)]), {}),
        ("palette", ramp.convert("P"), {}),
    ):
        image.save(place / f"{name}.png", **more)
    found = load(place, size=8).columns["image"]
    assert (FORMAT, zlib.crc32(found.numpy())) == (3, 637427862)


def test_the_name_of_a_content_stays_what_it_was(place: Path) -> None:
    # breaks when every run on a folder is told that its pictures are not what it began with
    for name, colour in (("a", RED), ("b", GREEN)):
        save(place / name / "0.ppm", colour)
    assert load(place).fingerprint == "21f53b09c29bc0e2"


def test_folders_that_look_alike_do_not_share_an_entry(place: Path, tmp_path: Path) -> None:
    # breaks when a training silently learns another folder's pictures
    other = tmp_path / "other"
    for where, colour in ((place, RED), (other, GREEN)):
        os.utime(save(where / "a.bmp", colour), ns=(0, 0))
    assert (place / "a.bmp").stat().st_size == (other / "a.bmp").stat().st_size
    assert pixel(load(place)) == [*RED] and pixel(load(other)) == [*GREEN]
    # nor when one takes the other's place
    place.rename(tmp_path / "away")
    other.rename(place)
    assert pixel(load(place)) == [*GREEN]
    # nor when the new content is given the old date
    os.utime(save(place / "a.bmp", WHITE), ns=(0, 0))
    assert pixel(load(place)) == [*WHITE]


def test_another_size_is_another_entry(place: Path) -> None:
    save(place / "a.png")
    prints = {load(place, size=size).fingerprint for size in (4, 5, None)}
    assert len(prints) == 3 and load(place, grey=True).fingerprint not in prints


def test_a_copied_folder_is_the_same_data(place: Path, tmp_path: Path) -> None:
    save(place / "a.png")
    shutil.copytree(place, tmp_path / "elsewhere", copy_function=shutil.copyfile)
    assert load(place).fingerprint == load(tmp_path / "elsewhere").fingerprint


def test_what_a_batch_does_to_its_pictures_never_reaches_the_cache(place: Path) -> None:
    save(place / "a.png", RED)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # torch warns of memory that is not writable
        load(place).columns["image"].zero_()
    assert pixel(load(place)) == [*RED]


def test_a_killed_decode_leaves_nothing_to_be_found(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(place / "a.png", RED)
    save(place / "b.png", GREEN)
    decode, seen = pictures.decode, []

    def killed(path: Path, shape: tuple[int, int, int]) -> pictures.Picture | str:
        seen.append(path)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return decode(path, shape)

    monkeypatch.setattr(pictures, "decode", killed)
    with pytest.raises(KeyboardInterrupt):
        load(place)
    assert not list(cache().iterdir())
    assert pixel(load(place), 1) == [*GREEN]


def test_leftovers_of_killed_processes_are_swept_but_not_those_at_work(place: Path) -> None:
    old, fresh = cache() / "x.part", cache() / "y.part"
    for part in (old, fresh):
        part.mkdir(parents=True)
    os.utime(old, (0, 0))
    save(place / "a.png")
    load(place)
    assert fresh.exists() and not old.exists()


@pytest.mark.parametrize("name", ["index.json", "pictures.npy"])
def test_a_damaged_entry_is_made_anew(place: Path, name: str) -> None:
    save(place / "a.png", RED)
    load(place)
    (entry,) = cache().iterdir()
    (entry / name).write_bytes((entry / name).read_bytes()[:140])  # as a power cut leaves it
    assert pixel(load(place)) == [*RED]


def _pixel(entry: Path) -> None:
    with (entry / "pictures.npy").open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"\x07")


def _form(entry: Path) -> None:
    pixels = np.load(entry / "pictures.npy")
    np.save(entry / "pictures.npy", pixels.astype(np.int8))


def _label(entry: Path) -> None:
    index = (entry / "index.json").read_text()
    assert '"labels":[0,1]' in index
    (entry / "index.json").write_text(index.replace('"labels":[0,1]', '"labels":[1,0]'))


def _as(name: str, content: bytes) -> Callable[[Path], None]:
    def write(entry: Path) -> None:
        (entry / name).write_bytes(content)

    return write


def _folder(entry: Path) -> None:
    (entry / "index.json").unlink()
    (entry / "index.json").mkdir()


def _pipe(entry: Path) -> None:
    (entry / "index.json").unlink()
    os.mkfifo(entry / "index.json")


def _file(entry: Path) -> None:
    shutil.rmtree(entry)
    entry.touch()


def _huge(entry: Path) -> None:
    os.truncate(entry / "index.json", 9 * 10**9)


@pytest.mark.parametrize("harm", [
    _pixel, _form, _label, _folder, _pipe, _file, _huge,
    _as("index.json", b"[" * 100_000),
    _as("index.json", b'{"seal": 1' + b"0" * 400 + b"}"),
    _as("index.json", b'{"seal": 1e999}'),
    _as("index.json", b"null"),
    _as("index.json", b"\xff"),
    _as("pictures.npy", b""),
    _as("pictures.npy", b"PK\x03\x04"),
])  # fmt: skip
def test_no_damage_of_an_entry_goes_unnoticed(place: Path, harm: Callable[[Path], None]) -> None:
    save(place / "a" / "a.png", RED)
    save(place / "b" / "b.png", GREEN)
    load(place)
    (entry,) = cache().iterdir()
    harm(entry)
    data = load(place)
    assert pixel(data) == [*RED] and pixel(data, 1, 7, 7) == [*GREEN]
    assert data.columns["label"].tolist() == [0, 1]
    assert [entry] == list(cache().iterdir())


def test_a_cache_of_other_pixels_than_its_index_says_is_made_anew(place: Path) -> None:
    # sealed well, and wrong all the same, as by a mistake of ours
    save(place / "a.png", RED)
    load(place)
    (entry,) = cache().iterdir()
    np.save(entry / "pictures.npy", np.zeros((2, 3, 8, 8), np.uint8))
    index = decoding.INDEX.validate_json((entry / "index.json").read_bytes())
    sealed = index.sealed(decoding.checksum(entry / "pictures.npy"))
    (entry / "index.json").write_bytes(decoding.INDEX.dump_json(sealed))
    assert load(place).columns["image"].shape == (1, 3, 8, 8)


def test_a_cache_at_rest_is_summed_once(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # seconds for each GB: not for every look at the data
    save(place / "a.png", RED)
    summed: list[Path] = []
    monkeypatch.setattr(module, "checksum", lambda path: summed.append(path) or _sum(path))
    for _ in range(3):
        load(place)
    assert len(summed) == 1


def test_a_lost_file_of_an_entry_is_made_anew(place: Path) -> None:
    save(place / "a.png", RED)
    load(place)
    (entry,) = cache().iterdir()
    (entry / "pictures.npy").unlink()
    assert pixel(load(place)) == [*RED]


def _decode(path: Path) -> str:
    return load(path, size=16).fingerprint


def test_processes_at_once_do_not_harm_each_other(place: Path) -> None:
    for number in range(30):
        save(place / f"{number}.png", (number, 0, 0), (32, 32))
    # spawned: a forked copy of a process with threads may hang
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        prints = pool.map(_decode, [place] * 4, chunksize=1)
    assert len(set(prints)) == 1
    (entry,) = cache().iterdir()
    assert np.load(entry / "pictures.npy").shape == (30, 3, 16, 16)


def test_who_comes_second_keeps_what_is_there(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(place / "a.png", RED)
    build = module.build

    def late(job: module.Job, made: Path) -> None:
        build(job, made)
        shutil.copytree(made, cache() / made.name)  # the other process has just finished

    monkeypatch.setattr(module, "build", late)
    assert pixel(load(place)) == [*RED]


def test_a_cache_that_cannot_be_written_names_the_way_out(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(place / "a.png")
    (tmp_path / "file").touch()
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "file"))
    with pytest.raises(UserError, match=r"cannot keep .*LIANGYI_CACHE"):
        load(place)


def test_too_little_room_is_said_before_the_work(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(place / "a.png")
    usage = shutil.disk_usage(place)._replace(free=100)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with pytest.raises(UserError, match=r"give a smaller size"):
        load(place)


def test_without_the_variable_the_user_cache_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LIANGYI_CACHE")
    assert cache().name == "folders" and "liangyi" in cache().parts


# many and large


def test_large_pictures_are_decoded_by_threads_in_order(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoding, "_LARGE", 0)
    for number in range(40):
        save(place / f"{number:02}.png", (number, 0, 0), (128, 128))
    (place / "20.png").write_bytes(b"")
    red = load(place).columns["image"][:, 0, 0, 0]
    assert red.tolist() == [number for number in range(40) if number != 20]


def test_batches_come_straight_from_the_map(place: Path) -> None:
    for number in range(10):
        save(place / f"{number}.png", (number, 0, 0))
    batches = Batches(dataset(load(place)), Images, 5, value_range=(0, 255))
    red = torch.cat([batches.batch(number).image[:, 0, 0, 0] for number in range(2)])
    assert sorted(red.round().int().tolist()) == list(range(10))
