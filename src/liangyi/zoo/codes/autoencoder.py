"""Autoencoder: a picture squeezed through three numbers and unfolded again.

Hinton and Salakhutdinov, "Reducing the dimensionality of data with neural networks", Science 313
(2006), here in the form of the learning notes, 784-128-64-12-3 and back, trained whole from random
weights:

    min  E ||x - decode(encode(x))||^2

Squared error summed over the picture, pictures in (-1, 1); divide by 4 x 784 for the mean squared
error of pixels in [0, 1].

With `noise` it is a denoising autoencoder (Vincent et al., "Extracting and composing robust
features with denoising autoencoders", ICML 2008): x + noise goes in, x is to come out.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.losses.reconstruction import squared_error
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.mlp import Flat, Shaped, mlp


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig(Config):
    """Settings of the autoencoder."""

    widths: tuple[Count, ...] = (128, 64, 12)  # hidden layers of the encoder; mirrored to decode
    code: Count = 3  # length of the code
    noise: NonNegative = 0.0  # deviation of noise on what it sees; from black to white is 1
    learning_rate: Positive = 1e-3  # Adam's
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates


@register("autoencoder")
class Autoencoder(Model):
    """Autoencoder: a picture squeezed through three numbers and unfolded again."""

    Config = AutoencoderConfig
    data = "mnist"
    recipe = Training(steps=46_900, batch_size=128, sample_every=2000, checkpoint_every=5000)
    tiny: ClassVar = {"widths": (32, 16), "code": 3}

    def networks(self) -> None:
        """Build the encoder, and the decoder as its mirror."""
        widths = (self.spec.size, *self.config.widths, self.config.code)
        self.encoder = Flat(mlp(widths, nn.ReLU()))  # the code itself is linear
        self.decoder = Shaped(mlp(widths[::-1], nn.ReLU(), last=nn.Tanh()), self.spec.shape)

    def drawn(self, code: Tensor) -> Tensor:
        """Return pictures [N C H W] of codes [N code]; differentiable."""
        image: Tensor = self.decoder(code)
        return image

    def corrupted(self, image: Tensor) -> Tensor:
        """Return pictures with the noise of the settings on them."""
        if not self.config.noise:
            return image
        low, high = self.image_range
        noise = draw.normal(*image.shape, device=self.device, purpose="corruption")
        return image + self.config.noise * (high - low) * noise

    def objective(self, image: Tensor) -> Tensor:
        """Return the squared distance of pictures from what their corrupted form becomes."""
        return squared_error(self.drawn(self.encoder(self.corrupted(image))), image)

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        """One step towards the picture itself."""
        loss = self.objective(batch.image)
        yield Update(self, loss, reconstruction=loss)

    def figures(self, image: Tensor) -> dict[str, Tensor]:
        """Return the objective, and the squared error of a pixel on the scale [0, 1]."""
        low, high = self.image_range
        error = squared_error(self.drawn(self.encoder(image)), image)
        pixel_error = error / ((high - low) ** 2 * self.spec.size)
        return {"reconstruction": self.objective(image), "pixel_error": pixel_error}

    @verb
    def encode(self, image: Tensor) -> Tensor:
        """Return codes [N code] of pictures [N C H W]."""
        code: Tensor = self.encoder(image)
        return code

    @verb
    def embed(self, image: Tensor) -> Tensor:
        """Return the encoder's last hidden layer [N width], by which pictures are compared."""
        layers = self.encoder.network
        assert isinstance(layers, Sequential)
        features: Tensor = layers[:-1](image.flatten(1))
        return features

    @verb
    def decode(self, code: Tensor) -> Annotated[Tensor, Pixels]:
        """Return pictures [N C H W] of codes [N code]."""
        return self.drawn(code)

    @verb
    def reconstruct(self, image: Tensor) -> Annotated[Tensor, Pixels]:
        """Return pictures [N C H W] after passing through the code."""
        return self.drawn(self.encoder(image))

    @verb
    def evaluate(self, batch: Images) -> dict[str, Tensor]:
        """Return the objective, of corrupted pictures if there is noise, and figures of clean ones.

        `pixel_error` is the squared error of a pixel on the scale [0, 1].
        """
        return self.figures(batch.image)
