"""Addition RNN: a recurrent network reads a sum, symbol by symbol, and writes down the answer.

Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks", arXiv:1409.3215,
in the form of Keras' example `addition_rnn`; the task is from Zaremba and Sutskever, "Learning to
execute", arXiv:1410.4615. One LSTM folds the question into its last state, a second one, which sees
that state at each of its times, unfolds the answer:

    min  -E sum_t log p(answer_t | question),   p = softmax(W LSTM(repeat(LSTM(question))) + b)

The question is read backwards, so that what is read last, the beginning, stands near to what is
written first.

Departures from the example: gates pass a sigmoid, not the piecewise linear one of Keras before 2.3;
answers are those of averaged weights (`--average 0` for the last ones).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from liangyi.core.batch import Questions
from liangyi.core.config import Config, Count, Positive, Training
from liangyi.core.model import Model, Update, verb
from liangyi.core.registry import register
from liangyi.core.spec import Words
from liangyi.nets.lstm import LSTM, OneHot, Repeat
from liangyi.nets.weights import glorot


@dataclass(frozen=True, kw_only=True)
class AdditionRNNConfig(Config):
    """Settings of the two LSTMs."""

    width: Count = 128  # memory cells of each
    reverse: bool = True  # read the question from its end
    learning_rate: Positive = 1e-3  # Adam's


@register("addition-rnn")
class AdditionRNN(Model):
    """Addition RNN: a recurrent network reads a sum and writes down the answer."""

    Config = AdditionRNNConfig
    eats = (Questions,)
    data = "additions"
    recipe = Training(epochs=100, batch_size=128, log_every=100, sample_every=1000,
                      examine_every=1000, checkpoint_every=2000)  # fmt: skip
    tiny: ClassVar = {"width": 8}
    tiny_data: ClassVar = {"data": "additions", "digits": 2, "questions": 400}

    def networks(self) -> None:
        """Build what reads, what writes, and what names each symbol."""
        question, answer = self.spec["question"], self.spec["answer"]
        assert isinstance(question, Words) and isinstance(answer, Words)
        width = self.config.width
        output = nn.Linear(width, answer.count)
        glorot(output)
        self.network = nn.Sequential(
            OneHot(question.count),
            LSTM(question.count, width, last=True),
            Repeat(answer.length),
            LSTM(width, width),
            output,
        )

    def forward(self, question: Tensor) -> Tensor:
        """Return logits [N A V] of the answers' symbols for questions [N Q]; differentiable."""
        read = question.flip(1) if self.config.reverse else question
        logits: Tensor = self.network(read)
        return logits.float()

    def updates(self, batch: Questions, step: int) -> Iterator[Update]:
        """One step towards the answers."""
        logits = self(batch.question)
        loss = cross_entropy(logits.flatten(0, 1), batch.answer.flatten())
        accuracy = (logits.argmax(2) == batch.answer).float().mean()
        yield Update(self, loss, loss=loss, accuracy=accuracy)

    @verb
    def answer(self, question: Tensor) -> Annotated[Tensor, Words]:
        """Return answers [N A] of questions [N Q]."""
        logits: Tensor = self(question)
        return logits.argmax(2)

    @verb
    def evaluate(self, batch: Questions) -> dict[str, Tensor]:
        """Return the loss, and the shares of symbols and of whole answers that are right."""
        logits = self(batch.question)
        right = logits.argmax(2) == batch.answer
        return {
            "loss": cross_entropy(logits.flatten(0, 1), batch.answer.flatten()),
            "accuracy": right.float().mean(),
            "exact_match": right.all(1).float().mean(),
        }
