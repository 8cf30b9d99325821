"""Who moves when, in which precision, and what happens when a loss is no number."""

from __future__ import annotations

import json

import pytest
import torch
from torch import nn

from liangyi.core import draw
from liangyi.core.batch import Points
from liangyi.core.config import Config, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update
from liangyi.core.spec import Spec, Vector
from liangyi.core.walk import loop
from liangyi.data import Batches, choose
from liangyi.training.devices import choose_precision
from liangyi.training.settings import check
from liangyi.training.trainer import Trainer, TrainingFailed

PLANE = Spec("point", point=Vector(2))


class Duel(Model):
    """The bilinear game min_x max_y x y: every step is known in closed form."""

    eats = (Points,)
    rate = 0.1

    def __init__(self, together: bool) -> None:
        super().__init__(Config(), PLANE)
        self.together = together

    def networks(self):
        self.x = nn.Parameter(torch.ones(()))
        self.y = nn.Parameter(torch.ones(()))

    def optimizer(self, player, weights):
        return torch.optim.SGD(weights, lr=self.rate)

    def updates(self, batch, step):
        value = self.x * self.y
        if self.together:
            yield Update(self.y, -value), Update(self.x, value)
        else:
            yield Update(self.y, -value)
            yield Update(self.x, self.x * self.y)


def trainer_of(model: Model, **settings) -> Trainer:
    training = Training(**{"steps": 10, "batch_size": 4, "device": "cpu", "average": 0} | settings)
    stream = Batches(choose("ring").split(), Points, training.batch_size, training.seed)
    return Trainer(model, stream, training)


@pytest.mark.parametrize("together", [True, False])
def test_a_pair_is_applied_at_once_and_turns_one_after_the_other(together):
    # breaks when the second update of a pair sees the first one's move, or a turn does not
    model = Duel(together)
    x = y = 1.0
    for _ in trainer_of(model).run(5):
        if together:
            x, y = x - 0.1 * y, y + 0.1 * x
        else:
            y = y + 0.1 * x
            x = x - 0.1 * y
    assert (model.x.item(), model.y.item()) == pytest.approx((x, y), rel=1e-5)


def test_simultaneous_play_spirals_out_as_theory_says():
    # |(x, y)|^2 grows by exactly 1 + rate^2 in each step of the bilinear game
    model = Duel(together=True)
    for _ in trainer_of(model).run(50):
        pass
    assert (model.x**2 + model.y**2).item() == pytest.approx(2 * 1.01**50, rel=1e-4)


class Line(Model):
    """Fit a linear map; the joined batch's gradient is the mean of its parts'."""

    eats = (Points,)

    def __init__(self, bad_step: int = -1) -> None:
        super().__init__(Config(), PLANE)
        self.bad_step = bad_step

    def networks(self):
        self.network = nn.Linear(2, 1)

    def optimizer(self, player, weights):
        return torch.optim.SGD(weights, lr=0.1)

    def updates(self, batch, step):
        error = (self.network(batch.point) - 1).square().mean()
        if step == self.bad_step:
            error = error * float("nan")
        yield Update(self.network, error, error=error)


def fitted(**settings) -> tuple[list[float], torch.Tensor]:
    torch.manual_seed(0)
    model = Line()
    curve = [report.read()["error"] for report in trainer_of(model, **settings).run()]
    return curve, model.network.weight.detach().clone()


@pytest.mark.parametrize(("size", "parts"), [(32, 4), (10, 4), (100, 64), (5, 5)])
def test_a_batch_cut_into_parts_gives_the_whole_batchs_step(size, parts):
    # breaks when gradients of the parts are summed instead of averaged, when a part of two items
    # counts as much as one of three, or when the players move early
    curve, weight = fitted(batch_size=size)
    cut_curve, cut_weight = fitted(batch_size=size, accumulate=parts)
    assert torch.allclose(weight, cut_weight, atol=1e-6)
    assert cut_curve == pytest.approx(curve, rel=1e-5)


def test_more_parts_than_items_are_refused():
    for settings in ({"batch_size": 64}, {"batch_size": 1024, "devices": 2}):
        with pytest.raises(
            UserError, match="1,000 parts of a batch of which each process has"
        ) as told:
            trainer_of(Line(), accumulate=1000, **settings)
        assert told.value.setting == "accumulate"


def test_processes_that_get_no_item_are_refused():
    # breaks when it advises one part, which is what was asked for
    with pytest.raises(UserError, match="2 processes cannot share a batch of 1") as told:
        trainer_of(Line(), batch_size=1, devices=2)
    assert (told.value.setting, told.value.better) == ("batch_size", 2)


def test_each_part_goes_back_before_the_next_one_goes_forward():
    # breaks when all parts' graphs are in memory at once: cutting a batch would save none
    seen = []

    class Heard(Line):
        def updates(self, batch, step):
            for turn in range(2):
                seen.append(f"forward {turn}")
                loss = self.network(batch.point).square().mean()
                loss.register_hook(lambda gradient, turn=turn: seen.append(f"backward {turn}"))
                yield Update(self.network, loss)
                seen.append(self.network.weight.detach().clone())

    model = Heard()
    start = model.network.weight.detach().clone()
    list(trainer_of(model, accumulate=2).run(1))
    words = [word for word in seen if isinstance(word, str)]
    assert words == [*["forward 0", "backward 0"] * 2, *["forward 1", "backward 1"] * 2]
    first, second, third, fourth = (word for word in seen if isinstance(word, torch.Tensor))
    # after its yield each part sees the same moved weights
    assert torch.equal(first, second) and torch.equal(third, fourth)
    assert not torch.equal(start, first) and not torch.equal(first, third)


def test_a_part_that_fails_leaves_no_gradient_behind():
    # breaks when a training that is taken back begins with half a batch's gradient
    class Late(Line):
        def updates(self, batch, step):
            bad = batch.point.sum() == self.last  # the second part's
            loss = self.network(batch.point).square().mean()
            yield Update(self.network, loss * float("nan") if bad else loss)

    model = Late()
    trainer = trainer_of(model, accumulate=2)
    model.last = trainer.stream.batch(0).point[2:].sum()
    with pytest.raises(TrainingFailed, match="network became nan at step 0"):
        trainer.advance()
    assert all(weight.grad is None for weight in model.parameters())


def test_a_metric_of_several_turns_is_their_mean():
    # breaks when the last turn of a critic hides those before it
    class Counting(Line):
        def updates(self, batch, step):
            for turn in range(1, 6):
                loss = self.network(batch.point).square().mean()
                yield Update(self.network, loss, turn=torch.tensor(float(turn)))

    trainer = trainer_of(Counting(), batch_size=5, accumulate=2, examine_every=1)
    read = trainer.advance().read()
    assert read["turn"] == pytest.approx(3)
    assert read["signal/network_gradient"] > 0


def test_edited_settings_reach_a_resumed_optimiser_and_its_state_stays():
    # breaks when a checkpoint brings back the learning rate that it was written with
    class Adamant(Line):
        def __init__(self, rate, betas):
            super().__init__()
            self.rate, self.betas = rate, betas

        def optimizer(self, player, weights):
            return torch.optim.Adam(weights, lr=self.rate, betas=self.betas)

        def schedule(self, player, step):
            return 0.5**step

    old = trainer_of(Adamant(0.1, (0.5, 0.9)))
    for _ in old.run(2):
        pass
    old.slowed = 0.25  # what the trainer changes itself goes on
    tensors, plain = old.state()
    new = trainer_of(Adamant(0.3, (0.6, 0.95)))
    new.restore(tensors, json.loads(json.dumps(plain)))
    new.players.wake(new.step, new.slowed)
    (group,) = new.players.optimizers["network"].param_groups
    assert group["lr"] == pytest.approx(0.3 * 0.25 * 0.25) and group["betas"] == (0.6, 0.95)
    for one, two in zip(new.players.slots(), old.players.slots(), strict=True):
        assert torch.equal(one, two)


def test_a_loss_that_is_no_number_stops_before_it_harms_and_names_player_and_step():
    torch.manual_seed(0)
    model = Line(bad_step=3)
    trainer = trainer_of(model)
    with pytest.raises(TrainingFailed, match="network became nan at step 3"):
        for _ in trainer.run():
            pass
    assert model.network.weight.isfinite().all() and trainer.step == 3


def test_losses_that_are_looked_at_late_are_named_as_well():
    # on a GPU losses wait on the device and are asked for many at a time
    trainer = trainer_of(Line())
    good, bad = torch.tensor(1.0), torch.tensor(float("inf"))
    trainer._losses.waiting = [(4, "network", good), (5, "network", bad), (6, "network", bad)]
    with pytest.raises(TrainingFailed, match="network became inf at step 5"):
        trainer.check()


def test_weights_that_are_no_numbers_are_found_before_a_checkpoint():
    model = Line()
    trainer = trainer_of(model)
    with torch.no_grad():
        model.network.weight.fill_(float("inf"))
    with pytest.raises(TrainingFailed, match=r"network\.weight"):
        trainer.check_weights()


def test_autocast_does_not_leak_out_of_a_suspended_algorithm():
    # breaks when `yield` stands inside `with autocast`: the caller would compute in bfloat16
    seen = []

    class Spy(Line):
        def updates(self, batch, step):
            product = self.network(batch.point)
            seen.append(product.dtype)
            yield Update(self.network, product.float().square().mean())

    for _ in trainer_of(Spy(), precision="bfloat16").run(2):
        assert not torch.is_autocast_enabled("cpu")
        assert (torch.ones(2, 2) @ torch.ones(2, 2)).dtype == torch.float32
    assert seen == [torch.bfloat16] * 2


def test_a_suspended_algorithm_does_not_see_autocast_of_its_next_turn_lost():
    seen = []

    class TwoTurns(Line):
        def updates(self, batch, step):
            for _ in range(2):
                product = self.network(batch.point)
                seen.append(product.dtype)
                yield Update(self.network, product.float().square().mean())

    list(trainer_of(TwoTurns(), precision="bfloat16").run(1))
    assert seen == [torch.bfloat16] * 2


def test_automatic_precision_wants_convolutions():
    linear, convolution = nn.Linear(2, 2), nn.Conv2d(1, 1, 3)
    cpu = torch.device("cpu")
    assert choose_precision("auto", linear, cpu) == torch.float32
    fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    assert choose_precision("auto", convolution, cpu) == (torch.bfloat16 if fast else torch.float32)
    assert choose_precision("bfloat16", linear, cpu) == torch.bfloat16


def test_the_average_follows_the_weights_and_forgets_their_start():
    torch.manual_seed(0)
    model = Line()
    trainer = trainer_of(model, average=0.5)
    start = model.network.weight.detach().clone()
    path = []
    for report in trainer.run(3):
        decay = min(0.5, (1 + report.step) / (10 + report.step))
        start = decay * start + (1 - decay) * model.network.weight.detach()
        path.append(torch.allclose(trainer.averaged.network.weight, start, atol=1e-6))
    assert all(path)
    assert not torch.equal(trainer.averaged.network.weight, model.network.weight)


def test_averaged_weights_come_with_the_models_own_running_statistics():
    # breaks when statistics that are averages already are averaged once more, and lag twice
    class Normed(Line):
        def networks(self):
            self.network = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 1))

    model = Normed()
    trainer = trainer_of(model, average=0.99)
    for _ in trainer.run():
        pass
    buffers = list(zip(trainer.averaged.buffers(), model.buffers(), strict=True))
    assert len(buffers) == 3 and all(torch.equal(one, two) for one, two in buffers)
    assert not torch.equal(trainer.averaged.network[1].weight, model.network[1].weight)


def test_a_player_that_is_no_part_of_the_model_is_refused():
    class Stranger(Line):
        def updates(self, batch, step):
            other = nn.Linear(2, 1)
            yield Update(other, other(batch.point).mean())

    with pytest.raises(ValueError, match="not a part of"):
        next(trainer_of(Stranger()).run(1))


def test_training_leaves_the_callers_random_state_alone():
    trainer = trainer_of(Line())
    torch.manual_seed(5)
    state = torch.get_rng_state()
    for _ in trainer.run(2):
        assert torch.equal(torch.get_rng_state(), state)


def test_noise_is_a_function_of_seed_and_step():
    cpu = torch.device("cpu")

    def noise(seed, step):
        with draw.step(seed, step, cpu):
            return draw.normal(3, 2), torch.rand(2)  # ours, and what dropout uses

    first, again, later, other = noise(0, 7), noise(0, 7), noise(0, 8), noise(1, 7)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    for changed in (later, other):
        assert not any(torch.equal(a, b) for a, b in zip(first, changed, strict=True))


def test_a_walk_passes_its_stops_and_closes():
    stops = torch.randn(3, 8)
    walk = loop(stops, 12)
    assert torch.allclose(walk[[0, 4, 8]], stops, atol=1e-4)
    lengths = (walk - walk.roll(1, 0)).norm(dim=1)
    assert lengths.max() < 3 * lengths.min()  # an even pace, also from the last frame to the first


def test_a_walk_through_codes_of_one_number_goes_straight():
    # breaks when it jumps beyond both stops, or to nothing, where their signs differ
    walk = loop(torch.tensor([[1.0], [-2.0]]), 6)
    wanted = torch.tensor([[1.0], [0.0], [-1.0], [-2.0], [-1.0], [0.0]])
    torch.testing.assert_close(walk, wanted, rtol=0, atol=1e-5)


@pytest.mark.parametrize("parts", [{"batch_size": 1}, {"batch_size": 5, "accumulate": 3}])
def test_batch_statistics_of_one_item_are_refused_at_once(small, parts):
    # breaks when PyTorch finds it out in the first step, by a traceback
    training = Training(steps=2, device="cpu", **parts)
    with pytest.raises(UserError, match="two at least in each process and part"):
        check(small("bigan").build(), training, 100)
    check(small("gan").build(), training, 100)
