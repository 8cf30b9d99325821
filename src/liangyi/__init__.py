"""liangyi (两仪): train, judge and use generative adversarial networks and their kin.

```python
import liangyi

run = liangyi.train("dcgan", "digits")  # a folder with everything about the training
model = liangyi.load(run)
pictures = model.sample(64)  # [64 1 8 8], in model.image_range
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from liangyi.api import create, load, train
    from liangyi.core.batch import Images, Labelled, Points, Spec, Tokens
    from liangyi.core.config import Config, Training
    from liangyi.core.errors import UserError
    from liangyi.core.model import Model, Update, verb
    from liangyi.core.registry import register
    from liangyi.core.run import Run
    from liangyi.core.trainer import Trainer
    from liangyi.diagnosing import diagnose
    from liangyi.scoring import score

# loaded at first use, so that the command line can answer before PyTorch is there
_HOMES = {
    "liangyi.api": ("create", "load", "train"),
    "liangyi.core.batch": ("Images", "Labelled", "Points", "Spec", "Tokens"),
    "liangyi.core.config": ("Config", "Training"),
    "liangyi.core.errors": ("UserError",),
    "liangyi.core.model": ("Model", "Update", "verb"),
    "liangyi.core.registry": ("register",),
    "liangyi.core.run": ("Run",),
    "liangyi.core.trainer": ("Trainer",),
    "liangyi.diagnosing": ("diagnose",),
    "liangyi.scoring": ("score",),
}
__all__ = [
    "Config",
    "Images",
    "Labelled",
    "Model",
    "Points",
    "Run",
    "Spec",
    "Tokens",
    "Trainer",
    "Training",
    "Update",
    "UserError",
    "create",
    "diagnose",
    "load",
    "register",
    "score",
    "train",
    "verb",
]


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(import_module(home), name)
    raise AttributeError(f"module 'liangyi' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
