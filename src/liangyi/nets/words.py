"""Two tables of vectors: of words, and of what is asked about them."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from liangyi.core.counts import many
from liangyi.core.errors import UserError

KNOWN = 2  # number of the first word of a text; before it come padding and what is unknown


class Vectors(nn.Module):
    """Vectors of words, which are wanted, and of outputs, which they are learned against.

    Args:
        words: how many.
        outputs: how many; inner nodes of a tree, or the words again.
        size: numbers of a vector.
    """

    def __init__(self, words: int, outputs: int, size: int) -> None:
        super().__init__()
        # a step meets few of the words, so its gradient is their rows alone
        self.word = nn.Embedding(words, size, sparse=True)
        self.output = nn.Embedding(outputs, size, sparse=True)
        nn.init.uniform_(self.word.weight, -0.5 / size, 0.5 / size)
        nn.init.zeros_(self.output.weight)

    def scores(self, asking: Tensor, asked: Tensor) -> Tensor:
        """Return the inner products [M C K] of vectors [M C D] with outputs [M K]."""
        found: Tensor = asking @ self.output(asked).transpose(1, 2)
        return found

    def unit(self, word: Tensor | None = None) -> Tensor:
        """Return the vectors of words [N], or of all, at length 1."""
        return normalize(self.word.weight if word is None else self.word(word))

    def nearest(self, point: Tensor, without: Tensor, count: int) -> tuple[Tensor, Tensor]:
        """Return the words [N K] nearest to points [N D] by cosine, and the cosines.

        Args:
            point: of any length.
            without: words that are no answer, [N W].
            count: how many; fewer where there are fewer.

        Raises:
            UserError: there is none.
        """
        cosine = normalize(point) @ self.unit().T
        cosine[:, :KNOWN] = -torch.inf
        cosine.scatter_(1, without, -torch.inf)
        most = cosine.shape[1] - KNOWN - without.shape[1]
        if most < 1:
            raise UserError(
                f"the model knows {many(cosine.shape[1] - KNOWN, 'word')}, too few for an answer "
                "beside those that are asked about"
            )
        found = cosine.topk(min(count, most))
        return found.indices, found.values
