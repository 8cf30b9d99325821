"""suragnair/seqGAN, imported from a checkout: its networks, losses and optimisers."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import torch

from benchmarks.harness import Prepared
from benchmarks.peers.stretch import stretches
from benchmarks.seqgan import BATCH, LENGTH, TURNS, WORDS

VOCABULARY, CHUNK = 5000, 32  # the discriminator learns from so many sentences at once


def seqgan(turn: str, folder: str, device: str) -> Prepared:
    sys.path.insert(0, folder)
    generator, discriminator, helpers = map(
        importlib.import_module, ("generator", "discriminator", "helpers")
    )
    cuda = device != "cpu"
    writer = generator.Generator(32, 32, VOCABULARY, LENGTH, gpu=cuda).to(device)
    judge = discriminator.Discriminator(64, 64, VOCABULARY, LENGTH, gpu=cuda).to(device)
    moves: dict[str, Any] = {
        "writer": torch.optim.Adam(writer.parameters(), lr=1e-2),
        "judge": torch.optim.Adagrad(judge.parameters()),
    }
    real = torch.randint(VOCABULARY, (BATCH, LENGTH), device=device)

    def generating() -> None:
        written = writer.sample(BATCH)
        before, words = helpers.prepare_generator_batch(written, start_letter=0, gpu=cuda)
        reward = judge.batchClassify(words)
        moves["writer"].zero_grad()
        writer.batchPGLoss(before, words, reward).backward()
        moves["writer"].step()

    def judging() -> None:
        both, which = helpers.prepare_discriminator_data(real, writer.sample(BATCH), gpu=cuda)
        for words, wanted in zip(both.split(CHUNK), which.split(CHUNK), strict=True):
            moves["judge"].zero_grad()
            torch.nn.functional.binary_cross_entropy(judge.batchClassify(words), wanted).backward()
            moves["judge"].step()

    def playing() -> None:
        generating()
        for _ in range(TURNS):
            judging()

    step = {"generator": generating, "discriminator": judging, "round": playing,
            "rolling out": lambda: writer.sample(BATCH)}[turn]  # fmt: skip

    def run(count: int) -> None:
        for _ in range(count):
            step()
        if cuda:
            torch.accelerator.synchronize()

    return stretches(run, WORDS.get(turn, BATCH * LENGTH), warm=1, seconds=1), {}
