"""Train, load, draw: the whole way in ten lines."""

import sys
from pathlib import Path

import liangyi

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 6000
place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("runs/first-training")

run = liangyi.train("dcgan", "digits", out=place, steps=steps)
model = liangyi.load(run)
pictures = model.sample(64)  # [64 1 8 8], in model.image_range, the same for the same seed
print(run, pictures.shape, *liangyi.diagnose(run), sep="\n")
