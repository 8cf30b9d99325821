"""`liangyi VERB RUN ...` for whatever a model can do: made of the verb's signature and the data.

A new verb of a new model needs no line here: `classify`, `encode`, `reconstruct`, `evaluate` and
all others are offered if and only if the model of the run has them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from liangyi.core.config import Config, Count, Natural

if TYPE_CHECKING:
    from liangyi.core.binding import Binding
    from liangyi.runs.run import Run
    from liangyi.use.given import Given

_ARRAYS = (".npy", ".npz")
_WORDS = ("file", "class", "figure", "asked", "word")  # columns that begin at the left


@dataclass(frozen=True, kw_only=True)
class Output(Config):
    """What is told and where it goes."""

    model: str = ""  # the file of the run's model, for a run of ./my_gan.py
    # held-out items where none are named, or the first words; none: 64, figures: all, words: 16
    number: Count | None = None
    seed: Natural = 0  # of what is random in it
    newest: bool = False  # the newest weights, also where older ones were found to be better
    # FILE.png, FILE.npy, a folder; numbers .npy, .txt; tables .csv, .json; word vectors .bin, too
    out: Path | None = None
    json: bool = False  # print figures and tables for scripts


def main(verb: str, words: Sequence[str]) -> None:
    """Ask a trained model and write or print its answer."""
    from liangyi import fields
    from liangyi.cli.choose import run_of, value_of, weights_of
    from liangyi.cli.flags import parse_all
    from liangyi.cli.watch import say
    from liangyi.core import registry
    from liangyi.core.binding import bound
    from liangyi.core.errors import UserError
    from liangyi.core.spec import Label
    from liangyi.core.verbs import demand_verb
    from liangyi.use.asked import answered
    from liangyi.use.tables import demand_table

    count = next((n for n, word in enumerate(words) if word.startswith("-")), len(words))
    if not count:
        if {"-h", "--help"} & set(words):
            print(_helped(verb))
            return
        typed = _typed(verb)
        raise UserError(f"liangyi {typed} wants a run first; liangyi {typed} --help says more")
    run = run_of(words[0], value_of(words, "--model") or "")
    if verb not in run.kind.verbs():
        if verb not in registry.verbs():
            raise _unknown(verb, list(run.kind.verbs()))
        demand_verb(run.kind, verb)
    asked = bound(run.kind, verb, run.spec)
    groups = {f"of {verb}": asked.settings(), "output": Output()}
    found = parse_all(groups, words[count:], f"{_typed(verb)} RUN", _about(asked))
    settings, output = found.values()
    for name in asked.demanded:
        if getattr(settings, name) is None:
            raise UserError(f"{verb} wants it", setting=name)
    told = isinstance(asked.gives, Label) or (asked.gives and fields.typeable(asked.gives))
    if output.out and (told or asked.columns or asked.result is dict):
        demand_table(output.out)
    model = run.model(say, weights_of(run, output.newest))
    values = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
    if asked.any_size and _are_pictures(words[1:count]):
        from liangyi.use.tiles import changed

        for line in changed(model, asked, words[1:count], values, output.seed, output.out, say):
            print(line)
        return
    about = _items(run, model, asked, words[1:count], output, say)
    answer = answered(model, asked, about, values, output.seed)
    _tell(model, asked, about, answer, output)


def _typed(verb: str) -> str:
    """Return a verb as people type it: add-noise."""
    return verb.replace("_", "-")


def _are_pictures(words: Sequence[str]) -> bool:
    return bool(words) and not any(Path(word).suffix.lower() in _ARRAYS for word in words)


def _unknown(verb: str, own: list[str]) -> Exception:
    from liangyi.cli import VERBS
    from liangyi.core.errors import unknown

    return unknown("verb", verb, [*own, *VERBS])


def _wanted(asked: Binding) -> str:
    """Return what follows the run, as in a usage line."""
    from liangyi.core.counts import plural

    if not asked.items:
        return ""
    from liangyi.use.given import by_words

    if by_words(asked) and len(asked.items) > 1:
        return "".join(f" {name.upper()}" for name in asked.items)
    field = asked.items[asked.item]
    return f" [{plural(field.noun).upper()}...]" if field else f" {asked.item.upper()}.npy..."


def _about(asked: Binding) -> str:
    about = asked.about.removeprefix("Return ")
    about = f"liangyi {_typed(asked.name)} RUN{_wanted(asked)}: {about}"
    field = asked.items.get(asked.item)
    if not asked.items:
        return about
    if field is None:
        return f"{about}\n\nThe {asked.item}s are rows of numbers in FILE.npy."
    from liangyi import fields
    from liangyi.core.counts import plural
    from liangyi.core.spec import Word

    if isinstance(field, Word):
        return (
            f"{about}\n\nWithout words it is asked about the most frequent ones."
            * (len(asked.items) == 1)
            or about
        )
    typed = "typed as they are, or numbers in FILE.npy"
    read = "files, folders or FILE.npy, brought to size and range of those that it learned from"
    whole = "files or folders, as large as they are: what is large is worked on in parts"
    ways = typed if fields.typeable(field) else whole if asked.any_size else read
    return (
        f"{about}\n\n{plural(field.noun).capitalize()} are {ways}; without any it is asked about "
        "held-out items of the run's data."
    )


def _helped(verb: str) -> str:
    """Return the help of a verb without a run: of the first model that has it."""
    from liangyi.cli.flags import flags_of, helped
    from liangyi.core import registry
    from liangyi.core.binding import bound
    from liangyi.core.spec import Field, Label, Pixels, Spec, Vector, Words, fields_of

    name = registry.verbs()[verb][0]
    kind = registry.find(name)
    examples: dict[type[Field], Field] = {
        Pixels: Pixels(1, 28, 28), Vector: Vector(2), Words: Words(1, ("0", "1")),
        Label: Label(("0", "1")),
    }  # fmt: skip
    known = {part: examples[what] for part, what in fields_of(kind.eats[0]).items()}
    asked = bound(kind, verb, Spec(next(iter(known)), **known))
    models = ", ".join(registry.verbs()[verb])
    flags = [*flags_of(f"of {verb}", asked.settings()), *flags_of("output", Output())]
    about = f"{_about(asked)}\n\nModels that can: {models}, and those that begin with one of them."
    return helped(flags, f"{_typed(verb)} RUN", about)


def _items(
    run: Run, model: Any, asked: Binding, words: Sequence[str], output: Output, say: Any
) -> Given | None:
    """Return what the model is asked about: what the words name, else held-out items."""
    from liangyi.core.errors import UserError, shown
    from liangyi.use.given import by_words, frequent, given, held_out

    if not asked.items:
        if words:
            raise UserError(f"cannot use the word {shown(words[0])!r} there: {asked.name} is asked "
                            "about nothing")  # fmt: skip
        return None
    if words:
        return given(model, asked, words, say)
    if by_words(asked):
        mapped = output.out is not None and output.out.suffix == ".png"
        return frequent(asked, output.number or (16 if asked.columns else 500 if mapped else None))
    source = run.source()
    test = source.split("test")
    data = run.data(source) if test is None else test
    count = output.number or (None if asked.result is dict else 64)
    found = held_out(model, asked, data, count)
    from liangyi.core.counts import many

    which = "held-out" if test is not None else "training"
    say(f"{many(len(found), f'{which} item')} of {source.name}")
    return found


def _tell(model: Any, asked: Binding, about: Given | None, answer: Any, output: Output) -> None:
    """Print the answer, or write it."""
    import json

    from liangyi.core.counts import many
    from liangyi.use.asked import table
    from liangyi.use.tables import write_table

    rows = [answer] if isinstance(answer, dict) else None
    rows = rows or table(asked, list(about.names) if about else [], answer)
    if rows is not None:
        if output.out:
            write_table(rows, output.out)
        if output.json:
            print(json.dumps(answer if isinstance(answer, dict) else rows, indent=2))
        elif output.out:
            print(f"{many(len(rows), 'row')}: {output.out}")
        else:
            print(_lines(rows, isinstance(answer, dict)))
        return
    out = _write_items(model, asked, about, answer, output)
    shown = answer.flatten(0, 1) if asked.gives and answer.dim() == 5 else answer
    print(f"{many(len(shown), asked.gives.noun if asked.gives else 'row')}: {out}")


def _lines(rows: Sequence[dict[str, Any]], figures: bool) -> str:
    """Return rows as a table for people; one row of figures as a line each."""
    from liangyi.views import text

    shown = text.table()
    heads = {"figure": "", "value": 0.0} if figures else rows[0]
    for name, value in heads.items():
        shown.add_column(name, justify="left" if isinstance(value, str) else "right")
    pairs = [list(pair) for pair in rows[0].items()] if figures else [[*r.values()] for r in rows]
    for cells in pairs:
        shown.add_row(*(f"{c:.4g}" if isinstance(c, float) else text.words(str(c)) for c in cells))
    return text.rendered(shown)


def _write_items(
    model: Any, asked: Binding, about: Given | None, answer: Any, output: Output
) -> Path:
    from liangyi.core import files
    from liangyi.core.spec import Pixels, Vector
    from liangyi.fields.pixels import grid
    from liangyi.use.asked import beside, kind_of
    from liangyi.use.given import by_words
    from liangyi.use.sample import png, write_items
    from liangyi.use.vectors import ENDINGS

    if by_words(asked) and output.out and output.out.suffix in (*ENDINGS, ".png"):
        assert about is not None
        _write_vectors(output.out, list(about.names), answer)
        return output.out
    field = kind_of(asked.gives, answer)
    columns = None
    if isinstance(field, Pixels) and answer.dim() == 5:  # rows of pictures
        columns, answer = answer.shape[1], answer.flatten(0, 1)
    out = output.out or Path(f"{asked.name}.{'png' if field else 'npy'}")
    if field is None:
        field = Vector(max(1, answer[0].numel()))
        answer = answer if out.suffix == ".npy" else answer.flatten(1)  # an array keeps its form
    same = about is not None and isinstance(field, Pixels) and asked.items[asked.item] == field
    if same and out.suffix == ".png" and about is not None:
        pairs, row = beside(about.values[asked.item], answer, model.image_range)
        files.write(out, png(grid(pairs, model.image_range, columns=row)))
    elif columns and out.suffix == ".png":
        files.write(out, png(grid(answer, model.image_range, columns=columns)))
    else:
        write_items([answer], len(answer), field, model.image_range, out)
    return out


def _write_vectors(out: Path, words: list[str], vectors: Any) -> None:
    from liangyi.core import files
    from liangyi.use.vectors import write_vectors
    from liangyi.views.word_map import word_map

    if out.suffix == ".png":
        files.write(out, word_map(words, vectors))
    else:
        write_vectors(out, words, vectors)
