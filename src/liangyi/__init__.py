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
    from liangyi.api import Run, create, create_run, load, resume, score, train
    from liangyi.core.batch import Images, Labelled, Points, Tokens
    from liangyi.core.config import Config, Training
    from liangyi.core.errors import UserError
    from liangyi.core.model import Model, Update, verb
    from liangyi.core.registry import outside, register
    from liangyi.core.spec import Spec
    from liangyi.data import choose
    from liangyi.doctor.diagnosis import diagnose
    from liangyi.session import Began, Ended, Message, Rewound, Session, Stepped
    from liangyi.training.trainer import Trainer

# loaded at first use, so that the command line can answer before PyTorch is there
_HOMES = {
    "liangyi.api": ("Run", "create", "create_run", "load", "resume", "score", "train"),
    "liangyi.core.batch": ("Images", "Labelled", "Points", "Tokens"),
    "liangyi.core.config": ("Config", "Training"),
    "liangyi.core.errors": ("UserError",),
    "liangyi.core.model": ("Model", "Update", "verb"),
    "liangyi.core.registry": ("outside", "register"),
    "liangyi.core.spec": ("Spec",),
    "liangyi.data": ("choose",),
    "liangyi.doctor.diagnosis": ("diagnose",),
    "liangyi.session": ("Began", "Ended", "Message", "Rewound", "Session", "Stepped"),
    "liangyi.training.trainer": ("Trainer",),
}
__all__ = [
    "Began",
    "Config",
    "Ended",
    "Images",
    "Labelled",
    "Message",
    "Model",
    "Points",
    "Rewound",
    "Run",
    "Session",
    "Spec",
    "Stepped",
    "Tokens",
    "Trainer",
    "Training",
    "Update",
    "UserError",
    "choose",
    "create",
    "create_run",
    "diagnose",
    "load",
    "outside",
    "register",
    "resume",
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
