"""Augmentation of what an adversary sees: closed forms, gradients, streams, and what stops it."""

from __future__ import annotations

import pytest
import torch

from liangyi.core import draw
from liangyi.core.batch import Images, is_real, learning_from
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Vector
from liangyi.lab.contract import checks
from liangyi.losses import penalty
from liangyi.nets.adversary import Augmented, bare
from liangyi.nets.augment import ADA, DiffAugment, augmentation
from liangyi.nets.resample import reading
from liangyi.zoo.adversarial.dcgan import DCGAN, DCGANConfig

CPU = torch.device("cpu")


def pictures(count=32, channels=3, height=12, width=12):
    return torch.rand(count, channels, height, width) * 2 - 1


def given(monkeypatch, *numbers):
    """Let the next draws be these numbers instead of random ones."""
    left = list(numbers)
    monkeypatch.setattr(draw, "_drawn", lambda wanted: left.pop(0))


def diff(monkeypatch, **changed):
    """Give DiffAugment the numbers at which nothing happens, but for some."""
    middle = {"light": 0.5, "colour": 0.5, "contrast": 0.5, "y": 0.5, "x": 0.5}
    numbers = [*(middle | changed).values(), changed.get("down", 0.0), changed.get("across", 0.0)]
    given(monkeypatch, torch.tensor([numbers]))
    monkeypatch.setattr(DiffAugment, "HOLE", changed.get("hole", 0.0))


def test_reading_whole_places_gives_the_pixels_themselves():
    line = torch.tensor([3.0, 5.0, 9.0])
    places = torch.tensor([[-2.0, -1.0, 0.0, 1.0, 2.0, 3.0]])
    assert (reading(places, 3) @ line).tolist() == [[0, 0, 3, 5, 9, 0]]
    assert (reading(places, 3, reflect=True) @ line).tolist() == [[5, 3, 3, 5, 9, 9]]
    assert (reading(torch.tensor([[0.25]]), 3) @ line).tolist() == [[3.5]]


def test_diffaugments_parts_in_closed_form(monkeypatch):
    # each part alone does what its equation says, to every pixel alike
    image = pictures(1)
    change = DiffAugment()
    diff(monkeypatch)
    assert torch.allclose(change(image), image, atol=1e-6)
    diff(monkeypatch, light=0.75)
    assert torch.allclose(change(image), image + 0.25, atol=1e-6)
    diff(monkeypatch, colour=0.0)
    grey = image.mean(1, keepdim=True).expand_as(image)
    assert torch.allclose(change(image), grey, atol=1e-6)
    diff(monkeypatch, contrast=0.0)
    assert torch.allclose(change(image), (image + image.mean()) / 2, atol=1e-6)
    diff(monkeypatch, y=0.9999, x=0.0)  # two pixels of twelve, down and to the left
    wanted = torch.zeros_like(image)
    wanted[:, :, 2:, :-2] = image[:, :, :-2, 2:]
    assert torch.allclose(change(image), wanted, atol=1e-6)
    diff(monkeypatch, down=0.5, across=0.0, hole=0.5)  # six pixels round 6, and round the edge
    wanted = image.clone()
    wanted[:, :, 3:9, :3] = 0
    assert torch.allclose(change(image), wanted, atol=1e-6)


def test_other_ranges_are_changed_as_much(monkeypatch):
    # breaks when brightness of pictures in (0, 1) moves by as much as of those in (-1, 1)
    image = pictures(1)
    diff(monkeypatch, light=0.75, y=0.9999)
    wanted = DiffAugment()(image)
    diff(monkeypatch, light=0.75, y=0.9999)
    found = DiffAugment((0.0, 1.0))((image + 1) / 2)
    assert torch.allclose(found, (wanted + 1) / 2, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("width", [12, 9])
def test_ada_at_probability_0_is_the_identity(channels, width):
    image = pictures(channels=channels, width=width)
    assert torch.equal(ADA()(image), image)


def ada(monkeypatch, image, there=(), even=(), normal=()):
    """Return pictures after some of ADA's changes, with these numbers."""
    chosen = torch.ones(1, 10)
    for place in there:
        chosen[0, place] = 0.0
    numbers = [torch.zeros(1, 6), torch.zeros(1, 5)]
    for tensor, known in zip(numbers, (even, normal), strict=True):
        for place, value in known:
            tensor[0, place] = value
    given(monkeypatch, chosen, *numbers)
    change = ADA()
    change.probability.fill_(0.5)
    return change(image)


def test_adas_parts_in_closed_form(monkeypatch):
    image = pictures(1)
    near = {"atol": 1e-5}
    assert torch.equal(ada(monkeypatch, image, there=[0]), image.flip(3))
    found = {
        tuple(ada(monkeypatch, image, there=[1], even=[(1, k / 4)]).flatten().tolist())
        for k in range(4)
    }
    turns = {tuple(image.rot90(k, (2, 3)).flatten().tolist()) for k in range(4)}
    assert found == turns
    found = ada(monkeypatch, image, there=[2], even=[(2, 1.0), (3, 0.5)])  # 1.5 is rounded
    assert torch.equal(found[:, :, 2:], image[:, :, :-2])
    assert torch.equal(found[:, :, :2], image[:, :, :2].flip(2))
    found = ada(monkeypatch, image, there=[3], normal=[(0, 5.0)])  # twice as large
    assert torch.allclose(found.mean(), image[:, :, 3:9, 3:9].mean(), atol=0.1)
    assert torch.allclose(found[0, :, 5:7, 5:7].mean(), image[0, :, 5:7, 5:7].mean(), **near)
    found = ada(monkeypatch, image, there=[5], normal=[(2, 1.0)])
    assert torch.allclose(found, image + 0.2, **near)
    found = ada(monkeypatch, image, there=[6], normal=[(3, 2.0)])
    assert torch.allclose(found, image * 2, **near)
    grey = image.mean(1, keepdim=True)
    found = ada(monkeypatch, image, there=[7], normal=[(4, 1.0)])
    assert torch.allclose(found, grey + (image - grey) * 2, **near)
    found = ada(monkeypatch, image, there=[8])
    assert torch.allclose(found, image - 2 * grey, **near)
    found = ada(monkeypatch, image, there=[9], even=[(5, 5 / 6)])  # a third of the way round
    cycles = [image.roll(way, 1) for way in (1, 2)]
    assert any(torch.allclose(found, one, **near) for one in cycles)
    grey_only = pictures(1, channels=1)
    found = ada(monkeypatch, grey_only, there=[6, 8, 9], normal=[(3, 2.0)], even=[(5, 0.8)])
    assert torch.allclose(found, -2 * grey_only, **near)


@pytest.mark.parametrize("kind", [DiffAugment, ADA])
def test_gradients_reach_the_pictures_twice(kind):
    # breaks when the generator, or a penalty on the slope, does not see through the augmentation
    change = kind()
    if kind is ADA:
        change.probability.fill_(1.0)
    image = pictures().requires_grad_()
    (slope,) = torch.autograd.grad(change(image).sin().sum(), image, create_graph=True)
    assert float(slope.detach().abs().sum()) > 0
    weight = torch.ones(3, 12, 12, requires_grad=True)
    charged = penalty.zero_centred(lambda x: (change(x) * weight).square().sum((1, 2, 3)), image)
    charged.backward()
    assert float(weight.grad.abs().sum()) > 0


@pytest.mark.parametrize("kind", [DiffAugment, ADA])
def test_its_numbers_are_a_stream_of_the_step(kind):
    # breaks when augmentation draws what would have been noise, or what PyTorch's dice give
    change = kind()
    if kind is ADA:
        change.probability.fill_(0.7)
    image = pictures()
    found, noise = [], []
    for seed, number in ((0, 3), (0, 3), (1, 3), (0, 4)):
        with draw.step(seed, number, CPU):
            before = draw.normal(4, 2)
            found.append(change(image))
            noise.append((before, draw.normal(4, 2)))
        torch.rand(1)
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2]) and not torch.equal(found[0], found[3])
    with draw.step(0, 3, CPU):
        assert all(torch.equal(draw.normal(4, 2), was) for was in noise[0])


def test_every_picture_is_changed_by_numbers_of_its_own():
    image = pictures(1).expand(8, -1, -1, -1)
    for change in (DiffAugment(), ADA()):
        if isinstance(change, ADA):
            change.probability.fill_(1.0)
        found = change(image)
        assert len({tuple(one.flatten().tolist()) for one in found}) == 8


def test_the_probability_follows_the_sign_on_real_pictures():
    change = ADA()
    change.heard(torch.full((100, 1), 3.0), 100)
    assert float(change.probability) == pytest.approx(100 / 500_000)
    change.heard(torch.tensor([1.0] * 85 + [-1.0] * 15), 100)  # .7 is above .6
    assert float(change.probability) == pytest.approx(200 / 500_000)
    for _ in range(3):
        change.heard(torch.tensor([1.0] * 75 + [-1.0] * 25), 100)
    assert float(change.probability) == 0.0  # a probability, whatever is heard


def test_only_real_pictures_are_listened_to():
    judge = Augmented(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(432, 1)), ADA())
    torch.nn.init.zeros_(judge.network[1].weight)
    torch.nn.init.ones_(judge.network[1].bias)
    batch, fake = Images(pictures()), pictures()
    with learning_from(batch):
        assert is_real(batch.image) and not is_real(fake)
        judge(fake)
        assert float(judge.augment.probability) == 0
        judge(batch.image)
    assert float(judge.augment.probability) > 0
    judge(batch.image)  # outside of a training nothing is learned from
    judge.eval()
    seen = []
    judge.network.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    with learning_from(batch):
        judge(batch.image)
    assert seen[0] is batch.image


def test_what_is_no_picture_is_refused():
    assert augmentation("none", Vector(2), (-1, 1)) is None
    with pytest.raises(UserError, match="only pictures") as caught:
        augmentation("diffaugment", Vector(2), (-1, 1))
    assert caught.value.setting == "augment"
    assert isinstance(augmentation("ada", Pixels(1, 8, 8), (-1, 1)), ADA)


def test_weights_are_named_alike_without_what_is_around_them(small):
    here = small("dcgan", augment="diffaugment", pack=2)
    names = {bare(name) for name, _ in here.build().named_parameters()}
    assert names == {name for name, _ in small("dcgan").build().named_parameters()}


@pytest.mark.parametrize("augment", ["diffaugment", "ada"])
@pytest.mark.parametrize("check", [name for name, _ in checks(None)])
def test_an_augmented_dcgan_keeps_the_contract(augment, check, small, tmp_path):
    # the probability of `ada` is in the checkpoint: "stopping changes nothing" would tell
    here = small("dcgan", augment=augment)
    here.folder = tmp_path
    dict(checks(here))[check]()


@pytest.mark.parametrize("name", ["gan", "dcgan-mnist", "r3gan", "wgan-gp"])
def test_other_adversaries_learn_augmented(name, small):
    trainer = small(name, augment="diffaugment").trainer()
    for report in trainer.run(3):
        assert all(torch.isfinite(torch.tensor(list(report.read().values()))))


def test_critics_have_no_zero_to_steer_by(small):
    with pytest.raises(UserError, match="augment"):
        small("r3gan", augment="ada")
    # breaks when the setting of `gan` is taken over: the squares want 1 and 0, both have one sign,
    # and an adversary that knows nothing moved the probability up to 1 all the same
    with pytest.raises(UserError, match="sign of logits") as caught:
        small("lsgan", augment="ada").build()
    assert caught.value.setting == "augment"
    small("lsgan", augment="diffaugment").build()


def test_adas_probability_moves_in_training_and_the_noise_does_not(small):
    plain, adaptive = small("dcgan").trainer(), small("dcgan", augment="ada").trainer()
    next(plain.run(1))
    next(adaptive.run(1))
    # the first step's probability is 0: the generator's noise and both losses are the same
    assert torch.equal(
        plain.model.generator[0].weight.detach(), adaptive.model.generator[0].weight.detach()
    )
    adaptive.model.discriminator.network[-1].weight.data.zero_()
    before = adaptive.model.discriminator.augment.probability.clone()
    next(adaptive.run(1))
    assert float(adaptive.model.discriminator.augment.probability) <= float(before)


def test_a_compiled_step_moves_the_probability_too(small):
    # breaks when the probability is a number of Python's, which compiling would freeze
    settings = {"steps": 6, "average": 0.0}
    eager = small("gan", augment="ada").trainer(compile="off", **settings)
    whole = small("gan", augment="ada").trainer(compile="on", **settings)
    for trainer in (eager, whole):
        trainer.model.discriminator.augment.probability.fill_(0.5)
        list(trainer.run())
    found = [t.model.discriminator.augment.probability for t in (eager, whole)]
    assert torch.equal(*found) and float(found[0]) != 0.5
    for name, weight in eager.model.named_parameters():
        assert torch.allclose(weight, whole.model.get_parameter(name), atol=1e-4), name


def test_a_model_of_dcgan_is_built_as_ever_without(small):
    spec = small("dcgan").source.spec()
    assert not isinstance(DCGAN(DCGANConfig(width=4), spec).discriminator, Augmented)
