"""What a run learns from: data by name, a path, or what was given to this very process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from liangyi import data as sources
from liangyi.core.config import help_of
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data import Data, Source
from liangyi.data.arrays import MEMORY
from liangyi.runs import older
from liangyi.runs.manifest import CONFIG

_PLACES = ("data_root", "photographs", "test_file")  # settings of data that name a path

_in_memory: dict[str, Source] = {}  # data that was given to this very process


class Reading:
    """What a run knows of its data."""

    path: Path
    plain: dict[str, Any]
    spec: Spec

    @property
    def data_name(self) -> str:
        """What a person would type after --data."""
        return str(self.plain["data"]["data"])

    def data_help(self) -> dict[str, str]:
        """Return what each setting of the data means."""
        if self.data_name == MEMORY:
            return {}
        return help_of(sources.find(self.data_name).Config)

    def source(self, given: Source | None = None) -> Source:
        """Return the source of the run's data.

        Args:
            given: the same again, for a run whose data was given in memory.

        Raises:
            UserError: it is not there any more, or was given in memory and is not given now.
        """
        if given is not None:
            return given
        if self.data_name == MEMORY:
            kept = _in_memory.get(str(self.path.absolute()))
            if kept is None:
                raise UserError(
                    f"the data of {self.path} was given in memory; give it again: "
                    f'liangyi.resume("{self.path}", data)'
                )
            return kept
        return sources.opened(self.plain["data"], f"{self.path}/{CONFIG}: ")

    def data(self, source: Source) -> Data:
        """Return the training data of a source.

        Raises:
            UserError: it is not what the run began with.
        """
        data = source.split("train")
        # of the spec too: arrays of another shape may hold the same numbers
        same = data is not None and (
            data.fingerprint == self.plain["fingerprint"] or older.same_content(self.plain, source)
        )
        if data is None or not same or data.spec != self.spec:
            name = "the data given" if self.data_name == MEMORY else self.data_name
            raise UserError(
                f"{name} is not what {self.path} began with; restore it, or train a new run"
            )
        self._remember(source)
        return data

    def _remember(self, source: Source) -> None:
        """Keep data that was given in memory for who goes on in this very process."""
        if self.data_name == MEMORY:
            _in_memory[str(self.path.absolute())] = source

    def reads(self) -> list[str]:
        """Return the paths that it names and that are read when it goes on.

        Whoever made the run chose them; whoever resumes it shall know.
        """
        data, found = self.plain["data"], []
        if self.data_name != MEMORY and self.data_name not in sources.names():
            found.append(self.data_name)
        found += [str(data[name]) for name in _PLACES if data.get(name)]
        return [str(Path(path).expanduser().absolute()) for path in found]
