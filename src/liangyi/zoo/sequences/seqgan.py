"""SeqGAN: a generator of words, which no gradient can pass, learns by policy gradient.

Yu, Zhang, Wang and Yu, "SeqGAN: sequence generative adversarial nets with policy gradient",
arXiv:1609.05473, algorithm 1. Writing a word is an action, and its worth is what the discriminator
thinks of the sentences that may follow (equations 2 to 4, 8):

    max_G  E sum_t Q(y_1 ... y_t) log G(y_t | y_1 ... y_t-1),
    Q = the mean of D over sentences that the roll-out policy completes at random

First the generator learns by maximum likelihood, then the discriminator by telling real from
written, then they take turns. A step is one turn of one player on one batch.

Changed from `gan`: a policy gradient instead of the gradient through D; the stages.

Departures: the mean reward of the batch is subtracted at each position (it changes the variance of
the gradient, not its direction on average); the discriminator sees fresh sentences in every turn,
where the authors' code repeats three passes over a fixed set; gradients are not clipped, where
that code bounds the norm of the generator's at 5.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn

from liangyi.core import processes
from liangyi.core.batch import Tokens
from liangyi.core.config import Config, Count, Natural, Positive, Share, Training
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Words
from liangyi.losses import adversarial, policy
from liangyi.nets.recurrent import Reader, Writer


@dataclass(frozen=True, kw_only=True)
class SeqGANConfig(Config):
    """Settings of SeqGAN."""

    width: Count = 32  # of the generator's word vectors and LSTM
    reader_width: Count = 64  # of the discriminator's word vectors
    windows: tuple[Count, ...] = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20)  # of its convolutions
    # filters of each window
    filters: tuple[Count, ...] = (100, 200, 200, 200, 200, 100, 100, 100, 100, 100, 160, 160)
    dropout: Share = 0.25  # in the discriminator
    likelihood_steps: Natural = 18_720  # steps of maximum likelihood: 120 passes over 10,000
    pretrain_steps: Natural = 5000  # steps of the discriminator before the game
    discriminator_steps: Count = 15  # discriminator turns after each generator turn
    rollouts: Count = 16  # random completions of every prefix
    lag: Share = 0.8  # share of its old weights that the roll-out policy keeps at each turn
    learning_rate: Positive = 1e-2  # Adam's, of the generator while it learns by likelihood
    policy_rate: Positive = 1e-3  # Adam's, of the generator in the game
    discriminator_rate: Positive = 1e-4  # Adam's, of the discriminator


@register("seqgan")
class SeqGAN(Model):
    """SeqGAN: a generator of words, which no gradient can pass, learns by policy gradient."""

    Config = SeqGANConfig
    eats = (Tokens,)
    data = "oracle"
    whole_batch = True  # the baseline is a mean over it, and the roll-out follows once a step
    adversary = "logits"
    recipe = Training(steps=30_000, batch_size=64, average=0, sample_every=500)
    tiny: ClassVar = {
        "width": 8, "reader_width": 8, "windows": (1, 2), "filters": (4, 4),
        "likelihood_steps": 1, "pretrain_steps": 1, "discriminator_steps": 1, "rollouts": 2,
    }  # fmt: skip
    tiny_data: ClassVar = {"data": "oracle", "vocabulary": 12, "length": 5}

    def networks(self) -> None:
        """Build the writer, its roll-out copy and the reader."""
        config, words = self.config, self.spec["token"]
        assert isinstance(words, Words)
        self.generator = Writer(words.count, config.width)
        self.rollout = copy.deepcopy(self.generator)
        self.discriminator = Reader(
            words.count,
            words.length,
            config.reader_width,
            config.windows,
            config.filters,
            config.dropout,
        )

    @property
    def stages(self) -> tuple[int, ...]:
        """First steps of the stages: likelihood, discriminator, and the game's two turns."""
        pretraining = self.config.likelihood_steps
        game = pretraining + self.config.pretrain_steps
        return 0, pretraining, game, game + 1

    @classmethod
    def fitted(cls, config: SeqGANConfig, steps: int) -> SeqGANConfig:
        """Give each stage its share of the recipe's steps."""
        share = steps / cls.recipe.steps
        stages = (config.likelihood_steps, config.pretrain_steps)
        likelihood, pretraining = (round(share * stage) for stage in stages)
        return replace(config, likelihood_steps=likelihood, pretrain_steps=pretraining)

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam at the player's own rate."""
        config = self.config
        rates = {"generator": config.learning_rate, "discriminator": config.discriminator_rate}
        return torch.optim.Adam(weights, lr=rates[player], fused=True)

    def schedule(self, player: str, step: int) -> float:
        """Slow the generator down in the game, where its gradient is an estimate."""
        playing = player == "generator" and step >= self.stages[2]
        return self.config.policy_rate / self.config.learning_rate if playing else 1.0

    def updates(self, batch: Tokens, step: int) -> Iterator[Update]:
        """Algorithm 1, a turn of one player."""
        _, pretraining, game, _ = self.stages
        if step < pretraining:
            loss = -self.generator(batch.token).mean()
            yield Update(self.generator, loss, nll=loss)
        elif step >= game and (step - game) % (1 + self.config.discriminator_steps) == 0:
            if step == game:
                self.rollout.load_state_dict(self.generator.state_dict())
            with torch.no_grad():
                written = self.generator.write(*batch.token.shape)
                reward = self.rewards(written)
            baseline = reward.mean(0)
            processes.average([baseline])  # of the joined batch, of which this may be a share
            loss = policy.reinforce(self.generator(written), reward - baseline)
            yield Update(self.generator, loss, reward=reward.mean())
            with torch.no_grad():
                for old, new in zip(
                    self.rollout.parameters(), self.generator.parameters(), strict=True
                ):
                    old.lerp_(new, 1 - self.config.lag)
        else:
            with torch.no_grad():
                written = self.generator.write(*batch.token.shape)
            real, fake = self.discriminator(batch.token), self.discriminator(written)
            loss = adversarial.discriminator(real, fake)
            yield Update(self.discriminator, loss, discriminator=loss)

    def rewards(self, written: Tensor) -> Tensor:
        """Return Q of each word of sentences [N L]: equation 4."""
        tries, (count, length) = self.config.rollouts, written.shape
        finished = self.rollout.finish(written, tries).flatten(0, 2)
        self.discriminator.eval()  # a judgement should not depend on dropout's luck
        believed = [self.discriminator(part).sigmoid() for part in finished.split(1024)]
        whole = self.discriminator(written).sigmoid()
        self.discriminator.train()
        before = torch.cat(believed).view(length - 1, tries, count).mean(1)
        return torch.cat([before, whole[None]]).T

    def generated(self, count: int, given: Any = None) -> Tokens:
        """Return sentences of the generator; no gradient flows through words."""
        return Tokens(self.generator.write(count, self.spec.shape[0]))

    def judgement(self, batch: Tokens) -> Tensor:
        """Return the logits of sentences: above zero for real."""
        logits: Tensor = self.discriminator(batch.token)
        return logits

    @verb
    def sample(self, count: int) -> Annotated[Tensor, Words]:
        """Return `count` sentences [count L]."""
        return self.generated(count).token

    @verb
    def evaluate(self, batch: Tokens) -> dict[str, Tensor]:
        """Return the generator's own negative log-likelihood of real sentences, nats a word."""
        return {"nll": -self.generator(batch.token).mean()}
