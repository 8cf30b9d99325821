"""A look at data: what is said of each kind, and what to begin with."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from liangyi.api import source_of
from liangyi.core import registry
from liangyi.core.config import Training
from liangyi.core.errors import UserError
from liangyi.core.spec import Pixels, Spec, Vector
from liangyi.data import choose
from liangyi.runs.building import build
from liangyi.session import beginning as begin
from liangyi.session.beginning import beginning, enough, served
from liangyi.session.look import look, sheet
from liangyi.session.pace import made_up, seconds_a_step


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    """Let a step take a tenth of a second: its measurement is tried on its own."""
    monkeypatch.setattr(begin, "seconds_a_step", lambda *args: 0.1)


def test_a_data_set_is_looked_at():
    found = look(choose("digits"))
    assert found.items == 1500 and found.held_out == 297
    assert found.pictures.sizes == {(8, 8): 1500} and found.pictures.grey == 1500
    assert sum(found.pictures.classes.values()) == 1500 and len(found.pictures.classes) == 10
    assert found.begin.command == "liangyi train dcgan --data digits --augment diffaugment"
    assert found.begin.seconds == pytest.approx(600) and not found.begin.quicker
    assert found.begin.passes == pytest.approx(6000 * 128 / 1500)
    assert json.loads(json.dumps(found.json()))["pictures"]["sizes"] == {"8x8": 1500}


def test_points_are_looked_at():
    points = np.stack([np.linspace(-1, 3, 101), np.full(101, 2.0)], 1).astype(np.float32)
    facts = look(source_of(np.concatenate([points, points[:5]]))).fields["point"]
    assert facts["columns"][0]["least"] == -1 and facts["columns"][0]["most"] == 3
    assert facts["constant"] == 1 and facts["copies"] == 5 and facts["not finite"] == 0


def test_what_fills_up_shorter_lists_is_no_document(tmp_path):
    # breaks when padding is counted: as documents of grade 0, equal to each other, all features 0
    lines = [f"{n % 2} qid:{query} 1:{query}.{n} 2:{n + 5}\n"
             for query in range(1, 7) for n in range(2 + query)]  # fmt: skip
    (tmp_path / "queries.txt").write_text("".join(lines))
    source = choose(str(tmp_path / "queries.txt"))
    documents = int(source.split().columns["document"].counts.sum())
    found = look(source).fields
    assert sum(found["relevance"]["classes"].values()) == documents
    assert found["document"]["longest"] == 8 and found["document"]["copies"] == 0
    assert found["document"]["columns"][1]["least"] == 5


def test_a_folder_is_looked_at_under_its_settings(tmp_path, monkeypatch):
    # breaks when the command to begin with is for all pictures, or is one that is refused
    forms = []
    monkeypatch.setattr(begin, "seconds_a_step", lambda *args: forms.append(args[2]) or 0.1)
    for name, count in (("a", 12), ("b", 30)):
        (tmp_path / "own" / name).mkdir(parents=True)
        for number in range(count):
            Image.new("L", (16, 16), 8 * number).save(tmp_path / "own" / name / f"{number}.png")
    own = str(tmp_path / "own")
    for settings, items in (({}, 42), ({"classes": ("b",)}, 30), ({"per_class": 20}, 32)):
        found = look(choose(own, colour=True, **settings))
        assert (found.items, forms[-1]["image"]) == (items, Pixels(3, 16, 16))
        assert f"--batch-size {items // 4} " in found.begin.command
    for settings, said in (
        ({"classes": ("c",)}, "no class c"),
        ({"grey": True, "colour": True}, "leave one out"),
    ):
        with pytest.raises(UserError, match=said):
            look(choose(own, **settings))


def test_held_out_are_those_of_the_wanted_classes(tmp_path):
    # breaks when all held-out pictures are counted: of other classes none is served
    for split, counts in (("train", (12, 12, 12)), ("test", (0, 2, 3))):
        for kind, count in zip("abc", counts, strict=True):
            folder = tmp_path / split / kind
            folder.mkdir(parents=True)
            for number in range(count):
                pixels = np.random.default_rng(number).integers(0, 256, (8, 8), dtype=np.uint8)
                Image.fromarray(pixels).save(folder / f"{number}.png")
    for settings in ({}, {"classes": ("b",)}, {"classes": ("c", "b"), "per_class": 1}):
        source = choose(str(tmp_path), **settings)
        assert look(source).held_out == len(source.split("test"))
    found = look(choose(str(tmp_path), classes=("a",)))
    assert found.held_out == 0 and "test/" in found.begin.expect


def test_endless_data_is_drawn_from():
    found = look(choose("ring"))
    assert found.items == 0 and found.pictures is None
    assert found.begin.command == "liangyi train r3gan --data ring" and found.begin.passes == 0
    assert abs(found.fields["point"]["columns"][0]["mean"]) < 0.1


def test_values_that_are_not_finite_are_found(tmp_path):
    # training refuses such a file in one line; a look says where they are
    points = np.zeros((50, 3), np.float32)
    points[7, 1], points[20, 0] = np.nan, np.inf
    np.savez(tmp_path / "points.npz", point=points, label=np.arange(50) % 2)
    found = look(choose(str(tmp_path / "points.npz")))
    assert found.fields["point"]["not finite"] == 2
    assert found.fields["point"]["first of them"] == [7, 20] and list(found.fields) == ["point"]
    assert found.begin is None and "not finite" in found.why_not


def test_sentences_are_looked_at():
    words = np.array([[0, 1, 1], [0, 1, 1], [2, 1, 4]])
    facts = look(source_of({"token": words})).fields["token"]
    assert facts["length"] == 3 and facts["vocabulary"] == 5 and facts["used"] == 4
    assert facts["most common"]["1"] == 5 and facts["different"] == 2


def test_what_no_model_draws_is_said():
    found = look(source_of({"label": np.arange(20) % 2}))
    assert found.begin is None and "no model here draws" in found.why_not
    assert found.fields["label"] == {"classes": {"0": 10, "1": 10}}


def test_words_have_no_one_speed():
    found = beginning("oracle", choose("oracle", vocabulary=9, length=4).spec(), 50, 0)
    assert found.command == "liangyi train seqgan --data oracle --batch-size 12"
    assert found.seconds is None


def test_running_text_is_for_vectors_and_lines_for_sentences(tmp_path):
    (tmp_path / "text.txt").write_text("the cat and the dog\n" * 400)
    for settings, wanted in (({}, "word2vec"), ({"length": 6}, "seqgan")):
        spec = choose(str(tmp_path / "text.txt"), **settings).spec()
        found = beginning("text.txt", spec, 400, 0)
        assert found.command.startswith(f"liangyi train {wanted} --data text.txt")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("a.txt", "word2vec"), ("additions", "addition-rnn"), ("rankings", "bpr"), ("tastes", "bpr")],
)
def test_what_is_begun_with_learns_from_such_data(tmp_path, monkeypatch, name, wanted):
    # breaks when a text that runs on, sums or rankings are left to a model that refuses them
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANGYI_CACHE", str(tmp_path / "cache"))
    (tmp_path / "a.txt").write_text("one two three four five\n" * 2000)
    spec = choose(name).spec()
    found = beginning(name, spec, 2000, 0)
    assert found.command == f"liangyi train {wanted} --data {name}"
    # breaks when a score is promised that has no lists of these words, or real rankings beside it
    assert "real against real" not in found.expect
    assert ("score RUN" in found.expect) == (wanted != "word2vec")
    kind = registry.find(wanted)
    build(kind, kind.Config(), spec, 0)


@pytest.mark.parametrize(
    ("sizes", "wanted", "flag"),
    [
        ({(28, 28): 5}, (28, 28), None),
        ({(40, 30): 5}, (30, 40), None),
        ({(178, 218): 5}, (64, 64), 64),
        ({(50, 40): 9, (300, 200): 2}, (32, 32), 32),
        ({(10, 12): 9, (300, 200): 2}, (10, 10), 10),
    ],
)
def test_pictures_are_served_in_a_size_that_most_have(sizes, wanted, flag):
    spec, size = served(Spec("image", image=Pixels(3, 1, 1)), sizes)
    assert spec.shape == (3, *wanted) and size == flag


def test_the_command_suits_the_data():
    spec = Spec("image", image=Pixels(3, 64, 64))
    few = beginning("my photos", spec, 40, 0, {"size": 64, "grey": True})
    assert few.command == (
        "liangyi train dcgan --data 'my photos' --size 64 --grey --batch-size 10 "
        "--augment diffaugment"
    )
    assert "put a tenth into" in few.expect
    # breaks when several values, or a blank in one, are no words of the command line
    settings = {"classes": ("cat", "my dog"), "grey": False}
    named = beginning("photos", spec, 200_000, 100, settings)
    assert named.command == "liangyi train dcgan --data photos --classes cat 'my dog' --no-grey"
    many = beginning("photos", spec, 200_000, 100)
    assert many.command == "liangyi train dcgan --data photos"
    assert "put a tenth into" not in many.expect
    assert beginning("points", Spec("point", point=Vector(2)), 40, 0).enough == ""
    with pytest.raises(UserError, match="one item"):
        beginning("photo", spec, 1, 0)


def test_what_takes_long_is_shown_with_a_budget_too(monkeypatch):
    monkeypatch.setattr(begin, "seconds_a_step", lambda *args: 2.0)
    found = beginning("photos", Spec("image", image=Pixels(3, 64, 64)), 50_000, 0)
    assert found.seconds == 12_000
    assert found.quicker == "liangyi train dcgan --data photos --minutes 10"


def test_every_number_of_pictures_has_its_words():
    said = [enough(count) for count in (10, 100, 999, 1000, 9999, 10_000, 99_999, 100_000, 10**7)]
    assert [said.index(words) for words in said] == [0, 1, 1, 3, 3, 5, 5, 7, 7]
    assert all("arXiv" in words for words in said)


def test_a_step_is_measured_on_a_throwaway_model():
    kind = registry.find("dcgan")
    training = Training(batch_size=8, device="cpu", precision="float32")
    config = kind.Config(width=4, latent=8)
    spec = choose("digits").spec()
    one = seconds_a_step(kind, config, spec, training, patience=0.2)
    assert 1e-4 < one < 2
    data = made_up(spec, registry.find("acgan").batch_type(spec), 8)
    assert set(data.columns) == {"image", "label"} and data.columns["label"].max() < 10


def test_a_sheet_shows_some_of_it():
    assert sheet(choose("digits")).size[0] > 300
    assert sheet(choose("ring")).size == (560, 560)
