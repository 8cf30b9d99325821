"""A run that begins with the weights of a network of torchvision, or with other classes."""

from __future__ import annotations

import shutil

import pytest
import torch
from torchvision import models

import liangyi
from conftest import follow, same, weights_of
from liangyi.core.errors import UserError
from liangyi.runs.pretrained import Pretrained
from liangyi.runs.run import Run

NET = "shufflenet_v2_x0_5"
QUICK = {"steps": 2, "batch_size": 16, "device": "cpu", "precision": "float32", "average": 0.0}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory):
    """Return a file of weights, as who has fetched ImageNet's has one."""
    path = tmp_path_factory.mktemp("weights") / "net.pth"
    torch.save(models.get_model(NET, weights=None).state_dict(), path)
    return path


def begun(file, place, **settings) -> Run:
    given = {"size": 32, **QUICK, **settings}
    return liangyi.create_run(
        "torchvision", "digits", place, from_run=f"torchvision:{NET}@{file}", **given
    )


def test_all_but_the_last_layer_is_the_files(file, tmp_path):
    run = begun(file, tmp_path / "run")
    stored, model = torch.load(file, weights_only=True), run.build()
    assert run.config.network == NET and str(file) not in (run.path / "config.json").read_text()
    for name, value in model.network.state_dict().items():
        if name.startswith("fc."):
            assert value.shape[0] == 10  # of ImageNet there are 1,000
        else:
            assert torch.equal(value, stored[name]), name


def test_frozen_features_stay_and_the_run_needs_the_file_no_more(file, tmp_path):
    own = shutil.copy(file, tmp_path / "own.pth")
    run = begun(own, tmp_path / "run", freeze=("features",))
    own.unlink()
    before = weights_of(run.build())
    list(follow(run))
    after = weights_of(run.model())
    moved = {name for name in before if not torch.equal(before[name], after[name])}
    # breaks when running statistics of what is frozen follow the new pictures
    assert moved == {"network.fc.weight", "network.fc.bias"}
    again = Run(shutil.copytree(run.path, tmp_path / "again"))
    assert same(weights_of(again.model()), after)


def test_pictures_come_in_the_size_of_imagenet(file):
    from liangyi.runs.tuning import data_of

    before = Pretrained(f"torchvision:{NET}@{file}")
    assert data_of(before, "digits").size == 224 and not data_of(before, "digits").grey


@pytest.mark.parametrize(
    ("reference", "line"),
    [
        ("torchvision:resnet81", "unknown torchvision model"),
        (f"torchvision:{NET}@nowhere.pth", "cannot read the weights in nowhere.pth"),
        ("torchvision:resnet18@{file}", "does not hold the weights of resnet18"),
    ],
)
def test_mistakes_are_one_line(reference, line, file, tmp_path):
    with pytest.raises(UserError, match=line) as told:
        liangyi.create_run(
            "torchvision", "digits", tmp_path / "run", from_run=reference.format(file=file),
            size=32, **QUICK,
        )  # fmt: skip
    assert told.value.setting == "from_" and not (tmp_path / "run").exists()


def test_other_classes_want_another_last_layer_and_the_same_keep_it(tmp_path):
    first = liangyi.train(
        "mnist-cnn", "digits", tmp_path / "first", progress=False, width=4, hidden=8, **QUICK
    )
    few = liangyi.create_run(
        out=tmp_path / "few", name="mnist-cnn", from_run=first, classes=("1", "2", "3"), **QUICK
    )
    began, now = weights_of(first.model()), weights_of(few.build())
    assert now["network.10.weight"].shape == (3, 8)
    assert all(torch.equal(now[k], began[k]) for k in now if not k.startswith("network.10."))
    list(follow(few))
    # its own settings are those of the first: they need not be typed again
    other = liangyi.create_run(
        out=tmp_path / "other", name="mnist-cnn", from_run=few, classes=("4", "5", "6"),
        freeze=("features",), **QUICK,
    )  # fmt: skip
    assert other.config.width == 4 and other.spec.classes == ("4", "5", "6")
