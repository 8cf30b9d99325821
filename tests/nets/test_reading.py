"""What reads sentences, and what compares them with pictures."""

from __future__ import annotations

import torch
from torch import nn

from liangyi.core.spec import PADDING, UNKNOWN, Words
from liangyi.nets import dcgan
from liangyi.nets.reading import Matching, Reader, padding

FIELD = Words(5, (PADDING, UNKNOWN, "a", "red", "blue", "one"))


def test_padding_says_nothing():
    # breaks when the mean is taken over the whole length, or the LSTM's states after the end count
    torch.manual_seed(0)
    reader = Reader(FIELD, 8)
    short = Reader(Words(3, FIELD.vocabulary), 8)
    short.load_state_dict(reader.state_dict())
    padded = reader(torch.tensor([[2, 3, 5, 0, 0]]))
    torch.testing.assert_close(padded, short(torch.tensor([[2, 3, 5]])))


def test_nothing_read_is_no_number_that_is_not_finite():
    vector = Reader(FIELD, 8)(torch.zeros(2, 5, dtype=torch.int64))
    assert vector.isfinite().all()


def test_order_is_heard():
    torch.manual_seed(0)
    one, other = Reader(FIELD, 8)(torch.tensor([[3, 4, 5, 0, 0], [5, 4, 3, 0, 0]]))
    assert not torch.allclose(one, other, atol=1e-3)


def test_vectors_have_mean_0_and_variance_1():
    vectors = Reader(FIELD, 64)(torch.tensor([[2, 3, 5, 0, 0], [2, 4, 4, 4, 4]]))
    torch.testing.assert_close(vectors.mean(1), torch.zeros(2), atol=1e-5, rtol=0)
    torch.testing.assert_close(vectors.var(1, correction=0), torch.ones(2), atol=1e-3, rtol=0)


def test_words_without_padding_fill_their_length():
    assert (
        padding(FIELD) == 0 and padding(Words(3, 7)) == -1 and padding(Words(2, ("a", "b"))) == -1
    )


def test_the_text_stands_at_every_place():
    torch.manual_seed(0)
    network = dcgan.discriminator((3, 32, 32), 4)
    judge = Matching(network, 6, 0.2).eval()
    image, text = torch.randn(2, 3, 32, 32), torch.randn(2, 6)
    maps, said = judge.seen(image), judge.text(text)
    hidden = torch.empty(2, 16, 4, 4)
    layer = judge.both[0]
    assert isinstance(layer, nn.Conv2d)
    for row in range(4):
        for column in range(4):
            both = torch.cat([maps[:, :, row, column], said], 1)
            seen = both @ layer.weight[:, :, 0, 0].T + layer.bias
            hidden[:, :, row, column] = nn.functional.leaky_relu(seen, 0.2)
    wanted = (hidden.flatten(1) @ judge.judging.weight.T + judge.judging.bias).squeeze(1)
    torch.testing.assert_close(judge(image, text), wanted)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in judge.both.modules())
