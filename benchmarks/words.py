"""Words a second and scores of `word2vec` against gensim, with the same settings, in one run.

    python -m benchmarks words TEXT [--seeds 5] [--epochs 5] [--threads 2] [--share 1]

Both learn skip-gram vectors of 100 numbers, window 5, words that occur 5 times, frequent ones
dropped above 1e-3, the rate falling from .025; gensim with 5 words of noise a pair, ours with 7 a
window. They take turns, the order reversed at every other seed. The lists that score them lie in
LIANGYI_WORDS, or in `words` of LIANGYI_DATA. The time is that of training alone: neither the
reading of the text nor the first compilation. Where others use the machine, words a second of
processor time say more than those of the clock.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks.harness import machine
from liangyi import data
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.spec import Words
from liangyi.data import Batches, Dataset
from liangyi.data.text import lists
from liangyi.lab.table import markdown
from liangyi.nets.words import KNOWN
from liangyi.runs.building import build
from liangyi.scoring.scorers.words import scores
from liangyi.training.trainer import Trainer

Trained = Callable[[Dataset, int, int, int], tuple[list[str], Tensor, tuple[float, float]]]
FIGURES = ("wordsim_353", "simlex_999", "men", "analogies")


def timed(work: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds of the clock and of the processors that work takes."""
    wall, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - processor


def ours(
    text: Dataset, seed: int, epochs: int, threads: int
) -> tuple[list[str], Tensor, tuple[float, float]]:
    kind = registry.find("word2vec")
    torch.set_num_threads(threads)
    model = build(kind, kind.Config(), text.spec, seed)
    recipe = kind.recipe
    settings = Training(epochs=epochs, batch_size=recipe.batch_size, average=0, seed=seed,
                        device="cpu", compile="off", examine_every=0)  # fmt: skip
    trainer = Trainer(model, Batches(text, model.Batch, recipe.batch_size, seed, "cpu"), settings)

    def work() -> None:
        for _ in trainer.run():
            pass

    seconds = timed(work)
    field = text.spec["token"]
    assert isinstance(field, Words) and isinstance(field.vocabulary, tuple)
    return list(field.vocabulary[KNOWN:]), model.vectors.word.weight.detach()[KNOWN:], seconds


def theirs(
    text: Dataset, seed: int, epochs: int, threads: int
) -> tuple[list[str], Tensor, tuple[float, float]]:
    from gensim.models import Word2Vec

    field, column = text.spec["token"], text.columns["token"]
    assert isinstance(field, Words) and isinstance(column, Tensor)
    words = field.vocabulary
    assert isinstance(words, tuple)
    sentences = [[words[n] for n in row if n >= KNOWN] for row in column.tolist()]
    model = Word2Vec(
        vector_size=100, window=5, min_count=1, sg=1, negative=5, sample=1e-3, workers=threads,
        epochs=epochs, seed=seed, alpha=0.025, min_alpha=0.0001,
    )  # fmt: skip
    model.build_vocab(sentences)
    seconds = timed(lambda: model.train(sentences, total_examples=len(sentences), epochs=epochs))
    return model.wv.index_to_key, torch.from_numpy(model.wv.vectors), seconds


SIDES: dict[str, Trained] = {"liangyi word2vec": ours, "gensim": theirs}


def measured(
    side: Trained, text: Dataset, seed: int, epochs: int, threads: int
) -> dict[str, float]:
    words, vectors, (wall, processor) = side(text, seed, epochs, threads)
    field = text.spec["token"]
    assert isinstance(field, Words)
    total = epochs * sum(field.counts)
    found, _ = scores({word: n for n, word in enumerate(words)}, vectors, lists.place())
    return {"words/s": total / wall, "words/processor s": total / processor} | {
        name: value for name, value, *_ in found
    }


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks words", description=__doc__)
    words.add_argument("text")
    words.add_argument("--seeds", type=int, default=5)
    words.add_argument("--epochs", type=int, default=5)
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--share", type=float, default=1.0)
    words.add_argument("--out", type=Path)
    args = words.parse_args(arguments)
    if importlib.util.find_spec("gensim") is None:  # now, not after our own training
        raise UserError("the other side is gensim: pip install gensim")
    text = data.choose(args.text).split()
    assert isinstance(text, Dataset)
    if args.share < 1:
        text = part_of(text, args.share)
    ours(text.part(torch.arange(8), "warm"), 0, 1, 1)  # compiles
    found: dict[str, list[dict[str, float]]] = {name: [] for name in SIDES}
    for seed in range(args.seeds):
        for name in list(SIDES)[:: -1 if seed % 2 else 1]:
            found[name].append(measured(SIDES[name], text, seed, args.epochs, args.threads))
            print(seed, name, json.dumps(found[name][-1]), file=sys.stderr)
    print(table(found))
    about = machine(args.threads)
    print(json.dumps(about))
    if args.out:
        args.out.write_text(json.dumps({"machine": about, "words": vars(args) | {"out": None},
                                        "found": found}, indent=1))  # fmt: skip


def part_of(text: Dataset, share: float) -> Dataset:
    """Return a share of the passages, with the vocabulary of the whole and counts of their own."""
    field, column = text.spec["token"], text.columns["token"]
    assert isinstance(field, Words) and isinstance(column, Tensor)
    rows = column[text.subset(round(share * len(text)))]
    counts = rows.flatten().long().bincount(minlength=field.count)
    counts[0] = 0
    kept = Words(field.length, field.vocabulary, tuple(counts.tolist()))
    return Dataset(text.spec.replace(token=kept), {"token": rows}, f"{share} of it")


def table(found: dict[str, list[dict[str, float]]]) -> str:
    columns = ("words/s", "words/processor s", *FIGURES)
    rows = []
    for name, seeds in found.items():
        cells = [name]
        for column in columns:
            values = [seed[column] for seed in seeds if column in seed]
            digits = ",.0f" if column.startswith("words/") else ".4f"
            spread = f" ± {statistics.stdev(values):{digits}}" if len(values) > 1 else ""
            cells.append(f"{statistics.mean(values):{digits}}{spread}" if values else "")
        rows.append(cells)
    ratios = ["ratio"]
    for column in columns[:2]:
        pairs = [a[column] / b[column] for a, b in zip(*found.values(), strict=True)]
        ratios.append(f"{statistics.median(pairs):.2f} ({min(pairs):.2f} to {max(pairs):.2f})")
    return markdown(["", *columns], [*rows, ratios + [""] * len(FIGURES)])


if __name__ == "__main__":
    main(sys.argv[1:])
