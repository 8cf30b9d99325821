"""Queries that a trained ranker is asked about, and its answer: the documents in order."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from liangyi.core.batch import Interactions, Rankings
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.core.spec import Label, Ragged
from liangyi.data import Dataset, Lists
from liangyi.data.places import typed
from liangyi.data.tables.interactions import pairs_of
from liangyi.data.tables.letor import Letor
from liangyi.data.tables.svmlight import is_svmlight, read
from liangyi.runs.run import Run

_PART = 256  # queries at once


@dataclass(frozen=True)
class Asked:
    """Queries with the names of what is to be ordered."""

    queries: list[str]
    documents: list[list[str]]  # the names of each query's places
    batch: Any
    graded: bool = True  # whether the relevance is known


def held_out(run: Run, model: Model) -> Asked:
    """Return the queries that a run did not learn from.

    Raises:
        UserError: there are none.
    """
    data = run.source().split("test")
    if not isinstance(data, Dataset):
        raise UserError(f"{run.data_name} holds no queries out; name a file of some")
    batch = data.batch(model.Batch, torch.arange(len(data), device="cpu"), "cpu")
    if isinstance(batch, Interactions):
        users, items = _names(model)
        return Asked([users[n] for n in batch.user.tolist()], [list(items)] * len(data), batch)
    places = [str(place) for place in range(1, batch.mask.shape[1] + 1)]
    return Asked([str(n) for n in range(1, len(data) + 1)], [places] * len(data), batch)


def of_file(run: Run, model: Model, word: str) -> Asked:
    """Return the queries of a user's file.

    Of documents it is an SVMlight file, and they are called by their lines. Of users it is a table
    of users and items to choose from, or of users alone, who choose from all that the training does
    not know them to have.

    Raises:
        UserError: it cannot be read, or names what the model does not know.
    """
    path = typed(word, "the file", "one of queries")
    if not path.is_file():
        raise UserError(f"there is no file of queries at {word}")
    return _documents(run, model, path) if model.Batch is Rankings else _users(run, model, path)


def _documents(run: Run, model: Model, path: Path) -> Asked:
    if not is_svmlight(path):
        raise UserError(f"{path} does not begin with a document: GRADE qid:QUERY 1:FEATURE ...")
    source, spec = run.source(), model.spec["document"]
    first = source.first if isinstance(source, Letor) else 1
    found = read(path, first, spec.shape[1])
    most, every = int(found.counts.max()), torch.arange(len(found.names), device="cpu")

    def padded(values: Tensor) -> tuple[Tensor, Tensor]:
        taken = Lists(values, found.counts, most).take(every, lambda width: every)
        return taken[""], taken["mask"]

    document, mask = padded(found.document)
    lines = [list(map(str, row)) for row in padded(found.line)[0].tolist()]
    return Asked(found.names, lines, Rankings(document, mask, padded(found.grade)[0]))


def _users(run: Run, model: Model, path: Path) -> Asked:
    users, items = _names(model)
    numbers = [{name: number for number, name in enumerate(names)} for names in (users, items)]
    wanted: dict[int, list[int]] = {}
    for user, item, _ in pairs_of(path):
        for what, name, there in zip(("user", "item"), (user, item), numbers, strict=True):
            if name and name not in there:
                raise UserError(f"{path}: the training knew no {what} {shown(name)}")
        chosen = wanted.setdefault(numbers[0][user], [])
        chosen += [numbers[1][item]] if item else []
    mask = torch.zeros(len(wanted), len(items), dtype=torch.bool, device="cpu")
    had = None if all(wanted.values()) else _known(run, len(users))
    for row, (number, chosen) in enumerate(wanted.items()):
        if not chosen and had is not None:
            mask[row] = ~had[number]
        mask[row, chosen] = True
    every = torch.arange(len(items), device="cpu").expand(mask.shape)
    batch = Interactions(
        torch.tensor(list(wanted), device="cpu"), every, mask, torch.zeros_like(every)
    )
    names = [users[number] for number in wanted]
    return Asked(names, [list(items)] * len(names), batch, graded=False)


def _known(run: Run, users: int) -> Tensor:
    """Return which items the training knew each user to have, [U I]."""
    data = run.data(run.source())
    assert isinstance(data, Dataset)
    user, chosen = data.columns["user"], data.columns["relevance"]
    assert isinstance(user, Tensor) and isinstance(chosen, Tensor)
    known = torch.zeros(users, chosen.shape[1], dtype=torch.bool, device="cpu")
    known[user] = chosen.bool()
    return known


def _names(model: Model) -> tuple[tuple[str, ...], tuple[str, ...]]:
    users, candidates = model.spec["user"], model.spec["candidate"]
    assert isinstance(users, Label) and isinstance(candidates, Ragged)
    assert isinstance(candidates.of, Label)
    return users.names, candidates.of.names


def ranked(model: Model, asked: Asked, top: int | None) -> list[dict[str, Any]]:
    """Return a row for each document, in the order of the queries and then of the scores.

    Args:
        model: that ranks.
        asked: the queries.
        top: documents of each query; None: all.
    """
    found = []
    for first in range(0, len(asked.queries), _PART):
        part = (column[first : first + _PART].to(model.device) for column in asked.batch)
        found.append(model.rank(model.Batch(*part)).cpu())
    rows = []
    for number, scores in enumerate(torch.cat(found)):
        there = int(asked.batch.mask[number].sum())
        order = scores.argsort(descending=True, stable=True)[: min(top or there, there)]
        for place, index in enumerate(order.tolist(), 1):
            row = {"query": asked.queries[number], "place": place,
                   "document": asked.documents[number][index],
                   "score": round(float(scores[index]), 6)}  # fmt: skip
            if asked.graded:
                row["relevance"] = int(asked.batch.relevance[number, index])
            rows.append(row)
    return rows
