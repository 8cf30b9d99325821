"""Words on the command line: from a text of one's own to its neighbours."""

from __future__ import annotations

import json

import numpy as np
import pytest

from liangyi.api import train
from liangyi.use.vectors import read_vectors


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    lines = ["the king and the queen rule", "a man and a woman walk", "dogs and cats run"]
    (tmp_path / "text.txt").write_text("\n".join(lines * 4000))
    train("word2vec", str(tmp_path / "text.txt"), out=tmp_path / "run", size=6, steps=3,
          batch_size=4, examine_every=0)  # fmt: skip
    return tmp_path


def test_words_are_typed_as_they_are(say, here):
    rows = json.loads(say("nearest run King queen --count 3 --json").out)
    assert [row["asked"] for row in rows] == ["King"] * 3 + ["queen"] * 3
    assert all(row["word"] not in ("king", "", "<unk>") for row in rows[:3])
    assert rows[0]["cosine"] >= rows[1]["cosine"] >= rows[2]["cosine"]
    assert len(json.loads(say("nearest run -n 4 --count 2 --json").out)) == 8
    rows = json.loads(say("analogy run man king woman --json").out)
    assert len(rows) == 5 and not {"man", "king", "woman"} & {row["word"] for row in rows}


def test_vectors_go_where_others_read_them(say, here):
    assert say("embed run --out all.bin").code == 0
    words, vectors = read_vectors("all.bin")
    assert "king" in words and "<unk>" not in words
    assert say("embed run king queen --out two.txt").out == "2 rows: two.txt\n"
    two = read_vectors("two.txt")[1]
    assert np.allclose(two[0], vectors[words.index("king")], atol=1e-6)
    assert say("embed run --out map.png").code == 0


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("nearest run qeen", "unknown word 'qeen'; did you mean queen"),
        ("nearest run <unk>", "unknown word '<unk>'"),  # it stands for all others
        ("analogy run man king", "analogy wants 3 words for a question (ONE OTHER THIRD), not 2"),
        ("analogy run", "not 0"),
        ("nearest run king --count 0", "--count"),
        ("embed run king --out map.png", "a map shows 5 to 500 words"),
        ("nearest run king --out x.png", "cannot write a table"),
    ],
)
def test_a_mistake_is_one_line(say, here, typed, said):
    answer = say(typed)
    assert answer.code == 2 and said in answer.err and answer.err.count("\n") == 1
