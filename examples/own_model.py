"""A paper in one file: least-squares GAN (Mao et al., arXiv:1611.04076), trained from Python.

From the command line: liangyi train examples/own_model.py
"""

import sys
from pathlib import Path

import liangyi
from liangyi import Update
from liangyi.core.batch import detached
from liangyi.zoo.adversarial.dcgan import DCGAN


@liangyi.register("own-lsgan")
class LSGAN(DCGAN):
    """LSGAN: a discriminator that measures squared distance (arXiv:1611.04076, equation 9)."""

    adversary = "values"

    def updates(self, batch, step):
        """Equation 9."""
        fake = self.generated(len(batch.image), given=batch)
        real_loss = (self.judgement(batch) - 1).square().mean()
        loss = 0.5 * (real_loss + self.judgement(detached(fake)).square().mean())
        yield Update(self.discriminator, loss, discriminator=loss)
        loss = 0.5 * (self.judgement(fake) - 1).square().mean()
        yield Update(self.generator, loss, generator=loss)


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path("runs/own-model")
    print(liangyi.train("own-lsgan", "digits", out=place, steps=steps, width=32))
