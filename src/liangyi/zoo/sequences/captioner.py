"""Captioner: convolutions see a picture, an LSTM writes down what it shows.

Vinyals et al., "Show and tell: a neural image caption generator", arXiv:1411.4555, equations 10-13:

    min  -E sum_t log p(word_t | picture, word_0 ... word_t-1)

The picture is what the LSTM reads first, then each word; it writes one word after the other, the
likeliest each time, until the sentence ends.

Departures: a small convolutional network that learns with the LSTM, instead of one that was trained
to name ImageNet's classes; the picture stands in the place of the start word; the likeliest word
each time instead of a beam of 20 sentences; word vectors and LSTM of 128 instead of 512.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from liangyi.core.batch import Captioned
from liangyi.core.config import Config, Count, Positive, Share, Training
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Words
from liangyi.nets import dcgan
from liangyi.nets.lstm import LSTM
from liangyi.nets.reading import padding


@dataclass(frozen=True, kw_only=True)
class CaptionerConfig(Config):
    """Settings of the captioner."""

    width: Count = 32  # channels of the largest maps; they double at each halving
    text: Count = 128  # of the word vectors and of the LSTM
    dropout: Share = 0.3  # of the LSTM's states, before they name the next word
    learning_rate: Positive = 1e-3  # Adam's


@register("captioner")
class Captioner(Model):
    """Captioner: convolutions see a picture, an LSTM writes down what it shows."""

    Config = CaptionerConfig
    eats = (Captioned,)
    data = "captioned-digits"
    recipe = Training(steps=6000, batch_size=64, sample_every=500, checkpoint_every=1000)
    tiny: ClassVar = {"width": 8, "text": 16}
    tiny_data: ClassVar = {"data": "captioned-digits", "of": "digits", "size": 28, "pictures": 600}

    def networks(self) -> None:
        """Build what sees, what writes, and what names the next word."""
        config, words = self.config, self.spec["caption"]
        assert isinstance(words, Words)
        self.end = padding(words)
        self.seeing = dcgan.discriminator(self.spec.shape, config.width, outputs=config.text)
        self.embedding = nn.Embedding(words.count, config.text)
        self.lstm = LSTM(config.text, config.text)
        self.naming = nn.Sequential(nn.Dropout(config.dropout), nn.Linear(config.text, words.count))

    def forward(self, image: Tensor, caption: Tensor) -> Tensor:
        """Return logits [N L V] of each word of captions [N L] after the words before it."""
        return self.following(self.seeing(image), caption)

    def following(self, seen: Tensor, caption: Tensor) -> Tensor:
        """Return the same of pictures that were looked at before [N text]."""
        read = torch.cat([seen[:, None], self.embedding(caption[:, :-1])], 1)
        logits: Tensor = self.naming(self.lstm(read))
        return logits.float()

    def spoken(self, caption: Tensor) -> Tensor:
        """Return which places [N L] are words, or the end of the sentence."""
        return pad(caption[:, :-1] != self.end, (1, 0), value=True)

    def losses(self, batch: Captioned) -> tuple[Tensor, Tensor]:
        """Return -log p(word) of all words of a batch [M], and whether each is the likeliest."""
        logits, there = self(batch.image, batch.caption), self.spoken(batch.caption)
        wrong = cross_entropy(logits[there], batch.caption[there], reduction="none")
        return wrong, logits[there].argmax(1) == batch.caption[there]

    def updates(self, batch: Captioned, step: int) -> Iterator[Update]:
        """One step towards the captions."""
        wrong, right = self.losses(batch)
        yield Update(self, wrong.mean(), loss=wrong.mean(), accuracy=right.float().mean())

    @verb
    def caption(self, image: Tensor) -> Annotated[Tensor, Words]:
        """Return captions [N L] of pictures [N C H W], the likeliest word each time."""
        seen, length = self.seeing(image), self.spec["caption"].shape[0]
        written = torch.zeros(len(image), length, dtype=torch.int64, device=image.device)
        for place in range(length):
            written[:, place] = self.following(seen, written)[:, place].argmax(1)
        return written.where(self.spoken_so_far(written), self.end if self.end >= 0 else 0)

    def spoken_so_far(self, written: Tensor) -> Tensor:
        """Return which places [N L] stand before the first end of a sentence."""
        return (written == self.end).cumsum(1) == 0

    @verb
    def evaluate(self, batch: Captioned) -> dict[str, Tensor]:
        """Return the loss a word, and the shares of words and of whole captions that are right."""
        wrong, right = self.losses(batch)
        whole = (self.caption(batch.image) == batch.caption).all(1)
        return {
            "loss": wrong.mean(),
            "accuracy": right.float().mean(),
            "exact_match": whole.float().mean(),
        }

    def means_over(self, batch: Captioned) -> dict[str, float]:
        """Return the number of words, over which all but whole captions are means."""
        words = float(self.spoken(batch.caption).sum())
        return {"loss": words, "accuracy": words}
