"""Are there enough items to learn from? That is known before the first step."""

from __future__ import annotations

FEW = 100  # items below which whatever creates new ones can only repeat them
# below some thousands the discriminator overfits: Karras et al., arXiv:2006.06676, figure 1
ENOUGH = "a few hundred are the least, some thousands are usual"


def too_few(items: int) -> str:
    """Return what to say of so few training items; nothing where there are enough, or no end."""
    if not 0 < items < FEW:
        return ""
    what = "1 item" if items == 1 else f"{items} items"
    return f"{what} to learn from: so few are learned by heart, and nothing new is drawn"
