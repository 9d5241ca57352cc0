"""The status page: one answer first (calm, not calm, or blind), then what stands behind it.

Numbers, names and times only; no text and no author of a mention. A page loads nothing from anywhere: its style is in
it and allowed by hash.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined, Template

from crisiswatch.web.state import SourceView, StatusView

__all__ = ["FEEDBACK_STYLE", "INCIDENT_STYLE", "LINK_STYLE", "POLICY", "render_status", "template"]

_FOLDER = resources.files("crisiswatch.web") / "templates"
_STYLE = (_FOLDER / "status.css").read_text(encoding="utf-8")
FEEDBACK_STYLE = _STYLE + (_FOLDER / "feedback.css").read_text(encoding="utf-8")
"""The style of the page where people label: that of the status page, and some more."""
LINK_STYLE = _STYLE + (_FOLDER / "link.css").read_text(encoding="utf-8")
"""The style of the page behind a link in a message."""
INCIDENT_STYLE = _STYLE + (_FOLDER / "incident.css").read_text(encoding="utf-8")
"""The style of the page of an incident."""
_HASHES = " ".join(
    f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    for style in (_STYLE, FEEDBACK_STYLE, LINK_STYLE, INCIDENT_STYLE)
)
POLICY = (
    f"default-src 'none'; img-src 'self'; style-src {_HASHES}; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_RESOLVED_SHOWN = 5
_NOTHING = "\N{EN DASH}"
_REASONS = {
    "silent": "silent for longer than usual",
    "failing": "cannot be reached",
    "rejected": "refuses us, or is not there: doctor --online says what to do",
    "rate_limited": "limits our calls",
    "out_of_budget": "budget used up",
}


@dataclass(frozen=True, slots=True)
class _Verdict:
    """The page's first line: ``kind`` (calm, learning, blind, watch, warning or critical), a word and a sentence."""

    kind: str
    word: str
    sentence: str


def render_status(status: StatusView, incidents: Sequence[Mapping[str, Any]], *, labels: bool = False) -> str:
    """Render the page; ``labels`` says whether there is one where people label, to link to.

    Whatever is missing from the views is shown as unknown, never as zero.
    """
    opened = [each for each in incidents if each.get("open", True)]
    resolved = [each for each in incidents if not each.get("open", True)]
    return _template().render(
        style=_STYLE,
        status=status,
        labels=labels,
        now=status.get("now"),
        verdict=_verdict(status, opened),
        opened=sorted(opened, key=_weight),
        resolved=sorted(resolved, key=_end, reverse=True)[:_RESOLVED_SHOWN],
    )


def _verdict(status: StatusView, opened: Sequence[Mapping[str, Any]]) -> _Verdict:
    sources = status.get("sources", ())
    blind = [source for source in sources if source.get("healthy") is False]
    tail = _blind_sentence(blind, len(sources))
    live = [each for each in opened if not each.get("trial")]
    if live:
        worst = min(live, key=_weight)
        number = f"{len(live)} open incident{'' if len(live) == 1 else 's'}"
        return _Verdict(worst.get("level", "warning"), "Not calm", f"{number}. {tail}".strip())
    if blind:
        return _Verdict("blind", "Blind", f"{tail} No incident is open, but silence is not calm.")
    waiting = [source for source in sources if source.get("healthy") is None]
    if waiting:
        return _Verdict("learning", "Starting", f"{_count(len(waiting), 'source')} not heard from yet.")
    brands = status.get("brands", ())
    learning = [brand for brand in brands if brand.get("expected") is None]
    if learning:
        sentence = f"No incident is open. What is normal is still being learnt for {_count(len(learning), 'brand')}."
        return _Verdict("learning", "Learning", sentence)
    verb = "is" if len(sources) == 1 else "are"
    return _Verdict("calm", "Calm", f"No incident is open and {_count(len(sources), 'source')} {verb} being heard.")


def _blind_sentence(blind: Sequence[SourceView], total: int) -> str:
    if not blind:
        return ""
    names = ", ".join(source.get("id", "?") for source in blind)
    return f"{len(blind)} of {_count(total, 'source')} cannot be heard: {names}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _weight(incident: Mapping[str, Any]) -> tuple[int, str]:
    order = {"critical": 0, "warning": 1, "watch": 2}
    return order.get(incident.get("level", ""), 3), str(incident.get("opened_at", ""))


def _end(incident: Mapping[str, Any]) -> str:
    return str(incident.get("resolved_at") or "")


# --- filters: how a value reads


def _number(value: float | None) -> str:
    """``12.34`` -> ``12``, ``1.26`` -> ``1.3``, ``12000`` -> ``12,000``, None -> a dash."""
    if value is None:
        return _NOTHING
    if 0 < abs(value) < 10 and abs(value - round(value)) >= 0.05:
        return f"{value:.1f}"
    return f"{value:,.0f}"


def _counted(value: float | None, noun: str) -> str:
    """``1`` mention, ``12`` mentions."""
    return f"{_number(value)} {noun}{'' if value == 1 else 's'}"


def _clock(moment: datetime | None, now: datetime | None = None) -> str:
    """Say when, and how long ago that is: ``22 Nov 14:05 UTC (12 min ago)``."""
    if moment is None:
        return _NOTHING
    text = f"{moment.day} {moment:%b %H:%M} UTC"
    return text if now is None else f"{text} ({_span((now - moment).total_seconds())} ago)"


def _span(seconds: float | None) -> str:
    """Say a duration in the unit that fits: ``42 s``, ``12 min``, ``5 h``, ``3 days``."""
    if seconds is None:
        return _NOTHING
    seconds = max(0.0, seconds)
    for limit, unit, size in ((90, "s", 1), (5400, "min", 60), (172800, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} days"


def _by_chance(per_month: float | None) -> str:
    """Say a rate of false alarms as a person would: ``once in 10 months``."""
    if per_month is None:
        return "still learning"
    if per_month >= 60:
        return "ordinary"
    if per_month >= 1.5:
        return f"by chance {per_month:.0f} times a month"
    if per_month >= 0.7:
        return "by chance once a month"
    months = 1 / max(per_month, 1e-9)
    if months <= 24:
        return f"by chance once in {months:.0f} months"
    return f"by chance once in {months / 12:,.0f} years" if months < 12_000 else "practically never by chance"


def _reason(slug: str) -> str:
    return _REASONS.get(slug, slug or "unknown")


def _bars(values: Sequence[float], width: int = 180, height: int = 44) -> list[dict[str, float]]:
    """Place one bar per value in a box of ``width`` by ``height``; the last 48 are shown."""
    shown = [max(0.0, float(value)) for value in values][-48:]
    top = max(shown, default=0.0) or 1.0
    step = width / max(len(shown), 12)
    return [
        {
            "x": round(number * step, 2),
            "y": round(height - max(1.0, value / top * height), 2),
            "w": round(step * 0.78, 2),
            "h": round(max(1.0, value / top * height), 2),
        }
        for number, value in enumerate(shown)
    ]


@cache
def _template() -> Template:
    return template("status.html")


def template(name: str) -> Template:
    """A template of ours that escapes all it is given, with the filters above."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters.update(
        number=_number, counted=_counted, clock=_clock, span=_span, by_chance=_by_chance, reason=_reason, bars=_bars
    )
    return environment.from_string((_FOLDER / name).read_text(encoding="utf-8"))
