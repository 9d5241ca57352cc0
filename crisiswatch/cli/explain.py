"""`crisiswatch explain`: why an incident was opened, what is behind it, and the same figures worked out again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import sqrt
from pathlib import Path

from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.story import range_words
from crisiswatch.alerts.words import about, clean, clip, exact, mask, moment, percent, rarity, roughly, span
from crisiswatch.cli import page
from crisiswatch.cli.again import Again, work_out_again
from crisiswatch.cli.incidents import find
from crisiswatch.cli.open import load_config, opened_store
from crisiswatch.cli.page import Format
from crisiswatch.config import Loaded
from crisiswatch.model import Incident, Reading, Reasons
from crisiswatch.rules.filters import Admission
from crisiswatch.rules.model import MentionFilter
from crisiswatch.store import IncidentEvent, Store, StoredMention
from crisiswatch.store.codec import signals_to_dict

__all__ = ["explain"]

_MOST = 5000
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class _Explained:
    """What is known of the incident's opening: the event, the mentions behind it, and the second calculation."""

    event: IncidentEvent
    now: Incident
    mentions: list[StoredMention]
    again: Again


def explain(incident: str, config: Path, answer: Format, posts: int) -> int:
    """0: the stored mentions give the same figures again; 1: they do not."""
    loaded = load_config(config)
    with opened_store(loaded) as store:
        now = find(store, incident)
        event = store.incident_events(incident)[0]
        mentions = list(_behind(store, loaded, event.incident))
        again = work_out_again(store, loaded, event.incident)
    explained = _Explained(event, now, mentions, again)
    if answer is Format.JSON:
        page.print_json(_json(explained, posts))
    else:
        _show(explained, loaded, posts)
    return 0 if again.same else 1


def _behind(store: Store, loaded: Loaded, incident: Incident) -> Iterator[StoredMention]:
    """The mentions of the opening window that the rule counts, oldest first."""
    filters = {rule.id: rule.mentions for rule in loaded.ruleset.rules}
    admission = Admission(filters.get(incident.rule, MentionFilter()))
    reading = incident.reading
    found = list(store.evidence_mentions(incident.brand, reading.start, reading.end, _MOST))
    for each in reversed(found):
        if not each.purged and admission.admits(each.mention, each.score.label, each.signals):
            yield each


def _json(explained: _Explained, posts: int) -> dict[str, object]:
    incident, again = explained.event.incident, explained.again
    return {
        "incident": incident.id,
        "brand": incident.brand,
        "rule": incident.rule,
        "level": incident.level.word,
        "opened_at": incident.opened_at,
        **_figures(incident.reading),
        "gates": [
            {
                "measure": gate.measure,
                "operator": gate.operator,
                "bound": gate.bound,
                "value": gate.value,
                "held": gate.held,
                "says": reason(gate).sentence,
            }
            for gate in incident.gates
        ],
        "behind": len(explained.mentions),
        "posts": [_post_json(each) for each in explained.mentions[:posts]],
        "again": {
            "same": again.same,
            "why_not": again.why_not,
            "mentions_read": again.mentions,
            **({} if again.incident is None else _figures(again.incident.reading)),
        },
    }


def _figures(reading: Reading) -> dict[str, object]:
    return {
        "window": {"start": reading.start, "end": reading.end},
        "observed": reading.observed,
        "expected": reading.expected,
        "low": reading.low,
        "high": reading.high,
        "false_alarms_per_month": reading.false_alarms_per_month,
        "organic": reading.organic,
        "authors": reading.authors,
        "sources": list(reading.sources),
        "share": reading.share,
        "reasons": None if reading.reasons is None else asdict(reading.reasons),
        "signals": None if reading.signals is None else signals_to_dict(reading.signals),
    }


def _post_json(each: StoredMention) -> dict[str, object]:
    mention = each.mention
    return {
        "uid": mention.uid,
        "source": mention.source,
        "created_at": mention.created_at,
        "text": mention.text,
        "url": mention.url,
        "negative": round(each.score.negative, 4),
    }


# -- for people -------------------------------------------------------------------------------------------------------


def _show(explained: _Explained, loaded: Loaded, posts: int) -> None:
    incident = explained.event.incident
    brand = next((each for each in loaded.settings.brands if each.id == incident.brand), None)
    opened = moment(incident.opened_at) if brand is None else moment(incident.opened_at, brand.timezone)
    page.line(f"{incident.id}: {clean(incident.title)}", style="bold")
    page.line(f"Opened as {incident.level.word} on {opened}; {_since(explained.now)}.", indent=2)
    if incident.because:
        page.line(clean(incident.because), indent=2)
    page.heading("What was seen when it opened")
    page.facts(_rows(incident.reading))
    page.heading("What the rule asked for")
    marks = {True: "yes", False: "no", None: "?"}
    sentences = [reason(gate) for gate in incident.gates]
    page.facts([(marks[each.held], each.sentence) for each in sentences])
    _blind(incident)
    _posts(explained.mentions, posts)
    _again(explained)


def _since(incident: Incident) -> str:
    peak = f"its peak was {incident.peak_level.word}"
    if incident.resolved_at is None:
        return f"{peak}; it is {incident.phase.value}"
    return f"{peak}; it lasted {span(incident.resolved_at - incident.opened_at)}"


def _rows(reading: Reading) -> list[tuple[str, str]]:
    window = f"{page.time_of(reading.start)} to {reading.end:%H:%M} UTC ({span(reading.end - reading.start)})"
    rows = [
        ("window", window),
        ("observed", agreed("en", f"{exact(reading.observed)} mentions that match, of {exact(reading.total)}")),
        *([] if reading.organic is None else [("organic", f"{exact(reading.organic)} with copies discounted")]),
        ("expected", _expected(reading)),
        ("by chance", _rarity(reading)),
        ("accounts", exact(reading.authors)),
        ("sources", ", ".join(clean(each) for each in reading.sources) or "-"),
    ]
    if reading.signals is not None:
        said = reading.signals
        rows.append(("of them", f"{exact(said.complaints)} complain, {exact(said.questions)} ask"))
        if said.categories:
            grave = ", ".join(f"{clean(name)} in {exact(count)}" for name, count in said.categories)
            rows.append(("grave words", f"{grave}; severity {said.severity:.3g}"))
    if reading.share is not None:
        rows.append(("share", f"{percent(reading.share)} of what was said"))
    return rows if reading.reasons is None else [*rows, *_reasons(reading, reading.reasons)]


def _reasons(reading: Reading, why: Reasons) -> list[tuple[str, str]]:
    """What the detector saw in the window that carried it, and what it holds for usual."""
    strongest = f"over {span(timedelta(minutes=why.minutes))}: {roughly(why.observed)} (copies discounted),"
    day = f"{_DAYS[(reading.end - timedelta(minutes=1)).weekday()]}s"
    scatter = sqrt(1 / max(why.expected, 0.1) + why.dispersion)
    seasons = (
        f"this hour of the day usually has {why.hour_of_day:.1f} times that, {day} {why.day_of_week:.1f} times, "
        f"this hour on {day} {why.hour_of_week:.1f} times"
    )
    rows = [
        ("strongest", f"{strongest} usually {roughly(why.expected)} ({range_words(why.low, why.high)})"),
        *([] if why.since is None else [("began", f"about {moment(why.since)}")]),
        ("next hour", f"{roughly(why.next_hour)}, if it goes on like this"),
        ("usual rate", f"{why.level:.3g} an hour on average; {seasons} (UTC)"),
        ("scatter", f"such counts spread by about {percent(scatter)} around the usual (dispersion {why.dispersion:g})"),
    ]
    if why.share is not None:
        rows.append(
            ("mood", f"{percent(why.share)} of what was said matched in it, usually {percent(why.usual_share)}")
        )
    return rows


def _expected(reading: Reading) -> str:
    if reading.expected is None:
        return "not asked by this rule"
    if reading.low is None or reading.high is None:
        return about(reading.expected)
    return f"{reading.expected:.3g} (nine times in ten {reading.low:.3g} to {reading.high:.3g})"


def _rarity(reading: Reading) -> str:
    if reading.false_alarms_per_month is None:
        return "not asked by this rule"
    learning = ", but the baseline was still learning" if reading.learning else ""
    return f"{rarity(reading.false_alarms_per_month)} ({reading.false_alarms_per_month:g} a month){learning}"


def _blind(incident: Incident) -> None:
    if not incident.blind:
        return
    page.heading("What could not be seen")
    rows = [
        (clean(each.source), page.time_of(each.since), page.time_of(each.until), each.reason) for each in incident.blind
    ]
    page.table(("source", "from (UTC)", "to", "why"), rows)


def _posts(mentions: list[StoredMention], posts: int) -> None:
    shown = mentions[:posts]
    page.heading(f"Behind it: {page.counted(len(mentions), 'stored mention')}" + (", the first:" if shown else ""))
    for each in shown:
        mention = each.mention
        author = f" {mask(mention.author_id)}" if mention.author_id else ""
        page.facts([(f"{mention.created_at:%H:%M} {clean(mention.source)}{author}", clip(clean(mention.text), 280))])


def _again(explained: _Explained) -> None:
    again = explained.again
    read = page.counted(again.mentions, "stored mention")
    page.heading("Worked out again")
    if again.same:
        page.line(f"{read} through the same rules: the same figures.", style="green", indent=2)
        return
    page.line(f"{read} through the rules as they are now: not the same. {again.why_not}", style="yellow", indent=2)
    if again.incident is not None:
        page.facts(_rows(again.incident.reading))
