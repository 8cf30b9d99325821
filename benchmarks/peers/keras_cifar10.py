"""The Keras example `cifar10_cnn.py`: its network, optimiser, and pictures moved on the CPU."""

from __future__ import annotations

import itertools

import keras
from keras import layers

# the generator of the example; Keras 3 keeps it for old code
from keras.src.legacy.preprocessing.image import ImageDataGenerator

from benchmarks.harness import Prepared
from benchmarks.peers import keras_run
from benchmarks.peers.resident import photographs
from benchmarks.peers.stretch import repeated, stretches

CLASSES = 10


def network() -> keras.Model:
    """Return the example's network, 1,250,858 weights."""
    found = [keras.Input((32, 32, 3))]
    for channels in (32, 64):
        found += [
            layers.Conv2D(channels, 3, padding="same", activation="relu"),
            layers.Conv2D(channels, 3, activation="relu"),
            layers.MaxPooling2D(2),
            layers.Dropout(0.25),
        ]
    head = [layers.Flatten(), layers.Dense(512, activation="relu"), layers.Dropout(0.5)]
    return keras.Sequential([*found, *head, layers.Dense(CLASSES, activation="softmax")])


def cifar10(batch: int) -> Prepared:
    """Train as the example does: a generator moves each picture, one call makes each step."""
    image, label = photographs()
    pixels = image.permute(0, 2, 3, 1).contiguous().float().div(255).numpy()
    answers = keras.utils.to_categorical(label.numpy(), CLASSES)
    moved = ImageDataGenerator(width_shift_range=0.1, height_shift_range=0.1, horizontal_flip=True)
    keras.utils.set_random_seed(0)
    model = network()
    decayed = keras.optimizers.schedules.InverseTimeDecay(1e-4, 1, 1e-6)
    model.compile(keras.optimizers.RMSprop(decayed, rho=0.9), "categorical_crossentropy")
    batches = itertools.chain.from_iterable(
        moved.flow(pixels, answers, batch_size=batch) for _ in itertools.count()
    )

    def step(made: int) -> None:
        model.train_on_batch(*next(batches))

    work = stretches(repeated(step, "cpu"), batch, warm=20, seconds=3)
    return keras_run.prepared(work, model)
