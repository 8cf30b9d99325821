"""The addition RNN: the notes' network, Keras' first weights, and what the original gets wrong."""

from __future__ import annotations

import pytest
import torch

from conftest import batch_of
from liangyi.data import choose
from liangyi.nets.lstm import LSTM
from liangyi.runs.building import build
from liangyi.session.layers import layers_of
from liangyi.zoo.sequences.addition_rnn import AdditionRNN, AdditionRNNConfig


@pytest.fixture(scope="module")
def model():
    return build(AdditionRNN, AdditionRNNConfig(), choose("additions").spec(), 0)


def test_the_table_is_the_notes(model):
    rows = [(row.kind, row.shape, row.parameters) for row in layers_of(model)["network"]]
    keras = {"LSTM": 4 * 128}  # PyTorch's second bias, which Keras has not
    assert [(kind, shape, count - keras.get(kind, 0)) for kind, shape, count in rows] == [
        ("OneHot", (7, 12), 0), ("LSTM", (128,), 72_192), ("Repeat", (4, 128), 0),
        ("LSTM", (4, 128), 131_584), ("Linear", (4, 12), 1548),
    ]  # fmt: skip
    assert sum(count for *_, count in rows) == 206_348 == 205_324 + 2 * 4 * 128


@torch.no_grad()
def test_first_weights_are_those_of_keras(model):
    for layer in model.network:
        if isinstance(layer, LSTM):
            width = layer.hidden_size
            bias = layer.bias_ih_l0 + layer.bias_hh_l0
            assert bias.view(4, width).mean(1).tolist() == [0, 1, 0, 0]
            square = layer.weight_hh_l0.T @ layer.weight_hh_l0
            assert torch.allclose(square, torch.eye(width), atol=1e-5)
            limit = (6 / (layer.input_size + 4 * width)) ** 0.5
            assert limit * 0.98 < float(layer.weight_ih_l0.abs().max()) <= limit
    last = model.network[-1]
    assert not last.bias.any() and float(last.weight.abs().max()) <= (6 / 140) ** 0.5


def test_it_is_the_recurrence_of_the_equations(small):
    # an LSTM written down once more, with the one bias that both biases are
    model, batch = small("addition-rnn").build(), batch_of(small("addition-rnn"))
    _, reader, repeat, writer, output = model.network

    def run(layer, rows):
        state = cell = torch.zeros(rows.shape[1], layer.hidden_size)
        states = []
        for x in rows:
            gates = x @ layer.weight_ih_l0.T + layer.bias_ih_l0 + layer.bias_hh_l0
            i, f, g, o = (gates + state @ layer.weight_hh_l0.T).chunk(4, 1)
            cell = f.sigmoid() * cell + i.sigmoid() * g.tanh()
            state = o.sigmoid() * cell.tanh()
            states.append(state)
        return states

    question = batch.question.flip(1)  # read from its end, spaces first
    read = run(reader, torch.eye(12)[question].transpose(0, 1))[-1]
    written = torch.stack(run(writer, read.expand(repeat.times, -1, -1)), 1)
    assert torch.allclose(model(batch.question), output(written), atol=1e-5)


def test_reversing_is_reading_the_question_backwards(small):
    # breaks when it is reversed before it is filled up, so that spaces are read last
    here = small("addition-rnn")
    backwards, batch = here.build(), batch_of(here)
    forwards = small("addition-rnn", reverse=False).build()
    forwards.load_state_dict(backwards.state_dict())
    assert not torch.equal(forwards(batch.question), backwards(batch.question))
    assert torch.equal(forwards(batch.question.flip(1)), backwards(batch.question))


def test_spaces_are_symbols_like_others(small):
    # breaks when what fills an answer up is left out of the loss or of the accuracy
    here = small("addition-rnn")
    model, batch = here.build(), batch_of(here)
    (update,) = model.updates(batch, 0)
    logs = model(batch.question).log_softmax(2).gather(2, batch.answer[..., None])
    assert (batch.answer == 0).any()
    assert update.loss.item() == pytest.approx(-logs.mean().item(), rel=1e-5)


def test_figures_are_of_symbols_and_of_whole_answers(small):
    here = small("addition-rnn")
    model, batch = here.build(), batch_of(here)
    told = model.answer(batch.question)
    batch = batch._replace(answer=torch.cat([told[:3], 11 - told[3:]]))
    batch.answer[0, 0] = (told[0, 0] + 1) % 12
    figures = model.evaluate(batch)
    places = batch.answer.shape[1]
    wrong = 1 + sum(int((11 - row != row).sum()) for row in told[3:])
    assert float(figures["accuracy"]) == pytest.approx(1 - wrong / (6 * places), abs=1e-6)
    assert float(figures["exact_match"]) == pytest.approx(2 / 6)
