"""The contract on a model's file: its settings, its source, its length."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

from liangyi.core.config import from_plain, help_of, to_plain
from liangyi.lab.contract.broken import demand
from liangyi.lab.small import Small

LONGEST = 200  # lines of a model's file


def settings_survive_json_and_are_explained(small: Small) -> None:
    """Breaks when a setting is no JSON, or nobody says what it is."""
    config = small.config
    back = from_plain(type(config), json.loads(json.dumps(to_plain(config))))
    demand(back == config, "the settings are others after JSON")
    dark = [field for field, text in help_of(type(config)).items() if len(text) < 5]
    demand(not dark, f"fields without a comment: {', '.join(dark)}")


def the_file_cites_its_source(small: Small) -> None:
    """Breaks when a reader cannot find the paper, or the file wants machinery."""
    module = inspect.getmodule(small.kind)
    text = (module.__doc__ or "") + (small.kind.__doc__ or "")
    cited = re.search(r"arXiv:\d{4}\.\d{4,5}|Nature|Science|Google Research|IEEE", text)
    demand(bool(cited), "the docstring cites no source (arXiv:1406.2661, say)")
    file = inspect.getsourcefile(small.kind)
    lines = len(Path(file).read_text(encoding="utf-8").splitlines()) if file else 0
    demand(lines <= LONGEST, f"{lines} lines: a model's file wants machinery; mend the core")
