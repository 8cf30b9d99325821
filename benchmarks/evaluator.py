"""What an independent classifier sees in generated pictures.

    python -m benchmarks evaluator RUN --classifier RUN [--number 5000]

Prints, as JSON, the classifier's own held-out accuracy, its mean confidence in the generated
pictures, how many of each class it sees, and, for models that can be asked for a class, the share
of pictures that are what was asked for.
"""

from __future__ import annotations

import argparse
import hashlib
import json

import torch
from torch import Tensor

from liangyi.core.model import Model
from liangyi.core.verbs import samples
from liangyi.data import Dataset
from liangyi.runs.run import Run
from liangyi.scoring.held_out import figures_on


def probabilities(model: Model, images: Tensor, image_range: tuple[float, float]) -> Tensor:
    """Return class probabilities [N classes] of pictures in any range."""
    low, high = image_range
    own_low, own_high = model.image_range
    scaled = (images - low) / (high - low) * (own_high - own_low) + own_low
    return torch.cat([model.classify(part) for part in scaled.split(500)])


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks evaluator", description=__doc__)
    words.add_argument("run")
    words.add_argument("--classifier", required=True)
    words.add_argument("--number", type=int, default=5000)
    words.add_argument("--seed", type=int, default=0)
    args = words.parse_args(arguments)
    run, trained = Run(args.run), Run(args.classifier)
    (model, step), classifier = run.trained(), trained.model()
    held_out = trained.source().split("test")
    assert isinstance(held_out, Dataset)
    found = samples(model, args.number, args.seed)
    seen = probabilities(classifier, found, model.image_range)
    confidence, named = seen.max(1)
    counts = named.bincount(minlength=seen.shape[1]).tolist()
    figures = {
        "run": run.name,
        "step": step,
        "classifier_accuracy": figures_on(classifier, held_out)["test/accuracy"],
        "mean_confidence": float(confidence.mean()),
        "classes": counts,
        "samples_sha256": hashlib.sha256(found.numpy().tobytes()).hexdigest()[:16],
    }
    if "label" in model.conditions("sample"):
        asked = torch.arange(len(found)) % seen.shape[1]  # the classes in turn
        right = (named == asked).float()
        figures["as_asked"] = float(right.mean())
        figures["as_asked_by_class"] = [
            round(float(right[asked == c].mean()), 4) for c in range(seen.shape[1])
        ]
    print(json.dumps(figures, indent=2))
