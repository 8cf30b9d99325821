"""What a trained classifier sees: the activations of its named layers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from liangyi.core import files
from liangyi.core.errors import UserError, shown, unknown
from liangyi.core.run import Run


class Features(nn.Module):
    """Pictures in (-1, 1) -> activations of layers of a frozen classifier.

    Args:
        classifier: a run of ours, or `torchvision:NAME` with its ImageNet weights (downloaded at
            first use), or `torchvision:NAME@FILE` with weights from a file of tensors.
        layers: names of its modules; nothing: the last convolution.
        channels: of the pictures that will come.

    Raises:
        UserError: there is no such classifier or layer, or its weights cannot be had.
    """

    shift: Tensor
    scale: Tensor

    def __init__(self, classifier: str, layers: Sequence[str], channels: int) -> None:
        super().__init__()
        if classifier.startswith("torchvision:"):
            network, wanted = _torchvision(classifier.removeprefix("torchvision:")), 3
            low = torch.tensor([0.485, 0.456, 0.406], device="cpu")
            high = torch.tensor([0.229, 0.224, 0.225], device="cpu")
            shift, scale = (0.5 - low) / high, 0.5 / high  # ImageNet's mean and deviation
        elif classifier and (Path(classifier) / "config.json").is_file():
            network = Run(classifier).model()
            if "classify" not in network.verbs():
                raise UserError(
                    f"{classifier} is no classifier; train one: liangyi train mnist-cnn"
                )
            wanted, (lowest, highest) = network.spec.shape[0], network.image_range
            shift = torch.full((wanted,), (lowest + highest) / 2, device="cpu")
            scale = torch.full((wanted,), (highest - lowest) / 2, device="cpu")
        else:
            raise UserError(
                f"no classifier at {shown(classifier)!r}; give --classifier a run (as of mnist-cnn)"
                " or torchvision:NAME"
            )
        self.network = network.eval().requires_grad_(False)
        self.channels, self.wanted = channels, wanted
        self.register_buffer("shift", shift.view(-1, 1, 1), persistent=False)
        self.register_buffer("scale", scale.view(-1, 1, 1), persistent=False)
        modules = dict(network.named_modules())
        convolutions = [name for name, m in modules.items() if isinstance(m, nn.Conv2d)]
        self.layers = tuple(layers) or tuple(convolutions[-1:])
        for name in self.layers:
            if name not in modules:
                raise unknown("layer", name, [key for key in modules if key])
        if not self.layers:
            raise UserError(f"{classifier} has no convolution; name --layers")

    def train(self, mode: bool = True) -> Features:
        """Stay in evaluation mode: the classifier is a measuring instrument here."""
        return super().train(False)

    def forward(self, picture: Tensor) -> list[Tensor]:
        """Return one activation for each layer, pictures [N C H W] in (-1, 1)."""
        if self.channels != self.wanted:
            picture = picture.mean(1, keepdim=True).expand(-1, self.wanted, -1, -1)
        seen: dict[str, Tensor] = {}

        def keep(name: str) -> Any:
            def hook(module: nn.Module, inputs: Any, output: Tensor) -> None:
                seen[name] = output
                if len(seen) == len(self.layers):
                    raise _Enough  # layers behind may not fit a picture of this size

            return hook

        modules = dict(self.network.named_modules())
        hooks = [modules[name].register_forward_hook(keep(name)) for name in self.layers]
        try:
            self.network(picture * self.scale + self.shift)
        except _Enough:
            pass
        except RuntimeError as error:
            raise UserError(
                f"the classifier cannot look at {tuple(picture.shape[2:])}: {error}; --octaves 1 "
                "keeps the picture's size"
            ) from None
        finally:
            for hook in hooks:
                hook.remove()
        return [seen[name] for name in self.layers]


class _Enough(Exception):
    pass


def _torchvision(name: str) -> nn.Module:
    from torchvision import models  # late: it costs more than a second

    name, _, file = name.partition("@")
    if name not in models.list_models():
        raise unknown("torchvision model", name, models.list_models())
    if file:
        network: nn.Module = models.get_model(name, weights=None)
        try:
            files.demand_file(Path(file))
            network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        except OSError as error:
            raise UserError(f"cannot read {file}: {error.strerror}") from None
        except Exception:  # a wrong file fails in many ways; none runs code
            # PyTorch's own words advise to trust the file
            raise UserError(
                f"{file} does not hold the weights of {name}, or more than tensors"
            ) from None
        return network
    try:
        network = models.get_model(name, weights="DEFAULT")
    except OSError as error:
        raise UserError(
            f"cannot download the weights of {name} ({error}); "
            f"give a file: --classifier torchvision:{name}@FILE"
        ) from None
    return network
