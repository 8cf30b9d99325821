"""What vectors of words know: do near vectors mean near things, do directions have a meaning?"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import cosine_similarity, normalize

from liangyi.core.errors import UserError

_CHUNK = 2**22  # similarities at a time: 16 MB


def similarity_correlation(vectors: Tensor, pairs: Tensor, human: Tensor) -> float:
    """Return Spearman's correlation of the cosines of pairs with what people say: -1 to 1.

    As on WordSim-353: Finkelstein et al., "Placing search in context", 2002. Ranks alone count,
    equal ones share theirs.

    Args:
        vectors: one for each word, [V D].
        pairs: of words, int64 [P 2].
        human: how alike people find each pair, in any unit, [P].

    Raises:
        UserError: fewer than two pairs, or not one judgement for each.
    """
    from scipy.stats import spearmanr

    if len(pairs) < 2 or len(pairs) != len(human):
        raise UserError(
            f"{len(pairs)} pairs with {len(human)} judgements have no correlation; "
            "there must be one judgement for each of at least 2 pairs"
        )
    left, right = vectors.double()[pairs].unbind(1)
    return float(spearmanr(cosine_similarity(left, right).cpu(), human.cpu()).statistic)


def analogy_accuracy(vectors: Tensor, questions: Tensor) -> float:
    """Return the share of analogies "a is to b as c is to d" whose d is found: 0 to 1.

    Mikolov et al., arXiv:1301.3781, section 4: the word nearest to b - a + c by cosine, with all
    vectors of length 1 (3CosAdd), the three given words left out.

    Args:
        vectors: one for each word, [V D].
        questions: words a, b, c, d, int64 [Q 4].

    Raises:
        UserError: there are no questions.
    """
    if not len(questions):
        raise UserError("there are no analogies to ask for")
    vectors = normalize(vectors.float())
    right = 0
    for asked in questions.split(max(1, _CHUNK // len(vectors))):
        a, b, c = vectors[asked[:, :3]].unbind(1)
        # the length of b - a + c is the same for all candidates
        nearness = (b - a + c) @ vectors.T
        nearness.scatter_(1, asked[:, :3], -torch.inf)
        right += int((nearness.argmax(1) == asked[:, 3]).sum())
    return right / len(questions)
