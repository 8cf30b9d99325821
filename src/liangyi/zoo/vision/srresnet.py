"""SRResNet: photographs enlarged, by what is added to the bicubic enlargement.

Ledig et al., "Photo-realistic single image super-resolution using a generative adversarial
network", arXiv:1609.04802, sections 2.1 and 2.2; sub-pixel convolutions: Shi et al.,
arXiv:1609.05158. The content loss alone:

    min_G  E |x - G(y)|        y: x, smaller by a factor; or E (x - G(y))^2

A convolution of 9 x 9, residual blocks of two of 3 x 3, one more around which the first maps are
carried, and a convolution that makes all pixels which replace one.

Departures: 8 blocks (there 16); `steps` is one (there `doublings`, two and a half times the work
at a factor of 4); ReLU for PReLU; no batch normalisation, without which Lim et al.,
arXiv:1707.02921, found the figures to be higher; absolute errors, theirs too (there squared ones);
the network is added to the bicubic enlargement, and begins as that; the rate falls to 0.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from torch import Tensor
from torch.nn.functional import l1_loss, mse_loss

from liangyi.core.config import Config, Count, Natural, Positive, Share, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.schedules import cosine
from liangyi.core.spec import AnySize, Pixels
from liangyi.data.pictures.patches import Enlarged
from liangyi.metrics.pictures import luma, psnr
from liangyi.nets.upscaling import Steps, Upscaling, bicubic

CONTENT = {"absolute": l1_loss, "squared": mse_loss}


@dataclass(frozen=True, kw_only=True)
class SRResNetConfig(Config):
    """Settings of SRResNet."""

    width: Count = 64  # channels of the maps
    blocks: Natural = 8  # residual ones
    steps_up: Steps = "one"  # all pixels by one convolution, or, as in the paper, by doublings
    content: Literal["absolute", "squared"] = "absolute"  # errors of pixels
    learning_rate: Positive = 5e-4  # Adam's, at the beginning; it falls to 0
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates


@register("srresnet")
class SRResNet(Model):
    """SRResNet: photographs enlarged, by what is added to the bicubic enlargement."""

    Config = SRResNetConfig
    eats = (Enlarged,)
    data = "patches"
    recipe = Training(
        steps=20_000, batch_size=16, sample_every=1000, examine_every=1000, checkpoint_every=1000
    )
    tiny: ClassVar = {"width": 8, "blocks": 1}
    tiny_data: ClassVar = {"data": "patches", "size": 16, "factor": 2}

    def networks(self) -> None:
        """Build the network that enlarges by the factor of the data."""
        config, (channels, height, _) = self.config, self.spec.shape
        factor = height // self.spec["low"].shape[1]
        if min(self.spec.shape[1:]) <= 2 * factor:  # as many are left out on each side
            message = f"{self.name()} is judged without a border of {factor} pixels: none is left"
            raise UserError(message, setting="size", better=8 * factor)
        self.generator = Upscaling(channels, factor, config.width, config.blocks, config.steps_up)

    @property
    def reach(self) -> int:
        """Pixels of a small picture that matter to one."""
        found: int = self.generator.reach
        return found

    def schedule(self, player: str, step: int) -> float:
        """Let the learning rate fall along half a cosine, to zero at the training's end."""
        return cosine(step, self.planned)

    def updates(self, batch: Enlarged, step: int) -> Iterator[Update]:
        """One step towards the large pictures."""
        loss = CONTENT[self.config.content](self.generator(batch.low), batch.image)
        yield Update(self.generator, loss, loss=loss)

    def enlarged(self, low: Tensor) -> Tensor:
        """Return pictures [N C fH fW] of pictures [N C H W] in the range of both."""
        found: Tensor = self.generator(low)
        return found.clamp(*self.image_range)

    @verb
    def upscale(
        self,
        low: Annotated[Tensor, AnySize],
        factor: Annotated[int | None, "how many times larger; as it was trained"] = None,
    ) -> Annotated[Tensor, Pixels]:
        """Return pictures [N C fH fW] of pictures [N C H W] of any size."""
        own: int = self.generator.factor
        if factor not in (None, own):
            wanted = (
                f"it has learned to enlarge by {own}; for {factor} train one: --factor {factor}"
            )
            raise UserError(wanted, setting="factor")
        return self.enlarged(low)

    @verb
    def evaluate(self, batch: Enlarged) -> dict[str, Tensor]:
        """Return decibels (PSNR of the luma), and how many more than by bicubic enlargement."""
        (image, low), factor = (batch.image, batch.low), self.generator.factor
        smooth = bicubic(low, factor).clamp(*self.image_range)
        right, ours, theirs = (
            luma(one, self.image_range, factor) for one in (image, self.enlarged(low), smooth)
        )
        reached = psnr(ours, right, (0, 255)).mean()
        return {"psnr": reached, "psnr_gain": reached - psnr(theirs, right, (0, 255)).mean()}
