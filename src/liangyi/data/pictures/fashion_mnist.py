"""Fashion-MNIST: Xiao, Rasul and Vollgraf, arXiv:1708.07747."""

from __future__ import annotations

from liangyi.data.pictures.torchvision_sets import Known
from liangyi.data.source import source


@source("fashion-mnist", "70,000 pieces of clothing, 28 x 28, grey")
class FashionMNIST(Known):
    """Pieces of clothing."""

    stored = "FashionMNIST"
    shape = (1, 28, 28)
    names = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker",
             "Bag", "Ankle boot")  # fmt: skip
