"""A step as one compiled function: the same training, to rounding, stopped and resumed exactly."""

from __future__ import annotations

import dataclasses
import itertools
import shutil

import pytest
import torch

from conftest import follow, same
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.core.model import Update
from liangyi.nets.fast.dropout import dropout
from liangyi.training import compiled
from liangyi.training.trainer import Trainer
from liangyi.zoo.adversarial.gan import GAN

pytestmark = pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
STEPS = 6


def curve(trainer: Trainer) -> list[dict[str, float]]:
    return [report.read() for report in trainer.run(STEPS)]


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", ["gan", "vae", "wgan-gp", "dcgan", "mnist-cnn"])
def test_a_compiled_step_is_the_eager_one_to_rounding(name, small):
    # breaks when a turn sees weights of before the other's move, or noise or dropout are others';
    # wgan-gp differentiates a gradient, dcgan moves batch statistics, mnist-cnn has dropout
    eager = small(name).trainer(steps=STEPS, examine_every=3, compile="off")
    whole = small(name).trainer(steps=STEPS, examine_every=3, compile="on")
    slow, fast = curve(eager), curve(whole)
    assert isinstance(whole._whole, compiled.Step)  # neither the first nor the third were its
    for step, (now, then) in enumerate(zip(fast, slow, strict=True)):
        assert now == pytest.approx(then, rel=1e-3, abs=1e-4), f"step {step}"
    weights = zip(whole.model.state_dict().values(), eager.model.state_dict().values(), strict=True)
    for one, other in weights:
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-3)


@pytest.mark.timeout(600)
def test_stopping_and_resuming_compiled_training_changes_nothing(small, tmp_path):
    # breaks when tracing moves a weight or an optimiser, or a resumed run begins with an eager step
    whole = small("gan").run(tmp_path / "whole", steps=STEPS, checkpoint_every=2, compile="on")
    for _ in follow(whole):
        pass
    parts = small("gan").run(tmp_path / "parts", steps=STEPS, checkpoint_every=2, compile="on")
    for stop in range(1, STEPS + 1):
        for report in follow(parts, stop=lambda: True):
            assert report.step == stop
    files = [run.newest(print).tensors for run in (whole, parts)]
    assert same(dict(files[0]), dict(files[1]))


def test_what_looks_at_the_step_or_at_values_is_refused_and_nothing_moves(small):
    trainer = small("gan").trainer(steps=STEPS, compile="on", examine_every=0)
    algorithm = trainer.model.updates

    def peeking(batch, step):
        for update in algorithm(batch, step):
            if float(update.loss.detach()) > 0:
                yield update

    next(trainer.run(1))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.model.updates = peeking
    with pytest.raises(UserError, match=r"no compiled steps.*leave it out") as told:
        next(trainer.run(1))
    assert told.value.setting == "compile"
    assert same(before, trainer.model.state_dict())
    trainer.model.updates = lambda batch, step: algorithm(batch, step) if step % 2 else ()
    with pytest.raises(UserError, match="looks at the number of the step"):
        next(trainer.run(1))


class Counter(GAN):
    """Its generator moves in each fifth step only, and the count is in Python."""

    def updates(self, batch, step):
        first, second = super().updates(batch, step)
        yield first
        self.count = getattr(self, "count", 0) + 1
        if self.count % 5 == 0:
            yield second


def counting(small, **settings):
    here = small("gan")
    return dataclasses.replace(here, kind=Counter).trainer(steps=60, examine_every=0, **settings)


def test_a_count_in_python_is_refused_and_auto_keeps_it(small, monkeypatch):
    # breaks when the count stands still in the compiled step: its generator moved 1 time, not 12
    trainer = counting(small, compile="on")
    next(trainer.run(1))
    with pytest.raises(UserError, match="its steps change count, which is no weight"):
        next(trainer.run(1))
    assert trainer.model.count == 1  # and tracing left it as it was
    monkeypatch.setattr(compiled, "_PAYS", 1)
    trainer = counting(small)
    assert trainer._compiles
    moves = sum("generator" in report.metrics for report in trainer.run())
    assert moves == 12 and trainer.model.count == 60


def test_a_step_that_is_another_one_the_second_time_is_refused(small):
    # breaks when something that lies outside the model is frozen: a factor, a constant tensor
    for change in (lambda n: 1 + 0.5 * n, lambda n: torch.tensor(1 + 0.5 * n)):
        trainer = small("gan").trainer(steps=STEPS, compile="on", examine_every=0)
        algorithm, count = trainer.model.updates, itertools.count()

        def updates(batch, step, algorithm=algorithm, count=count, change=change):
            for update in algorithm(batch, step):
                yield Update(update.player, update.loss * change(next(count)))

        next(trainer.run(1))
        trainer.model.updates = updates
        with pytest.raises(UserError, match="does not do the same in every step"):
            next(trainer.run(1))


def test_models_whose_steps_differ_are_refused_before_they_train(small):
    with pytest.raises(UserError, match="seqgan does not do the same in every step"):
        small("seqgan").trainer(compile="on")


def test_auto_compiles_long_trainings_of_small_networks_without_convolutions(small, monkeypatch):
    device, steps = torch.device("cpu"), 10_000
    chosen = {
        name: compiled.pays(small(name).build(), device, steps)
        for name in registry.names()
        if name in ("addition-rnn", "gan", "vae", "dcgan", "mnist-cnn", "autoencoder")
    }
    assert chosen == {
        "addition-rnn": False, "autoencoder": True, "dcgan": False, "gan": True,
        "mnist-cnn": False, "vae": True,
    }  # fmt: skip
    model = small("gan").build()
    assert not compiled.pays(model, device, steps - 1)
    model.more = torch.nn.Linear(1000, 1000)
    assert not compiled.pays(model, device, steps)
    del model.more
    assert not compiled.pays(model, torch.device("cuda"), steps)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert not compiled.pays(model, device, steps)


def test_auto_falls_back_where_the_compiler_fails(small, monkeypatch):
    # breaks when a machine with a broken compiler can no longer train
    def broken(*given):
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(compiled, "_PAYS", 1)
    monkeypatch.setattr(compiled, "_compile", broken)
    fell = small("gan").trainer(steps=STEPS, examine_every=0)
    assert fell._compiles
    assert curve(fell) == curve(small("gan").trainer(steps=STEPS, examine_every=0, compile="off"))
    assert not fell._compiles


def test_runs_of_before_there_were_three_values_are_still_read(small, tmp_path):
    import json

    run = small("gan").run(tmp_path / "run")
    plain = json.loads((run.path / "config.json").read_text())
    for old, new in ((False, "off"), (True, "on")):
        plain["training"]["compile"] = old
        (run.path / "config.json").write_text(json.dumps(plain))
        assert type(run)(run.path).training.compile == new
    assert dataclasses.asdict(run.training)["compile"] == "auto"


def test_dropout_can_be_traced():
    # breaks with `random_(from, to)`, whose name the tracer cannot write down
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(lambda x: dropout(x, 0.5))(torch.ones(8))
    torch.manual_seed(0)
    first = graph(torch.ones(8))
    torch.manual_seed(0)
    assert torch.equal(first, dropout(torch.ones(8), 0.5))
