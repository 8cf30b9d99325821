from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations, weight_norm

from liangyi.views.table import Layer, layers, render, summary


def generator() -> nn.Sequential:
    return nn.Sequential(
        nn.Linear(100, 512 * 16, bias=False),
        nn.Unflatten(1, (512, 4, 4)),
        nn.BatchNorm2d(512),
        nn.ReLU(),
        nn.ConvTranspose2d(512, 256, 4, 2, 1, bias=False),
        nn.BatchNorm2d(256),
        nn.ReLU(),
        nn.ConvTranspose2d(256, 3, 4, 2, 1),
        nn.Tanh(),
    )


class Residual(nn.Module):
    """Order of definition is not order of execution; holds a weight of its own; uses `twice`."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Conv2d(4, 1, 1)
        self.twice = nn.Conv2d(4, 4, 3, padding=1)
        self.idle = nn.Linear(2, 2)
        self.scale = nn.Parameter(torch.ones(4, 1, 1))
        self.register_buffer("mean", torch.zeros(5))

    def forward(self, x: Tensor, shift: Tensor) -> Tensor:
        x = self.twice(self.twice(x)) * self.scale + shift
        out: Tensor = self.last(x)
        return out


def test_a_dcgan_generator_is_described_exactly() -> None:
    rows = layers(generator(), torch.randn(7, 100))
    assert [row.shape for row in rows] == [
        (8192,), (512, 4, 4), (512, 4, 4), (512, 4, 4),
        (256, 8, 8), (256, 8, 8), (256, 8, 8), (3, 16, 16), (3, 16, 16),
    ]  # fmt: skip
    assert [row.parameters for row in rows] == [
        819_200, 0, 1024, 0, 2_097_152, 512, 0, 256 * 3 * 16 + 3, 0,
    ]  # fmt: skip
    assert [row.statistics for row in rows] == [0, 0, 1024, 0, 0, 512, 0, 0, 0]
    assert rows[4].kind == "ConvTranspose2d" and rows[4].detail == "4x4, stride 2"
    assert rows[4].name == "4" and rows[0].detail == "100 to 8192"


def test_totals_are_those_of_the_network() -> None:
    network = generator()
    totals = summary(layers(network, torch.randn(2, 100)))
    assert totals.trainable == sum(weight.numel() for weight in network.parameters())
    floats = [buffer for buffer in network.buffers() if buffer.is_floating_point()]
    assert totals.with_statistics - totals.trainable == sum(buffer.numel() for buffer in floats)


def test_looking_changes_nothing() -> None:
    network = generator().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(5)
    state = torch.get_rng_state()
    layers(network, torch.randn(2, 100, device="meta"))
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert network.training and not any(module._forward_hooks for module in network.modules())
    assert all(weight.device.type == "cpu" for weight in network.parameters())


def test_looking_draws_no_random_numbers() -> None:
    class Noisy(nn.Linear):
        def forward(self, input: Tensor) -> Tensor:
            torch.rand(3, device="cpu")
            return super().forward(input + torch.randn(3))

    network, state = Noisy(3, 4), torch.get_rng_state()
    (row,) = layers(network, torch.ones(2, 3))
    assert row.shape == (4,) and torch.equal(torch.get_rng_state(), state)


def test_rows_follow_execution_and_count_every_weight_once() -> None:
    network = Residual()
    rows = layers(network, torch.randn(2, 4, 8, 8), torch.randn(2, 1, 1, 1))
    assert [row.name for row in rows] == ["(itself)", "twice", "last", "idle"]
    own, twice, last, idle = rows
    assert own.detail == "own scale, mean" and own.shape is None
    assert (own.parameters, own.statistics) == (4, 5)
    assert twice.detail == "3x3, x2" and twice.shape == (4, 8, 8)
    assert last.shape == (1, 8, 8)
    assert idle.shape is None and idle.parameters == 6  # never run, yet it is there
    assert summary(rows).trainable == sum(weight.numel() for weight in network.parameters())


def test_shared_weights_are_counted_where_they_first_occur() -> None:
    embed, out = nn.Embedding(50, 8), nn.Linear(8, 50, bias=False)
    out.weight = embed.weight
    rows = layers(nn.Sequential(embed, out), torch.zeros(2, 3, dtype=torch.long))
    assert [row.parameters for row in rows] == [400, 0]
    assert [row.shape for row in rows] == [(3, 8), (3, 50)]
    assert "shared" in rows[1].detail


def test_weights_that_do_not_move_are_no_trainable_ones() -> None:
    network = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 5))
    network[0].requires_grad_(False)
    totals = summary(layers(network, torch.randn(1, 3)))
    assert totals == (25, 41)


def test_normalised_weights_stay_one_layer() -> None:
    network = nn.Sequential(parametrizations.spectral_norm(nn.Linear(4, 6)), nn.ReLU())
    first, second = layers(network, torch.randn(2, 4))
    assert (first.kind, first.shape, first.parameters) == ("Linear", (6,), 30)
    assert "SpectralNorm" in first.detail and second.kind == "ReLU"


@pytest.mark.filterwarnings("ignore:.*weight_norm")
def test_old_style_normalisation_can_be_looked_at() -> None:
    (row,) = layers(weight_norm(nn.Linear(4, 6)), torch.randn(2, 4))
    assert row.parameters == 4 * 6 + 6 + 6 and row.shape == (6,)


def test_sequences_and_attention() -> None:
    class Reader(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.word = nn.Embedding(30, 8)
            self.memory = nn.LSTM(8, 16, num_layers=2)
            self.look = nn.MultiheadAttention(16, 4, batch_first=True)

        def forward(self, token: Tensor) -> Tensor:
            read = self.memory(self.word(token).transpose(0, 1))[0].transpose(0, 1)
            out: Tensor = self.look(read, read, read)[0]
            return out

    network = Reader()
    rows = layers(network, torch.zeros(3, 11, dtype=torch.long))
    assert [row.shape for row in rows] == [(11, 8), (11, 16), (11, 16)]
    assert [row.detail for row in rows] == ["30 to 8", "2 layers", "4 heads"]
    assert summary(rows).trainable == sum(weight.numel() for weight in network.parameters())


class Stubborn(nn.Module):
    """Looks at its numbers, which the meta device does not have."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.norm = nn.Linear(3, 4), nn.BatchNorm1d(4)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.norm(self.first(x)) * float(x.sum())
        return out


@pytest.mark.parametrize("inputs", [(torch.randn(2, 3),), ()])
def test_a_network_that_cannot_be_traced_still_has_its_weights_listed(
    inputs: tuple[Tensor, ...],
) -> None:
    rows = layers(Stubborn(), *inputs)
    assert [(row.name, row.shape, row.parameters) for row in rows] == [
        ("first", None, 16),
        ("norm", None, 8),
    ]


def test_the_text_is_aligned_and_says_the_totals() -> None:
    networks = {
        "generator": layers(generator(), torch.randn(2, 100)),
        "critic": layers(nn.Sequential(nn.Linear(9, 1)), torch.randn(2, 9)),
    }
    lines = render(networks).splitlines()
    assert lines[0] == "generator" and max(map(len, lines)) <= 100
    rows = [line for line in lines if "Transpose2d" in line]
    assert len(rows) == 2 and rows[0].endswith("2,097,152") and "256 x 8 x 8" in rows[0]
    assert rows[0].index("256 x 8") == rows[1].index("3 x 16")
    totals = summary(networks["generator"])
    trainable = [line for line in lines if line.startswith("trainable ")]
    assert [line.split()[-1] for line in trainable] == [f"{totals.trainable:,}", "10"]
    assert len(rows[0]) == len(trainable[0])  # numbers end below each other
    with_statistics = [line for line in lines if "running statistics" in line]
    assert len(with_statistics) == 1  # the critic has none
    assert with_statistics[0].endswith(f"{totals.with_statistics:,}")
    assert lines[-1] == f"trainable, all together: {totals.trainable + 10:,}"


def test_nothing_renders_as_nothing_much() -> None:
    assert render({}) == ""
    assert "trainable" in render({"empty": []})


def test_names_are_words_and_no_markup() -> None:
    # breaks when rich takes [red] for a colour
    row = Layer("[red]a\x1b", "[b]", "", None, 1, 0)
    written = render({"[i]n": [row]})
    assert "[red]a " in written and "[b]" in written and "[i]n" in written
    assert "\x1b" not in written
