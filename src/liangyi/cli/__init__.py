"""The command line, one verb a file.

This file imports nothing heavy: `liangyi --help` answers at once.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from liangyi.core import registry
from liangyi.core.errors import UserError, shown, unknown

VERBS = {
    "list": "the models and the data that are there",
    "show": "a model's layers, shapes and parameters",
    "look": "what some data holds, what is wrong with it, and how to begin",
    "train": "train a model on data; without arguments: dcgan on digits",
    "resume": "go on with a training that was stopped",
    "sample": "draw pictures, points or sentences from a trained model",
    "walk": "a walk through what a trained model can draw, as GIF or MP4",
    "score": "how good a trained model is: cards with intervals and floors",
    "diagnose": "what goes wrong in a training, the evidence, and what to try",
    "compare": "several runs side by side: samples, curves, verdicts, cards",
    "lab": "experiments: many small trainings under equal terms, and their table",
    "reproduce": "make the figures of a record again",
    "check": "whether a model keeps the contract, also one from a file of yours",
    "new": "write a file to begin a model of your own with",
    "rank": "the documents of each query in order, or what to recommend to users",
    "dream": "paint into a picture what a classifier sees in it",
}
# no mistake in this process, but in one that it trains with, which tells it
_PARTED = "another process of this training has ended"


def usage() -> str:
    """Return the text of `liangyi --help`."""
    verbs = "\n".join(f"  {name:9} {about}" for name, about in VERBS.items())
    capabilities = ", ".join(name for name in registry.verbs() if name not in VERBS)
    return (
        "liangyi (两仪): train, judge and use generative adversarial networks and their kin\n\n"
        f"usage: liangyi VERB ...\n\n{verbs}\n\n"
        f"What a model can do, on files of yours: liangyi {{{capabilities}}} RUN FILES...\n"
        "liangyi VERB --help says more, liangyi train MODEL --help shows that model's settings.\n"
        "--version shows the version, --debug the traceback of an error.\n"
        "First steps: liangyi train, then liangyi sample runs/dcgan-digits-1"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is success, 2 a mistake that the user can mend (told in one line), 130 and 143 a training
    that was stopped by Ctrl-C or by SIGTERM and can be resumed; 1 one of several processes that
    train together, when another one has ended.
    """
    # not list(...): once the verb `list` was imported, that name in this package is its module
    words = [*(sys.argv[1:] if arguments is None else arguments)]
    debug = "--debug" in words
    _open_closed()
    try:
        code = _run([word for word in words if word != "--debug"])
        sys.stdout.flush()  # here, where a full disk is told and a reader that left forgiven
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0  # the reader has left, which is its good right
    except (UserError, OSError, RuntimeError, MemoryError, ImportError) as error:
        message = _message(error)
        if message is None:
            raise
        if debug:
            traceback.print_exc()
        else:
            print("liangyi:", _brief(message, words), file=sys.stderr)
        return 1 if message is _PARTED else 2
    finally:
        _settle()


def _run(words: Sequence[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    if words[0] == "--version":
        from importlib.metadata import version

        print(version("liangyi"))
        return 0
    if any("\0" in word for word in words):
        raise UserError("a word holds a zero byte, which no name and no path does")
    try:
        if words[0] in VERBS:
            verb = importlib.import_module(f"liangyi.cli.{words[0]}")
            return int(verb.main(words[1:]) or 0)
        return _asked(words[0], words[1:])
    except SystemExit as leaving:  # how --help of a verb leaves
        if leaving.code:
            raise
        return 0


def _asked(verb: str, words: Sequence[str]) -> int:
    """Ask a model for what it can do: every verb of a model is one of the command line."""
    known = registry.verbs()
    # of a model from outside only its run knows
    if verb not in known and not (words and Path(words[0]).is_dir()):
        raise unknown("verb", verb, [*VERBS, *known, "--help", "--version"])
    from liangyi.cli.verb import main as ask

    ask(verb, words)
    return 0


def _message(error: Exception) -> str | None:
    """Return one line about what the user can mend; None: it is not theirs, but a fault of ours."""
    if isinstance(error, UserError):
        from liangyi.cli.flags import told

        return told(error)
    if isinstance(error, OSError):
        # what is written beside and renamed has a name that tells people nothing
        name = re.sub(r"\.([^/]+)\.\d+\.partial\b.*", r"\1", str(error.filename or ""))
        return f"{name}: {error.strerror}" if name else str(error.strerror or error)
    # PyTorch's own kinds of error are not named here: the name would import it
    if "home directory" in str(error):  # of ~NAME/...
        return "nobody of that name has a home directory here; write the path without ~"
    if "closed by peer" in str(error) or "reset by peer" in str(error):
        return _PARTED
    full = (
        "out of memory",
        "can't allocate memory",
        "Cannot allocate memory",
        "unable to mmap",
        "Storage size calculation overflowed",
    )
    if isinstance(error, MemoryError) or any(words in str(error) for words in full):
        return "there is not enough memory for this; try a smaller model, batch or number"
    if isinstance(error, ImportError) and "failed to map segment" in str(error):
        return "there is not enough memory to load PyTorch; raise the limit (ulimit -v)"
    return None


def _brief(message: str, words: Sequence[str]) -> str:
    """Return a message as one printable line; what was typed is cut where it is long."""
    # FLAG=VALUE, MODEL:setting=value,setting=value: messages tell such words by their parts
    typed = {part for word in words for part in (word, *re.split("[=,:]", word))}
    for part in sorted(typed, key=len, reverse=True):
        if len(part) > 60:
            message = message.replace(part, shown(part))
    line = " ".join(message.split())
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def _open_closed() -> None:
    """Let what goes to a closed output (`>&-`) go nowhere, instead of into the next open file."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            handle = os.open(os.devnull, os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
            setattr(sys, name, os.fdopen(number, "w", encoding="utf-8"))


def _settle() -> None:
    """Flush the output; what nobody can take goes nowhere, lest Python complain at its exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
