"""Simulated noise beside the true noise of held-out pictures, and pictures that were denoised."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from liangyi.data.pictures.noisy import Paired
from liangyi.metrics import error, noise
from liangyi.metrics.card import Card
from liangyi.metrics.noise import Law
from liangyi.metrics.pictures import psnr, ssim
from liangyi.scoring.subject import Subject

_GROUPS = 10  # of neighbouring patches, each left out in turn
_MOST = 2000  # patches


def cards(subject: Subject) -> list[Card]:
    """Return the cards of a model that adds noise or takes it away, none of others."""
    verbs, (data, split) = subject.model.verbs(), subject.tested
    if not {"add_noise", "denoise"} & verbs.keys() or data is None:
        return []
    if not data.spec.serves(Paired):
        subject.tell("this data has no pairs, by which noise could be judged")
        return []
    count = min(len(data), subject.number, _MOST)
    index = data.subset(count).sort().values  # patches of one photograph are neighbours
    pairs = data.batch(Paired, index, "cpu", subject.model.image_range)
    facts = {"split": split, "real": count, "generated": count, "features": "pixels"}
    return _simulated(subject, pairs, facts) if "add_noise" in verbs else _denoised(
        subject, pairs, facts)  # fmt: skip


def simulated(model: Any, clean: Tensor, seed: int = 0) -> Tensor:
    """Return clean pictures [N C H W] with a model's noise, on the CPU."""
    parts = clean.split(256)
    firsts = range(0, len(clean), 256)
    return torch.cat([model.add_noise(part.to(model.device), seed=seed, first=first).cpu()
                      for first, part in zip(firsts, parts, strict=True)])  # fmt: skip


def laws(noisy: Tensor, clean: Tensor, image_range: tuple[float, float]) -> list[Law]:
    """Return the law of noise on all pictures, then without each tenth of them in turn."""
    low, high = image_range
    grey = 255 / (high - low)
    found = [noise.law(grey * (noisy - clean), grey * (clean - low))]
    borders = [round(place * len(clean) / _GROUPS) for place in range(_GROUPS + 1)]
    for first, last in pairwise(borders):
        kept = torch.ones(len(clean), dtype=torch.bool, device="cpu")
        kept[first:last] = False
        found.append(noise.law(grey * (noisy - clean)[kept], grey * (clean[kept] - low)))
    return found


def _simulated(subject: Subject, pairs: Paired, facts: dict[str, Any]) -> list[Card]:
    scale = subject.model.image_range
    made = laws(simulated(subject.model, pairs.clean, subject.seed), pairs.clean, scale)
    true = laws(pairs.noised, pairs.clean, scale)

    def card(metric: str, figure: Any, better: str, about: str, floor: float | None = None) -> Card:
        each = torch.tensor([figure(*both) for both in zip(made, true, strict=True)], device="cpu")
        away = error.of_left_out(each[1:])
        return subject.card(metric, float(each[0]), better, error=away, degrees=_GROUPS - 1,
                            floor=floor, about=about, **facts)  # fmt: skip

    return [
        card("noise_variance", noise.variance_error, "lower",
             "share by which the variance is wrong, by the light"),
        card("noise_correlation", noise.correlation_error, "lower",
             "by which the correlation of neighbours is wrong"),
        card("noise_kurtosis", lambda one, _: float(one.kurtosis), "none",
             "excess of simulated noise; floor: of true noise", float(true[0].kurtosis)),
        card("noise_deviation", lambda one, _: float(one.deviation), "none",
             "of simulated noise, grey levels; floor: of true noise", float(true[0].deviation)),
    ]  # fmt: skip


def _denoised(subject: Subject, pairs: Paired, facts: dict[str, Any]) -> list[Card]:
    model = subject.model
    parts = [model.denoise(part.to(model.device)).cpu() for part in pairs.noised.split(256)]
    found = []
    for name, picture, about in (
        ("", torch.cat(parts), "denoised"),
        ("noisy_", pairs.noised, "as they were, with their noise"),
    ):
        for metric, figure, unit in (("psnr", psnr, "decibels"), ("ssim", ssim, "of 1")):
            each = figure(picture, pairs.clean, model.image_range)
            each = each[each.isfinite()]  # a patch that noise left alone
            found.append(subject.card(name + metric, float(each.mean()), "higher",
                                      error=error.of_mean(each), degrees=len(each) - 1,
                                      about=f"{unit}, of held-out patches, {about}",
                                      **facts))  # fmt: skip
    return found
