"""Pictures that passed through a code, against themselves."""

from __future__ import annotations

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels
from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.bounds import active_units, bits_per_value
from liangyi.metrics.card import Card
from liangyi.metrics.pictures import psnr, ssim
from liangyi.scoring.held_out import figures_on
from liangyi.scoring.subject import Subject

_BOUND = 500  # pictures for which many codes are drawn
# of a model's own figures; others should be low. A KL term of 0 is a posterior that collapsed, a
# large one a code that costs much: only together with the reconstruction does it tell anything
_BETTER = {"bernoulli_bound": "higher", "kl": "none"}


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that reconstructs pictures, none of others."""
    model = subject.model
    data, split = subject.tested
    if "reconstruct" not in model.verbs() or not isinstance(model.spec.created, Pixels):
        return []
    assert data is not None
    if len(data) < 2:
        raise UserError("one picture is too few to score; give more held-out ones")
    count = min(len(data), subject.number)
    facts = {"split": split, "real": count, "generated": count, "features": "pixels"}
    real = subject.items(data, data.subset(count))
    again = torch.cat([model.reconstruct(part.to(model.device)).cpu() for part in real.split(500)])
    found = []
    for name, each, about in (
        ("psnr", psnr(again, real, model.image_range), "decibels, of reconstructions"),
        ("ssim", ssim(again, real, model.image_range), "structural similarity, 1 is equal"),
    ):
        found.append(subject.card(name, float(each.mean()), "higher", error=error.of_mean(each),
                                  degrees=len(each) - 1, about=about, **facts))  # fmt: skip
    for name, value in figures_on(model, data, count).items():
        name = name.removeprefix("test/")
        found.append(subject.card(name, value, _BETTER.get(name, "lower"), **facts,
                                  about="the model's own figure"))  # fmt: skip
    if "bound" in model.verbs():
        found += _bounds(subject, data, real, split)
    return found


def _bounds(subject: Subject, data: Dataset, real: Tensor, split: str) -> list[Card]:
    model = subject.model
    few = min(_BOUND, len(real))
    batch = data.batch(model.Batch, data.subset(few), model.device, model.image_range)
    each = model.bound(batch)
    facts = {"split": split, "real": few, "generated": few, "features": "pixels"}
    codes = torch.cat([model.encode(part.to(model.device)).cpu() for part in real.split(500)])
    mean, away, degrees = float(each.mean()), error.of_mean(each), few - 1
    low, high = model.image_range
    black_and_white = bool(((real == low) | (real == high)).all())
    about = "log p(x) from below, by 50 weighted codes, nats"
    if not black_and_white:
        about = "Bernoulli score by 50 weighted codes, nats; of grey pixels no log-likelihood"
    found = [subject.card("importance_bound", mean, "higher", error=away, degrees=degrees,
                          about=about, **facts)]  # fmt: skip
    if black_and_white:  # elsewhere there is no likelihood that could be counted in bits
        shape = model.spec.shape
        found.append(subject.card("bits", bits_per_value(-mean, shape), "lower",
                                  error=bits_per_value(away, shape), degrees=degrees,
                                  about="the same as bits a pixel", **facts))  # fmt: skip
    return [
        *found,
        subject.card("active_units", float(active_units(codes)), "higher",
                     about=f"of {codes.shape[1]} code values that carry anything",
                     **facts | {"real": len(real), "generated": 0}),
    ]  # fmt: skip
