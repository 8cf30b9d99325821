"""How sharp a picture is, one number a picture: what blurring takes away.

Neither knows what a picture should show: noise counts as detail. Beside the same of the originals
they say how blurred reconstructions are.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

_FINE = 0.25  # cycles a pixel, half of the finest that there is


def laplacian_variance(image: Tensor) -> Tensor:
    """Return the variance [N] of the Laplacian over a picture [N C H W], in squared brightness.

    A measure of focus: Pech-Pacheco et al., "Diatom autofocusing in brightfield microscopy", 2000.
    The four neighbours less four times the pixel, where all of them are inside; the mean over the
    channels. A picture with a side below 3 has none: 0.
    """
    if min(image.shape[2:]) < 3:
        return torch.zeros(len(image), device=image.device)
    kernel = torch.tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]], device=image.device)
    curved = conv2d(image.float().flatten(0, 1)[:, None], kernel[None, None])
    return curved.flatten(1).var(1, correction=0).unflatten(0, image.shape[:2]).mean(1)


def fine_share(image: Tensor) -> Tensor:
    """Return the share [N] of a picture's energy in its fine half, the mean brightness left out.

    By the discrete Fourier transform of pictures [N C H W], all channels together: what has more
    than 0.25 cycles a pixel, that is waves shorter than 4 pixels. Of an even picture it is 0.
    """
    height, width = image.shape[2:]
    centred = image.double() - image.double().mean((2, 3), keepdim=True)
    energy = torch.fft.fft2(centred).abs().square().sum(1)
    down, right = (
        torch.fft.fftfreq(side, device=image.device, dtype=torch.float64)
        for side in (height, width)
    )
    fine = torch.hypot(down[:, None], right[None]) > _FINE
    total = energy.sum((1, 2))
    share = (energy * fine).sum((1, 2)) / total.clamp(min=torch.finfo(total.dtype).tiny)
    return share.float()
