"""Dreams over one picture, and films of dreams into which one zooms."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from liangyi.core.batch import Images
from liangyi.core.config import Training
from liangyi.core.model import Model
from liangyi.training.trainer import Report, Trainer


class Still:
    """A stream of nothing but one picture [1 C H W]."""

    items = 1

    def __init__(self, model: Model, picture: Tensor) -> None:
        self.spec, self.picture = model.spec, picture

    def batch(self, number: int) -> Images:
        """Return the picture."""
        return Images(self.picture)


def dreamt(model: Model, picture: Tensor, training: Training) -> Iterator[Report]:
    """Dream over a picture [1 C H W] and report after each ascent; `model.dream()` has it then."""
    steps = model.config.octaves * model.config.ascents
    training = dataclasses.replace(training, steps=steps, epochs=None, batch_size=1)
    return Trainer(model, Still(model, picture), training).run()


def frames(
    model: Model,
    picture: Tensor,
    training: Training,
    count: int,
    zoom: float,
    hear: Callable[[int, list[float]], None] = lambda number, levels: None,
) -> Iterator[Tensor]:
    """Yield dreams [1 C H W], each over the one before, enlarged.

    Args:
        model: that dreams.
        picture: the first one, in the model's range.
        training: settings of each dream; each frame has a seed of its own.
        count: of frames.
        zoom: by which a dream is enlarged for the next one.
        hear: is told of each frame how excited the classifier was before each ascent.
    """
    for number in range(count):
        seeded = dataclasses.replace(training, seed=training.seed + number)
        reports = [report.read() for report in dreamt(model, picture, seeded)]
        hear(number, [line["excitement"] for line in reports if "excitement" in line])
        picture = model.dream()
        yield picture.cpu()
        picture = zoomed(picture, zoom)


def zoomed(picture: Tensor, factor: float) -> Tensor:
    """Return the middle of a picture [1 C H W], enlarged to its size."""
    where = picture.new_tensor([[[1 / factor, 0, 0], [0, 1 / factor, 0]]])
    grid = affine_grid(where, list(picture.shape), align_corners=False)
    return grid_sample(picture, grid, padding_mode="border", align_corners=False)
