"""MNIST: LeCun et al., "Gradient-based learning applied to document recognition", 1998."""

from __future__ import annotations

from liangyi.data.pictures.digits import NAMES
from liangyi.data.pictures.torchvision_sets import Known
from liangyi.data.source import source


@source("mnist", "70,000 handwritten digits, 28 x 28, grey")
class MNIST(Known):
    """Handwritten digits."""

    stored = "MNIST"
    shape = (1, 28, 28)
    names = NAMES
