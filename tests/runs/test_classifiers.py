"""Classifiers that others look through: a run of ours, or a network of torchvision."""

from __future__ import annotations

import pytest
import torch

from conftest import follow
from liangyi.core.errors import UserError
from liangyi.runs.classifiers import built
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


def test_without_a_name_it_is_inception_where_its_weights_are(tmp_path, monkeypatch):
    # breaks when the default is downloaded unasked, or damage in a download is a traceback
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(UserError, match="none is given; give a run"):
        classifier_of("")
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    (tmp_path / "hub" / "checkpoints" / "inception_v3_google-0cc3c7bd.pth").write_bytes(b"no")
    with pytest.raises(UserError, match="not hold the weights of inception_v3"):
        classifier_of("")


def test_inception_of_a_file_sees_as_the_downloaded_one_and_says_its_layers(tmp_path):
    # breaks when its input is not brought back to (-1, 1), where its weights were learned
    from torchvision import models

    whole = models.get_model("googlenet", weights=None, init_weights=False)  # with its auxiliaries
    torch.save(whole.state_dict(), tmp_path / "weights.pth")
    lent = classifier_of(f"torchvision:googlenet@{tmp_path / 'weights.pth'}")
    assert lent.network.transform_input and not lent.network.aux_logits
    assert torch.equal(lent.network.fc.weight, whole.fc.weight)
    again = built("there", lent.about)
    again.network.load_state_dict(lent.network.state_dict())  # as from a run's own folder
    assert again.network.transform_input and again.classes[340] == "zebra"


def test_a_wrong_npz_is_one_line(tmp_path):
    import numpy as np

    np.savez(tmp_path / "wrong.npz", a=np.zeros(3))
    with pytest.raises(UserError, match="does not hold the weights of squeezenet1_0"):
        classifier_of(f"torchvision:squeezenet1_0@{tmp_path / 'wrong.npz'}")
