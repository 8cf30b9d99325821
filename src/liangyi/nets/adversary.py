"""What suits every adversary, whatever its network: one wrapper around it.

Packing (Lin et al., "PacGAN", arXiv:1712.04086, section 3): a generator that draws one mode only
draws packs of equal items, which no packs of real items are; what is hard to see in one item is
plain in a few.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


def shape_of(shape: Sequence[int], pack: int) -> tuple[int, ...]:
    """Return the shape of a pack of items: their channels (or coordinates) follow each other."""
    return (pack * shape[0], *shape[1:])


class Packed(nn.Module):
    """Items [N *shape] -> logits [N / pack, 1] of packs, rounded up.

    When the items do not fill the last pack, the first ones are in it again.

    Args:
        network: judges packs, of the shape that `shape_of` tells.
        pack: items judged together.
    """

    def __init__(self, network: nn.Module, pack: int) -> None:
        super().__init__()
        self.network, self.pack = network, pack

    def packs(self, items: Tensor) -> Tensor:
        """Return neighbours in packs."""
        if missing := -len(items) % self.pack:
            items = torch.cat([items, items.repeat(self.pack, *[1] * (items.dim() - 1))[:missing]])
        return items.reshape(-1, *shape_of(items.shape[1:], self.pack))

    def forward(self, items: Tensor) -> Tensor:
        """Pack neighbours and judge the packs."""
        logits: Tensor = self.network(self.packs(items))
        return logits


def adversary(
    network: Callable[[tuple[int, ...]], nn.Module], shape: Sequence[int], pack: int = 1
) -> nn.Module:
    """Return an adversary of items of this shape.

    Args:
        network: builds the network for items of a shape.
        shape: of one item.
        pack: items that it judges together; one needs nothing around its network.
    """
    built = network(shape_of(shape, pack))
    return built if pack == 1 else Packed(built, pack)


def opened(network: nn.Module, *items: Tensor) -> tuple[nn.Module, list[Tensor]]:
    """Return what judges packs, and the items as its packs: of these a slope is one vector.

    Args:
        network: an adversary; without packs it and the items come back as they are.
        items: [N *shape] each.
    """
    if isinstance(network, Packed):
        return network.network, [network.packs(one) for one in items]
    return network, list(items)
