"""Standing statistics: whose they are, what they leave alone, and what they are the mean of."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from liangyi.core.errors import UserError
from liangyi.core.model import evaluating
from liangyi.use.standing import SEED, SIZE, take_standing


def norms(network):
    return [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]


def test_statistics_become_those_of_what_is_generated(small):
    # breaks when they are a moving average, or the layers before still use the old ones
    model = small("dcgan").build().eval()
    with torch.no_grad():
        for norm in norms(model.generator):
            norm.running_mean.fill_(7), norm.running_var.fill_(30)
    take_standing(model, 3)
    first = norms(model.generator)[0]
    seen = []
    hook = first.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    for number in range(3):
        with evaluating(model, SEED, number * SIZE):
            model.generated(SIZE)
    hook.remove()
    wanted = torch.stack([maps.mean((0, 2, 3)) for maps in seen]).mean(0)
    torch.testing.assert_close(first.running_mean, wanted, rtol=1e-4, atol=1e-5)
    assert int(first.num_batches_tracked) == 3


def test_statistics_are_those_of_truncated_noise_where_it_is_truncated(small):
    # breaks when they are taken from noise that is never drawn then
    model, most = small("ragan").build().eval(), []
    model.generator.register_forward_pre_hook(lambda _, given: most.append(given[0].abs().max()))
    take_standing(model, 2, truncation=0.5)
    assert len(most) == 3 and float(max(most[1:])) <= 0.5  # the first was to find the layers
    with pytest.raises(UserError, match="only normal noise"):
        take_standing(small("dcgan").build(), 2, truncation=0.5)


def test_statistics_stay_where_truncation_is_refused(small):
    # breaks when they are reset before it is known that the model draws no normal noise
    model = small("dcgan").build()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with pytest.raises(UserError, match="only normal noise"):
        take_standing(model, 2, truncation=0.5)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_weights_modes_the_discriminator_and_random_state_stay(small):
    model = small("dcgan").build()
    model.train()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    take_standing(model, 2)
    moved = {n for n, v in model.state_dict().items() if not torch.equal(v, before[n])}
    assert moved and all(
        (n.startswith("generator") and "running" in n) or "num" in n for n in moved
    )
    assert all(norm.momentum == 0.1 and norm.training for norm in norms(model))
    assert torch.equal(state, torch.get_rng_state())


def test_twice_is_once(small):
    model = small("acgan").build().eval()
    take_standing(model, 2)
    first = model.sample(4)
    take_standing(model, 2)
    assert torch.equal(model.sample(4), first)


def test_a_model_without_batch_statistics_says_so(small):
    with pytest.raises(UserError, match="without batch statistics"):
        take_standing(small("gan").build(), 2)


def test_what_does_not_sample_says_so(small):
    # breaks when a classifier ends in a traceback
    with pytest.raises(UserError, match="mnist-cnn cannot sample"):
        take_standing(small("mnist-cnn").build(), 2)
