"""Are there enough items to learn from? That is known before the first step."""

from __future__ import annotations

FEW = 100  # items below which whatever creates new ones can only repeat them
ENOUGH = "a few hundred are the least, from some thousands on what is drawn looks new"


def too_few(items: int) -> str:
    """Return what to say of so few training items; nothing where there are enough, or no end."""
    if not 0 < items < FEW:
        return ""
    what = "1 item" if items == 1 else f"{items} items"
    return f"{what} to learn from: so few are learned by heart, and nothing new is drawn"
