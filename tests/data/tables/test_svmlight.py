"""SVMlight files: what is read of LETOR's and LightGBM's forms, and one line for each mistake."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import torch

from liangyi.core.batch import Rankings
from liangyi.core.errors import UserError
from liangyi.data import choose, find, opened
from liangyi.data.tables.letor import Letor
from liangyi.data.tables.svmlight import is_svmlight, read

LETOR = """\
# a heading
2 qid:30 1:0.5 3:-1.5 # docid = GX1
0 qid:30 2:0.25

0 qid:7 1:1
1 qid:7 3:2
0 qid:30 1:9
"""


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_documents_come_in_the_order_of_their_queries_with_their_lines(tmp_path):
    # breaks when queries are sorted by number, or a query that goes on later becomes two
    found = read(written(tmp_path / "a.txt", LETOR))
    assert found.names == ["30", "7"] and found.counts.tolist() == [3, 2]
    assert found.grade.tolist() == [2, 0, 0, 0, 1] and found.line.tolist() == [2, 3, 7, 5, 6]
    wanted = [[0.5, 0, -1.5], [0, 0.25, 0], [9, 0, 0], [1, 0, 0], [0, 0, 2]]
    assert found.document.tolist() == wanted


def test_lightgbms_queries_lie_beside_and_gzip_is_seen_by_its_first_bytes(tmp_path):
    lines = "1 0:0.5\n0 2:1\n0 1:3\n"
    (tmp_path / "r.train.gz").write_bytes(gzip.compress(lines.encode()))
    written(tmp_path / "r.train.query", "2\n1\n")
    found = read(tmp_path / "r.train.gz", first_feature=0)
    assert found.counts.tolist() == [2, 1] and found.document[:, 0].tolist() == [0.5, 0, 0]
    assert is_svmlight(tmp_path / "r.train.gz") and not is_svmlight(tmp_path / "r.train.query")


@pytest.mark.parametrize("first", ["2 qid:1\n", "\ufeff2 qid:1 1:0\n"])
def test_a_first_document_without_features_or_behind_a_byte_order_mark(tmp_path, first):
    path = written(tmp_path / "a.txt", first + "0 qid:1 2:1\n")
    assert is_svmlight(path) and read(path).document.tolist() == [[0, 0], [0, 1]]


@pytest.mark.parametrize("text", [
    "12 10:30 went to market\n", "E 3:16 so loved\n", "3 2:1 4:5 was the score\n",
    "7 10:30\nwoke up\n",
])  # fmt: skip
def test_a_diary_is_a_text(tmp_path, text):
    # breaks when a line is known by its beginning
    path = written(tmp_path / "a.txt", text)
    assert not is_svmlight(path) and find(str(path)).registered == "text"


@pytest.mark.parametrize("text", [
    "1 0:0.5\n", "-1 3:-.5 7:2e-3 # c\n+1 1:nan\n", "2\tqid:5 1:x\n", "1 1:2 2:3.\r\n0 2:1\n",
])  # fmt: skip
def test_documents_are_known_with_and_without_their_queries(tmp_path, text):
    assert is_svmlight(written(tmp_path / "a.txt", text))


def test_a_damaged_archive_is_one_line(tmp_path):
    path, packed = tmp_path / "a.gz", bytearray(gzip.compress(queries(200).encode()))
    for place in range(12, 42):
        packed[place] ^= 0x5A
    path.write_bytes(packed)
    assert not is_svmlight(path)
    with pytest.raises(UserError, match=r"a\.gz cannot be read"):
        read(path)


@pytest.mark.parametrize(("text", "said"), [
    ("", "holds no documents"),
    ("# nothing\n\n", "holds no documents"),
    ("1 qid:1 1:2\n1 qid:1 x\n", "line 2 is no document"),
    ("1 qid:a 1:2\n", "line 1 is no document"),
    ("1 qid:1 2:1 1:3\n", "line 1 is no document"),
    ("1 qid:1 0:3\n", "line 1 is no document .*first_feature=0"),
    ("1 qid:1 1:1\n0 qid:1 1:nan\n", "line 2: a feature is no finite number"),
    ("0 qid:1 1:1\n-1 qid:1 1:1\n", "line 2: the grade -1 is none of"),
    ("0.5 qid:1 1:1\n", "line 1: the grade 0.5 is none of"),
    ("1 qid:1 1:1\n0 1:1\n", "line 2 has no qid"),
    ("1 1:1\n0 1:1\n", "names no queries: give each line a qid:, or lay a.txt.query by"),
])  # fmt: skip
def test_mistakes_are_one_line_with_file_and_number(tmp_path, text, said):
    path = written(tmp_path / "a.txt", text)
    with pytest.raises(UserError, match=said) as raised:
        read(path)
    assert "a.txt" in str(raised.value) and "\n" not in str(raised.value)


def test_a_file_of_other_counts_is_told(tmp_path):
    path = written(tmp_path / "a.txt", "1 1:1\n0 1:1\n")
    for counts, said in (
        ("3\n", "counts 3 documents, a.txt has 2"),
        ("x\n", "number of documents"),
    ):
        written(tmp_path / "a.txt.query", counts)
        with pytest.raises(UserError, match=said):
            read(path)


def test_more_features_than_a_model_knows_are_refused(tmp_path):
    path = written(tmp_path / "a.txt", LETOR)
    assert read(path, width=5).document.shape == (5, 5)
    with pytest.raises(UserError, match="has a feature 3; this model knows 2"):
        read(path, width=2)


def queries(count: int, first: int = 0) -> str:
    """Return queries of two documents, the first relevant; query n has the feature n."""
    return "".join(f"{1 - d} qid:{n} 1:{n} 2:{d}\n" for n in range(first, first + count)
                   for d in (0, 1))  # fmt: skip


def test_a_fifth_of_the_queries_is_held_out_whole(tmp_path):
    source = choose(str(written(tmp_path / "a.txt", queries(20))))
    assert isinstance(source, Letor)
    seen = [set(source.split(part).some(99, Rankings).document[..., 0].flatten().tolist())
            for part in ("train", "test")]  # fmt: skip
    assert [len(part) for part in seen] == [16, 4] and not seen[0] & seen[1]


def test_another_file_may_be_the_one_that_is_not_learned_from(tmp_path):
    written(tmp_path / "b.txt", queries(3, first=50) + "2 qid:9 4:1\n0 qid:9 1:1\n0 qid:9 1:2\n")
    path = written(tmp_path / "a.txt", queries(20))
    source = choose(str(path), test_file=str(tmp_path / "b.txt"))
    assert [len(source.split(part)) for part in ("train", "test")] == [20, 4]
    # both have the shape of the larger: 3 documents, 4 features, grades to 2
    assert source.spec()["document"].shape == (3, 4)
    assert source.split("train").spec == source.split("test").spec


def test_the_other_file_is_found_from_other_folders_too(tmp_path, monkeypatch):
    written(tmp_path / "a.txt", queries(8))
    written(tmp_path / "b.txt", queries(4, first=50))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    plain = choose("a.txt", test_file="b.txt").plain()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert len(opened(plain).split("test")) == 4


def test_queries_without_an_order_are_left_out_and_told(tmp_path):
    nothing, everything = "0 qid:90 1:1\n0 qid:90 1:2\n", "1 qid:91 1:1\n1 qid:91 1:2\n"
    source = choose(str(written(tmp_path / "a.txt", queries(6) + nothing + everything)))
    (line,) = source.findings()
    assert "of 8 queries, left out: 1 without a relevant document and 1 with relevant" in line
    for text in (nothing, everything, nothing + everything):
        only = choose(str(written(tmp_path / "b.txt", text)))
        with pytest.raises(UserError, match="no query has both a relevant document"):
            only.split("train")


def test_negative_features_are_features(tmp_path):
    found = read(written(tmp_path / "a.txt", "1 qid:1 1:-0.5\n0 qid:1 1:-2e3\n"))
    assert torch.equal(found.document[:, 0], torch.tensor([-0.5, -2000]))


def test_a_sample_that_is_not_there_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setenv("LIANGYI_DATA", str(tmp_path))
    with pytest.raises(UserError, match=r"mq2008: there is no .*LIANGYI_DATA may point at a copy"):
        choose("mq2008").split("train")
