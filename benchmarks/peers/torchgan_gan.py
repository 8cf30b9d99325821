"""torchgan's trainer, with the networks of `plain_networks`.

A step is the body of the loop in its `train`: the losses' own training steps, in the order of its
documentation (generator first, each turn on new noise), and its logger. Its end of an epoch is left
out: besides checkpoints it draws an image grid with an argument that torchvision has removed.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor
from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
from torchgan.models import Discriminator, Generator
from torchgan.trainer import Trainer

from benchmarks.harness import Prepared
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.resident import batches
from benchmarks.peers.stretch import repeated, stretches


class DCGANGenerator(Generator):
    def __init__(self) -> None:
        super().__init__(encoding_dims=networks.LATENT)
        self.network = networks.dcgan_generator()

    def forward(self, noise: Tensor) -> Tensor:
        return self.network(noise)


class DCGANDiscriminator(Discriminator):
    def __init__(self) -> None:
        super().__init__(input_dims=1)
        self.network = networks.dcgan_discriminator()

    def forward(self, image: Tensor) -> Tensor:
        return self.network(image)


def rmsprop(rate: float) -> dict[str, object]:
    settings = {"lr": rate, "alpha": 0.9, "eps": 1e-7}
    return {"name": torch.optim.RMSprop, "args": settings}


def dcgan(batch: int, device: str) -> Prepared:
    scratch = Path(tempfile.mkdtemp())
    trainer = Trainer(
        {
            "generator": {"name": DCGANGenerator, "optimizer": rmsprop(1e-4)},
            "discriminator": {"name": DCGANDiscriminator, "optimizer": rmsprop(2e-4)},
        },
        [MinimaxGeneratorLoss(), MinimaxDiscriminatorLoss()],
        device=torch.device(device),
        checkpoints=str(scratch / "gan"),
        recon=str(scratch / "images"),
    )
    trainer.batch_size = batch
    trainer.generator.train()
    trainer.discriminator.train()
    images = batches(batch, device=device)

    def step(made: int) -> None:
        trainer.real_inputs = images[made % len(images)].to(trainer.device)
        generator_loss, discriminator_loss, generated, judged = trainer.train_iter()
        trainer.loss_information["generator_losses"] += generator_loss
        trainer.loss_information["discriminator_losses"] += discriminator_loss
        trainer.loss_information["generator_iters"] += generated
        trainer.loss_information["discriminator_iters"] += judged
        trainer.logger.run_mid_epoch(trainer)

    weights = networks.count(trainer.generator, trainer.discriminator)
    facts = {"precision": "float32", "weights": weights}
    return stretches(repeated(step, device), batch, warm=2, seconds=3), facts
