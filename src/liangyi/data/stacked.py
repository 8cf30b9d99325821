"""Stacked MNIST: three digits in the three colours of a picture, 1,000 equally likely modes.

Metz et al., "Unrolled generative adversarial networks", arXiv:1611.02163, section 3.3.1; counted as
in Lin et al., "PacGAN", arXiv:1712.04086: 128,000 training pictures, a mode is a triple of digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.batch import Spec
from liangyi.data.dataset import Dataset

TRAIN, TEST = 128_000, 26_000
_VERSION = 2  # to be raised whenever the same digits would give other triples


class Stacked(Dataset):
    """Pictures that are put together when they are asked for; only the digits are kept.

    Args:
        digit: grey pictures [N 1 H W], uint8.
        triple: which three of them, [M 3] int64.
        fingerprint: names the content.
    """

    def __init__(self, digit: Tensor, triple: Tensor, fingerprint: str) -> None:
        spec = Spec(kind="Images", shape=(3, *digit.shape[2:]))
        super().__init__(spec, {"triple": triple, "digit": digit}, fingerprint)

    def batch(
        self,
        kind: type[Any],
        index: Tensor,
        device: torch.device | str = "cpu",
        image_range: tuple[float, float] = (-1.0, 1.0),
    ) -> Any:
        """Stack three digits for each of the items [N]."""
        triple = self.columns["triple"].index_select(0, index.to(self.columns["triple"].device))
        image = self.columns["digit"][triple.flatten(), 0].unflatten(0, (-1, 3))
        return Dataset(self.spec, {"image": image}, "part").batch(
            kind, torch.arange(len(index), device="cpu"), device, image_range
        )

    def _like(self, columns: Mapping[str, Tensor]) -> Dataset:
        return Stacked(columns["digit"], columns["triple"], self.fingerprint)


def stacked(digits: Dataset, split: str) -> Stacked:
    """Return random triples of digits, the same ones each time."""
    count = TRAIN if split == "train" else TEST
    generator = draw.generator(0, f"{split} triples")
    triple = torch.randint(len(digits), (count, 3), generator=generator, device="cpu")
    name = f"stacked-{count}-{_VERSION}-{digits.fingerprint}"
    return Stacked(digits.columns["image"], triple, name)
