from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest

from crisiswatch.model import Gate, Incident, Level, Phase, Reading, Reasons
from crisiswatch.web import StatusView, incident_view, render_status

NOW = datetime(2026, 3, 2, 14, 5, tzinfo=UTC)
CALM: StatusView = {
    "version": "0.1.0",
    "now": NOW,
    "brands": [
        {"id": "acme", "name": "Acme Coffee", "observed": 3.0, "expected": 2.4, "false_alarms_per_month": 900.0}
    ],
    "sources": [{"id": "news", "type": "feed", "healthy": True, "last_mention_at": NOW - timedelta(minutes=12)}],
    "receivers": [{"id": "pr-slack", "type": "slack", "pending": 0}],
}


def incident(**changes: object) -> Incident:
    reading = Reading(
        start=NOW - timedelta(minutes=15),
        end=NOW,
        observed=64,
        total=90,
        authors=41,
        sources=("news", "x"),
        expected=5.2,
        low=1,
        high=10,
        false_alarms_per_month=0.02,
    )
    values: dict[str, object] = {
        "id": "acme/negative-wave/7",
        "brand": "acme",
        "rule": "negative-wave",
        "title": "Unusual wave of negative mentions",
        "alert": "negative-wave",
        "version": 1,
        "phase": Phase.OPEN,
        "level": Level.WARNING,
        "peak_level": Level.WARNING,
        "opened_at": NOW - timedelta(minutes=20),
        "updated_at": NOW,
        "resolved_at": None,
        "levels": ((Level.WARNING, NOW - timedelta(minutes=20)),),
        "reading": reading,
        "peak": reading,
        "gates": (Gate("count", "at_least", 20, 64, held=True),),
        "mentions": 88,
        "authors": 52,
        "trend": (1, 2, 9, 30, 64),
    }
    return Incident(**(values | changes))


def text_of(html: str) -> str:
    class Text(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.parts: list[str] = []
            self.hidden = False

        def handle_starttag(self, tag: str, attrs: object) -> None:
            self.hidden = tag in ("style", "title")

        def handle_endtag(self, tag: str) -> None:
            self.hidden = False

        def handle_data(self, data: str) -> None:
            if not self.hidden:
                self.parts.append(data)

    parser = Text()
    parser.feed(html)
    return re.sub(r"\s+", " ", " ".join(parser.parts))


def with_source(**changes: object) -> StatusView:
    return {**CALM, "sources": [{**CALM["sources"][0], **changes}]}  # type: ignore[typeddict-item]


def test_calm_is_said_only_when_nothing_is_open_and_every_source_is_heard() -> None:
    page = text_of(render_status(CALM, []))
    assert "Calm No incident is open and 1 source is being heard." in page


def test_a_blind_source_is_never_called_calm() -> None:
    page = text_of(render_status(with_source(healthy=False, reason="silent"), []))
    assert "Blind 1 of 1 source cannot be heard: news. No incident is open, but silence is not calm." in page
    assert "silent for longer than usual" in page
    assert "Calm" not in page


def test_a_source_not_heard_yet_and_a_baseline_not_learnt_are_not_called_calm() -> None:
    assert "Starting 1 source not heard from yet." in text_of(render_status(with_source(healthy=None), []))
    learning: StatusView = {**CALM, "brands": [{"id": "acme", "expected": None}]}
    assert "What is normal is still being learnt for 1 brand." in text_of(render_status(learning, []))


def test_an_open_incident_shows_observed_against_usual_and_who_has_it() -> None:
    page = text_of(render_status(CALM, [incident_view(incident())]))
    assert "Not calm 1 open incident." in page
    assert "mentions in 15 min 64 usual 5.2" in page
    assert "by chance once in 4 years" in page
    assert "since 2 Mar 13:45 UTC (20 min ago)" in page
    assert "nobody has taken it yet" in page
    taken = incident_view(incident(acknowledged_by="duty-comms", acknowledged_at=NOW))
    assert "taken by duty-comms" in text_of(render_status(CALM, [taken]))


def test_an_open_incident_tells_since_when_and_what_comes_next() -> None:
    why = Reasons(
        minutes=60, observed=80.0, expected=21.0, low=11.0, high=34.0, since=NOW - timedelta(minutes=40),
        next_hour=210.0, level=12.0, hour_of_day=1.7, day_of_week=1.0, hour_of_week=1.0, dispersion=0.1, share=0.7,
        usual_share=0.3,
    )  # fmt: skip
    reading = replace(incident().reading, reasons=why)
    view = incident_view(incident(reading=reading, peak=reading))
    assert (view["began"], view["next_hour"]) == (NOW - timedelta(minutes=40), 210.0)
    page = text_of(render_status(CALM, [view]))
    assert "Strongest over 1 hour: about 80, usually about 21. Since about 13:25 UTC." in page
    assert "If it goes on like this, about 210 in the next hour." in page
    assert "next hour" not in text_of(render_status(CALM, [view | {"phase": "resolved"}]))


def test_the_worst_incident_comes_first_and_colours_the_verdict() -> None:
    critical = incident_view(incident(level=Level.CRITICAL, title="Someone says a product hurt them"))
    html = render_status(CALM, [incident_view(incident()), critical])
    assert 'class="verdict critical"' in html
    assert html.index("product hurt") < html.index("Unusual wave")


def test_a_trial_incident_is_shown_but_does_not_end_the_calm() -> None:
    page = text_of(render_status(CALM, [incident_view(incident(trial=True))]))
    assert "Calm" in page
    assert "trial, sends nothing" in page


def test_an_incident_without_a_baseline_says_that_usual_is_not_known() -> None:
    view = incident_view(incident()) | {"expected": None, "false_alarms_per_month": None}
    assert "usual not known" in text_of(render_status(CALM, [view]))


def test_resolved_incidents_are_listed_below_the_last_first() -> None:
    views = [
        incident_view(
            incident(title=f"wave {n}", phase=Phase.RESOLVED, resolved_at=NOW - timedelta(days=n), reason="calm")
        )
        for n in range(1, 9)
    ]
    page = text_of(render_status(CALM, views))
    assert "Calm" in page
    assert page.index("wave 1") < page.index("wave 5")
    assert "wave 6" not in page


def test_waiting_and_given_up_messages_are_shown() -> None:
    status: StatusView = {**CALM, "receivers": [{"id": "pr-mail", "pending": 3, "oldest_seconds": 700.0, "dead": 1}]}
    page = text_of(render_status(status, []))
    assert "1 given up" in page
    assert "3 waiting oldest for 12 min" in page


def test_problems_of_a_refused_reload_are_listed() -> None:
    status: StatusView = {**CALM, "problems": ["rules/a.yaml:3:5: CW012: unknown key"]}
    assert "rules/a.yaml:3:5: CW012: unknown key" in text_of(render_status(status, []))


def test_nothing_known_at_all_still_renders() -> None:
    page = text_of(render_status({}, [{}]))
    assert "No brand is configured." in page
    assert "None" not in page


def test_names_from_outside_are_escaped() -> None:
    status: StatusView = {**CALM, "brands": [{"id": "a", "name": "<script>alert(1)</script>", "expected": 1.0}]}
    html = render_status(status, [incident_view(incident(title='"><img src=x>', acknowledged_by="<b>x</b>"))])
    assert "<script" not in html
    assert "<img" not in html
    assert "<b>" not in html


def test_the_page_has_no_outside_resources_no_inline_styles_and_a_language() -> None:
    html = render_status(CALM, [incident_view(incident())])
    assert not re.findall(r"(?:src|href)=\"(?!#|/api|/incidents/)", html)
    assert not re.findall(r"\sstyle=", html)
    assert "url(" not in html
    assert '<html lang="en">' in html
    for header in re.findall(r"<th(?: [^>]*)?>", html):
        assert 'scope="' in header


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_pair_is_readable(theme: str) -> None:
    html = render_status(CALM, [])
    blocks = re.findall(r":root \{(.*?)\}", html, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", blocks[0 if theme == "light" else 1]))
    pairs = [("ink", "card"), ("ink", "ground"), ("soft", "card"), ("soft", "ground")]
    kinds = ("calm", "blind", "watch", "warning", "critical", "learning")
    pairs += [(kind, f"{kind}-ground") for kind in kinds] + [("ink", f"{kind}-ground") for kind in kinds]
    for front, back in pairs:
        assert contrast(colours[front], colours[back]) >= 4.5, (front, back)


def contrast(one: str, two: str) -> float:
    """The contrast ratio of WCAG 2.2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)
