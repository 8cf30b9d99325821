"""The classifier of `cifar10-cnn` in plain PyTorch: torchvision's transforms, a `DataLoader`."""

from __future__ import annotations

import itertools

import torch
from torch import nn
from torchvision.transforms import v2

from benchmarks.harness import Prepared
from benchmarks.peers import plain_networks as networks
from benchmarks.peers.resident import photographs
from benchmarks.peers.stretch import repeated, stretches


class Moved(torch.utils.data.Dataset):  # type: ignore[type-arg]
    """Pictures, each shifted and mirrored by torchvision when it is asked for."""

    def __init__(self) -> None:
        self.image, self.label = photographs()
        self.change = v2.Compose(
            [
                v2.RandomAffine(0, translate=(0.1, 0.1)),
                v2.RandomHorizontalFlip(),
                v2.ToDtype(torch.float32, scale=True),
            ]
        )

    def __len__(self) -> int:
        return len(self.image)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self.change(self.image[number]), self.label[number]


def network() -> nn.Sequential:
    """Return the network, 1,250,858 weights."""
    found: list[nn.Module] = []
    for inputs, outputs in ((3, 32), (32, 64)):
        found += [
            nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25),
        ]  # fmt: skip
    head = [nn.Flatten(), nn.Linear(2304, 512), nn.ReLU(), nn.Dropout(0.5), nn.Linear(512, 10)]
    return nn.Sequential(*found, *head)


def cifar10(batch: int, device: str) -> Prepared:
    """Train in the manner of PyTorch's own examples."""
    model = network().to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-4, alpha=0.9, eps=1e-7)
    decay = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + 1e-6 * step))
    loader = torch.utils.data.DataLoader(Moved(), batch, shuffle=True, drop_last=True)
    batches = itertools.chain.from_iterable(loader for _ in itertools.count())

    def step(made: int) -> None:
        image, label = (part.to(device) for part in next(batches))
        optimizer.zero_grad()
        loss = criterion(model(image), label)
        loss.backward()
        loss.item()
        optimizer.step()
        decay.step()

    facts = {"precision": "float32", "weights": networks.count(model)}
    return stretches(repeated(step, device), batch, warm=20, seconds=3), facts
