"""InfoGAN: the bound's gradient is there, and codes do what their names say."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from conftest import batch_of
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.losses import adversarial


@pytest.fixture
def here(small: Any) -> Any:
    return small("infogan")


def turns(model: Any, batch: Any) -> list[Update]:
    torch.manual_seed(0)
    return list(model.updates(batch, 0))


def test_the_mutual_information_reaches_generator_and_head(here):
    # A19: torchgan rebuilt the log-probabilities as a new tensor, so that no gradient came back
    model = here.build()
    fake = model.generated(6)
    known = model.known(model.discriminator(fake.image)[1], fake)
    players = {"generator": model.generator, "head": model.discriminator.read,
               "shared layers": model.discriminator.features}  # fmt: skip
    for name, network in players.items():
        pull = torch.autograd.grad(known, list(network.parameters()), retain_graph=True)
        assert sum(float(one.abs().sum()) for one in pull) > 1e-6, name


def test_both_players_losses_are_the_games_less_lambda_times_the_bound(here):
    for weight in (0.0, 3.0):
        model = here.build()
        object.__setattr__(model.config, "information", weight)
        batch = batch_of(here)
        first, second = turns(model, batch)
        known = float(second.metrics["information"])
        for update, name in ((first, "discriminator"), (second, "generator")):
            game = float(update.metrics[name])
            assert float(update.loss.detach()) == pytest.approx(game - weight * known, abs=1e-4)


def test_the_games_loss_is_that_of_gan(here):
    model, batch = here.build(), batch_of(here)
    torch.manual_seed(0)
    fake = model.generated(6)
    wanted = adversarial.discriminator(model.judgement(batch), model.judgement(fake))
    torch.testing.assert_close(turns(model, batch)[0].metrics["discriminator"], wanted.detach())


def test_a_head_that_reads_rightly_makes_the_bound_as_large_as_it_gets(here):
    model = here.build()
    fake = model.generated(50)
    sure = 50 * torch.nn.functional.one_hot(fake.category, 10).float()
    right = torch.cat([sure, fake.continuous], 1)
    wrong = torch.cat([sure.roll(1, 1), -fake.continuous], 1)
    blind = torch.zeros_like(right)
    figures = [float(model.known(read, fake).detach()) for read in (right, blind, wrong)]
    assert figures == sorted(figures, reverse=True) and figures[0] == pytest.approx(
        2.3026 - 2 * 0.2258, abs=1e-3
    )


def test_codes_have_their_laws(here):
    fake = here.build().generated(4000)
    assert fake.category.bincount(minlength=10).min() > 300
    assert fake.continuous.shape == (4000, 2) and fake.continuous.abs().max() <= 1
    assert float(fake.continuous.std()) == pytest.approx(3**-0.5, abs=0.02)


def test_a_traverse_changes_one_code_alone(here):
    model = here.build()
    codes: list[torch.Tensor] = []
    model.generator.register_forward_pre_hook(lambda _, x: codes.append(x[0]))
    assert model.traverse(0, values=3).shape == (3, 10, *model.spec.shape)
    noise, chosen = codes[-1][:, :8].view(3, 10, 8), codes[-1][:, 8:18].view(3, 10, 10)
    assert (noise == noise[:, :1]).all() and not torch.equal(noise[0], noise[1])
    assert torch.equal(chosen, torch.eye(10).expand(3, 10, 10))
    assert not codes[-1][:, 18:].any()
    for which in (1, 2):
        rows = model.traverse(which, values=5, reach=1.5)
        assert rows.shape == (10, 5, *model.spec.shape)
        code = codes[-1].view(10, 5, 20)
        assert (code[:, :, :8] == code[0, 0, :8]).all()  # one noise
        assert torch.equal(code[:, 0, 8:18], torch.eye(10))  # a category each row
        assert code[3, :, 17 + which].tolist() == [-1.5, -0.75, 0, 0.75, 1.5]
        assert not code[:, :, 20 - which].any()
    with pytest.raises(UserError, match=r"codes 0 \.\.\. 2"):
        model.traverse(3)


def test_what_is_read_is_probabilities_and_numbers(here):
    model, batch = here.build(), batch_of(here)
    code = model.encode(batch.image)
    assert code.shape == (6, 12)
    torch.testing.assert_close(code[:, :10].sum(1), torch.ones(6))
    torch.testing.assert_close(model.cluster(batch.image), code[:, :10])
