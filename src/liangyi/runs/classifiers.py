"""Trained classifiers to look through: a run of ours, or a network of torchvision."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from liangyi.core import registry
from liangyi.core.borrowed import Borrowed
from liangyi.core.config import from_plain, to_plain
from liangyi.core.errors import UserError, shown, unknown
from liangyi.core.model import Model
from liangyi.core.spec import Spec
from liangyi.runs import borrowed, squeezenet
from liangyi.runs.run import Run

_IMAGENET = 1000  # classes


def classifier(reference: str) -> Borrowed:
    """Return a trained classifier, from the run at hand where that has it already.

    Args:
        reference: a run of ours, or `torchvision:NAME` with its ImageNet weights (downloaded at
            first use), or `torchvision:NAME@FILE` with weights from a file of tensors. Nothing:
            Inception v3, where its weights are on this machine already.

    Raises:
        UserError: there is no such classifier, or its weights cannot be had.
    """
    if known := borrowed.kept(reference):
        about, file = known
        lent = built(reference, about)
        borrowed.weights(lent.network, file)
        return lent
    wanted = reference or _at_hand()
    if wanted.startswith("torchvision:"):
        name, _, file_name = wanted.removeprefix("torchvision:").partition("@")
        network = _torchvision(name, file_name)
        return Borrowed(reference, network, 3, None, {"torchvision": name}, _classes(name))
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
    return _lent(reference, model, about)


def _lent(reference: str, model: Model, about: dict[str, Any]) -> Borrowed:
    spec = model.spec
    return Borrowed(reference, model, spec.shape[0], model.image_range, about, spec.classes)


def _at_hand() -> str:
    """Return what names Inception v3, if its weights were downloaded before; else nothing."""
    from torchvision import models

    url = models.get_model_weights("inception_v3").DEFAULT.url
    there = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    return "torchvision:inception_v3" if there.is_file() else ""


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
            name = str(about["torchvision"])
            return Borrowed(reference, empty(name, _IMAGENET), 3, None, about, _classes(name))
        kind = registry.find(str(about["model"]))
        model = kind(from_plain(kind.Config, about["config"]), Spec.parse(about["spec"]))
    except KeyError as error:
        raise UserError(f"what is known of the borrowed network lacks {error}") from None
    return _lent(reference, model, about)


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


def _classes(name: str) -> tuple[str, ...]:
    """Return what ImageNet calls its classes."""
    from torchvision import models

    return tuple(models.get_model_weights(name).DEFAULT.meta["categories"])


def _torchvision(name: str, file: str) -> nn.Module:
    """Return a network with its weights, from a file or as torchvision has them."""
    _demand_known(name, "classifier")
    found = _read(name, file) if file else _downloaded(name)
    network = empty(name, _IMAGENET)
    # which some networks have for their training alone
    kept = {path: value for path, value in found.items() if not path.lower().startswith("aux")}
    try:
        network.load_state_dict(kept)
    except Exception as error:  # a wrong file fails in many ways; none runs code
        raise _wrong(name, file, error) from None
    return network


def _read(name: str, file: str) -> dict[str, Tensor]:
    try:
        if file.endswith(".npz"):
            return squeezenet.converted(file)
        found: dict[str, Tensor] = dict(torch.load(file, weights_only=True))
        return found
    except OSError as error:
        raise UserError(
            f"cannot read the weights in {shown(file)}: {error.strerror or error}",
            setting="classifier",
        ) from None
    except Exception as error:  # as above
        raise _wrong(name, file, error) from None


def _wrong(name: str, file: str, error: Exception) -> UserError:
    reason = " ".join(str(error).split("\n")[0].split())[:100]
    place = shown(file) if file else "what was downloaded"
    return UserError(f"{place} does not hold the weights of {name}: {reason}", setting="classifier")


def _downloaded(name: str) -> dict[str, Tensor]:
    from torchvision import models

    try:
        found: dict[str, Tensor] = models.get_model(name, weights="DEFAULT").state_dict()
    except OSError as error:
        raise UserError(
            f"cannot download the weights of {name} ({error}); name a file that holds them: "
            f"torchvision:{name}@FILE",
            setting="classifier",
        ) from None
    except Exception as error:  # as above
        raise _wrong(name, "", error) from None
    return found
