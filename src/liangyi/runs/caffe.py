"""SqueezeNet 1.0 with the weights of its authors, from arrays as Caffe names and feeds them.

Iandola et al., "SqueezeNet: AlexNet-level accuracy with 50x fewer parameters", arXiv:1602.07360.
Caffe's network sees bytes, blue first, less a mean of each colour; torchvision's sees red first,
less ImageNet's mean over its deviation. Both are linear, so the first convolution, which has no
padding, takes the difference in.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

_LAYERS = {
    "conv1": "features.0",
    "fire2": "features.3", "fire3": "features.4", "fire4": "features.5", "fire5": "features.7",
    "fire6": "features.8", "fire7": "features.9", "fire8": "features.10", "fire9": "features.12",
    "conv_final": "classifier.1",
}  # fmt: skip
_PARTS = {"conv1x1_1": ".squeeze", "conv1x1_2": ".expand1x1", "conv3x3_2": ".expand3x3", "": ""}
_THEIRS = (123.0, 117.0, 104.0)  # red, green, blue: taken off bytes
_MEAN, _DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of values in 0 ... 1


def squeezenet(file: str) -> dict[str, Tensor]:
    """Return the weights of torchvision's squeezenet1_0 from `LAYER|w` and `LAYER|b` of an .npz.

    Raises:
        OSError: it cannot be read.
        KeyError: a layer has another name.
    """
    found = {}
    with np.load(file) as arrays:
        for name in arrays.files:
            path, _, kind = name.partition("|")
            layer, _, part = path.partition("/")
            ours = f"{_LAYERS[layer]}{_PARTS[part]}.{'weight' if kind == 'w' else 'bias'}"
            found[ours] = torch.tensor(arrays[name], device="cpu")
    theirs, mean, deviation = (
        torch.tensor(each, device="cpu")[:, None, None] for each in (_THEIRS, _MEAN, _DEVIATION)
    )
    weight = found["features.0.weight"].flip(1)  # red first
    found["features.0.bias"] += (weight * (255 * mean - theirs)).sum((1, 2, 3))
    found["features.0.weight"] = weight * (255 * deviation)
    return found
