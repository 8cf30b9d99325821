"""What a run that begins with another one's weights takes over, where nothing else is said."""

from __future__ import annotations

import dataclasses
from typing import Any

from liangyi import data as sources
from liangyi.core.errors import UserError, shown
from liangyi.core.model import Model
from liangyi.core.spec import Pixels
from liangyi.runs.pretrained import Beginning


def config_of(before: Beginning, kind: type[Model]) -> Any:
    """Return the settings of a run's model, for that model or a child of it.

    Raises:
        UserError: it is of another model.
    """
    if not issubclass(kind, before.kind):
        raise UserError(
            f"{shown(before.path)} is a {before.kind.name()}, and its weights are of no use to a "
            f"{kind.name()}",
            setting="from_",
        )
    if kind is before.kind:
        return before.config
    known = {field.name for field in dataclasses.fields(kind.Config)}
    taken = {k: v for k, v in vars(before.config).items() if k in known}
    return kind.Config(**taken)


def data_of(before: Beginning, name: str) -> Any:
    """Return the settings under which data of a name is served as it was to a run.

    Args:
        before: the run.
        name: of the data, or its path; nothing: the run's own.
    """
    kind = sources.find(name or before.data_name)
    same = not name or name == before.data_name
    own: Any = before.source().config if same else kind.Config()
    created, known = before.spec.created, {field.name for field in dataclasses.fields(own)}
    if not isinstance(created, Pixels):
        return own
    form: dict[str, Any] = {"grey": created.channels == 1, "colour": created.channels == 3}
    if created.height == created.width:
        form["size"] = created.height
    return dataclasses.replace(own, **{k: v for k, v in form.items() if k in known})
