"""`liangyi show MODEL`: layers, output shapes and parameters of each network."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import tyro

from liangyi.cli.flags import parse

_ABOUT = (
    "liangyi show MODEL shows its networks under these settings; liangyi show RUN those of a run."
)


@dataclasses.dataclass(frozen=True)
class Show:
    """How to show it."""

    json: bool = False  # for scripts
    svg: Annotated[Path | None, tyro.conf.arg(metavar="FILE")] = None  # draw the architecture


def main(words: Sequence[str]) -> None:
    """Print a model's layer tables; a run is shown as it was configured."""
    from liangyi.cli.choose import chosen, named
    from liangyi.core import files
    from liangyi.core.run import Run, build
    from liangyi.data import spec_of
    from liangyi.showing import layers_of
    from liangyi.views import diagram, table

    name, rest = named(words, "show")
    if (Path(name) / "config.json").is_file() or "/" in name:
        args = parse(Show, rest, "show RUN", "A model's layers, shapes and parameters.")
        run = Run(name)
        title, model = run.kind.name(), run.build()
    else:
        choice = chosen(name, rest, f"show {name}", Show(), _ABOUT)
        args, title = choice.extra, name
        model = build(choice.kind, choice.config, spec_of(choice.data), choice.training.seed)
    networks = layers_of(model)
    if args.svg:
        files.write(args.svg, diagram.svg(networks, title))
    if args.json:
        print(json.dumps({"model": title} | _plain(networks), indent=2))
    else:
        print(f"{title} for {model.spec.kind} of shape {model.spec.shape}\n")
        print(table.render(networks))
    if args.svg and not args.json:
        print(f"drawn: {args.svg}")


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
