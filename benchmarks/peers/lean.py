"""The loop of somebody who counts calls: as fast as eager PyTorch goes without hand-made gradients.

Fused Adam, losses of logits, no gradients for weights that do not move, one loss read a step.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

from benchmarks.harness import Prepared
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.plain import uniform
from benchmarks.peers.resident import batches
from benchmarks.peers.stretch import repeated, stretches


def gan_step(generator: nn.Module, discriminator: nn.Module) -> Callable[[Tensor, Tensor], None]:
    """Return (real, noise) -> one step of the smallest GAN of the notes."""
    first = torch.optim.Adam(discriminator.parameters(), lr=3e-4, betas=(0.5, 0.999), fused=True)
    second = torch.optim.Adam(generator.parameters(), lr=3e-4, betas=(0.5, 0.999), fused=True)
    moved = list(generator.parameters())

    def step(real: Tensor, noise: Tensor) -> None:
        fake = generator(noise)
        ones = torch.ones(len(real), 1, device=real.device)
        loss = binary_cross_entropy_with_logits(discriminator(real), ones)
        loss = loss + softplus(discriminator(fake.detach())).mean()
        first.zero_grad()
        loss.backward()
        first.step()
        loss = softplus(-discriminator(fake)).mean()
        second.zero_grad()
        loss.backward(inputs=moved)
        second.step()
        demand_finite(loss)

    return step


def mlp_gan(batch: int, device: str) -> Prepared:
    generator = networks.mlp_generator().to(device)
    discriminator = networks.mlp_discriminator().to(device)
    step = gan_step(generator, discriminator)
    images = batches(batch, low=-1, device=device)
    run = repeated(lambda made: step(images[made % len(images)], uniform(batch, device)), device)
    facts = {"precision": "float32", "weights": networks.count(generator, discriminator)}
    return stretches(run, 1, warm=20, seconds=1), facts


def vae(batch: int, device: str) -> Prepared:
    encoder = torch.nn.Sequential(
        torch.nn.Linear(784, 400), torch.nn.ReLU(), torch.nn.Linear(400, 40)
    ).to(device)
    decoder = torch.nn.Sequential(
        torch.nn.Linear(20, 400), torch.nn.ReLU(), torch.nn.Linear(400, 784)
    ).to(device)
    weights = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(weights, lr=1e-3, fused=True)
    images = [image.flatten(1) for image in batches(batch, device=device)]

    def step(made: int) -> None:
        image = images[made % len(images)]
        mean, log_variance = encoder(image).chunk(2, 1)
        code = torch.addcmul(mean, (log_variance / 2).exp(), torch.randn_like(mean))
        loss = binary_cross_entropy_with_logits(decoder(code), image, reduction="sum")
        spread = mean.square() + torch.expm1(log_variance) - log_variance
        loss = (loss + 0.5 * spread.sum()) / batch
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        demand_finite(loss)

    facts = {"precision": "float32", "weights": networks.count(encoder, decoder)}
    return stretches(repeated(step, device), batch, warm=20, seconds=1), facts


def demand_finite(loss: torch.Tensor) -> None:
    # nobody trains without looking for NaN
    if not torch.isfinite(loss).item():
        raise FloatingPointError("the loss is no longer finite")
