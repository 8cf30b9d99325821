"""What suits every adversary, whatever its network: one wrapper around it.

Packing (Lin et al., "PacGAN", arXiv:1712.04086, section 3): a generator that draws one mode only
draws packs of equal items, which no packs of real items are; what is hard to see in one item is
plain in a few.

Augmentation (`liangyi.nets.augment`): each picture is changed before it is judged, and before it is
packed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from liangyi.core.batch import is_real
from liangyi.nets.augment import Augmentation

Judge = Callable[[Tensor], Tensor]  # of items, or of packs


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


class Augmented(nn.Module):
    """Pictures [N C H W] -> what a network says of them, changed at random while it learns.

    Args:
        network: judges pictures.
        augment: changes them.
    """

    def __init__(self, network: nn.Module, augment: Augmentation) -> None:
        super().__init__()
        self.network, self.augment = network, augment

    def forward(self, image: Tensor) -> Tensor:
        """Change pictures and judge them; in evaluation they are judged as they are."""
        if not self.training:
            plain: Tensor = self.network(image)
            return plain
        said: Tensor = self.network(self.augment(image))
        if is_real(image):
            self.augment.heard(said, len(image))
        return said


def adversary(
    network: Callable[[tuple[int, ...]], nn.Module],
    shape: Sequence[int],
    pack: int = 1,
    augment: Augmentation | None = None,
) -> nn.Module:
    """Return an adversary of items of this shape.

    Args:
        network: builds the network for items of a shape.
        shape: of one item.
        pack: items that it judges together; one needs nothing around its network.
        augment: changes the items before they are judged; None: they are judged as they are.
    """
    built = network(shape_of(shape, pack))
    packed = built if pack == 1 else Packed(built, pack)
    return packed if augment is None else Augmented(packed, augment)


def bare(name: str) -> str:
    """Return the path of a weight as it is where nothing is around its network."""
    return re.sub(r"(\.network)+\.", ".", name)


def opened(network: nn.Module, *items: Tensor) -> tuple[Judge, list[Tensor]]:
    """Return what judges packs, and the items as its packs: of these a slope is one vector.

    Args:
        network: an adversary; without packs it and the items come back as they are.
        items: [N *shape] each.
    """
    packed = network.network if isinstance(network, Augmented) else network
    if not isinstance(packed, Packed):
        return network, list(items)
    packs = [packed.packs(one) for one in items]
    if packed is network:
        return packed.network, packs
    # what changes pictures must see them one by one
    return lambda pack: network(pack.reshape(-1, *items[0].shape[1:])), packs
