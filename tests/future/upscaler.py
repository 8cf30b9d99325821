"""Upscaler: patches of photographs of mixed sizes, doubled; after Dong et al., arXiv:1501.00092."""

from typing import Annotated, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, interpolate

import liangyi
from liangyi import Model, Update
from liangyi.core import draw
from liangyi.core.spec import Pixels, Spec
from liangyi.data import Patches, Source, source


class Photos(NamedTuple):
    photo: Annotated[Tensor, Pixels]


@source("photos", "wavy pictures of mixed sizes, served as patches of 12 pixels")
class Photographs(Source):
    def spec(self):
        return Spec("photo", photo=Pixels(3, 12, 12))

    def items(self, split):
        dice, found = draw.generator(0, f"photos {split}"), []
        for height, width in torch.randint(14, 30, (60, 2), generator=dice).tolist():
            wave = torch.rand(3, 2, generator=dice) * 1.5
            rows, columns = torch.arange(height)[:, None], torch.arange(width)
            value = (wave[:, :1, None] * rows + wave[:, 1:, None] * columns).sin()
            found.append(((value + 1) * 127).byte())
        return {"photo": Patches(found, 12, factor=2)}


@liangyi.register("upscaler")
class Upscaler(Model):
    """Upscaler: learns what averaging four pixels has lost."""

    eats, data, tiny_data = (Photos,), "photos", {"data": "photos"}
    recipe = liangyi.Training(batch_size=16)

    def networks(self):
        self.network = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 3, 3, padding=1)
        )

    def optimizer(self, player, weights):
        return torch.optim.Adam(weights, lr=2e-3)

    def larger(self, photo):
        smooth = interpolate(photo, scale_factor=2, mode="bilinear")
        return (smooth + self.network(smooth)).clamp(-1, 1)

    def updates(self, batch, step):
        loss = (self.larger(avg_pool2d(batch.photo, 2)) - batch.photo).square().mean()
        yield Update(self, loss, loss=loss)

    @liangyi.verb
    def upscale(self, photo: Tensor) -> Tensor:
        """Return pictures [N C 2H 2W] of pictures [N C H W] of any size."""
        return self.larger(photo)

    @liangyi.verb
    def evaluate(self, batch: Photos) -> dict[str, Tensor]:
        """Return the mean squared error of a pixel."""
        return {"error": (self.larger(avg_pool2d(batch.photo, 2)) - batch.photo).square().mean()}
