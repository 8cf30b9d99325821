"""Pictures of one's own: a folder, an array in memory, and labels beside."""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

import liangyi

steps = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("runs/own-data")

# two kinds of pictures: bright squares at the left, bright squares at the right
rng = np.random.default_rng(0)
label = rng.integers(0, 2, 400)
pictures = rng.integers(0, 40, (400, 20, 20), dtype=np.uint8)
for picture, side in zip(pictures, label, strict=True):
    picture[5:15, 10 * side : 10 * side + 10] += 200

# an array in memory; labels beside it
run = liangyi.train("dcgan", pictures, out=place / "array", steps=steps, width=16)
labelled = {"image": pictures, "label": label}
liangyi.train("acgan", labelled, out=place / "labelled", steps=steps, width=4, depth=8)

# a folder, each class in a folder of its own
for number, (picture, side) in enumerate(zip(pictures, label, strict=True)):
    folder = place / "pictures" / ("left", "right")[side]
    folder.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture).save(folder / f"{number:03d}.png")
liangyi.train("dcgan", place / "pictures", out=place / "folder", steps=steps, width=16)
print(run)
