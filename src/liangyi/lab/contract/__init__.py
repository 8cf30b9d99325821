"""The contract: what every model must keep, as checks that are run one by one.

    for name, check in checks(Small.of(kind, folder)): check()

`liangyi check ./my_gan.py` runs them on a file, the tests on every registered model. What they need
comes from the model: its smallest settings (`tiny`) and what to try them on (`tiny_data`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from liangyi.core.model import Model
from liangyi.lab.contract import file, turns, verbs
from liangyi.lab.contract.broken import Broken, demand
from liangyi.lab.small import Small
from liangyi.nets.fast.sequential import plain

__all__ = ["Broken", "Small", "checks", "golden"]

Check = tuple[str, Callable[[], None]]


def checks(small: Small) -> Iterator[Check]:
    """Yield each check by its name."""
    for check in (
        turns.each_turn_moves_only_its_player,
        turns.the_seed_decides_the_metrics,
        turns.stopping_changes_nothing,
        verbs.verbs_leave_no_trace,
        verbs.a_sample_does_not_depend_on_how_many_are_drawn,
        verbs.the_noise_of_a_seed_is_not_its_weights,
        file.settings_survive_json_and_are_explained,
        file.the_file_cites_its_source,
        turns.generated_batches_are_judged,
        turns.it_learns_one_batch_by_heart,
    ):
        yield check.__name__.replace("_", " "), lambda check=check: _alone(check, small)  # type: ignore[misc]


def _alone(check: Callable[[Small], None], small: Small) -> None:
    with threads_of(small.kind):
        check(small)


@contextmanager
def threads_of(kind: type[Model]) -> Iterator[None]:
    """Compute by one thread inside, where a model promises the same bits by no more than that."""
    before = torch.get_num_threads()
    if kind.reproducible == "one thread":
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def golden(small: Small, path: Path) -> None:
    """Compare a run of 20 steps with a stored curve; a refactoring that changes it is none.

    To store a curve anew after a wanted change, delete its file and run this again.
    """
    trainer = small.trainer(steps=20, examine_every=0)
    with plain(), threads_of(small.kind):  # whose dropout draws PyTorch's numbers
        curve = [report.read() for report in trainer.run()]
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps([{k: float(f"{v:.7g}") for k, v in x.items()} for x in curve]))
        raise Broken(f"stored {path.name}; look at it, then run again")
    for step, (now, then) in enumerate(zip(curve, json.loads(path.read_text()), strict=True)):
        demand(now.keys() == then.keys(), f"step {step} reports {list(now)}, not {list(then)}")
        for name, value in now.items():
            near = abs(value - then[name]) <= max(2e-4, 2e-3 * abs(then[name]))
            demand(near, f"step {step}: {name} is {value:.6g}, was {then[name]:.6g}")
