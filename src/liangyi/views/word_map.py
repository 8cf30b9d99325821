"""Words laid out on a page, near ones near: t-SNE of their vectors."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

from torch import Tensor

from liangyi.core.errors import UserError

MOST = 500  # words that can be read on one page
_PERPLEXITY = 30.0


def word_map(words: Sequence[str], vectors: Tensor) -> bytes:
    """Return a PNG of words at places whose neighbourhoods are those of the vectors [N D].

    Van der Maaten and Hinton, "Visualizing data using t-SNE", 2008, on cosines.

    Raises:
        UserError: fewer than 5 words, or more than can be read.
    """
    if not 5 <= len(words) <= MOST:
        raise UserError(f"a map shows 5 to {MOST} words, not {len(words):,}", setting="number")
    from matplotlib.figure import Figure
    from sklearn.manifold import TSNE

    perplexity = min(_PERPLEXITY, (len(words) - 1) / 3)
    places = TSNE(metric="cosine", init="random", perplexity=perplexity, random_state=0)
    found = places.fit_transform(vectors.detach().cpu().float().numpy())
    figure = Figure(figsize=(14, 14), dpi=100, layout="constrained")
    axes = figure.add_subplot()
    axes.scatter(found[:, 0], found[:, 1], s=4, color="#777777")
    for word, place in zip(words, found, strict=True):
        text = word.replace("$", r"\$")
        axes.annotate(text, place, xytext=(3, 2), textcoords="offset points", fontsize=8)
    axes.set_axis_off()
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a script that the font lacks
        figure.savefig(stream, format="png")
    return stream.getvalue()
