"""Classifiers that others look through: a run of ours, or a network of torchvision."""

from __future__ import annotations

import pytest
import torch

from conftest import follow
from liangyi.core.errors import UserError
from liangyi.runs.classifiers import classifier as classifier_of
from liangyi.runs.run import Run


def test_a_run_lends_its_trained_network_and_says_how_it_is_built(classifier):
    lent, run = classifier_of(classifier), Run(classifier)
    picture = torch.zeros(2, 1, 8, 8)
    assert torch.equal(lent.network(picture), run.model()(picture))
    assert lent.channels == 1 and lent.image_range == run.kind.image_range
    assert lent.about["model"] == "mnist-cnn" and lent.reference == classifier


def test_what_is_no_classifier_is_the_users_mistake(small, tmp_path):
    for missing in ("", str(tmp_path)):
        with pytest.raises(UserError, match="give a run") as told:
            classifier_of(missing)
        assert told.value.setting == "classifier"
    run = small("vae").run(tmp_path / "vae", steps=1)
    for _ in follow(run):
        pass
    with pytest.raises(UserError, match="is no classifier"):
        classifier_of(str(run.path))


def test_networks_of_torchvision_are_named_and_their_file_is_checked(tmp_path):
    # breaks when a file that somebody downloaded is opened as more than tensors
    with pytest.raises(
        UserError, match="unknown torchvision model 'resnet19'; did you mean resnet1"
    ):
        classifier_of("torchvision:resnet19")
    file = tmp_path / "weights.pth"
    file.write_bytes(b"no tensors")
    with pytest.raises(UserError, match="does not hold the weights of squeezenet1_1"):
        classifier_of(f"torchvision:squeezenet1_1@{file}")
