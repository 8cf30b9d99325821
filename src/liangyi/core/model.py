"""Model and Update: networks that say how they learn, and what they can do."""

from __future__ import annotations

import difflib
import functools
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, Literal, ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from liangyi.core import draw
from liangyi.core.batch import Images
from liangyi.core.cell import cell
from liangyi.core.config import Config, Training
from liangyi.core.counts import few, plural
from liangyi.core.errors import UserError, shown
from liangyi.core.spec import Field, Spec, fields_of

Part = nn.Module | nn.Parameter
Player = Part | tuple[Part, ...]
Kernel = Callable[[], Mapping[str, Tensor]]


class Update:
    """Lower `loss` by moving the weights of `player` and nobody else's.

    Args:
        player: a submodule or parameter of the model, several of them, or the model itself.
        loss: scalar.
        by: moves the player itself, by a closed form or a loop of its own, instead of a loss and an
            optimiser; returns metrics.
        **metrics: scalars to report under these names.
    """

    __slots__ = ("by", "loss", "metrics", "player")

    def __init__(
        self,
        player: Player,
        loss: Tensor | None = None,
        /,
        *,
        by: Kernel | None = None,
        **metrics: Tensor,
    ) -> None:
        if (loss is None) == (by is None):
            raise TypeError("an update wants a loss to lower, or a kernel that moves its player")
        self.player, self.loss, self.by = player, loss, by
        self.metrics = {name: value.detach() for name, value in metrics.items()}


Turn = Update | tuple[Update, ...]  # a tuple is applied at once: all losses see the same weights


@dataclass(frozen=True)
class Verb:
    """Something that a model can do besides learning."""

    name: str
    about: str  # first line of its docstring
    parameters: Mapping[str, inspect.Parameter]  # `self`, `seed` and `first` left out


class Model(nn.Module, ABC):
    """Networks together with the algorithm that trains them.

    A subclass says what batches it eats, builds its networks from the data's spec, and yields an
    `Update` for each turn of its algorithm. Code after a `yield` sees the moved weights.
    """

    eats: ClassVar[tuple[type[Any], ...]] = (Images,)
    image_range: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    adversary: ClassVar[Literal["", "logits", "values"]] = ""  # what `judgement` gives, if anything
    recipe: ClassVar[Training] = Training()  # how `liangyi train` trains when nothing is said
    data: ClassVar[str] = "digits"  # what `liangyi train` feeds when nothing is said
    data_settings: ClassVar[Mapping[str, Any]] = {}  # of any data that has them, where not said
    tiny: ClassVar[Mapping[str, Any]] = {}  # the smallest sensible settings, for the contract
    tiny_data: ClassVar[Mapping[str, Any]] = {"data": "digits"}  # and what to try it on
    borrowed: ClassVar[tuple[str, ...]] = ()  # paths of frozen weights, kept once
    whole_batch: ClassVar[bool] = False  # a step is not the mean of its parts' steps
    reproducible: ClassVar[Literal["always", "one thread"]] = "always"  # bit for bit, on a CPU
    planned: int = 0  # steps of the whole training, as its trainer says; 0: nobody has said

    Config: ClassVar[type[Any]] = Config

    if TYPE_CHECKING:
        # networks, and the verbs that a model may have
        def __getattr__(self, name: str) -> Any: ...

    def __init__(self, config: Any, spec: Spec) -> None:
        super().__init__()
        self.config = config
        self.spec = spec
        self.Batch = self.batch_type(spec)
        self.networks()
        if "model" in {*self._modules, *self._parameters}:
            raise TypeError("no part can be called `model`, which is the name of the whole")

    @abstractmethod
    def networks(self) -> None:
        """Build the networks from `self.config` and `self.spec`."""

    @classmethod
    def batch_type(cls, spec: Spec) -> type[Any]:
        """Return the batch type that this model takes from such data.

        Raises:
            UserError: the data has nothing that the model eats.
        """
        for kind in cls.eats:
            if spec.serves(kind):
                return kind
        wanted = f"{cls.name()} needs {cls._wanted(spec)}"
        raise UserError(wanted, setting="data", better=cls.data)

    @classmethod
    def _wanted(cls, spec: Spec) -> str:
        """Say what the data lacks, in words for people."""
        if any(spec.missing(kind) == ["label"] for kind in cls.eats):
            return "labels: put each class in its own sub-folder, or `label` beside `image` (.npz)"
        had = {name: type(field) for name, field in spec.fields.items()}
        lacked = {fields_of(kind)[name] for kind in cls.eats for name in spec.missing(kind)}
        # of the right kind, but called otherwise
        named = lacked & {*had.values()}
        wanted = " or ".join(_said(fields_of(kind), named) for kind in cls.eats)
        return f"{wanted}, this data has {_said(had, named)}"

    @classmethod
    def name(cls) -> str:
        """Return the registered name."""
        return getattr(cls, "registered", cls.__name__)

    @classmethod
    def borrows(cls, name: str) -> bool:
        """Whether a weight, by its path, is one of a borrowed network."""
        return any(name == part or name.startswith(f"{part}.") for part in cls.borrowed)

    def _repr_html_(self) -> str | None:
        return cell(self)

    def remarks(self) -> list[str]:
        """Return lines for people about how this model will train here."""
        return []

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device

    @property
    def anew(self) -> tuple[str, ...]:
        """Paths of parts that may begin anew where the rest has another run's weights.

        They do where that run has no such part, or had data with another number of classes.
        """
        return ()

    @property
    def reach(self) -> int:
        """Pixels between one and the farthest that matters to it, in verbs on `AnySize`."""
        return 0

    @property
    def stages(self) -> tuple[int, ...]:
        """Steps at which the algorithm begins to do something else."""
        return (0,)

    @abstractmethod
    def updates(self, batch: Any, step: int) -> Iterator[Turn]:
        """Yield one `Update` for each turn of the algorithm; every model says its own."""

    def generated(self, count: int, given: Any = None) -> Any:
        """Return a generated batch with all that belongs to it; differentiable.

        Args:
            count: items.
            given: a batch whose conditions (labels, captions) are taken; else they are drawn.

        Raises:
            NotImplementedError: it generates nothing, as a classifier; who asks knows by its verbs.
        """
        raise NotImplementedError(f"{self.name()} generates nothing")

    def judgement(self, batch: Any) -> Tensor:
        """Return the adversary's word on a batch, [N]: higher is more real.

        Raises:
            NotImplementedError: it has none; who asks knows by `adversary`.
        """
        raise NotImplementedError(f"{self.name()} has no adversary")

    def means_over(self, batch: Any) -> Mapping[str, float]:
        """Return of how many things a figure of the verb `evaluate` is the mean, by its name.

        Those that are not named are means over the items of the batch. Figures of several batches
        are joined by these numbers, so that it makes no difference how items were shared out.
        """
        return {}

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return the optimiser of one player; by default Adam with the config's rate and betas."""
        betas = getattr(self.config, "betas", (0.9, 0.999))
        return torch.optim.Adam(weights, lr=self.config.learning_rate, betas=betas, fused=True)

    @classmethod
    def fitted(cls, config: Any, steps: int) -> Any:
        """Return settings for a training of so many steps: those that count steps, in proportion.

        By default there are none. Asked where a budget of minutes decides how many steps there are.
        """
        return config

    def schedule(self, player: str, step: int) -> float:
        """Return what the player's learning rate is multiplied by at a step."""
        return 1.0

    @classmethod
    def verbs(cls) -> dict[str, Verb]:
        """Return what this model can do besides learning, by name."""
        every = {name: getattr(cls, name) for name in dir(cls)}
        return {name: method.verb for name, method in every.items() if hasattr(method, "verb")}

    def conditions(self, verb: str) -> list[str]:
        """Return the fields of the data by which a verb can be asked, such as `label`."""
        parameters = self.verbs()[verb].parameters
        return [name for name in parameters if name in self.spec.fields and name != self.spec.item]

    def asked(self, count: int, label: int | str | None = None) -> Tensor:
        """Return one class for all rows, or without one the classes in turn: [count].

        Args:
            count: rows.
            label: the class by its name or its number.

        Raises:
            UserError: there is no such class.
        """
        if label is None:
            return draw.rows(count, self.device) % len(self.spec.classes)
        return torch.full((count,), number_of(label, self.spec.classes), device=self.device)


def number_of(label: int | str, names: Sequence[str]) -> int:
    """Return the number of a class, of its name or its number.

    Raises:
        UserError: there is no such class.
    """
    if label in names:
        return names.index(str(label))
    number = int(label) if isinstance(label, int) or label.isdecimal() else -1
    if 0 <= number < len(names):
        return number
    text = str(label)[:100]
    near = [] if text.lstrip("-").isdecimal() else difflib.get_close_matches(text, names, n=1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    raise UserError(
        f"there is no class {shown(label)}{hint}; there are: {few(map(shown, names), 10)}",
        setting="label",
    )


def _said(fields: Mapping[str, type[Field]], named: Container[type[Field]]) -> str:
    """Return kinds of fields as people say them; with the field's name where only that tells."""
    return " and ".join(
        plural(kind.noun) + f" called {name}" * (kind in named) for name, kind in fields.items()
    )


def unasked(model: Model, verb: str, name: str) -> UserError:
    """Build the error for who asks a verb for something that it does not know."""
    known = model.conditions(verb)
    can = f"it can be asked for a {known[0]}" if known else "it draws without being asked"
    return UserError(f"{model.name()} does not know {name}s; {can}", setting=name)


P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Model)


@contextmanager
def evaluating(
    model: Model, seed: int = 0, first: int = 0, truncation: float | None = None
) -> Iterator[None]:
    """Look at a model without a trace: evaluation mode, no gradient, random numbers of the seed."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with draw.fixed(seed, model.device, first, truncation), torch.no_grad():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


def verb(method: Callable[Concatenate[M, P], R]) -> Callable[..., R]:
    """Make a method one of the model's public verbs.

    It runs in evaluation mode without gradients and leaves the model's mode and the caller's random
    state as it found them. It takes `seed=0` for its random numbers, and `first=0`, the number of
    its first row: what `sample(5, first=3)` gives are the last five of `sample(8)`. Where it draws
    normal noise, `truncation=0.7` draws it from within 0.7 deviations: less various, more usual.
    """

    @functools.wraps(method)
    def run(
        self: M,
        *args: Any,
        seed: int = 0,
        first: int = 0,
        truncation: float | None = None,
        **kwargs: Any,
    ) -> R:
        for name in kwargs.keys() - parameters.keys():
            if name in self.spec.fields or name.capitalize() in Field.kinds:
                raise unasked(self, method.__name__, name)
        with evaluating(self, seed, first, truncation):
            return method(self, *args, **kwargs)

    parameters = dict(list(inspect.signature(method).parameters.items())[1:])
    about = (method.__doc__ or "").strip().split("\n")[0]
    run.verb = Verb(method.__name__, about, parameters)  # type: ignore[attr-defined]
    return run
