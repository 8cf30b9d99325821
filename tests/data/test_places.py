"""What is asked for is bounded before memory is: mistakes of a digit too many end at once."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Spec
from liangyi.core.config import checked
from liangyi.core.errors import UserError
from liangyi.data import DataConfig, Dataset, places, resize
from liangyi.data.oracle import Oracle
from liangyi.data.resize import resized


@pytest.mark.parametrize(("name", "value"), [
    ("size", 100_000), ("length", 1_000_000_000), ("vocabulary", 10**9), ("length", 10**30),
])  # fmt: skip
def test_settings_of_data_have_an_upper_bound(name: str, value: int) -> None:
    with pytest.raises(UserError, match=f"{name} = "):
        checked(DataConfig(**{name: value}))


@pytest.mark.parametrize(("vocabulary", "length"), [(10**12, 20), (20, 10**12)])
def test_a_language_that_no_memory_holds_is_refused_first(vocabulary: int, length: int) -> None:
    with pytest.raises(UserError, match=r"would take .* GB of memory, of which .* --vocabulary"):
        Oracle(vocabulary, length, "train")


def test_pictures_that_no_memory_holds_are_refused_first(monkeypatch: pytest.MonkeyPatch) -> None:
    data = Dataset(
        Spec(kind="Images", shape=(1, 2, 2)), {"image": torch.zeros(50, 1, 2, 2).byte()}, "x"
    )
    monkeypatch.setattr(places, "_free", lambda: 10**6)  # enough for 50, and not for the work
    with pytest.raises(UserError, match=r"50 pictures of 100 x 100 .* smaller --size"):
        resized(data, 100)
    assert resized(data, 10).spec.shape == (1, 10, 10)


def test_resizing_in_parts_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.randint(256, (7, 3, 9, 9), generator=torch.Generator().manual_seed(0)).byte()
    data = Dataset(Spec(kind="Images", shape=(3, 9, 9)), {"image": image}, "x")
    whole = resized(data, 5)
    monkeypatch.setattr(resize, "_PART", 160)  # two pictures
    assert torch.equal(resized(data, 5).columns["image"], whole.columns["image"])


def test_some_memory_is_free() -> None:
    assert 2**26 < places._free() < 2**63 - 1
