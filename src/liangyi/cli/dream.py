"""`liangyi dream PICTURE`: paint into a picture what a classifier sees in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro


@dataclass(frozen=True)
class Dream:
    """Where the dream is kept."""

    out: Annotated[Path, tyro.conf.arg(aliases=("-o",))] = Path("dream.png")  # a PNG


def main(words: Sequence[str]) -> None:
    """Dream over one picture and write it, without keeping a run."""
    import dataclasses

    from liangyi import data
    from liangyi.cli.choose import chosen, named
    from liangyi.core.devices import choose_device
    from liangyi.core.errors import UserError
    from liangyi.core.run import build
    from liangyi.core.trainer import Trainer
    from liangyi.sampling import write_samples

    name, rest = named(words, "dream")
    choice = chosen("deep-dream", ["--data", name, *rest], "dream PICTURE", Dream())
    steps = choice.config.octaves * choice.config.ascents
    training = dataclasses.replace(choice.training, steps=steps, batch_size=1)
    if name in data.SOURCES and len(data.spec_of(choice.data).shape) != 3:
        raise UserError(f"{name} has no pictures to dream over")
    source = data.load(choice.data)
    assert isinstance(source, data.Dataset)
    model = build(choice.kind, choice.config, source.spec, training.seed)
    kind = model.batch_type(source.spec)
    device = choose_device(training.device)
    stream = data.Batches(source, kind, 1, training.seed, device, model.image_range)
    excitement = [
        report.read().get("excitement") for report in Trainer(model, stream, training).run()
    ]
    seen = [value for value in excitement if value is not None]
    if not seen:
        raise UserError(
            f"the classifier is excited beyond --limit {choice.config.limit:g} from the start; "
            "give a larger one"
        )
    write_samples([model.dream()], 1, model, choice.extra.out)
    print(f"excitement {seen[0]:.3g} -> {seen[-1]:.3g} in {len(seen)} ascents: {choice.extra.out}")
