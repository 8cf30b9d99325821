"""Whether settings of a training can go together, asked before anything is made."""

from __future__ import annotations

from torch import nn

from liangyi.core import processes
from liangyi.core.config import Training
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.training import compiled
from liangyi.training.devices import choose_device


def check(model: Model, training: Training, items: int) -> None:
    """Make sure that settings can go together, before anything is made.

    Raises:
        UserError: they cannot.
    """
    workers = max(processes.world(), training.devices * training.nodes)
    share = training.batch_size // workers
    if training.accumulate > 1 and model.whole_batch:
        raise UserError(
            f"{model.name()} wants its batch in one piece; leave it out", setting="accumulate"
        )
    if items and training.batch_size > items:
        raise UserError(
            f"a batch of {training.batch_size} is larger than the data: {many(items, 'item')}",
            setting="batch_size",
            better=max(1, items // 4),
        )
    if not share:
        raise UserError(
            f"{many(workers, 'process')} cannot share a batch of {training.batch_size}",
            setting="batch_size",
            better=workers * training.accumulate,
        )
    if training.accumulate > share:
        raise UserError(
            f"{many(training.accumulate, 'part')} of a batch of which each process has "
            f"{many(share, 'item')}",
            setting="accumulate",
            better=max(1, share // 4),
        )
    if share // training.accumulate < 2 and any(
        isinstance(part, nn.BatchNorm1d) for part in model.modules()
    ):
        raise UserError(
            f"{model.name()} normalises over the items that are learned from together: two at "
            "least in each process and part",
            setting="batch_size",
        )
    total = training.total(items)
    compiled.wanted(model, choose_device(training.device), total, training.compile, workers)
