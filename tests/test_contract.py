"""The contract on every registered model, and what belongs to the tests alone: golden curves."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from liangyi.core import registry
from liangyi.core.spec import Pixels
from liangyi.lab.contract import Broken, checks, golden
from liangyi.nets.fast.sequential import plain

MODELS = registry.names()
GOLDEN = Path(__file__).parent / "golden"
CHECKS = [name for name, _ in checks(None)]  # type: ignore[arg-type]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("name", MODELS)
def test_the_contract(name, check, small, tmp_path):
    here = small(name)
    here.folder = tmp_path
    dict(checks(here))[check]()


@pytest.mark.parametrize("name", MODELS)
def test_twenty_steps_follow_the_stored_curve(name, small):
    golden(small(name), GOLDEN / f"{name}.json")


@pytest.mark.parametrize("name", MODELS)
def test_pictures_come_in_the_range_that_the_model_declares(name, small):
    # breaks with tanh against [0, 1] data, which lets the discriminator win by the background
    here = small(name)
    data = here.source.split()
    if isinstance(data.spec.created, Pixels):
        kind = here.kind.batch_type(data.spec)
        batch = data.batch(kind, torch.arange(200), value_range=here.kind.image_range)
        image = getattr(batch, data.spec.item)
        assert (float(image.min()), float(image.max())) == here.kind.image_range


@pytest.mark.parametrize("name", MODELS)
def test_fast_forms_follow_the_plain_ones(name, small):
    # breaks when a fast form of a layer, chosen by this model's shapes, computes something else
    def curve() -> list[dict[str, float]]:
        trainer = small(name).trainer(steps=20, examine_every=0)
        for module in trainer.model.modules():
            if isinstance(module, torch.nn.Dropout):
                module.p = 0.0  # its law is tested elsewhere; its numbers are others by design
        return [report.read() for report in trainer.run()]

    fast = curve()
    with plain():
        slow = curve()
    for step, (now, then) in enumerate(zip(fast, slow, strict=True)):
        assert now == pytest.approx(then, rel=2e-3, abs=2e-4), f"step {step}"


def test_a_broken_contract_is_told(small, tmp_path, monkeypatch):
    # breaks when a check cannot fail: each of these models breaks one promise
    here = small("gan")
    here.folder = tmp_path
    every = dict(checks(here))
    kind = here.kind
    monkeypatch.setattr(
        kind, "sample", lambda self, count, seed=0, first=0: torch.randn(count, 1, 8, 8)
    )
    kind.sample.verb = here.kind.interpolate.verb  # type: ignore[attr-defined]
    with pytest.raises((Broken, AssertionError)):
        every["verbs leave no trace"]()
