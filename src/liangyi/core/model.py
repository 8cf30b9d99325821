"""Model and Update: networks that say how they learn."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images, Spec
from liangyi.core.config import Config, Training
from liangyi.core.errors import UserError

Player = nn.Module | nn.Parameter


class Update:
    """Lower `loss` by moving the weights of `player` and nobody else's.

    Args:
        player: a submodule or parameter of the model, or the model itself.
        loss: scalar.
        **metrics: scalars to report under these names.
    """

    __slots__ = ("loss", "metrics", "player")

    def __init__(self, player: Player, loss: Tensor, /, **metrics: Tensor) -> None:
        self.player = player
        self.loss = loss
        self.metrics = {name: value.detach() for name, value in metrics.items()}


Turn = Update | tuple[Update, ...]  # a tuple is applied at once: all losses see the same weights


class Model(nn.Module, ABC):
    """Networks together with the algorithm that trains them.

    A subclass says what batches it eats, builds its networks from the data's spec, and yields an
    `Update` for each turn of its algorithm. Code after a `yield` sees the moved weights.
    """

    eats: ClassVar[tuple[type[Any], ...]] = (Images,)
    image_range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    recipe: ClassVar[Training] = Training()  # how `liangyi train` trains when nothing is said
    data: ClassVar[str] = "digits"  # what `liangyi train` feeds when nothing is said

    Config: ClassVar[type[Any]] = Config

    if TYPE_CHECKING:
        # networks, and the verbs that a model may have
        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, config: Any, spec: Spec) -> None:
        super().__init__()
        self.config = config
        self.spec = spec

    @classmethod
    def batch_type(cls, spec: Spec) -> type[Any]:
        """Return the batch type that this model takes from such data.

        Raises:
            UserError: the data has nothing that the model eats.
        """
        for kind in cls.eats:
            if spec.serves(kind):
                return kind
        wanted = " or ".join(kind.__name__ for kind in cls.eats)
        raise UserError(
            f"{cls.name()} learns from {wanted}, this data serves {spec.kind}; "
            f"try --data {cls.data}"
        )

    @classmethod
    def name(cls) -> str:
        """Return the registered name."""
        return getattr(cls, "registered", cls.__name__)

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def stages(self) -> tuple[int, ...]:
        """Steps at which the algorithm begins to do something else."""
        return (0,)

    @abstractmethod
    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Yield one `Update` for each turn of the algorithm; every model says its own."""

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimiser of one player; by default Adam with the config's rate and betas."""
        betas = getattr(self.config, "betas", (0.9, 0.999))
        return torch.optim.Adam(weights, lr=self.config.learning_rate, betas=betas, fused=True)

    def schedule(self, player: str, step: int) -> float:
        """Return what the player's learning rate is multiplied by at a step."""
        return 1.0

    def verbs(self) -> list[str]:
        """Return what this model can do besides learning."""
        return [name for name in dir(type(self)) if hasattr(getattr(type(self), name), "is_verb")]


P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Model)


def verb(method: Callable[Concatenate[M, P], R]) -> Callable[..., R]:
    """Make a method one of the model's public verbs.

    It runs in evaluation mode without gradients and leaves the model's mode and the caller's random
    state as it found them. It takes `seed=0` for its random numbers, and `first=0`, the number of
    its first row: what `sample(5, first=3)` gives are the last five of `sample(8)`.
    """

    @functools.wraps(method)
    def run(self: M, *args: Any, seed: int = 0, first: int = 0, **kwargs: Any) -> R:
        modes = [(module, module.training) for module in self.modules()]
        self.eval()
        try:
            with draw.fixed(seed, self.device, first), torch.no_grad():
                return method(self, *args, **kwargs)
        finally:
            for module, mode in modes:
                module.training = mode

    run.is_verb = True  # type: ignore[attr-defined]
    return run
