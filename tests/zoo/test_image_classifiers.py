"""Classifiers: what is frozen, what is moved at random, and the mistakes of the originals."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from conftest import batch_of
from liangyi.core import draw
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import choose
from liangyi.lab.classified import accuracy, learned
from liangyi.runs.building import build
from liangyi.zoo.vision.cifar10_cnn import Cifar10CNN, Cifar10CNNConfig
from liangyi.zoo.vision.mnist_transfer import MnistTransfer, MnistTransferConfig

CLASSIFIERS = ["mnist-mlp", "mnist-cnn", "cifar10-cnn", "mnist-transfer", "antirectifier"]

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize("name", [*CLASSIFIERS, "torchvision"])
def test_with_frozen_features_the_rest_alone_learns(name, small):
    here = small(name, freeze=("features",))
    trainer = here.trainer(average=0.0)
    before = {k: v.clone() for k, v in trainer.model.state_dict().items()}
    for _ in trainer.run(3):
        pass
    after = trainer.model.state_dict()
    moved = {path for path, value in before.items() if not torch.equal(value, after[path])}
    own = dict(trainer.model.named_children())
    wanted = "head." if "features" in own else trainer.model.anew[0] + "."
    assert moved and all(path.startswith(wanted) for path in moved)
    assert len(moved) == len([k for k, _ in trainer.model.named_parameters() if k in moved])


def test_what_is_frozen_costs_no_gradient(small):
    model, batch = small("mnist-transfer", freeze=("features",)).build(), None
    batch = batch_of(small("mnist-transfer"))
    (update,) = model.updates(batch, 0)
    assert update.player == (model.head,)
    update.loss.backward(inputs=list(model.head.parameters()))
    assert all(weight.grad is None for weight in model.features.parameters())


def test_the_count_of_the_original():
    # "greatly reduces the parameters" is wrong: 98.4 % of them are in the head
    spec = Spec("image", image=Pixels(1, 28, 28), label=Label(tuple("01234")))
    with torch.device("meta"):
        model = MnistTransfer(MnistTransferConfig(), spec)
    frozen = sum(weight.numel() for weight in model.features.parameters())
    assert (frozen, sum(w.numel() for w in model.parameters())) == (9_568, 600_165)


def test_a_convolution_on_top_begins_anew_beside_what_is_taken_over(small):
    from liangyi.runs.origin import Origin

    here = small("mnist-transfer")
    origin = Origin.of("first", here.build(1), 5)
    model = small("mnist-transfer", extra=1).build(2)
    assert origin.into(model) == ("extra",)
    assert torch.equal(model.features[0].weight, here.build(1).features[0].weight)
    assert model(batch_of(here).image).shape == (6, 10)


def test_pictures_are_moved_in_a_step_and_nowhere_else(small):
    here = small("cifar10-cnn")
    model, batch = here.build().eval(), batch_of(here)
    seen: list[torch.Tensor] = []
    model.features.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    with draw.step(0, 0, torch.device("cpu")):
        list(model.updates(batch, 0))
    model.classify(batch.image)
    model.evaluate(batch)
    assert not torch.equal(seen[0], batch.image)
    assert torch.equal(seen[1], batch.image) and torch.equal(seen[2], batch.image)


def test_the_rate_is_kerases():
    with torch.device("meta"):
        spec = Spec("image", image=Pixels(3, 32, 32), label=Label(tuple("0123456789")))
        model = Cifar10CNN(Cifar10CNNConfig(), spec)
    assert model.schedule("model", 0) == 1
    assert model.schedule("model", 78_150) == pytest.approx(1 / 1.07815)


@pytest.mark.parametrize(
    ("name", "size"), [("cifar10-cnn", 9), ("mnist-transfer", 5), ("mnist-cnn", 5)]
)
def test_pictures_that_are_too_small_are_told(name, size, small):
    with pytest.raises(UserError, match="needs pictures of") as told:
        build(small(name).kind, small(name).config, choose("digits", size=size).spec(), 0)
    assert told.value.setting == "size"


def test_a_size_that_a_network_of_torchvision_refuses_is_one_line(small):
    # breaks when the training finds out, with the network's own traceback
    with pytest.raises(UserError, match=r"alexnet does not look at pictures of 32 x 32") as told:
        small("torchvision", network="alexnet").build()
    assert (told.value.setting, told.value.better) == ("size", 224)
    assert small("torchvision").build().network.training


def test_torchvision_sees_grey_as_three_equal_colours(small):
    here = small("torchvision")
    model, batch = here.build().eval(), batch_of(here)
    seen: list[torch.Tensor] = []
    model.network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    model.classify(batch.image)
    back = seen[0] * model.deviation + model.mean
    torch.testing.assert_close(back, batch.image.expand(-1, 3, -1, -1))
    with pytest.raises(UserError, match="unknown torchvision model") as told:
        small("torchvision", network="resnet81").build()
    assert told.value.setting == "network"


def test_a_double_softmax_has_a_floor_and_holds_the_classifier_back():
    # A11: the notebook's stored output has losses of 1.55 and an accuracy of .92
    import liangyi
    from liangyi.core import registry

    kind = liangyi.outside(str(EXAMPLES / "double_softmax.py"))
    try:
        data = choose("digits").split()
        sure = 50 * torch.nn.functional.one_hot(data.columns["label"], 10).float()
        batch = kind.batch_type(data.spec)(sure, data.columns["label"])
        model = build(kind, kind.Config(), data.spec, 0)
        model.network = torch.nn.Identity()
        (update,) = model.updates(batch, 0)
        assert float(update.loss) == pytest.approx(math.log(1 + 9 / math.e), abs=1e-4)
        (right,) = super(kind, model).updates(batch, 0)
        assert float(right.loss) < 1e-6
        worse, better = (
            accuracy(learned(build(one, one.Config(), data.spec, 0), data, 150, 0), data)
            for one in (kind, registry.find("mnist-mlp"))
        )
        assert worse < better
    finally:
        registry._models.pop("double-softmax", None)
        registry._outside.pop("double-softmax", None)
