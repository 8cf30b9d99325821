"""The contract on verbs: what they give, and that they leave no trace."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from liangyi import fields
from liangyi.core import draw
from liangyi.core.binding import bound
from liangyi.core.model import Model
from liangyi.core.spec import Label, Word
from liangyi.core.verbs import samples
from liangyi.lab.contract.broken import demand
from liangyi.lab.small import Small


def shown(small: Small, model: Model) -> dict[str, Any]:
    """Return what each verb gives, asked with what its parameters' names mean in this data."""
    split = small.source.split()
    assert split is not None
    batch = split.some(3, model.Batch, "cpu", model.image_range)
    known = {name: getattr(batch, name) for name in batch._fields}
    found = {}
    for name, verb in model.verbs().items():
        given: dict[str, Any] = {}
        items = bound(small.kind, name, model.spec).items
        for parameter in verb.parameters.values():
            if parameter.name == "count":
                given["count"] = 5
            elif parameter.name == "batch":
                given["batch"] = batch
            elif parameter.name in known and parameter.default is parameter.empty:
                given[parameter.name] = known[parameter.name]
            elif parameter.name in ("code", "latent") and parameter.default is parameter.empty:
                given[parameter.name] = model.encode(known[model.spec.item])
            elif isinstance(field := items.get(parameter.name), Word):
                given[parameter.name] = fields.example(field, 3, model.device)
        found[name] = getattr(model, name)(**given)
    return found


def verbs_leave_no_trace(small: Small) -> None:
    """Breaks when a verb trains batch statistics, leaves dropout off, or advances the dice."""
    model = small.build().train()
    modes = [module.training for module in model.modules()]
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    first, second = shown(small, model), shown(small, model)
    for name, given in first.items():
        for one, two in zip(tensors(given), tensors(second[name]), strict=True):
            demand(torch.equal(one, two), f"{name} gives something else the second time")
            demand(not one.requires_grad, f"{name} gives a tensor with a gradient")
    for name in ("sample", "interpolate"):
        if name in first:
            right = first[name].shape == (5, *model.spec.shape)
            demand(right, f"{name} gives {list(first[name].shape)} for 5 items")
    for name, given in first.items():
        asked = bound(small.kind, name, model.spec)
        for column, kind in asked.columns.items():
            whole = kind is None or fields.inside(kind, getattr(given, column), model.image_range)
            demand(whole, f"{name} gives a {column} that is none")
        field = asked.gives
        if isinstance(field, Label) and given.is_floating_point():  # chances of each class
            sums = given.sum(1)
            demand(torch.allclose(sums, torch.ones_like(sums)), f"{name} gives no probabilities")
        elif field is not None:
            every = given.flatten(0, given.dim() - len(field.shape) - 1)  # in rows, or one by one
            inside = fields.inside(field, every, model.image_range)
            demand(inside, f"{name} gives items that are not of their kind or out of their range")
    same = all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    demand(same, "a verb changes weights or statistics")
    demand(torch.equal(state, torch.get_rng_state()), "a verb advances PyTorch's random state")
    demand(modes == [m.training for m in model.modules()], "a verb changes the training mode")


def tensors(found: Any) -> list[Tensor]:
    """Return the tensors in what a verb gives."""
    if isinstance(found, tuple):
        return list(found)
    return list(found.values()) if isinstance(found, dict) else [found]


def a_sample_does_not_depend_on_how_many_are_drawn(small: Small) -> None:
    """Breaks when noise is one long run of numbers, or a part of a set begins its seed anew."""
    model = small.build()
    if "sample" not in model.verbs():
        return
    wanted = model.sample(600, seed=3).float()
    near = 1e-3 * float(wanted.std())
    for count in (18, 64, 513):
        away = (samples(model, count, seed=3).float() - wanted[:count]).abs().max()
        demand(float(away) <= near, f"sample 17 is another one when {count} are drawn")
    demand(
        not torch.equal(model.sample(4, seed=0), model.sample(4, seed=1)), "seeds change nothing"
    )


def the_noise_of_a_seed_is_not_its_weights(small: Small) -> None:
    """Breaks when one stream serves two purposes: row i of the noise is then row i of a layer."""
    model = small.build(3)
    if "sample" not in model.verbs():
        return
    noise: list[Tensor] = []
    drawn = draw._drawn
    draw._drawn = lambda wanted: noise.append(drawn(wanted)) or noise[-1]  # type: ignore
    try:
        model.sample(512, seed=3)
    finally:
        draw._drawn = drawn
    for path, weight in model.named_parameters():
        count = min(weight.numel(), noise[0].numel()) if noise else 0
        if count < 50:
            continue
        pair = torch.stack([x.detach().flatten()[:count] for x in (weight, noise[0])])
        if float(pair[0].std()) > 0:  # a bias may begin at 0
            much = abs(float(pair.corrcoef()[0, 1])) >= 5 / count**0.5
            demand(not much, f"the noise of a seed resembles {path}")
