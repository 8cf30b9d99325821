"""An autoencoder as a discriminator: what it rebuilds badly has a high energy.

Zhao et al., "Energy-based GAN", arXiv:1609.03126, section 2.2.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from liangyi.core.spec import Field
from liangyi.nets import pairs
from liangyi.nets.adversary import adversary


class Energy(nn.Module):
    """Items [N ...] -> E |x - D(E(x))|^p over the values of each, [N].

    Args:
        encoder: items -> codes [N D].
        decoder: codes -> items.
        power: p, 1 or 2.
    """

    def __init__(self, encoder: nn.Module, decoder: nn.Module, power: int) -> None:
        super().__init__()
        self.encoder, self.decoder, self.power = encoder, decoder, power

    def forward(self, items: Tensor) -> Tensor:
        """Rebuild the items and measure how far each is from itself."""
        apart = (self.decoder(self.encoder(items)) - items).float().flatten(1)
        return apart.abs().pow(self.power).mean(1)


def energy(
    field: Field, code: int, width: int, hidden: Sequence[int], power: int, pack: int = 1
) -> nn.Module:
    """Return items -> energies [N], or packs of them -> energies [N / pack].

    Args:
        field: what is judged.
        code: length of what lies between encoder and decoder.
        width: channels of a picture's largest maps.
        hidden: widths of the hidden layers for anything else.
        power: of the differences.
        pack: items that are judged together.
    """

    def built(shape: tuple[int, ...]) -> nn.Module:
        own = type(field)(*shape)
        encoder = pairs.discriminator(own, width, hidden, norm=False, outputs=code)
        decoder = pairs.generator(code, own, width, [*hidden][::-1], norm=False)
        return Energy(encoder, decoder, power)

    return adversary(built, field.shape, pack)
