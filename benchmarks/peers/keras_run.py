"""How Keras is fed: batches that are tensors of its backend already, one `train_on_batch` each."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import keras

from benchmarks.harness import Prepared, Work
from benchmarks.peers.resident import batches
from benchmarks.peers.stretch import repeated, stretches

FUSED = 32  # steps that one call of TensorFlow makes, where a side is asked to join them


def first() -> bool:
    """Whether channels come before height and width."""
    return keras.config.image_data_format() == "channels_first"


def resident(batch: int, low: float) -> list[Any]:
    """Return the batches of one pass as tensors of the backend."""
    images = batches(batch, low)
    arranged = images if first() else [image.permute(0, 2, 3, 1) for image in images]
    return [keras.ops.convert_to_tensor(image.contiguous().numpy()) for image in arranged]


def one_by_one(model: Any, images: list[Any]) -> Callable[[int], None]:
    """Return what makes so many steps, one call each."""
    return repeated(lambda made: model.train_on_batch(images[made % len(images)]), "cpu")


def joined(model: Any, images: list[Any]) -> Callable[[int], None]:
    """Return what makes so many times 32 steps; the model is compiled with as many an execution."""
    import tensorflow

    stream = tensorflow.data.Dataset.from_tensor_slices(keras.ops.stack(images)).cache().repeat()
    return lambda count: model.fit(stream, steps_per_epoch=count * FUSED, verbose=0)


def small(model: Any, batch: int, low: float, units: float, fused: bool) -> Work:
    """Return stretches of a model whose steps take milliseconds."""
    images = resident(batch, low)
    if fused:
        return stretches(joined(model, images), units * FUSED, warm=2, seconds=1)
    return stretches(one_by_one(model, images), units, warm=20, seconds=1)


def prepared(work: Work, *networks: Any) -> Prepared:
    """Return a side's work and what stands beside its speed."""
    facts = {
        "precision": keras.config.dtype_policy().name,
        "layout": keras.config.image_data_format(),
        "weights": [
            sum(math.prod(weight.shape) for weight in network.trainable_weights)
            for network in networks
        ],
    }
    return work, facts
