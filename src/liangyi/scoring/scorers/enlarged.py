"""Whole photographs that a model has enlarged, against themselves; the floor is bicubic."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import draw
from liangyi.core.counts import many
from liangyi.data.pictures.patches import PatchSource, Photograph, photographs_at
from liangyi.fields.pixels import to_bytes
from liangyi.metrics import error
from liangyi.metrics.card import Card
from liangyi.metrics.perceptual import perceptual_distance
from liangyi.metrics.pictures import luma, psnr, ssim
from liangyi.nets.features import Features, pooled
from liangyi.nets.upscaling import bicubic
from liangyi.runs.classifiers import classifier
from liangyi.scoring.subject import Subject, named

_BYTES = (0.0, 255.0)
_ABOUT = {
    "psnr": ("higher", "decibels of the luma, its border left out; floor: bicubic"),
    "psnr_gain": ("higher", "decibels more than by bicubic enlargement"),
    "ssim": ("higher", "structural similarity of the luma, its border left out; floor: bicubic"),
    "perceptual_distance": ("lower", "of the network's maps; floor: bicubic"),
}


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that enlarges photographs, none of others.

    They are of the held-out photographs, and of those in each folder of `subject.on`; judged as is
    customary: rounded to bytes, on the luma, without as many pixels of the border as the factor.
    """
    source = subject.run.source()
    if "upscale" not in subject.model.verbs() or not isinstance(source, PatchSource):
        return []
    sets: list[tuple[str, str, Sequence[Photograph]]] = []
    held_out = source.whole("test")
    if held_out:
        order = torch.randperm(len(held_out), generator=draw.generator(0, "subset"), device="cpu")
        chosen = order[: subject.number].tolist()
        sets.append(("", "test", [held_out[number] for number in chosen]))
    for folder in subject.on:
        found, _ = photographs_at(folder, source.config, 16 * source.config.factor)
        name = named(folder)
        sets.append((f"_{name}", name, found))
    return [card for one in sets for card in _of_set(subject, *one)]


def _of_set(
    subject: Subject, suffix: str, split: str, photographs: Sequence[Photograph]
) -> Iterator[Card]:
    """Yield the cards of one set of photographs."""
    model, factor = subject.model, subject.run.source().config.factor
    subject.tell(f"enlarging {many(len(photographs), 'photograph')}")
    figures: dict[str, list[tuple[float, float]]] = {}
    features = None
    if subject.perceptual:
        lent = classifier(subject.perceptual)
        features = Features(lent, pooled(lent.network), model.spec.shape[0]).to(model.device)
    for photograph in photographs:
        low = photograph.low[None]
        scaled = fields.scaled(model.spec["low"], low, model.image_range).to(model.device)
        ours = to_bytes(model.upscale(scaled), model.image_range)
        smooth = to_bytes(bicubic(low.float(), factor), _BYTES)
        found = compared(photograph.image[None], ours, smooth, factor, features)
        for name, pair in found.items():
            figures.setdefault(name, []).append(pair)
    facts: dict[str, Any] = {"split": split, "generated": 0}
    if suffix:
        facts["data"] = f"{split}, smaller by {factor}"
    for name, every in figures.items():
        # a blank picture is met exactly: its decibels are infinite, and with them the mean of all
        pairs = [pair for pair in every if all(map(math.isfinite, pair))]
        if not pairs:
            continue
        facts["real"] = len(pairs)
        each, floors = torch.tensor(pairs, device="cpu").T
        facts["features"] = subject.perceptual if name == "perceptual_distance" else "pixels"
        yield _card(subject, name, suffix, each, floor=float(floors.mean()), **facts)
        if name == "psnr":  # of the same pictures: far surer than either
            yield _card(subject, "psnr_gain", suffix, each - floors, **facts)


def _card(subject: Subject, name: str, suffix: str, each: Tensor, **facts: Any) -> Card:
    """Return the card of a figure's mean over photographs."""
    better, about = _ABOUT[name]
    if len(each) > 1:  # one photograph tells nothing of others
        facts |= {"error": error.of_mean(each), "degrees": len(each) - 1}
    return subject.card(f"{name}{suffix}", float(each.mean()), better, about=about, **facts)


def compared(
    right: Tensor, ours: Tensor, smooth: Tensor, border: int, features: Features | None
) -> dict[str, tuple[float, float]]:
    """Return each figure of a model's enlargement and of the bicubic one, all bytes [1 C H W]."""
    brightness = partial(luma, image_range=_BYTES, border=border)
    known, *tried = (brightness(picture) for picture in (right, ours, smooth))
    found = {}
    for name, figure in (("psnr", psnr), ("ssim", ssim)):
        one, other = (float(figure(each, known, _BYTES)) for each in tried)
        found[name] = (one, other)
    if features is not None:
        device = features.shift.device
        maps = [features(each.to(device) / 127.5 - 1) for each in (right, ours, smooth)]
        one, other = (float(perceptual_distance(each, maps[0])) for each in maps[1:])
        found["perceptual_distance"] = (one, other)
    return found
