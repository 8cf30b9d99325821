"""Tables of choices: forms that are read, what is held out, and one line for each mistake."""

from __future__ import annotations

import pytest
import torch

from liangyi.core.batch import Interactions
from liangyi.core.errors import UserError
from liangyi.data import choose
from liangyi.data.tables.interactions import pairs_of, split_of
from liangyi.data.tables.tastes import CHOICES, ITEMS, USERS, Tastes


def movielens(mark: str = "\t", heading: str = "") -> str:
    """Return a table in MovieLens' form: 8 users rate 10 of 12 films, every third one below 4."""
    lines = [mark.join((str(u), str(100 + (u + f) % 12), str(3 if f % 3 == 0 else 4 + f % 2), "88"))
             for u in range(8) for f in range(10)]  # fmt: skip
    return "\n".join([*([heading] if heading else []), *lines]) + "\n"


@pytest.mark.parametrize(("name", "text"), [
    ("u.data", movielens()), ("ratings.dat", movielens("::")),
    ("ratings.csv", movielens(",", "userId,movieId,rating,timestamp")),
    ("plain.csv", movielens(",")), ("marks.csv", movielens(";")),
])  # fmt: skip
def test_every_form_holds_the_same_choices(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    source = choose(str(tmp_path / name))
    assert source.findings() == ["8 users chose 48 times of 12 items, 50.0% of all pairs"]
    train, test = (source.split(part).some(99, Interactions) for part in ("train", "test"))
    # each chose 6, of which 1 is held out; it is recommended among what the training does not know
    assert train.relevance.sum(1).tolist() == [5] * 8 and test.relevance.sum(1).tolist() == [1] * 8
    assert bool(train.candidate_mask.all()) and test.candidate_mask.sum(1).tolist() == [7] * 8
    known = torch.zeros(8, 12).index_put((train.user,), train.relevance.float()) > 0
    assert torch.equal(~test.candidate_mask, known[test.user])
    assert not bool((test.relevance.bool() & known[test.user]).any())


def test_names_are_those_of_the_table_and_columns_are_found_by_their_heading(tmp_path):
    rows = "".join(f"{t},anna,film {t},{5 - t % 2}\n".partition(",")[2] for t in range(12))
    rows += "ben,another,5\n"
    (tmp_path / "a.csv").write_text("user,item,score\n" + rows)
    source = choose(str(tmp_path / "a.csv"))
    spec = source.spec()
    assert spec["user"].names == ("anna", "ben") and spec["candidate"].of.names[3] == "film 3"
    # without ratings every line is a choice, whatever stands in other columns
    (tmp_path / "b.csv").write_text("user,item,time\n" + rows)
    assert "chose 13 times" in choose(str(tmp_path / "b.csv")).findings()[0]
    assert "chose 7 times" in choose(str(tmp_path / "a.csv"), least=5.0).findings()[0]


@pytest.mark.parametrize("text", [
    "anna,film,5\nuser 2,user,1\n",
    "userId,rating,movieId\nanna,5,film\nuser 2,1,user\n",
    "timestamp,user_id,item_id,rating\n1,anna,film,5\n2,user 2,user,1\n",
    ",user,item,rating\n0,anna,film,5\n1,user 2,user,1\n",
    "user_id:token\titem_id:token\trating:float\nanna\tfilm\t5\nuser 2\tuser\t1\n",
])  # fmt: skip
def test_a_heading_names_the_columns_in_any_order(tmp_path, text):
    (tmp_path / "a.csv").write_text(text)
    assert list(pairs_of(tmp_path / "a.csv")) == [("anna", "film", 5.0), ("user 2", "user", 1.0)]


def test_a_user_called_user_is_no_heading(tmp_path):
    (tmp_path / "a.csv").write_text("user 0\nuser_1\n")
    assert list(pairs_of(tmp_path / "a.csv")) == [("user 0", "", None), ("user_1", "", None)]


@pytest.mark.parametrize(("text", "said"), [
    ("", "holds no lines"),
    ("1,2,5\n1,3\n", "line 2 has 2 columns, the first line 3"),
    ("1,2,5\n\n1,3,good\n", "line 3: the rating 'good' is no number"),
    ("1,2,5\n,3,4\n", "line 2 has no user or no item"),
    ('1,2,5\n1,"Heat,5\n' + movielens(",") * 200, "line 2 cannot be cut into columns"),
    ("1,2,5\n2,2,5\n", "1 item; there is nothing to choose from"),
    (movielens(",").replace(",4,", ",2,").replace(",5,", ",2,"), "the highest is 3"),
    ("1,2,5\n1,3,5\n", "nobody chose 5 items"),
    ("".join(f"1,{n},5\n" for n in range(6)), "who chose 5 items chose every one"),
])  # fmt: skip
def test_mistakes_are_one_line(tmp_path, text, said):
    (tmp_path / "a.csv").write_text(text)
    with pytest.raises(UserError, match=said) as raised:
        choose(str(tmp_path / "a.csv")).split("train")
    assert "\n" not in str(raised.value)


def test_who_chose_everything_is_not_held_out(tmp_path):
    # breaks when a user for whom every order is right counts as one who was ranked perfectly
    rows = [f"{u},{i},5" for u in range(6) for i in range(10) if u == 2 or (u + i) % 3]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    source = choose(str(tmp_path / "a.csv"))
    train, test = (source.split(part).some(99, Interactions) for part in ("train", "test"))
    assert sorted(train.user.tolist()) == [0, 1, 2, 3, 4, 5]  # whose choices are learned from
    assert sorted(test.user.tolist()) == [0, 1, 3, 4, 5]
    for batch in (train, test):
        some = batch.relevance.bool() & batch.candidate_mask
        assert bool(some.any(1).all()) and not bool((some == batch.candidate_mask).all(1).any())
    assert "1 user chose every item" in source.findings()[1]


def test_a_fifth_of_each_users_choices_is_held_out():
    chosen = torch.rand(50, 40, generator=torch.Generator().manual_seed(0)) < 0.5
    train, held_out = split_of(chosen)
    assert torch.equal(train | held_out, chosen) and not bool((train & held_out).any())
    assert torch.equal(held_out.sum(1), chosen.sum(1) // 5)


def test_planted_tastes_are_followed_and_popularity_is_worth_something():
    source = Tastes()
    train = source.split("train").some(USERS, Interactions)
    assert train.relevance.shape == (USERS, ITEMS)
    assert train.relevance.sum(1).unique().tolist() == [CHOICES - CHOICES // 5]
    liking = source.worth(train)
    chosen = train.relevance.bool()
    assert float(liking[chosen].mean()) > float(liking[~chosen].mean()) + 1
    often = chosen.sum(0).float()
    assert float(torch.corrcoef(torch.stack([often, source.liking.mean(0)]))[0, 1]) > 0.7
