"""Numbers of parameters and shapes of layers against the originals, without any memory for them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from liangyi.core import registry
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels, Spec, Vector

MNIST, RGB = (1, 28, 28), (3, 64, 64)


def empty(name: str, shape: tuple[int, ...] = MNIST, **settings: Any) -> Model:
    """Return a full-sized model whose weights have shapes but no values."""
    kind = registry.find(name)
    with torch.device("meta"):
        spec = Spec("image", image=Pixels(*shape), label=Label(tuple("0123456789")))
        return kind(kind.Config(**settings), spec)


def trainable(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())


def running(network: nn.Module) -> int:
    """Return how many running statistics there are; Keras counts them as parameters."""
    return sum(b.numel() for n, b in network.named_buffers() if "num_batches" not in n)


# model, picture, settings, network, trainable, running statistics
ORIGINALS: list[tuple[str, tuple[int, ...], dict[str, Any], str, int, int | None]] = [
    # PyTorch's own DCGAN example
    ("dcgan", RGB, {"width": 64, "latent": 100}, "generator", 3_576_704, None),
    ("dcgan", RGB, {"width": 64, "latent": 100}, "discriminator", 2_765_568, None),
    # gan_mnist.py of the WGAN-GP authors
    ("wgan-gp", MNIST, {}, "generator", 1_554_177, 0),
    ("wgan-gp", MNIST, {}, "critic", 1_030_145, 0),
    # Keras mnist_acgan.py: from 2.1.2 on, and 2.0.3 to 2.0.9
    ("acgan", MNIST, {}, "generator", 2_657_897 - 576, 576),
    ("acgan", MNIST, {}, "discriminator", 525_835, 0),
    ("acgan-early", MNIST, {}, "generator", 8_172_521, 0),
    ("acgan-early", MNIST, {}, "discriminator", 525_835, 0),
    # dcgan_mnist.py of the notes
    ("dcgan-mnist", MNIST, {}, "generator", 2_368_705, 2_394_241 - 2_368_705),
    ("dcgan-mnist", MNIST, {}, "discriminator", 4_311_553, 0),
    # the teaching notebooks
    ("gan", MNIST, {}, "generator", 1_952_528, 0),
    ("gan", MNIST, {}, "discriminator", 267_009, 0),
    ("gan", MNIST, {"latent": 4}, "generator", 1_858_320, 0),
    ("gan", MNIST, {"latent": 100, "generator_widths": (128,)}, "generator", 114_064, 0),
    ("gan", MNIST, {"discriminator_widths": (128,)}, "discriminator", 100_609, 0),
    # the first GAN's mnist.yaml
    ("gan-original", MNIST, {}, "generator", 2_503_984, 0),
    ("gan-original", MNIST, {}, "discriminator", 1_231_441, 0),
    # CS231n's course; keras-dcgan; the article for beginners
    ("dcgan-cs231n", MNIST, {}, "generator", 6_675_009, None),
    ("dcgan-cs231n", MNIST, {}, "discriminator", 1_102_721, 0),
    ("dcgan-tanh", MNIST, {}, "generator", 6_763_777 - 12_544, 12_544),
    ("dcgan-tanh", MNIST, {}, "discriminator", 3_485_441, 0),
    ("dcgan-beginners", MNIST, {}, "generator", 1_186_945, None),
    ("dcgan-beginners", MNIST, {}, "discriminator", 28_577, 0),
    # run_mnist_exp.py of the InfoGAN authors; a bias more where their normalisation follows
    ("infogan", MNIST, {}, "generator", 6_652_481, None),
    ("autoencoder", MNIST, {}, "encoder", 109_555, 0),
    ("autoencoder", MNIST, {}, "decoder", 110_336, 0),
    ("simple-autoencoder", MNIST, {}, "encoder", 108_736, 0),
    ("simple-autoencoder", MNIST, {}, "", 218_192, 0),
    ("conv-autoencoder", MNIST, {}, "encoder", 1_320, 0),
    ("conv-autoencoder", MNIST, {}, "decoder", 4_409, 0),
    ("vae", MNIST, {}, "", 652_824, 0),
    ("vae", MNIST, {"widths": (512,), "latent": 2}, "", 807_700, 0),  # Keras' own
    ("conv-vae", MNIST, {}, "encoder", 69_076, 0),
    ("conv-vae", MNIST, {}, "decoder", 65_089, 0),
    ("mnist-mlp", MNIST, {}, "", 136_074, 0),
    ("mnist-cnn", MNIST, {}, "", 1_199_882, 0),
    # Keras cifar10_cnn.py; antirectifier.py, and ReLU networks as wide and twice as wide
    ("cifar10-cnn", (3, 32, 32), {}, "", 1_250_858, 0),
    ("antirectifier", MNIST, {}, "", 337_418, 0),
    ("antirectifier", MNIST, {"activation": "relu"}, "", 269_322, 0),
    ("antirectifier", MNIST, {"activation": "relu", "widths": (512, 512)}, "", 669_706, 0),
]


@pytest.mark.parametrize(("name", "shape", "settings", "network", "count", "statistics"), ORIGINALS)
def test_networks_are_as_large_as_the_originals(name, shape, settings, network, count, statistics):
    # breaks when a layer, a bias or a default width departs from what the docstring claims
    found = empty(name, shape, **settings).get_submodule(network)
    assert trainable(found) == count
    assert statistics is None or running(found) == statistics


def test_infogans_discriminator_is_as_large_as_the_original():
    # its head Q is counted apart there
    network = empty("infogan").discriminator
    assert trainable(network.features) + trainable(network.source) == 6_559_169
    assert trainable(network.read) == 133_004


def test_the_curves_networks_are_the_tutorials():
    with torch.device("meta"):
        kind = registry.find("gan-1d")
        model = kind(kind.Config(), Spec("point", point=Vector(2)))
    assert (trainable(model.generator), trainable(model.discriminator)) == (122, 101)
    made = model.optimizer("generator", [nn.Parameter(torch.zeros(1))])
    assert (made.param_groups[0]["lr"], made.param_groups[0]["betas"]) == (1e-3, (0.9, 0.999))


def maps_of(network: nn.Module, entry: torch.Tensor, kinds: tuple[type[nn.Module], ...]) -> list:
    """Return the output shapes of all layers of these kinds, channels last as in the notes."""
    found = []

    def note(_: nn.Module, __: Any, output: torch.Tensor) -> None:
        channels, *sides = output.shape[1:]
        found.append((*sides, channels))

    for module in network.modules():
        if isinstance(module, kinds):
            module.register_forward_hook(note)
    network.eval()(entry)
    return found


def test_the_notes_discriminator_has_the_notes_layers():
    network = empty("dcgan-mnist").discriminator
    picture = torch.empty(1, *MNIST, device="meta")
    kinds = (nn.Conv2d, nn.Flatten, nn.Linear)
    assert maps_of(network, picture, kinds) == [
        (14, 14, 64), (7, 7, 128), (4, 4, 256), (4, 4, 512), (8192,), (1,)
    ]  # fmt: skip


def test_the_notes_generator_has_the_notes_layers():
    network = empty("dcgan-mnist").generator
    noise = torch.empty(1, 100, device="meta")
    kinds = (nn.Linear, nn.Unflatten, nn.Upsample, nn.Conv2d)
    assert maps_of(network, noise, kinds) == [
        (12544,), (7, 7, 256), (14, 14, 256), (14, 14, 128),
        (28, 28, 128), (28, 28, 64), (28, 28, 32), (28, 28, 1),
    ]  # fmt: skip


def test_the_acgans_maps_are_those_of_keras():
    model, early = empty("acgan"), empty("acgan-early")
    code = torch.empty(1, 100, device="meta")
    up = maps_of(model.generator.drawing, code, (nn.ConvTranspose2d,))
    assert up == [(7, 7, 192), (14, 14, 96), (28, 28, 1)]
    up = maps_of(early.generator.drawing, code, (nn.Conv2d,))
    assert up == [(14, 14, 256), (28, 28, 128), (28, 28, 1)]
    for judge in (model.discriminator, early.discriminator):
        down = maps_of(judge.features, torch.empty(1, *MNIST, device="meta"), (nn.Conv2d,))
        assert down == [(14, 14, 32), (14, 14, 64), (7, 7, 128), (7, 7, 256)]


def test_the_cifar10_cnns_maps_and_dropouts_are_those_of_the_notes():
    model = empty("cifar10-cnn", (3, 32, 32))
    picture = torch.empty(1, 3, 32, 32, device="meta")
    assert maps_of(model, picture, (nn.Conv2d, nn.MaxPool2d, nn.Flatten, nn.Linear)) == [
        (32, 32, 32), (30, 30, 32), (15, 15, 32), (15, 15, 64), (13, 13, 64), (6, 6, 64),
        (2304,), (512,), (10,),
    ]  # fmt: skip
    assert [m.p for m in model.modules() if isinstance(m, nn.Dropout)] == [0.25, 0.25, 0.5]


def test_the_autoencoders_maps_are_the_notes():
    model = empty("conv-autoencoder")
    picture = torch.empty(1, *MNIST, device="meta")
    down = maps_of(model.encoder, picture, (nn.Conv2d, nn.MaxPool2d))
    assert down == [(10, 10, 16), (5, 5, 16), (3, 3, 8), (2, 2, 8)]
    up = maps_of(model.decoder, torch.empty(1, 32, device="meta"), (nn.ConvTranspose2d,))
    assert up == [(5, 5, 16), (15, 15, 8), (28, 28, 1)]


def kinds(network: nn.Module) -> list[str]:
    return [type(module).__name__ for module in network.modules() if not list(module.children())]


def test_what_has_no_weights_is_where_the_originals_have_it():
    # breaks when a dropout or an activation is lost: no parameter count tells
    model = empty("dcgan-mnist")
    assert kinds(model.discriminator) == ["Conv2d", "LeakyReLU", "Dropout"] * 4 + [
        "Flatten", "Linear",
    ]  # fmt: skip
    assert kinds(model.generator) == [
        "Linear", "BatchNorm1d", "ReLU", "Unflatten", "Dropout",
        *["Upsample", "Conv2d", "BatchNorm2d", "ReLU"] * 2,
        "Conv2d", "BatchNorm2d", "ReLU", "Conv2d", "Sigmoid",
    ]  # fmt: skip
    assert {m.p for m in model.modules() if isinstance(m, nn.Dropout)} == {0.4}
    model = empty("acgan")
    assert kinds(model.discriminator.features) == ["Conv2d", "LeakyReLU", "Dropout"] * 4 + [
        "Flatten"
    ]  # fmt: skip
    # here the ReLU comes before the normalisation
    assert kinds(model.generator.drawing) == [
        "Linear", "ReLU", "Unflatten",
        *["ConvTranspose2d", "ReLU", "BatchNorm2d"] * 2, "ConvTranspose2d", "Tanh",
    ]  # fmt: skip
    rates = {m.p for m in model.modules() if isinstance(m, nn.Dropout)}
    slopes = [
        {m.negative_slope for m in made.modules() if isinstance(m, nn.LeakyReLU)}
        for made in (model, empty("acgan-early"), empty("dcgan-mnist"), empty("gan"))
    ]
    assert (rates, slopes) == ({0.3}, [{0.2}, {0.3}, {0.2}, {0.2}])
    assert "BatchNorm2d" not in kinds(empty("acgan-early"))
    assert kinds(empty("mnist-cnn")) == [
        "Conv2d", "ReLU", "Conv2d", "ReLU", "MaxPool2d", "Dropout", "Flatten",
        "Linear", "ReLU", "Dropout", "Linear",
    ]  # fmt: skip


# model -> player, optimiser, its settings, items a batch
LEARNING: list[tuple[str, str, str, dict[str, Any], int]] = [
    ("gan", "generator", "Adam", {"lr": 3e-4, "betas": (0.5, 0.999)}, 128),
    ("gan", "discriminator", "Adam", {"lr": 3e-4, "betas": (0.5, 0.999)}, 128),
    ("dcgan", "generator", "Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}, 128),
    ("acgan", "discriminator", "Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}, 100),
    ("acgan-early", "generator", "Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}, 100),
    ("dcgan-mnist", "generator", "RMSprop", {"lr": 1e-4, "alpha": 0.9, "eps": 1e-7}, 256),
    ("dcgan-mnist", "discriminator", "RMSprop", {"lr": 2e-4, "alpha": 0.9, "eps": 1e-7}, 256),
    ("wgan-gp", "critic", "Adam", {"lr": 1e-4, "betas": (0.5, 0.9)}, 64),
    ("cgan", "generator", "Adam", {"lr": 5e-4, "betas": (0.5, 0.999)}, 128),
    ("infogan", "generator", "Adam", {"lr": 1e-3, "betas": (0.5, 0.999)}, 128),
    ("infogan", "discriminator", "Adam", {"lr": 2e-4, "betas": (0.5, 0.999)}, 128),
    ("bigan", "encoder+generator", "Adam", {"lr": 2e-4, "weight_decay": 2.5e-5}, 128),
    ("gan-original", "generator", "SGD", {"lr": 0.1, "momentum": 0.5}, 100),
    ("gan-original", "discriminator", "SGD", {"lr": 0.05, "momentum": 0.5}, 100),
    ("lsgan", "discriminator", "Adam", {"lr": 3e-4, "betas": (0.5, 0.999)}, 128),
    ("dcgan-cs231n", "generator", "Adam", {"lr": 3e-4, "betas": (0.5, 0.999)}, 128),
    ("dcgan-tanh", "generator", "SGD", {"lr": 1e-3, "momentum": 0.9, "nesterov": True}, 128),
    ("dcgan-beginners", "generator", "Adam", {"lr": 1e-3, "betas": (0.9, 0.999)}, 16),
    ("autoencoder", "model", "Adam", {"lr": 1e-3, "betas": (0.9, 0.999)}, 128),
    ("simple-autoencoder", "model", "Adam", {"lr": 1e-3, "weight_decay": 0}, 256),
    ("conv-autoencoder", "model", "Adam", {"lr": 1e-3, "weight_decay": 1e-5}, 128),
    ("conv-vae", "model", "Adam", {"lr": 1e-3, "betas": (0.9, 0.999)}, 128),
    ("iwae", "model", "Adam", {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-4}, 20),
    ("vae", "model", "Adam", {"lr": 1e-3, "betas": (0.9, 0.999)}, 128),
    ("mnist-mlp", "model", "SGD", {"lr": 0.1, "momentum": 0, "weight_decay": 0}, 256),
    # not PyTorch's nor TensorFlow 2's own rate, with which it learns nothing in 12 epochs
    ("mnist-cnn", "model", "Adadelta", {"lr": 1.0, "rho": 0.95}, 128),
    ("mnist-transfer", "head", "Adadelta", {"lr": 1.0, "rho": 0.95, "eps": 1e-7}, 128),
    # 1e-3 does not converge; the decay is the rate's, not the weights'
    ("cifar10-cnn", "model", "RMSprop", {"lr": 1e-4, "alpha": 0.9, "weight_decay": 0}, 32),
    ("antirectifier", "model", "RMSprop", {"lr": 1e-3, "alpha": 0.9, "eps": 1e-7}, 128),
]


@pytest.mark.parametrize(("name", "player", "optimiser", "settings", "batch_size"), LEARNING)
def test_players_learn_as_the_originals_do(name, player, optimiser, settings, batch_size):
    model = empty(name)
    made = model.optimizer(player, [nn.Parameter(torch.zeros(1))])
    assert type(made).__name__ == optimiser
    assert {key: made.param_groups[0][key] for key in settings} == settings
    assert model.recipe.batch_size == batch_size


def test_the_penaltys_weight_and_the_critics_turns_are_the_papers():
    config = empty("wgan-gp").config
    assert (config.penalty, config.critic_steps) == (10, 5)
    assert empty("acgan").config.real_target == 0.95
    assert empty("acgan-early").config.real_target == 1
