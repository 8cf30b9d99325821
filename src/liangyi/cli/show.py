"""`liangyi show MODEL`: layers, output shapes and parameters of each network."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from liangyi.cli.choose import Outside
from liangyi.cli.flags import demand_suffix, parse
from liangyi.core.config import Config

_ABOUT = (
    "liangyi show MODEL shows its networks under these settings; liangyi show RUN those of a run."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Show(Config):
    """How to show it."""

    json: bool = False  # for scripts
    out: Path | None = None  # FILE.svg, into which the architecture is drawn


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShowRun(Show, Outside):
    """How to show a run."""


def main(words: Sequence[str]) -> None:
    """Print a model's layer tables; a run is shown as it was configured."""
    from liangyi.cli.choose import chosen, named, run_of
    from liangyi.core import files, registry
    from liangyi.runs.building import build
    from liangyi.runs.run import Run
    from liangyi.session.layers import layers_of
    from liangyi.views import diagram, table

    name, rest = named(words, "show")
    args: Show
    placed = "/" in name or (Path(name).is_dir() and name not in registry.names())
    if (Run.there(name) or placed) and not name.endswith(".py"):
        args = parse(ShowRun, rest, "show RUN", "A model's layers, shapes and parameters.")
        run = run_of(name, args.model)
        title, model = run.kind.name(), run.build()
    else:
        choice = chosen(name, rest, f"show {name}", Show(), _ABOUT)
        args, title = choice.extra, choice.kind.name()
        model = build(choice.kind, choice.config, choice.source.spec(), choice.training.seed)
    if args.out:
        demand_suffix(args.out, ".svg", "a drawing")
    networks = layers_of(model)
    if args.out:
        files.write(args.out, diagram.svg(networks, title))
    if args.json:
        print(json.dumps({"model": title} | _plain(networks), indent=2))
    else:
        print(f"{title} for {model.spec.item} {model.spec.shape}\n")
        print(table.render(networks))
        if model.verbs():
            print(f"\nit can: {', '.join(model.verbs())}")
    if args.out and not args.json:
        print(f"drawn: {args.out}")


def _plain(networks: dict[str, Any]) -> dict[str, Any]:
    from liangyi.views import table

    found: dict[str, dict[str, Any]] = {}
    for name, layers in networks.items():
        totals = table.summary(layers)
        found[name] = {
            "trainable": totals.trainable,
            "with_running_statistics": totals.with_statistics,
            "layers": [dataclasses.asdict(layer) for layer in layers],
        }
    total = sum(network["trainable"] for network in found.values())
    return {"trainable": total, "networks": found}
