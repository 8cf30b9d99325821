"""pythae's trainer and its VAE, with networks of our widths instead of its 512.

A stretch is whole epochs of its own `train_step`, over resident batches in the place of its
DataLoader, which would collate pictures one by one.
"""

from __future__ import annotations

import tempfile

import torch
from pythae.data.datasets import BaseDataset, DatasetOutput
from pythae.models import VAE, VAEConfig
from pythae.models.base.base_utils import ModelOutput
from pythae.models.nn import BaseDecoder, BaseEncoder
from pythae.trainers import BaseTrainer, BaseTrainerConfig
from torch import Tensor, nn

from benchmarks.harness import Prepared
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.resident import batches
from benchmarks.peers.stretch import stretches


class Encoder(BaseEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Sequential(nn.Flatten(), nn.Linear(784, 400), nn.ReLU())
        self.mean = nn.Linear(400, 20)
        self.log_variance = nn.Linear(400, 20)

    def forward(self, image: Tensor) -> ModelOutput:
        hidden = self.hidden(image)
        return ModelOutput(embedding=self.mean(hidden), log_covariance=self.log_variance(hidden))


class Decoder(BaseDecoder):
    def __init__(self) -> None:
        super().__init__()
        self.network = nn.Sequential(
            nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid()
        )

    def forward(self, code: Tensor) -> ModelOutput:
        return ModelOutput(reconstruction=self.network(code).unflatten(1, (1, 28, 28)))


class Batches(list):
    """Batches that can tell how many pictures they hold, as a DataLoader can."""

    def __init__(self, images: list[Tensor]) -> None:
        super().__init__(
            DatasetOutput(data=image, labels=torch.zeros(len(image))) for image in images
        )
        self.dataset = range(sum(map(len, images)))


def vae(batch: int) -> Prepared:
    config = VAEConfig(input_dim=(1, 28, 28), latent_dim=20, reconstruction_loss="bce")
    model = VAE(config, encoder=Encoder(), decoder=Decoder())
    images = batches(batch)
    joined = torch.cat(images)
    trainer = BaseTrainer(
        model,
        BaseDataset(joined, torch.zeros(len(joined))),
        training_config=BaseTrainerConfig(
            output_dir=tempfile.mkdtemp(),
            learning_rate=1e-3,
            per_device_train_batch_size=batch,
            no_cuda=True,
        ),
    )
    trainer.prepare_training()
    trainer.train_loader = Batches(images)

    def run(epochs: int) -> None:
        for epoch in range(epochs):
            trainer.train_step(epoch)

    facts = {"precision": "float32", "weights": networks.count(model.encoder, model.decoder)}
    return stretches(run, len(joined), warm=5, seconds=1), facts
