"""The metrics that papers on pictures print: by the network that everybody measures with.

All by torch-fidelity (Obukhov et al., 2020), whose figures agree with those of the first authors'
code: its Inception network has the weights of 2015 and resizes as TensorFlow 1 did. Weights are
fetched at the first use into PyTorch's cache.
"""

from __future__ import annotations

import importlib
import socket
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from http.client import HTTPException
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from liangyi.core.errors import UserError, unknown

KINDS = {"frechet": "fid", "kernel": "kid", "score": "isc", "precision": "prc"}
USUAL = ("frechet", "kernel", "score")
_LEAST = {"frechet": 2, "kernel": 2, "score": 10, "precision": 4}  # the score has ten splits
_PATIENCE = 30.0  # seconds without a byte


def inception(
    samples: Tensor,
    real: Tensor,
    kinds: Sequence[str] = USUAL,
    *,
    device: torch.device | str = "cpu",
    seed: int = 2020,
    extractor: str | None = None,
) -> dict[str, float]:
    """Return torch-fidelity's figures under torch-fidelity's names.

    `frechet`: frechet_inception_distance (arXiv:1706.08500). `kernel`: the mean and deviation over
    100 subsets of kernel_inception_distance (arXiv:1801.01401), of 1000 pictures each or as many
    as there are. `score`: inception_score and its deviation over ten splits (arXiv:1606.03498), of
    the samples alone. These use Inception (91 MB). `precision`: precision, recall and f_score
    (arXiv:1904.06991, 3 neighbours), by the features of VGG-16 (528 MB).

    Args:
        samples: generated pictures, uint8 [N 3 H W], or grey ones [N 1 H W].
        real: real pictures, uint8 [M 3 H W] or [M 1 H W]; the size may differ.
        kinds: names from `KINDS`.
        device: where the network runs; "cuda" is the current GPU.
        seed: decides splits and subsets; 2020 is torch-fidelity's own.
        extractor: another network known to torch-fidelity, for all kinds, which fetches what it
            needs itself.

    Raises:
        UserError: torch-fidelity is not installed, its weights are neither there nor can be
            fetched, a kind is not known, or the pictures are not as they should be.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise unknown("metric by Inception", kind, KINDS)
    if not kinds:
        return {}
    pictures = _Pictures(samples, "samples"), _Pictures(real, "real pictures")
    fewest = min(map(len, pictures))
    least = max(_LEAST[kind] for kind in kinds)
    if fewest < least:
        raise UserError(f"{' and '.join(kinds)} need at least {least} pictures, not {fewest}")
    library = _library()
    if extractor is None:
        ready(kinds)
    with torch.random.fork_rng([]):  # networks and loaders draw, though nothing depends on it
        found: dict[str, float] = library.calculate_metrics(
            input1=pictures[0],
            input2=pictures[1],
            **{name: kind in kinds for kind, name in KINDS.items()},
            kid_subset_size=min(1000, fewest),
            feature_extractor=extractor,
            cuda=torch.device(device).type == "cuda",
            rng_seed=seed,
            save_cpu_ram=True,  # without this it starts worker processes
            cache=False,
            verbose=False,
        )
    return found


class _Pictures(Dataset[Tensor]):
    """Pictures in memory, as torch-fidelity eats them: uint8 [3 H W]."""

    def __init__(self, pictures: Tensor, what: str) -> None:
        if pictures.dtype != torch.uint8 or pictures.dim() != 4 or pictures.shape[1] not in (1, 3):
            form = f"{str(pictures.dtype).removeprefix('torch.')} {list(pictures.shape)}"
            raise UserError(f"{what} must be uint8 [N 3 H W] or [N 1 H W], not {form}")
        self.pictures = pictures.cpu()

    def __len__(self) -> int:
        return len(self.pictures)

    def __getitem__(self, index: int) -> Tensor:
        return self.pictures[index].expand(3, -1, -1)


def _library() -> Any:
    try:
        return importlib.import_module("torch_fidelity")
    except ImportError:
        raise UserError(
            "metrics by Inception need torch-fidelity: pip install 'liangyi[fidelity]'"
        ) from None


def ready(kinds: Sequence[str] = USUAL) -> None:
    """See to it that the networks' weights are in PyTorch's cache, whole and harmless.

    torch-fidelity would fetch them too, but waits for ever, does not check the hash, and unpickles
    whatever it gets.

    Raises:
        UserError: torch-fidelity is not installed, or the weights cannot be fetched.
    """
    _library()
    if set(kinds) - {"precision"}:
        module = importlib.import_module("torch_fidelity.feature_extractor_inceptionv3")
        _fetch(module.URL_INCEPTION_V3, "Inception's weights")
    if "precision" in kinds:
        models = importlib.import_module("torchvision.models")
        _fetch(models.VGG16_Weights.IMAGENET1K_V1.url, "VGG-16's weights")


def _fetch(url: str, what: str) -> None:
    place = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_PATIENCE)
    try:
        with redirect_stdout(sys.stderr):  # where torch says that it downloads
            torch.hub.load_state_dict_from_url(
                url, map_location="cpu", progress=False, check_hash=True, weights_only=True
            )
    except (OSError, RuntimeError, HTTPException, UnpicklingError, EOFError) as error:
        line = " ".join(str(error).split()) or type(error).__name__
        state = (
            f"cannot be read ({line}); without it, it is fetched anew"
            if place.exists()
            else f"is missing and cannot be fetched ({line}); a copy from {url} may be put there"
        )
        raise UserError(
            f"{place} with {what} {state}; `liangyi score RUN` without --inception needs no network"
        ) from None
    finally:
        socket.setdefaulttimeout(before)
