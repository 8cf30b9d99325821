"""A plain PyTorch loop on our model, without our trainer: `updates` asks nothing of it."""

import sys

import torch

import liangyi

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
torch.manual_seed(0)

source = liangyi.choose("digits")
data = source.split("train")
model = liangyi.create("dcgan", "digits", width=32)
optimizers = {
    player: torch.optim.Adam(player.parameters(), lr=2e-4, betas=(0.5, 0.999))
    for player in (model.generator, model.discriminator)
}
for step in range(steps):
    batch = data.batch(model.Batch, torch.randint(len(data), (64,)), value_range=model.image_range)
    for update in model.updates(batch, step):  # code after a yield sees the moved weights
        optimizer = optimizers[update.player]
        optimizer.zero_grad()
        update.loss.backward(inputs=list(update.player.parameters()))
        optimizer.step()
    if step % 200 == 0:
        print(step, f"{update.loss.item():.3f}")
print(model.sample(16).shape)
