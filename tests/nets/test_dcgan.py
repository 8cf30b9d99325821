"""Convolutions for pictures of any size: shapes, where normalisation sits, first weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.core.errors import UserError
from liangyi.nets import dcgan

SHAPES = [(1, 8, 8), (1, 28, 28), (3, 32, 32), (3, 64, 64), (1, 112, 92), (1, 33, 47), (2, 5, 7)]


def maps_of(network: nn.Sequential, entry: torch.Tensor) -> list[tuple[int, int]]:
    """Return the sizes of all maps on the way, each named once."""
    found = []
    for layer in network:
        entry = layer(entry)
        if entry.dim() == 4 and tuple(entry.shape[2:]) not in found[-1:]:
            found.append(tuple(entry.shape[2:]))
    return found


@pytest.mark.parametrize("smallest", [3, 4])
@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("kernel", [4, 5])
@pytest.mark.parametrize("shape", SHAPES)
def test_the_generator_retraces_the_discriminators_sizes(shape, kernel, norm, smallest):
    # breaks with odd or unequal sides, which a plain doubling misses by a pixel
    torch.manual_seed(0)
    sizes = dcgan.sizes(shape, kernel, smallest)
    generator = dcgan.generator(6, shape, 2, kernel, norm, smallest)
    discriminator = dcgan.discriminator(shape, 2, kernel, norm, smallest=smallest)
    drawn = generator(torch.randn(3, 6))
    assert drawn.shape == (3, *shape)
    assert discriminator(drawn).shape == (3, 1)
    assert maps_of(generator, torch.randn(3, 6)) == sizes[::-1]
    assert maps_of(discriminator, drawn) == sizes[1:]


def test_pictures_are_halved_down_to_four_pixels_and_small_ones_to_two():
    assert dcgan.sizes((3, 64, 64), 4) == [(64, 64), (32, 32), (16, 16), (8, 8), (4, 4)]
    assert dcgan.sizes((1, 28, 28), 4) == [(28, 28), (14, 14), (7, 7)]
    assert dcgan.sizes((1, 28, 28), 5) == [(28, 28), (14, 14), (7, 7), (4, 4)]
    assert dcgan.sizes((1, 8, 8), 4) == [(8, 8), (4, 4), (2, 2)]
    assert dcgan.sizes((1, 112, 92), 4)[-1] == (7, 5)
    assert dcgan.sizes((1, 28, 28), 4, 3) == [(28, 28), (14, 14), (7, 7), (3, 3)]
    assert dcgan.sizes((1, 8, 8), 4, 3) == [(8, 8), (4, 4), (2, 2)]


def test_pictures_that_cannot_be_halved_are_the_users_mistake():
    with pytest.raises(UserError, match=r"3 x 3 is too small for convolutions; try size=28"):
        dcgan.discriminator((1, 3, 3), 4)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 64, 64)])
def test_channels_double_on_the_way_down_and_halve_on_the_way_up(shape):
    down = [m for m in dcgan.discriminator(shape, 3) if isinstance(m, nn.Conv2d)]
    up = [m for m in dcgan.generator(5, shape, 3) if isinstance(m, nn.ConvTranspose2d)]
    widths = [3 * 2**level for level in range(len(down))]
    assert [m.out_channels for m in down] == widths
    assert [m.in_channels for m in up] == widths[::-1]
    assert down[0].in_channels == up[-1].out_channels == shape[0]


def test_normalisation_is_everywhere_but_at_the_pictures_end():
    # the paper's rule: not in the generator's last nor the discriminator's first layer
    kinds = [type(m).__name__ for m in dcgan.discriminator((3, 32, 32), 2)]
    assert kinds == ["Conv2d", "LeakyReLU", *["Conv2d", "BatchNorm2d", "LeakyReLU"] * 2,
                     "Flatten", "Linear"]  # fmt: skip
    kinds = [type(m).__name__ for m in dcgan.generator(5, (3, 32, 32), 2)]
    assert kinds == ["Linear", "Unflatten", "BatchNorm2d", "ReLU",
                     *["ConvTranspose2d", "BatchNorm2d", "ReLU"] * 2,
                     "ConvTranspose2d", "Tanh"]  # fmt: skip


def test_a_critic_without_normalisation_judges_each_picture_alone():
    # a gradient penalty is per sample only if no picture's value depends on its neighbours
    torch.manual_seed(0)
    critic = dcgan.discriminator((1, 8, 8), 4, norm=False).train()
    pictures = torch.randn(6, 1, 8, 8)
    alone = torch.cat([critic(picture) for picture in pictures.split(1)])
    torch.testing.assert_close(critic(pictures), alone)
    assert not any(isinstance(m, nn.BatchNorm2d) for m in critic.modules())


def test_biases_are_there_where_no_normalisation_takes_them_away():
    for norm in (True, False):
        for net in (dcgan.generator(5, (1, 8, 8), 2, norm=norm),
                    dcgan.discriminator((1, 8, 8), 2, norm=norm)):  # fmt: skip
            layers = [m for m in net if isinstance(m, nn.Conv2d | nn.ConvTranspose2d | nn.Linear)]
            assert [m.bias is None for m in layers] == [norm] * len(layers)


def test_pictures_fill_the_range_of_tanh_and_the_slope_is_passed_on():
    torch.manual_seed(0)
    drawn = dcgan.generator(4, (1, 8, 8), 4)(torch.randn(64, 4) * 1e3)
    assert -1 <= drawn.min() < 0 < drawn.max() <= 1
    network = dcgan.discriminator((1, 8, 8), 4, slope=0.05)
    slopes = [m.negative_slope for m in network if isinstance(m, nn.LeakyReLU)]
    assert slopes == [0.05, 0.05]


def test_first_weights_follow_the_papers_law():
    # breaks when a kind of layer is forgotten and keeps PyTorch's own law
    torch.manual_seed(0)
    network = nn.Sequential(
        dcgan.generator(100, (3, 32, 32), 16), dcgan.discriminator((3, 32, 32), 16),
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(500),
    )  # fmt: skip
    dcgan.initialize(network)
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            sigmas = 5 / module.weight.numel() ** 0.5
            assert abs(float(module.weight.detach().std()) / 0.02 - 1) < sigmas
            assert abs(float(module.weight.detach().mean())) < 0.02 * sigmas
            assert module.bias is None or not module.bias.any()
    norm = network[-1]
    assert float(norm.weight.detach().mean()) == pytest.approx(1, abs=0.005)
    assert float(norm.weight.detach().std()) == pytest.approx(0.02, rel=0.2)
    assert not norm.bias.any()
