"""What to begin with: how much some data is for a GAN, the command, its time and what to expect."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

from liangyi.core import registry
from liangyi.core.batch import Interactions, Questions, Rankings
from liangyi.core.errors import UserError
from liangyi.core.model import Model
from liangyi.core.spec import Pixels, Spec, Vector, Words
from liangyi.data.text.corpus import PASSAGE
from liangyi.session.pace import seconds_a_step

SIDE = 64  # pixels of a side, beyond which networks of convolutions take long on a processor
QUICK = 10  # minutes; what takes longer is shown with such a budget, too
FEW = 10_000  # pictures, below which an adversary soon knows them by heart
# fewer pictures than this -> what papers report of so many
_REPORTED = (
    (100, "fewer than any paper here reports on; DiffAugment's begins with 100 (arXiv:2006.10738)"),
    (1000, "very few: DiffAugment's paper draws from 100 to 1,000 by its augmentation, and "
           "shows what is lost without (arXiv:2006.10738)"),
    (FEW, "few: good results are reported from a few thousand, if what the discriminator sees is "
          "augmented (arXiv:2006.06676); without, it learns them by heart"),
    (100_000, "as many as MNIST (60,000) and CIFAR-10 (50,000) have, on which most papers of the "
              "zoo report; arXiv:2006.06676 still counts CIFAR-10 as limited"),
    (math.inf, "many: 100,000 to 1,000,000 are common for large pictures (arXiv:2006.06676)"),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, kw_only=True)
class Beginning:
    """A first training of some data."""

    enough: str  # what so many items are for a GAN
    command: str
    steps: int
    passes: float  # over the data
    seconds: float | None  # in all, measured on this machine; None: its steps are not alike
    quicker: str  # the same in ten minutes, where it takes longer
    expect: str


def enough(count: int) -> str:
    """Say what so many pictures are for a GAN, by what papers report."""
    return next(words for most, words in _REPORTED if count < most)


def beginning(
    data: str, spec: Spec, count: int, held_out: int, given: Mapping[str, Any] | None = None
) -> Beginning | None:
    """Return what to begin with, None for data that no model here draws.

    The time is measured: it takes a few seconds.

    Args:
        data: what is typed after --data.
        spec: of the data as it would be served.
        count: training items; 0: endless.
        held_out: items that are not learned from.
        given: settings of the data that must be typed, by name.

    Raises:
        UserError: the data has too few items, or is too small for convolutions.
    """
    name = _model(spec)
    if name is None:
        return None
    kind = registry.find(name)
    flags: dict[str, Any] = dict(given or {})
    training, config = kind.recipe, kind.Config()
    if 0 < count < 2:
        raise UserError("one item is nothing to learn a law from")
    if count and count < training.batch_size:
        flags["batch-size"] = max(2, count // 4)
        training = dataclasses.replace(training, batch_size=flags["batch-size"])
    pictures = isinstance(spec.created, Pixels)
    if pictures and count < FEW and count:
        flags["augment"] = "diffaugment"
        config = dataclasses.replace(config, augment="diffaugment")
    steps, command, quicker = training.total(count), _command(name, data, flags), ""
    even = isinstance(spec.created, Pixels | Vector)  # other models have stages, or forms
    step = seconds_a_step(kind, config, spec, training) if even else None
    if step and steps * step > 60 * QUICK:
        quicker = f"{command} --minutes {QUICK}"
    passes = steps * training.batch_size / count if count else 0.0
    return Beginning(
        enough=enough(count) if pictures and count else "",
        command=command,
        steps=steps,
        passes=passes,
        seconds=step and steps * step,
        quicker=quicker,
        expect=_expect(kind, passes, pictures and not held_out),
    )


def _model(spec: Spec) -> str | None:
    created = spec.created
    if isinstance(created, Pixels):
        return (
            "dcgan"  # a step of r3gan, whose penalties look at slopes, takes several times as long
        )
    if isinstance(created, Vector):
        return "r3gan"
    if spec.serves(Rankings) or spec.serves(Interactions):
        return "bpr"
    if not isinstance(created, Words):
        return None
    if spec.serves(Questions):
        return "addition-rnn"
    # a text that runs on has no sentences that could be written
    return "word2vec" if created.counts and created.length == PASSAGE else "seqgan"


def served(spec: Spec, sizes: Mapping[tuple[int, int], int]) -> tuple[Spec, int | None]:
    """Return the spec under which pictures of some sizes are best served, and the size to ask for.

    It is the largest of 64, 32 and 16 that the most common picture has; None where all have one
    size that is small already.
    """
    created = spec.created
    assert isinstance(created, Pixels)
    width, height = next(iter(sizes))
    if len(sizes) == 1 and max(width, height) <= SIDE:
        return spec.replace(**{spec.item: Pixels(created.channels, height, width)}), None
    side = next((s for s in (SIDE, 32, 16) if s <= min(width, height)), min(width, height))
    return spec.replace(**{spec.item: Pixels(created.channels, side, side)}), side


def _command(name: str, data: str, flags: Mapping[str, Any]) -> str:
    import shlex

    words = ["liangyi", "train", name, "--data", shlex.quote(data)]
    for flag, value in flags.items():
        if isinstance(value, bool):
            words += [f"--{flag}" if value else f"--no-{flag}"]
        else:
            values = value if isinstance(value, tuple) else (value,)
            words += [f"--{flag}", *(shlex.quote(str(one)) for one in values)]
    return " ".join(words)


def _expect(kind: type[Model], passes: float, alone: bool) -> str:
    """Say what comes of it; alone: pictures without any that are held out."""
    seen = f"each item is seen {passes:,.0f} times; " if passes >= 1 else ""
    told = "how good it is, `liangyi score RUN` tells"
    if "sample" in kind.verbs():
        told += " beside real against real"
    elif "nearest" in kind.verbs():  # a score wants lists of these very words
        told = "what it has learned, `liangyi nearest RUN WORD` shows"
    if alone:
        told += " (put a tenth into a folder test/ beside train/: copies are told by it)"
    return f"{seen}nobody has measured this data before: {told}"
