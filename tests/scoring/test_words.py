"""Word vectors on lists: what is known is counted, and what is no list is one line."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import pytest
import torch

from conftest import follow
from liangyi.core import registry
from liangyi.core.errors import UserError
from liangyi.core.spec import Spec, Words
from liangyi.data import choose
from liangyi.data.text import lists
from liangyi.doctor.chart import Chart
from liangyi.doctor.codes import all_one_way
from liangyi.doctor.facts import Facts
from liangyi.metrics.error import of_correlation
from liangyi.runs.building import build
from liangyi.scoring import score
from liangyi.scoring.scorers.words import cards, scores


def written(folder, **files: str):
    for name, text in files.items():
        (folder / name.replace("__", "-")).write_text(text, encoding="utf-8")
    return folder


def test_known_pairs_and_questions_are_scored(tmp_path):
    # vectors on a circle: how alike two are is what people say, so the ranks agree whole
    angle = torch.linspace(0, 1.2, 12)
    vectors = torch.stack([angle.cos(), angle.sin()], 1)
    known = {f"w{n}": n for n in range(12)}
    rows = [f"W0\tw{n}\t{10 - n}.5" for n in range(1, 12)] + ["w0 strange 3"]
    place = written(tmp_path, **{"EN-MEN-TR-3k.txt": "\n".join(rows)})
    (found,), there = scores(known, vectors, place)
    name, value, error, count, data, about = found
    assert there and (name, count) == ("men", 11) and value == pytest.approx(1)
    assert error == pytest.approx(0, abs=1e-6) and data.startswith("EN-MEN-TR-3k.txt ")
    assert "11 of 12 pairs" in about
    # a parallelogram answers its own questions
    square = torch.tensor([[1.0, 0, 0.2], [1, 1, 0.2], [0.2, 0, 1], [0.2, 1, 1]])
    asked = ": family\n" + "a b c d\n" * 6 + ": gram1\n" + "c d a b\n" * 12 + "a b c zzz\n"
    place = written(tmp_path, **{"questions-words.txt": asked})
    found, _ = scores({"a": 0, "b": 1, "c": 2, "d": 3}, square, place)
    named = {name: (value, count) for name, value, _, count, _, _ in found}
    assert named == {"analogies": (1.0, 18), "analogies_syntactic": (1.0, 12)}


def test_lists_of_other_words_are_told(tmp_path, monkeypatch):
    place = written(tmp_path, **{"EN-MEN-TR-3k.txt": "cat dog 1\n" * 20})
    monkeypatch.setenv("LIANGYI_WORDS", str(place))
    kind, words = registry.find("word2vec"), Words(5, ("", "<unk>", "yes", "no"), (0, 0, 9, 9))
    model = build(kind, kind.Config(size=4), Spec("token", token=words), 0)
    told: list[str] = []
    assert cards(SimpleNamespace(model=model, tell=told.append)) == []
    assert len(told) == 1 and "too few lines of the lists" in told[0]


def test_a_text_of_few_passages_is_scored_by_the_lists_too(small, tmp_path, monkeypatch):
    # breaks when twenty passages are wanted, which nobody looks at
    source = choose("stems", sentences=12)
    known = source.spec()["token"].vocabulary[2:]
    pairs = [f"{known[0]} {word} {n % 7}" for n, word in enumerate(known[1:20])]
    written(tmp_path, **{"EN-MEN-TR-3k.txt": "\n".join(pairs)})
    monkeypatch.setenv("LIANGYI_WORDS", str(tmp_path))
    here = dataclasses.replace(small("word2vec"), source=source)
    run = here.run(tmp_path / "few", steps=1, batch_size=4)
    for _ in follow(run):
        pass
    (card,) = score(run)
    assert (card.metric, card.real, card.generated, card.split) == ("men", 19, 0, "list")


def test_without_a_list_of_its_words_nothing_else_is_blamed(small, tmp_path, monkeypatch):
    # breaks when a model that embeds words is said to do nothing that could be scored
    monkeypatch.setenv("LIANGYI_WORDS", str(tmp_path))
    run = small("word2vec").run(tmp_path / "run", steps=1, batch_size=4)
    for _ in follow(run):
        pass
    told: list[str] = []
    with pytest.raises(UserError, match=r"nothing to score about word2vec on stems$"):
        score(run, tell=told.append)
    assert len(told) == 1 and "LIANGYI_WORDS may name the folder" in told[0]


def test_the_error_of_a_correlation_is_its_spread():
    import numpy as np
    from scipy.stats import spearmanr

    dice = np.random.default_rng(0)
    seen = []
    for _ in range(400):
        x = dice.normal(size=60)
        seen.append(spearmanr(x, 0.6 * x + 0.8 * dice.normal(size=60)).statistic)
    assert np.std(seen) == pytest.approx(of_correlation(float(np.mean(seen)), 60), rel=0.15)


@pytest.mark.parametrize("line", ["a b", "a b c", "a b nan", "a b 1 2"])
def test_what_is_no_pair_is_one_line(tmp_path, line):
    path = tmp_path / "list.txt"
    path.write_text(f"a b 1\n\n{line}\n")
    with pytest.raises(UserError, match="line 3 is not two words and a number"):
        lists.pairs(path)


def test_a_folder_of_ones_own_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANGYI_DATA", str(tmp_path))
    assert lists.place() == tmp_path / "words"
    monkeypatch.setenv("LIANGYI_WORDS", str(tmp_path / "mine"))
    assert lists.place() == tmp_path / "mine"


def test_the_doctor_sees_vectors_that_all_point_one_way():
    def chart(values):
        return Chart([{"step": n, "signal/one_way": v} for n, v in enumerate(values)])

    facts = Facts(settings={"negatives": 7, "sample": 1e-3})
    told = all_one_way(chart([0.9] * 8), facts)
    assert told is not None and told.since == 0 and told.advice[0].setting == "negatives"
    assert all_one_way(chart([0.9, 0.8, 0.6, 0.5, 0.4, 0.4, 0.4, 0.4]), facts) is None
