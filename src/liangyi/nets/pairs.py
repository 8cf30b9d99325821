"""Generator and discriminator: convolutions for pictures, fully connected for the rest."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from liangyi.core.spec import Field, Pixels
from liangyi.nets import dcgan
from liangyi.nets.adversary import adversary
from liangyi.nets.augment import Augmentation
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
    outputs: int = 1,
    pack: int = 1,
    augment: Augmentation | None = None,
) -> nn.Module:
    """Return items -> values of each [N outputs]; arguments as of `generator`.

    Args:
        field: what is judged.
        width: channels after a picture's first convolution.
        hidden: widths of the hidden layers for anything else.
        kernel: side of the convolutions' windows.
        norm: batch normalisation between convolutions.
        activation: between fully connected layers; nothing: LeakyReLU of slope 0.2.
        outputs: numbers for each item.
        pack: items that are judged together.
        augment: changes pictures before they are judged.
    """

    def built(shape: tuple[int, ...]) -> nn.Module:
        if isinstance(field, Pixels):
            return dcgan.discriminator(shape, width, kernel, norm, outputs=outputs)
        return Flat(mlp((size(shape), *hidden, outputs), activation or nn.LeakyReLU(0.2)))

    return adversary(built, field.shape, pack, augment)
