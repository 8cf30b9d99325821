"""What happens in a session, as values that a command line, a notebook or a test reads."""

from __future__ import annotations

from dataclasses import dataclass

from liangyi.training.trainer import Report


@dataclass(frozen=True)
class Began:
    """The training is about to make its first step here."""

    made: int  # steps that were made already
    total: int  # steps in all


@dataclass(frozen=True)
class Message:
    """A line for people."""

    text: str


@dataclass(frozen=True)
class Stepped:
    """A step was made, and everything that was due after it is on the disk."""

    report: Report

    @property
    def step(self) -> int:
        """Steps made so far."""
        return self.report.step


@dataclass(frozen=True)
class Rewound:
    """The training diverged and went back to a healthy checkpoint, at a lower rate."""

    failed_at: int
    step: int
    factor: float  # of all learning rates from now on
    reason: str


@dataclass(frozen=True)
class Ended:
    """Nothing more happens here."""

    step: int
    finished: bool  # the last step was made; else it was stopped and can be resumed


Event = Began | Message | Stepped | Rewound | Ended
