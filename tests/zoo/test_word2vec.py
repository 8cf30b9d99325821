"""Word vectors: a planted language is solved, and the compiled form is the plain one."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch

from liangyi import data
from liangyi.core import draw, processes, registry
from liangyi.core.batch import Tokens
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec, Words
from liangyi.data import Batches
from liangyi.losses import words as losses
from liangyi.metrics.embeddings import analogy_accuracy
from liangyi.nets.fast import windows as fast
from liangyi.nets.fast.sequential import plain
from liangyi.nets.huffman import huffman
from liangyi.nets.windows import ONE, Noise, kept, mixed, windows
from liangyi.runs.building import build
from liangyi.training.trainer import Trainer

KINDS = ("word2vec", "word2vec-cbow", "word2vec-tree")


def model_of(name: str, seed: int = 0, **settings: object):
    kind = registry.find(name)
    return build(kind, kind.Config(**settings), data.choose("stems").spec(), seed)


def learned(name: str, steps: int, **settings: object):
    model, source = model_of(name, **settings), data.choose("stems")
    training = type(model).recipe.__class__(
        steps=steps, batch_size=32, average=0, device="cpu", compile="off", examine_every=0
    )
    stream = Batches(source.split(), model.Batch, 32, 0, "cpu")
    reports = [report.read() for report in Trainer(model, stream, training).run()]
    return model, reports, source


@pytest.mark.parametrize("name", KINDS)
def test_what_is_planted_is_found(name: str) -> None:
    # breaks when context and middle are mixed up, or noise is not pushed away
    model, _, source = learned(name, 800, size=30, sample=0.0)
    vectors = model.vectors.word.weight.detach()
    with torch.no_grad():
        first = model_of(name, size=30).vectors.word.weight
        assert analogy_accuracy(first[2:98], source.analogies() - 2) < 0.1
    assert analogy_accuracy(vectors[2:98], source.analogies() - 2) > 0.6


@pytest.mark.skipif(not fast.available(), reason="numba is missing")
@pytest.mark.parametrize("name", KINDS)
def test_the_compiled_loop_is_gradient_descent_on_the_same_loss(name: str) -> None:
    # breaks when one form draws other windows or noise, counts another example, or forgets a term
    model = model_of(name, size=19)
    dice = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight.uniform_(-0.5, 0.5, generator=dice)
    token = data.choose("stems").split().some(40, model.Batch).token
    seeds = torch.arange(40) * 77_777_777_777
    config = model.config
    noise = Noise(model.share, model.alias)
    every = windows(token, seeds, model.keep, noise, config.window, model.noises)
    loss, examples = model.loss(every)
    loss.backward()
    found = []
    for rate in (1e-3, 1e-4):
        word, output = (w.detach().clone() for w in list(model.parameters()))
        before = word.clone(), output.clone()
        law = fast.Law(model.keep, model.share, model.alias, model.node, model.turn, model.length,
                       config.window, model.noises, model.together)  # fmt: skip
        total, count = fast.move(token, seeds, word, output, law, rate, 1)
        assert count == int(examples)
        assert total == pytest.approx(float(loss.detach()), rel=1e-2)
        for old, new, weight in zip(before, (word, output), model.parameters(), strict=True):
            wanted = weight.grad.to_dense()
            away = (new - old) / -rate - wanted
            found.append(float(away.norm() / wanted.norm()))
    # what differs is the order of the steps alone, so it shrinks with the rate
    assert max(found[2:]) < 0.02 and max(found[2:]) < 0.2 * max(found[:2])


@pytest.mark.skipif(not fast.available(), reason="numba is missing")
def test_both_forms_learn_the_same_and_one_thread_gives_the_same_bits() -> None:
    threads = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        one, first, _ = learned("word2vec", 60, size=20)
        again, _, _ = learned("word2vec", 60, size=20)
        with plain():
            _, second, _ = learned("word2vec", 60, size=20)
        assert torch.equal(one.vectors.word.weight, again.vectors.word.weight)
        means = [sum(line["loss"] for line in lines[-20:]) for lines in (first, second)]
        assert means[0] == pytest.approx(means[1], rel=0.05)
        torch.set_num_threads(2)
        _, two, _ = learned("word2vec", 60, size=20)
        assert sum(line["loss"] for line in two[-20:]) == pytest.approx(means[0], rel=0.05)
    finally:
        torch.set_num_threads(threads)


def test_without_numba_it_says_so_and_learns_by_the_plain_form(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fast, "available", lambda: False)
    model, reports, _ = learned("word2vec", 5, size=8)
    assert "pip install liangyi[fast]" in model.remarks()[0]
    assert math.isfinite(reports[-1]["loss"])


def test_noise_and_dropping_follow_their_laws() -> None:
    counts = torch.tensor([0.0, 10, 40, 1, 5], dtype=torch.float64)
    law = Noise.of(counts)
    bits = mixed(torch.arange(200_000), torch.zeros(1, dtype=torch.int64), 3)
    index = ((bits >> 32) & (2**32 - 1)) * 5 >> 32
    drawn = torch.where((bits & (ONE - 1)) < law.share[index], index, law.alias[index].long())
    share = drawn.bincount(minlength=5).double() / len(drawn)
    assert torch.allclose(share, counts / counts.sum(), atol=4e-3) and share[0] == 0
    chance = kept(counts, 0.1).double() / ONE
    t = 0.1 * 56
    assert chance[0] == 0 and chance[1] == 1  # sqrt(.56) + .56 is more than 1
    assert chance[2] == pytest.approx((t / 40) ** 0.5 + t / 40, rel=1e-6)
    assert kept(counts, 0.0).tolist() == [0, ONE, ONE, ONE, ONE]


def test_windows_never_cross_passages_and_dropped_words_make_them_wider() -> None:
    token = torch.tensor([[2, 3, 4, 5], [6, 0, 7, 0]])
    keep = torch.full((8,), ONE)
    keep[0] = 0
    law = Noise.of(torch.ones(8))
    found = windows(token, torch.tensor([1, 2]), keep, law, 3, 2)
    assert found.centre.tolist() == [2, 3, 4, 5, 6, 7]
    around = [set(c[t].tolist()) for c, t in zip(found.context, found.there, strict=True)]
    assert around[4] == {7} and around[5] == {6}  # neighbours once padding is dropped
    assert all(each <= {2, 3, 4, 5} for each in around[:4])
    assert 3 in around[0] and 4 in around[3]
    nothing = windows(token * 0, torch.tensor([1, 2]), keep, law, 3, 2)
    assert len(nothing.centre) == 0


def test_a_process_without_pairs_leaves_the_others_their_whole_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # breaks when the mean over processes counts one that has nothing to learn from: half a step
    model = model_of("word2vec-nce", size=8, candidates=4, pairs=32)
    batch = data.choose("stems").split().some(6, model.Batch)
    own = len(model.pairs(batch.token)[0])

    def losses(*others: int) -> torch.Tensor:
        monkeypatch.setattr(processes, "each", lambda count: [count, *others])
        with draw.step(0, 0, torch.device("cpu")):
            return torch.stack([u.loss.detach() for u in model.updates(batch, 0)])

    alone = losses()
    assert len(alone) == -(-own // 32) > 2
    assert torch.equal(losses(own), alone)
    assert torch.allclose(losses(0), 2 * alone) and torch.allclose(losses(0, 0), 3 * alone)
    assert torch.allclose(losses(8)[:2], torch.tensor([2 * 32 / 40, 2]) * alone[:2])


def test_huffman_ways_are_short_for_frequent_words_and_tell_all_words_apart() -> None:
    paths = huffman([1, 1, 2, 4])
    assert paths.length.tolist() == [3, 3, 2, 1]  # sum 2^-length = 1
    ways = {
        tuple(zip(n[:k].tolist(), t[:k].tolist(), strict=True))
        for n, t, k in zip(paths.node, paths.turn, paths.length.tolist(), strict=True)
    }
    assert len(ways) == 4 and all(way[0][0] == 0 for way in ways)
    # probabilities of all words sum to 1, whatever the scores: it is a softmax
    model = model_of("word2vec-tree", size=5)
    vector, output = torch.randn(5), torch.randn_like(model.vectors.output.weight)
    node, turn = model.node.long(), model.turn
    logit = output[node] @ vector
    there = torch.arange(node.shape[1]) < model.length[:, None]
    chance = torch.where(turn > 0, logit.sigmoid(), 1 - logit.sigmoid()).where(there, 1.0).prod(1)
    assert float(chance[2:].sum()) == pytest.approx(1, abs=1e-5)


def test_noise_contrastive_loss_has_its_closed_form() -> None:
    # scores that equal log of the expected counts: every candidate is a fair coin
    expected = torch.tensor([0.3, 0.2])
    noise = expected.log().expand(4, 2)
    true = torch.tensor([0.7] * 4)
    loss = losses.noise_contrastive(true.log(), noise, true, expected)
    assert float(loss) == pytest.approx(3 * math.log(2), rel=1e-6)
    assert float(losses.log_uniform(torch.arange(1000), 1000).sum()) == pytest.approx(1)
    law = losses.log_uniform(torch.arange(3), 3)
    # at one try the expected count is the probability
    assert torch.allclose(losses.expected_count(law, 1), law)


def test_candidates_are_different_words_by_the_log_uniform_law() -> None:
    model = model_of("word2vec-nce", size=4, candidates=20)
    drawn = [model.candidates(150) for _ in range(400)]
    for rank, tries in drawn:
        assert len(rank) == len(rank.unique()) == 20 and tries >= 20
        assert int(rank.min()) >= 0 and int(rank.max()) < 150
    seen = torch.cat([rank for rank, _ in drawn]).bincount(minlength=150) / 400
    tries = sum(tries for _, tries in drawn) / 400
    wanted = losses.expected_count(losses.log_uniform(torch.arange(150), 150), round(tries))
    assert float((seen - wanted).abs().max()) < 0.12
    assert (seen[:3] > seen[75:78]).all()


def test_pairs_are_those_of_the_tutorial() -> None:
    model = model_of("word2vec-nce", size=4, candidates=4)
    middle, around = model.pairs(torch.tensor([[5, 6, 7, 0]]))
    assert list(zip(middle.tolist(), around.tolist(), strict=True)) == [
        (5, 6), (6, 5), (6, 7), (7, 6)
    ]  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_a_step_has_as_many_turns_whatever_the_text(name: str) -> None:
    # breaks when processes, each with passages of its own, wait for turns that others do not take
    model = model_of(name, size=4)
    full = torch.full((3, 400), 5)
    alone = full.where(torch.arange(400) == 0, 0)
    with plain():
        some, none = (
            [float(turn.loss.detach()) for turn in model.updates(Tokens(token), 0)]
            for token in (full, alone)
        )
    assert len(some) == len(none) > 1
    assert all(map(math.isfinite, some)) and none == [0.0] * len(none)


def test_nothing_is_learned_from_a_word_alone() -> None:
    # breaks when the mean over no pair at all is no number, and ends the training
    model = model_of("word2vec-nce", size=4, candidates=4)
    (turn,) = model.updates(Tokens(torch.tensor([[5, 0, 0]])), 0)
    assert turn.loss.item() == 0


def test_where_no_word_is_left_to_answer_it_says_so() -> None:
    # breaks when one of the words that were asked about is the answer, of a cosine of -inf
    spec = Spec("token", token=Words(5, ("", "<unk>", "yes", "no"), (0, 0, 9, 9)))
    kind = registry.find("word2vec")
    model, yes, no = build(kind, kind.Config(size=4), spec, 0), *torch.tensor([[2], [3]])
    assert model.nearest(yes).word.tolist() == [[3]]
    with pytest.raises(UserError, match="knows 2 words"):
        model.analogy(yes, no, yes)


def test_data_without_counts_and_too_many_candidates_are_refused() -> None:
    kind = registry.find("word2vec")
    with pytest.raises(UserError, match="how often words occur"):
        build(kind, kind.Config(), Spec("token", token=Words(5, 9)), 0)
    with pytest.raises(UserError, match="quarter") as told:
        model_of("word2vec-nce")
    assert told.value.setting == "candidates"


def test_files_of_vectors_are_read_again_and_by_gensim(tmp_path: Path) -> None:
    from liangyi.use.vectors import read_vectors, write_vectors

    words, vectors = ["the", "naïve", "秦"], torch.randn(3, 7)
    for ending in ("txt", "bin"):
        path = tmp_path / f"v.{ending}"
        write_vectors(path, words, vectors)
        again, found = read_vectors(path)
        assert again == words and torch.equal(found, vectors)
    gensim = pytest.importorskip("gensim.models")
    for ending in ("txt", "bin"):
        known = gensim.KeyedVectors.load_word2vec_format(
            str(tmp_path / f"v.{ending}"), binary=ending == "bin"
        )
        assert known.index_to_key == words and np.allclose(known.vectors, vectors)
        known.save_word2vec_format(str(tmp_path / f"w.{ending}"), binary=ending == "bin")
        again, found = read_vectors(tmp_path / f"w.{ending}")
        assert again == words and torch.allclose(found, vectors, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.txt", b"3 2\na 1 2\nb 1 2\n", "too short"),
        ("a.txt", b"1 2\na 1 2\nb 1 2\n", "and more follow"),
        ("a.txt", b"2 3\naa 1.5 2\nbb 1.5 2 3\n", "line 2 is no word with 3 numbers"),
        ("a.txt", b"the 0.1 0.2\n", "no file of word vectors"),
        ("a.txt", b"99999999999 300\na 1\n", "too short"),
        ("a.txt", b"1 1\na nan\n", "not finite"),
        ("a.txt", b"2 1\na 1\na 2\n", "the same word twice"),
        ("a.bin", b"2 2\na " + bytes(8) + b"\nb " + bytes(5), "too short"),
        ("a.bin", b"1 2\n" + bytes(2000), "no word with 2 numbers"),
        ("a.bin", b"", "no file of word vectors"),
    ],
)
def test_a_file_that_lies_is_one_line(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    from liangyi.use.vectors import read_vectors

    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=said):
        read_vectors(tmp_path / name)
