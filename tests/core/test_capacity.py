"""What is asked for is bounded before memory is: mistakes of a digit too many end at once."""

from __future__ import annotations

import pytest

from liangyi.core import capacity
from liangyi.core.errors import UserError


def test_some_memory_is_free_and_never_more_than_there_is() -> None:
    assert 2**26 < capacity.free() <= capacity.memory() < 2**62


def test_what_does_not_fit_is_one_line_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capacity, "free", lambda: 5_000_000)
    capacity.demand_memory(5_000_000, "a film")
    with pytest.raises(UserError) as caught:
        capacity.demand_memory(7_000_000, "a film", "draw fewer frames")
    assert str(caught.value) == (
        "a film would take 7 MB of memory, of which 5 MB are free; draw fewer frames"
    )
