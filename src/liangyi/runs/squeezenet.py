"""SqueezeNet 1.0 as its authors published it (Iandola et al., arXiv:1602.07360), for torchvision's.

Their weights are Caffe's: they look at blue, green and red of 0 to 255 less 104, 117 and 123. As
arrays by Caffe's names (`fire2/conv1x1_1|w`, `|b` for the bias) in a .npz they are brought to the
form of `torchvision.models.squeezenet1_0`; what stands before the first layer goes into it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_PLACES = {"conv1": "features.0", "conv_final": "classifier.1"}
for _fire, _place in zip(range(2, 10), (3, 4, 5, 7, 8, 9, 10, 12), strict=True):
    for _theirs, _ours in (
        ("conv1x1_1", "squeeze"), ("conv1x1_2", "expand1x1"), ("conv3x3_2", "expand3x3")
    ):  # fmt: skip
        _PLACES[f"fire{_fire}/{_theirs}"] = f"features.{_place}.{_ours}"


def converted(file: str) -> dict[str, Tensor]:
    """Return the weights in a .npz by torchvision's names.

    Raises:
        OSError: it cannot be read.
        KeyError, ValueError: it holds something else.
    """
    with np.load(file, allow_pickle=False) as arrays:
        found = {
            f"{place}.{kind}": torch.from_numpy(arrays[f"{name}|{kind[0]}"])
            for name, place in _PLACES.items()
            for kind in ("weight", "bias")
        }
    # theirs of a picture z in ImageNet's mean and deviation: 255 (z deviation + mean) - less
    mean, deviation, less = torch.tensor(
        [[0.485, 0.456, 0.406], [0.229, 0.224, 0.225], [123.0, 117.0, 104.0]], device="cpu"
    ).view(3, 3, 1, 1)
    first = found["features.0.weight"].flip(1)  # blue, green, red
    bias = found["features.0.bias"] + (first * (255 * mean - less)).sum((1, 2, 3))
    return found | {"features.0.weight": first * (255 * deviation), "features.0.bias": bias}
