"""DeepDream: paint into a picture what a classifier sees in it.

Mordvintsev, Olah and Tyka, "Inceptionism: going deeper into neural networks", Google Research blog
(2015), in the form of the Keras example `deep_dream.py` (2.0.4 and later), which optimises the
pixels themselves:

    max_x  sum_l c_l mean_square(activation of layer l)

by gradient ascent with the gradient divided by its mean magnitude, from small octaves to large
ones. Each octave starts from the one before, enlarged, plus the detail that shrinking the original
to the smaller octave's size had lost. The player is the picture. With a guide picture the square of
an activation becomes its product with that place of the guide which is most like it; with a label
the class's logit is climbed (Simonyan et al., arXiv:1312.6034, equation 1, without its penalty).

Departures: no limit on the excitement unless one is given (there 10, which suits its network and
layers alone); octaves are resized with antialiasing; lost detail is put back before an octave's
ascent, as in Google's own notebook, there after it; a picture of values (-1, 1) is brought into the
range that the classifier was trained on; a large picture is looked at in tiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge, Le
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Natural, Positive, Training
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model, Update, number_of, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.data.pictures.files import decode
from liangyi.fields import scaled
from liangyi.losses.excitement import excitement
from liangyi.nets.features import Features, weighted
from liangyi.nets.octaves import advised, octave_sizes, resize
from liangyi.nets.tiles import mean_over_tiles
from liangyi.runs.classifiers import classifier

_GUIDE = 224  # pixels of a guide's side at most: what most classifiers have learned at
# of the Keras example: Inception v3's mixed2 to mixed5, by torchvision's names
_INCEPTION = {"Mixed_5d": 0.2, "Mixed_6a": 0.5, "Mixed_6b": 2.0, "Mixed_6c": 1.5}


@dataclass(frozen=True, kw_only=True)
class DeepDreamConfig(Config):
    """Settings of DeepDream."""

    # a run of one, torchvision:NAME or torchvision:NAME@FILE; nothing: Inception v3 if it is here
    classifier: str = ""
    layers: tuple[str, ...] = ()  # NAME or NAME=WEIGHT; nothing: the last one that is a map
    label: str | None = None  # a class to see everywhere, by its name or number
    guide: str = ""  # a picture whose parts should be seen
    octaves: Annotated[int, Ge(1), Le(64)] = 3  # sizes, from small to large
    scale: Positive = 1.4  # between neighbouring octaves
    ascents: Count = 20  # steps in each octave
    limit: Positive | None = None  # an octave ends early when the excitement exceeds this
    border: Natural = 2  # pixels of each map's border that do not count
    jitter: Natural = 0  # pixels by which the picture is moved at random before each step, at most
    tile: Annotated[int, Ge(32)] = 512  # pixels of a side; larger pictures are looked at in tiles
    learning_rate: Positive = 0.01  # how far an average pixel moves in a step


@register("deep-dream")
class DeepDream(Model):
    """DeepDream: paint into a picture what a classifier sees in it."""

    Config = DeepDreamConfig
    original: Tensor
    guide: Tensor
    recipe = Training(
        steps=60, batch_size=1, average=0, log_every=1, sample_every=20, checkpoint_every=60
    )

    tiny: ClassVar = {"octaves": 2, "ascents": 1, "scale": 1.2, "border": 0}
    borrowed = ("features.network",)

    def networks(self) -> None:
        """Look through the classifier; the pictures of all octaves are the weights."""
        config, (channels, *sides) = self.config, self.spec.shape
        lent = classifier(config.classifier)
        layers = weighted(config.layers)
        if config.label is not None:
            self.number = number_of(config.label, lent.classes)
        elif not layers and _INCEPTION.keys() <= dict(lent.network.named_modules()).keys():
            layers = _INCEPTION
        logits = ("",) * (config.label is not None)  # what the whole network gives
        self.features = Features(lent, (*layers, *logits), channels)
        self.strengths = tuple(layers.values()) or (1.0,) * (not logits)
        if config.guide and not self.strengths:
            raise UserError("is compared in layers; name some beside the class", setting="guide")
        sizes = octave_sizes(sides, config.octaves, config.scale)
        self.register_buffer("original", torch.zeros(1, *self.spec.shape, device="cpu"))
        if config.guide:
            small = [min(side, _GUIDE) for side in sides]
            self.register_buffer("guide", torch.zeros(1, channels, *small, device="cpu"))
        self.octaves = nn.ParameterList(
            torch.zeros(1, channels, *size, device="cpu") for size in sizes
        )

    def remarks(self) -> list[str]:
        """Say what becomes of colours."""
        grey, wanted = self.spec.shape[0] == 1, self.features.wanted
        if self.spec.shape[0] == wanted:
            return []
        return ["the picture is grey, and so is the dream" if grey
                else "the classifier knows grey pictures alone, and sees this one so"]  # fmt: skip

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
                if self.config.guide:
                    self.guide.copy_(self.guided())
            self.begin(octave, self.original)
        excitement = self.looked(picture)
        limit = self.config.limit
        if limit is None or excitement.item() <= limit:
            yield Update(picture, -excitement, excitement=excitement)

    def guided(self) -> Tensor:
        """Return the guide, cropped at its centre and resized.

        Raises:
            UserError: it cannot be read.
        """
        _, channels, height, width = self.guide.shape
        path = Path(self.config.guide).expanduser()
        found = decode(path, (channels, height, width)) if path.is_file() else "no such file"
        if isinstance(found, str):
            raise UserError(f"cannot read {shown(self.config.guide)}: {found}", setting="guide")
        return scaled(self.spec.created, torch.tensor(found.pixels, device="cpu"), self.image_range)

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

    def looked(self, picture: Tensor) -> Tensor:
        """Return the excitement of a step: about a picture moved at random, or its tiles."""
        jitter, tile = self.config.jitter, self.config.tile
        shift: Sequence[float] = (0.0, 0.0)
        if jitter:
            by = (draw.uniform(1, 2, purpose="jitter")[0] * 2 - 1) * jitter
            picture = picture.roll([round(pixels) for pixels in by.tolist()], (2, 3))
        if max(picture.shape[2:]) > tile:
            shift = (draw.uniform(1, 2, purpose="tiles")[0] - 0.5).tolist()
        with advised(picture, self.original):
            return mean_over_tiles(self.excitement, picture, tile, shift)

    def excitement(self, picture: Tensor) -> Tensor:
        """Return the weighted excitement of the layers, and the class's logit."""
        total, seen = picture.new_zeros(()), self.features(picture)
        if self.config.label is not None:
            total = total + seen.pop().float()[:, self.number].mean()
        guide: list[Any] = [None] * len(seen)
        if self.config.guide:
            with torch.no_grad():
                guide = self.features(self.guide)[: len(seen)]
        for strength, activation, like in zip(self.strengths, seen, guide, strict=True):
            total = total + strength * excitement(activation, self.config.border, like)
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
