"""A user's noisy and clean photographs: two folders, or pairs by their names.

    pictures/noisy/*.jpg, pictures/clean/*.jpg           pairs where all names are the same
    pictures/NAME_real.jpg, pictures/NAME_mean.jpg       pairs, as in arXiv:1804.02603

Of pairs, half serve as noisy photographs and half as clean ones, so that nobody learns without
pairs from two looks at one scene; one in four is held out. Numbers at the end of a NAME count parts
of one scene, which stay together.
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor

from liangyi.core.counts import many
from liangyi.core.errors import UserError, shown
from liangyi.data.pictures.files import named_so
from liangyi.data.pictures.noisy import HELD_OUT, NoisySource, Photographs, read, shares
from liangyi.data.places import is_run
from liangyi.data.source import source

_NOISY, _CLEAN = "noisy", "clean"
_REAL, _MEAN = "_real", "_mean"


@source("noisy folder", "folders `noisy` and `clean`, or pairs NAME_real and NAME_mean")
class NoisyFolder(NoisySource):
    """Noisy and clean photographs at a path."""

    by_path = True

    @classmethod
    def claims(cls, path: Path) -> bool:
        """Whether these are its two folders, or it has a NAME_real with its NAME_mean."""
        # others beside them are classes
        folders = {entry.name for entry in path.glob("*/") if not is_run(entry)}
        return folders == {_NOISY, _CLEAN} or (
            any(path.glob(f"*{_MEAN}.*")) and bool(_averaged(path))
        )

    def _listed(self) -> tuple[dict[str, Path], dict[str, Path]]:
        """Return noisy and clean photographs by their names."""
        assert self.path is not None
        if (self.path / _NOISY).is_dir():
            noisy, clean = (_pictures(self.path / name) for name in (_NOISY, _CLEAN))
        else:
            pairs = _averaged(self.path)
            noisy = {name: pair[0] for name, pair in pairs.items()}
            clean = {name: pair[1] for name, pair in pairs.items()}
        for name, found in ((_NOISY, noisy), (_CLEAN, clean)):
            if len(found) < HELD_OUT:
                raise UserError(f"{self.path} has {many(len(found), f'{name} photograph')}; "
                                f"{HELD_OUT} of each are the least")  # fmt: skip
        scenes = len({_scene(name) for name in noisy})
        if noisy.keys() == clean.keys() and scenes < HELD_OUT:
            raise UserError(f"{self.path} has pairs of {many(scenes, 'scene')}; "
                            f"{HELD_OUT} are the least")  # fmt: skip
        return noisy, clean

    def paired(self) -> bool:
        """Whether each noisy photograph has a clean one of its name."""
        noisy, clean = self._listed()
        return noisy.keys() == clean.keys()

    def photographs(self, split: str) -> Photographs:
        """Return the photographs of a split."""
        noisy, clean = self._listed()
        if noisy.keys() != clean.keys():
            return Photographs(self._part(noisy, split), self._part(clean, split), None)
        names = sorted(noisy)
        chosen = shares([_scene(name) for name in names])

        def some(found: dict[str, Path], numbers: list[int]) -> list[Tensor]:
            return [read(found[names[number]], self.channels) for number in numbers]

        judged = chosen.test if split == "test" else chosen.clean
        noised, true = some(noisy, judged), some(clean, judged)
        for number, one, other in zip(judged, noised, true, strict=True):
            if one.shape != other.shape:  # their patches would not show the same
                sizes = [f"{part.shape[2]} x {part.shape[1]}" for part in (one, other)]
                raise UserError(f"{shown(names[number])} is no pair: the noisy photograph has "
                                f"{sizes[0]} pixels, the clean one {sizes[1]}")  # fmt: skip
        other_noisy = noised if split == "test" else some(noisy, chosen.noisy)
        return Photographs(other_noisy, true, noised)

    def _part(self, found: dict[str, Path], split: str) -> list[Tensor]:
        names = sorted(found)
        chosen = shares(names)
        part = chosen.test if split == "test" else sorted(chosen.noisy + chosen.clean)
        return [read(found[names[number]], self.channels) for number in part]

    def findings(self) -> list[str]:
        """Say how the photographs were understood."""
        noisy, clean = self._listed()
        if noisy.keys() != clean.keys():
            return [f"{many(len(noisy), 'noisy photograph')} and {len(clean)} clean ones, no pairs"]
        chosen = shares([_scene(name) for name in sorted(noisy)])
        return [f"{many(len(noisy), 'pair')}: {len(chosen.noisy)} serve as noisy photographs, "
                f"{len(chosen.clean)} as clean ones, {len(chosen.test)} are held out"]  # fmt: skip


def _pictures(folder: Path) -> dict[str, Path]:
    try:
        return {path.stem: path for path in sorted(folder.iterdir()) if named_so(path.name)}
    except OSError as error:
        raise UserError(f"cannot read {folder}: {error.strerror}") from None


def _averaged(folder: Path) -> dict[str, tuple[Path, Path]]:
    """Return pairs by their names: NAME_real, one exposure, and NAME_mean, the mean of many."""
    found = {stem.lower(): path for stem, path in _pictures(folder).items()}
    names = [stem.removesuffix(_REAL) for stem in found if stem.endswith(_REAL)]
    return {name: (found[name + _REAL], found[name + _MEAN])
            for name in names if name + _MEAN in found}  # fmt: skip


def _scene(name: str) -> str:
    """Return a name without the number of a part; of a number alone, itself."""
    scene, _, part = name.rpartition("_")
    return scene if scene and part.isdecimal() else name
