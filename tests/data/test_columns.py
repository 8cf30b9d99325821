"""Columns that are no tensors: lists with their masks, patches, and two sets side by side."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pytest
import torch
from torch import Tensor

from liangyi.core.batch import Images
from liangyi.core.spec import Label, Pixels, Ragged, Spec, Vector, Words
from liangyi.data import Batches, Dataset, Lists, Patches


class Paths(NamedTuple):
    path: Annotated[Tensor, Ragged]
    path_mask: Tensor
    label: Annotated[Tensor, Label]


def paths() -> Dataset:
    """Return lists of 2, 0, 3 and 1 points; point k is (k, k)."""
    values = (torch.arange(6) + 1.0)[:, None].expand(-1, 2).clone()
    columns = {"path": Lists(values, torch.tensor([2, 0, 3, 1]), 3), "label": torch.arange(4)}
    spec = Spec("path", path=Ragged(Vector(2), 3), label=Label(tuple("abcd")))
    return Dataset(spec, columns)


def test_lists_are_padded_with_zeros_and_the_mask_says_what_is_there() -> None:
    batch = paths().batch(Paths, torch.tensor([3, 0, 1, 2]))
    assert batch.path.shape == (4, 3, 2) and torch.equal(batch.path[..., 0], batch.path[..., 1])
    assert batch.path[..., 0].tolist() == [[6, 0, 0], [1, 2, 0], [0, 0, 0], [3, 4, 5]]
    assert batch.path_mask.dtype == torch.bool
    assert batch.path_mask.sum(1).tolist() == [1, 2, 0, 3]
    assert batch.label.tolist() == [3, 0, 1, 2]  # beside their lists


def test_lists_of_whole_numbers_stay_whole() -> None:
    lists = Lists(torch.tensor([5, 6, 7]), torch.tensor([1, 2]), 4)
    found = lists.take(torch.tensor([1]), lambda width: torch.zeros(1, width))
    assert found[""].tolist() == [[6, 7, 0, 0]] and found[""].dtype == torch.int64
    assert found["mask"].tolist() == [[True, True, False, False]]


def test_the_lengths_are_part_of_the_content() -> None:
    # the same values, cut elsewhere, are other data
    values = torch.arange(4.0)
    one, other = (
        Dataset(Spec("x", x=Ragged(Vector(1), 3)), {"x": Lists(values, torch.tensor(counts), 3)})
        for counts in ([1, 3], [2, 2])
    )
    assert one.fingerprint != other.fingerprint
    moved = paths().to(torch.device("meta"))
    assert len(moved) == 4 and moved.fingerprint == paths().fingerprint


def photographs() -> Dataset:
    """Return pictures of mixed sizes whose pixels say where they are and in which picture."""
    pictures = []
    for number, (height, width) in enumerate([(8, 12), (6, 6), (20, 7), (9, 30)]):
        down, right = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
        pictures.append(torch.stack([down, right, torch.full_like(down, number)]).byte())
    return Dataset(Spec("image", image=Pixels(3, 6, 6)), {"image": Patches(pictures, 6)})


def patches(batches: Batches, number: int) -> Tensor:
    return batches.batch(number).image.round().long()


def test_patches_are_whole_parts_of_their_pictures_another_at_every_look() -> None:
    data, places = photographs(), set()
    batches = Batches(data, Images, 4, value_range=(0.0, 255.0))
    for number in range(30):
        image = patches(batches, number)
        assert sorted(image[:, 2, 0, 0].tolist()) == [0, 1, 2, 3]
        for down, right, which in image:
            size = data.columns["image"].pictures[which[0, 0]].shape[1:]
            assert (which == which[0, 0]).all()
            assert torch.equal(down - down[0, 0], torch.arange(6)[:, None].expand(6, 6))
            assert torch.equal(right - right[0, 0], torch.arange(6).expand(6, 6))
            assert down[-1, -1] < size[0] and right[-1, -1] < size[1]
            places.add((int(which[0, 0]), int(down[0, 0]), int(right[0, 0])))
    assert len(places) > 40  # 21 + 1 + 30 + 100 there are
    # both ends are reached: 8 - 6 = 2 and 12 - 6 = 6
    assert {down for which, down, _ in places if which == 0} == {0, 1, 2}
    assert {right for which, _, right in places if which == 0} >= {0, 6}


def test_patches_are_the_same_for_one_process_and_for_two_shares() -> None:
    # breaks when each process throws dice of its own: two would not train as one
    data = photographs()
    one = Batches(data, Images, 4, seed=3)
    two = [Batches(data, Images, 4, seed=3, rank=rank, world=2) for rank in range(2)]
    for number in (0, 1, 7):
        shares = torch.cat([batches.batch(number).image for batches in two])
        assert torch.equal(shares, one.batch(number).image)
        again = Batches(data, Images, 4, seed=3).batch(number).image
        assert torch.equal(again, shares)
    assert not torch.equal(one.batch(0).image, Batches(data, Images, 4, seed=4).batch(0).image)


def test_patches_lie_on_whole_pixels_of_a_smaller_copy() -> None:
    data = photographs()
    data.columns["image"] = Patches(data.columns["image"].pictures, 6, factor=3)
    batches = Batches(data, Images, 4, value_range=(0.0, 255.0))
    corners = torch.cat([patches(batches, number)[:, :2, 0, 0] for number in range(20)])
    assert (corners % 3 == 0).all() and corners.max() == 24


def test_a_look_at_patches_is_the_same_each_time() -> None:
    data = photographs()
    assert torch.equal(data.some(3, Images).image, data.some(3, Images).image)


class Unpaired(NamedTuple):
    horse: Annotated[Tensor, Vector]
    zebra: Annotated[Tensor, Words]


def unpaired(horses: int, zebras: int) -> Dataset:
    spec = Spec("horse", horse=Vector(1), zebra=Words(1, 1000))
    columns = {
        "horse": torch.arange(horses).float()[:, None],
        "zebra": torch.arange(zebras)[:, None],
    }
    return Dataset(spec, columns)


@pytest.mark.parametrize(("horses", "zebras"), [(10, 7), (7, 10), (12, 3)])
def test_an_epoch_is_a_pass_over_the_first_of_two_sets(horses: int, zebras: int) -> None:
    # each set is a stream of its own, of passes without a gap
    data = unpaired(horses, zebras)
    batches = Batches(data, Unpaired, 5)
    assert batches.items == data.size == horses
    seen = [batches.batch(number) for number in range(2 * horses * zebras // 5)]
    for name, items in (("horse", horses), ("zebra", zebras)):
        order = torch.cat([getattr(batch, name) for batch in seen]).flatten().long()
        for one_pass in order.split(items)[: len(order) // items]:
            assert sorted(one_pass.tolist()) == list(range(items))


def test_two_sets_are_not_paired() -> None:
    # breaks when both are shuffled alike: horse 3 would always meet zebra 3
    batches = Batches(unpaired(20, 21), Unpaired, 20)
    met = {(int(a), int(b)) for k in range(20)
           for a, b in zip(*batches.batch(k), strict=True)}  # fmt: skip
    assert len(met) > 200


def test_two_sets_are_shared_out_alike_and_looked_at_together() -> None:
    data = unpaired(10, 7)
    one = Batches(data, Unpaired, 4)
    two = [Batches(data, Unpaired, 4, rank=rank, world=2) for rank in range(2)]
    for number in range(6):
        whole = one.batch(number)
        for place, part in enumerate(whole):
            assert torch.equal(torch.cat([b.batch(number)[place] for b in two]), part)
    looked = data.some(100, Unpaired)
    assert len(looked.horse) == len(looked.zebra) == 10 and int(looked.zebra.max()) < 7
