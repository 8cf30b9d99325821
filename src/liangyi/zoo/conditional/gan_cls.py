"""GAN-CLS: pictures of what a sentence says; a real picture with a wrong sentence is false, too.

Reed et al., "Generative adversarial text to image synthesis", arXiv:1605.05396, algorithm 1: with
the code t of a text and t' of another one, the discriminator raises

    log D(x, t) + 1/2 [log(1 - D(x, t')) + log(1 - D(G(z, t), t))]

so that it learns what belongs together before the generator draws anything that could teach it.

Changed from `dcgan`: both networks are told the code of a text; the third term; the learning rate
falls to zero in the second half of the training (the authors' code halves it every 100 epochs).

Departures: words are read by a small network (word vectors and an LSTM) that learns with the
discriminator, instead of one trained before on pictures and texts; no batch normalisation after
picture and text have met; the wrong text is that of the next picture in the batch; a map is halved
until it is 4 pixels wide; noise is uniform.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor
from torch.nn.functional import softplus

from liangyi import fields
from liangyi.core import draw
from liangyi.core.batch import Captioned, detached
from liangyi.core.config import Config, Count, Positive, Share, Target, Training, Unit
from liangyi.core.model import Turn, Update, verb
from liangyi.core.registry import register
from liangyi.core.schedules import second_half
from liangyi.core.spec import Pixels, Words
from liangyi.core.walk import loop, passed
from liangyi.losses import adversarial
from liangyi.nets import dcgan
from liangyi.nets.reading import Matching, Reader, Told
from liangyi.zoo.adversarial.gan import GAN

KNOWN = 8  # captions that are kept, to draw something of where nobody asks for anything


@dataclass(frozen=True, kw_only=True)
class GANCLSConfig(Config):
    """Settings of GAN-CLS."""

    latent: Count = 100  # length of the noise
    text: Count = 128  # length of a text's code
    width: Count = 32  # channels of the largest maps; they double at each halving
    slope: Unit = 0.2  # of the discriminator's LeakyReLU below zero
    mismatch: Unit = 0.5  # weight of wrong texts; that of generated pictures is the rest of 1
    real_target: Target = 1.0  # below 1: one-sided label smoothing
    learning_rate: Positive = 5e-4  # of both players
    betas: tuple[Share, Share] = (0.5, 0.999)  # Adam's decay rates


@register("gan-cls")
class GANCLS(GAN):
    """GAN-CLS: pictures of what a sentence says."""

    Config = GANCLSConfig
    eats = (Captioned,)
    data = "captioned-digits"
    recipe = Training(steps=20_000, batch_size=64, sample_every=1000, examine_every=1000,
                      checkpoint_every=2000)  # fmt: skip
    tiny: ClassVar = {"width": 8, "latent": 8, "text": 8}
    tiny_data: ClassVar = {"data": "captioned-digits", "of": "digits", "size": 28, "pictures": 600}

    def networks(self) -> None:
        """Build the networks of `dcgan` around the text's code, and what reads."""
        config, shape, words = self.config, self.spec.shape, self.spec["caption"]
        assert isinstance(words, Words)
        self.reader = Reader(words, config.text)
        drawing = dcgan.generator(config.latent + config.text, shape, config.width)
        seeing = dcgan.discriminator(shape, config.width, slope=config.slope)
        dcgan.initialize(drawing)
        dcgan.initialize(seeing)
        self.generator = Told(drawing, config.text)
        self.discriminator: Matching = Matching(seeing, config.text, config.slope)
        nothing = torch.zeros(KNOWN, words.length, dtype=torch.int64, device="cpu")
        self.register_buffer("known", nothing)

    def schedule(self, player: str, step: int) -> float:
        """Let the learning rate fall to zero in the second half."""
        return second_half(step, self.planned)

    def generated(self, count: int, given: Any = None) -> Captioned:
        """Return pictures beside the captions that were asked for: those given, or known ones."""
        caption = given.caption if given else self.asked(count)
        # the reader does not learn from the generator, who would have it say what is easily drawn
        return Captioned(self.generate(self.noise(count), self.reader(caption).detach()), caption)

    def judgement(self, batch: Captioned) -> Tensor:
        """Return the logits of pictures together with their captions: above zero for real."""
        logits: Tensor = self.discriminator(batch.image, self.reader(batch.caption))
        return logits

    def updates(self, batch: Captioned, step: int) -> Iterator[Turn]:
        """Algorithm 1."""
        self.remember(batch.caption)
        fake = self.generated(len(batch.image), given=batch)
        maps, text = self.discriminator.seen(batch.image), self.reader(batch.caption)
        right = self.discriminator.compared(maps, text)
        wrong = softplus(self.discriminator.compared(maps, text.roll(1, 0)).float()).mean()
        false, share = softplus(self.judgement(detached(fake)).float()).mean(), self.config.mismatch
        real = adversarial.nonsaturating(right, self.config.real_target)
        loss = real + share * wrong + (1 - share) * false
        yield Update((self.discriminator, self.reader), loss, discriminator=loss, wrong_text=wrong)
        loss = self.fooled(fake)
        yield Update(self.generator, loss, generator=loss)

    def fooled(self, fake: Captioned) -> Tensor:
        """Return the generator's loss."""
        return adversarial.nonsaturating(self.judgement(fake))

    @torch.no_grad()
    def remember(self, caption: Tensor) -> None:
        """Keep the first captions that are learned from."""
        rows = torch.arange(KNOWN, device=caption.device) % len(caption)
        self.known.copy_(torch.where(self.known.any(), self.known, caption[rows]))

    def asked(self, count: int, caption: str | Tensor | None = None) -> Tensor:  # type: ignore[override]
        """Return one caption for all rows, or without one known captions in turn: [count L].

        Args:
            count: rows.
            caption: a sentence as it is typed, or its words [L].

        Raises:
            UserError: no word of it is known, or it has too many.
        """
        if caption is None:
            known: Tensor = self.known
            return known[draw.rows(count, self.device) % KNOWN]
        if isinstance(caption, str):
            caption = fields.typed(self.spec["caption"], [caption])[0]
        return caption.to(self.device).expand(count, -1)

    @verb
    def sample(self, count: int, caption: str | Tensor | None = None) -> Annotated[Tensor, Pixels]:
        """Return `count` pictures of one caption, or of known captions in turn.

        Raises:
            UserError: no word of the caption is known, or it has too many.
        """
        return self.generate(self.noise(count), self.reader(self.asked(count, caption)))

    @verb
    def interpolate(
        self, count: int, stops: int = 4, begin: int = 0, end: int | None = None,
        caption: str | Tensor | None = None,
    ) -> Annotated[Tensor, Pixels]:  # fmt: skip
        """Return pictures on a closed walk of `count` through the noise: all, or `begin` ... `end`.

        They are of one caption, or of another one after each stop.

        Raises:
            UserError: no word of the caption is known, or it has too many.
        """
        walk = loop(self.noise(stops), count, begin, end)
        stop = passed(stops, count, begin, end, self.device)
        return self.generate(walk, self.reader(self.asked(stops, caption)[stop]))
