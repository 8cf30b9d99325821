"""Text to image: algorithm 1 by hand, interpolated texts, and who learns to read."""

from __future__ import annotations

import pytest
import torch
from torch.nn.functional import softplus

from conftest import batch_of
from liangyi.core.batch import Captioned
from liangyi.core.errors import UserError
from liangyi.views import captions
from liangyi.zoo.conditional.gan_cls import KNOWN


@pytest.fixture(params=["gan-cls", "text-to-image"])
def name(request):
    return request.param


def turns(model, batch):
    """Return the updates of a step in which nothing moves."""
    return list(model.updates(batch, 0))


def test_the_discriminators_loss_is_that_of_algorithm_1(small, name):
    here = small(name)
    model, batch = here.build().eval(), batch_of(here)
    noise = model.noise(6)
    model.noise = lambda count: noise
    text = model.reader(batch.caption)
    fake = model.generate(noise, text)
    right, wrong, false = (
        model.discriminator(image, read)
        for image, read in ((batch.image, text), (batch.image, text[[5, 0, 1, 2, 3, 4]]),
                            (fake, text))
    )  # fmt: skip
    wanted = softplus(-right).mean() + (softplus(wrong) + softplus(false)).mean() / 2
    torch.testing.assert_close(turns(model, batch)[0].loss, wanted)


def test_without_wrong_texts_it_is_the_gans_own_loss(small):
    here = small("gan-cls", mismatch=0.0)
    model, batch = here.build().eval(), batch_of(here)
    noise = model.noise(6)
    model.noise = lambda count: noise
    fake = model.generated(6, batch)
    wanted = softplus(-model.judgement(batch)).mean() + softplus(model.judgement(fake)).mean()
    torch.testing.assert_close(turns(model, batch)[0].loss, wanted)


def test_the_generator_also_draws_what_lies_between_two_texts(small):
    here = small("text-to-image", interpolation=0.7)
    model, batch = here.build().eval(), batch_of(here)
    noise = model.noise(6)
    model.noise = lambda count: noise
    text = model.reader(batch.caption)
    between = (text + text[[5, 0, 1, 2, 3, 4]]) / 2
    plain = softplus(-model.discriminator(model.generate(noise, text), text)).mean()
    mixed = softplus(-model.discriminator(model.generate(noise, between), between)).mean()
    torch.testing.assert_close(turns(model, batch)[1].loss, plain + 0.7 * mixed)


def test_without_interpolation_the_child_is_its_parent(small):
    one, other = small("gan-cls"), small("text-to-image", interpolation=0.0)
    batch, losses = batch_of(one), []
    for here in (one, other):
        model = here.build().eval()
        noise = torch.linspace(-1, 1, 48).view(6, 8)
        model.noise = lambda count, noise=noise: noise
        losses.append([turn.loss.item() for turn in turns(model, batch)])
    assert losses[0] == losses[1]


def test_who_reads_learns_with_the_discriminator_alone(small, name):
    # breaks when the generator teaches the reader to say what is easily drawn
    here = small(name)
    model, batch = here.build(), batch_of(here)
    first, second = turns(model, batch)
    reader = list(model.reader.parameters())
    assert first.player == (model.discriminator, model.reader) and second.player is model.generator
    fake = model.generated(6, batch)
    grads = torch.autograd.grad(fake.image.sum(), reader, allow_unused=True)
    assert all(grad is None for grad in grads)
    grads = torch.autograd.grad(model.judgement(batch).sum(), reader)
    assert all(bool(grad.any()) for grad in grads)


def test_captions_are_drawn_as_they_are_asked_for(small, name):
    here = small(name)
    model, batch = here.build().eval(), batch_of(here)
    asked = Captioned(torch.zeros_like(batch.image), batch.caption)
    assert torch.equal(model.generated(6, asked).caption, batch.caption)
    one = model.sample(3, caption="a small red seven at the top left")
    other = model.sample(3, caption="a large blue two at the bottom right")
    assert not torch.equal(one, other)
    torch.testing.assert_close(one, model.sample(3, caption="A small red seven, at the top left!"))


def test_where_nobody_asks_the_first_captions_are_drawn_in_turn(small, name):
    here = small(name)
    model, batch = here.build(), batch_of(here)
    assert not model.known.any() and model.sample(2).isfinite().all()
    turns(model, batch)
    assert torch.equal(model.known, batch.caption[torch.arange(KNOWN) % 6])
    kept = model.known.clone()
    turns(model, Captioned(batch.image, batch.caption.flip(0)))
    assert torch.equal(model.known, kept)
    torch.testing.assert_close(model.sample(9)[1:2], model.sample(9, caption=kept[1])[1:2])


def test_a_caption_that_says_nothing_is_one_line(small, name):
    model = small(name).build()
    with pytest.raises(UserError, match="no word of 'quick brown fox' is known; there are: a, an"):
        model.sample(2, caption="quick brown fox")
    with pytest.raises(UserError, match="has 9 words; at most 8 fit"):
        model.sample(2, caption="a very small red seven at the top left")


def test_who_reads_knows_no_labels(small, name):
    # breaks when a sheet's captions are asked for what the model would refuse in one line
    model = small(name).build()
    assert captions.asked(model, 2, label="3") is None
    assert captions.asked(model, 3, caption="an eight").shape == (3, 8)
    with pytest.raises(UserError, match="does not know labels; it can be asked for a caption"):
        model.sample(2, label="3")


def test_the_rate_falls_in_the_second_half(small, name):
    model = small(name).build()
    assert model.schedule("generator", 10**6) == 1  # nobody has said how long
    model.planned = 100
    assert [model.schedule("generator", step) for step in (0, 50, 75, 100)] == [1, 1, 0.5, 0]
