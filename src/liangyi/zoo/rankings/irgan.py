"""IRGAN: a generator picks documents that might be relevant, a discriminator tells them from those.

Wang et al., "IRGAN: a minimax game for unifying generative and discriminative information retrieval
models", arXiv:1705.10513, equations 1 to 5, pointwise. A document of a list is chosen, not made, so
no gradient passes, and the generator learns by policy gradient:

    min_G max_D  E_{d relevant} log D(d | q) + E_{d ~ G(d | q)} log(1 - D(d | q))
    G(d | q) = softmax over the documents of g(q, d) / temperature
    gradient of G:  E_{d ~ G} (R(d) - E_G R) grad log G(d | q),  R = 2 (D(d | q) - 1/2)

R is what the authors' code rewards (geek-ai/irgan: 2 (sigmoid - 0.5)). As there, the documents of
the gradient are drawn from a mixture with the relevant ones and weighed by G over the mixture, and
the generator may begin as a ranker that dynamic negative sampling trained. The generator ranks.

Changed from `dns`: who chooses the negatives learns, too. The networks and the data are the same.

Departures: Adam, where the code has plain gradient descent; the baseline E_G R, exact because the
list is finite, which the code leaves out; players take turns by steps, not by passes over the data;
one temperature for all draws, where the code for items has one of the discriminator's alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from liangyi.core import draw
from liangyi.core.config import Count, Natural, Positive, Unit
from liangyi.core.model import Update
from liangyi.core.registry import register
from liangyi.losses import adversarial, policy, rankings
from liangyi.nets.rankings import hardest, relevant, scorer
from liangyi.zoo.rankings.dns import DNSConfig
from liangyi.zoo.rankings.pointwise import Pointwise


@dataclass(frozen=True, kw_only=True)
class IRGANConfig(DNSConfig):
    """Settings of IRGAN."""

    temperature: Positive = 0.5  # of the generator's choice; small: it is sure
    mixed: Unit = 0.5  # share of relevant documents among those of the policy gradient
    draws: Count = 40  # documents of each query in a turn of the generator
    discriminator_steps: Count = 3  # turns in a row
    generator_steps: Count = 1  # turns in a row
    pretrain_steps: Natural = 0  # steps of dynamic negative sampling before the game
    policy_share: Positive = 0.3  # of the learning rate, for the generator in the game


@register("irgan")
class IRGAN(Pointwise):
    """IRGAN: a generator picks documents that might be relevant, a discriminator tells them."""

    Config = IRGANConfig
    tiny: ClassVar = {"hidden": (4,), "pretrain_steps": 1}

    def networks(self) -> None:
        """Build two networks of the same form."""
        shape = self.config.hidden, self.config.factors
        self.generator, self.discriminator = (scorer(self.spec, *shape) for _ in range(2))

    def schedule(self, player: str, step: int) -> float:
        """Slow the generator down in the game, where its gradient is an estimate."""
        playing = player == "generator" and step >= self.config.pretrain_steps
        return self.config.policy_share if playing else 1.0

    @property
    def stages(self) -> tuple[int, ...]:
        """First steps of the stages: dynamic negative sampling, and the game's two turns."""
        game = self.config.pretrain_steps
        return 0, game, game + self.config.discriminator_steps

    @classmethod
    def fitted(cls, config: IRGANConfig, steps: int) -> IRGANConfig:
        """Give the first stage its share of the recipe's steps."""
        share = steps / cls.recipe.steps
        return replace(config, pretrain_steps=round(share * config.pretrain_steps))

    def scores(self, batch: Any) -> Tensor:
        """Return the generator's scores [N L] of the documents."""
        found: Tensor = self.generator(*batch.asked)
        return found

    def choice(self, batch: Any) -> Tensor:
        """Return the generator's log G(d | q), [N L]; -inf of what is not there."""
        scores = self.scores(batch).float().masked_fill(~batch.mask, -torch.inf)
        return (scores / self.config.temperature).log_softmax(1)

    def updates(self, batch: Any, step: int) -> Iterator[Update]:
        """Algorithm 1, a turn of one player on one batch."""
        config, known = self.config, relevant(batch)
        turn = (step - config.pretrain_steps) % (
            config.discriminator_steps + config.generator_steps
        )
        if step < config.pretrain_steps:
            scores = self.scores(batch)
            better = draw.places(known, config.pairs, "relevant")
            worse = hardest(scores, batch, config.pairs, config.tries)
            loss = rankings.pairwise(scores.gather(1, better), scores.gather(1, worse))
            yield Update(self.generator, loss, loss=loss)
        elif turn < config.discriminator_steps:
            real = draw.places(known, config.pairs, "relevant")
            fake = draw.places(self.choice(batch).detach().exp(), config.pairs, "choice")
            logits = self.discriminator(*batch.asked)
            loss = adversarial.discriminator(logits.gather(1, real), logits.gather(1, fake))
            yield Update(self.discriminator, loss, discriminator=loss)
        else:
            with torch.no_grad():
                reward = 2 * (self.discriminator(*batch.asked).float().sigmoid() - 0.5)
            loss, expected = self.policy(batch, known, reward)
            yield Update(self.generator, loss, reward=expected)

    def policy(self, batch: Any, known: Tensor, reward: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss whose gradient is the policy gradient, and the expected reward.

        Args:
            batch: of queries.
            known: which documents are relevant, [N L].
            reward: of each document, [N L].
        """
        choice = self.choice(batch)
        law, mixed = choice.detach().exp(), self.config.mixed
        proposal = (1 - mixed) * law + mixed * known / known.sum(1, keepdim=True)
        expected = (law * reward).sum(1, keepdim=True)
        drawn = draw.places(proposal, self.config.draws, "choice")
        advantage = ((reward - expected) * law / proposal).gather(1, drawn)
        loss = policy.reinforce(choice.gather(1, drawn), advantage) / self.config.draws
        return loss, expected.mean()
