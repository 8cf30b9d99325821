"""Standing statistics: what batch normalisation divides by, taken anew from the trained weights.

Brock et al., "Large scale GAN training", arXiv:1809.11096, section 4 and appendix: averages that
lag behind the weights, or belong to other weights than the averaged ones, are no longer theirs, nor
are those of all noise where it is truncated.
"""

from __future__ import annotations

from typing import Any

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from liangyi.core.errors import UserError
from liangyi.core.model import Model, evaluating
from liangyi.core.verbs import demand_verb

SIZE = 64  # items of each batch
SEED = 2**40  # of their noise: far from what people type


def take_standing(model: Model, batches: int, truncation: float | None = None) -> None:
    """Replace the running statistics that generating uses by means over so many generated batches.

    Nothing else moves, and dropout stays off.

    Args:
        model: in place.
        batches: of 64 items each.
        truncation: deviations within which their normal noise is drawn, as of what is sampled
            then; None: all of it.

    Raises:
        UserError: the model does not sample, nothing that generates has batch statistics, or
            truncation is wanted where no normal noise is drawn.
    """
    demand_verb(model, "sample")
    norms = _used(model, truncation)
    if not norms:
        raise UserError(
            f"{model.name()} generates without batch statistics; leave it out", setting="standing"
        )
    pace = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all batches
    try:
        for number in range(batches):
            with evaluating(model, SEED, number * SIZE, truncation):
                for norm in norms:
                    norm.train()
                model.generated(SIZE)
    finally:
        for norm, momentum in zip(norms, pace, strict=True):
            norm.momentum = momentum


def _used(model: Model, truncation: float | None) -> list[_BatchNorm]:
    """Return the layers with running statistics through which items are generated."""
    found: list[_BatchNorm] = []

    def note(norm: nn.Module, *given: Any) -> None:
        if isinstance(norm, _BatchNorm) and norm.track_running_stats and norm not in found:
            found.append(norm)

    hooks = [module.register_forward_pre_hook(note) for module in model.modules()]
    try:
        with evaluating(model, truncation=truncation):
            model.generated(2)
    finally:
        for hook in hooks:
            hook.remove()
    return found
