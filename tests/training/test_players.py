"""Players of several parts, parts in several players, and players that move themselves."""

from __future__ import annotations

import json
from typing import Any

import pytest
import torch
from torch import nn

from conftest import follow, same, weights_of
from liangyi.core import processes, registry
from liangyi.core.batch import Points
from liangyi.core.config import Config, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update
from liangyi.core.spec import Spec, Vector
from liangyi.data import Batches, choose
from liangyi.runs import checkpoint
from liangyi.session import create
from liangyi.training import compiled
from liangyi.training.players import Players
from liangyi.training.trainer import Trainer

PLANE = Spec("point", point=Vector(2))


class Pair(Model):
    """An encoder and a decoder, moved as one player or one after the other."""

    eats = (Points,)
    apart = False

    def networks(self):
        torch.manual_seed(0)
        self.encoder, self.decoder = nn.Linear(2, 3), nn.Linear(3, 2)
        self.made: list[int] = []  # weights of each optimiser

    def optimizer(self, player, weights):
        self.made.append(len(weights))
        return torch.optim.Adam(weights, lr=0.01)

    def loss(self, batch):
        return (self.decoder(self.encoder(batch.point)) - batch.point).square().mean()

    def updates(self, batch, step):
        if not self.apart:
            yield Update((self.encoder, self.decoder), self.loss(batch))
            return
        loss = self.loss(batch)
        yield Update(self.encoder, loss), Update(self.decoder, loss)


def trainer_of(model: Model, **settings: Any) -> Trainer:
    training = Training(**{"steps": 10, "batch_size": 8, "device": "cpu", "average": 0} | settings)
    stream = Batches(choose("ring").split(), Points, training.batch_size, training.seed)
    return Trainer(model, stream, training)


def test_a_player_of_several_parts_has_one_backward_and_one_optimiser(monkeypatch):
    # breaks when a loss goes back once for each part: a penalty's graph would be gone by then
    backwards = []
    backward = torch.Tensor.backward

    def counted(self, *given, **named):
        backwards.append(len(named["inputs"]))
        return backward(self, *given, **named)

    monkeypatch.setattr(torch.Tensor, "backward", counted)
    model = Pair(Config(), PLANE)
    trainer = trainer_of(model, examine_every=1)
    before = weights_of(model)
    report = trainer.advance()
    assert backwards == [4] and model.made == [4]
    assert list(trainer.players.optimizers) == ["encoder+decoder"]
    assert all(not torch.equal(value, before[name]) for name, value in weights_of(model).items())
    assert report.read()["signal/encoder+decoder_gradient"] > 0


def test_it_moves_as_its_parts_would_at_once():
    # Adam looks at each weight alone, so one optimiser of all is two of some
    curves = []
    for apart in (False, True):
        model = Pair(Config(), PLANE)
        model.apart = apart
        for _ in trainer_of(model).run(5):
            pass
        curves.append(weights_of(model))
    assert all(torch.allclose(curves[0][name], curves[1][name]) for name in curves[0])


def test_players_are_known_by_their_paths():
    model = Pair(Config(), PLANE)
    players = Players(model)
    assert players.name(model) == "model" and players.of("model") is model
    assert players.name(model.encoder.weight) == "encoder.weight"
    assert players.name((model.decoder, model.encoder)) == "decoder+encoder"
    assert players.of("decoder+encoder") == (model.decoder, model.encoder)
    assert players.name((model.encoder, model.encoder.weight)) == "encoder+encoder.weight"
    assert len(players.weights("encoder+encoder.weight")) == 2  # each weight once
    for name in ("nobody", "encoder+nobody"):
        with pytest.raises(KeyError):
            players.of(name)
    with pytest.raises(ValueError, match="not a part of"):
        players.name((model.encoder, nn.Linear(1, 1)))


def test_what_is_frozen_is_not_moved():
    model = Pair(Config(), PLANE)
    model.encoder.requires_grad_(False)
    frozen = weights_of(model.encoder)
    for _ in trainer_of(model).run(2):
        pass
    assert model.made == [2] and same(frozen, weights_of(model.encoder))


class Overlapping(Pair):
    """The decoder is in two players, as in an ablation that leaves nobody frozen."""

    def updates(self, batch, step):
        yield Update((self.encoder, self.decoder), self.loss(batch))
        if step % 2:
            loss = self.decoder(batch.point.new_ones(4, 3)).square().mean()
            yield Update(self.decoder, loss, size=loss)


@pytest.fixture
def known(forgetful):
    """Register models that are forgotten after the test."""
    for kind in (Overlapping, Pushed):
        registry.register(kind.__name__.lower())(kind)
    yield
    for kind in (Overlapping, Pushed):
        del kind.registered


def run_of(kind: type[Model], path: Any, **settings: Any) -> Any:
    pace = {"steps": 6, "log_every": 2, "sample_every": 6, "checkpoint_every": 2, "device": "cpu"}
    training = Training(**pace | {"batch_size": 8, "average": 0.9} | settings)
    return create(kind, Config(), choose("ring"), training, path)


def test_overlapping_players_have_their_own_optimisers():
    # breaks when the shared weights' state is kept once: each player would move by both's moments
    model = Overlapping(Config(), PLANE)
    trainer = trainer_of(model)
    for _ in trainer.run(4):
        pass
    both, alone = (trainer.players.optimizers[n].state for n in ("encoder+decoder", "decoder"))
    weight = model.decoder.weight
    assert both[weight]["step"] == 4 and alone[weight]["step"] == 2
    assert not torch.equal(both[weight]["exp_avg"], alone[weight]["exp_avg"])
    tensors, plain = trainer.state()
    again = trainer_of(Overlapping(Config(), PLANE))
    again.restore(tensors, json.loads(json.dumps(plain)))
    for one in (trainer, again):
        for _ in one.run(3):
            pass
    assert same(weights_of(model), weights_of(again.model))


def test_overlapping_players_survive_stopping_at_every_step(known, tmp_path):
    whole, parts = (run_of(Overlapping, tmp_path / name) for name in ("whole", "parts"))
    for _ in follow(whole):
        pass
    for step in range(1, 7):
        assert [report.step for report in follow(parts, stop=lambda: True)] == [step]
    first, second = (dict(run.newest(print).tensors) for run in (whole, parts))
    assert same(first, second)
    assert any(name.startswith("optimizer/encoder+decoder/") for name in first)
    assert any(name.startswith("optimizer/decoder/") for name in first)


class Pushed(Pair):
    """The decoder's bias follows the mean of the batch by a closed form."""

    def updates(self, batch, step):
        bias = self.decoder.bias

        def kernel():
            assert not torch.is_grad_enabled()
            away = batch.point.mean(0) - bias
            bias.add_(away, alpha=0.5)
            return {"away": away.norm()}

        yield Update(bias, by=kernel, seen=torch.tensor(1.0))
        yield Update(self.encoder, self.loss(batch))


def test_a_kernel_moves_its_player_and_nobody_else():
    model = Pushed(Config(), PLANE)
    trainer = trainer_of(model, examine_every=1)
    before = weights_of(model)
    wanted = before["decoder.bias"] + 0.5 * (
        trainer.stream.batch(0).point.mean(0) - before["decoder.bias"]
    )
    read = trainer.advance().read()
    after = weights_of(model)
    torch.testing.assert_close(after["decoder.bias"], wanted)
    assert torch.equal(after["decoder.weight"], before["decoder.weight"])
    assert not torch.equal(after["encoder.weight"], before["encoder.weight"])
    assert read["away"] > 0 and read["seen"] == 1
    # it has no optimiser and no gradient
    assert list(trainer.players.optimizers) == ["encoder"] and model.made == [2]
    assert all(weight.grad is None for weight in model.parameters())
    # but how far it moved is known to the doctor
    moved = (wanted - before["decoder.bias"]).norm() / before["decoder.bias"].norm()
    assert read["signal/decoder.bias_update"] == pytest.approx(float(moved), rel=1e-4)
    assert "signal/decoder.bias_gradient" not in read


def test_a_kernel_wants_its_batch_whole():
    # breaks when it pushes between the parts' forward passes, which then see different weights
    trainer = trainer_of(Pushed(Config(), PLANE), accumulate=2)
    with pytest.raises(UserError, match="wants its batch in one piece"):
        trainer.advance()


class Both(Pair):
    """A kernel and a loss in one turn, the kernel first."""

    def updates(self, batch, step):
        def kernel():
            self.decoder.bias.add_(1.0)
            return {}

        yield Update(self.decoder, by=kernel), Update(self.encoder, self.loss(batch))


def test_all_of_one_turn_see_the_same_weights():
    # breaks when a kernel runs before another update of its turn has gone back
    both, alone = Both(Config(), PLANE), Pair(Config(), PLANE)
    alone.load_state_dict(both.state_dict())
    trainer = trainer_of(both)
    loss = alone.loss(trainer.stream.batch(0))
    wanted = torch.autograd.grad(loss, list(alone.encoder.parameters()))
    seen = []
    move = trainer._move
    trainer._move = lambda *words: (
        seen.extend(weight.grad.clone() for weight in both.encoder.parameters()),
        move(*words),
    )
    trainer.advance()
    for one, other in zip(seen, wanted, strict=True):
        torch.testing.assert_close(one, other)


class Mixed(Pair):
    """Two players of one turn that share the decoder."""

    def updates(self, batch, step):
        loss = self.loss(batch)
        yield Update((self.encoder, self.decoder), loss), Update(self.decoder, loss)


def test_players_of_one_turn_share_no_weight():
    # breaks when one gradient holds both losses' and the other none
    with pytest.raises(ValueError, match="share weights"):
        trainer_of(Mixed(Config(), PLANE)).advance()


class Tied(Pair):
    """One memory under two names."""

    def networks(self):
        super().networks()
        self.again = nn.ModuleList([self.decoder])


def test_tied_weights_are_kept_and_come_back(tmp_path):
    # breaks when a checkpoint refuses two names of one memory, after hours of training
    trainer = trainer_of(Tied(Config(), PLANE))
    list(trainer.run(2))
    tensors, plain = trainer.state()
    checkpoint.save(tmp_path, tensors, plain, keep=1)
    back = trainer_of(Tied(Config(), PLANE))
    found = checkpoint.load(tmp_path / "00000002")
    back.restore(found.tensors, found.plain)
    assert same(weights_of(trainer.model), weights_of(back.model))


def test_a_kernel_is_not_compiled(monkeypatch):
    # breaks when what it does in its loop is frozen as it was in the first step
    monkeypatch.setattr(compiled, "_PAYS", 1)
    model = Pushed(Config(), PLANE)
    trainer = trainer_of(model, examine_every=0)
    assert trainer._compiles
    curve = [report.read() for report in trainer.run(4)]
    assert not trainer._compiles
    eager = trainer_of(Pushed(Config(), PLANE), examine_every=0, compile="off")
    assert curve == [report.read() for report in eager.run(4)]
    wished = trainer_of(Pushed(Config(), PLANE), examine_every=0, compile="on")
    next(wished.run(1))
    before = weights_of(wished.model)
    with pytest.raises(UserError, match="moves by a kernel") as told:
        next(wished.run(1))
    assert told.value.setting == "compile" and same(before, weights_of(wished.model))


def test_a_kernel_is_for_one_process(monkeypatch):
    trainer = trainer_of(Pushed(Config(), PLANE))
    monkeypatch.setattr(processes, "world", lambda: 2)
    with pytest.raises(UserError, match="Pushed moves by a kernel, in one process only"):
        trainer.advance()


def test_a_run_of_a_kernel_stops_and_goes_on(known, tmp_path):
    # breaks when a player without an optimiser is looked for in the checkpoint, or the report that
    # a stop writes runs the kernel once more
    whole, parts = (run_of(Pushed, tmp_path / name) for name in ("whole", "parts"))
    for _ in follow(whole):
        pass
    for _ in range(6):
        for _ in follow(parts, stop=lambda: True):
            pass
    first, second = (dict(run.newest(print).tensors) for run in (whole, parts))
    assert same(first, second) and not any("bias" in n for n in first if "optimizer" in n)


def test_an_update_wants_a_loss_or_a_kernel():
    weight = nn.Parameter(torch.ones(()))
    with pytest.raises(TypeError, match="a loss to lower, or a kernel"):
        Update(weight)
    with pytest.raises(TypeError, match="a loss to lower, or a kernel"):
        Update(weight, weight.square(), by=dict)
