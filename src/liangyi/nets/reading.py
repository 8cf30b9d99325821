"""From a sentence to a vector, and two networks that are told it."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from liangyi.core.spec import PADDING, Words
from liangyi.nets.fast.sequential import Sequential
from liangyi.nets.lstm import LSTM


def padding(field: Words) -> int:
    """Return the number of the word that fills sentences up; -1: all fill their length."""
    words = field.vocabulary
    return -1 if isinstance(words, int) or PADDING not in words else words.index(PADDING)


class Reader(nn.Module):
    """Sentences [N L] -> vectors [N width] of mean 0 and variance 1.

    The mean, over the words that are there, of each word's vector and of the state in which an LSTM
    is after it: what the words mean whatever stands beside them, and what their order adds.

    Args:
        field: what sentences are.
        width: of the vectors and of the LSTM.
    """

    def __init__(self, field: Words, width: int) -> None:
        super().__init__()
        self.padding = padding(field)
        self.embedding = nn.Embedding(field.count, width)
        self.lstm = LSTM(width, width)
        self.norm = nn.LayerNorm(width)

    def forward(self, token: Tensor) -> Tensor:
        """Read sentences."""
        words = self.embedding(token)
        there = (token != self.padding).to(words.dtype)[:, :, None]
        found = (words + self.lstm(words)) * there
        vector: Tensor = self.norm(found.sum(1) / there.sum(1).clamp(min=1))
        return vector


class Told(nn.Module):
    """Noise [N latent] and vectors of texts [N text] -> items.

    Args:
        drawing: codes [N latent + text] -> items.
        text: length of a text's vector.
    """

    def __init__(self, drawing: nn.Module, text: int) -> None:
        super().__init__()
        self.text = Sequential(nn.Linear(text, text), nn.LeakyReLU(0.2))
        self.drawing = drawing

    def forward(self, noise: Tensor, text: Tensor) -> Tensor:
        """Draw what the texts say."""
        items: Tensor = self.drawing(torch.cat([noise, self.text(text)], 1))
        return items


class Matching(nn.Module):
    """Pictures [N C H W] and vectors of texts [N text] -> logits [N].

    The text stands at every place of the last map, where a 1 x 1 convolution sees both.

    Args:
        network: pictures -> logits, ending in a linear layer of flattened maps.
        text: length of a text's vector.
        slope: of the LeakyReLU below zero.
    """

    def __init__(self, network: Sequential, text: int, slope: float) -> None:
        super().__init__()
        last = network[-1]
        convolutions = [layer for layer in network if isinstance(layer, nn.Conv2d)]
        assert isinstance(last, nn.Linear)
        channels = convolutions[-1].out_channels
        self.seen = network[:-2]
        self.text = Sequential(nn.Linear(text, text), nn.LeakyReLU(slope))
        # no batch normalisation from here on: it would make a batch of wrong texts look like right
        self.both = Sequential(nn.Conv2d(channels + text, channels, 1), nn.LeakyReLU(slope))
        self.judging = nn.Linear(last.in_features, 1)

    def forward(self, image: Tensor, text: Tensor) -> Tensor:
        """Ask whether pictures are real ones of what the texts say."""
        return self.compared(self.seen(image), text)

    def compared(self, maps: Tensor, text: Tensor) -> Tensor:
        """Ask it of pictures that were looked at before, by their last maps."""
        said = self.text(text)[:, :, None, None].expand(-1, -1, *maps.shape[2:])
        logits: Tensor = self.judging(self.both(torch.cat([maps, said], 1)).flatten(1))
        return logits.squeeze(1)
