"""DeepDream: paint into a picture what a classifier sees in it.

Mordvintsev, Olah and Tyka, "Inceptionism: going deeper into neural networks", Google Research blog
(2015), in the form of the Keras example `deep_dream.py` (2.0.4 and later), which optimises the
pixels themselves:

    max_x  sum_l c_l mean_square(activation of layer l)

by gradient ascent with the gradient divided by its mean magnitude, from small octaves to large
ones. Each octave starts from the one before, enlarged, plus the detail that shrinking the original
to the smaller octave's size had lost. The player is the picture.

Departures: no limit on the excitement unless one is given (there 10, which suits its network and
layers alone); octaves are resized with antialiasing; a picture of values (-1, 1) is brought into
the range that the classifier was trained on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn
from torch.nn.functional import interpolate

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Natural, Positive, Training
from liangyi.core.counts import many
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.nets.features import Features
from liangyi.runs.classifiers import classifier

_LARGEST = 16384  # pixels of a side


@dataclass(frozen=True, kw_only=True)
class DeepDreamConfig(Config):
    """Settings of DeepDream."""

    # a run of a classifier, torchvision:NAME, or torchvision:NAME@FILE with its weights in FILE
    classifier: str = ""
    layers: tuple[str, ...] = ()  # that should be excited; nothing: the last one that is a map
    strengths: tuple[float, ...] = ()  # one for each layer; nothing: all 1
    octaves: Annotated[int, Ge(1), Le(64)] = 3  # sizes, from small to large
    scale: Positive = 1.4  # between neighbouring octaves
    ascents: Count = 20  # steps in each octave
    limit: Positive | None = None  # an octave ends early when the excitement exceeds this
    border: Natural = 2  # pixels of each map's border that do not count
    learning_rate: Positive = 0.01  # how far an average pixel moves in a step


@register("deep-dream")
class DeepDream(Model):
    """DeepDream: paint into a picture what a classifier sees in it."""

    Config = DeepDreamConfig
    original: Tensor
    recipe = Training(
        steps=60, batch_size=1, average=0, log_every=1, sample_every=20, checkpoint_every=60
    )

    tiny: ClassVar = {"octaves": 2, "ascents": 1, "scale": 1.2, "border": 0}
    borrowed = ("features.network",)

    def networks(self) -> None:
        """Look through the classifier; the pictures of all octaves are the weights."""
        config, (channels, *sides) = self.config, self.spec.shape
        self.features = Features(classifier(config.classifier), config.layers, channels)
        count = len(self.features.layers)
        if len(config.strengths) not in (0, count):
            numbers = many(len(config.strengths), "number")
            raise UserError(f"{numbers} for {many(count, 'layer')}", setting="strengths")
        self.strengths = config.strengths or (1.0,) * count
        sizes = octave_sizes(sides, config.octaves, config.scale)
        self.register_buffer("original", torch.zeros(1, *self.spec.shape, device="cpu"))
        self.octaves = nn.ParameterList(
            torch.zeros(1, channels, *size, device="cpu") for size in sizes
        )

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return steps along the gradient divided by its mean magnitude."""
        return NormalizedDescent(weights, {"lr": self.config.learning_rate})

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        """One ascent in the octave whose turn it is."""
        octave = min(step // self.config.ascents, self.config.octaves - 1)
        picture = self.octaves[octave]
        if step == octave * self.config.ascents:
            if octave == 0:
                self.original.copy_(batch.image[:1])  # later batches are other pictures
            self.begin(octave, self.original)
        excitement = self.excitement(picture)
        limit = self.config.limit
        if limit is None or excitement.item() <= limit:
            yield Update(picture, -excitement, excitement=excitement)

    @torch.no_grad()
    def begin(self, octave: int, original: Tensor) -> None:
        """Start an octave from the one before and the detail that was lost to it."""
        picture = self.octaves[octave]
        start = resize(original, picture)
        if octave > 0:
            smaller = self.octaves[octave - 1]
            lost = start - resize(resize(original, smaller), picture)
            start = resize(smaller, picture) + lost
        picture.copy_(start)

    def excitement(self, picture: Tensor) -> Tensor:
        """Return the weighted mean squares of the layers' activations.

        The border is left out of the sum, not of the count, as in the original.
        """
        border, total = self.config.border, picture.new_zeros(())
        for strength, activation in zip(self.strengths, self.features(picture), strict=True):
            inner = activation.float()
            if inner.dim() == 4 and border and min(inner.shape[2:]) > 2 * border:
                inner = inner[:, :, border:-border, border:-border]
            total = total + strength * inner.square().sum() / activation.numel()
        return total

    @verb
    def dream(self) -> Annotated[Tensor, Pixels]:
        """Return the picture of the largest octave, [1 C H W] in (-1, 1)."""
        return self.octaves[-1].detach().clamp(-1, 1)


class NormalizedDescent(torch.optim.Optimizer):
    """Gradient descent whose average step is the learning rate, however steep the slope."""

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move every weight."""
        for group in self.param_groups:
            for weight in group["params"]:
                size = weight.grad.abs().mean().clamp(min=1e-7)
                weight.sub_(weight.grad / size, alpha=group["lr"])


def octave_sizes(sides: Sequence[int], octaves: int, scale: float) -> list[tuple[int, ...]]:
    """Return the sizes of all octaves, the smallest first; the last one is that of the picture.

    Raises:
        UserError: they grow or shrink beyond what a picture can be.
    """
    sizes: list[tuple[int, ...]] = []
    for place in range(octaves):
        try:
            size = tuple(round(side / scale**place) for side in sides)
        except (OverflowError, ZeroDivisionError):
            size = (0,)
        if min(size) < 1 or max(size) > _LARGEST:
            raise UserError(
                f"{octaves} octaves of scale {scale:g}: pictures of 1 to {_LARGEST} pixels a side "
                f"would do; the {place} octaves before the last one are too many",
                setting="octaves",
            )
        sizes.append(size)
    return sizes[::-1]


def resize(picture: Tensor, like: Tensor) -> Tensor:
    """Return the picture at the size of another one."""
    size = tuple(like.shape[2:])
    if size == tuple(picture.shape[2:]):
        return picture.clone()
    return interpolate(picture, size, mode="bilinear", antialias=True, align_corners=False)
