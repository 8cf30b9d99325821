"""Runs that were made by earlier versions: what they called things, in today's words."""

from __future__ import annotations

import dataclasses
from typing import Any

from liangyi.data.source import Source

_FIELDS = {"Images": "image", "Labelled": "image", "Points": "point", "Tokens": "token"}
_SETTINGS = {  # of models
    "judgings": "discriminator_steps",
    "judging_steps": "pretrain_steps",
}
_MEANT = {  # by a setting that was not there yet
    "seqgan": {"baseline": True},
    "maligan": {"baseline": True},
}
_SIGNALS = {
    "lowest": "lowest_value",
    "highest": "highest_value",
    "told_apart": "nearest_neighbour_accuracy",
    "unrest": "drift",
    "real": "real_accuracy",
    "fake": "fake_accuracy",
    "separation": "auc",
    "held_out": "held_out_accuracy",
    "active": "active_units",
}


def upgraded(plain: dict[str, Any]) -> dict[str, Any]:
    """Return a config.json as this version writes it."""
    training, spec = dict(plain["training"]), plain["spec"]
    if isinstance(training.get("compile"), bool):  # before it had three values
        training["compile"] = "on" if training["compile"] else "off"
    training.setdefault("validate_every", 0)  # their checkpoints were not chosen among
    if isinstance(spec, dict) and "kind" in spec:
        spec = _spec(spec)
    config = {_SETTINGS.get(name, name): value for name, value in plain["config"].items()}
    config = {**_MEANT.get(plain["model"], {}), **config}
    strengths = config.pop("strengths", ())  # of layers, before these said them by themselves
    if strengths:
        pairs = zip(config["layers"], strengths, strict=False)
        config["layers"] = [f"{layer}={strength}" for layer, strength in pairs]
    return {**plain, "training": training, "spec": spec, "config": config}


def _spec(old: dict[str, Any]) -> dict[str, Any]:
    """Return a spec of fields for one of a batch type's name and a shape."""
    item, shape = _FIELDS.get(str(old.get("kind")), "image"), old.get("shape")
    kinds = {
        "image": ("Pixels", ("channels", "height", "width")),
        "point": ("Vector", ("width",)),
        "token": ("Words", ("length",)),
    }
    kind, names = kinds[item]
    sizes = shape if isinstance(shape, list) else []
    field: dict[str, Any] = {"kind": kind, **dict(zip(names, sizes, strict=False))}
    if kind == "Words":
        field["vocabulary"] = old.get("vocabulary", 1)
    fields = {item: field}
    if old.get("kind") == "Labelled":
        fields["label"] = {"kind": "Label", "names": old.get("classes", [])}
    return {"item": item, "fields": fields}


def same_content(plain: dict[str, Any], source: Source) -> bool:
    """Whether a run of an earlier version began with this content.

    There the name of pictures that were resized was that of their originals, and the size.
    """
    size = getattr(source.config, "size", None)
    if "source" in plain["data"] or size is None or source.path is not None:
        return False
    whole = type(source)(dataclasses.replace(source.config, size=None)).split("train")
    return whole is not None and f"{whole.fingerprint}-{size}" == plain["fingerprint"]


def line(old: dict[str, float]) -> dict[str, float]:
    """Return a line of a log with today's names of the signals."""
    found = {}
    for name, value in old.items():
        head, _, rest = name.rpartition("/")
        found[f"{head}/{_SIGNALS.get(rest, rest)}" if head == "signal" else name] = value
    return found
