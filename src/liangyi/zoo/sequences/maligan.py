"""MaliGAN: a sentence is worth how much likelier than the generator's its discriminator holds it.

Che et al., "Maximum-likelihood augmented discrete generative adversarial networks",
arXiv:1702.07983, algorithm 1. For the best discriminator D / (1 - D) is the density of real
sentences over that of written ones, so that the policy gradient becomes that of likelihood, on
sentences that the generator writes itself:

    max_G  E (r(y) / E r - 1) log G(y),   r = D / (1 - D)

Changed from `seqgan`: the reward, and its normalisation over the batch.

Departures: real prefixes are not mixed in (their section 3.3); the baseline is 1 from the start,
which changes the variance alone, where theirs grows to it; D is taken for .99995 where it is more.
"""

from __future__ import annotations

from torch import Tensor

from liangyi.core.registry import register
from liangyi.zoo.sequences.seqgan import SeqGAN, mean

_SURE = 10.0  # the highest logit that counts; one sentence should not be all of the batch


@register("maligan")
class MaliGAN(SeqGAN):
    """MaliGAN: a sentence is worth how much likelier than the generator's D holds it."""

    def worth(self, token: Tensor) -> Tensor:
        """Return D / (1 - D) of whole sentences [N L]: [N]."""
        logits: Tensor = self.discriminator(token)
        return logits.float().clamp(max=_SURE).exp()

    def rewards(self, written: Tensor) -> Tensor:
        """Return Q of each word of sentences [N L] over its mean in the batch, less 1."""
        found = super().rewards(written)
        return found / mean(found) - 1
