"""Samples of public collections of rankings, from where they lie under LIANGYI_DATA."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from liangyi.core.errors import UserError
from liangyi.core.spec import Spec
from liangyi.data.places import root
from liangyi.data.source import source
from liangyi.data.tables.letor import Documents, spec_of


class Sample(Documents):
    """A collection whose files have known names, in the folder `ranking`."""

    names: ClassVar[tuple[str, str]]  # what is learned from, and what is not
    most: ClassVar[int]  # documents of a query
    width: ClassVar[int]  # features
    grades: ClassVar[int]

    def spec(self) -> Spec:
        """Return what a query looks like, without reading any."""
        return spec_of(self.width, self.most, self.grades)

    def files(self) -> tuple[Path, Path | None]:
        """Return the file that is learned from, and the one that is not.

        Raises:
            UserError: they are not there.
        """
        train, test = (root() / "ranking" / name for name in self.names)
        for path in (train, test):
            if not path.is_file():
                raise UserError(
                    f"{self.registered}: there is no {path}; LIANGYI_DATA may point at a copy, and "
                    "a file of your own has a path"
                )
        return train, test


@source("mq2008", "105 queries of LETOR's MQ2008, 46 features a document; under LIANGYI_DATA")
class MQ2008(Sample):
    """Qin and Liu, "Introducing LETOR 4.0 datasets", arXiv:1306.2597; a sample of one fold."""

    names = ("mq2008_sample_val.txt.gz", "mq2008_sample_test.txt.gz")
    most, width, grades = 117, 46, 3


@source("lightgbm-rank", "251 queries of LightGBM's example, 300 features; under LIANGYI_DATA")
class LightGBMRank(Sample):
    """The example `lambdarank` that comes with LightGBM."""

    names = ("lightgbm_rank.train.gz", "lightgbm_rank.test.gz")
    most, width, grades = 27, 300, 5
