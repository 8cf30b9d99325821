"""Settings: what is refused, and how it is said."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liangyi.core.config import Training, checked, from_plain, help_of, to_plain
from liangyi.core.errors import UserError, unknown
from liangyi.zoo.adversarial.dcgan import DCGANConfig


@settings(deadline=None)  # the first example builds the schema
@given(
    steps=st.integers(1, 10**9),
    average=st.floats(0, 1, exclude_max=True),
    epochs=st.none() | st.floats(1e-3, 1e6),
    precision=st.sampled_from(["auto", "float32", "bfloat16"]),
)
def test_settings_survive_json(steps, average, epochs, precision):
    made = Training(steps=steps, average=average, epochs=epochs, precision=precision)
    assert from_plain(Training, json.loads(json.dumps(to_plain(made)))) == made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("steps", 0),
        ("steps", "many"),
        ("steps", 1.5),
        ("steps", True),
        ("batch_size", -1),
        ("average", 1.0),
        ("precision", "float8"),
        ("epochs", 0),
        ("device", 3),
        ("compile", "no"),
    ],
)
def test_nonsense_is_refused_with_the_field_its_value_and_its_help(field, value):
    with pytest.raises(UserError) as caught:
        from_plain(Training, to_plain(Training()) | {field: value})
    message = str(caught.value)
    assert field in message and json.dumps(value) in message and help_of(Training)[field] in message
    assert "\n" not in message


def test_an_unknown_setting_is_refused_with_the_known_ones():
    with pytest.raises(UserError, match="unknown setting 'stepz'"):
        from_plain(Training, {"stepz": 3})


def test_pairs_of_decay_rates_stay_pairs():
    # breaks in Adam: betas from JSON must be a tuple of two floats, and 0 is one
    assert checked(DCGANConfig(betas=(0, 0.9))).betas == (0.0, 0.9)
    with pytest.raises(UserError, match="betas"):
        from_plain(DCGANConfig, {"betas": [0.5]})


def test_every_setting_of_the_trainer_is_explained():
    assert all(len(text) > 5 for text in help_of(Training).values())


def test_epochs_decide_when_they_are_given():
    assert Training(steps=7, batch_size=10).total(100) == 7
    assert Training(steps=7, epochs=3, batch_size=10).total(100) == 30
    with pytest.raises(UserError, match="no end"):
        Training(epochs=1).total(0)


def test_an_unknown_name_gets_the_nearest_one():
    assert "did you mean wgan-gp?" in str(unknown("model", "wgan-pg", ["vae", "wgan-gp"]))


def test_who_says_steps_means_steps():
    recipe = Training(epochs=100, steps=7)
    assert recipe.given(["batch_size"]) is recipe
    assert recipe.given(["epochs", "steps"]) is recipe
    assert recipe.given(["steps"]) == Training(steps=7)
