"""Where data lies, as people type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from liangyi.core.errors import UserError
from liangyi.data.places import typed


def test_the_home_folder_is_spelled_out(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert typed("~/pictures", "data", "a folder") == tmp_path / "pictures"


@pytest.mark.parametrize(("named", "said"), [
    (" ", "data_root is empty; give a folder"),
    ("~nobody.at.all/x", "data_root: there is no home folder of a user ~nobody.at.all"),
    ("x" * 5000, "data_root x+ cannot be read: File name too long"),
])  # fmt: skip
def test_what_is_no_place_is_one_line(named: str, said: str) -> None:
    with pytest.raises(UserError, match=said):
        typed(named, "data_root", "a folder")
