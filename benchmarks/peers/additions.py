"""Trainings that learn to add, a pass over the sums at a time: ours, and Keras' own example.

All sides read the same sums, nine tenths of them, in batches of 128, with Adam at 1e-3, and begin
with weights of the same laws. Ours draws its own order and answers with averaged weights, as
`liangyi train` does; Keras is fed rows with a single 1, the question reversed, and shuffles them,
as its example does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.harness import Prepared, Side, Work
from benchmarks.peers import question
from liangyi import data
from liangyi.core.batch import Questions
from liangyi.core.config import Training
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.sequences.addition_rnn import AdditionRNN, AdditionRNNConfig

BATCH = 128
WIDTH = 128


def sums(split: str, digits: int, questions: int) -> data.Dataset:
    found = data.choose("additions", digits=digits, questions=questions).split(split)
    assert isinstance(found, data.Dataset)
    return found


def in_turn(
    train: Callable[[], None], answers: Callable[[], np.ndarray], count: int, file: str
) -> Work:
    """Return work that makes a pass and answers in turn, so that the harness times them apart."""

    def pass_() -> float:
        train()
        return count

    def look() -> float:
        np.save(file, answers())
        return 1

    turns = itertools.cycle((pass_, look))
    return lambda: next(turns)()


def by_liangyi(precision: str, seed: int, file: str, digits: int, questions: int) -> Prepared:
    train, test = (sums(split, digits, questions) for split in ("train", "test"))
    model = build(AdditionRNN, AdditionRNNConfig(width=WIDTH), train.spec, seed)
    training = Training(seed=seed, batch_size=BATCH, device="cpu", precision=precision,
                        compile="off", examine_every=0)  # fmt: skip
    trainer = Trainer(model, data.Batches(train, Questions, BATCH, seed), training)
    held_out = test.columns["question"]
    assert isinstance(held_out, Tensor)

    def step() -> None:
        for _ in trainer.run(math.ceil(len(train) / BATCH)):
            pass

    def answers() -> np.ndarray:
        found: Tensor = trainer.averaged.answer(held_out)
        return found.numpy()

    weights = sum(weight.numel() for weight in model.parameters())
    facts = {"precision": trainer.precision, "weights": weights}
    return in_turn(step, answers, len(train), file), facts


def by_keras(seed: int, file: str, digits: int, questions: int) -> Prepared:
    # first: the LLVM that torchvision brings in (by triton) ends a process that has TensorFlow's
    train, test = (sums(split, digits, questions) for split in ("train", "test"))
    import keras  # not above: our own side does without
    from keras import layers

    if keras.backend.backend() != "torch":
        torch.set_num_threads(1)  # its threads would wait on Keras' cores
    keras.utils.set_random_seed(seed)
    known = np.eye(12, dtype=np.float32)

    def rows(part: data.Dataset, name: str) -> np.ndarray:
        column = part.columns[name]
        assert isinstance(column, Tensor)
        return known[column.flip(1) if name == "question" else column]

    model = keras.Sequential(
        [
            keras.Input((2 * digits + 1, 12)),
            layers.LSTM(WIDTH),
            layers.RepeatVector(digits + 1),
            layers.LSTM(WIDTH, return_sequences=True),
            layers.Dense(12, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    asked, told, held_out = rows(train, "question"), rows(train, "answer"), rows(test, "question")

    def step() -> None:
        model.fit(asked, told, batch_size=BATCH, epochs=1, verbose=0)

    def answers() -> np.ndarray:
        found: Any = model.predict(held_out, batch_size=500, verbose=0)
        return np.asarray(found).argmax(2)

    facts = {"precision": keras.config.dtype_policy().name, "weights": model.count_params()}
    return in_turn(step, answers, len(train), file), facts


def sides(digits: int, questions: int) -> list[Side]:
    ours, theirs = f"{__name__}:by_liangyi", f"{__name__}:by_keras"
    same = {"digits": digits, "questions": questions}
    return [
        Side("liangyi float32", ours, {"precision": "float32", **same}),
        Side("liangyi bfloat16", ours, {"precision": "bfloat16", **same}),
        Side("Keras on TensorFlow", theirs, same, question.TENSORFLOW),
        Side("Keras on PyTorch", theirs, same, question.TORCH),
    ]
