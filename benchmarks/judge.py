"""What an independent classifier sees in generated pictures.

    python -m benchmarks judge RUN --classifier RUN [--number 5000]

Prints the classifier's own held-out accuracy, its mean confidence in the generated pictures, how
many of each class it sees, and, for models that can be asked for a class, the share of pictures
that are what was asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import json

import torch
from torch import Tensor

from liangyi.core.run import Run
from liangyi.data import Dataset
from liangyi.measuring import test
from liangyi.sampling import samples
from liangyi.session import data_of


def probabilities(judge: Run, images: Tensor, image_range: tuple[float, float]) -> Tensor:
    """Return class probabilities [N classes] of pictures in any range."""
    model = judge.model()
    low, high = image_range
    own_low, own_high = model.image_range
    scaled = (images - low) / (high - low) * (own_high - own_low) + own_low
    return torch.cat([model.classify(part) for part in scaled.split(500)])


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks judge", description=__doc__)
    words.add_argument("run")
    words.add_argument("--classifier", required=True)
    words.add_argument("--number", type=int, default=5000)
    words.add_argument("--seed", type=int, default=0)
    args = words.parse_args(arguments)
    run, judge = Run(args.run), Run(args.classifier)
    model, held_out = run.model(), data_of(judge, "test")
    assert isinstance(held_out, Dataset)
    found = samples(model, args.number, args.seed)
    seen = probabilities(judge, found, model.image_range)
    confidence, named = seen.max(1)
    counts = named.bincount(minlength=seen.shape[1]).tolist()
    figures = {
        "run": run.name,
        "step": run.newest(print, only_weights=True).plain["step"],  # type: ignore[union-attr]
        "classifier_accuracy": test(judge.model(), held_out)["test/accuracy"],
        "mean_confidence": float(confidence.mean()),
        "classes": counts,
        "samples_sha256": hashlib.sha256(found.numpy().tobytes()).hexdigest()[:16],
    }
    if "label" in model.sample.__wrapped__.__code__.co_varnames:
        asked = torch.arange(len(found)) % seen.shape[1]  # the classes in turn
        right = (named == asked).float()
        figures["as_asked"] = float(right.mean())
        figures["as_asked_by_class"] = [
            round(float(right[asked == c].mean()), 4) for c in range(seen.shape[1])
        ]
    print(json.dumps(figures, indent=2))
