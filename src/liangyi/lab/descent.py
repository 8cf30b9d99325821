"""Rules by which two players of one number each descend: a place after each step, endlessly."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

RATE = 0.1
WEIGHT = 0.3  # of consensus
BEGIN = (1.0, 0.5)
RATES = {"two rates, 1 : 4": (RATE / 2, 2 * RATE)}  # of rules that do not have RATE
Flow = Callable[[Tensor], Tensor]  # where both players want to go from a place [2]
Rule = Callable[[Flow], Iterator[Tensor]]  # places, one after each step


def begin() -> Tensor:
    """Return the first place."""
    return torch.tensor(BEGIN, dtype=torch.float64, device="cpu")


def simultaneous(flow: Flow, rates: tuple[float, float] = (RATE, RATE)) -> Iterator[Tensor]:
    """Both move at once."""
    place, rate = begin(), torch.tensor(rates, dtype=torch.float64, device="cpu")
    while True:
        place = place + rate * flow(place)
        yield place


def alternating(flow: Flow) -> Iterator[Tensor]:
    """The first moves, then the second sees where it went."""
    place = begin()
    while True:
        for player in range(2):
            place = place.clone()
            place[player] += RATE * flow(place)[player]
        yield place


def alternating_back(flow: Flow) -> Iterator[Tensor]:
    """As `alternating`, with half of the last move taken back: arXiv:1807.04740."""
    place, move = begin(), torch.zeros_like(begin())
    while True:
        for player in range(2):
            place, move = place.clone(), move.clone()
            move[player] = RATE * flow(place)[player] - move[player] / 2
            place[player] += move[player]
        yield place


def optimized(make: Callable[[list[Tensor]], torch.optim.Optimizer]) -> Rule:
    """Return the rule of an optimiser of PyTorch, both players at once."""

    def rule(flow: Flow) -> Iterator[Tensor]:
        place = begin()
        optimizer = make([place])
        while True:
            place.grad = -flow(place)
            optimizer.step()
            yield place.clone()

    return rule


def momentum(flow: Flow, share: float) -> Iterator[Tensor]:
    """Both at once, and a share of the last move again; below zero it is taken back."""
    place, move = begin(), torch.zeros_like(begin())
    while True:
        move = share * move + flow(place)
        place = place + RATE * move
        yield place


def optimistic(flow: Flow) -> Iterator[Tensor]:
    """Twice the slope of now, less that of before."""
    place = begin()
    before = flow(place)
    while True:
        now = flow(place)
        place, before = place + RATE * (2 * now - before), now
        yield place


def extragradient(flow: Flow) -> Iterator[Tensor]:
    """Look one step ahead, and take the slope that is there."""
    place = begin()
    while True:
        place = place + RATE * flow(place + RATE * flow(place))
        yield place


def consensus(flow: Flow) -> Iterator[Tensor]:
    """Both lower their slopes besides: |flow|^2 / 2, weighed."""
    place = begin()
    steepness = torch.func.grad(lambda where: flow(where).square().sum() / 2)
    while True:
        place = place + RATE * (flow(place) - WEIGHT * steepness(place))
        yield place


RULES: dict[str, Rule] = {
    "simultaneous": simultaneous,
    "alternating": alternating,
    "alternating, momentum -0.5": alternating_back,
    "momentum 0.5": partial(momentum, share=0.5),
    "momentum -0.5": partial(momentum, share=-0.5),
    "Adam (0.9, 0.999)": optimized(lambda w: torch.optim.Adam(w, lr=RATE, betas=(0.9, 0.999))),
    "Adam (0.5, 0.999)": optimized(lambda w: torch.optim.Adam(w, lr=RATE, betas=(0.5, 0.999))),
    "Adam (0, 0.99)": optimized(lambda w: torch.optim.Adam(w, lr=RATE, betas=(0.0, 0.99))),
    "RMSprop": optimized(lambda w: torch.optim.RMSprop(w, lr=RATE)),
    "two rates, 1 : 4": partial(simultaneous, rates=RATES["two rates, 1 : 4"]),
    "optimistic": optimistic,
    "extragradient": extragradient,
    "consensus": consensus,
}


def path(rule: Rule, flow: Flow, steps: int) -> Tensor:
    """Return the places [steps + 1, 2] from the first one on."""
    return torch.stack([begin(), *itertools.islice(rule(flow), steps)])
