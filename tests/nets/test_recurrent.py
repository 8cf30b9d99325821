"""The writer's probabilities against enumeration, the reader's windows."""

from __future__ import annotations

import itertools

import pytest
import torch

from liangyi.core.errors import UserError
from liangyi.nets.recurrent import START, Reader, Writer, chosen

WORDS, LENGTH = 3, 4
EVERY = torch.tensor(list(itertools.product(range(WORDS), repeat=LENGTH)))


@pytest.fixture
def writer() -> Writer:
    torch.manual_seed(0)
    made = Writer(WORDS, 5)
    for weight in made.parameters():
        torch.nn.init.normal_(weight)  # far from uniform
    return made.requires_grad_(False)


def frequencies(sentences: torch.Tensor) -> torch.Tensor:
    """Return the share of each sentence, in the order of `itertools.product`."""
    place = WORDS ** torch.arange(sentences.shape[1] - 1, -1, -1)
    return (sentences @ place).bincount(minlength=WORDS ** sentences.shape[1]) / len(sentences)


def test_all_sentences_together_have_probability_one(writer):
    assert float(writer(EVERY).sum(1).exp().sum()) == pytest.approx(1, abs=1e-5)


def test_forward_is_the_writers_own_steps(writer):
    # breaks when a word is predicted from itself, or a sentence's start from its first word
    priced = writer(EVERY)
    word, state = torch.full((len(EVERY),), START), None
    for position in range(LENGTH):
        state = writer.step(word, state)
        word = EVERY[:, position]
        chances = writer.output(state[0]).log_softmax(-1)
        wanted = chances[torch.arange(len(EVERY)), word]
        torch.testing.assert_close(priced[:, position], wanted)


def test_a_words_price_depends_on_the_words_before_it_only(writer):
    first, second = torch.tensor([[0, 1, 2, 0], [0, 1, 2, 1]])
    one, two = writer(torch.stack([first, second]))
    torch.testing.assert_close(one[:3], two[:3])  # rows of one product may round differently
    assert not torch.isclose(one[3], two[3])


def test_written_sentences_follow_the_law(writer):
    torch.manual_seed(1)
    written = writer.write(20_000, LENGTH)
    assert written.shape == (20_000, LENGTH) and written.dtype == torch.long
    wanted = writer(EVERY).sum(1).exp()
    # five standard errors
    bound = 5 * (wanted * (1 - wanted) / 20_000).sqrt() + 1e-4
    assert ((frequencies(written) - wanted).abs() < bound).all()


def test_completions_keep_their_prefix_and_fill_the_rest(writer):
    token = torch.randint(WORDS, (6, 5), generator=torch.Generator().manual_seed(0))
    done = writer.finish(token, tries=50)
    assert done.shape == (4, 50, 6, 5) and done.dtype == token.dtype
    assert done.min() >= 0 and done.max() < WORDS
    for place, completed in enumerate(done):
        wanted = token[:, : place + 1].expand(50, -1, -1)
        assert torch.equal(completed[..., : place + 1], wanted)
        # every later position is drawn, not copied: it varies between tries
        assert (completed[..., place + 1 :] != token[:, place + 1 :]).flatten(0, 1).any(0).all()


def test_a_completion_never_looks_at_the_words_it_replaces(writer):
    # breaks when the state has read further than the prefix: a roll-out that knows the answer
    shared = torch.tensor([[0, 2, 1, 1, 0], [1, 1, 0, 2, 2]])
    other = shared.clone()
    other[:, 3:] = (other[:, 3:] + 1) % WORDS
    done = []
    for token in (shared, other):
        torch.manual_seed(3)
        done.append(writer.finish(token, tries=200))
    assert torch.equal(done[0][:3], done[1][:3])
    assert not torch.equal(done[0][3], done[1][3])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_completions_follow_the_law_of_what_may_come(writer, place):
    # against all completions of the prefix, enumerated
    tries, prefix = 20_000, torch.tensor([1, 0, 2, 1])[: place + 1]
    torch.manual_seed(2)
    token = torch.tensor([[2, 2, 2, 2], [1, 0, 2, 1]])  # a neighbour that must not interfere
    rest = writer.finish(token, tries)[place, :, 1, place + 1 :]
    endings = torch.tensor(list(itertools.product(range(WORDS), repeat=LENGTH - place - 1)))
    sentences = torch.cat([prefix.expand(len(endings), -1), endings], 1)
    wanted = writer(sentences)[:, place + 1 :].sum(1).exp()
    assert float(wanted.sum()) == pytest.approx(1, abs=1e-5)
    bound = 5 * (wanted * (1 - wanted) / tries).sqrt() + 1e-4
    assert ((frequencies(rest) - wanted).abs() < bound).all()


def test_a_sentence_of_one_word_has_no_proper_prefix(writer):
    assert writer.finish(torch.zeros(3, 1, dtype=torch.long), 2).shape == (0, 2, 3, 1)


def test_drawn_words_follow_the_softmax_of_their_logits():
    torch.manual_seed(0)
    logits = torch.tensor([2.0, 0.0, -1.0, 0.5])
    drawn = chosen(logits.expand(40_000, -1), torch.rand(40_000)).bincount(minlength=4) / 40_000
    wanted = logits.softmax(0)
    assert ((drawn - wanted).abs() < 5 * (wanted * (1 - wanted) / 40_000).sqrt()).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_words_that_cannot_come_never_do(dtype):
    logits = torch.tensor([0.0, -float("inf"), 0.0, -1e4]).to(dtype).expand(5000, -1)
    share = torch.linspace(0, 1 - 2**-24, 5000)  # the ends, too
    assert set(chosen(logits, share).tolist()) == {0, 2}


@pytest.mark.parametrize("count", [1, 2, 5, 11, 100])  # whole blocks of words, and not
def test_a_share_falls_to_the_word_whose_part_of_the_whole_it_is_in(count):
    torch.manual_seed(count)
    logits = torch.randn(200, count)
    logits[:, ::3] = -float("inf") if count > 2 else 0.0
    share = torch.rand(200)
    wanted = (logits.double().softmax(-1).cumsum(-1) <= share.double()[:, None]).sum(1)
    assert torch.equal(chosen(logits, share), wanted)


def test_a_temperature_divides_the_logits(writer):
    torch.manual_seed(1)
    written = writer.write(20_000, 1, temperature=0.5)[:, 0].bincount(minlength=WORDS) / 20_000
    first = writer.step(torch.tensor([START]), None)[0]
    wanted = (writer.output(first) / 0.5).softmax(-1)[0]
    assert ((written - wanted).abs() < 5 * (wanted * (1 - wanted) / 20_000).sqrt()).all()


def test_many_words_are_drawn_as_few_are(writer, monkeypatch):
    # breaks when parts of a large table get each other's random numbers
    hidden, share = torch.randn(50, 5), torch.rand(50)
    whole = writer.follow(hidden, share)
    monkeypatch.setattr("liangyi.nets.recurrent._AT_ONCE", 4 * WORDS)
    assert torch.equal(writer.follow(hidden, share), whole)


def test_words_have_exact_chances_where_a_step_is_of_half_precision(writer):
    exact = writer(EVERY)
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(writer(EVERY), exact)


def reader(length: int, windows: tuple[int, ...], filters: tuple[int, ...]) -> Reader:
    torch.manual_seed(0)
    return Reader(9, length, 6, windows, filters, dropout=0.5)


def test_the_reader_gives_one_logit_a_sentence():
    judge = reader(7, (1, 2, 5), (4, 3, 2))
    assert judge(torch.randint(9, (8, 7))).shape == (8,)
    assert [(c.kernel_size[0], c.out_channels) for c in judge.convolutions] == [
        (1, 4), (2, 3), (5, 2)
    ]  # fmt: skip


def test_windows_longer_than_the_sentence_are_left_out_with_their_filters():
    # breaks when only the window goes: then all later filters belong to the wrong windows
    judge = reader(4, (2, 9, 4, 5), (3, 50, 7, 60))
    assert [(c.kernel_size[0], c.out_channels) for c in judge.convolutions] == [(2, 3), (4, 7)]
    assert judge.output.in_features == 10
    assert judge(torch.randint(9, (2, 4))).shape == (2,)


def test_the_reader_is_a_highway_over_what_its_windows_found_most():
    # Kim's network by hand, in evaluation mode
    judge = reader(5, (1, 3), (4, 2)).eval()
    token = torch.randint(9, (3, 5))
    words = judge.embedding(token)
    found = []
    for conv in judge.convolutions:
        width = conv.kernel_size[0]
        views = torch.stack([words[:, i : i + width] for i in range(6 - width)], 1)
        found.append(torch.einsum("npwe,few->npf", views, conv.weight) + conv.bias)
    x = torch.cat([f.relu().amax(1) for f in found], 1)
    change, gate = judge.highway(x).chunk(2, 1)
    x = gate.sigmoid() * change.relu() + (1 - gate.sigmoid()) * x
    torch.testing.assert_close(judge(token), judge.output(x).squeeze(1))


def test_dropout_is_on_while_it_learns_and_off_while_it_judges():
    judge, token = reader(5, (1, 2), (20, 20)), torch.randint(9, (3, 5))
    assert not torch.equal(judge(token), judge(token))
    judge.eval()
    assert torch.equal(judge(token), judge(token))


def test_windows_that_cannot_be_are_the_users_mistake():
    # breaks with a traceback out of zip() or torch.cat()
    with pytest.raises(UserError, match="filters"):
        reader(5, (1, 2), (4,))
    with pytest.raises(UserError, match="window"):
        reader(3, (4, 5), (4, 4))
