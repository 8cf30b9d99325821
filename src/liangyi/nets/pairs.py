"""Generator and discriminator: convolutions for pictures, fully connected for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from liangyi.core.spec import Field, Pixels
from liangyi.nets import dcgan
from liangyi.nets.mlp import Flat, Shaped, mlp, size


def generator(
    latent: int, field: Field, width: int, hidden: Sequence[int], kernel: int = 4, norm: bool = True
) -> nn.Module:
    """Return noise [N latent] -> items.

    Args:
        latent: length of the noise.
        field: what is generated.
        width: channels of a picture's largest maps.
        hidden: widths of the hidden layers for anything else.
        kernel: side of the convolutions' windows.
        norm: batch normalisation between convolutions.
    """
    if isinstance(field, Pixels):
        return dcgan.generator(latent, field.shape, width, kernel, norm)
    return Shaped(mlp((latent, *hidden, size(field.shape)), nn.ReLU()), field.shape)


def discriminator(
    field: Field,
    width: int,
    hidden: Sequence[int],
    kernel: int = 4,
    norm: bool = True,
    activation: nn.Module | None = None,
) -> nn.Module:
    """Return items -> one value each [N 1]; arguments as of `generator`.

    Args:
        field: what is judged.
        width: channels after a picture's first convolution.
        hidden: widths of the hidden layers for anything else.
        kernel: side of the convolutions' windows.
        norm: batch normalisation between convolutions.
        activation: between fully connected layers; nothing: LeakyReLU of slope 0.2.
    """
    if isinstance(field, Pixels):
        return dcgan.discriminator(field.shape, width, kernel, norm)
    return Flat(mlp((size(field.shape), *hidden, 1), activation or nn.LeakyReLU(0.2)))
