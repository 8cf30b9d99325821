"""How near a picture is to the one that it should be: PSNR and SSIM, one number a picture."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from liangyi.core.errors import UserError


def psnr(output: Tensor, target: Tensor, image_range: tuple[float, float]) -> Tensor:
    """Return the peak signal-to-noise ratio [N] in dB of pictures [N C H W]; higher is nearer.

    10 log10(range^2 / mean squared error), the mean over all pixels and channels of a picture.
    Equal pictures have infinity.

    Args:
        output: pictures in `image_range`; values outside count as they are.
        target: what they should be.
        image_range: lowest and highest value that a pixel may have.

    Raises:
        UserError: torchmetrics is not installed, or the shapes differ.
    """
    output, target = _unit(output, target, image_range)
    dims = (1, 2, 3)
    found: Tensor = _library().peak_signal_noise_ratio(
        output, target, data_range=1.0, dim=dims, reduction="none"
    )
    return found


def ssim(output: Tensor, target: Tensor, image_range: tuple[float, float]) -> Tensor:
    """Return the structural similarity [N] of pictures [N C H W], at most 1, which is equality.

    Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error visibility to
    structural similarity", 2004, equation 13 with K1 = 0.01, K2 = 0.03, averaged over all places
    where the Gaussian window of 11 x 11 (standard deviation 1.5) lies within the picture, and over
    the channels. A picture smaller than the window gets the largest odd window that fits, with the
    standard deviation shrunk in proportion: such figures compare among pictures of one size only.

    Args:
        output: pictures in `image_range`; values outside count as they are.
        target: what they should be.
        image_range: lowest and highest value that a pixel may have.

    Raises:
        UserError: torchmetrics is not installed, or the shapes differ.
    """
    # SSIM looks at means, not only at differences: its black must be 0
    output, target = _unit(output, target, image_range)
    fits = min(11, *output.shape[2:])
    size = fits - (fits + 1) % 2
    # torchmetrics makes its window from the deviation: 2 int(3.5 deviation + 0.5) + 1 pixels
    _, everywhere = _library().structural_similarity_index_measure(
        output, target, sigma=1.5 * size / 11, data_range=1.0, return_full_image=True
    )
    # at the margin it mirrors the picture; the paper has no window there
    margin, (height, width) = size // 2, output.shape[2:]
    inside: Tensor = everywhere[..., margin : height - margin, margin : width - margin]
    return inside.flatten(1).mean(1)


def luma(image: Tensor, image_range: tuple[float, float], border: int = 0) -> Tensor:
    """Return brightness [N 1 H W] in 16 ... 235 of pictures [N C H W], without their border.

    Y of ITU-R BT.601 as Matlab's `rgb2ycbcr` has it, not rounded: what super-resolution is judged
    by. One channel is grey, whose Y is that of three alike.

    Args:
        image: pictures in `image_range`.
        image_range: lowest and highest value that a pixel may have.
        border: pixels that are left out on each side.
    """
    low, high = image_range
    red, green, blue = ((image.float() - low) / (high - low)).expand(-1, 3, -1, -1).split(1, 1)
    found = 16 + 65.481 * red + 128.553 * green + 24.966 * blue
    height, width = found.shape[2:]
    return found[..., border : height - border, border : width - border]


def _unit(
    output: Tensor, target: Tensor, image_range: tuple[float, float]
) -> tuple[Tensor, Tensor]:
    """Return both as float32 with the range brought to 0 ... 1."""
    if output.shape != target.shape or output.dim() != 4:
        shapes = f"{list(output.shape)} and {list(target.shape)}"
        raise UserError(f"pictures to compare must both be [N C H W] of one shape, not {shapes}")
    low, high = image_range
    return (output.float() - low) / (high - low), (target.float() - low) / (high - low)


def _library() -> Any:
    from torchmetrics.functional import image  # late: it takes seconds

    return image
