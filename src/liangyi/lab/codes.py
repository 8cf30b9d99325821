"""What the codes of an autoencoder are good for: drawing new pictures from them, and how sharp.

The notes: the decoder alone makes a picture of a code, which code gives which picture nobody knows
beforehand, and the picture may be blurred; a VAE (arXiv:1312.6114) therefore makes the codes nearly
normal. Here both have the same layers, and beside them a GAN whose generator is the same decoder:

    autoencoder    squared error; a code is a point
    VAE            a code is a normal law about a point, held near N(0, 1)
    GAN            no encoder, no distance from any picture; codes are drawn, uniform; regularised
                   by R1 and R2, without which so narrow a generator draws one picture

Codes are drawn in two ways: from N(0, 1), as if the codes followed it, and from the normal law that
was fitted to the codes of pictures, which any autoencoder allows afterwards.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.batch import Labelled
from liangyi.core.model import Model, evaluating
from liangyi.core.verbs import samples
from liangyi.fields.pixels import to_bytes
from liangyi.lab.drawing import COUNT, QUICK, WHOLE, Examiner, pictures, trained
from liangyi.lab.experiment import Outcome, Work, experiment, percent, said
from liangyi.lab.penalised import Penalised
from liangyi.lab.table import Summary, markdown
from liangyi.metrics.frechet import gaussian
from liangyi.metrics.sharpness import laplacian_variance
from liangyi.metrics.transport import wasserstein
from liangyi.runs.building import build
from liangyi.zoo.adversarial.gan import GAN, GANConfig
from liangyi.zoo.codes.autoencoder import Autoencoder, AutoencoderConfig
from liangyi.zoo.codes.vae import VAE, VAEConfig

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEPS, MATCHED, SHOWN = 6000, 500, 24
WIDTHS = {3: (128, 64, 12), 20: (128, 64)}  # layers before a code of so many numbers
KEYS = {
    "apart": "codes from N(0, 1), Wasserstein",
    "error": "squared error of a pixel",
    "back": "Frechet distance, reconstructed",
    "normal": "drawn from N(0, 1), the GAN's uniform",
    "fitted": "drawn from the fitted law",
    "sharp back": "sharpness, reconstructed",
    "sharp": "sharpness, drawn",
}


def built(name: str, size: int, spec: Any, seed: int) -> Model:
    """Return a model with a code of so many numbers and its first weights."""
    widths = WIDTHS[size]
    if name == "autoencoder":
        return build(Autoencoder, AutoencoderConfig(widths=widths, code=size), spec, seed)
    if name == "VAE":
        return build(VAE, VAEConfig(widths=widths, latent=size), spec, seed)
    game = GANConfig(latent=size, generator_widths=widths[::-1], learning_rate=1e-3,
                     betas=(0.0, 0.99))  # fmt: skip
    return build(Penalised, game, spec, seed)


def codes(model: Model, image: Tensor) -> Tensor:
    """Return the codes [N size] of pictures; those of a VAE are drawn, as in its training."""
    with evaluating(model):
        found: Tensor = model.encoder(image)
        if isinstance(model, VAE):
            mean, log_variance = found.chunk(2, 1)
            return mean + (log_variance / 2).exp() * draw.normal(*mean.shape, device=mean.device)
        return found


def like(known: Tensor, normal: Tensor) -> Tensor:
    """Return codes of the normal law that was fitted to known ones, made of N(0, 1) [N size]."""
    law = gaussian(known)
    values, vectors = torch.linalg.eigh(law.covariance)
    root = vectors * values.clamp(min=0).sqrt()
    return (law.mean + normal.double() @ root.T).float()


def measured(
    name: str, size: int, examiner: Examiner, steps: int, seed: int
) -> dict[str, Any] | None:
    """Train a model; return the law of its codes, and how good and sharp its pictures are."""
    model = trained(built(name, size, examiner.train.spec, seed), examiner.train, steps, seed)
    if model is None:
        return None
    model = model.cpu()
    low, high = model.image_range
    real, learned = (
        image * (high - low) + low for image in (examiner.real, pictures(examiner.train))
    )

    def sharp(image: Tensor) -> float:
        return float(laplacian_variance(image).mean() / laplacian_variance(real).mean())

    def shown(image: Tensor) -> list[Any]:
        return list(to_bytes(image[:SHOWN, 0], model.image_range).tolist()) if seed == 0 else []

    if isinstance(model, GAN):
        image = samples(model, len(real))
        found = {"normal": examiner.figures(image, model.image_range)["frechet"],
                 "sharp": sharp(image)}  # fmt: skip
        return found | {"pictures": shown(image)}
    normal = torch.randn(len(real), size, generator=draw.generator(seed, "codes"), device="cpu")
    known, back = codes(model, real), model.reconstruct(real)
    image, other = model.decode(normal), model.decode(like(codes(model, learned), normal))
    distances = [examiner.figures(x, model.image_range)["frechet"] for x in (back, image, other)]
    return {
        "apart": wasserstein(known[:MATCHED], normal[:MATCHED]),
        "error": float((back - real).square().mean()) / (high - low) ** 2,
        **dict(zip(("back", "normal", "fitted"), distances, strict=True)),
        "sharp back": sharp(back),
        "sharp": sharp(other),
        "pictures": shown(image),
        "codes": known[:MATCHED, :2].tolist() if seed == 0 else [],
    }


def floor(size: int, seed: int) -> float:
    """Return the distance of draws of N(0, 1) from each other."""
    dice = draw.generator(seed, "floor")
    one, other = torch.randn(2, MATCHED, size, generator=dice, device="cpu")
    return wasserstein(one, other)


@experiment("What are codes good for that follow no law, and what does a VAE's law give?")
def run(work: Work) -> Outcome:
    """Train autoencoder, VAE and GAN with codes of 3 and of 20."""
    steps = work.steps(STEPS, 3)
    examiner = Examiner.of(QUICK if work.quick else WHOLE, work.tell)
    sizes = list(WIDTHS)[:1] if work.quick else list(WIDTHS)
    rows: list[dict[str, Any]] = []
    for size in sizes:
        for name in ("autoencoder", "VAE", "GAN"):
            runs = work.each(f"{name}, {size}", partial(measured, name, size, examiner, steps))
            rows.append({"model": name, "size": size, "runs": [one for one in runs if one]})
    cells = [[f"{row['model']}, {row['size']}", *(_cell(row, key) for key in KEYS)] for row in rows]
    for size in sizes:
        apart = Summary(tuple(floor(size, seed) for seed in work.seeds))
        real = said(examiner.floor["frechet"])
        cells.append([f"N(0, 1), {size}; real pictures", str(apart), "0", real, real, real,
                      "1.00", "1.00"])  # fmt: skip
    text = markdown(("model, numbers of a code", *KEYS.values()), cells)
    label = examiner.held_out.some(COUNT, Labelled).label[:MATCHED]
    plain = [{**row, "runs": [{k: v for k, v in one.items() if k in KEYS} for one in row["runs"]]}
             for row in rows]  # fmt: skip
    return Outcome((text,), plain, _seen(rows), figure=_figure(rows, label))


def _sum(row: dict[str, Any], key: str) -> Summary:
    return Summary(tuple(one[key] for one in row["runs"] if key in one))


def _cell(row: dict[str, Any], key: str) -> str:
    found = _sum(row, key)
    return str(found) if found.values else ""


def _seen(rows: list[dict[str, Any]]) -> str:
    parts = []
    for one, two in zip(rows[::3], rows[1::3], strict=True):
        if not (one["runs"] and two["runs"]):
            continue
        drawn, law = _sum(one, "normal").mean, _sum(two, "normal").mean
        parts.append(
            f"of {one['size']} numbers, drawn from N(0, 1), give the autoencoder a Frechet "
            f"distance of {said(drawn)} and the VAE {said(law)}, from a law fitted afterwards the "
            f"autoencoder {said(_sum(one, 'fitted').mean)}; of the detail of real digits their "
            f"reconstructions keep {percent(_sum(one, 'sharp back').mean)} and "
            f"{percent(_sum(two, 'sharp back').mean)}"
        )
    return f"Codes {'; codes '.join(parts)}." if parts else "No training came to its end."


def _figure(rows: list[dict[str, Any]], label: Tensor) -> Figure:
    from liangyi.lab.figure import panels

    figure, places = panels(2, 3, 3.4, 3.2)
    for above, below, row in zip(places[:3], places[3:], rows, strict=False):
        first = next((one for one in row["runs"] if one["pictures"]), None)
        if first is None:
            continue
        name = f"{row['model']}, {row['size']} numbers"
        if "codes" in first:
            x, y = zip(*first["codes"], strict=True)
            above.scatter(x, y, c=label[: len(x)].tolist(), cmap="tab10", s=6)
            above.set_title(f"codes: {name}", fontsize=10)
            above.set_aspect("equal", "datalim")
        else:
            above.set_axis_off()
        below.imshow(_sheet(torch.tensor(first["pictures"], device="cpu")).numpy(), cmap="gray")
        below.set_title(f"drawn: {name}", fontsize=10)
        below.set(xticks=[], yticks=[])
    return figure


def _sheet(image: Tensor) -> Tensor:
    """Lay pictures [24 H W] out in four rows of six."""
    return image.unflatten(0, (4, -1)).movedim(2, 1).flatten(2, 3).flatten(0, 1)
