"""The lab's GANs of pictures and of kinds of data: each differs in what it is said to."""

from __future__ import annotations

import math

import pytest
import torch

from liangyi.core import draw
from liangyi.core.batch import Images, Labelled, Points
from liangyi.core.spec import Pixels, Spec
from liangyi.data import Batches
from liangyi.lab import (
    codes,
    data_kinds,
    evaluation,
    graph_and_eager,
    optimizers,
    small_data,
    tricks,
)
from liangyi.lab.classified import pictures
from liangyi.lab.data_kinds import FORMS, WAYS, Mixed
from liangyi.lab.entry import parse
from liangyi.lab.fitting import Drawn, points
from liangyi.lab.tricks import GAMES, TRICKS, advised
from liangyi.runs.building import build
from liangyi.zoo.adversarial.dcgan import DCGANConfig
from liangyi.zoo.adversarial.gan import GAN

DIGITS = Spec("image", image=Pixels(1, 8, 8))
SMALL = DCGANConfig(width=4, latent=5)


def game(*advice, seed=0):
    return build(advised(frozenset(advice)), SMALL, DIGITS, seed)


def turns(model, batch):
    """Return the updates of a step whose losses are followed back, but that moves nobody."""
    found = []
    with draw.step(0, 0, torch.device("cpu")):
        for update in model.updates(batch, 0):
            found.append(update)
            player = list(update.player.parameters())
            grads = torch.autograd.grad(update.loss, player, allow_unused=True, retain_graph=True)
            assert any(g is not None and g.abs().sum() > 0 for g in grads)
    return found


# optimizers


def test_two_rates_are_apart_and_the_others_are_equal():
    weight = [torch.nn.Parameter(torch.zeros(2))]
    for name, rule in optimizers.RULES.items():
        rates = {
            player: rule.optimizer(player, weight, 3.0).param_groups[0]["lr"]
            for player in ("generator", "discriminator")
        }
        wanted = 4 if name == "two rates" else 1
        assert rates["discriminator"] / rates["generator"] == pytest.approx(wanted)
        assert math.sqrt(math.prod(rates.values())) == pytest.approx(3 * rule.rate)


def test_a_rate_at_which_a_training_diverged_is_never_the_best():
    row = {"rule": "r", "rate": 1.0, "frechet": {1.0: [1.0, None], 3.0: [5.0, 7.0]}}
    assert optimizers._best(row) == 6 and optimizers._steady(row) == 1
    assert optimizers._cell([1.0, None]) == "1.00 (1 diverged)"
    lost = {"rule": "l", "rate": 1.0, "frechet": {1.0: [None, None], 3.0: [None, None]}}
    assert optimizers._steady(lost) == 0 and optimizers._figure([row, lost]) is not None
    assert "`r` at 3" in optimizers._seen([lost, row], 5)


def test_nobody_wins_where_nothing_came_to_its_end_and_equals_win_together():
    def row(name, *values):
        return {"rule": name, "rate": 1.0, "frechet": {1.0: list(values), 3.0: list(values)}}

    assert "comes nearest" not in optimizers._seen([row("r", None), row("l", None)], 5)
    text = optimizers._seen([row("r", 2.0), row("l", 3.0), row("m", None)], 5)
    assert "`r`, `l`: 2 of 2" in text
    late = {"rule": "n", "rate": 1.0, "frechet": {1.0: [None], 3.0: [5.0]}}
    assert "usual" not in optimizers._seen([late], 5)


# tricks


@pytest.mark.parametrize("name", GAMES)
def test_each_player_learns_whatever_is_left_out(name):
    model = game(*GAMES[name])
    low, high = model.image_range
    image = torch.rand(16, 1, 8, 8) * (high - low) + low
    one, other = turns(model, Images(image))
    assert one.player is model.discriminator and other.player is model.generator
    drawn = model.sample(8)
    assert low <= float(drawn.min()) and float(drawn.max()) <= high


def test_what_is_judged_apart_does_not_change_with_its_company():
    image, other, third = torch.rand(3, 8, 1, 8, 8).unbind()
    for advice, same in ((("apart",), True), ((), False)):
        model = game(*advice)
        one, two = (model.judged(Images(image), Images(x))[0] for x in (other, third))
        assert torch.allclose(one, two, atol=1e-6) == same


def test_a_past_costs_nothing_at_first_and_something_later():
    model = game("history")
    assert model.pull(0).item() == model.pull(1).item() == 0
    for past in model.past:
        past.follow(model.generator if past is model.past[0] else model.discriminator)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1
    assert model.pull(0).item() > 0 and model.pull(1).item() > 0
    assert game().pull(0) == 0.0


def test_normal_noise_leaves_the_cube_and_uniform_noise_does_not():
    assert float(game("normal noise").noise(500).abs().max()) > 1.5
    assert float(game().noise(500).abs().max()) <= 1


def test_a_piece_counts_where_its_interval_leaves_out_one():
    def row(name, *distances):
        return {"game": name, "frechet": list(distances)}

    rows = [row("all", 10.0, 10.0, 10.0), row("without tanh", 20.0, 21.0, 20.5),
            row("without apart", 5.0, 5.1, 4.9), row("without history", 9.0, 11.0, 12.0),
            row("without features", None, None, None), row("none", 30.0, 31.0, None)]  # fmt: skip
    text = tricks._seen(rows)
    assert "by that of the whole: `tanh` (2.05); smaller: `apart` (0.500);" in text
    assert "history" not in text and "features" not in text


def test_what_has_no_interval_is_not_said_to_make_no_difference():
    def row(name, *distances):
        return {"game": name, "frechet": list(distances)}

    rows = [row("all", 10.0, 10.0), row("without tanh", None, None), row("without apart", 10, 11),
            row("none", 30.0, 31.0)]  # fmt: skip
    assert "of 1 the interval has room for no difference, and 1 have too few" in tricks._seen(rows)
    alone = [{**one, "frechet": one["frechet"][:1]} for one in rows]
    assert "of 0 the interval has room" in tricks._seen(alone)
    assert tricks._cell([1.0, None]) == "1.00 (1 failed)"


def test_leaving_one_out_leaves_the_others():
    assert GAMES["all"] == frozenset(TRICKS) and GAMES["none"] == frozenset()
    for trick in TRICKS:
        assert GAMES["all"] - GAMES[f"without {trick}"] == {trick}


# kinds of data


@pytest.mark.parametrize("name", FORMS)
def test_a_laws_own_rows_are_allowed_and_as_frequent_as_it_says(name):
    form = FORMS[name]
    rows = points(form.law, 20_000, form.width, 0, "test")
    cell, allowed = form.cell(rows)
    found = cell.bincount(minlength=len(form.shares)) / len(rows)
    assert rows.shape[1] == form.width
    assert float(allowed.float().mean()) > 0.98
    assert torch.allclose(found, form.shares, atol=0.015)


def test_a_word_that_breaks_the_law_is_not_allowed():
    form = FORMS["symbols"]
    rows = points(form.law, 100, form.width, 0, "test").unflatten(1, (3, -1))
    rows[:, 2] = rows[:, 2].roll(1, 1)
    assert not form.cell(rows.flatten(1))[1].any()


@pytest.mark.parametrize("way", WAYS)
def test_the_discriminator_sees_symbols_but_for_probabilities(way):
    form = FORMS["table"]
    kind = type("Kind", (Mixed,), {"form": form, "way": way})
    model = build(kind, data_kinds.CONFIG, spec_of(form), 0).train()
    rows, log_probability = model.drawn(64)
    symbols = form.split(rows)[1][0]
    assert torch.allclose(symbols.sum(1), torch.ones(64), atol=1e-5)
    hard = bool(((symbols.detach() < 1e-6) | (symbols.detach() > 1 - 1e-6)).all())
    assert hard == (way != "probabilities")
    assert log_probability.shape == (64, 1) and bool((log_probability <= 0).all())
    turns(model, Points(points(form.law, 64, form.width, 0, "batch")))
    drawn = form.split(model.eval().drawn(64)[0])[1][0].detach()
    assert bool(((drawn - drawn.round()).abs() < 1e-6).all())


def spec_of(form):
    return Drawn(form.law, form.width, 8, 0).spec


def test_without_a_slope_a_policy_gradient_alone_moves_the_generator():
    form = FORMS["symbols"]
    kind = type("Kind", (Mixed,), {"form": form, "way": "policy gradient"})
    model = build(kind, data_kinds.CONFIG, spec_of(form), 0)
    rows, log_probability = model.drawn(8)
    weights = list(model.generator.parameters())
    for value, moves in ((rows, False), (log_probability, True)):
        slopes = torch.autograd.grad(value.square().sum(), weights, retain_graph=True)
        assert any(bool(slope.abs().sum() > 0) for slope in slopes) == moves


# codes


def test_a_fitted_law_has_the_mean_and_the_covariance_of_the_codes():
    known = torch.randn(5000, 3) @ torch.tensor([[2.0, 1, 0], [0, 0.5, 0], [0, 0, 0.1]]) + 4
    drawn = codes.like(known, torch.randn(20_000, 3))
    assert torch.allclose(drawn.mean(0), known.mean(0), atol=0.1)
    assert torch.allclose(drawn.T.cov(), known.T.cov(), atol=0.2)


@pytest.mark.parametrize("size", codes.WIDTHS)
def test_all_three_draw_by_the_same_decoder(size):
    shapes = []
    for name in ("autoencoder", "VAE", "GAN"):
        model = codes.built(name, size, DIGITS, 0)
        decoder = model.generator if name == "GAN" else model.decoder
        shapes.append([tuple(weight.shape) for weight in decoder.parameters()])
    assert shapes[0] == shapes[1] == shapes[2]


# evaluation


def test_each_defect_is_what_its_name_says():
    label = torch.arange(300) % 3
    real, other, spare = (Labelled(torch.rand(300, 1, 8, 8), label) for _ in range(3))
    found = evaluation.defects(real, other, spare, 0)
    assert all(image.shape == real.image.shape for image in found.values())
    assert torch.equal(found["none"], other.image)
    assert torch.equal(found["copies of the real ones"], real.image)
    assert len(found["50 pictures repeated"].unique(dim=0)) <= 50
    zeros = other.image[label == 0]
    missing = found["one class missing"]
    assert len(missing.unique(dim=0)) == len(missing)  # repeated ones are another defect
    assert float(torch.cdist(missing.flatten(1), zeros.flatten(1)).min()) > 1e-3
    assert float(found["blurred"].var()) < float(other.image.var())
    assert torch.equal(found["shifted by a pixel"][..., 1:], other.image[..., :-1])


@pytest.mark.parametrize("name", evaluation.RESIZED)
def test_an_even_picture_survives_every_resizing(name):
    even = torch.full((2, 1, 9, 9), 0.5)
    assert torch.allclose(evaluation.smaller(even, evaluation.RESIZED[name]), even, atol=1e-5)


# forms of a training


def test_forms_that_differ_are_not_said_to_learn_the_same():
    def row(form, early):
        return {"form": form, "runs": [{"early": early, "end": early, "begin": 1.0, "step": 1.0}]}

    for apart, said in ((1e-7, True), (0.1, False)):
        text = graph_and_eager._seen([row("plain loop", 0.0), row("class", apart)], [{"moved": 1}])
        assert ("learn the same to rounding" in text) == said


def test_the_plain_loop_is_the_class():
    # breaks when the shown loop is no longer the algorithm that the class yields
    data = pictures("digits", "train")
    ends = []
    for name in ("plain loop", "class"):
        model = build(GAN, graph_and_eager.CONFIG, data.spec, 0)
        stream = Batches(data, model.Batch, 64, 0, "cpu", model.image_range)
        for _ in graph_and_eager.WAYS[name](model, stream, 5, 0):
            pass
        ends.append(torch.nn.utils.parameters_to_vector(model.parameters()))
    # a step moves each weight by about 1e-3
    assert torch.allclose(*ends, atol=1e-4)


def test_a_view_learns_with_the_whole_and_a_copy_does_not():
    found = graph_and_eager.shared("digits", 3, 0)
    assert found["whole"] == found["encoder"] + found["decoder"]
    assert found["apart"] == 0 and found["moved"] > 0


# few pictures


def test_entries_learn_from_so_many_of_each_class():
    for name in ("dcgan", "dcgan:width=8,augment=ada"):
        entry = parse(small_data.sized(parse(name), 10))
        assert entry.settings == {**parse(name).settings, "per_class": 10}


def test_rows_say_what_the_doctor_said_and_how_often():
    row = {"way": "dcgan plain", "pictures": 1000, "frechet": [1.0, 3.0], "precision": [0.5, 0.5],
           "coverage": [0.5, 0.5], "memorised": [None, 0.2],
           "verdicts": ["memorised", "memorised", "healthy"]}  # fmt: skip
    way, count, frechet, _, coverage, memorised, verdicts = small_data._cells(row)
    assert (way, count) == ("dcgan plain", "1,000") and frechet.startswith("2.00")
    assert coverage == "0.500" and memorised == "0.200"
    assert verdicts == "memorised (2), healthy (1)"


def test_copies_that_cannot_be_told_are_no_failure():
    # breaks when a training without a figure of copies is shown as one that failed
    row = {"way": "dcgan", "pictures": 20, "frechet": [1.0], "precision": [0.5],
           "coverage": [0.5], "memorised": [None], "verdicts": []}  # fmt: skip
    assert small_data._cells(row)[2:6] == ["1.00", "0.500", "0.500", ""]
    lost = row | {key: [None] for key in ("frechet", "precision", "coverage")}
    assert small_data._cells(lost)[2:6] == ["failed"] * 4


def test_ways_under_other_settings_have_names_of_their_own():
    for name in (*small_data.MODELS, "dcgan", "dcgan:width=16,pack=2"):
        assert small_data.way_of(parse(small_data.sized(parse(name), 10))) == name


def test_what_failed_does_not_win_and_is_said():
    def row(data, way, *frechet):
        return {"data": data, "way": way, "pictures": 100, "frechet": list(frechet),
                "precision": list(frechet), "coverage": list(frechet), "memorised": [None],
                "verdicts": []}  # fmt: skip

    rows = [
        row("mnist", "a", 1.0, None),
        row("mnist", "b", 2.0, 2.0),
        row("digits", "a", 3.0, None),
    ]
    text = small_data._seen(rows)
    # breaks when `b` is said to be nearest: `a` is nearer where it does not fail
    assert "of 100 pictures of mnist `b` (2.00, of those that failed least)" in text
    assert "of 100 pictures of digits `a` (3.00, 1 of 2 failed)" in text
    assert small_data._cells(rows[0])[2] == "1.00 (1 failed)"
