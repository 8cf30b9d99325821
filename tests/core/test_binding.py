"""Verbs bound to data by their signatures."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from torch import Tensor

from liangyi.core import registry
from liangyi.core.batch import Images
from liangyi.core.binding import bound
from liangyi.core.config import Config, Count, values_of
from liangyi.core.errors import UserError
from liangyi.core.model import Model, verb
from liangyi.core.spec import Field, Label, Pixels, Spec, Vector

IMAGE, LABEL = Pixels(1, 4, 4), Label(("cat", "dog"))
SPEC = Spec("image", image=IMAGE, label=LABEL)


class Many(Model):
    """One verb of each form."""

    def networks(self) -> None: ...

    def updates(self, batch: Any, step: int) -> Any: ...

    @verb
    def change(
        self, image: Tensor, label: int | str | None = None,
        much: Annotated[Count, "how much"] = 2,
    ) -> Annotated[Tensor, Field]:  # fmt: skip
        """Return others."""
        return image

    @verb
    def guessed(self, image: Tensor) -> Annotated[Tensor, Label]:
        """Return classes."""
        return image

    @verb
    def draw(self, code: Tensor, label: int) -> Tensor:
        """Return numbers."""
        return code

    @verb
    def judge(self, batch: Images) -> dict[str, Tensor]:
        """Return figures."""
        return {}


def test_a_parameter_that_is_called_like_a_field_is_that_field() -> None:
    asked = bound(Many, "change", SPEC)
    assert asked.items == {"image": IMAGE} and asked.item == "image"
    assert asked.gives == IMAGE and asked.demanded == ()
    assert asked.about == "Return others."


def test_what_is_left_is_a_setting_with_its_bounds() -> None:
    settings = bound(Many, "change", SPEC).settings
    found: Any = values_of(settings(), {"label": "cat", "much": "3"})
    assert (found.label, found.much) == ("cat", 3)
    with pytest.raises(UserError, match="greater than or equal to 1"):
        values_of(settings(), {"much": "0"})
    assert issubclass(settings, Config)


def test_help_names_the_classes_and_what_is_noted() -> None:
    from liangyi.core.config import help_of

    assert help_of(bound(Many, "change", SPEC).settings) == {
        "label": "a class, by its name or number: cat, dog",
        "much": "how much",
    }


def test_what_has_no_default_must_be_said_and_codes_are_numbers() -> None:
    asked = bound(Many, "draw", SPEC)
    assert asked.items == {"code": None} and asked.demanded == ("label",) and asked.gives is None


def test_a_result_is_the_field_of_its_kind() -> None:
    assert bound(Many, "guessed", SPEC).gives == LABEL
    # the same verb on other data
    points = Spec("point", point=Vector(2))
    assert bound(Many, "change", points).gives == Vector(2)
    assert bound(Many, "guessed", points).gives is None


def test_a_batch_is_its_fields() -> None:
    asked = bound(Many, "judge", SPEC)
    assert asked.batch is Images and asked.items == {"image": IMAGE} and asked.result is dict


def test_the_verbs_of_the_zoo_are_found_without_importing_it() -> None:
    for name, models in registry.verbs().items():
        for model in models:
            assert name in registry.find(model).verbs()


def test_an_annotation_that_nobody_knows_is_one_line() -> None:
    class Strange(Many):
        @verb
        def guess(self, image: Nothing) -> Tensor:  # type: ignore[name-defined]  # noqa: F821
            """Return nothing."""
            return image

    with pytest.raises(UserError, match="guess cannot be offered: name 'Nothing' is not defined"):
        bound(Strange, "guess", SPEC)
