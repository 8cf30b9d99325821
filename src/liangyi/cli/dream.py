"""`liangyi dream PICTURE`: paint into a picture what a classifier sees in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from liangyi.core.config import Config

_ABOUT = (
    "The classifier is a run of one (liangyi train mnist-cnn) or a network of torchvision with its "
    "ImageNet weights: --classifier torchvision:vgg16 downloads them at first use, "
    "torchvision:vgg16@FILE reads them from a file that torch.save wrote (a state_dict)."
)


@dataclass(frozen=True, kw_only=True)
class Dream(Config):
    """Where the dream is kept."""

    out: Path = Path("dream.png")  # FILE.png, or FILE.npy for an array


def main(words: Sequence[str]) -> None:
    """Dream over one picture and write it, without keeping a run."""
    import dataclasses

    from liangyi import data
    from liangyi.cli.choose import chosen, named
    from liangyi.core.counts import many
    from liangyi.core.errors import UserError
    from liangyi.core.spec import Pixels
    from liangyi.runs.building import build
    from liangyi.training.trainer import Trainer
    from liangyi.use.sample import write_samples

    name, rest = named(words, "dream")
    choice = chosen("deep-dream", ["--data", name, *rest], "dream PICTURE", Dream(), _ABOUT)
    steps = choice.config.octaves * choice.config.ascents
    training = dataclasses.replace(choice.training, steps=steps, batch_size=1)
    spec = choice.source.spec()
    if not isinstance(spec.created, Pixels):
        raise UserError(f"{name} has no pictures to dream over")
    model = build(choice.kind, choice.config, spec, training.seed)
    source = choice.source.split("train")
    assert source is not None
    stream = data.Batches(source, model.Batch, 1, training.seed, "cpu", model.image_range)
    excitement = [
        report.read().get("excitement") for report in Trainer(model, stream, training).run()
    ]
    seen = [value for value in excitement if value is not None]
    if not seen:
        raise UserError(
            f"the classifier is excited beyond {choice.config.limit:g} from the start; give more",
            setting="limit",
        )
    write_samples([model.dream()], 1, model, choice.extra.out)
    grown = f"excitement {seen[0]:.3g} -> {seen[-1]:.3g} in {many(len(seen), 'ascent')}"
    print(f"{grown}: {choice.extra.out}")
