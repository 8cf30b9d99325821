"""VAE: an autoencoder whose codes are spread like a standard normal: one can draw from it.

Kingma and Welling, "Auto-encoding variational Bayes", arXiv:1312.6114, equation 10:

    max  E_q log p(x | z) - KL(q(z | x) || N(0, 1))

with Bernoulli pixels in [0, 1] and a diagonal normal q. Losses are nats a picture: summed over
pixels and codes, averaged over the batch. Network 784-400-20, as in PyTorch's own example. With
`beta` above 1 it is a beta-VAE (Higgins et al., ICLR 2017): fewer code values, each for one thing.

Changed from `autoencoder`: the code is a random draw; the KL term; pixel probabilities.

Departures from the paper: ReLU for tanh, Adam for Adagrad; grey pixels are taken as probabilities.
Then the first term is a cross-entropy: the objective bounds log p(x) only where all pixels are 0 or
1, and elsewhere ranks models of the same data without being a likelihood.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, Natural, NonNegative, Positive, Share, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.core.walk import loop
from liangyi.losses.reconstruction import bernoulli, bernoulli_each, kl_each, kl_to_standard_normal
from liangyi.metrics.bounds import importance_weighted
from liangyi.nets.mlp import Flat, Shaped, mlp

_AT_ONCE = 50  # codes of a picture that are decoded together


@dataclass(frozen=True, kw_only=True)
class VAEConfig(Config):
    """Settings of the VAE."""

    latent: Count = 20  # length of the code
    widths: tuple[Count, ...] = (400,)  # hidden layers of the encoder; mirrored to decode
    beta: NonNegative = 1.0  # weight of the KL term; 1 is the bound on the likelihood
    learning_rate: Positive = 1e-3  # Adam's
    betas: tuple[Share, Share] = (0.9, 0.999)  # Adam's decay rates


@register("vae")
class VAE(Model):
    """VAE: an autoencoder whose codes are spread like a standard normal: one can draw from it."""

    Config = VAEConfig
    activation: ClassVar[type[nn.Module]] = nn.ReLU
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(steps=14_070, batch_size=128, sample_every=1000, checkpoint_every=2000)
    tiny: ClassVar = {"widths": (32,), "latent": 4}

    def networks(self) -> None:
        """Build the encoder to means and variances, and the decoder."""
        config, pixels = self.config, self.spec.size
        down = (pixels, *config.widths, 2 * config.latent)
        up = (config.latent, *config.widths[::-1], pixels)
        self.encoder = Flat(mlp(down, self.activation()))
        self.decoder = Shaped(mlp(up, self.activation()), self.spec.shape)

    def terms(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the two terms of the negative bound: reconstruction and KL, nats a picture."""
        mean, log_variance = self.encoder(image).float().chunk(2, 1)
        noise = draw.normal(len(image), self.config.latent, device=self.device)
        code = mean + (log_variance / 2).exp() * noise
        kl = kl_to_standard_normal(mean, log_variance).mean()
        return bernoulli(self.decoder(code), image), kl

    def updates(self, batch: Images, step: int) -> Iterator[Update]:
        """One step up the bound of equation 10, with one draw of the code a picture."""
        reconstruction, kl = self.terms(batch.image)
        loss = reconstruction + self.config.beta * kl
        yield Update(self, loss, loss=loss, reconstruction=reconstruction, kl=kl)

    def weighed(self, image: Tensor, draws: int) -> tuple[Tensor, Tensor]:
        """Draw K codes z of each picture x; the bound's weights are likelihood - cost.

        Returns:
            log p(x | z) and log q(z | x) - log p(z), nats, [K N] each.
        """
        mean, log_variance = self.encoder(image).float().chunk(2, 1)
        noise = draw.normal(len(image), draws, self.config.latent, device=self.device)
        noise = noise.transpose(0, 1)
        code = mean + (log_variance / 2).exp() * noise
        logits = self.decoder(code.flatten(0, 1)).unflatten(0, code.shape[:2])
        cost = (code.square() - noise.square() - log_variance).sum(2) / 2
        return -bernoulli_each(logits, image), cost

    def figures(self, image: Tensor) -> dict[str, Tensor]:
        """Return the objective at beta 1 and its two terms, nats a picture."""
        reconstruction, kl = self.terms(image)
        return {"bernoulli_bound": -reconstruction - kl, "reconstruction": reconstruction, "kl": kl}

    def generate(self, noise: Tensor) -> Tensor:
        """Return pixel probabilities for codes [N latent]; differentiable."""
        pictures: Tensor = self.decoder(noise).sigmoid()
        return pictures

    def generated(self, count: int, given: Any = None) -> Images:
        """Return pictures of codes drawn from N(0, 1)."""
        return Images(self.generate(draw.normal(count, self.config.latent, device=self.device)))

    @verb
    def sample(self, count: int) -> Annotated[Tensor, Pixels]:
        """Return `count` pictures of codes drawn from N(0, 1)."""
        return self.generated(count).image

    @verb
    def interpolate(
        self, count: int, stops: int = 4, begin: int = 0, end: int | None = None
    ) -> Annotated[Tensor, Pixels]:
        """Return pictures on a closed walk of `count` through codes: all, or `begin` ... `end`."""
        codes = draw.normal(stops, self.config.latent, device=self.device)
        return self.generate(loop(codes, count, begin, end))

    @verb
    def encode(self, image: Tensor) -> Tensor:
        """Return the mean codes [N latent] of pictures [N C H W]."""
        code: Tensor = self.encoder(image).chunk(2, 1)[0]
        return code

    @verb
    def decode(self, code: Tensor) -> Annotated[Tensor, Pixels]:
        """Return pictures [N C H W] of codes [N latent]."""
        return self.generate(code)

    @verb
    def reconstruct(self, image: Tensor) -> Annotated[Tensor, Pixels]:
        """Return pictures [N C H W] after passing through their mean code."""
        return self.generate(self.encoder(image).chunk(2, 1)[0])

    @verb
    def manifold(
        self,
        side: Annotated[Count, "pictures in a row and in a column"] = 20,
        across: Annotated[Natural, "number of the code value that grows to the right"] = 0,
        up: Annotated[Natural, "number of the code value that grows upwards"] = 1,
    ) -> Annotated[Tensor, Pixels]:
        """Return pictures in rows [R K C H W] of two code values, the others 0: figure 4.

        The values are even quantiles of N(0, 1): each picture stands for as much of the prior.

        Raises:
            UserError: there is no such code value.
        """
        for name, value in (("across", across), ("up", up)):
            if value >= self.config.latent:
                raise UserError(f"the code has values 0 ... {self.config.latent - 1}", setting=name)
        values = torch.linspace(0.5 / side, 1 - 0.5 / side, side, device=self.device)
        values = torch.special.ndtri(values)
        code = torch.zeros(side * side, self.config.latent, device=self.device)
        code[:, up] = values.flip(0).repeat_interleave(side)
        code[:, across] = values.repeat(side)
        return self.generate(code).unflatten(0, (side, side))

    @verb
    def evaluate(self, batch: Images) -> dict[str, Tensor]:
        """Return the objective at beta 1 and its two terms, nats a picture.

        Where all pixels are 0 or 1 it is a bound on log p(x) from below, the ELBO.
        """
        return self.figures(batch.image)

    @verb
    def kl(self, image: Tensor) -> Tensor:
        """Return what each value of the code costs, KL(q(z_i | x) || N(0, 1)), nats [N latent]."""
        return kl_each(*self.encoder(image).chunk(2, 1))

    @verb
    def bound(
        self, batch: Images, draws: Annotated[Count, "codes drawn for each picture"] = 50
    ) -> Tensor:
        """Return a tighter objective of each picture, nats [N]: arXiv:1509.00519, equation 8.

        Where all pixels are 0 or 1 it is a bound on log p(x) from below.
        """
        log_weights = []
        for first in range(0, draws, _AT_ONCE):
            likelihood, cost = self.weighed(batch.image, min(_AT_ONCE, draws - first))
            log_weights.append(likelihood - cost)
        return importance_weighted(torch.cat(log_weights))
