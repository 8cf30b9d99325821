"""Codes as places: what a report shows of a code of two or three numbers."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from conftest import follow
from liangyi.core.batch import Images
from liangyi.data import choose
from liangyi.session.plane import plane_of


def test_each_place_is_the_code_of_the_small_picture_that_stands_for_it(small):
    # breaks when the sheet's order is not the codes': another digit would appear at the pointer
    model, data = small("autoencoder", code=3).build(), choose("digits").split("test")
    found = plane_of(model, data)
    assert found is not None and found.manifold is None
    places = found.places
    assert len(places.codes) == len(places.labels) == 297 and places.names == list("0123456789")
    png = base64.b64decode(places.sheet.partition(",")[2])
    sheet = np.asarray(Image.open(io.BytesIO(png)))
    for place in (0, 5, 33, 296):
        row, column = divmod(place, places.columns)
        top, left = row * places.height, column * places.width
        small_one = sheet[top : top + places.height, left : left + places.width]
        image = torch.from_numpy(small_one.copy()).float()[None, None] / 127.5 - 1
        code = model.encode(image)[0]
        assert places.codes[place] == pytest.approx(code.tolist(), rel=2e-3, abs=2e-3)
        batch = data.batch(Images, data.subset(297))
        assert torch.allclose(batch.image[place], image[0], atol=1e-3)


def test_large_pictures_are_made_small(small):
    model = small("autoencoder", code=2).kind
    source = choose("digits", size=50)
    built = model(model.Config(widths=(8,), code=2), source.spec())
    found = plane_of(built, source.split("test"))
    assert found is not None and (found.places.height, found.places.width) == (32, 32)


def test_a_plane_of_codes_is_drawn_in_place(small):
    model, data = small("autoencoder", code=2).build(), choose("digits").split("test")
    found = plane_of(model, data)
    assert found is not None and found.manifold is not None
    assert Image.open(io.BytesIO(found.manifold)).size[0] >= 20 * 8


@pytest.mark.parametrize("name", ["vae", "dcgan", "mnist-cnn"])
def test_other_codes_are_not_drawn(name, small):
    # four numbers, or none
    assert plane_of(small(name).build(), choose("digits").split("test")) is None


def test_a_run_keeps_them_for_its_report(small, tmp_path):
    run = small("conv-vae").run(tmp_path / "run")
    for _ in follow(run):
        pass
    places = run.places()
    assert places is not None and len(places.codes[0]) == 2 and run.manifold() is not None
    page = (run.path / "report.html").read_text(encoding="utf-8")
    assert places.sheet in page and 'class="codes"' in page
    for broken in ("", "[]", '{"codes": []}', '{"codes": [[1, 2, 3, 4]]}'):
        (run.path / "codes.json").write_text(broken)
        assert run.places() is None
