"""The command line, one verb a file.

This file imports nothing heavy: `liangyi --help` answers at once.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence

from liangyi.core.errors import UserError, unknown

VERBS = {
    "list": "the models and the data that are there",
    "show": "a model's layers, shapes and parameters",
    "train": "train a model on data; without arguments: dcgan on digits",
    "resume": "go on with a training that was stopped",
    "sample": "draw pictures, points or sentences from a trained model",
    "walk": "a walk through what a trained model can draw, as GIF or MP4",
    "dream": "paint into a picture what a classifier sees in it",
}


def usage() -> str:
    """Return the text of `liangyi --help`."""
    verbs = "\n".join(f"  {name:9} {about}" for name, about in VERBS.items())
    return (
        "liangyi (两仪): train, judge and use generative adversarial networks and their kin\n\n"
        f"usage: liangyi VERB ...\n\n{verbs}\n\n"
        "liangyi VERB --help says more. --debug shows the traceback of an error.\n"
        "First steps: liangyi train, then liangyi sample runs/dcgan-digits-1"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code.

    0 is success, 2 a mistake that the user can mend (told in one line), 130 and 143 a training
    that was stopped by Ctrl-C or by SIGTERM and can be resumed.
    """
    # not list(...): once the verb `list` was imported, this package's `list` is that module
    words = [*(sys.argv[1:] if arguments is None else arguments)]
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    try:
        if not words or words[0] in ("-h", "--help", "help"):
            print(usage())
            return 0
        if words[0] == "--version":
            from importlib.metadata import version

            print(version("liangyi"))
            return 0
        if words[0] not in VERBS:
            raise unknown("verb", words[0], VERBS)
        verb = importlib.import_module(f"liangyi.cli.{words[0]}")
        return int(verb.main(words[1:]) or 0)
    except KeyboardInterrupt:
        return 130
    except UserError as error:
        if debug:
            raise
        return _complain(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output has left, which is its good right
        return 0
    except OSError as error:
        if debug:
            raise
        about = f": {error.filename}" if error.filename else ""
        return _complain(f"{error.strerror or error}{about}")


def _complain(message: str) -> int:
    print("liangyi:", " ".join(message.split()), file=sys.stderr)
    return 2
