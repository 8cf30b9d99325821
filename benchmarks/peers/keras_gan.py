"""A GAN in Keras 3 as keras.io writes one: a model with its own `train_step`.

As there, the discriminator sees fakes and reals in one batch and the generator draws new noise for
its turn. Unlike there, layers are told that they are trained (or dropout and batch statistics would
be off), the fakes of the discriminator's turn carry no gradients, and labels are not noisy.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from benchmarks.harness import Prepared
from benchmarks.peers import keras_networks as networks
from benchmarks.peers import keras_run
from benchmarks.peers.keras_descent import descend
from benchmarks.peers.stretch import stretches


class GAN(keras.Model):
    """Two players."""

    def __init__(self, generator: keras.Model, discriminator: keras.Model) -> None:
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.seeds = keras.random.SeedGenerator(0)
        self.generator_mean = keras.metrics.Mean(name="generator")
        self.discriminator_mean = keras.metrics.Mean(name="discriminator")
        self.built = True

    def compile(self, generator_optimizer: Any, discriminator_optimizer: Any, **more: Any) -> None:
        super().compile(**more)
        self.generator_optimizer = generator_optimizer
        self.discriminator_optimizer = discriminator_optimizer
        self.loss_function = keras.losses.BinaryCrossentropy(from_logits=True)

    @property
    def metrics(self) -> list[Any]:
        return [self.generator_mean, self.discriminator_mean]

    def fakes(self, count: int) -> Any:
        noise = keras.random.uniform((count, networks.LATENT), -1, 1, seed=self.seeds)
        return self.generator(noise, training=True)

    def train_step(self, data: Any) -> dict[str, Any]:
        real = data[0] if isinstance(data, tuple) else data
        count = ops.shape(real)[0]
        ones, zeros = ops.ones((count, 1)), ops.zeros((count, 1))
        judged = ops.concatenate([ops.stop_gradient(self.fakes(count)), real])
        labels = ops.concatenate([zeros, ones])
        discriminator_loss = descend(
            self,
            lambda: self.loss_function(labels, self.discriminator(judged, training=True)),
            self.discriminator.trainable_weights,
            self.discriminator_optimizer,
        )
        generator_loss = descend(
            self,
            lambda: self.loss_function(ones, self.discriminator(self.fakes(count), training=True)),
            self.generator.trainable_weights,
            self.generator_optimizer,
        )
        self.generator_mean.update_state(generator_loss)
        self.discriminator_mean.update_state(discriminator_loss)
        return {metric.name: metric.result() for metric in self.metrics}


def dcgan(batch: int, policy: str = "float32", layout: str = "channels_last") -> Prepared:
    keras.config.set_dtype_policy(policy)
    keras.config.set_image_data_format(layout)
    gan = GAN(networks.dcgan_generator(), networks.dcgan_discriminator())
    gan.compile(
        keras.optimizers.RMSprop(1e-4, rho=0.9, epsilon=1e-7),
        keras.optimizers.RMSprop(2e-4, rho=0.9, epsilon=1e-7),
    )
    run = keras_run.one_by_one(gan, keras_run.resident(batch, low=0))
    work = stretches(run, batch, warm=2, seconds=3)
    return keras_run.prepared(work, gan.generator, gan.discriminator)


def mlp_gan(batch: int, fused: bool = False) -> Prepared:
    gan = GAN(networks.mlp_generator(), networks.mlp_discriminator())
    gan.compile(
        keras.optimizers.Adam(3e-4, beta_1=0.5, epsilon=1e-8),
        keras.optimizers.Adam(3e-4, beta_1=0.5, epsilon=1e-8),
        steps_per_execution=keras_run.FUSED if fused else 1,
    )
    work = keras_run.small(gan, batch, low=-1, units=1, fused=fused)
    return keras_run.prepared(work, gan.generator, gan.discriminator)
