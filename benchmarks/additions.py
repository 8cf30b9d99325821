"""Seconds until sums are right: liangyi and Keras' example `addition_rnn`, in one run.

    python -m benchmarks additions [--seeds 0 1 2] [--share 0.99] [--passes 100] [--threads 2]
        [--digits 3] [--questions 50000] [--only WORD ...] [--json FILE]

Sums of numbers of so many digits, a tenth of them held out; the networks of
`addition-rnn` on all sides: `peers/additions.py`. Each training has a process of its own, one after
the other, and ends after the first pass with so large a share of the held-out characters right.
Answering is not timed; what is done once in the first pass (TensorFlow traces its graph) is.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.harness import Side, SideFailed, Worker, figure
from benchmarks.peers import question
from benchmarks.peers.additions import sides, sums
from liangyi.lab.table import markdown


@dataclass(frozen=True)
class Ended:
    """A training that reached the share, or had no more passes."""

    side: str
    seed: int
    reached: bool
    passes: int
    seconds: float
    characters: float  # shares of held-out ones that are right
    answers: float


def trained(side: Side, seed: int, asked: argparse.Namespace, right: np.ndarray) -> Ended:
    """Train until the share is reached.

    Raises:
        SideFailed: the side has not what it needs.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "answers.npy"
        settings = {**side.settings, "seed": seed, "file": str(file)}
        worker = Worker(dataclasses.replace(side, settings=settings), asked.threads)
        try:
            seconds, reached, passes, hits = 0.0, False, 0, np.zeros((1, 1))
            while not reached and passes < asked.passes:
                seconds += worker.measure()[1]
                worker.measure()  # answering
                passes, hits = passes + 1, np.load(file) == right
                reached = bool(hits.mean() >= asked.share)
                said = f"pass {passes}, {seconds:.1f} s, {hits.mean():.2%} of the characters"
                print(f"seed {seed}, {side.name}: {said}", file=sys.stderr)
        finally:
            worker.close()
    whole = float(hits.all(1).mean())
    return Ended(side.name, seed, reached, passes, seconds, float(hits.mean()), whole)


def report(ended: list[Ended]) -> str:
    """Return the table; ratios are of seeds with which both sides got there."""
    names = list(dict.fromkeys(one.side for one in ended))
    first = {one.seed: one for one in ended if one.side == names[0] and one.reached}
    rows = []
    for name in names:
        own = [one for one in ended if one.side == name]
        there = [one for one in own if one.reached]
        times = [one.seconds for one in there]
        ratios = [one.seconds / first[one.seed].seconds for one in there if one.seed in first]
        rows.append([
            name,
            figure(statistics.median(times)) if times else "not reached",
            f"{len(there)} of {len(own)}",
            figure(statistics.median(one.passes for one in there)) if there else "-",
            figure(statistics.median(one.seconds / one.passes for one in own)),
            f"{statistics.fmean(one.characters for one in own):.1%}",
            f"{statistics.fmean(one.answers for one in own):.1%}",
            f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
            if ratios else "-",
        ])  # fmt: skip
    head = ["", "seconds", "seeds", "passes", "seconds a pass", "characters at the end", "answers"]
    return markdown([*head, f"this / {names[0]}"], rows)


def main(arguments: list[str]) -> None:
    words = argparse.ArgumentParser(
        prog="python -m benchmarks additions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    words.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    words.add_argument("--share", type=float, default=0.99, help="of held-out characters")
    words.add_argument("--passes", type=int, default=100, help="at most")
    words.add_argument("--threads", type=int, default=2)
    words.add_argument("--digits", type=int, default=3, help="of a number, at most")
    words.add_argument("--questions", type=int, default=50_000)
    words.add_argument("--only", nargs="+", metavar="WORD", help="sides whose name has a word")
    words.add_argument("--json", type=Path, metavar="FILE", help="save everything")
    asked = words.parse_args(arguments)
    right = sums("test", asked.digits, asked.questions).columns["answer"].numpy()
    ended: list[Ended] = []
    for seed in asked.seeds:
        for side in question.chosen(sides(asked.digits, asked.questions), asked.only):
            try:
                ended.append(trained(side, seed, asked, right))
            except SideFailed as error:
                print(f"seed {seed}, {side.name} was left out: {error}", file=sys.stderr)
    if not ended:
        sys.exit("no side could be trained")
    print(f"**Seconds to {asked.share:.1%} of held-out characters**, medians of the seeds\n")
    print(report(ended))
    question.keep(asked, [asdict(one) for one in ended])
