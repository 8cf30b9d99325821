"""What a new run can begin with: another run, or a network of torchvision with its weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from liangyi import data as sources
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Label, Pixels, Spec
from liangyi.data import Source
from liangyi.runs.classifiers import classifier
from liangyi.runs.origin import Origin
from liangyi.runs.run import Run

_PREFIX, _CLASSES = "torchvision:", 1000  # of ImageNet


class Beginning(Protocol):
    """Weights to begin with, and what they were learned under."""

    kind: type[Model]
    config: Any
    spec: Spec

    @property
    def path(self) -> Any:
        """How a person would name it."""

    @property
    def data_name(self) -> str:
        """The data that is learned from where no other is named."""

    def source(self) -> Source:
        """Return that data."""

    def weights(self, tell: Callable[[str], None] = lambda line: None) -> Origin:
        """Return the weights."""


class Pretrained:
    """A network of torchvision with weights of its own.

    Args:
        reference: `torchvision:NAME` with its ImageNet weights (downloaded at first use), or
            `torchvision:NAME@FILE` with weights from a file of tensors.
    """

    def __init__(self, reference: str) -> None:
        self.path = reference
        self.name = reference.removeprefix(_PREFIX).partition("@")[0]
        self.kind = registry.find("torchvision")
        self.config = self.kind.Config(network=self.name)
        # the size that they were learned at; other sizes will do
        self.spec = Spec("image", image=Pixels(3, 224, 224), label=Label(("?",) * _CLASSES))
        self.data_name = self.kind.data

    def source(self) -> Source:
        """Return the data of the model's recipe."""
        return sources.choose(self.data_name)

    def weights(self, tell: Callable[[str], None] = lambda line: None) -> Origin:
        """Return the weights, by their paths in our model.

        Raises:
            UserError: there is no such network, or its weights cannot be had.
        """
        try:
            found = classifier(self.path).network.state_dict()
        except UserError as error:
            raise UserError(error.message, setting="from_") from None
        tensors = {f"network.{path}": value.contiguous().clone() for path, value in found.items()}
        return Origin(f"{_PREFIX}{self.name}", 0, tensors, _CLASSES)


def beginning(reference: str) -> Beginning:
    """Return what a person names to begin with.

    Raises:
        UserError: it is no run.
    """
    return Pretrained(reference) if reference.startswith(_PREFIX) else Run(reference)
