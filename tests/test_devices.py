"""Work on a GPU, with PyTorch's meta device in its place: nothing meets what is elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from liangyi.core import draw, registry, trainer
from liangyi.core.batch import KINDS
from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.core.run import build
from liangyi.data import Dataset, load
from liangyi.doctor.signals import Reference, signals
from liangyi.judging import Judge
from liangyi.measuring import test as measured
from liangyi.measuring import truth_of
from liangyi.scoring import codes, pictures
from liangyi.scoring.subject import Subject
from liangyi.showing import layers_of
from liangyi.zoo.mnist_cnn import MnistCNN

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
    with OneDevice():
        yield


def batch_of(model: Model, count: int = 4) -> Any:
    """Return a batch as the model eats it, on the meta device."""
    kind = KINDS[model.batch_type(model.spec).__name__]
    whole = {"label": (), "image": model.spec.shape, "point": model.spec.shape,
             "token": model.spec.shape}  # fmt: skip
    real = {"image": torch.float32, "point": torch.float32}
    return kind(*(torch.zeros(count, *whole[name], dtype=real.get(name, torch.int64), device=META)
                  for name in kind._fields))  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_a_step_stays_on_its_device(name, small, gpu):
    # breaks when noise, targets or masks are made on the CPU
    model = small(name).build().to(META).train()
    for step in model.stages:
        with draw.step(0, step, META):
            for _ in model.updates(batch_of(model), step):
                pass


@pytest.mark.parametrize("name", MODELS)
def test_verbs_stay_on_their_device(name, small, gpu):
    # breaks when classes in turn, noise or a walk are made on the CPU
    model = small(name).build().to(META)
    batch = batch_of(model)
    arguments: dict[str, tuple[Any, ...]] = {
        "sample": (5,), "interpolate": (5, 2), "evaluate": (batch,), "bound": (batch,), "dream": (),
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
    model, data, held_out = here.build().to(META), load(here.data), load(here.data, "test")
    signals(model, model, Reference.of(model, data, held_out))
    truth_of(model, data, 10)
    if isinstance(held_out, Dataset):
        measured(model, held_out, 20)
    layers_of(model)


def test_a_conditional_model_is_scored_on_one_device(small, gpu, tmp_path, monkeypatch):
    # breaks when a stream of batches is made without the device of its trainer
    monkeypatch.setattr(pictures, "Training", lambda steps, **more: Training(steps=3, **more))
    here = small("acgan")
    train, held_out = load(here.data), load(here.data, "test")
    run: Any = SimpleNamespace(plain={"data": {"data": "digits"}}, path=tmp_path)
    model = here.build().to(META)
    subject = Subject(run, model, train, held_out, 60, 0, "train", 0, lambda line: None)
    network = build(MnistCNN, small("mnist-cnn").config, train.spec, 0).to(META).eval()
    judge = Judge(network, "judge", 0.5, True, "none")
    drawn, (real, other) = subject.samples(), subject.real()
    cards = pictures._features(subject, judge, real, other, drawn)
    cards += pictures._classes(subject, judge, real, drawn)
    assert {"frechet", "as_asked", "synthetic_accuracy"} <= {card.metric for card in cards}


def test_a_vae_is_scored_on_one_device(small, gpu, tmp_path):
    here = small("vae")
    train, held_out = load(here.data), load(here.data, "test")
    run: Any = SimpleNamespace(plain={"data": {"data": "digits"}}, path=tmp_path)
    model = here.build().to(META)
    subject = Subject(run, model, train, held_out, 60, 0, "test", 0, lambda line: None)
    assert {"psnr", "importance_bound"} <= {card.metric for card in codes.cards(subject)}


def test_what_stands_in_for_a_gpu_refuses_what_a_gpu_refuses(gpu):
    # PyTorch itself multiplies a tensor of the CPU by one of the meta device without a word
    here, there = torch.zeros(2, 3, device="cpu"), torch.zeros(4, 3, device=META)
    with pytest.raises(AssertionError, match=r"on .*cpu.*meta"):
        torch.nn.functional.linear(here, there)
    assert (there + torch.tensor(1.0, device="cpu")).is_meta
