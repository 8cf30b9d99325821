"""The captioner: words follow the picture and the words before, up to the end of the sentence."""

from __future__ import annotations

import pytest
import torch

from conftest import batch_of


@pytest.fixture
def here(small):
    return small("captioner")


@pytest.fixture
def model(here):
    return here.build().eval()


@pytest.fixture
def batch(here):
    return batch_of(here)


def test_the_loss_is_of_all_words_and_of_one_end(here, model):
    batch = batch_of(here, 40)
    logs = model(batch.image, batch.caption).log_softmax(2).detach()
    total, count = 0.0, 0
    for row, words in zip(logs, batch.caption.tolist(), strict=True):
        length = words.index(0) + 1 if 0 in words else len(words)
        total -= sum(float(row[place, words[place]]) for place in range(length))
        count += length
    assert count < batch.caption.numel()  # some are padded
    (update,) = model.updates(batch, 0)
    assert update.loss.item() == pytest.approx(total / count, rel=1e-5)
    assert float(model.evaluate(batch)["loss"]) == pytest.approx(total / count, rel=1e-5)


def test_no_word_is_seen_before_it_is_written(model, batch):
    # breaks when the LSTM reads the word that it should name
    before = model(batch.image, batch.caption)
    changed = batch.caption.clone()
    changed[:, 4:] = 2
    after = model(batch.image, changed)
    torch.testing.assert_close(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


def test_the_picture_decides(model, batch):
    words = batch.caption[:1].expand(6, -1)
    logits = model(batch.image, words)
    assert float((logits - logits[:1]).detach().abs().max()) > 1e-4


def test_it_writes_the_likeliest_word_each_time_and_nothing_after_the_end(model, batch):
    written = model.caption(batch.image)
    for image, words in zip(batch.image, written.tolist(), strict=True):
        said: list[int] = []
        for place in range(len(words)):
            row = torch.tensor([said + [0] * (len(words) - len(said))])
            said.append(int(model(image[None], row)[0, place].argmax()))
            if said[-1] == 0:
                break
        assert words == said + [0] * (len(words) - len(said))


def test_figures_are_of_words_and_of_whole_captions(model, batch):
    told = model.caption(batch.image)
    mixed = batch._replace(caption=torch.cat([told[:4], batch.caption[4:]]))
    right = (told[4:] == batch.caption[4:]).all(1).float().sum()
    assert float(model.evaluate(mixed)["exact_match"]) == pytest.approx((4 + float(right)) / 6)


def test_figures_of_parts_are_joined_by_what_they_are_means_over(model, here):
    # breaks when a part of short captions counts as much as one of long ones
    batch = batch_of(here, 60)
    longest = (batch.caption != 0).sum(1).argsort(descending=True)
    batch = type(batch)(*(column[longest] for column in batch))
    parts = [type(batch)(*(column[rows] for column in batch))
             for rows in (slice(0, 20), slice(20, 60))]  # fmt: skip
    whole = model.evaluate(batch)
    for name, value in whole.items():
        weights = [model.means_over(part).get(name, len(part.image)) for part in parts]
        each = [float(model.evaluate(part)[name]) for part in parts]
        joined = sum(w * one for w, one in zip(weights, each, strict=True)) / sum(weights)
        assert joined == pytest.approx(float(value), rel=1e-5)
