"""Streams of batches: batch k is a function of (seed, k), and no item is ever left out."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pytest
import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.batch import Images, Labelled, Points, Tokens
from liangyi.core.errors import UserError
from liangyi.core.spec import Label, Pixels, Spec, Vector, Words
from liangyi.data import Batches, Dataset, choose
from liangyi.data.pictures.digits import NAMES


def counted(items: int) -> Dataset:
    """Return pictures that show their own number; their label is its last digit."""
    number = torch.arange(items)
    image = number.to(torch.uint8)[:, None, None, None].expand(-1, 1, 2, 3).clone()
    spec = Spec("image", image=Pixels(1, 2, 3), label=Label(NAMES))
    return Dataset(spec, {"image": image, "label": number % 10})


def stream(items: int, batch_size: int, seed: int = 0) -> Batches:
    return Batches(counted(items), Labelled, batch_size, seed, value_range=(0.0, 255.0))


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
    spec = Spec("image", image=Pixels(1, 1, 3))
    values = torch.tensor([[[[0, 51, 255]]]], dtype=torch.uint8)
    image = Dataset(spec, {"image": values}).batch(Images, torch.zeros(1).long(), "cpu",
                                                   image_range).image  # fmt: skip
    low, high = image_range
    assert image.dtype == torch.float32
    assert (float(image.min()), float(image.max())) == image_range
    assert float(image[0, 0, 0, 1]) == pytest.approx(low + 0.2 * (high - low), abs=1e-6)
    assert values.flatten().tolist() == [0, 51, 255]  # the data itself is not scaled


def test_a_batch_larger_than_the_data_is_the_users_mistake():
    with pytest.raises(UserError, match=r"a batch of 24 .* 23 items; try batch_size=5") as caught:
        stream(23, 24)
    assert caught.value.setting == "batch_size"
    assert sorted(numbers(stream(23, 23).batch(0))) == list(range(23))


def test_kinds_without_labels_are_the_same_pictures():
    plain = Batches(counted(23), Images, 5, 1, value_range=(0.0, 255.0))
    assert torch.equal(plain.batch(3).image, stream(23, 5, seed=1).batch(3).image)


@pytest.mark.parametrize("made", [lambda: counted(23), lambda: choose("ring").split()])
def test_processes_share_one_batch_out(made):
    # breaks when two processes see the same items, or other ones than a single process
    data = made()
    kind = Labelled if isinstance(data, Dataset) else Points
    one = Batches(data, kind, 6)
    several = [Batches(data, kind, 6, rank=rank, world=3) for rank in range(3)]
    for k in range(9):
        shares: list[Tensor] = [batches.batch(k)[0] for batches in several]
        assert all(len(share) == 2 for share in shares)
        assert torch.equal(torch.cat(shares), one.batch(k)[0])
    with pytest.raises(UserError, match="7 is no multiple of the 3 processes") as caught:
        Batches(data, kind, 7, world=3)
    assert caught.value.setting == "batch_size"


def test_the_noise_of_a_step_is_not_its_data():
    # breaks when both streams start from one seed: the points of the parabola are then the very
    # numbers that the generator is given as noise in that step
    device, data, noise = torch.device("cpu"), [], []
    batches = Batches(choose("parabola").split(), Points, 64, seed=0)
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


def test_contents_have_names():
    # breaks when a changed data set passes for the one that a run began with
    one, two = counted(23), counted(23)
    assert one.fingerprint == two.fingerprint != counted(22).fingerprint
    two = Dataset(two.spec, two.columns | {"label": two.columns["label"].roll(1)})
    assert one.fingerprint != two.fingerprint
    digits = choose("digits")
    assert digits.split("train").fingerprint != digits.split("test").fingerprint


@pytest.mark.parametrize("made", [lambda: counted(23), lambda: choose("ring").split()])
def test_a_look_at_the_data_is_the_same_each_time_and_no_training_batch(made):
    # breaks when a score, a picture or the doctor's signals change with who looked before
    data = made()
    kind = Labelled if isinstance(data, Dataset) else Points
    one, other = data.some(7, kind), data.some(7, kind)
    assert len(one[0]) == 7 and torch.equal(one[0], other[0])
    assert not torch.equal(one[0], Batches(data, kind, 7).batch(0)[0])


def test_a_subset_is_a_fair_sample_and_never_the_first():
    # data may be sorted by class; a smaller subset begins a larger one
    data = counted(100)
    assert torch.equal(data.subset(10), data.subset(40)[:10])
    assert sorted(data.subset(1000).tolist()) == list(range(100))
    assert data.subset(10).tolist() != list(range(10)) and int(data.subset(10).max()) > 40
    assert len(data.some(1000, Labelled).label) == 100


def test_held_out_points_of_a_law_are_others():
    train, test = (choose("ring").split(split) for split in ("train", "test"))
    assert not torch.equal(train.some(9, Points).point, test.some(9, Points).point)
    assert not torch.equal(Batches(train, Points, 9).batch(0).point,
                           Batches(test, Points, 9).batch(0).point)  # fmt: skip


def test_data_on_a_device_is_what_it_was():
    data = counted(23)
    moved = data.to(torch.device("meta"))
    assert {column.device.type for column in moved.columns.values()} == {"meta"}
    assert (moved.spec, moved.fingerprint, len(moved)) == (data.spec, data.fingerprint, 23)


def test_data_is_loaded_by_name_and_size():
    assert choose("digits").split().spec.shape == (1, 8, 8)
    assert choose("digits", size=20).split("test").spec.shape == (1, 20, 20)
    assert len(choose("digits").split("test")) == 297
    tokens = choose("oracle", vocabulary=7, length=3).split()
    assert tokens.spec == Spec("token", token=Words(3, 7))
    batch = Batches(tokens, Tokens, 4).batch(0)
    assert batch.token.shape == (4, 3) and batch.token.dtype == torch.int64
    with pytest.raises(UserError, match="digits"):
        choose("digit")


class Both(NamedTuple):
    one: Annotated[Tensor, Vector]
    other: Annotated[Tensor, Vector]


def test_of_a_second_set_that_is_no_pair_a_look_takes_any_items():
    # breaks when a look takes the first ones, which may all be of one class
    spec = Spec("one", one=Vector(1), other=Vector(1))
    columns = {"one": torch.zeros(100, 1), "other": torch.arange(10_000.0)[:, None]}
    seen = Dataset(spec, columns).some(100, Both).other.flatten()
    assert len(seen.unique()) == 100 and 3000 < float(seen.mean()) < 7000
