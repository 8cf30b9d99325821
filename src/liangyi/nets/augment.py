"""Augmentation of what an adversary sees: it learns fewer pictures by heart when each looks new.

Real and generated pictures are changed by the same law, in the turns of both players and so that
gradients pass: the generator never learns to draw changed pictures, as it would if the data alone
were augmented. In evaluation nothing is changed. A penalty on a critic's slope is taken through the
augmentation, by the pictures as they were before it.

Both laws are written for values of -1 to 1, 0 is a middle grey; other ranges are mapped there and
back. Random numbers come from a stream of their own, so the noise of a seed stays what it is.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import Literal

import torch
from torch import Tensor, nn

from liangyi.core import draw, processes
from liangyi.core.errors import UserError
from liangyi.core.spec import Field, Pixels
from liangyi.nets.resample import reading, resampled

Augment = Literal["none", "diffaugment", "ada"]
FixedAugment = Literal["none", "diffaugment"]  # of critics: without a zero nothing steers `ada`
STREAM = "augment"


def augmentation(
    name: str, field: Field, image_range: tuple[float, float], adversary: str = "logits"
) -> Augmentation | None:
    """Return the augmentation of a name, None for `none`.

    Args:
        name: one of `Augment`.
        field: what the adversary judges.
        image_range: values of its pictures.
        adversary: what it gives, `logits` or `values`.

    Raises:
        UserError: it does not judge pictures, or `ada` would be steered by values, of which all
            may be above zero.
    """
    if name == "none":
        return None
    if not isinstance(field, Pixels):
        raise UserError("only pictures can be augmented; leave it out", setting="augment")
    if name == "ada" and adversary != "logits":
        raise UserError(
            "ada follows the sign of logits, and this model's adversary gives values",
            setting="augment",
            better="diffaugment",
        )
    kinds: dict[str, type[Augmentation]] = {"diffaugment": DiffAugment, "ada": ADA}
    return kinds[name](image_range)


class Augmentation(nn.Module):
    """Changes pictures at random.

    Args:
        image_range: values of the pictures that it is given, and gives.
    """

    def __init__(self, image_range: tuple[float, float] = (-1.0, 1.0)) -> None:
        super().__init__()
        low, high = image_range
        self.middle, self.radius = (low + high) / 2, (high - low) / 2

    def forward(self, image: Tensor) -> Tensor:
        """Return pictures [N C H W], each changed by numbers of its own."""
        # in bfloat16 a shift by half a pixel would be one by none
        with torch.autocast(image.device.type, enabled=False):
            image = image.float()
            if (self.middle, self.radius) == (0, 1):
                return self.changed(image)
            return self.changed((image - self.middle) / self.radius) * self.radius + self.middle

    @abstractmethod
    def changed(self, image: Tensor) -> Tensor:
        """Return pictures of -1 to 1, changed."""

    def heard(self, said: Tensor, count: int) -> None:
        """Take note of what the adversary has said of so many real pictures."""


class DiffAugment(Augmentation):
    """Colour, translation and cutout: Zhao et al., arXiv:2006.10738, all three in every picture."""

    SHIFT = 1 / 8  # largest, of the side
    HOLE = 1 / 2  # side of the cutout, of the picture's

    def changed(self, image: Tensor) -> Tensor:
        """Change brightness, saturation and contrast, shift, and cut a square out."""
        count, _, height, width = image.shape
        dice = draw.uniform(count, 7, device=image.device, purpose=STREAM)
        light, colour, contrast = (part.view(-1, 1, 1, 1) for part in dice[:, :3].unbind(1))
        image = image + (light - 0.5)
        grey = image.mean(1, keepdim=True)
        image = grey + (image - grey) * (2 * colour)
        mean = image.mean((1, 2, 3), keepdim=True)
        image = mean + (image - mean) * (contrast + 0.5)
        rows, columns = (
            _shifted(part, size, self.SHIFT)
            for part, size in ((dice[:, 3], height), (dice[:, 4], width))
        )
        image = resampled(image, rows, columns)
        down, across = (
            _within(part, size, self.HOLE)
            for part, size in ((dice[:, 5], height), (dice[:, 6], width))
        )
        hole = down[:, None, :, None] & across[:, None, None, :]
        return image.masked_fill(hole, 0.0)


def _shifted(dice: Tensor, size: int, most: float) -> Tensor:
    """Return matrices [N size size] that shift by whole pixels; what comes in is 0."""
    far = int(size * most + 0.5)
    shift = (dice * (2 * far + 1)).floor() - far
    return reading(torch.arange(size, device=dice.device) - shift[:, None], size)


def _within(dice: Tensor, size: int, share: float) -> Tensor:
    """Return which pixels [N size] lie in a stretch of a share of them, its middle anywhere."""
    long = int(size * share + 0.5)
    start = (dice * (size + 1 - long % 2)).floor()[:, None] - long // 2
    pixels = torch.arange(size, device=dice.device)
    return (pixels >= start) & (pixels < start + long)


class ADA(Augmentation):
    """Adaptive augmentation: Karras et al., arXiv:2006.06676, section 3 and appendix B.

    Each change is made with a probability that rises while the adversary is too sure of the real
    pictures, that is while the mean sign of its logits on them exceeds 0.6 (the paper's r_t), and
    falls else, at a rate that leads from 0 to 1 in 500,000 pictures.

    Departures: no rotation by arbitrary angles and no shift by parts of a pixel; scaling is linear
    interpolation without the paper's wavelet filters; the sign is that of each batch, not of four.
    The probability moves between the turns of a step, by at most a batch's share of 500,000.
    """

    TARGET = 0.6
    PICTURES = 500_000  # that lead from 0 to 1

    probability: Tensor

    def __init__(self, image_range: tuple[float, float] = (-1.0, 1.0)) -> None:
        super().__init__(image_range)
        # a buffer: it comes back with the checkpoint, and a compiled step moves it
        self.register_buffer("probability", torch.zeros((), device="cpu"))

    def heard(self, said: Tensor, count: int) -> None:
        """Move the probability by the mean sign of logits on real pictures."""
        sign = said.detach().float().sign().mean()
        processes.average([sign])
        step = (sign - self.TARGET).sign() * (count * processes.world() / self.PICTURES)
        self.probability.copy_((self.probability + step).clamp(0, 1))

    def changed(self, image: Tensor) -> Tensor:
        """Mirror, turn, shift, scale and recolour, each with the probability."""
        count = len(image)
        there = draw.uniform(count, 10, device=image.device, purpose=STREAM) < self.probability
        even = draw.uniform(count, 6, device=image.device, purpose=STREAM)
        normal = draw.normal(count, 5, device=image.device, purpose=STREAM)
        normal = normal * there[:, 3:8]  # of what is left out, nothing
        image = self._moved(image, there[:, :3], even[:, :4], normal[:, :2])
        return self._coloured(image, there[:, 8:], even[:, 4:], normal[:, 2:])

    def _moved(self, image: Tensor, there: Tensor, even: Tensor, normal: Tensor) -> Tensor:
        height, width = image.shape[2:]
        mirrored = there[:, 0] & (even[:, 0] < 0.5)
        quarters = (even[:, 1] * 4).floor() * there[:, 1]
        if height == width:
            odd = quarters % 2 == 1
            image = torch.where(odd[:, None, None, None], image.mT, image)
        else:  # only half a turn fits into the same frame
            quarters = quarters - quarters % 2
        upside_down = (quarters == 1) | (quarters == 2)
        backwards = (quarters >= 2) ^ mirrored
        scale, stretch = (2 ** (0.2 * normal)).unbind(1)
        far = (2 * even[:, 2:4] - 1) * there[:, 2:3] / 8
        rows = _placed(height, upside_down, scale / stretch, (far[:, 0] * height).round())
        columns = _placed(width, backwards, scale * stretch, (far[:, 1] * width).round())
        return resampled(image, rows, columns)

    def _coloured(self, image: Tensor, there: Tensor, even: Tensor, normal: Tensor) -> Tensor:
        channels = image.shape[1]
        light, contrast = 0.2 * normal[:, 0], 2 ** (0.5 * normal[:, 1])
        saturation = 2 ** normal[:, 2]
        negative = there[:, 0] & (even[:, 0] < 0.5)
        angle = (2 * even[:, 1] - 1) * math.pi * there[:, 1]
        one = torch.eye(channels, device=image.device)
        grey = torch.full_like(one, 1 / channels)
        light, contrast, saturation, angle = (
            part[:, None, None] for part in (light, contrast, saturation, angle)
        )
        # the axis of the greys is turned round, then colours about it, then their distance to it
        flipped = one - 2 * grey * negative[:, None, None]
        turned = one.expand(len(image), -1, -1)
        if channels == 3:
            crossed = _CROSSED.to(image.device)
            turned = angle.cos() * one + (1 - angle.cos()) * grey + angle.sin() * crossed
        stronger = saturation * one + (1 - saturation) * grey
        colours = stronger @ turned @ flipped * contrast
        lit = image.flatten(2) + light
        return (colours @ lit).view_as(image)


# the cross product with the axis of the greys, (1, 1, 1) / sqrt(3)
_CROSSED = torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0]], device="cpu") / math.sqrt(3)


def _placed(size: int, flipped: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Return matrices [N size size] of lines flipped, scaled about their middle, then shifted."""
    middle = (size - 1) / 2
    away = torch.arange(size, device=scale.device) - middle - shift[:, None]
    places = middle + (1 - 2.0 * flipped)[:, None] * away / scale[:, None]
    return reading(places, size, reflect=True)
