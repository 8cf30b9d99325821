"""Which weights a checkpoint keeps of a model, and how they come back."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.model import Model


def kept_state(model: Model) -> dict[str, Tensor]:
    """Return what a checkpoint keeps of a model: all but the weights that it borrowed."""
    state = model.state_dict()
    return {name: value for name, value in state.items() if not model.borrows(name)}


def load_weights(model: Model, tensors: Mapping[str, Tensor], prefix: str) -> None:
    """Load the tensors under a prefix into a model.

    Raises:
        UserError: they do not fit it.
    """
    own = {
        k.removeprefix(prefix + "/"): v for k, v in tensors.items() if k.startswith(prefix + "/")
    }
    try:
        own |= {k: v for k, v in model.state_dict().items() if model.borrows(k)}
        model.load_state_dict(own)
    except RuntimeError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"the checkpoint does not fit the model in config.json: {reason}") from None
