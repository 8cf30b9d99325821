"""A VAE in Keras 3 as keras.io writes one: two networks, a sampling step, its own `train_step`."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from benchmarks.harness import Prepared
from benchmarks.peers import keras_run
from benchmarks.peers.keras_descent import descend
from benchmarks.peers.keras_networks import picture


class VAE(keras.Model):
    """784-400-20 and back."""

    def __init__(self) -> None:
        super().__init__()
        image = keras.Input(picture())
        hidden = layers.Dense(400, activation="relu")(layers.Flatten()(image))
        self.encoder = keras.Model(image, [layers.Dense(20)(hidden), layers.Dense(20)(hidden)])
        code = keras.Input((20,))
        opened = layers.Dense(400, activation="relu")(code)
        pixels = layers.Dense(784, activation="sigmoid")(opened)
        self.decoder = keras.Model(code, layers.Reshape(picture())(pixels))
        self.seeds = keras.random.SeedGenerator(0)
        self.mean = keras.metrics.Mean(name="loss")
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        return [self.mean]

    def bound(self, image: Any) -> Any:
        mean, log_variance = self.encoder(image, training=True)
        noise = keras.random.normal(ops.shape(mean), seed=self.seeds)
        pixels = self.decoder(mean + ops.exp(0.5 * log_variance) * noise, training=True)
        lost = ops.sum(ops.binary_crossentropy(image, pixels), axis=(1, 2, 3))
        spread = -0.5 * (1 + log_variance - ops.square(mean) - ops.exp(log_variance))
        return ops.mean(lost) + ops.mean(ops.sum(spread, axis=1))

    def train_step(self, data: Any) -> dict[str, Any]:
        image = data[0] if isinstance(data, tuple) else data
        loss = descend(self, lambda: self.bound(image), self.trainable_weights, self.optimizer)
        self.mean.update_state(loss)
        return {"loss": self.mean.result()}


def vae(batch: int, fused: bool = False) -> Prepared:
    model = VAE()
    adam = keras.optimizers.Adam(1e-3, epsilon=1e-8)
    model.compile(optimizer=adam, steps_per_execution=keras_run.FUSED if fused else 1)
    work = keras_run.small(model, batch, low=0, units=batch, fused=fused)
    return keras_run.prepared(work, model.encoder, model.decoder)
