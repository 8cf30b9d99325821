"""A closed walk through codes, for the verbs that show what lies between items."""

from __future__ import annotations

import torch
from torch import Tensor

_OPPOSITE = 3.14  # radians; nearer to half a turn, the sine is rounding alone


def loop(stops: Tensor, count: int, begin: int = 0, end: int | None = None) -> Tensor:
    """Return evenly spaced codes [N D] on a closed walk of `count` through stops [S D].

    All of them, or those from `begin` to before `end`.

    Between two stops it turns at an even rate and changes its length evenly (spherical
    interpolation), so that codes in between are as likely as the stops. Opposite stops, as of one
    number, leave open where to turn: between those it goes straight.
    """
    numbers = torch.arange(begin, count if end is None else end, device=stops.device)
    place = numbers * (len(stops) / count)
    here, there = place.long(), (place.long() + 1) % len(stops)
    share = (place - here)[:, None]
    one, next_one = stops[here], stops[there]
    length = torch.lerp(one.norm(dim=1, keepdim=True), next_one.norm(dim=1, keepdim=True), share)
    one, next_one = torch.nn.functional.normalize(one), torch.nn.functional.normalize(next_one)
    angle = (one * next_one).sum(1, keepdim=True).clamp(-1, 1).acos().clamp(min=1e-4)
    mixed = ((1 - share) * angle).sin() * one + (share * angle).sin() * next_one
    straight = torch.lerp(stops[here], stops[there], share)
    return torch.where(angle > _OPPOSITE, straight, length * mixed / angle.sin())


def passed(
    stops: int,
    count: int,
    begin: int = 0,
    end: int | None = None,
    device: torch.device | str = "cpu",
) -> Tensor:
    """Return the stop [N] that was passed last at each place of `loop`, to draw what it stands for.

    Args:
        stops: how many there are.
        count: places of the whole walk.
        begin: the first place.
        end: the one behind the last; None: all.
        device: where the numbers are wanted.
    """
    numbers = torch.arange(begin, count if end is None else end, device=device)
    return numbers * stops // count
