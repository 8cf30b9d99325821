"""SeqGAN: a generator of words, which no gradient can pass, learns by policy gradient.

Yu, Zhang, Wang and Yu, "SeqGAN: sequence generative adversarial nets with policy gradient",
arXiv:1609.05473, algorithm 1. Writing a word is an action, and its worth is what the discriminator
thinks of the sentences that may follow (equations 2 to 4, 8):

    max_G  E sum_t Q(y_1 ... y_t) log G(y_t | y_1 ... y_t-1),
    Q = the mean of D over sentences that the roll-out policy completes at random

First the generator learns by maximum likelihood, then the discriminator by telling real from
written, then they take turns. A step is one turn of one player on one batch.

Changed from `gan`: a policy gradient instead of the gradient through D; the stages.

Departures: the discriminator sees fresh sentences in every turn, and has 15 turns after one of the
generator, where the authors' code has 2,340; neither the norm of the generator's gradient is
bounded, nor the discriminator's last layer. What a reward is worth: `liangyi lab rewards`.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar

import torch
from annotated_types import Ge
from torch import Tensor, nn

from liangyi.core import processes
from liangyi.core.batch import Tokens
from liangyi.core.config import Config, Count, Natural, Positive, Share, Training
from liangyi.core.errors import UserError
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Words
from liangyi.losses import adversarial, policy
from liangyi.nets.recurrent import Reader, Writer

_LONGEST = 200  # words of a sentence
Temperature = Annotated[float, Ge(1e-3), "below 1: likelier words, less various"]


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
    pretrain_steps: Natural = 600  # steps of the discriminator before the game; authors: 23,400
    discriminator_steps: Count = 15  # its turns after each generator turn; authors: 2,340
    # random completions of every prefix; 0: each word is worth what its sentence is
    rollouts: Natural = 16
    baseline: bool = False  # subtract the batch's mean reward at each position
    lag: Share = 0.8  # share of its old weights that the roll-out policy keeps at each turn
    learning_rate: Positive = 1e-2  # Adam's, of the generator while it learns by likelihood
    policy_rate: Positive = 1e-2  # of the game's own Adam, of the generator
    discriminator_rate: Positive = 1e-4  # Adam's, of the discriminator


@register("seqgan")
class SeqGAN(Model):
    """SeqGAN: a generator of words, which no gradient can pass, learns by policy gradient."""

    Config = SeqGANConfig
    eats = (Tokens,)
    data = "oracle"
    whole_batch = True  # the baseline is a mean over it, and the roll-out follows once a step
    adversary = "logits"
    recipe = Training(steps=20_280, batch_size=64, average=0, sample_every=500)
    tiny: ClassVar = {
        "width": 8, "reader_width": 8, "windows": (1, 2), "filters": (4, 4),
        "likelihood_steps": 1, "pretrain_steps": 1, "discriminator_steps": 1, "rollouts": 2,
    }  # fmt: skip
    tiny_data: ClassVar = {"data": "oracle", "vocabulary": 12, "length": 5}

    def networks(self) -> None:
        """Build the writer, its roll-out copy and the reader."""
        config, words = self.config, self.spec["token"]
        assert isinstance(words, Words)
        if words.length > _LONGEST:
            raise UserError(
                f"{words.length:,} words are no sentence, whose every prefix would be completed; "
                "with a length each line of a text is one", setting="length", better=20,
            )  # fmt: skip
        self.generator = Writer(words.count, config.width, words.end)
        self.rollout = copy.deepcopy(self.generator)
        self.discriminator = Reader(words.count, words.length, config.reader_width, config.windows,
                                    config.filters, config.dropout)  # fmt: skip

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

    @property
    def policy(self) -> tuple[nn.Module, ...]:
        """The generator in the game: its Adam knows nothing of the gradients of likelihood."""
        return tuple(self.generator.children())

    def optimizer(self, player: str, weights: list[nn.Parameter]) -> torch.optim.Optimizer:
        """Return Adam at the player's own rate."""
        config = self.config
        rates = {"generator": config.learning_rate, "discriminator": config.discriminator_rate}
        return torch.optim.Adam(weights, lr=rates.get(player, config.policy_rate), fused=True)

    def updates(self, batch: Tokens, step: int) -> Iterator[Update]:
        """Algorithm 1, a turn of one player."""
        _, pretraining, game, _ = self.stages
        if step < pretraining:
            loss = self.nats(batch.token, self.generator(batch.token))
            yield Update(self.generator, loss, nll=loss)
        elif step >= game and (step - game) % (1 + self.config.discriminator_steps) == 0:
            if step == game:
                self.rollout.load_state_dict(self.generator.state_dict())
            with torch.no_grad():
                written = self.generator.write(*batch.token.shape)
                reward = self.rewards(written)
            score = self.generator(written)
            advantage = reward - mean(reward) if self.config.baseline else reward
            loss = policy.reinforce(score, advantage)
            yield Update(self.policy, loss, reward=reward.mean(), entropy=self.nats(written, score))
            with torch.no_grad():
                pairs = zip(self.rollout.parameters(), self.generator.parameters(), strict=True)
                for old, new in pairs:
                    old.lerp_(new, 1 - self.config.lag)
        else:
            with torch.no_grad():
                written = self.generator.write(*batch.token.shape)
            real, fake = self.discriminator(torch.cat([batch.token, written])).chunk(2)
            loss = adversarial.discriminator(real, fake)
            yield Update(self.discriminator, loss, discriminator=loss)

    def nats(self, token: Tensor, score: Tensor) -> Tensor:
        """Return -log p a word of sentences [N L], of the scores of their words [N L]."""
        return -score.sum() / self.generator.words(token)

    def rewards(self, written: Tensor) -> Tensor:
        """Return Q of each word of sentences [N L]: equation 4."""
        tries, (count, length) = self.config.rollouts, written.shape
        self.discriminator.eval()  # a judgement should not depend on dropout's luck
        whole = self.worth(written)
        if not tries:
            self.discriminator.train()
            return whole[:, None].expand(-1, length)
        finished = self.rollout.finish(written, tries).flatten(0, 2)
        believed = [self.worth(part) for part in finished.split(1024)]
        self.discriminator.train()
        before = torch.cat(believed).view(length - 1, tries, count).mean(1)
        return torch.cat([before, whole[None]]).T

    def worth(self, token: Tensor) -> Tensor:
        """Return what whole sentences [N L] are worth: D of each, [N]."""
        return torch.sigmoid(self.discriminator(token).float())

    def generated(self, count: int, given: Any = None) -> Tokens:
        """Return sentences of the generator; no gradient flows through words."""
        return Tokens(self.generator.write(count, self.spec.shape[0]))

    def judgement(self, batch: Tokens) -> Tensor:
        """Return the logits of sentences: above zero for real."""
        logits: Tensor = self.discriminator(batch.token)
        return logits

    @verb
    def sample(self, count: int, temperature: Temperature = 1.0) -> Annotated[Tensor, Words]:
        """Return `count` sentences [count L]."""
        return self.generator.write(count, self.spec.shape[0], temperature)

    @verb
    def evaluate(self, batch: Tokens, temperature: Temperature = 1.0) -> dict[str, Tensor]:
        """Return the generator's own negative log-likelihood of real sentences, nats a word."""
        return {"nll": self.nats(batch.token, self.generator(batch.token, temperature))}

    def means_over(self, batch: Tokens) -> dict[str, float]:
        """Return the number of words, over which the likelihood is a mean."""
        return {"nll": float(self.generator.words(batch.token))}


def mean(reward: Tensor) -> Tensor:
    """Return the mean reward [L] of each position in the joined batch, of which this is a share."""
    found = reward.mean(0)
    processes.average([found])
    return found
