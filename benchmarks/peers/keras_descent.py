"""One move of some weights down a loss, as each backend of Keras does it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

if keras.backend.backend() == "tensorflow":
    import tensorflow

    def descend(model: Any, loss: Callable[[], Any], weights: list[Any], optimizer: Any) -> Any:
        """Lower the loss by these weights of the model; return it."""
        with tensorflow.GradientTape() as tape:
            value = loss()
        optimizer.apply(tape.gradient(value, weights), weights)
        return value

else:
    import torch

    def descend(model: Any, loss: Callable[[], Any], weights: list[Any], optimizer: Any) -> Any:
        """Lower the loss by these weights of the model; return it."""
        model.zero_grad()
        value = loss()
        value.backward()
        with torch.no_grad():
            optimizer.apply([weight.value.grad for weight in weights], weights)
        return value
