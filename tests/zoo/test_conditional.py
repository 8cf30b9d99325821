"""AC-GAN: the class conditions the picture, and the class head learns from real pictures only."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from conftest import Small
from liangyi.core.batch import Labelled
from liangyi.core.errors import UserError
from liangyi.core.model import Update

BOTH = ["acgan", "acgan-early"]


def batch_of(here: Small, count: int = 6) -> Any:
    return here.source().batch(Labelled, torch.arange(count), image_range=here.kind.image_range)


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


def named_gradients(name: str, small: Any) -> tuple[Tensor, Labelled]:
    """Return how the discriminator's loss pulls at the class logits of real and of fake ones."""
    here = small(name)
    model, batch = here.build(), batch_of(here)
    kept: list[Tensor] = []

    def keep(_: Any, __: Any, output: tuple[Tensor, Tensor]) -> None:
        output[1].retain_grad()
        kept.append(output[1])

    model.discriminator.register_forward_hook(keep)
    turns(model, batch)[0].loss.backward()
    return kept[0], batch


def test_the_class_head_learns_from_real_pictures_only(small):
    # A3-R1: learned from fakes too, it may agree with the generator on a code of their own
    named, batch = named_gradients("acgan", small)
    real, fake = named.grad.chunk(2)
    assert not fake.any()
    # and in full from the real ones: (softmax - one-hot) / N
    wanted = named.detach()[:6].softmax(1) - torch.nn.functional.one_hot(batch.label, 10)
    torch.testing.assert_close(real, wanted / 6)


def test_the_early_class_head_learns_from_generated_pictures_too(small):
    # the failing ablation must keep its failing
    named, _ = named_gradients("acgan-early", small)
    assert (named.grad.abs().sum(1) > 0).all()


def test_what_the_class_head_pays(small):
    logits = torch.randn(5, 10, generator=torch.Generator().manual_seed(0))
    label, asked = torch.tensor([1, 2]), torch.tensor([3, 4, 5])
    late, early = (small(name).build().class_loss(logits, label, asked) for name in BOTH)
    torch.testing.assert_close(late, cross_entropy(logits[:2], label))
    torch.testing.assert_close(early, cross_entropy(logits, torch.tensor([1, 2, 3, 4, 5])))


def test_the_class_loss_of_real_pictures_does_not_know_what_was_asked(small):
    here = small("acgan", dropout=0.0)
    model, batch = here.build(), batch_of(here)
    named = [turns(model, batch, seed)[0].metrics["named"] for seed in (0, 1)]
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
    torch.testing.assert_close(update.metrics["drawn"], wanted)
    total = update.metrics["generator"] + update.metrics["drawn"]
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
    with pytest.raises(UserError, match=r"out of range; there are 0 \.\.\. 9"):
        model.sample(2, label=label)
    with pytest.raises(UserError, match=r"out of range; there are 0 \.\.\. 9"):
        model.interpolate(2, 2, label=label)
