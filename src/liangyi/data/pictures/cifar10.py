"""CIFAR-10: Krizhevsky, "Learning multiple layers of features from tiny images", 2009."""

from __future__ import annotations

from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data.columns import Columns
from liangyi.data.pictures.folder import Pictures, folder
from liangyi.data.pictures.torchvision_sets import Known
from liangyi.data.source import source


@source("cifar10", "60,000 photographs of 10 kinds, 32 x 32, colour")
class CIFAR10(Known):
    """Small photographs; also from a folder `cifar10/{train,test}/CLASS/*.png`."""

    stored = "CIFAR10"
    shape = (3, 32, 32)
    names = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship",
             "truck")  # fmt: skip

    def whole(self) -> Spec:
        """Return what a picture looks like; of a folder, its own classes and size."""
        found = self._pictures("train")
        return super().whole() if found is None else found.spec

    def items(self, split: str) -> Columns | None:
        """Return the pictures and their labels."""
        found = self._pictures(split)
        return super().items(split) if found is None else found.columns

    def fingerprint(self, split: str) -> str | None:
        """Name the content of a folder, which knows it without reading all."""
        found = self._pictures(split)
        return None if found is None else found.fingerprint

    def _pictures(self, split: str) -> Pictures | None:
        """Return the pictures of a folder, None where there is no folder."""
        place = self.root() / "cifar10"
        if not (place / "train").is_dir():
            return None
        found = folder(place, split, size=self.config.size, grey=self.config.grey)
        if found is None:
            raise UserError(f"{place} has no folder {split}/ beside train/")
        return found
