"""What data looks like: it survives JSON, nonsense is told, and who is served by it."""

from __future__ import annotations

import json
from typing import Annotated, Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from liangyi.core.batch import Images, Labelled, Points, Tokens
from liangyi.core.errors import UserError
from liangyi.core.spec import Field, Label, Pixels, Ragged, Spec, Vector, Words, fields_of
from liangyi.runs import older

DIGITS = Spec("image", image=Pixels(1, 8, 8), label=Label(tuple("0123456789")))

sizes, texts = st.integers(1, 10**6), st.text(max_size=8)
plain_fields = st.one_of(
    st.builds(Pixels, sizes, sizes, sizes),
    st.builds(Vector, sizes),
    st.builds(Words, sizes, st.one_of(sizes, st.lists(texts, min_size=1).map(tuple))),
    st.builds(Label, st.lists(texts, min_size=1, max_size=5).map(tuple)),
)
any_field = st.one_of(plain_fields, st.builds(Ragged, plain_fields, sizes))


@settings(deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=8), any_field, min_size=1, max_size=4))
def test_a_spec_survives_json(fields):
    # breaks when a kind of field is written down without its settings, or a tuple stays a list
    item = next(iter(fields))
    spec = Spec.parse(json.loads(json.dumps(Spec.parse({"item": item, "fields": {
        name: {"kind": type(field).__name__, **_settings(field)} for name, field in fields.items()
    }}).json())))  # fmt: skip
    assert spec.item == item and dict(spec.fields) == fields
    assert list(spec.fields) == list(fields)
    assert hash(spec) == hash(Spec.parse(spec.json()))


def _settings(field: Field) -> dict[str, Any]:
    if isinstance(field, Ragged):
        return {"of": {"kind": type(field.of).__name__, **vars(field.of)}, "most": field.most}
    return dict(vars(field))


GOOD = DIGITS.json()


def changed(*path: str, to: Any) -> dict[str, Any]:
    """Return the plain spec of digits with one thing else."""
    plain = json.loads(json.dumps(GOOD))
    place = plain
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return plain


@pytest.mark.parametrize(
    ("plain", "wanted"),
    [
        (None, "spec is damaged"),
        ([], "spec is damaged"),
        ({}, "spec is damaged"),
        ({"item": "image"}, "spec is damaged"),
        ({"item": "image", "fields": []}, "spec is damaged"),
        ({"item": "image", "fields": {}}, "unknown field 'image'"),
        (changed("item", to="imgae"), "unknown field 'imgae'; did you mean image?"),
        (changed("fields", "image", to=None), "spec is damaged"),
        (changed("fields", "image", to={"kind": "Pixels"}), "Pixels channels: Field required"),
        (changed("fields", "image", to={"channels": 1}), "spec is damaged"),
        (changed("fields", "image", "kind", to="Pixel"), "unknown kind of field 'Pixel'; did you"),
        (changed("fields", "image", "height", to=0), "Pixels height"),
        (changed("fields", "image", "height", to=-8), "Pixels height"),
        (changed("fields", "image", "height", to="high"), "Pixels height"),
        (changed("fields", "image", "height", to=8.5), "Pixels height"),
        (changed("fields", "image", "depth", to=8), "Pixels depth"),
        (changed("fields", "label", "names", to=[]), "Label names"),
        (changed("fields", "label", "names", to="0123"), "Label names"),
        (changed("fields", "label", "names", to=[1, 2]), "Label names"),
        (changed("fields", "label", to={"kind": "Ragged", "of": {"kind": "?"}, "most": 3}), "'?'"),
        (changed("fields", "label", to={"kind": "Ragged", "of": 3, "most": 3}), "Ragged of"),
    ],
)
def test_a_damaged_spec_is_one_line_that_says_where(plain, wanted):
    # breaks with a traceback out of whatever builds the networks
    with pytest.raises(UserError, match=r"^config\.json: spec") as told:
        Spec.parse(plain)
    message = str(told.value)
    assert wanted in message and "\n" not in message and len(message) < 300


def test_the_item_is_one_of_the_fields():
    with pytest.raises(UserError, match="unknown field 'picture'"):
        Spec("picture", image=Pixels(1, 8, 8))
    with pytest.raises(UserError, match="unknown field 'image'"):
        DIGITS.without("image")


def test_what_a_model_creates_tells_shape_and_size():
    assert DIGITS.created == Pixels(1, 8, 8) and DIGITS.shape == (1, 8, 8) and DIGITS.size == 64
    assert DIGITS.classes == tuple("0123456789")
    assert Spec("point", point=Vector(3)).shape == (3,)
    words = Spec("token", token=Words(5, ("a", "b")))
    assert words.shape == (5,) and words["token"].count == 2 and words.classes == ()
    lists = Spec("items", items=Ragged(Vector(3), 7), label=Label(("no", "yes")))
    assert lists.shape == (7, 3) and lists.classes == ("no", "yes")
    assert Spec("label", label=Vector(2)).classes == ()  # no class by its name alone


def test_fields_are_left_out_changed_and_added():
    larger = DIGITS.replace(image=Pixels(3, 32, 32), caption=Words(4, 100))
    assert larger.shape == (3, 32, 32) and list(larger.fields) == ["image", "label", "caption"]
    assert larger.without("caption", "label") == Spec("image", image=Pixels(3, 32, 32))
    assert DIGITS.shape == (1, 8, 8)  # and the first one is what it was


class Rows(NamedTuple):
    """Lists and their masks, which are no fields of the data."""

    items: Annotated[Tensor, Ragged]
    items_mask: Tensor
    label: Annotated[Tensor, Label]


def test_who_is_served_by_what():
    # breaks when a field of another kind passes for the one that is wanted
    assert DIGITS.serves(Images) and DIGITS.serves(Labelled)
    assert DIGITS.missing(Points) == ["point"] and not DIGITS.serves(Tokens)
    plain = DIGITS.without("label")
    assert plain.serves(Images) and plain.missing(Labelled) == ["label"]
    words = Spec("image", image=Words(3, 9), label=Label(("one",)))
    assert words.missing(Labelled) == ["image"]
    assert fields_of(Rows) == {"items": Ragged, "label": Label}
    lists = Spec("items", items=Ragged(Vector(3), 7))
    assert lists.missing(Rows) == ["label"]
    assert lists.replace(label=Label(("one",))).serves(Rows)


@pytest.mark.parametrize(
    ("old", "wanted"),
    [
        ({"kind": "Images", "shape": [3, 32, 16], "classes": [], "vocabulary": 0},
         Spec("image", image=Pixels(3, 32, 16))),
        ({"kind": "Labelled", "shape": [1, 8, 8], "classes": list("0123456789"), "vocabulary": 0},
         DIGITS),
        ({"kind": "Points", "shape": [2], "classes": [], "vocabulary": 0},
         Spec("point", point=Vector(2))),
        ({"kind": "Tokens", "shape": [5], "classes": [], "vocabulary": 12},
         Spec("token", token=Words(5, 12))),
    ],
)  # fmt: skip
def test_specs_of_before_there_were_fields_are_read(old, wanted):
    plain = {"model": "gan", "training": {}, "spec": old, "config": {}}
    assert Spec.parse(older.upgraded(plain)["spec"]) == wanted
    again = plain | {"spec": wanted.json()}
    assert older.upgraded(again)["spec"] == wanted.json()


@pytest.mark.parametrize(
    "old",
    [
        {"kind": "Images", "shape": [8, 8]},
        {"kind": "Images", "shape": 8},
        {"kind": "Labelled", "shape": [1, 8, 8], "classes": []},
        {"kind": "Labelled", "shape": [1, 8, 8], "classes": 3},
        {"kind": "Tokens", "shape": [5], "vocabulary": "many"},
        {"kind": "Sounds", "shape": [0]},
        {"kind": ["Images"]},
    ],
)
def test_old_specs_that_were_damaged_are_one_line_too(old):
    # breaks when what is old is trusted more than what is new
    with pytest.raises(UserError, match=r"^config\.json: spec"):
        plain = {"model": "gan", "training": {}, "spec": old, "config": {}}
        Spec.parse(older.upgraded(plain)["spec"])
