"""The networks of the measured models, built from Keras' layers."""

from __future__ import annotations

from typing import Any

import keras
from keras import layers

from benchmarks.peers.keras_run import first

LATENT = 100


def picture() -> tuple[int, int, int]:
    return (1, 28, 28) if first() else (28, 28, 1)


def dcgan_generator() -> keras.Sequential:
    """Noise [N 100] -> pictures in (0, 1)."""

    def normalised() -> list[Any]:
        axis = 1 if first() else -1
        return [layers.BatchNormalization(axis=axis, momentum=0.9), layers.ReLU()]

    return keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(7 * 7 * 256),
            *normalised(),
            layers.Reshape((256, 7, 7) if first() else (7, 7, 256)),
            layers.Dropout(0.4),
            layers.UpSampling2D(),
            layers.Conv2D(128, 5, padding="same"),
            *normalised(),
            layers.UpSampling2D(),
            layers.Conv2D(64, 5, padding="same"),
            *normalised(),
            layers.Conv2D(32, 5, padding="same"),
            *normalised(),
            layers.Conv2D(1, 5, padding="same"),
            layers.Activation("sigmoid", dtype="float32"),
        ]
    )


def dcgan_discriminator() -> keras.Sequential:
    """Pictures -> logits [N 1]."""

    def judged(channels: int, stride: int) -> list[Any]:
        convolution = layers.Conv2D(channels, 5, stride, padding="same")
        return [convolution, layers.LeakyReLU(negative_slope=0.2), layers.Dropout(0.4)]

    return keras.Sequential(
        [
            keras.Input(picture()),
            *judged(64, 2),
            *judged(128, 2),
            *judged(256, 2),
            *judged(512, 1),
            layers.Flatten(),
            layers.Dense(1, dtype="float32"),
        ]
    )


def mlp_generator() -> keras.Sequential:
    """Noise [N 100] -> pictures in (-1, 1)."""
    return keras.Sequential(
        [
            keras.Input((LATENT,)),
            layers.Dense(128, activation="relu"),
            layers.Dense(784, activation="tanh"),
            layers.Reshape(picture()),
        ]
    )


def mlp_discriminator() -> keras.Sequential:
    """Pictures -> logits [N 1]."""
    return keras.Sequential(
        [
            keras.Input(picture()),
            layers.Flatten(),
            layers.Dense(128),
            layers.LeakyReLU(negative_slope=0.2),
            layers.Dense(1),
        ]
    )
