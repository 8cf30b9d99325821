"""AC-GAN: the class conditions the picture, and the class head learns from real pictures only."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce
from torch.nn.functional import cross_entropy

from conftest import batch_of
from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.core.model import Update

BOTH = ["acgan", "acgan-early"]


def turns(model: Any, batch: Any, seed: int = 0) -> list[Update]:
    torch.manual_seed(seed)
    return list(model.updates(batch, 0))


@pytest.mark.parametrize("name", BOTH)
def test_the_class_decides_the_picture(name, small):
    # A3: the notes leave the embedding out, and with it all conditioning
    model = small(name).build().eval()
    noise = model.noise(1).expand(10, -1)
    with torch.no_grad():
        drawn = model.generate(noise, torch.arange(10)).flatten(1)
    assert float(torch.pdist(drawn).min()) > 1e-4


@pytest.mark.parametrize("name", BOTH)
def test_the_classs_vector_scales_the_noise(name, small):
    model = small(name).build().eval()
    noise, label = model.noise(4), torch.tensor([0, 3, 3, 9])
    with torch.no_grad():
        wanted = model.generator.drawing(noise * model.generator.embedding.weight[label])
        assert torch.equal(model.generate(noise, label), wanted)


@pytest.mark.parametrize("name", BOTH)
def test_a_gradient_reaches_the_vectors_of_the_classes_asked_for(name, small):
    here = small(name)
    model = here.build()
    asked: list[Tensor] = []
    model.generator.register_forward_pre_hook(lambda _, x: asked.append(x[1]))
    update = turns(model, batch_of(here, 3))[1]
    update.loss.backward()
    reached = model.generator.embedding.weight.grad.abs().sum(1) > 0
    assert reached.nonzero().flatten().tolist() == sorted(set(asked[-1].tolist()))
    assert len(asked[-1]) == 6  # twice as many as the real ones


def judged(name: str, small: Any, turn: int) -> tuple[list[Tensor], Labelled, Tensor]:
    """Return the logits [source, class] of a turn with their gradients, the batch, the classes."""
    here = small(name)
    model, batch = here.build(), batch_of(here)
    kept: list[list[Tensor]] = []
    asked: list[Tensor] = []

    def keep(_: Any, __: Any, output: tuple[Tensor, Tensor]) -> None:
        kept.append(list(output))
        for logits in output:
            logits.retain_grad()

    model.discriminator.register_forward_hook(keep)
    model.generator.register_forward_pre_hook(lambda _, x: asked.append(x[1]))
    turns(model, batch)[turn].loss.backward()
    return kept[turn], batch, asked[turn]


def keras(loss: Tensor, weight: Tensor) -> Tensor:
    """Return Keras 2.1's mean of a loss with sample weights (`_weighted_masked_objective`)."""
    return (loss * weight / (weight != 0).float().mean()).mean()


@pytest.mark.parametrize(("name", "soft", "weights"), [
    ("acgan", 0.95, (2.0, 0.0)),  # January 2018: the class of real pictures only
    ("acgan-early", 1.0, (1.0, 1.0)),
])  # fmt: skip
def test_the_terms_of_both_players_weigh_as_in_the_example(name, soft, weights, small):
    # the early class loss was half of equations 2 and 3, the later one a quarter of the example's,
    # and the later generator aimed at 1 where the discriminator's own target is 0.95
    (source, named), batch, asked = judged(name, small, 0)
    logits = [part.detach().requires_grad_() for part in (source, named)]
    real = torch.tensor([soft] * 6 + [0.0] * 6)
    right = cross_entropy(logits[1], torch.cat([batch.label, asked]), reduction="none")
    weight = torch.tensor(weights).repeat_interleave(6)
    theirs = bce(logits[0], real) + keras(right, weight)
    for own, other in zip((source, named), torch.autograd.grad(theirs, logits), strict=True):
        torch.testing.assert_close(own.grad, 2 * other)  # sums of means, not means: Adam's alike

    (source, named), _, asked = judged(name, small, 1)
    logits = [part.detach().requires_grad_() for part in (source, named)]
    theirs = bce(logits[0], torch.full((12,), soft)) + cross_entropy(logits[1], asked)
    for own, other in zip((source, named), torch.autograd.grad(theirs, logits), strict=True):
        torch.testing.assert_close(own.grad, other)


def test_the_class_head_learns_from_real_pictures_only(small):
    # A3-R1: learned from fakes too, it may agree with the generator on a code of their own
    real, fake = judged("acgan", small, 0)[0][1].grad.chunk(2)
    assert not fake.any() and real.any()


def test_the_early_class_head_learns_from_generated_pictures_too(small):
    # the failing ablation must keep its failing
    named = judged("acgan-early", small, 0)[0][1]
    assert (named.grad.abs().sum(1) > 0).all()


def test_what_the_class_head_pays(small):
    logits = torch.randn(5, 10, generator=torch.Generator().manual_seed(0))
    label, asked = torch.tensor([1, 2]), torch.tensor([3, 4, 5])
    late, early = (small(name).build().class_loss(logits, label, asked) for name in BOTH)
    torch.testing.assert_close(late, cross_entropy(logits[:2], label))
    wanted = cross_entropy(logits[:2], label) + cross_entropy(logits[2:], asked)
    torch.testing.assert_close(early, wanted)


def test_the_class_loss_of_real_pictures_does_not_know_what_was_asked(small):
    here = small("acgan", dropout=0.0)
    model, batch = here.build(), batch_of(here)
    named = [turns(model, batch, seed)[0].metrics["class_loss"] for seed in (0, 1)]
    torch.testing.assert_close(*named)
    fooled = [turns(model, batch, seed)[0].metrics["discriminator"] for seed in (0, 1)]
    assert not torch.equal(*fooled)


@pytest.mark.parametrize("name", BOTH)
def test_the_generator_is_taught_to_draw_what_was_asked(name, small):
    # breaks when other labels are drawn for the loss than for the pictures
    here = small(name, dropout=0.0)
    model, batch = here.build(), batch_of(here)
    asked: list[Tensor] = []
    named: list[Tensor] = []
    model.generator.register_forward_pre_hook(lambda _, x: asked.append(x[1]))
    model.discriminator.register_forward_hook(lambda _, __, out: named.append(out[1].detach()))
    update = turns(model, batch)[1]
    wanted = cross_entropy(named[-1], asked[-1])
    torch.testing.assert_close(update.metrics["generated_class_loss"], wanted)
    total = update.metrics["generator"] + update.metrics["generated_class_loss"]
    torch.testing.assert_close(update.loss.detach(), total)


@pytest.mark.parametrize("name", BOTH)
def test_samples_show_the_class_asked_for_or_all_in_turn(name, small):
    model = small(name).build()
    asked: list[list[int]] = []
    model.generator.register_forward_pre_hook(lambda _, x: asked.append(x[1].tolist()))
    model.sample(12)
    model.sample(3, label=7)
    model.interpolate(8, 4)
    model.interpolate(3, 2, label=5)
    assert asked == [[*range(10), 0, 1], [7] * 3, [0, 0, 1, 1, 2, 2, 3, 3], [5] * 3]


@pytest.mark.parametrize("label", [-1, 10])
def test_a_class_that_is_not_there_is_the_users_mistake(label, small):
    model = small("acgan").build()
    with pytest.raises(UserError, match=f"no class {label}; there are: 0, 1, 2"):
        model.sample(2, label=label)
    with pytest.raises(UserError, match=f"no class {label}; there are: 0, 1, 2"):
        model.interpolate(2, 2, label=label)
