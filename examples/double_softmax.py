"""The mistake of a widespread notebook: softmax applied twice (see docs/zoo/mnist-mlp.md).

From the command line: liangyi train examples/double_softmax.py
"""

import sys
from pathlib import Path

from torch.nn.functional import cross_entropy

import liangyi
from liangyi import Update
from liangyi.zoo.vision.mnist_mlp import MnistMLP


@liangyi.register("double-softmax")
class DoubleSoftmax(MnistMLP):
    """Double softmax: the classifier of Nature 323 (1986), its loss given probabilities."""

    def updates(self, batch, step):
        """Cross entropy takes logits, and makes probabilities of what are probabilities already."""
        probabilities = self(batch.image).softmax(1)
        loss = cross_entropy(probabilities, batch.label)
        yield Update(self, loss, loss=loss)


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("runs/double-softmax")
    data = sys.argv[3] if len(sys.argv) > 3 else "mnist"
    run = liangyi.train("double-softmax", data, out=place, steps=steps)
    print(run, *liangyi.score(run), sep="\n")
