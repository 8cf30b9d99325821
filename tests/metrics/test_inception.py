"""The way to torch-fidelity: with a small network of our own, for there are no weights here."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.metrics import inception as module
from liangyi.metrics.inception import inception

fidelity = pytest.importorskip("torch_fidelity")
ALL = tuple(module.KINDS)


class Small(fidelity.FeatureExtractorBase):
    """Eight random filters and what a linear classifier makes of them."""

    def __init__(self, name: str, features_list: list[str], **settings: object) -> None:
        super().__init__(name, features_list)
        dice = torch.Generator().manual_seed(0)
        self.filters = torch.randn(8, 3, 4, 4, generator=dice)
        self.classes = torch.randn(8, 5, generator=dice)

    def forward(self, pictures: Tensor) -> tuple[Tensor, ...]:
        assert pictures.dtype == torch.uint8 and pictures.shape[1] == 3
        seen = torch.nn.functional.conv2d(pictures.float() / 64, self.filters).relu().mean((2, 3))
        every = {"features": seen, "logits": seen @ self.classes}
        return tuple(every[name] for name in self.features_list)

    @staticmethod
    def get_provided_features_list() -> tuple[str, ...]:
        return "features", "logits"

    @staticmethod
    def get_default_feature_layer_for_metric(metric: str) -> str:
        return "logits" if metric == "isc" else "features"

    @staticmethod
    def can_be_compiled() -> bool:
        return False


fidelity.register_feature_extractor("small", Small)


def pictures(count: int, channels: int, seed: int, low: int = 0, high: int = 256) -> Tensor:
    dice = torch.Generator().manual_seed(seed)
    shape = count, channels, 8, 8
    return torch.randint(low, high, shape, dtype=torch.uint8, generator=dice)


def features(of: Tensor, name: str = "features") -> Tensor:
    return Small("small", [name])(of)[0]


def test_each_figure_is_the_library_s_own_on_the_same_features():
    # breaks when samples and real ones are swapped, pictures are lost, or the seed is not passed
    samples, real = pictures(70, 3, 0, high=200), pictures(90, 3, 1)
    found = inception(samples, real, ALL, extractor="small", seed=7)
    one, other = features(samples), features(real)
    fid = importlib.import_module("torch_fidelity.metric_fid")
    kid = importlib.import_module("torch_fidelity.metric_kid")
    isc = importlib.import_module("torch_fidelity.metric_isc")
    prc = importlib.import_module("torch_fidelity.metric_prc")
    statistics = map(fid.fid_features_to_statistics, (one, other))
    wanted = fid.fid_statistics_to_metric(*statistics, verbose=False)
    wanted |= kid.kid_features_to_metric(one, other, kid_subset_size=70, rng_seed=7, verbose=False)
    wanted |= isc.isc_features_to_metric(features(samples, "logits"), 10, True, 7)
    wanted |= prc.prc_features_to_metric(one, other, verbose=False)
    assert found == pytest.approx(wanted, rel=1e-4, abs=1e-6)
    assert set(found) == {
        "frechet_inception_distance",
        "kernel_inception_distance_mean",
        "kernel_inception_distance_std",
        "inception_score_mean",
        "inception_score_std",
        "precision",
        "recall",
        "f_score",
    }


def test_a_collapsed_generator_has_precision_and_no_recall():
    # torch-fidelity's tests/torch_pure/misc/test_prc_convention.py, through pictures
    samples, real = pictures(60, 3, 0, 120, 136), pictures(60, 3, 1)
    real[::2] = real[::2] // 16 + 120  # real ones look like them too, but not only
    found = inception(samples, real, ["precision"], extractor="small")
    assert found["precision"] > 0.8 and found["recall"] < 0.6
    back = inception(real, samples, ["precision"], extractor="small")
    assert (back["precision"], back["recall"]) == (found["recall"], found["precision"])


def test_grey_is_colour_with_three_equal_channels():
    samples, real = pictures(20, 1, 0), pictures(20, 1, 1, high=100)
    grey = inception(samples, real, extractor="small")
    colour = inception(samples.repeat(1, 3, 1, 1), real.repeat(1, 3, 1, 1), extractor="small")
    assert grey == colour
    assert not any(name in grey for name in ("precision", "recall"))


def test_nothing_runs_beside_and_nothing_is_said_or_kept(tmp_path, monkeypatch, capfd):
    # breaks when workers start (they load everything anew) or features are cached by chance
    loader = importlib.import_module("torch_fidelity.utils").DataLoader
    workers = []

    def watched(*args, **settings):
        workers.append(settings["num_workers"])
        return loader(*args, **settings)

    monkeypatch.setattr("torch_fidelity.utils.DataLoader", watched)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    state = torch.get_rng_state()
    inception(pictures(20, 3, 0), pictures(20, 3, 1), extractor="small")
    assert workers == [0, 0] and not list(tmp_path.rglob("*"))
    assert capfd.readouterr() == ("", "") and torch.equal(state, torch.get_rng_state())


def test_by_default_it_is_the_network_of_2015(tmp_path, monkeypatch):
    # the real architecture with random weights: breaks when layers are named wrongly
    inside = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")
    asked = []

    def weights(url, **settings):
        asked.append((url.rpartition("/")[2], settings.get("weights_only")))
        return {}

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.load_state_dict_from_url", weights)
    monkeypatch.setattr(inside, "load_state_dict_from_url", weights)
    monkeypatch.setattr(inside.FeatureExtractorInceptionV3, "load_state_dict", lambda *_: None)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        found = inception(pictures(2, 1, 0), pictures(2, 1, 1), ["frechet"])
    assert found["frechet_inception_distance"] >= -1e-3
    name = "weights-inception-2015-12-05-6726825d.pth"
    # ours comes first, which unpickles nothing
    assert asked == [(name, True), (name, None)]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("frechet", "weights-inception-2015-12-05-6726825d.pth"),
        ("precision", "vgg16-397923af.pth"),
    ],
)
def test_without_a_network_it_says_what_to_put_where(kind, name, tmp_path, monkeypatch):
    tried = []

    def offline(url, place, hash_prefix, **settings):
        tried.append(hash_prefix)
        raise URLError("Name or service not known")

    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setattr("torch.hub.download_url_to_file", offline)
    with pytest.raises(UserError, match="is missing and cannot be fetched") as error:
        inception(pictures(5, 3, 0), pictures(5, 3, 1), [kind])
    line = str(error.value)
    assert str(tmp_path / "hub" / "checkpoints" / name) in line and "https://" in line
    assert "without --inception needs no network" in line and "\n" not in line
    assert tried == [Path(name).stem.rpartition("-")[2]]  # the hash is checked on arrival


class Harmful:
    def __reduce__(self):
        return os.mkdir, (os.environ["LIANGYI_TEST_HARM"],)


@pytest.mark.parametrize("harmful", [False, True])
def test_a_damaged_or_harmful_file_is_named_and_not_run(harmful, tmp_path, monkeypatch):
    # torch-fidelity itself unpickles what lies there
    place = tmp_path / "hub" / "checkpoints" / "weights-inception-2015-12-05-6726825d.pth"
    place.parent.mkdir(parents=True)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("LIANGYI_TEST_HARM", str(tmp_path / "harm"))
    place.write_bytes(b"no weights")
    if harmful:
        torch.save({"fc.weight": Harmful()}, place)
    with pytest.raises(UserError, match="cannot be read") as error:
        inception(pictures(5, 3, 0), pictures(5, 3, 1), ["frechet"])
    assert str(place) in str(error.value) and "\n" not in str(error.value)
    assert not (tmp_path / "harm").exists()


def test_mistakes_are_one_line(monkeypatch):
    good = pictures(12, 3, 0)
    with pytest.raises(UserError, match="did you mean frechet"):
        inception(good, good, ["frechett"])
    with pytest.raises(UserError, match=r"samples must be uint8 .* not float32 \[12, 3, 8, 8\]"):
        inception(good.float(), good)
    with pytest.raises(UserError, match="real pictures must be"):
        inception(good, good[0])
    with pytest.raises(UserError, match="need at least 10 pictures, not 4"):
        inception(good, good[:4])
    assert inception(good, good, []) == {}
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    with pytest.raises(UserError, match=r"pip install 'liangyi\[fidelity\]'"):
        inception(good, good)
