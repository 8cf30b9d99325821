"""Sessions: create a run, follow it, record it, report it."""

from __future__ import annotations

from liangyi.session.create import create
from liangyi.session.events import Began, Ended, Event, Message, Rewound, Stepped
from liangyi.session.session import Session

__all__ = ["Began", "Ended", "Event", "Message", "Rewound", "Session", "Stepped", "create"]
