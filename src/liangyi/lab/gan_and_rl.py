"""How a GAN differs from reinforcement learning: the way of the gradient, and what it costs.

A generator wants a higher E f(x), x drawn by itself, f what the adversary says. A GAN follows f
back into the sample (pathwise); reinforcement learning knows f(x) alone and raises the probability
of what was good (score function, REINFORCE). Both are gradients of the same mean.

- Continuous, x = s e with e of N(0, 1) in D dimensions and f = -|x|^2 / 2: the variance of one
  coordinate is s^2 by the path, s^2 (D + 2)(D + 4) / 4 by the score, s^2 (D + 4) / 2 by the score
  with the best constant baseline.
- Discrete, one of eight symbols: there is no path. The exact gradient is known by enumeration;
  beside it stand REINFORCE with and without baseline, straight-through (arXiv:1308.3432) and
  Gumbel-softmax (arXiv:1611.01144), each with its bias and its variance.
- With the best discriminator, whose logit is log p / q, the policy gradient of that reward is the
  gradient of -KL(q || p): the GAN as inverse reinforcement learning (arXiv:1611.03852). As an
  actor-critic whose critic is followed back: arXiv:1610.01945.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from liangyi.core import draw
from liangyi.lab.experiment import Check, Outcome, Work, experiment, said
from liangyi.lab.table import Summary, markdown
from liangyi.nets.mlp import mlp

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SYMBOLS, BATCH = 8, 32
DIMENSIONS = (1, 4, 16, 64)
DEVIATION, ESTIMATES = 0.5, 4000
STEPS, LOOKS, RATE = 600, 20, 0.03
Reward = Callable[[Tensor], Tensor]  # of symbols as one-hot rows [N K], or near to such: [N]
Estimator = Callable[[Tensor, Reward, torch.Generator], Tensor]  # of logits [K]: their gradient [K]


def continuous(dimensions: int, dice: torch.Generator) -> dict[str, float]:
    """Return the variance of one coordinate's gradient, by each way; its mean is 0 for all."""
    noise = torch.randn(100_000, dimensions, generator=dice, dtype=torch.float64, device="cpu")
    value = -((DEVIATION * noise) ** 2).sum(1, keepdim=True) / 2
    ways = {
        "pathwise": -DEVIATION * noise,
        "score": value * noise / DEVIATION,
        "score, baseline": (value + DEVIATION**2 * dimensions / 2) * noise / DEVIATION,
    }
    return {name: float(found.square().mean()) for name, found in ways.items()}


def closed(dimensions: int) -> dict[str, float]:
    """Return the same by closed form."""
    score = (dimensions + 2) * (dimensions + 4) / 4
    return {"pathwise": DEVIATION**2, "score": DEVIATION**2 * score,
            "score, baseline": DEVIATION**2 * (dimensions + 4) / 2}  # fmt: skip


# discrete: gradients of E f by the logits, each of a batch of samples


def exact(logits: Tensor, reward: Reward, dice: torch.Generator) -> Tensor:
    """Enumerate: sum_k dp_k f(k)."""
    logits = logits.detach().requires_grad_()
    every = reward(torch.eye(len(logits), dtype=logits.dtype, device=logits.device)).detach()
    return _slope((logits.softmax(0) * every).sum(), logits)


def reinforce(logits: Tensor, reward: Reward, dice: torch.Generator, baseline: bool) -> Tensor:
    """Raise log p of what was drawn by its reward, less the mean of the others' if wanted."""
    logits = logits.detach().requires_grad_()
    drawn = torch.multinomial(logits.detach().softmax(0), BATCH, True, generator=dice)
    earned = reward(one_hot(drawn, len(logits)).to(logits.dtype)).detach()
    if baseline:
        earned = earned - (earned.sum() - earned) / (BATCH - 1)
    return _slope((logits.log_softmax(0)[drawn] * earned).mean(), logits)


def straight(logits: Tensor, reward: Reward, dice: torch.Generator) -> Tensor:
    """Draw a symbol, and follow the reward back as if it had been the probabilities."""
    logits = logits.detach().requires_grad_()
    share = logits.softmax(0)
    drawn = torch.multinomial(share.detach(), BATCH, True, generator=dice)
    symbol = one_hot(drawn, len(logits)).to(logits.dtype)
    return _slope(reward(symbol + share - share.detach()).mean(), logits)


def gumbel(logits: Tensor, reward: Reward, dice: torch.Generator, heat: float) -> Tensor:
    """Draw soft symbols, softmax((logits + Gumbel noise) / heat), and follow the reward back."""
    logits = logits.detach().requires_grad_()
    even = torch.rand(BATCH, len(logits), generator=dice, dtype=logits.dtype, device="cpu")
    noise = -(-even.clamp(1e-12, 1 - 1e-7).log()).log()
    return _slope(reward(((logits + noise) / heat).softmax(1)).mean(), logits)


def _slope(mean: Tensor, logits: Tensor) -> Tensor:
    (found,) = torch.autograd.grad(mean, logits)
    return found


ESTIMATORS: dict[str, Estimator] = {
    "exact": exact,
    "REINFORCE": partial(reinforce, baseline=False),
    "REINFORCE, baseline": partial(reinforce, baseline=True),
    "straight-through": straight,
    "Gumbel-softmax 0.1": partial(gumbel, heat=0.1),
    "Gumbel-softmax 0.5": partial(gumbel, heat=0.5),
    "Gumbel-softmax 2": partial(gumbel, heat=2.0),
}


def judge(seed: int) -> nn.Module:
    """Return a discriminator of symbols with its first weights, [N K] -> [N 1]."""
    with draw.seeded(seed, "weights", device=torch.device("cpu")):
        return mlp((SYMBOLS, 32, 1), nn.LeakyReLU(0.2)).double()


def law(seed: int) -> Tensor:
    """Return the data's probabilities of the symbols [K]."""
    dice = draw.generator(seed, "law")
    return torch.randn(SYMBOLS, generator=dice, dtype=torch.float64, device="cpu").softmax(0)


def errors(name: str, estimates: int, seed: int) -> dict[str, float]:
    """Return bias and deviation of an estimator, by the length of the exact gradient.

    The reward is a discriminator that learned between the law and the symbols drawn evenly.
    """
    network = judge(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    logits = torch.zeros(SYMBOLS, dtype=torch.float64, device="cpu")
    for _ in range(300):
        _learn(network, optimizer, law(seed), logits.softmax(0))

    def reward(symbol: Tensor) -> Tensor:
        return network(symbol).flatten()

    dice = draw.generator(seed, "estimates")
    true = exact(logits, reward, dice)
    found = torch.stack([ESTIMATORS[name](logits, reward, dice) for _ in range(estimates)])
    length = float(true.norm())
    spread = float((found - found.mean(0)).square().sum(1).mean().sqrt())
    return {"bias": float((found.mean(0) - true).norm()) / length, "deviation": spread / length,
            "noise of the bias": spread / estimates**0.5 / length}  # fmt: skip


def _learn(network: nn.Module, optimizer: torch.optim.Optimizer, p: Tensor, q: Tensor) -> None:
    """Let the discriminator take a step on all symbols at once, weighed by both laws."""
    said_ = network(torch.eye(SYMBOLS, dtype=torch.float64, device="cpu")).flatten()
    softplus = torch.nn.functional.softplus
    loss = (p * softplus(-said_) + q.detach() * softplus(said_)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def game(name: str, steps: int, seed: int) -> dict[str, list[float]]:
    """Train a generator of symbols against a discriminator; return KL(q || p) at each look."""
    p, network = law(seed), judge(seed)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    logits = torch.zeros(SYMBOLS, dtype=torch.float64, device="cpu").requires_grad_()
    mover = torch.optim.Adam([logits], lr=RATE)
    dice = draw.generator(seed, "game")
    found: dict[str, list[float]] = {"step": [], "KL": []}
    for step in range(steps + 1):
        if step % max(1, steps // LOOKS) == 0:
            q = logits.detach().softmax(0)
            found["step"].append(step)
            found["KL"].append(float((q * (q / p).log()).sum()))
        _learn(network, optimizer, p, logits.softmax(0))
        logits.grad = -ESTIMATORS[name](logits, lambda symbol: network(symbol).flatten(), dice)
        mover.step()
    return found


@experiment("How does a GAN differ from reinforcement learning?")
def run(work: Work) -> Outcome:
    """Measure variances, biases, and the game itself."""
    ways: list[dict[str, Any]] = []
    for dimensions in DIMENSIONS:
        found = continuous(dimensions, draw.generator(0, "continuous", dimensions))
        ways.append({"dimensions": dimensions, "found": found, "closed form": closed(dimensions)})
    cells = [[str(row["dimensions"]), *(f"{row[part][way]:.3g}" for way in closed(1)
                                        for part in ("found", "closed form"))]
             for row in ways]  # fmt: skip
    head = ("dimensions", *(f"{way}{part}" for way in closed(1) for part in ("", ", closed form")))
    steps, estimates = work.steps(STEPS, LOOKS), 500 if work.quick else ESTIMATES
    rows: list[dict[str, Any]] = []
    for name in ESTIMATORS:
        measured = work.each(f"errors of {name}", partial(errors, name, estimates))
        games = work.each(f"game with {name}", partial(game, name, steps))
        rows.append({"estimator": name, "errors": measured, "games": games})
    table = [[row["estimator"], str(_of(row, "bias")), str(_of(row, "deviation")), str(_last(row))]
             for row in rows]  # fmt: skip
    other = (f"estimator, of {BATCH} symbols", "bias", "deviation", "KL in the game, nats")
    tables = (markdown(head, cells), markdown(other, table))
    seen, checks = _seen(ways, rows), _checks(ways, rows)
    return Outcome(tables, [*ways, *rows], seen, checks, _figure(ways, rows))


def _of(row: dict[str, Any], key: str) -> Summary:
    return Summary(tuple(one[key] for one in row["errors"]))


def _last(row: dict[str, Any]) -> Summary:
    """Return the KL over the last quarter of each game: it goes to and fro."""
    last = [one["KL"][-(len(one["KL"]) // 4 or 1) :] for one in row["games"]]
    return Summary(tuple(sum(values) / len(values) for values in last))


def _seen(ways: list[dict[str, Any]], rows: list[dict[str, Any]]) -> str:
    wide = ways[-1]
    more = wide["found"]["score"] / wide["found"]["pathwise"]
    by = {row["estimator"]: row for row in rows}
    plain, less = (_of(by[name], "deviation").mean for name in ("REINFORCE", "REINFORCE, baseline"))
    biased = [name for name, row in by.items()
              if _of(row, "bias").mean > 3 * _of(row, "noise of the bias").mean + 1e-9]  # fmt: skip
    return (
        f"In {wide['dimensions']} dimensions the score function's gradient has {more:.3g} times "
        f"the variance of the one through the discriminator; on symbols, where there is no way "
        f"through, a baseline takes its deviation from {said(plain)} to {said(less)} lengths of "
        f"the exact gradient, and {', '.join(biased) or 'none'} are biased."
    )


def _checks(ways: list[dict[str, Any]], rows: list[dict[str, Any]]) -> list[Check]:
    """Compare variances, unbiasedness, and inverse reinforcement learning with theory."""
    checks = [Check(f"variance by {way}, D = {row['dimensions']}, by the closed form",
                    row["found"][way] / row["closed form"][way], 1.0, 0.1)
              for row in ways for way in row["found"]]  # fmt: skip
    for row in rows:
        if row["estimator"].startswith("REINFORCE"):
            bias = _of(row, "bias").mean / _of(row, "noise of the bias").mean
            name = f"bias of {row['estimator']}, by what chance gives"
            checks.append(Check(name, bias, 1.0, 0.7))
    p, logits = law(0), law(1).log()
    reward = (p / logits.exp()).log()
    policy = exact(logits, lambda symbol: symbol @ reward, draw.generator(0, "unused"))
    slope = logits.clone().requires_grad_()
    q = slope.softmax(0)
    wanted = _slope(-(q * (q / p).log()).sum(), slope)
    off = float((policy - wanted).norm())
    checks.append(Check("policy gradient of log p / q, less that of -KL", off, 0.0, 1e-9))
    return checks


def _figure(ways: list[dict[str, Any]], rows: list[dict[str, Any]]) -> Figure:
    from liangyi.lab.figure import band, panels

    figure, (left, middle, right) = panels(1, 3, 3.8, 3.2)
    for way in closed(1):
        (line,) = left.loglog(DIMENSIONS, [row["closed form"][way] for row in ways], label=way)
        left.plot(DIMENSIONS, [row["found"][way] for row in ways], "o", color=line.get_color())
    left.set(xlabel="dimensions", title="variance: lines by closed form")
    for row in rows:
        middle.plot(max(_of(row, "bias").mean, 1e-3), max(_of(row, "deviation").mean, 1e-3), "o",
                    label=row["estimator"])  # fmt: skip
        band(right, row["games"][0]["step"], [one["KL"] for one in row["games"]], row["estimator"])
    middle.set(xscale="log", yscale="log", xlabel="bias", title="errors, by the exact length")
    middle.set_ylabel("deviation")
    right.set(yscale="log", xlabel="steps", title="KL(q || p) in the game")
    for axes in (left, middle):
        axes.legend(frameon=False, fontsize=7)
    return figure
