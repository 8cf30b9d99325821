"""BiGAN: an encoder joins the game, and the discriminator judges pictures with their codes.

Donahue, Krahenbuhl and Darrell, "Adversarial feature learning", arXiv:1605.09782, equation 3:

    min_{G,E} max_D  E log D(x, E(x)) + E log(1 - D(G(z), z))

At the optimum E inverts G. Networks and settings are those of the authors' permutation-invariant
MNIST (`train_mnist.sh`): 50 numbers of U(-1, 1), two layers of 1,024 in each network, the code
entering the discriminator at its second; normalisation without scale and shift.

Changed from `gan`: the encoder, one player with the generator; pairs are judged; all players move
at once; encoder and generator want the labels exchanged, in both terms.

Departures: 100 epochs at one rate, where theirs falls over the second half of 400; first weights by
Glorot's law.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from liangyi.core.batch import Images
from liangyi.core.config import Config, Count, NonNegative, Positive, Share, Training, Unit
from liangyi.core.model import Turn, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Pixels
from liangyi.losses import adversarial
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.mlp import Shaped
from liangyi.nets.weights import glorot
from liangyi.zoo.adversarial.gan import GAN


@dataclass(frozen=True, kw_only=True)
class BiGANConfig(Config):
    """Settings of BiGAN."""

    latent: Count = 50  # length of the code
    hidden: Count = 1024  # width of the two hidden layers of each network
    slope: Unit = 0.2  # of LeakyReLU below zero, in encoder and discriminator
    weight_decay: NonNegative = 2.5e-5  # share of the weights that is added to their gradient
    learning_rate: Positive = 2e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


class Coded(NamedTuple):
    """Pictures with a code each: the encoder's of real ones, its own of a generated one."""

    image: Annotated[Tensor, Pixels]  # [N C H W]
    latent: Tensor  # [N D]


@register("bigan")
class BiGAN(GAN):
    """BiGAN: an encoder joins the game, and the discriminator judges pictures with their codes."""

    Config = BiGANConfig
    eats: ClassVar = (Images,)
    image_range = (0.0, 1.0)
    data = "mnist"
    recipe = Training(epochs=100, batch_size=128, sample_every=2000, checkpoint_every=2000)
    tiny: ClassVar = {"latent": 8, "hidden": 32}

    def networks(self) -> None:
        """Build the authors' networks for flat pictures."""
        latent, hidden, pixels = self.config.latent, self.config.hidden, self.spec.size
        leaky = nn.LeakyReLU(self.config.slope)
        drawing = Sequential(
            *normalised(latent, hidden, nn.ReLU()),
            *normalised(hidden, hidden, nn.ReLU()),
            nn.Linear(hidden, pixels),
            nn.Sigmoid(),
        )
        self.generator = Shaped(drawing, self.spec.shape)
        self.encoder: Sequential = Sequential(
            nn.Flatten(),
            nn.Linear(pixels, hidden),
            leaky,
            *normalised(hidden, hidden, leaky),
            nn.Linear(hidden, latent),
        )
        self.discriminator = Pairs(pixels, latent, hidden, leaky)
        glorot(self)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam with weight decay."""
        config = self.config
        return torch.optim.Adam(
            weights, config.learning_rate, config.betas, weight_decay=config.weight_decay,
            fused=True,
        )  # fmt: skip

    def generated(self, count: int, given: Any = None) -> Coded:
        """Return pictures with the codes that they were drawn from."""
        latent = self.noise(count)
        return Coded(self.generate(latent), latent)

    def judgement(self, batch: Any) -> Tensor:
        """Return the logits of pictures with their codes; those of real ones are the encoder's."""
        latent = batch.latent if isinstance(batch, Coded) else self.encoder(batch.image)
        logits: Tensor = self.discriminator(batch.image, latent)
        return logits

    def updates(self, batch: Images, step: int) -> Iterator[Turn]:
        """Equation 3, all players at once: each loss is followed back to its own player alone."""
        real, fake = self.judgement(batch), self.judgement(self.generated(len(batch.image)))
        loss = adversarial.discriminator(real, fake)
        exchanged = adversarial.discriminator(fake, real)
        yield (
            Update(self.discriminator, loss, discriminator=loss),
            Update((self.encoder, self.generator), exchanged, generator=exchanged),
        )

    @verb
    def encode(self, image: Tensor) -> Tensor:
        """Return codes [N latent] of pictures [N C H W]."""
        code: Tensor = self.encoder(image)
        return code

    @verb
    def embed(self, image: Tensor) -> Tensor:
        """Return the encoder's last hidden layer [N hidden], by which pictures are compared."""
        features: Tensor = self.encoder[:-1](image)
        return features

    @verb
    def reconstruct(self, image: Tensor) -> Annotated[Tensor, Pixels]:
        """Return what the generator draws of the pictures' codes, [N C H W]."""
        return self.generate(self.encoder(image))

    @verb
    def evaluate(self, batch: Images) -> dict[str, Tensor]:
        """Return the mean distance |x - G(E(x))|, and its ratio to the distance of another x.

        Where the ratio is 1 nothing of the picture is left.
        """
        image, again = batch.image.flatten(1), self.generate(self.encoder(batch.image)).flatten(1)
        distance, other = ((x - again).norm(dim=1).mean() for x in (image, image.roll(1, 0)))
        return {"reconstruction_distance": distance, "reconstruction_ratio": distance / other}


def normalised(inputs: int, outputs: int, activation: nn.Module) -> list[nn.Module]:
    """Return a linear layer whose outputs are normalised over the batch, without scale or shift."""
    linear = nn.Linear(inputs, outputs, bias=False)
    return [linear, nn.BatchNorm1d(outputs, affine=False), activation]


class Pairs(nn.Module):
    """Pictures [N C H W] and codes [N latent] -> logits [N 1] of being a real pair."""

    def __init__(self, pixels: int, latent: int, hidden: int, activation: nn.Module) -> None:
        super().__init__()
        self.seen = Sequential(nn.Flatten(), nn.Linear(pixels, hidden), activation)
        self.joined = Sequential(
            *normalised(hidden + latent, hidden, activation), nn.Linear(hidden, 1)
        )

    def forward(self, image: Tensor, latent: Tensor) -> Tensor:
        """Look at the picture, then at what was seen together with the code."""
        logits: Tensor = self.joined(torch.cat([self.seen(image), latent], 1))
        return logits
