"""The contract: what every registered model must keep. A new model is tested by being there."""

from __future__ import annotations

import dataclasses
import inspect
import json
import math
import re
from functools import partial
from pathlib import Path

import pytest
import torch

from conftest import same, weights_of
from liangyi.core import draw, registry
from liangyi.core.batch import KINDS
from liangyi.core.config import from_plain, help_of, to_plain
from liangyi.core.trainer import Trainer
from liangyi.nets.sequential import plain
from liangyi.sampling import samples
from liangyi.session import data_of, follow

MODELS = registry.names()
SAMPLING = [name for name in MODELS if hasattr(registry.find(name), "sample")]
GOLDEN = Path(__file__).parent / "golden"


def cycle(trainer: Trainer) -> int:
    """Return the number of steps after which every stage of the algorithm was seen."""
    model = trainer.model
    octaves = getattr(model.config, "octaves", 1) * getattr(model.config, "ascents", 1)
    return max(max(model.stages) + 1, octaves)


class Watched:
    """A trainer whose every move is compared with what the update allowed."""

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.reached: set[str] = set()
        self.players: set[str] = set()
        move = trainer._move

        def watched(names, found):  # type: ignore[no-untyped-def]
            own = {id(weight) for name in names for weight in trainer.players.weights(name)}
            before = {n: p.detach().clone() for n, p in trainer.model.named_parameters()}
            for name, weight in trainer.model.named_parameters():
                if weight.grad is not None:
                    self.reached.add(name)
            move(names, found)
            self.players.update(names)
            for name, weight in trainer.model.named_parameters():
                changed = not torch.equal(before[name], weight)
                assert not changed or id(weight) in own, f"{name} moved in the turn of {names}"
                assert weight.grad is None, f"{name} keeps a gradient after the turn of {names}"

        trainer._move = watched  # type: ignore[method-assign]


@pytest.mark.parametrize("name", MODELS)
def test_each_turn_moves_only_its_player_and_all_of_it(name, small):
    # breaks when a discriminator is not frozen, or a layer is cut off from its loss
    trainer = small(name).trainer()
    watched = Watched(trainer)
    for _ in trainer.run(cycle(trainer)):
        pass
    wanted = set()
    for player in watched.players:
        own = {id(weight) for weight in trainer.players.weights(player)}
        wanted |= {n for n, p in trainer.model.named_parameters() if id(p) in own}
    assert watched.players and not wanted - watched.reached


@pytest.mark.parametrize("name", MODELS)
def test_metrics_are_finite_and_the_seed_decides_them(name, small):
    # breaks when something draws from a random state that the seed does not set
    def curve(seed: int) -> list[dict[str, float]]:
        trainer = small(name).trainer(seed=seed)
        return [report.read() for report in trainer.run(cycle(trainer) + 1)]

    torch.manual_seed(1)
    first = curve(0)
    torch.manual_seed(2)
    assert curve(0) == first
    assert all(math.isfinite(value) for line in first for value in line.values())
    if name != "deep-dream":  # which has no noise, and all its weights from the picture
        assert curve(1) != first


@pytest.mark.parametrize("name", MODELS)
def test_stopping_and_resuming_changes_nothing(name, small, tmp_path):
    # breaks when a state is missing in the checkpoint: an optimiser's, the average's, the noise's;
    # or when a line of the log covers fewer steps because the training stopped before it
    total = max(4, cycle(small(name).trainer()) + 1)
    pace = {"steps": total, "log_every": 3, "examine_every": 3, "sample_every": 3}
    whole = small(name).run(tmp_path / "whole", checkpoint_every=total, **pace)
    for _ in follow(whole):
        pass
    parts = small(name).run(tmp_path / "parts", checkpoint_every=1, **pace)
    for stop in range(2, total + 2):
        for report in follow(parts, stop=lambda: True):
            assert report.step == stop - 1
    files = [run.newest(print).tensors for run in (whole, parts)]
    assert same(dict(files[0]), dict(files[1]))
    logs = [[_timeless(line) for line in run.lines()] for run in (whole, parts)]
    assert logs[0] == logs[1] and logs[0][0]["step"] == 3


def _timeless(line):
    return {k: v for k, v in line.items() if k not in ("seconds", "items_per_second")}


@pytest.mark.parametrize("name", MODELS)
def test_verbs_leave_the_model_and_the_random_state_alone(name, small):
    # breaks when a verb trains batch statistics, leaves dropout off, or advances the caller's dice
    here = small(name)
    model = here.build().train()
    modes = [module.training for module in model.modules()]
    batch = here.source().batch(here.kind.batch_type(model.spec), torch.arange(3),
                                image_range=model.image_range)  # fmt: skip
    before, state = weights_of(model), torch.get_rng_state()
    shown = {
        "sample": lambda: model.sample(5),
        "interpolate": lambda: model.interpolate(5, 2),
        "reconstruct": lambda: model.reconstruct(batch.image),
        "encode": lambda: model.encode(batch.image),
        "decode": lambda: model.decode(model.encode(batch.image)),
        "classify": lambda: model.classify(batch.image),
        "features": lambda: model.features(batch.image),
        "evaluate": lambda: model.evaluate(batch),
        "bound": lambda: model.bound(batch),
        "dream": lambda: model.dream(),
    }
    for verb in model.verbs():
        first, second = shown[verb](), shown[verb]()
        for one, two in zip(_tensors(first), _tensors(second), strict=True):
            assert torch.equal(one, two) and not one.requires_grad
        if verb in ("sample", "interpolate"):
            assert first.shape == (5, *model.spec.shape)
        if verb in ("sample", "interpolate", "reconstruct", "decode", "dream") and not (
            model.spec.vocabulary
        ):
            low, high = model.image_range
            assert first.min() >= low and first.max() <= high
    assert same(before, weights_of(model))
    assert torch.equal(state, torch.get_rng_state())
    assert modes == [module.training for module in model.modules()]


def _tensors(found):
    return list(found.values()) if isinstance(found, dict) else [found]


@pytest.mark.parametrize("name", SAMPLING)
def test_other_seeds_give_other_samples(name, small):
    model = small(name).build()
    assert not torch.equal(model.sample(4, seed=0), model.sample(4, seed=1))


@pytest.mark.parametrize("name", SAMPLING)
def test_the_noise_of_a_seed_is_not_its_first_weights(name, small, monkeypatch):
    # breaks when one stream serves two purposes: row i of the noise is then row i of a layer
    noise, drawn = [], draw._drawn
    monkeypatch.setattr(draw, "_drawn", lambda wanted: noise.append(drawn(wanted)) or noise[-1])
    for seed in (0, 3):
        model = small(name).build(seed)
        noise.clear()
        model.sample(512, seed=seed)
        assert noise
        for path, weight in model.named_parameters():
            count = min(weight.numel(), noise[0].numel())
            pair = torch.stack([x.detach().flatten()[:count] for x in (weight, noise[0])])
            if count >= 50 and float(pair[0].std()) > 0:  # a bias may begin at 0
                assert abs(float(pair.corrcoef()[0, 1])) < 5 / count**0.5, path


@pytest.mark.parametrize("name", SAMPLING)
def test_a_sample_does_not_depend_on_how_many_are_drawn(name, small):
    # breaks when noise is one long run of numbers, or a part of a set begins its seed anew
    model = small(name).build()
    wanted = model.sample(600, seed=3).float()
    near = partial(torch.allclose, rtol=0, atol=1e-3 * float(wanted.std()))
    for count in (18, 64, 513, 600):
        assert near(samples(model, count, seed=3).float(), wanted[:count])
    assert near(model.sample(3, seed=3, first=17).float(), wanted[17:20])
    assert not near(wanted[:64], wanted[512:576])


@pytest.mark.parametrize("name", MODELS)
def test_settings_survive_json_and_are_explained(name, small):
    config = small(name).config
    assert from_plain(type(config), json.loads(json.dumps(to_plain(config)))) == config
    unexplained = [field for field, text in help_of(type(config)).items() if len(text) < 5]
    assert not unexplained, f"fields without a comment: {unexplained}"


@pytest.mark.parametrize("name", MODELS)
def test_the_file_cites_its_source_and_says_what_it_changed(name):
    module = inspect.getmodule(registry.find(name))
    text = module.__doc__ or ""
    assert re.search(r"arXiv:\d{4}\.\d{4,5}|Nature|Science|Google Research|IEEE", text)
    lines = Path(module.__file__).read_text().splitlines()
    assert len(lines) <= 200, "a zoo file wants machinery: mend the core"
    assert registry.summary(name).split(":")[0]
    assert dataclasses.is_dataclass(registry.find(name).Config)


@pytest.mark.parametrize("name", MODELS)
def test_pictures_come_in_the_range_that_the_model_declares(name, small):
    # breaks with tanh against [0, 1] data, which lets the discriminator win by the background
    here = small(name)
    source = here.source()
    kind = here.kind.batch_type(source.spec)
    assert kind in KINDS.values()
    if "image" in kind._fields:
        image = source.batch(kind, torch.arange(200), image_range=here.kind.image_range).image
        assert (float(image.min()), float(image.max())) == here.kind.image_range


@pytest.mark.parametrize("name", MODELS)
def test_twenty_steps_follow_the_stored_curve(name, small):
    """A refactoring that changes this changed the algorithm.

    To store a curve anew after a wanted change, delete its file and run this test.
    """
    trainer = small(name).trainer(steps=20, examine_every=0)
    with plain():  # whose dropout draws PyTorch's numbers
        curve = [report.read() for report in trainer.run()]
    path = GOLDEN / f"{name}.json"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps([{k: float(f"{v:.7g}") for k, v in x.items()} for x in curve]))
        pytest.fail(f"stored {path.name}; look at it, then run again")
    for step, (now, then) in enumerate(zip(curve, json.loads(path.read_text()), strict=True)):
        assert now == pytest.approx(then, rel=2e-3, abs=2e-4), f"step {step}"


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


def test_data_of_a_run_is_what_it_began_with(small, tmp_path):
    run = small("gan").run(tmp_path / "run")
    run.plain["fingerprint"] = "another"
    with pytest.raises(ValueError, match="is not what"):
        data_of(run)
