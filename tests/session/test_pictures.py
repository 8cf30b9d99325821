"""What is seen of a training: samples under the names of their classes, real items beside them."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from liangyi import fields
from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Dataset
from liangyi.session.pictures import real_sheet_of, sheet_of
from liangyi.use.sample import write_samples
from liangyi.views.captions import asked, captions


def opened(png):
    return np.asarray(Image.open(io.BytesIO(png)))


@pytest.fixture
def told(monkeypatch):
    """Collect what sheets of pictures are drawn of: items and captions."""
    seen = []
    drawn = fields.sheet.dispatch(Pixels)

    def watched(field, items, value_range, truth=None, captions=()):
        seen.append((items, list(captions)))
        return drawn(field, items, value_range, truth, captions)

    monkeypatch.setattr(fields, "sheet", watched)
    return seen


def test_samples_of_a_conditional_model_are_named_by_their_classes(small, told):
    # breaks when names are those of other pictures than the ones that were asked for
    model = small("acgan").build()
    sheet_of(model, None)
    ((items, names),) = told
    assert names[:11] == [*map(str, range(10)), "0"] and len(names) == len(items) == 60
    for number in (3, 7):
        alone = model.sample(1, label=int(names[number]), first=number)
        assert torch.allclose(items[number], alone[0], atol=1e-5)


def test_names_are_those_of_the_data(small):
    model = small("acgan").build()
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    model.spec = Spec("image", image=model.spec["image"], label=Label(names))
    assert captions(model, asked(model, 3)) == ("zero", "one", "two")
    assert captions(model, asked(model, 2, label=7)) == ("seven", "seven")
    for other in ("gan", "mnist-mlp"):  # which draws without being asked, and not at all
        assert captions(model, asked(small(other).build(), 3)) == ()


def test_a_sheet_of_samples_on_the_disk_says_the_same(small, tmp_path, told):
    model = small("acgan").build()
    named = captions(model, asked(model, 6, label=4))
    write_samples([model.sample(6, label=4)], 6, model, tmp_path / "a.png", captions=named)
    assert told[0][1] == ["4"] * 6
    write_samples([model.sample(6)], 6, model, tmp_path / "b.png")
    assert told[1][1] == []


def test_real_items_are_as_many_as_large_and_of_the_same_classes(small, told):
    # breaks when the reader compares sevens with ones, or pictures of two scales
    here = small("acgan")
    model, data = here.build(), here.source.split("train")
    drawn, real = opened(sheet_of(model, data)), opened(real_sheet_of(model, data))
    assert drawn.shape == real.shape
    (_, asked_for), (items, names) = told
    assert names == asked_for
    known = data.some(9999, Labelled, "cpu", model.image_range)
    for item, name in zip(items, names, strict=True):
        at = (known.image - item).abs().flatten(1).amax(1).argmin()
        assert torch.equal(known.image[at], item) and str(int(known.label[at])) == name
    assert len({item.numpy().tobytes() for item in items}) == len(items)  # no item twice


def test_of_a_class_that_has_too_few_items_there_are_those(small, told):
    model = small("acgan").build()
    label = torch.tensor([0] * 300 + [1, 1])
    image = torch.randint(256, (302, *model.spec.shape), dtype=torch.uint8)
    spec = Spec("image", image=model.spec["image"], label=model.spec["label"])
    real_sheet_of(model, Dataset(spec, {"image": image, "label": label}))
    ((items, names),) = told
    assert names.count("0") == 6 and names.count("1") == 2 and len(items) == 8


@pytest.mark.parametrize("name", ["autoencoder", "mnist-mlp"])
def test_where_a_sheet_shows_real_items_already_there_is_no_second(small, name):
    here = small(name)
    assert real_sheet_of(here.build(), here.source.split("train")) is None


def test_points_are_drawn_over_real_ones(small, monkeypatch):
    import liangyi

    model = liangyi.create("gan", np.random.default_rng(0).normal(size=(300, 2)).astype("float32"))
    source = liangyi.api.source_of(np.random.default_rng(0).normal(size=(300, 2)).astype("float32"))
    data = source.split("train")
    assert real_sheet_of(model, data) is None
    assert not np.array_equal(opened(sheet_of(model, data)), opened(sheet_of(model, None)))


@pytest.mark.parametrize("name", ["gan", "vae"])
def test_asking_a_model_for_a_label_that_it_does_not_know_is_one_line(small, name):
    model = small(name).build()
    with pytest.raises(UserError, match=rf"^{name} does not know labels; it draws without") as told:
        model.sample(3, label=2)
    assert told.value.setting == "label"
    with pytest.raises(TypeError):  # a slip of a programmer is none of a user
        model.sample(cuont=3)


def test_small_pictures_stand_above_what_they_are_enlarged_to_and_the_large_ones(small):
    # breaks when the rows of three kinds do not end where the sheet's rows end
    here = small("srresnet")
    model, data = here.build(), here.source.split("test")
    sheet = opened(sheet_of(model, data))
    side = sheet.shape[1] // 12
    scale = (side - 2) // 16
    batch = data.some(48, model.Batch)

    def at(row: int, column: int) -> np.ndarray:
        top, left = 2 + row * (16 * scale + 2), 2 + column * (16 * scale + 2)
        return sheet[top : top + 16 * scale : scale, left : left + 16 * scale : scale]

    for row, column, number in ((0, 0, 0), (0, 11, 11), (3, 4, 16)):
        wanted = ((batch.image[number] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        assert np.array_equal(at(row + 2, column), wanted)
        low = ((batch.low[number] + 1) * 127.5).round().byte().permute(1, 2, 0).numpy()
        assert np.array_equal(at(row, column)[::2, ::2], low)
