"""What a critic's value is worth: clipping (arXiv:1701.07875) and a penalty (arXiv:1704.00028).

Three claims of the two papers, on laws whose answer is known:

- between two fixed laws the value is their earth mover's distance: with the penalty within what its
  weight lets through (where the distance is W, the best slope is 1 + W / (2 lambda)), with clipping
  times a constant that nobody knows;
- clipping drives weights to its border and lets gradients vanish or explode with depth;
- the value falls as samples become better: its rank correlation with the Frechet distance over a
  training, beside that of a GAN's discriminator.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from liangyi.core import draw, registry
from liangyi.core.model import Model, Update
from liangyi.core.verbs import samples
from liangyi.data import Batches, choose
from liangyi.lab.fitting import Drawn, Law, points, trained
from liangyi.lab.table import Summary, markdown
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.transport import wasserstein
from liangyi.nets.mlp import mlp
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.wgan import WGAN, WGANConfig, clip
from liangyi.zoo.adversarial.wgan_gp import WGANGP, WGANGPConfig

STEPS, BATCH, WIDTH = 1000, 256, 8
FOLLOWED = 500  # steps on the digits
DEEP = 12  # layers of the deep critics, as in the second paper's figure 1
CLIPS = (0.1, 0.01)
PENALTIES = (10.0, 100.0)
Tell = Callable[[str], None]


def ring(normal: Tensor, share: Tensor) -> Tensor:
    """Return points of eight Gaussians on the unit circle."""
    angle = (share * 8).floor() * (math.pi / 4)
    return torch.stack([angle.cos(), angle.sin()], 1) + 0.05 * normal


LAWS: dict[str, tuple[Law, Law]] = {
    "a normal law, shifted by 1": (lambda z, u: z, lambda z, u: z + z.new_tensor([1.0, 0.0])),
    "one shifted by 5": (lambda z, u: z, lambda z, u: z + z.new_tensor([3.0, 4.0])),
    "half as wide": (lambda z, u: z, lambda z, u: z / 2),
    "a ring, a normal law": (ring, lambda z, u: z),
}


def estimator(kind: type[WGAN], other: Law) -> type[WGAN]:
    """Return a model whose generator is a fixed law: what is left is the critic's turn."""

    class Estimate(kind):  # type: ignore[misc, valid-type]
        def generated(self, count: int, given: Any = None) -> Any:
            normal = draw.normal(count, 2, device=self.device)
            return self.Batch(other(normal, draw.uniform(count, device=self.device)))

        def updates(self, batch: Any, step: int) -> Iterator[Update]:
            turns = super().updates(batch, step)
            yield next(turns)
            next(turns)  # clips, and comes to the generator's turn, which there is none of

    return Estimate


class Deep(nn.Module):
    """A fully connected ReLU network that keeps what each layer gave, to look at gradients."""

    def __init__(self, depth: int, width: int) -> None:
        super().__init__()
        self.layers = mlp((2, *[width] * (depth - 1), 1), nn.ReLU())

    def forward(self, points: Tensor) -> Tensor:
        """Return values [N 1]."""
        values: Tensor = self.layers(points)
        return values

    def steepness(self, points: Tensor) -> list[float]:
        """Return the norm of the values' gradient by each hidden layer's output, first to last."""
        kept, x = [], points.clone().requires_grad_()
        for layer in self.layers:
            x = layer(x)
            if isinstance(layer, nn.Linear):
                kept.append(x)
        found = torch.autograd.grad(x.mean(), kept[:-1])
        return [float(one.norm()) for one in found]


def settings() -> list[tuple[str, type[WGAN], Any]]:
    """Return the critics that are compared: name, model, settings."""
    return [
        *((f"clipped at {c:g}", WGAN, WGANConfig(clip=c, width=WIDTH, latent=2, critic_steps=1,
                                                 learning_rate=2e-3)) for c in CLIPS),
        *((f"penalty {w:g}", WGANGP, WGANGPConfig(penalty=w, width=WIDTH, latent=2, critic_steps=1,
                                                  learning_rate=2e-3)) for w in PENALTIES),
    ]  # fmt: skip


def estimated(kind: type[WGAN], config: Any, laws: tuple[Law, Law], steps: int, seed: int) -> float:
    """Return a trained critic's value of two laws, on points that it has not seen."""
    one, other = laws
    model = trained(estimator(kind, other), config, Drawn(one, 2, BATCH, seed), steps, seed)
    with torch.no_grad():
        means = [float(model.critic(points(law, 20_000, 2, seed, "test", place)).mean())
                 for place, law in enumerate(laws)]  # fmt: skip
    return means[0] - means[1]


def exact(laws: tuple[Law, Law], seed: int) -> float:
    """Return the earth mover's distance of a thousand points of each."""
    one, other = (points(law, 1000, 2, seed, "exact", place) for place, law in enumerate(laws))
    return wasserstein(one, other, seed)


def estimates(seeds: int, steps: int, tell: Tell) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of estimates beside exact distances."""
    rows, plain = [], []
    for name, laws in LAWS.items():
        true = Summary(tuple(exact(laws, seed) for seed in range(seeds)))
        row, facts = [name, str(true)], {"laws": name, "exact": true.json()}
        for label, kind, config in settings():
            found = [estimated(kind, config, laws, steps, seed) for seed in range(seeds)]
            row.append(str(Summary(tuple(found))))
            facts[label] = Summary(tuple(found)).json()
            tell(f"{name}: {label}: {row[-1]}, exact {true}")
        rows.append(row)
        plain.append(facts)
    head = ("laws", "exact", *(label for label, _, _ in settings()))
    return markdown(head, rows), plain


def depths(seeds: int, steps: int, tell: Tell) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of what becomes of a deep critic's weights and gradients."""
    rows, plain = [], []
    for label, kind, config in settings():
        found = []
        for seed in range(seeds):
            model = deep(kind, config, steps, seed)
            critic = model.critic
            weights = weights_of(critic).abs()
            border = float((weights >= 0.99 * weights.max()).float().mean())
            norms = critic.steepness(points(ring, 1000, 2, seed, "test"))
            found.append((border, math.log10(max(norms[0], 1e-30) / max(norms[-1], 1e-30))))
        shares, decades = (Summary(tuple(column)) for column in zip(*found, strict=True))
        rows.append([label, str(shares), str(decades)])
        plain.append({"critic": label, "at the border": shares.json(), "decades": decades.json()})
        tell(f"{DEEP} layers, {label}: {shares} of the weights at the border, {decades} decades")
    head = ("critic", "weights at the border", "gradient at the first layer / the last, log10")
    return markdown(head, rows), plain


def weights_of(network: nn.Module) -> Tensor:
    """Return all weights of a network but its biases, in a row."""
    named = network.named_parameters()
    return torch.cat([w.detach().flatten() for name, w in named if name.endswith("weight")])


def deep(kind: type[WGAN], config: Any, steps: int, seed: int) -> Model:
    """Return a deep critic that was trained between a ring and noise around it."""
    fixed = estimator(kind, lambda z, u: ring(z, u) + z.roll(1, 0))

    class Deeper(fixed):  # type: ignore[misc, valid-type]
        def networks(self) -> None:
            super().networks()
            self.critic = Deep(DEEP, 8 * WIDTH)
            if isinstance(config, WGANConfig):  # or the first step would be another law's
                clip(self.critic, config.clip)

    return trained(Deeper, config, Drawn(ring, 2, BATCH, seed), steps, seed)


RECIPES: dict[str, dict[str, Any]] = {  # on the digits; each in about a minute
    "wgan": {"width": 16, "learning_rate": 2e-4},
    "wgan-gp": {"width": 16, "learning_rate": 2e-4},
    "dcgan": {"width": 16},
}
PHASES = 20


def followed(name: str, steps: int, seed: int) -> list[tuple[float, float]]:
    """Train on digits; return the loss and the Frechet distance of pixels in each twentieth."""
    kind, data = registry.find(name), choose("digits")
    split = data.split()
    assert split is not None
    model = build(kind, kind.Config(**RECIPES[name]), data.spec(), seed)
    training = dataclasses.replace(kind.recipe, steps=steps, batch_size=64, seed=seed,
                                   device="cpu", average=0.9, examine_every=0)  # fmt: skip
    stream = Batches(split, model.Batch, 64, seed, "cpu", model.image_range)
    real = gaussian(split.some(1000, model.Batch, "cpu", model.image_range)[0].flatten(1))
    trainer, found, losses = Trainer(model, stream, training), [], []
    metric = "discriminator" if name == "dcgan" else "wasserstein"
    for report in trainer.run():
        losses.append(report.metrics[metric])
        if report.step % max(1, steps // PHASES) == 0:
            drawn = samples(trainer.averaged, 1000).flatten(1)
            found.append((float(torch.stack(losses).mean()), frechet(real, gaussian(drawn))))
            losses.clear()
    return found


def correlations(seeds: int, steps: int, tell: Tell) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of rank correlations between loss and Frechet distance."""
    from scipy.stats import spearmanr

    rows, plain = [], []
    for name in RECIPES:
        curves = [followed(name, steps, seed) for seed in range(seeds)]
        ranks = Summary(tuple(float(spearmanr(*zip(*one, strict=True)).statistic)
                              for one in curves))  # fmt: skip
        first, last = (Summary(tuple(one[place][1] for one in curves)) for place in (0, -1))
        what = "discriminator's loss" if name == "dcgan" else "critic's value"
        rows.append([f"`{name}`", what, str(ranks), str(first), str(last)])
        plain.append({"model": name, "correlation": ranks.json(), "curves": curves})
        tell(f"{name}: rank correlation {ranks}, Frechet {first} to {last}")
    head = ("model", "what", "rank correlation with the Frechet distance", "first", "last")
    return markdown(head, rows), plain


def measure(
    seeds: int, steps: int | None, out: Path, tell: Tell
) -> tuple[str, list[dict[str, Any]]]:
    """Return the three tables, and the same as plain values; draw OUT/critics.png."""
    found = [part(seeds, steps or STEPS, tell) for part in (estimates, depths)]
    found.append(correlations(seeds, steps or FOLLOWED, tell))
    _draw(steps or STEPS, out / "critics.png")
    return "\n\n".join(text for text, _ in found) + "\n", [f for _, plain in found for f in plain]


def _draw(steps: int, path: Path) -> None:
    """Draw values of critics between a ring and noise around it, and what their weights are."""
    from matplotlib.figure import Figure

    side = torch.linspace(-2, 2, 81, device="cpu")
    plane = torch.cartesian_prod(side, side)
    real = points(ring, 300, 2, 0, "test")
    figure = Figure(figsize=(10, 5), layout="constrained")
    places = figure.subplots(2, 4)
    for (label, kind, config), over, under in zip(settings(), *places, strict=True):
        fixed = estimator(kind, lambda z, u: ring(z, u) + z.roll(1, 0))
        model = trained(fixed, config, Drawn(ring, 2, BATCH, 0), steps, 0)
        with torch.no_grad():
            values = model.critic(plane).view(81, 81).T
        over.contour(side, side, values, 15, linewidths=0.8)
        over.plot(*real.T, ".", color="0.3", markersize=2)
        over.set(title=label, xticks=[], yticks=[], aspect="equal")
        weights = [
            w.detach().flatten() for n, w in model.critic.named_parameters() if "weight" in n
        ]
        under.hist(torch.cat(weights).numpy(), 61, log=True, color="0.4")
        under.set(yticks=[], xlabel="weights")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=100)
