"""A game in the plane, look by look, as data, for figures and animations.

One .npz for each game, in OUT/frames; float32 but for `step`:

    step       [T]      steps made at each look
    real       [N 2]    points of the data, the same at every look
    fake       [T M 2]  generated points, of the same noise at every look
    x, y       [W] [H]  the grid on which the adversary was asked
    judgement  [T H W]  its logits or values there: higher is more real
    pull       [T M 2]  where the generator's loss wants each generated point to go: -M dL/dx

A game of two numbers has `point` [T 2], its places, and `flow` [H W 2], where both players want to
go from each place of the grid, instead of the last five.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liangyi.core import files
from liangyi.core.model import Model
from liangyi.lab.fitting import drawn
from liangyi.losses import adversarial

Loss = Callable[[Tensor], Tensor]  # of a generator: of what the adversary says of its points
_CELLS, _POINTS = 41, 250


class Frames:
    """The states of one game.

    Args:
        real: points of the data [N 2].
        reach: the grid goes from -reach to reach in both directions.
        loss: of the generator.
    """

    def __init__(
        self, real: Tensor, reach: float = 2.0, loss: Loss = adversarial.nonsaturating
    ) -> None:
        self.real, self.loss = real[:_POINTS], loss
        self.side = torch.linspace(-reach, reach, _CELLS, device="cpu")
        self.looks: dict[str, list[Any]] = {"step": [], "fake": [], "judgement": [], "pull": []}

    def look(self, step: int, model: Model) -> None:
        """Note the state after so many steps."""
        fake = drawn(model, _POINTS)
        y, x = torch.meshgrid(self.side, self.side, indexing="ij")
        # an adversary of packs is asked about packs of one point
        place = torch.stack([x.flatten(), y.flatten()], 1)
        place = place.repeat_interleave(getattr(model.config, "pack", 1), 0)
        with torch.no_grad():
            said = model.judgement(model.Batch(place)).view(_CELLS, _CELLS)
        pull = -len(fake) * self.slope(model, fake)
        for name, value in zip(self.looks, (step, fake, said, pull), strict=True):
            self.looks[name].append(value)

    def slope(self, model: Model, fake: Tensor) -> Tensor:
        """Return the gradient of the generator's loss by its points [M 2]."""
        fake = fake.detach().requires_grad_()
        (found,) = torch.autograd.grad(self.loss(model.judgement(model.Batch(fake))), fake)
        return found

    def save(self, path: Path) -> None:
        """Write the looks so far."""
        looks = {name: torch.stack(v) for name, v in self.looks.items() if name != "step"}
        step = torch.tensor(self.looks["step"], device="cpu")
        save(path, step=step, real=self.real, x=self.side, y=self.side, **looks)


def save(path: Path, **arrays: Tensor) -> None:
    """Write named arrays as .npz."""
    written = io.BytesIO()
    plain: dict[str, Any] = {name: value.detach().numpy() for name, value in arrays.items()}
    wide = {name: value.astype(np.float32) for name, value in plain.items()
            if value.dtype == np.float64}  # fmt: skip
    np.savez_compressed(written, **(plain | wide))
    files.write(path, written.getvalue())


def load(path: Path) -> dict[str, Any]:
    """Return the named arrays of a file."""
    with np.load(path, allow_pickle=False) as found:
        return dict(found)
