"""Trained classifiers to look through: a run of ours, or a network of torchvision."""

from __future__ import annotations

import difflib
from functools import partial
from typing import Any

import torch
from torch import nn

from liangyi.core import registry
from liangyi.core.borrowed import Borrowed
from liangyi.core.config import from_plain, to_plain
from liangyi.core.errors import UserError, shown, unknown
from liangyi.core.spec import Spec
from liangyi.runs import borrowed
from liangyi.runs.caffe import squeezenet
from liangyi.runs.run import Run


def classifier(reference: str) -> Borrowed:
    """Return a trained classifier, from the run at hand where that has it already.

    Args:
        reference: a run of ours, or `torchvision:NAME` with its ImageNet weights (downloaded at
            first use), or `torchvision:NAME@FILE` with weights from a file of tensors; of
            squeezenet1_0 also from an .npz of Caffe's arrays.

    Raises:
        UserError: there is no such classifier, or its weights cannot be had.
    """
    if known := borrowed.kept(reference):
        about, file = known
        lent = built(reference, about)
        borrowed.weights(lent.network, file)
        return lent
    if reference.startswith("torchvision:"):
        name, _, file_name = reference.removeprefix("torchvision:").partition("@")
        network = _torchvision(name, file_name)
        return Borrowed(reference, network, 3, None, {"torchvision": name})
    if not reference or not Run.there(reference):
        none = f"no classifier at {shown(reference)!r}" if reference else "none is given"
        raise UserError(f"{none}; {_wanted(reference)}", setting="classifier")
    run = Run(reference)
    model = run.model()
    if "classify" not in model.verbs():
        raise UserError(f"{reference} is no classifier; train one: liangyi train mnist-cnn")
    about = {
        "model": run.kind.name(),
        "config": to_plain(run.config),
        "spec": run.spec.json(),
    }
    return Borrowed(reference, model, model.spec.shape[0], model.image_range, about)


def _wanted(reference: str) -> str:
    """Say what a classifier may be; of torchvision's, which name may be meant."""
    name, _, file = reference.partition("@")
    near = difflib.get_close_matches(name[:100], _names(), n=1) if name else []
    if near:
        return f"did you mean torchvision:{near[0]}{'@' * bool(file)}{file}?"
    return "give a run (as of mnist-cnn), torchvision:NAME, or torchvision:NAME@FILE"


def _names() -> list[str]:
    """Return torchvision's classifiers of pictures: those without a prefix."""
    from torchvision import models  # late: it costs more than a second

    return models.list_models(module=models)


def built(reference: str, about: dict[str, Any]) -> Borrowed:
    """Return a network with random weights, built as somebody wrote down.

    Raises:
        UserError: that was damaged.
    """
    try:
        if "torchvision" in about:
            network = _torchvision(str(about["torchvision"]), "", weights=False)
            return Borrowed(reference, network, 3, None, about)
        kind = registry.find(str(about["model"]))
        model = kind(from_plain(kind.Config, about["config"]), Spec.parse(about["spec"]))
    except KeyError as error:
        raise UserError(f"what is known of the borrowed network lacks {error}") from None
    return Borrowed(reference, model, model.spec.shape[0], model.image_range, about)


def empty(name: str, classes: int) -> nn.Module:
    """Return a network of torchvision with random weights, and without auxiliary outputs.

    Args:
        name: of the network.
        classes: that it tells apart.

    Raises:
        UserError: there is no such network.
    """
    from torchvision import models

    _demand_known(name, "network")
    # two networks want to be told; their own weights were learned from other means and deviations
    more = {"aux_logits": False, "init_weights": True, "transform_input": True}
    told = more if name in ("googlenet", "inception_v3") else {}
    network: nn.Module = models.get_model(name, weights=None, num_classes=classes, **told)
    return network


def _demand_known(name: str, setting: str) -> None:
    if name not in _names():
        near = unknown("torchvision model", shown(name), _names())
        raise UserError(str(near), setting=setting)


def _torchvision(name: str, file: str, weights: bool = True) -> nn.Module:
    from torchvision import models

    _demand_known(name, "classifier")
    if file or not weights:
        network: nn.Module = models.get_model(name, weights=None)
        if not file:
            return network
        try:
            caffe = name == "squeezenet1_0" and file.endswith(".npz")
            weights_of = squeezenet if caffe else partial(torch.load, weights_only=True)
            network.load_state_dict(weights_of(file))
        except OSError as error:
            raise UserError(
                f"cannot read the weights in {shown(file)}: {error.strerror or error}",
                setting="classifier",
            ) from None
        except Exception as error:  # a wrong file fails in many ways; none runs code
            reason = " ".join(str(error).split("\n")[0].split())[:100]
            raise UserError(
                f"{shown(file)} does not hold the weights of {name}: {reason}",
                setting="classifier",
            ) from None
        return network
    try:
        network = models.get_model(name, weights="DEFAULT")
    except OSError as error:
        raise UserError(
            f"cannot download the weights of {name} ({error}); name a file that holds them: "
            f"torchvision:{name}@FILE",
            setting="classifier",
        ) from None
    return network
