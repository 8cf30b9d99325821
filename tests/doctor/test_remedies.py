"""Advice that can be followed: each setting is one of the model's own, with a value it takes."""

from __future__ import annotations

import dataclasses

import pytest

from liangyi.api import create_run
from liangyi.core import registry
from liangyi.core.config import Training, checked
from liangyi.doctor.facts import Facts
from liangyi.doctor.remedies import REMEDIES, advice


def facts(name: str) -> Facts:
    kind = registry.find(name)
    config, training = kind.Config(), kind.recipe
    settings = dataclasses.asdict(training) | dataclasses.asdict(config)
    return Facts(model=name, continuous=True, adversary=kind.adversary, settings=settings)


@pytest.mark.parametrize("disease", REMEDIES)
@pytest.mark.parametrize("name", registry.names())
def test_a_model_is_told_what_it_has(name, disease):
    # breaks when acgan is told to pack, which it cannot
    known = facts(name)
    kind = registry.find(name)
    for one in advice(disease, known):
        if one.setting:
            part = next(p for p in (kind.Config(), Training()) if hasattr(p, one.setting))
            assert one.value != known.settings[one.setting]
            checked(dataclasses.replace(part, **{one.setting: one.value}))
        assert f"train {name} instead" not in one.text
        assert "--" not in str(one)  # flags are the command line's


@pytest.mark.parametrize("disease", REMEDIES)
def test_something_can_be_tried_against_everything(disease):
    sick = {"posterior collapse": "vae", "label ignored": "acgan", "penalty too weak": "wgan-gp",
            "penalty too strong": "r3gan",
            "policy collapse": "seqgan", "prefers popular items": "bpr",
            }.get(disease, "gan")  # fmt: skip
    assert advice(disease, facts(sick))


def test_only_the_gan_and_its_kin_can_pack():
    found = {n for n in registry.names() for a in advice("mode collapse", facts(n))
             if a.setting == "pack"}  # fmt: skip
    assert found == {n for n in registry.names() if hasattr(registry.find(n).Config(), "pack")}
    assert {"dcgan", "wgan-gp"} <= found and "acgan" not in found


def test_values_come_from_the_present_ones():
    settings = {"learning_rate": 3e-4, "betas": (0.5, 0.999), "width": 64, "penalty": 0.0}
    known = Facts(settings=settings)
    tried = {a.setting: a.value for a in advice("diverging", known)}
    assert tried == {"learning_rate": 3e-5}
    assert {a.setting: a.value for a in advice("penalty too weak", known)} == {"penalty": 1.0}
    assert {a.setting: a.value for a in advice("penalty too strong", known)} == {}
    assert (0.0, 0.99) in [a.value for a in advice("oscillation", known)]
    done = Facts(settings=settings | {"betas": (0.0, 0.99)})
    assert "betas" not in [a.setting for a in advice("oscillation", done)]


def test_an_earlier_stop_is_half_of_what_the_epochs_were(tmp_path):
    # breaks when the unused number of steps is halved: 500, of a training of 10
    settings = {"hidden": 8, "latent": 4, "batch_size": 150}
    run = create_run("bigan", "digits", out=tmp_path / "run", epochs=1.0, **settings)
    stop = next(one for one in advice("memorised", Facts.of(run)) if one.setting == "steps")
    assert stop.value == 5
