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
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from liangyi.core import registry
from liangyi.core.model import Model
from liangyi.core.verbs import samples
from liangyi.data import Batches, choose
from liangyi.lab.experiment import Outcome, Work, experiment, said
from liangyi.lab.fitting import Drawn, Law, against, points, ring, trained
from liangyi.lab.table import Summary, markdown
from liangyi.metrics.frechet import frechet, gaussian
from liangyi.metrics.transport import wasserstein
from liangyi.nets.mlp import mlp
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.wgan import WGAN, WGANConfig, clip
from liangyi.zoo.adversarial.wgan_gp import WGANGP, WGANGPConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, BATCH, WIDTH = 1000, 256, 8
FOLLOWED = 500  # steps on the digits
DEEP = 12  # layers of the deep critics, as in the second paper's figure 1
CLIPS = (0.1, 0.01)
PENALTIES = (10.0, 100.0)


LAWS: dict[str, tuple[Law, Law]] = {
    "a normal law, shifted by 1": (lambda z, u: z, lambda z, u: z + z.new_tensor([1.0, 0.0])),
    "one shifted by 5": (lambda z, u: z, lambda z, u: z + z.new_tensor([3.0, 4.0])),
    "half as wide": (lambda z, u: z, lambda z, u: z / 2),
    "a ring, a normal law": (ring, lambda z, u: z),
}


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
    model = trained(against(kind, other), config, Drawn(one, 2, BATCH, seed), steps, seed)
    with torch.no_grad():
        means = [float(model.critic(points(law, 20_000, 2, seed, "test", place)).mean())
                 for place, law in enumerate(laws)]  # fmt: skip
    return means[0] - means[1]


def exact(laws: tuple[Law, Law], seed: int) -> float:
    """Return the earth mover's distance of a thousand points of each."""
    one, other = (points(law, 1000, 2, seed, "exact", place) for place, law in enumerate(laws))
    return wasserstein(one, other, seed)


def estimates(work: Work, steps: int) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of estimates beside exact distances."""
    rows, plain = [], []
    for name, laws in LAWS.items():
        true = Summary(tuple(work.each(f"exact, {name}", partial(exact, laws))))
        row, facts = [name, str(true)], {"laws": name, "exact": true.json()}
        for label, kind, config in settings():
            measure = partial(estimated, kind, config, laws, steps)
            found = Summary(tuple(work.each(f"{label}, {name}", measure)))
            row.append(str(found))
            facts[label] = found.json()
        rows.append(row)
        plain.append(facts)
    head = ("laws", "exact", *(label for label, _, _ in settings()))
    return markdown(head, rows), plain


def depths(work: Work, steps: int) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of what becomes of a deep critic's weights and gradients."""
    rows, plain = [], []
    for label, kind, config in settings():
        found = work.each(f"{label}, {DEEP} layers", partial(depth, kind, config, steps))
        shares, decades = (Summary(tuple(column)) for column in zip(*found, strict=True))
        rows.append([label, str(shares), str(decades)])
        plain.append({"critic": label, "at the border": shares.json(), "decades": decades.json()})
    head = ("critic", "weights at the border", "gradient at the first layer / the last, log10")
    return markdown(head, rows), plain


def depth(kind: type[WGAN], config: Any, steps: int, seed: int) -> tuple[float, float]:
    """Return a deep critic's share of weights at the border, and the decades of its gradients."""
    critic = deep(kind, config, steps, seed).critic
    weights = weights_of(critic).abs()
    border = float((weights >= 0.99 * weights.max()).float().mean())
    norms = critic.steepness(points(ring, 1000, 2, seed, "test"))
    return border, math.log10(max(norms[0], 1e-30) / max(norms[-1], 1e-30))


def weights_of(network: nn.Module) -> Tensor:
    """Return all weights of a network but its biases, in a row."""
    named = network.named_parameters()
    return torch.cat([w.detach().flatten() for name, w in named if name.endswith("weight")])


def deep(kind: type[WGAN], config: Any, steps: int, seed: int) -> Model:
    """Return a deep critic that was trained between a ring and noise around it."""
    fixed = against(kind, lambda z, u: ring(z, u) + z.roll(1, 0))

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


def correlations(work: Work, steps: int) -> tuple[str, list[dict[str, Any]]]:
    """Return the table of rank correlations between loss and Frechet distance."""
    from scipy.stats import spearmanr

    rows, plain = [], []
    for name in RECIPES:
        curves = work.each(f"{name} on digits", partial(followed, name, steps))
        ranks = Summary(tuple(float(spearmanr(*zip(*one, strict=True)).statistic)
                              for one in curves))  # fmt: skip
        first, last = (Summary(tuple(one[place][1] for one in curves)) for place in (0, -1))
        what = "discriminator's loss" if name == "dcgan" else "critic's value"
        rows.append([f"`{name}`", what, str(ranks), str(first), str(last)])
        plain.append({"model": name, "correlation": ranks.json(), "curves": curves})
    head = ("model", "what", "rank correlation with the Frechet distance", "first", "last")
    return markdown(head, rows), plain


@experiment("What is a critic's value worth: clipped or penalised, beside the exact distance?")
def run(work: Work) -> Outcome:
    """Measure the three claims."""
    steps = work.steps(STEPS, 10)
    found = [estimates(work, steps), depths(work, steps)]
    found.append(correlations(work, work.steps(FOLLOWED, PHASES)))
    tables, rows = zip(*found, strict=True)
    names = [label for label, _, _ in settings()]
    wrong = {name: max(abs(math.log(max(row[name]["mean"], 1e-9) / row["exact"]["mean"]))
                       for row in rows[0]) for name in names}  # fmt: skip
    ranks = ", ".join(f"{row['model']} {said(row['correlation']['mean'])}" for row in rows[2])
    seen = (
        f"The critic with {min(names, key=wrong.__getitem__)} is never further from the exact "
        f"distance than by a factor of {said(math.exp(min(wrong.values())))}, the one "
        f"{max(names, key=wrong.__getitem__)} by {math.exp(max(wrong.values())):.3g}; the loss "
        f"follows the Frechet distance with rank correlations of {ranks}."
    )
    return Outcome(tables, [fact for part in rows for fact in part], seen, figure=drawing(steps))


def drawing(steps: int) -> Figure:
    """Draw values of critics between a ring and noise around it, and what their weights are."""
    from liangyi.lab.figure import panels

    side = torch.linspace(-2, 2, 81, device="cpu")
    plane = torch.cartesian_prod(side, side)
    real = points(ring, 300, 2, 0, "test")
    figure, places = panels(2, 4, 2.5, 2.5)
    for (label, kind, config), over, under in zip(settings(), places, places[4:], strict=False):
        fixed = against(kind, lambda z, u: ring(z, u) + z.roll(1, 0))
        model = trained(fixed, config, Drawn(ring, 2, BATCH, 0), steps, 0)
        with torch.no_grad():
            values = model.critic(plane).view(81, 81).T
        over.contour(side, side, values, 15, linewidths=0.8)
        over.plot(*real.T, ".", color="0.3", markersize=2)
        over.set(title=label, xticks=[], yticks=[], aspect="equal")
        under.hist(weights_of(model.critic).numpy(), 61, log=True, color="0.4")
        under.set(yticks=[], xlabel="weights")
    return figure
