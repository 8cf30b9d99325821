"""Work on a GPU, with PyTorch's meta device in its place: nothing meets what is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.fx.experimental import _config as fx_config
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from liangyi.core import draw, registry
from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.data import Source
from liangyi.doctor.signals import Reference, signals
from liangyi.runs.building import build
from liangyi.scoring.evaluator import Evaluator
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.scorers import codes, pictures
from liangyi.scoring.subject import Subject
from liangyi.scoring.within_classes import class_coverage
from liangyi.session.layers import example, layers_of
from liangyi.training import trainer
from liangyi.zoo.vision.mnist_cnn import MnistCNN

MODELS = registry.names()
META = torch.device("meta")


class OneDevice(TorchDispatchMode):
    """Refuse what a GPU would refuse: an operation on tensors of two devices.

    Of the meta device PyTorch lets much of it pass.
    """

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        tensors = [x for x in tree_leaves((args, kwargs or {})) if isinstance(x, Tensor)]
        places = {x.device.type for x in tensors if x.dim() > 0}  # numbers may come from the CPU
        copies = "copy" in str(func)
        assert len(places) < 2 or copies, f"{func} of tensors on {sorted(places)}"
        if func is torch.ops.aten.bincount.default and args[0].is_meta:  # it knows no shape
            return torch.zeros((*args, None, 0)[2], dtype=torch.int64, device=META)
        return func(*args, **kwargs or {})


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the meta device be the best one there is, and give values to what leaves it."""

    def here(x: Tensor) -> Tensor:
        if not x.is_meta:
            return x
        even = 1 / x.shape[-1] if x.is_floating_point() and x.dim() else 1  # might be probabilities
        return torch.full(x.shape, even, dtype=x.dtype, device="cpu")

    for name in ("cpu", "item", "tolist", "__float__", "__int__", "__bool__"):
        leave = getattr(Tensor, name)
        monkeypatch.setattr(Tensor, name, lambda x, *args, leave=leave: leave(here(x), *args))
    for module in (trainer, pictures):
        monkeypatch.setattr(module, "choose_device", lambda name: META)
    # which no other device lacks
    monkeypatch.setattr(torch, "autocast", lambda *args, **settings: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda *args: False)
    # what is chosen by its values may be all there is
    with OneDevice(), fx_config.patch(meta_nonzero_assume_all_nonzero=True):
        yield


@pytest.mark.parametrize("name", MODELS)
def test_a_step_stays_on_its_device(name, small, gpu):
    # breaks when noise, targets or masks are made on the CPU
    model = small(name).build().to(META).train()
    for step in model.stages:
        with draw.step(0, step, META):
            for _ in model.updates(example(model, 4), step):
                pass


@pytest.mark.parametrize("name", MODELS)
def test_verbs_stay_on_their_device(name, small, gpu):
    # breaks when classes in turn, noise or a walk are made on the CPU
    model = small(name).build().to(META)
    batch = example(model, 4)
    arguments: dict[str, tuple[Any, ...]] = {
        "sample": (5,), "interpolate": (5, 2), "canvases": (5,), "traverse": (), "dream": (),
        "evaluate": (batch,), "bound": (batch,), "rank": (batch,), "manifold": (),
        "analogy": (batch[0][:, 0],) * 3,
    }  # fmt: skip
    for verb in model.verbs():
        if verb == "decode":
            arguments[verb] = (model.encode(batch[0]),)
        for found in tree_leaves(getattr(model, verb)(*arguments.get(verb, (batch[0],)))):
            assert found.is_meta


@pytest.mark.parametrize("name", MODELS)
def test_looking_at_a_model_leaves_nothing_behind_on_the_cpu(name, small, gpu):
    # what a training does between its steps
    here = small(name)
    model, data, held_out = here.build().to(META), here.source.split(), here.source.split("test")
    signals(model, model, Reference.of(model, data, held_out))
    if data.truth is not None and "sample" in model.verbs():
        assert data.truth(model.sample(10))
    figures_on(model, held_out, 20)
    layers_of(model)


def subject_of(model: Model, source: Source, split: str) -> Subject:
    run: Any = SimpleNamespace(data_name=source.name)
    train, held_out = source.split(), source.split("test")
    return Subject(run, model, train, held_out, 60, 0, split, 0, False, lambda line: None)


def test_a_conditional_model_is_scored_on_one_device(small, gpu, monkeypatch):
    # breaks when a stream of batches is made without the device of its trainer
    monkeypatch.setattr(pictures, "Training", lambda steps, **more: Training(steps=3, **more))
    here = small("acgan")
    model = here.build().to(META)
    subject = subject_of(model, here.source, "train")
    train = subject.train
    network = build(MnistCNN, small("mnist-cnn").config, train.spec, 0).to(META).eval()
    evaluator = Evaluator(network, "evaluator", 0.5, True, "none")
    drawn, (real, other) = subject.samples, subject.pair
    seen = [evaluator.features(image, model.image_range) for image in (real, drawn, other)]
    cards = pictures._features(subject, seen, {})
    cards += class_coverage(subject, seen, {})
    cards += pictures._classes(subject, evaluator, real, drawn)
    wanted = {"frechet", "class_coverage", "as_asked", "synthetic_accuracy"}
    assert wanted <= {card.metric for card in cards}


def test_a_vae_is_scored_on_one_device(small, gpu):
    here = small("vae")
    subject = subject_of(here.build().to(META), here.source, "test")
    assert {"psnr", "importance_bound"} <= {card.metric for card in codes.cards(subject)}


def test_what_stands_in_for_a_gpu_refuses_what_a_gpu_refuses(gpu):
    # PyTorch itself multiplies a tensor of the CPU by one of the meta device without a word
    here, there = torch.zeros(2, 3, device="cpu"), torch.zeros(4, 3, device=META)
    with pytest.raises(AssertionError, match=r"on .*cpu.*meta"):
        torch.nn.functional.linear(here, there)
    assert (there + torch.tensor(1.0, device="cpu")).is_meta
