"""What models with an encoder that is a law can say of the data's likelihood, and of their code."""

from __future__ import annotations

import math

from torch import Tensor


def importance_weighted(log_weights: Tensor) -> Tensor:
    """Return log mean_k w_k [N], a bound on log p(x) from below, in nats.

    Burda, Grosse and Salakhutdinov, "Importance weighted autoencoders", arXiv:1509.00519,
    equation 8. With one draw it is the evidence lower bound; it tightens with K.

    Args:
        log_weights: log p(x, z_k) - log q(z_k | x) of K draws for each item, [K N].
    """
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def active_units(means: Tensor, threshold: float = 0.01) -> int:
    """Return how many dimensions of the code the encoder uses.

    The same paper, section 5.2: those whose posterior mean has a variance over the data above the
    threshold, Cov_x(E[u | x]) > 0.01.

    Args:
        means: mean codes of data, [N latent].
        threshold: in squared units of the code, whose prior has variance 1.
    """
    return int((means.double().var(0, correction=0) > threshold).sum())


def bits_per_value(nats: float, shape: tuple[int, ...]) -> float:
    """Return nats an item as bits a value: the unit of likelihoods of pictures.

    Args:
        nats: negative log-likelihood of an item.
        shape: of an item, such as (3, 32, 32).
    """
    return nats / (math.log(2) * math.prod(shape))
