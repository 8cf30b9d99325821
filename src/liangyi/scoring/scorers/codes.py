"""Pictures that passed through a code, against themselves."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels
from liangyi.data import Dataset
from liangyi.metrics import error
from liangyi.metrics.bounds import active_units, bits_per_value
from liangyi.metrics.card import Card
from liangyi.metrics.pictures import psnr, ssim
from liangyi.metrics.sharpness import fine_share, laplacian_variance
from liangyi.scoring.scorers.verb_evaluate import better
from liangyi.scoring.subject import Subject

_BOUND = 500  # pictures for which many codes are drawn
_PARTS = 25  # of the pictures, by whose spread the errors of the model's own figures are known
_WORTH = 0.01  # nats that a code value costs at least to carry anything
_LISTED = 12  # code values whose costs are told


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
    found += [*_sharpness(subject, again, real, facts), *_own(subject, data, count, facts)]
    if "bound" in model.verbs():
        found += _bounds(subject, data, real, split)
    return found


def _sharpness(subject: Subject, again: Tensor, real: Tensor, facts: dict[str, Any]) -> list[Card]:
    """Return how blurred reconstructions are: beside their originals, and by their fine half."""
    low, high = subject.model.image_range
    again, real, other = ((x - low) / (high - low) for x in (again, real, subject.pair[1]))
    found, true, another = map(laplacian_variance, (again, real, other))
    fine = fine_share(again)
    return [
        subject.card("sharpness", float(found.mean() / true.mean()), "higher",
                     error=error.of_ratio(found, true), degrees=len(found) - 1,
                     floor=float(another.mean() / true.mean()),
                     about="variance of the Laplacian over that of the originals; 1 is as sharp",
                     **facts),
        subject.card("fine_detail", float(fine.mean()), "higher", error=error.of_mean(fine),
                     degrees=len(fine) - 1, floor=float(fine_share(real).mean()),
                     about="share of energy in waves shorter than 4 pixels; floor: the originals'",
                     **facts),
    ]  # fmt: skip


def _own(subject: Subject, data: Dataset, count: int, facts: dict[str, Any]) -> list[Card]:
    """Return the model's own figures, and their errors by the spread over parts of the items."""
    model = subject.model
    if "evaluate" not in model.verbs():
        return []
    seen, sizes, values = 0, [], []
    # two at least: a model may compare an item with another one of its part
    for part in data.subset(count).tensor_split(min(_PARTS, count // 2)):
        batch = data.batch(model.Batch, part, model.device, model.image_range)
        values.append(model.evaluate(batch, first=seen))  # noise of its own
        sizes.append(len(part))
        seen += len(part)
    weight = torch.tensor(sizes, dtype=torch.float64, device="cpu") / seen
    found = []
    for name in values[0]:
        each = torch.tensor([float(part[name]) for part in values], device="cpu").double()
        spread = error.of_mean(each) if len(each) > 1 else None
        found.append(subject.card(name, float(each @ weight), better(name), error=spread,
                                  degrees=len(each) - 1, about="the model's own figure",
                                  **facts))  # fmt: skip
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
    if "kl" in model.verbs():
        found.append(_costs(subject, real, split))
    return [
        *found,
        subject.card("active_units", float(active_units(codes)), "higher",
                     about=f"of {codes.shape[1]} code values that carry anything",
                     **facts | {"real": len(real), "generated": 0}),
    ]  # fmt: skip


def _costs(subject: Subject, real: Tensor, split: str) -> Card:
    """Return how many values of the code cost anything, and what each of them does."""
    model = subject.model
    costs = torch.cat([model.kl(part.to(model.device)).cpu() for part in real.split(500)])
    mean = costs.double().mean(0).sort(descending=True).values
    told = " ".join(f"{value:.2f}" for value in mean[:_LISTED].tolist())
    more = " ..." if len(mean) > _LISTED else ""
    return subject.card("kl_units", float((mean > _WORTH).sum()), "none", split=split,
                        real=len(real), generated=0, features="pixels",
                        about=f"of {len(mean)} code values that cost {_WORTH} nats or more; "
                              f"the costs: {told}{more}")  # fmt: skip
