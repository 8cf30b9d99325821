"""Streams of batches: batch k is a function of (seed, k), and no item is ever left out."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from liangyi.core import draw, processes
from liangyi.core.batch import Images, Labelled, Points, Spec, Tokens
from liangyi.core.errors import UserError
from liangyi.data import Batches, DataConfig, Dataset, load, toys
from liangyi.data.digits import digits
from liangyi.data.resize import resized

CLASSES = tuple("0123456789")


def counted(items: int) -> Dataset:
    """Return pictures that show their own number; their label is its last digit."""
    number = torch.arange(items)
    image = number.to(torch.uint8)[:, None, None, None].expand(-1, 1, 2, 3).clone()
    spec = Spec(kind="Labelled", shape=(1, 2, 3), classes=CLASSES)
    return Dataset(spec, {"image": image, "label": number % 10})


def stream(items: int, batch_size: int, seed: int = 0) -> Batches:
    return Batches(counted(items), Labelled, batch_size, seed, image_range=(0.0, 255.0))


def numbers(batch: Labelled) -> list[int]:
    return batch.image[:, 0, 0, 0].round().int().tolist()


def test_a_batch_depends_on_seed_and_number_alone():
    # breaks when a stream remembers anything: resuming would then see other data
    first, second = stream(23, 5), stream(23, 5)
    forward = [first.batch(k) for k in range(15)]
    for k in (14, 0, 7, 7, 3, 11, 4):
        for one, two in zip(forward[k], second.batch(k), strict=True):
            assert torch.equal(one, two)
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert numbers(stream(23, 5).batch(9)) == numbers(forward[9])
    assert torch.equal(torch.get_rng_state(), state)


@pytest.mark.parametrize(("items", "batch_size"), [(23, 5), (24, 6), (7, 7), (10, 9), (6, 1)])
def test_every_item_comes_once_a_pass_across_batches_that_do_not_divide_it(items, batch_size):
    # A9: the last 32 pictures of 60,000 were never used
    found, passes = [], 6
    batches = stream(items, batch_size)
    for k in range(-(-passes * items // batch_size)):
        batch = batches.batch(k)
        assert len(batch.image) == batch_size
        found += numbers(batch)
    for epoch in range(passes):
        assert sorted(found[epoch * items : (epoch + 1) * items]) == list(range(items))


def test_passes_and_seeds_have_different_orders():
    # A3, A9, A15: the data was never shuffled
    def order(seed: int, epoch: int) -> tuple[int, ...]:
        batches = stream(40, 10, seed)
        return tuple(n for k in range(4) for n in numbers(batches.batch(4 * epoch + k)))

    orders = [order(seed, epoch) for seed in range(4) for epoch in range(4)]
    assert len({*orders, tuple(range(40))}) == 17


def test_the_order_is_even_over_all_places():
    # breaks when shuffling is local: every item visits early and late places alike
    batches, passes = stream(20, 20), 400
    place = torch.stack([torch.tensor(numbers(batches.batch(k))).argsort() for k in range(passes)])
    mean, error = place.float().mean(0), (20**2 / 12 / passes) ** 0.5
    assert (mean - 9.5).abs().max() < 4.5 * error


def test_labels_stay_with_their_pictures():
    batches = stream(37, 8)
    for k in range(12):
        batch = batches.batch(k)
        assert [n % 10 for n in numbers(batch)] == batch.label.tolist()
        assert batch.label.dtype == torch.int64


@pytest.mark.parametrize("image_range", [(-1.0, 1.0), (0.0, 1.0)])
def test_black_and_white_are_the_ends_of_the_range_exactly(image_range):
    # A18: a range other than the model's own
    spec = Spec(kind="Images", shape=(1, 1, 3))
    values = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)
    image = Dataset(spec, {"image": values}).batch(Images, torch.zeros(1).long(), "cpu",
                                                   image_range).image  # fmt: skip
    low, high = image_range
    assert image.dtype == torch.float32
    assert (float(image.min()), float(image.max())) == image_range
    assert float(image[0, 0, 0, 1]) == pytest.approx(low + 0.2 * (high - low), abs=1e-6)
    assert values.flatten().tolist() == [0, 51, 255]  # the data itself is not scaled


def test_a_batch_larger_than_the_data_is_the_users_mistake():
    with pytest.raises(UserError, match=r"a batch of 24 .* 23 items; try --batch-size 5"):
        stream(23, 24)
    assert sorted(numbers(stream(23, 23).batch(0))) == list(range(23))


def test_kinds_without_labels_are_the_same_pictures():
    plain = Batches(counted(23), Images, 5, 1, image_range=(0.0, 255.0))
    assert torch.equal(plain.batch(3).image, stream(23, 5, seed=1).batch(3).image)


@pytest.mark.parametrize("made", [lambda: counted(23), toys.ring])
def test_processes_share_one_batch_out(made, monkeypatch):
    # breaks when two processes see the same items, or other ones than a single process
    data = made()
    kind = Labelled if isinstance(data, Dataset) else Points
    whole = [Batches(data, kind, 6).batch(k)[0] for k in range(9)]
    monkeypatch.setattr(processes, "world", lambda: 3)
    for k, wanted in enumerate(whole):
        shares: list[Tensor] = []
        for rank in range(3):
            monkeypatch.setattr(processes, "rank", lambda rank=rank: rank)
            shares.append(Batches(data, kind, 6).batch(k)[0])
        assert all(len(share) == 2 for share in shares)
        assert torch.equal(torch.cat(shares), wanted)
    with pytest.raises(UserError, match="no multiple of the 3 processes"):
        Batches(data, kind, 7)


def test_the_noise_of_a_step_is_not_its_data():
    # breaks when both streams start from one seed: the points of the parabola are then the very
    # numbers that the generator is given as noise in that step
    device, data, noise = torch.device("cpu"), [], []
    batches = Batches(toys.Parabola(), Points, 64, seed=0)
    for step in range(20):
        data.append(batches.batch(step).point[:, 0])
        with draw.step(0, step, device):
            noise.append(draw.uniform(64, 8).flatten()[:64])
    both = torch.stack([torch.cat(data), torch.cat(noise)])
    assert abs(float(both.corrcoef()[0, 1])) < 0.15  # 1,280 pairs: 5 standard errors


def test_the_order_of_a_pass_is_not_the_noise_of_a_step():
    # the same, for data in memory: PyTorch draws permutations from the same numbers
    batches = stream(50, 50)
    for epoch in range(3):
        order = torch.randperm(50, generator=draw.generator(0, "noise", epoch)).tolist()
        assert numbers(batches.batch(epoch)) != order


def test_digits_are_all_there_and_held_out_ones_apart():
    train, test = digits("train"), digits("test")
    assert (len(train), len(test)) == (1500, 297)
    seen, held = (
        {image.numpy().tobytes() for image in part.columns["image"]} for part in (train, test)
    )
    assert not seen & held
    for part in (train, test):
        assert part.spec == Spec(kind="Labelled", shape=(1, 8, 8), classes=CLASSES)
        image, label = part.columns["image"], part.columns["label"]
        assert image.dtype == torch.uint8 and image.shape[1:] == (1, 8, 8)
        assert (int(image.min()), int(image.max())) == (0, 255)
        assert label.unique().tolist() == list(range(10))
        assert label.bincount().min() > len(part) / 15
    # darkness of 0 ... 16 becomes 0 ... 255: 17 levels, and no more
    assert len(train.columns["image"].unique()) == 17


def test_held_out_digits_are_of_the_same_population():
    # sorted by writer as they are shipped, a nearest neighbour told the last from the first at .70
    train, test = (digits(split).columns["image"].float().flatten(1) for split in ("train", "test"))
    found = []
    for seed in range(10):  # as many of the training ones as are held out, others each time
        some = torch.randperm(1500, generator=torch.Generator().manual_seed(seed))[:297]
        both = torch.cat([train[some], test])
        held = torch.arange(594) >= 297
        nearest = torch.cdist(both, both).fill_diagonal_(torch.inf).argmin(1)
        found.append(float((held[nearest] == held).float().mean()))
    assert abs(sum(found) / 10 - 0.5) < 3 * (0.25 / 594) ** 0.5


def test_digits_look_like_their_labels():
    # breaks when pictures and labels are cut differently: the nearest mean names 9 of 10
    train, test = digits("train"), digits("test")
    image, label = train.columns["image"].float().flatten(1), train.columns["label"]
    means = torch.stack([image[label == k].mean(0) for k in range(10)])
    named = torch.cdist(test.columns["image"].float().flatten(1), means).argmin(1)
    assert float((named == test.columns["label"]).float().mean()) > 0.85


def test_contents_have_names():
    # breaks when a changed data set passes for the one that a run began with
    one, two = counted(23), counted(23)
    assert one.fingerprint == two.fingerprint != counted(22).fingerprint
    two = Dataset(two.spec, two.columns | {"label": two.columns["label"].roll(1)})
    assert one.fingerprint != two.fingerprint
    assert digits("train").fingerprint != digits("test").fingerprint


def test_resizing_keeps_what_the_pictures_show():
    data = digits("test")
    larger = resized(data, 20)
    assert larger.spec == Spec(kind="Labelled", shape=(1, 20, 20), classes=CLASSES)
    assert larger.columns["image"].dtype == torch.uint8
    assert larger.columns["image"].shape == (297, 1, 20, 20)
    assert torch.equal(larger.columns["label"], data.columns["label"])
    assert larger.fingerprint != data.fingerprint
    assert resized(data, 8) is data
    mean = [x.columns["image"].float().mean((1, 2, 3)) for x in (data, larger)]
    assert (mean[0] - mean[1]).abs().max() < 15
    back = resized(larger, 8).columns["image"].float()
    pictures = data.columns["image"].float()
    assert (back - pictures).abs().mean() < (back.roll(1, 0) - pictures).abs().mean() / 3


def test_resizing_neither_overflows_nor_mixes_channels_and_crosses_chunks():
    # bicubic overshoots at edges: 255 must not turn into 3; more items than one chunk holds
    image = torch.zeros(1030, 3, 6, 8, dtype=torch.uint8)
    image[:, 0], image[:, 2, :, 4:] = 200, 255
    data = Dataset(Spec(kind="Images", shape=(3, 6, 8)), {"image": image})
    shown = resized(data, 16).columns["image"]
    assert shown.shape == (1030, 3, 16, 16)
    assert shown[:, 0].unique().tolist() == [200] and not shown[:, 1].any()
    assert not shown[:, 2, :, :5].any() and (shown[:, 2, :, -5:] == 255).all()
    assert torch.equal(shown[0], shown[-1])


def test_data_is_loaded_by_name_and_size():
    assert load("digits").spec.shape == (1, 8, 8)
    assert load(DataConfig(data="digits", size=20), "test").spec.shape == (1, 20, 20)
    assert len(load("digits", "test")) == 297
    tokens = load(DataConfig(data="oracle", vocabulary=7, length=3))
    assert tokens.spec == Spec(kind="Tokens", shape=(3,), vocabulary=7)
    batch = Batches(tokens, Tokens, 4).batch(0)
    assert batch.token.shape == (4, 3) and batch.token.dtype == torch.int64
    with pytest.raises(UserError, match="digits"):
        load("digit")
