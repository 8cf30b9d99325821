"""One step as one compiled function: all turns, their backward passes and their optimisers.

Nothing is written twice for it. The trainer's own turns are run once under a tracer that sits below
autograd and writes down every operation; TorchInductor compiles what was written. The random
numbers of `liangyi.core.draw` are made outside, as always, and go in beside the batch, so that a
compiled step sees the numbers that an eager one would have seen.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn

from liangyi.core import draw, processes
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.nets.fast.products import DECOMPOSITIONS

Hear = Callable[[str, Tensor], None]  # is told a player and its loss
Turns = Callable[[Any, Any, Hear], dict[str, Tensor]]  # of a batch and a step's number

_PAYS = 10_000  # steps that save what the compiler takes, about ten seconds
_SMALL = 1_000_000  # weights; with more, matrix products take the time, and stay what they are
_PYTORCHS = vars(nn.Module()).keys()  # attributes that every module has


class NotCompilable(Exception):
    """The step cannot be written down once and for all; the message says why."""


def pays(model: Model, device: torch.device, steps: int) -> bool:
    """Whether compiling is worth its time: for long trainings of small networks.

    Those with a million weights and more gain nothing: their time is in matrix products.
    Convolutions and recurrent layers take theirs in oneDNN, whose calls the compiler only
    rearranges, for the worse.
    Nothing is known yet of other devices.
    """
    onednn = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose2d, nn.RNNBase)
    return (
        steps >= _PAYS
        and device.type == "cpu"
        and shutil.which("g++") is not None
        and not any(isinstance(module, onednn) for module in model.modules())
        and sum(weight.numel() for weight in model.parameters()) < _SMALL
    )


def wanted(model: Model, device: torch.device, steps: int, word: str, workers: int = 1) -> bool:
    """Whether steps are compiled; decided by the settings alone, so that resuming is exact.

    Raises:
        UserError: that is wished for, and cannot be.
    """
    reason = ""
    if max(workers, processes.world()) > 1:
        reason = "several processes exchange gradients in the middle of a step"
    elif model.stages != (0,) or type(model).schedule is not Model.schedule:
        reason = f"{model.name()} does not do the same in every step"
    if word == "on" and reason:
        raise UserError(f"no compiled steps: {reason}; leave it out", setting="compile")
    if word == "auto" and not reason:
        return pays(model, device, steps)
    return word == "on"


class Step:
    """A step of one model with one optimiser state and fixed learning rates.

    It is written down twice. What Python does in a step, other than calling operations, is frozen
    as it was then; so a step that is another one the second time, or that leaves a trace in the
    model outside its weights and buffers, cannot be compiled.

    Args:
        model: what the step moves; it is left as it was.
        turns: runs a step on a batch, tells its losses and returns its metrics.
        batch: one like all that will come.
        slots: says which tensors a step moves besides the model's own; they are left as they were.
        random: makes random numbers those of this step.

    Raises:
        NotCompilable: the algorithm looks at the step or at values, it is another one from step to
            step, or the compiler refused.
    """

    def __init__(
        self,
        model: Model,
        turns: Turns,
        batch: Any,
        slots: Callable[[], list[Tensor]],
        random: Callable[[], Any],
    ) -> None:
        self._metrics: list[str] = []
        self._players: list[str] = []
        kind = type(batch)

        def traced(*tensors: Tensor) -> tuple[Tensor, ...]:
            losses: list[tuple[str, Tensor]] = []
            with draw.given(tensors[len(batch) :]):
                metrics = turns(kind(*tensors[: len(batch)]), _Hidden(), _keep(losses))
            self._metrics, self._players = list(metrics), [player for player, _ in losses]
            return (*metrics.values(), *(loss for _, loss in losses))

        try:
            with _unmoved(model, slots):
                with random(), draw.noted() as self._wanted:
                    turns(batch, _Hidden(), _keep([]))
                before, written = _outside(model), []
                for _ in range(2):
                    with random():
                        inputs = [*batch, *draw.again(self._wanted)]
                        graph = _trace(traced, inputs)
                    self._constants = _lift(graph)
                    written.append((graph.code, self._metrics, self._players, self._constants))
                _demand_same(before, _outside(model))
            if written[0][:3] != written[1][:3] or not _equal(written[0][3], written[1][3]):
                raise NotCompilable("its algorithm does not do the same in every step")
            with torch.no_grad():
                self._function = _compile(graph, [*inputs, *self._constants])
        except Exception as error:  # the compiler's own have no common base
            raise NotCompilable(" ".join(str(error).split())[:200] or repr(error)) from error

    def __call__(self, batch: Any, step: int, hear: Hear) -> dict[str, Tensor]:
        """Make the step, tell its losses and return its metrics; random numbers are the step's."""
        with torch.no_grad():
            found = self._function(*batch, *draw.again(self._wanted), *self._constants)
        values, losses = found[: len(self._metrics)], found[len(self._metrics) :]
        for player, loss in zip(self._players, losses, strict=True):
            hear(player, loss)
        return dict(zip(self._metrics, values, strict=True))


def _keep(losses: list[tuple[str, Tensor]]) -> Hear:
    return lambda player, loss: losses.append((player, loss))


def _trace(function: Callable[..., Any], inputs: Sequence[Tensor]) -> fx.GraphModule:
    from torch.fx.experimental.proxy_tensor import make_fx

    table = {torch.ops.aten._fused_adam_.default: _adam, **DECOMPOSITIONS}
    return make_fx(function, decomposition_table=table, tracing_mode="real")(*inputs)


def _compile(graph: fx.GraphModule, inputs: list[Any]) -> Callable[..., Any]:
    # what it says about missing GPU tools is of no use to anybody here
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)
    # random numbers inside (dropout) as in an eager step; no pool of processes for one file
    options = {"fallback_random": True, "compile_threads": 1}
    function: Callable[..., Any] = torch._inductor.compile(graph, inputs, options=options)
    return function


def _lift(graph: fx.GraphModule) -> list[Tensor]:
    """Turn the tensors that the graph holds (weights, states) into inputs; return them."""
    nodes = graph.graph.nodes
    place = [node for node in nodes if node.op == "placeholder"][-1]
    lifted: dict[int, fx.Node] = {}
    constants: list[Tensor] = []
    for node in reversed(nodes):  # an exit before its enter, which it uses
        if node.op == "call_function" and "record_function" in str(node.target):
            graph.graph.erase_node(node)
    for node in list(nodes):
        if node.op == "get_attr":
            tensor = getattr(graph, node.target)
            if id(tensor) not in lifted:
                with graph.graph.inserting_after(place):
                    place = graph.graph.placeholder(f"constant_{len(constants)}")
                lifted[id(tensor)] = place
                constants.append(tensor)
            node.replace_all_uses_with(lifted[id(tensor)])
            graph.graph.erase_node(node)
    graph.recompile()
    return [constant.detach() for constant in constants]


@contextmanager
def _unmoved(model: Model, slots: Callable[[], list[Tensor]]) -> Iterator[None]:
    """Put the model and the optimisers' states back afterwards."""
    moving = slots()
    tensors = [*model.parameters(), *model.buffers(), *moving]
    before = [tensor.detach().clone() for tensor in tensors]
    attributes = [(vars(module), dict(vars(module))) for module in model.modules()]
    try:
        yield
    finally:
        with torch.no_grad():
            for tensor, value in zip(tensors, before, strict=True):
                tensor.copy_(value)
        for own, then in attributes:
            own.update(then)
        model.zero_grad()  # a turn may have ended between its gradients and its move
    if len(slots()) != len(moving):
        raise NotCompilable("not every player moves in every step")


def _outside(model: Model) -> dict[str, str]:
    """Return what the model's modules hold besides tensors and modules, as text."""
    return {
        f"{path}.{name}".lstrip("."): repr(value)
        for path, module in model.named_modules()
        for name, value in vars(module).items()
        if name not in _PYTORCHS
    }


def _demand_same(before: dict[str, str], after: dict[str, str]) -> None:
    for name in before | after:
        if before.get(name) != after.get(name):
            raise NotCompilable(f"its steps change {name}, which is no weight and no buffer")


def _equal(some: list[Tensor], others: list[Tensor]) -> bool:
    return len(some) == len(others) and all(map(torch.equal, some, others))


def _adam(
    weights: list[Tensor],
    gradients: list[Tensor],
    means: list[Tensor],
    squares: list[Tensor],
    largest: list[Tensor],
    counts: list[Tensor],
    *,
    lr: float,
    beta1: float,
    beta2: float,
    weight_decay: float,
    eps: float,
    amsgrad: bool,
    maximize: bool,
    **scaling: Any,
) -> None:
    """Kingma and Ba, arXiv:1412.6980, algorithm 1, as the compiler can fuse it."""
    if weight_decay or amsgrad or maximize:
        raise NotCompilable("its Adam has weight decay, AMSGrad or maximises")
    for weight, gradient, mean, square, count in zip(
        weights, gradients, means, squares, counts, strict=True
    ):
        mean.lerp_(gradient, 1 - beta1)
        square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        corrected = (square / (1 - beta2**count)).sqrt()
        weight.sub_(lr / (1 - beta1**count) * mean / (corrected + eps))


class _Hidden:
    """Stands for the step's number: who looks at it does not do the same in every step."""

    def _refuse(self, *others: Any) -> Any:
        raise NotCompilable("its algorithm looks at the number of the step")

    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse
    __bool__ = __index__ = __int__ = __float__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _refuse
    __mod__ = __rmod__ = __floordiv__ = __rfloordiv__ = __truediv__ = __rtruediv__ = _refuse
    __hash__ = None  # type: ignore[assignment]
