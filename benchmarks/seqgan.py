"""The adversarial stage of SeqGAN, in words a second: liangyi and a public PyTorch SeqGAN.

    python -m benchmarks seqgan [--peer FOLDER] [--rounds 5] [--threads 2] [--only WORD ...]

FOLDER is a checkout of suragnair/seqGAN, which is imported from there, in a process of its own.
Both write 20 words of 5,000 by a recurrent net of width 32, 64 sentences a turn. Four tables:
rolling out (words drawn), a turn of the generator and one of the discriminator (words of the
sentences that it learned from), and a round of one and fifteen of these.

They are not the same game. The peer has no roll-outs: every word is worth what the discriminator
says of its sentence, so beside the paper's 16 completions of every prefix stands liangyi without
any (`--rollouts 0`), which is the peer's algorithm. The peer's discriminator is a bidirectional
GRU, whose products are a fifth of those of the paper's convolutions; it learns in batches of 32.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch

from benchmarks.harness import Prepared, Side
from benchmarks.peers import question
from benchmarks.peers.stretch import stretches
from liangyi import data
from liangyi.core.batch import Tokens
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.sequences.seqgan import SeqGAN, SeqGANConfig

BATCH, LENGTH, TURNS = 64, 20, 15  # sentences, their words, discriminator turns of a round
WORDS = {  # that are counted in one stretch of each question
    "generator": BATCH * LENGTH,
    "discriminator": 2 * BATCH * LENGTH,
    "round": BATCH * LENGTH + TURNS * 2 * BATCH * LENGTH,
}


def ours(turn: str, rollouts: int, precision: str, device: str) -> Prepared:
    source = data.choose("oracle")
    sentences = source.split()
    assert sentences is not None
    judging = 1_000_000 if turn == "discriminator" else 0
    config = SeqGANConfig(likelihood_steps=0, pretrain_steps=judging, rollouts=rollouts)
    training = dataclasses.replace(
        SeqGAN.recipe, device=device, precision=precision, examine_every=0, batch_size=BATCH
    )
    stream = data.Batches(sentences, Tokens, BATCH, device=device)
    trainer = Trainer(build(SeqGAN, config, sentences.spec, seed=0), stream, training)
    steps = 1 + TURNS if turn == "round" else 1

    def run(count: int) -> None:
        for _ in range(count):
            trainer.step = 0  # a round begins with the generator's turn
            for _ in range(steps):
                trainer.advance()
        if device != "cpu":
            torch.accelerator.synchronize()

    facts = {"precision": trainer.precision, "rollouts": rollouts}
    return stretches(run, WORDS[turn], warm=1, seconds=1), facts


def rolling(rollouts: int, device: str) -> Prepared:
    source = data.choose("oracle")
    model = build(SeqGAN, SeqGANConfig(), source.spec(), seed=0).to(device)
    written = torch.randint(5000, (BATCH, LENGTH), device=device)
    # a prefix of t words is completed by as many as are left
    drawn = rollouts * BATCH * sum(LENGTH - t for t in range(1, LENGTH))

    @torch.no_grad()
    def run(count: int) -> None:
        for _ in range(count):
            model.rollout.finish(written, rollouts)
        if device != "cpu":
            torch.accelerator.synchronize()

    return stretches(run, drawn, warm=1, seconds=1), {"words": drawn}


def sides(turn: str, peer: str, device: str) -> list[Side]:
    here = f"{__name__}:ours"
    at: dict[str, Any] = {"turn": turn, "device": device}
    auto, exact = at | {"precision": "auto"}, at | {"precision": "float32"}
    if turn == "rolling out":
        found = [Side("liangyi", f"{__name__}:rolling", {"rollouts": 16, "device": device})]
    elif turn == "discriminator":
        found = [
            Side("liangyi", here, auto | {"rollouts": 16}),
            Side("liangyi, float32", here, exact | {"rollouts": 16}),
        ]
    else:
        found = [
            Side("liangyi, 16 roll-outs", here, auto | {"rollouts": 16}),
            Side("liangyi, none", here, auto | {"rollouts": 0}),
        ]
    if peer:
        theirs = {"turn": turn, "folder": peer, "device": device}
        found.append(Side("suragnair/seqGAN", "benchmarks.peers.suragnair:seqgan", theirs))
    return found


def main(arguments: list[str]) -> None:
    words = question.options(__doc__)
    words.add_argument("--peer", default="", metavar="FOLDER", help="of suragnair/seqGAN")
    asked = words.parse_args(arguments)
    tables = {}
    for turn in ("rolling out", "generator", "discriminator", "round"):
        found = sides(turn, asked.peer, asked.device)
        tables |= question.compare(turn, found, "words/s", asked)
    question.keep(asked, tables)
