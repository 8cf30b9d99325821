"""The doctor's verdicts for a page."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from liangyi.doctor.verdict import Verdict


def diagnosis(verdicts: Sequence[Verdict]) -> str:
    """Write verdicts: quietly where all is well, else what was seen and what to try."""
    return "".join(_well(v) if v.healthy else _ill(v) for v in verdicts)


def _well(verdict: Verdict) -> str:
    beside = f" <span>{escape(verdict.evidence)}</span>" if verdict.evidence else ""
    name = f"<strong>{escape(verdict.name)}</strong>"
    return f'<div class="verdict well">{name}{beside}{_advice(verdict)}</div>'


def _ill(verdict: Verdict) -> str:
    since = f'<span class="quiet">since step {verdict.since:,}</span>'
    evidence = f"<p>{escape(verdict.evidence)}</p>" if verdict.evidence else ""
    name = f"<h3>{escape(verdict.name)}</h3>"
    return f'<div class="verdict"><div>{name}{since}</div>{evidence}{_advice(verdict)}</div>'


def _advice(verdict: Verdict) -> str:
    return f"<p><strong>Try:</strong> {escape(verdict.advice)}</p>" if verdict.advice else ""
