"""MaliGAN: where the discriminator knows both laws, its policy gradient is that of likelihood."""

from __future__ import annotations

import itertools

import torch
from torch import nn

from liangyi.core.batch import Tokens
from liangyi.core.spec import Spec, Words

WORDS, LENGTH = 3, 2
EVERY = torch.tensor(list(itertools.product(range(WORDS), repeat=LENGTH)))


def test_with_the_best_discriminator_it_is_the_gradient_of_likelihood(small, monkeypatch):
    # breaks with D for D / (1 - D), or when rewards are not divided by their mean
    here = small("maligan", rollouts=0, likelihood_steps=0, pretrain_steps=0)
    torch.manual_seed(0)
    model = here.kind(here.config, Spec("token", token=Words(LENGTH, WORDS)))
    for weight in model.generator.parameters():
        nn.init.normal_(weight, std=0.3)
    real = torch.rand(len(EVERY)).softmax(0)
    own = model.generator(EVERY).sum(1).exp().detach()
    ratio = real / own  # the best discriminator's D / (1 - D)

    def judged(token):
        return token @ torch.tensor([WORDS, 1])

    monkeypatch.setattr(model.discriminator, "forward", lambda token: ratio[judged(token)].log())
    torch.testing.assert_close(model.worth(EVERY), ratio)
    # each sentence as often as the generator writes it
    counts = (own * 200_000).round().long()
    written = EVERY.repeat_interleave(counts, 0)
    monkeypatch.setattr(model.generator, "write", lambda count, length: written)
    (update,) = model.updates(Tokens(written), 0)
    weights = list(model.generator.parameters())
    found = torch.autograd.grad(update.loss, weights)
    loss = -(real * model.generator(EVERY).sum(1)).sum()
    for one, other in zip(found, torch.autograd.grad(loss, weights), strict=True):
        torch.testing.assert_close(one, other, rtol=5e-3, atol=5e-4)


def test_one_sure_word_is_not_everything(small):
    here = small("maligan", rollouts=0)
    model = here.kind(here.config, Spec("token", token=Words(LENGTH, WORDS)))
    with torch.no_grad():
        model.discriminator.output.bias.fill_(1000.0)
        found = model.rewards(EVERY)
    assert bool(found.isfinite().all())
    torch.testing.assert_close(found.mean(0), torch.zeros(LENGTH))
