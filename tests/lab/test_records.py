"""Records: kept and read again, their tables, and the pages that take figures from them."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace

import pytest

from liangyi.core.errors import UserError
from liangyi.lab import records
from liangyi.lab.records import Found, Printed, Row, Trainings

TRAININGS = Trainings(
    about="two kinds of GAN on a ring",
    budget="100 steps",
    rows=(Row(name="gan", train="gan --data ring"),
          Row(name="r3gan", train="r3gan --data ring", score="-n 100")),
    columns=("modes", "generator"),
    seeds=(0, 1, 2),
    found=tuple(Found(row=row, seed=seed, figures={"modes": seed + 1.0, "generator": loss})
                for seed in range(3) for row, loss in (("gan", 0.5), ("r3gan", None))),
    machine="a machine", commit="commit abc", made="2026-11-25",
)  # fmt: skip
PRINTED = Printed(about="words", budget="a moment", typed=("python -m benchmarks doctor {out}",),
                  printed=("| a | b |\n|---|---|\n| 1 | 2 |\n",), made="2026-11-25")  # fmt: skip


@pytest.mark.parametrize("record", [TRAININGS, PRINTED], ids=["trainings", "printed"])
def test_a_record_is_read_as_it_was_kept(record, tmp_path):
    records.write(tmp_path, "one", record)
    assert records.read(tmp_path, "one") == record
    assert records.names(tmp_path) == ["one"]


def test_means_over_seeds_have_students_interval():
    # by hand: 1 2 3 have mean 2, deviation 1, t(0.975, 2) = 4.302653, over the root of 3: 2.484
    rows = TRAININGS.table().splitlines()
    assert [cell.strip() for cell in rows[2].split("|")[1:-1]] == [
        "`gan`", "3", "2.00 ± 2.48", "0.500"]  # fmt: skip
    # breaks when a training that gave no number is left out of the mean in silence
    assert rows[3].split("|")[-2].strip() == "-"


def test_a_row_that_was_added_stands_empty_until_it_is_made():
    # breaks when the old figures of a record, shown beside the new ones, are a StatisticsError
    rows = (*TRAININGS.rows, Row(name="wgan", train="wgan --data ring"))
    last = replace(TRAININGS, rows=rows).table().splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[1:-1]] == ["`wgan`", "0", "-", "-"]


def test_the_commands_are_those_that_a_person_would_type():
    assert TRAININGS.commands() == [
        "liangyi train gan --data ring --seed 0  # and 1, 2",
        "liangyi train r3gan --data ring --seed 0  # and 1, 2",
        "liangyi score RUN -n 100",
    ]
    assert PRINTED.commands() == ["python -m benchmarks doctor OUT"]


def test_what_is_no_markdown_stands_there_as_it_was_printed():
    record = Printed(about="", budget="", typed=("x",), printed=("ok 1 | 2\nok 3\n",))
    assert record.table() == "    ok 1 | 2\n    ok 3"
    assert PRINTED.table() == PRINTED.printed[0].strip()


def test_a_page_takes_its_figures_from_the_record(tmp_path):
    records.write(tmp_path, "words", PRINTED)
    page = "# Page\n\n<!-- record words -->\nold: 99\n<!-- /record -->\n\nafter 1.5\n"
    new = records.filled(page, tmp_path)
    assert "99" not in new and PRINTED.table() in new and "liangyi reproduce words" in new
    assert new.startswith("# Page\n") and new.endswith("\n\nafter 1.5\n")
    assert records.filled(new, tmp_path) == new  # filling again changes nothing


def test_a_page_wants_a_record_that_is_there(tmp_path):
    records.write(tmp_path, "words", PRINTED)
    with pytest.raises(UserError, match="unknown record 'wrods'; did you mean words"):
        records.filled("<!-- record wrods -->\n<!-- /record -->", tmp_path)


def test_only_pages_that_differ_are_written(tmp_path):
    folder = tmp_path / "records"
    records.write(folder, "words", PRINTED)
    (tmp_path / "one.md").write_text("<!-- record words -->\n<!-- /record -->\n")
    (tmp_path / "other.md").write_text("nothing\n")
    assert records.fill(tmp_path, folder) == [tmp_path / "one.md"]
    assert records.fill(tmp_path, folder) == []


@pytest.mark.parametrize(
    ("change", "word"),
    [({"seeds": []}, "seeds"), ({"rows": "gan"}, "rows"), ({"colour": 1}, "colour"),
     ({"found": [{"row": "gan"}]}, "found")],
)  # fmt: skip
def test_a_damaged_record_is_told_in_one_line(change, word, tmp_path):
    records.write(tmp_path, "one", TRAININGS)
    path = tmp_path / "one.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(UserError, match=f"the record one is damaged: {word}"):
        records.read(tmp_path, "one")


def test_the_commit_is_named_and_whether_the_sources_are_as_committed(tmp_path, monkeypatch):
    # breaks when figures of changed sources are put down to a commit that cannot make them
    source = tmp_path / "liangyi" / "lab" / "records.py"
    source.parent.mkdir(parents=True)
    source.write_text("one")
    monkeypatch.setattr(records, "__file__", str(source))
    person = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for words in (["init", "-q"], ["add", "."], [*person, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert re.fullmatch(r"commit [0-9a-f]{10}", records.commit())
    (tmp_path / "page.md").write_text("pages are no sources")
    assert not records.commit().endswith("with changes")
    source.write_text("two")
    assert records.commit().endswith(" with changes")


def test_the_machine_is_named():
    assert re.search(r"\w.*, \d+ cores", records.machine())
