"""Generated pictures above the training pictures that they are nearest to."""

from __future__ import annotations

import torch
from PIL import Image
from torch import Tensor

from liangyi.fields.pixels import WIDTH, grid

MOST = 12  # pairs that can be looked at one by one
FEWEST = 4  # pairs from which on the sheet is filled; fewer would be huge


def nearest_pairs(samples: Tensor, found: Tensor, image_range: tuple[float, float]) -> Image.Image:
    """Lay pairs out in two rows: generated above, the nearest training picture below.

    Args:
        samples: generated pictures [N C H W] in `image_range`; the first 12 are shown.
        found: of each the nearest training picture, in the same shape.
        image_range: lowest and highest brightness.

    Returns:
        A picture as `grid` makes it.

    Raises:
        ValueError: the pictures are not of one shape, or there are none.
    """
    if samples.shape != found.shape:
        raise ValueError(f"pairs need one shape, got {list(samples.shape)}, {list(found.shape)}")
    pairs = torch.cat([samples[:MOST].detach().cpu(), found[:MOST].detach().cpu()])
    count = max(1, len(pairs) // 2)
    scale = None
    if pairs.dim() == 4 and pairs.numel():
        scale = max(1, round(WIDTH / (max(count, FEWEST) * pairs.shape[3])))
    return grid(pairs, image_range, columns=count, scale=scale)
