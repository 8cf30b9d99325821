"""What a frozen classifier sees: its own activations, in its own range, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from liangyi.core.errors import UserError
from liangyi.nets.features import Features
from liangyi.runs import classifiers
from liangyi.runs.run import Run


def looking(run: str, layers: Sequence[str], channels: int) -> Features:
    """Return what looks through the classifier of a run."""
    return Features(classifiers.classifier(run), layers, channels)


def seen_by(classifier: str, layers: list[str], picture: torch.Tensor) -> list[torch.Tensor]:
    """Return what the named layers of the run's own model put out, by its own range."""
    model = Run(classifier).model().eval()
    kept: dict[str, torch.Tensor] = {}
    for name in layers:
        module = model.get_submodule(name)
        module.register_forward_hook(lambda _, __, out, name=name: kept.update({name: out.clone()}))
    low, high = model.image_range
    with torch.no_grad():
        model((picture + 1) / 2 * (high - low) + low)
    return [kept[name] for name in layers]


@pytest.fixture
def picture() -> torch.Tensor:
    return torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_activations_are_the_classifiers_own_in_the_order_asked_for(classifier, picture):
    # breaks when the picture is not brought into the classifier's range, or dropout is on
    layers = ["network.2", "network.0", "network.7"]
    found = looking(classifier, layers, 1).train()(picture)
    for one, wanted in zip(found, seen_by(classifier, layers, picture), strict=True):
        torch.testing.assert_close(one, wanted)


def test_a_layer_is_the_same_whatever_is_asked_for_beside_it(classifier, picture):
    # breaks when the in-place ReLU behind a convolution changes what was noted of it
    alone = looking(classifier, ["network.0"], 1)(picture)[0]
    beside = looking(classifier, ["network.0", "network.7"], 1)(picture)[0]
    assert alone.min() < 0 and torch.equal(alone, beside)


def test_nothing_asked_is_the_last_convolution(classifier, picture):
    features = looking(classifier, (), 1)
    assert features.layers == ("network.2",)
    assert features(picture)[0].shape == (2, 8, 4, 4)


def test_a_gradient_reaches_the_picture_and_no_weight(classifier, picture):
    features = looking(classifier, (), 1)
    picture.requires_grad_()
    features(picture)[0].square().mean().backward()
    assert picture.grad.abs().sum() > 0
    assert all(not p.requires_grad and p.grad is None for p in features.parameters())


def test_it_stays_a_measuring_instrument_when_the_model_trains(classifier, picture):
    features = looking(classifier, ["network.7"], 1)
    assert not any(module.training for module in features.train().modules())
    assert torch.equal(features(picture)[0], features(picture)[0])


def test_no_hook_stays_behind(classifier, picture):
    # breaks slowly: a hook more at each step
    features = looking(classifier, (), 1)
    features(picture)
    assert not any(module._forward_hooks for module in features.network.modules())
    with pytest.raises(UserError):
        features(picture[..., :2, :2])
    assert not any(module._forward_hooks for module in features.network.modules())


def test_layers_behind_the_last_one_asked_for_need_not_fit(classifier):
    # octaves have other sizes than the pictures the classifier was trained on
    features = looking(classifier, (), 1)
    assert features(torch.zeros(1, 1, 11, 9))[0].shape[2:] == (7, 5)
    with pytest.raises(UserError, match=r"cannot look at 4 x 4 pixels \(.*earlier"):
        features(torch.zeros(1, 1, 4, 4))


def test_pictures_of_other_channels_are_seen_as_grey(classifier, picture):
    colour = torch.cat([picture - 0.1, picture, picture + 0.1], 1)
    grey, seen = looking(classifier, (), 1)(picture), looking(classifier, (), 3)(colour)
    torch.testing.assert_close(seen[0], grey[0])


@pytest.mark.parametrize(
    ("layers", "wrong"), [(["network.2", "nothing.1"], "nothing.1"), (["conv"], "conv")]
)
def test_an_unknown_layer_is_the_users_mistake(classifier, layers, wrong):
    with pytest.raises(UserError, match=wrong):
        looking(classifier, layers, 1)
