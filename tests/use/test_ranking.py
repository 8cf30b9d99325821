"""`liangyi rank`: the order of a user's own queries, by the names that stand in the file."""

from __future__ import annotations

import csv
import json

import pytest
import torch

from conftest import follow
from liangyi.cli import main
from liangyi.data import choose
from liangyi.data.tables import interactions
from liangyi.runs.run import Run
from liangyi.session import create
from liangyi.zoo.rankings.bpr import BPR

QUERIES = "".join(
    f"{int(d == 1)} qid:{n} 1:{n / 9:.2f} 2:{d / 3:.2f}\n" for n in range(12) for d in range(4)
)
CHOICES = "".join(f"{u}\tfilm {(2 * u + f) % 30}\t5\t1\n" for u in range(15) for f in range(12))


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def make(name: str, text: str) -> Run:
        (tmp_path / name).write_text(text)
        training = BPR.recipe.__class__(steps=2, batch_size=8, device="cpu", validate_every=0)
        made = create(BPR, BPR.Config(), choose(name), training, tmp_path / "run")
        for _ in follow(made):
            pass
        return made

    return make


def answered(capsys, *words: str) -> list[dict[str, object]]:
    assert main(["rank", "run", *words, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_documents_come_by_their_scores_and_are_called_by_their_lines(run, tmp_path, capsys):
    model = run("a.txt", QUERIES).model()
    (tmp_path / "b.txt").write_text("# two\n1 qid:7 1:3\n0 qid:5 2:1\n\n0 qid:7 2:-4\n")
    rows = answered(capsys, "b.txt")
    assert [row["query"] for row in rows] == ["7", "7", "5"]
    scores = model.ranker(torch.tensor([[[3.0, 0], [0, -4]]]))[0]
    wanted = ["2", "5"] if scores[0] > scores[1] else ["5", "2"]
    assert [row["document"] for row in rows[:2]] == wanted and rows[2]["document"] == "3"
    assert rows[0]["score"] == pytest.approx(scores.max().item(), abs=1e-5)
    assert {row["document"]: row["relevance"] for row in rows} == {"2": 1, "5": 0, "3": 0}


def test_held_out_queries_and_a_table(run, tmp_path, capsys):
    run("a.txt", QUERIES)
    assert main(["rank", "run", "--top", "2", "-o", "x.csv"]) == 0
    rows = list(csv.DictReader((tmp_path / "x.csv").read_text().splitlines()))
    assert [row["place"] for row in rows] == ["1", "2"] * 2  # a fifth of twelve
    assert main(["rank", "run"]) == 0
    assert "relevance" in capsys.readouterr().out


def test_users_choose_from_what_stands_in_the_file_or_from_all_that_they_do_not_have(
    run, tmp_path, capsys
):
    made = run("u.data", CHOICES)
    (tmp_path / "some.csv").write_text("user,item\n3,film 4\n3,film 29\n8,film 0\n")
    rows = answered(capsys, "some.csv")
    assert [row["query"] for row in rows] == ["3", "3", "8"]
    assert {row["document"] for row in rows[:2]} == {"film 4", "film 29"}
    (tmp_path / "users.csv").write_text("user\n8\n")
    rows = answered(capsys, "users.csv", "--top", "none")
    train = made.data(made.source())
    known = train.columns["relevance"][train.columns["user"] == 8].sum()
    assert len(rows) == 30 - int(known) and "relevance" not in rows[0]


def test_however_many_users_there_are_their_table_is_read_once(run, tmp_path, capsys, monkeypatch):
    run("u.data", CHOICES)
    (tmp_path / "users.csv").write_text("user\n" + "".join(f"{user}\n" for user in range(15)))
    read, choices = [], interactions._choices
    monkeypatch.setattr(interactions, "_choices", lambda *of: read.append(of) or choices(*of))
    assert len({row["query"] for row in answered(capsys, "users.csv")}) == 15 and len(read) == 1


@pytest.mark.parametrize(("name", "text", "said"), [
    ("b.txt", None, "there is no file of queries at b.txt"),
    ("b.csv", "1,2\n", "does not begin with a document"),
    ("b.txt", "0 qid:1 1:1\n0 qid:1 9:1\n", "has a feature 9; this model knows 2"),
    ("b.txt", "0 qid:1 1:1\n0 qid:x 1:1\n", "line 2 is no document"),
])  # fmt: skip
def test_mistakes_are_one_line(run, tmp_path, capsys, name, text, said):
    run("a.txt", QUERIES)
    if text is not None:
        (tmp_path / name).write_text(text)
    assert main(["rank", "run", name]) == 2
    err = capsys.readouterr().err
    assert said in err and err.startswith("liangyi: ") and err.count("\n") == 1


def test_who_is_not_known_is_told(run, tmp_path, capsys):
    # breaks when a name that is a number is taken for a place in the list
    run("u.data", CHOICES.replace("film ", "9"))
    for text, said in (("user,item\n77,91\n", "knew no user 77"), ("1,2\n", "knew no item 2")):
        (tmp_path / "b.csv").write_text(text)
        assert main(["rank", "run", "b.csv"]) == 2
        assert said in capsys.readouterr().err
