"""DeepDream in plain PyTorch: the Keras example `deep_dream.py`, its whole picture at once."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import interpolate

from benchmarks.harness import Prepared
from benchmarks.peers.stretch import peak


def dream(
    classifier: str, layers: dict[str, float], side: int, ascents: int, device: str
) -> Prepared:
    from liangyi.runs.classifiers import classifier as weights_of

    network = weights_of(classifier).network.eval().requires_grad_(False).to(device)
    seen: dict[str, torch.Tensor] = {}

    def keep(name: str) -> Any:
        def hook(module: Any, inputs: Any, output: torch.Tensor) -> None:
            seen[name] = output

        return hook

    for name in layers:
        network.get_submodule(name).register_forward_hook(keep(name))
    # none behind the last layer is needed
    last = max(int(name.partition(".")[2]) for name in layers)
    body = network.features[: last + 1]
    mean = torch.tensor([0.485, 0.456, 0.406], device=device).view(3, 1, 1)
    deviation = torch.tensor([0.229, 0.224, 0.225], device=device).view(3, 1, 1)
    generator = torch.Generator().manual_seed(0)
    original = (torch.rand(1, 3, side, side, generator=generator) * 2 - 1).to(device)

    def resized(picture: torch.Tensor, size: int) -> torch.Tensor:
        return interpolate(picture, (size, size), mode="bilinear", antialias=True)

    def whole(steps: int) -> float:
        picture, shrunk = original, None
        for size in (round(side / 1.4**2), round(side / 1.4), side):
            picture = resized(picture, size)
            if shrunk is not None:
                picture = picture + resized(original, size) - resized(shrunk, size)
            for _ in range(steps):
                picture = picture.detach().requires_grad_()
                body(((picture + 1) / 2 - mean) / deviation)
                loss = sum(
                    weight * seen[name][:, :, 2:-2, 2:-2].square().sum() / seen[name].numel()
                    for name, weight in layers.items()
                )
                (slope,) = torch.autograd.grad(loss, picture)
                loss.item()
                picture = picture + 0.01 * slope / slope.abs().mean().clamp(min=1e-7)
            shrunk = resized(original, size)
        if device != "cpu":
            torch.accelerator.synchronize()
        return side * side / 1e6

    whole(1)
    return (lambda: whole(ascents)), {"peak memory, MiB": peak()}
