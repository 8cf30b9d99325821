"""`liangyi dream PICTURE`: paint into a picture what a classifier sees in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Gt, Le

from liangyi.core.config import Config

_ABOUT = (
    "The classifier is a run of one (liangyi train mnist-cnn) or a network of torchvision with its "
    "ImageNet weights: --classifier torchvision:vgg16 downloads them at first use, "
    "torchvision:vgg16@FILE reads them from a file that torch.save wrote (a state_dict). Without "
    "one it is Inception v3, if its weights were downloaded before."
)


@dataclass(frozen=True, kw_only=True)
class Dream(Config):
    """How many dreams, and where they are kept."""

    frames: Annotated[int, Ge(1), Le(1_000_000)] = 1  # of a film: each dream over the one before
    zoom: Annotated[float, Ge(1), Le(4)] = 1.05  # by which a dream is enlarged for the next frame
    fps: Annotated[float, Gt(0), Le(240)] = 12.0  # frames a second; of a .gif at most 50
    out: Path = Path("dream.png")  # FILE.png, or FILE.npy for an array; a film: .gif or .mp4


def main(words: Sequence[str]) -> None:
    """Dream over one picture and write it, without keeping a run."""
    from liangyi.cli.choose import chosen, named
    from liangyi.cli.watch import say
    from liangyi.core.counts import many
    from liangyi.core.errors import UserError
    from liangyi.core.spec import Pixels
    from liangyi.data import Batches
    from liangyi.runs.building import build
    from liangyi.use.dream import frames
    from liangyi.use.sample import write_samples
    from liangyi.use.walk import walk

    name, rest = named(words, "dream")
    choice = chosen("deep-dream", ["--data", name, *rest], "dream PICTURE", Dream(), _ABOUT)
    spec, asked = choice.source.spec(), choice.extra
    if not isinstance(spec.created, Pixels):
        raise UserError(f"{name} has no pictures to dream over")
    model = build(choice.kind, choice.config, spec, choice.training.seed)
    for line in model.remarks():
        say(line)
    source = choice.source.split("train")
    assert source is not None
    batches = Batches(source, model.Batch, 1, choice.training.seed, "cpu", model.image_range)
    excitement: list[float] = []

    def hear(number: int, levels: list[float]) -> None:
        excitement.extend(levels)
        if not levels and number == 0:
            raise UserError(
                f"the classifier is excited beyond {choice.config.limit:g} from the start; give "
                "more",
                setting="limit",
            )
        if asked.frames > 1:
            say(f"frame {number + 1} of {asked.frames}")

    picture = batches.batch(0).image
    found = frames(model, picture, choice.training, asked.frames, asked.zoom, hear)
    if asked.frames > 1:
        walk(found, asked.frames, model.image_range, asked.out, asked.fps)
    else:
        write_samples(
            [next(found)], 1, model, asked.out
        )  # which may refuse, before a folder is made
    grown = f"excitement {excitement[0]:.3g} -> {excitement[-1]:.3g}"
    dreams = f" in {many(asked.frames, 'frame')}" if asked.frames > 1 else ""
    print(f"{grown} in {many(len(excitement), 'ascent')}{dreams}: {asked.out}")
