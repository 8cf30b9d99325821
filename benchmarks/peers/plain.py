"""PyTorch in the manner of its official examples (pytorch/examples, dcgan and vae).

The GAN's step keeps the example's order: D's gradients of the real batch, then of the same fakes
that G is judged by, D moves, G moves; G's turn also fills D's gradients, which nobody uses; the
losses are read each step. Differences: the loss takes logits, and the VAE's is the plain one of
arXiv:1312.6114, without the constant of a continuous Bernoulli law that the example adds today.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.harness import Prepared
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.resident import batches
from benchmarks.peers.stretch import repeated, stretches

Step = Callable[[Tensor, Tensor], tuple[float, float]]


def gan_step(
    generator: nn.Module,
    discriminator: nn.Module,
    generator_optimizer: torch.optim.Optimizer,
    discriminator_optimizer: torch.optim.Optimizer,
    bfloat16: bool = False,
) -> Step:
    """Return (real, noise) -> (discriminator's loss, generator's loss), which makes one step."""
    criterion = nn.BCEWithLogitsLoss()

    def step(real: Tensor, noise: Tensor) -> tuple[float, float]:
        autocast = torch.autocast(real.device.type, torch.bfloat16, enabled=bfloat16)
        ones = torch.ones(len(real), 1, device=real.device)
        zeros = torch.zeros(len(real), 1, device=real.device)
        discriminator_optimizer.zero_grad()
        with autocast:
            real_loss = criterion(discriminator(real), ones)
        real_loss.backward()
        with autocast:
            fake = generator(noise)
            fake_loss = criterion(discriminator(fake.detach()), zeros)
        fake_loss.backward()
        discriminator_optimizer.step()
        generator_optimizer.zero_grad()
        with autocast:
            generator_loss = criterion(discriminator(fake), ones)
        generator_loss.backward()
        generator_optimizer.step()
        return real_loss.item() + fake_loss.item(), generator_loss.item()

    return step


def dcgan_step(generator: nn.Module, discriminator: nn.Module, bfloat16: bool = False) -> Step:
    """Return the step of these networks with the optimisers of `dcgan-mnist`."""
    return gan_step(
        generator,
        discriminator,
        torch.optim.RMSprop(generator.parameters(), lr=1e-4, alpha=0.9, eps=1e-7),
        torch.optim.RMSprop(discriminator.parameters(), lr=2e-4, alpha=0.9, eps=1e-7),
        bfloat16,
    )


def uniform(count: int, device: str) -> Tensor:
    """Return noise of U(-1, 1), [count 100]."""
    return torch.rand(count, networks.LATENT, device=device) * 2 - 1


def dcgan(batch: int, device: str, bfloat16: bool) -> Prepared:
    generator = networks.dcgan_generator().to(device)
    discriminator = networks.dcgan_discriminator().to(device)
    step = dcgan_step(generator, discriminator, bfloat16)
    real = batches(batch, device=device)
    run = repeated(lambda made: step(real[made % len(real)], uniform(batch, device)), device)
    facts = {
        "precision": "bfloat16 autocast" if bfloat16 else "float32",
        "weights": networks.count(generator, discriminator),
    }
    return stretches(run, batch, warm=2, seconds=3), facts


def mlp_gan(batch: int, device: str) -> Prepared:
    generator = networks.mlp_generator().to(device)
    discriminator = networks.mlp_discriminator().to(device)
    step = gan_step(
        generator,
        discriminator,
        torch.optim.Adam(generator.parameters(), lr=3e-4, betas=(0.5, 0.999)),
        torch.optim.Adam(discriminator.parameters(), lr=3e-4, betas=(0.5, 0.999)),
    )
    real = batches(batch, low=-1, device=device)
    run = repeated(lambda made: step(real[made % len(real)], uniform(batch, device)), device)
    facts = {"precision": "float32", "weights": networks.count(generator, discriminator)}
    return stretches(run, 1, warm=20, seconds=1), facts


def vae(batch: int, device: str) -> Prepared:
    model = networks.VAE().to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images = batches(batch, device=device)

    def step(made: int) -> None:
        image = images[made % len(images)]
        optimizer.zero_grad()
        pixels, mean, log_variance = model(image)
        loss = functional.binary_cross_entropy(pixels, image.flatten(1), reduction="sum")
        loss = loss - 0.5 * torch.sum(1 + log_variance - mean.pow(2) - log_variance.exp())
        loss.backward()
        loss.item()
        optimizer.step()

    facts = {"precision": "float32", "weights": networks.count(model)}
    return stretches(repeated(step, device), batch, warm=20, seconds=1), facts
