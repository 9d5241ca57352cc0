"""From a delivery to the document every receiver renders: words from the alert file, figures from the incident."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, timedelta, tzinfo

from crisiswatch.alerts import people
from crisiswatch.alerts.agreement import agreed
from crisiswatch.alerts.blindness import blind_facts, warning
from crisiswatch.alerts.document import Document, Fact, Quote, Reason, Task
from crisiswatch.alerts.model import SHOWABLE, AlertDefinition, PlaybookStep, StageText, definition_for
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.reasons import reason
from crisiswatch.alerts.story import began, range_words, story
from crisiswatch.alerts.values import grave_words, placeholder_values, span_between, topics
from crisiswatch.alerts.words import (
    clean,
    clip,
    exact,
    language,
    listed,
    mask,
    moment,
    percent,
    rarity,
    roughly,
    safe_url,
    span,
    times,
)
from crisiswatch.model import Case, Delivery, Evidence, Incident, Post, Reading, SignalCounts, Stage, awaited

__all__ = ["Renderer", "build", "fill", "renderer"]

Renderer = Callable[[Delivery], Document]
"""What a notifier is given to turn a delivery into words."""

_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SHOWN_POSTS = 5


def build(
    definition: AlertDefinition,
    delivery: Delivery,
    brand_name: str,
    zone: tzinfo = UTC,
    names: Mapping[str, str] | None = None,
) -> Document:
    """The document for `delivery`. Never raises for what a post, a figure or a missing value may be.

    Times are told in `zone`, which is always named; `names` are those of other brands, by id.
    """
    incident, evidence, case, lang = delivery.incident, delivery.evidence, delivery.case, definition.language
    if definition.because:
        incident = replace(incident, because=definition.because)
    stage = people.looks_like(delivery.stage, incident, case)
    words = _stage_text(definition, people.looks_like(_edit_of(stage), incident, case), incident)
    show = frozenset(_shown(definition, words, stage))
    values = placeholder_values(incident, evidence, brand_name, zone, lang)
    over = stage is Stage.RESOLVED
    headline, summary = (over and _not_calm(incident, case, lang)) or (words.headline, words.summary)
    reading = incident.peak if over else incident.reading
    day = moment(incident.opened_at, zone, lang).partition(", ")[0] + ", "
    tasks = tuple(_task(step, incident, zone, lang) for step in definition.playbook[:12])
    return Document(
        brand=clip(clean(brand_name), 80),
        headline=clip(clean(fill(headline, values, lang)), 150),
        level=incident.peak_level if over else incident.level,
        stage=stage,
        opened_at=incident.opened_at,
        summary=clip(clean(fill(summary, values, lang)), 1000),
        status=people.status(incident, case, stage, zone, lang),
        facts=_facts(incident, evidence, zone, lang, places="sources" in show, over=over),
        trend=incident.trend if "chart" in show else (),
        warnings=() if incident.of_blindness else tuple(warning(blind, zone, lang) for blind in incident.blind[:3]),
        note=_note(reading, lang),
        because=clip(clean(incident.because), 300) if "why" in show else "",
        story=story(reading, began(incident), zone, lang) if "why" in show and not over else "",
        why=_why(incident, over, lang) if "why" in show else (),
        themes=topics(evidence) if "themes" in show else (),
        posts=_posts(evidence, day, zone, lang) if "top_posts" in show else (),
        steps=() if over else tasks if case is None else people.kept_tasks(case, tasks, zone, lang),
        footer=_footer(incident, lang, drill=delivery.drill),
        key=incident.id,
        link=delivery.link,
        sector="" if case is None else people.sector(case, names or {}, lang),
        reminder=people.reminder(delivery.reminder, zone, lang),
        criteria=tuple(clip(clean(each), 300) for each in definition.criteria[:8]) if awaited(case) else (),
        promises=() if case is None else people.promises(case, zone, lang),
        statements=() if over else _statements(definition, delivery, brand_name, zone),
        buttons=people.buttons(case, incident),
        drill=delivery.drill,
        language=lang,
        drill_word=phrase(lang, "drill_word"),
        drill_line=phrase(lang, "drill_over" if over else "drill"),
    )


def renderer(
    definitions: Mapping[str, AlertDefinition],
    brands: Mapping[str, str],
    zones: Mapping[str, tzinfo] | None = None,
    languages: Mapping[str, str] | None = None,
) -> Renderer:
    """A `Renderer` over alert definitions (see `definition_for`), brand names by id, and optionally a time zone and a
    language per brand.

    An alert that a reload removed while its incident was open falls back to plain words, so that the end of the
    incident is still told.
    """
    by_brand, spoken = zones or {}, languages or {}

    def render(delivery: Delivery) -> Document:
        incident = delivery.incident
        found = definition_for(definitions, incident.alert, spoken.get(incident.brand, "en"))
        definition = found or _fallback(incident, spoken.get(incident.brand, "en"))
        name, zone = brands.get(incident.brand, incident.brand), by_brand.get(incident.brand, UTC)
        return build(definition, delivery, name, zone, brands)

    return render


def fill(template: str, values: Mapping[str, str], lang: str = "en") -> str:
    """`template` with its placeholders filled; one without a value becomes words, never an error."""
    unknown = {"on_topic": ""}
    said = _PLACEHOLDER.sub(
        lambda match: values.get(match[1]) or unknown.get(match[1], phrase(lang, "unknown")), template
    )
    filled = agreed(lang, said)
    least = phrase(lang, "less_than_one")
    return filled.replace(phrase(lang, "about", n=least), least)


def _fallback(incident: Incident, lang: str) -> AlertDefinition:
    title = incident.title.replace("{", "(").replace("}", ")")
    opened = StageText("{brand}: " + title, phrase(lang, "fallback"))
    headline = f"{{brand}}: {phrase(lang, 'over')}: {title}"
    over = StageText(headline, phrase(lang, "fallback_over"), ("chart", "sources"))
    return AlertDefinition(
        id=incident.alert, opened=opened, escalated=opened, calming=opened, resolved=over, playbook=(), language=lang
    )


def _stage_text(definition: AlertDefinition, stage: Stage, incident: Incident) -> StageText:
    if stage in {Stage.OPENED, Stage.UPDATED, Stage.REMINDED}:  # somebody's first message may come after it got worse
        stage = Stage.ESCALATED if len(incident.levels) > 1 else Stage.OPENED
    texts = {
        Stage.OPENED: definition.opened,
        Stage.ESCALATED: definition.escalated,
        Stage.CALMING: definition.calming,
        Stage.RESOLVED: definition.resolved,
    }
    return texts[stage]


def _not_calm(incident: Incident, case: Case | None, lang: str) -> tuple[str, str] | None:
    """Headline and summary of an end that is not the calm of which an alert's own words tell."""
    ending = ("" if case is None else case.ending) or incident.reason
    headline = phrase(lang, f"over_{ending}")
    return (headline, phrase(lang, "over_so_far", title=incident.title.replace("{", "("))) if headline else None


def _edit_of(stage: Stage) -> Stage:
    """A reminder has the words the message has anyway."""
    return Stage.UPDATED if stage is Stage.REMINDED else stage


def _statements(
    definition: AlertDefinition, delivery: Delivery, brand_name: str, zone: tzinfo
) -> tuple[tuple[str, str], ...]:
    """The holding statements with the incident's facts in them, each in its own language, the alert's own first.

    Themes have their names in the alert's language, so that a statement in another one goes without.
    """
    incident, evidence, found = delivery.incident, delivery.evidence, []
    for lang, text in sorted(definition.statements, key=lambda each: each[0] != definition.language)[:8]:
        about = evidence if lang == definition.language else replace(evidence, topics=())
        values = placeholder_values(incident, about, brand_name, zone, lang)
        found.append((lang, clip(clean(fill(text, values, lang)), 2000)))
    return tuple(found)


def _shown(definition: AlertDefinition, words: StageText, stage: Stage) -> tuple[str, ...]:
    """A stage that does not say what to show shows what the first message showed.

    At the end the gates are left out unless asked for: they no longer hold, so they are no reason for anything.
    """
    if words.show:
        return words.show
    first = definition.opened.show or tuple(SHOWABLE)
    return tuple(part for part in first if part != "why") if stage is Stage.RESOLVED else first


def _facts(
    incident: Incident, evidence: Evidence, zone: tzinfo, lang: str, *, places: bool, over: bool
) -> tuple[Fact, ...]:
    """At most ten figures, the most telling first."""
    reading = incident.peak if over else incident.reading
    opened = _opened(incident, over, zone, lang)
    if incident.of_blindness:
        return blind_facts(incident, zone, opened.partition(";")[0], lang)
    window = span(span_between(reading.start, reading.end), lang)
    now = phrase(lang, "in_window", n=exact(reading.observed, lang), window=window)
    found = [
        ("peak" if over else "now", now),
        ("normal", _normal(reading, lang)),
        ("times", times(reading.observed, reading.expected, lang)),
        ("chance", rarity(reading.false_alarms_per_month, lang)),
        ("accounts", _accounts(reading, lang)),
        ("opened", opened),
    ]
    if reading.signals is not None and (reading.signals.complaints or reading.signals.questions):
        found.append(("complaints", _complaints(reading, lang)))
    if reading.share is not None:
        found.append(("share", percent(reading.share, lang)))
    if reading.reach is not None:
        found.append(("reach", phrase(lang, "people", n=exact(reading.reach, lang))))
    if places:
        found.append(("sources", _places(evidence.sources, reading.sources, lang)))
        if evidence.languages:
            named = {language(tag, lang): 0 for tag in evidence.languages}
            for tag, count in evidence.languages.items():
                named[language(tag, lang)] += count
            found.append(("languages", listed(named, lang=lang)))
    return tuple(Fact(phrase(lang, f"fact.{name}"), value) for name, value in found[:10])


def _why(incident: Incident, over: bool, lang: str) -> tuple[Reason, ...]:
    """The rule's conditions, and the grave words that were found: they make an alert more urgent, if not opened it."""
    kinds = [phrase(lang, "grave_in", name=name, n=exact(n, lang)) for name, n in grave_words(incident, lang)[:5]]
    found = () if over or not kinds else (Reason(phrase(lang, "grave", kinds=", ".join(kinds))),)
    return (*(reason(gate, lang) for gate in incident.gates[:10]), *found)


def _complaints(reading: Reading, lang: str) -> str:
    said = reading.signals or SignalCounts()
    key, questions = "of_asking" if said.questions else "of", exact(said.questions, lang)
    return phrase(lang, key, n=exact(said.complaints, lang), all=exact(reading.observed, lang), questions=questions)


def _accounts(reading: Reading, lang: str) -> str:
    """How many people it is, and how much of what they say repeats itself: copies are a fifth of a mention each."""
    accounts = exact(reading.authors, lang)
    if reading.organic is None or reading.observed <= 0 or reading.organic >= reading.observed:
        return accounts
    copies = min((reading.observed - reading.organic) / (0.8 * reading.observed), 1.0)
    return phrase(lang, "copies", accounts=accounts, share=percent(copies, lang)) if copies >= 0.01 else accounts


def _normal(reading: Reading, lang: str) -> str:
    if reading.expected is None:
        return phrase(lang, "unknown")
    usual = roughly(reading.expected, lang)
    if reading.low is None or reading.high is None:
        return usual
    return phrase(lang, "mostly", n=usual, range=range_words(reading.low, reading.high, lang))


def _opened(incident: Incident, over: bool, zone: tzinfo, lang: str) -> str:
    end = incident.resolved_at or incident.updated_at
    lasted = span(span_between(incident.opened_at, end), lang)
    started, total = moment(incident.opened_at, zone, lang), exact(incident.mentions, lang)
    return phrase(lang, "lasted" if over else "started", at=started, lasted=lasted, total=total)


def _places(counted: Mapping[str, int], named: tuple[str, ...], lang: str) -> str:
    if counted:
        return listed(counted, lang=lang)
    return ", ".join(clip(clean(name), 30) for name in named[:6]) or phrase(lang, "unknown")


def _note(reading: Reading, lang: str) -> str:
    return phrase(lang, "learning") if reading.learning else ""


def _posts(evidence: Evidence, day: str, zone: tzinfo, lang: str) -> tuple[Quote, ...]:
    """The first post, then the loudest, then the rest; each text once. `day` is the incident's, not repeated."""
    first, rest = evidence.first[:1], (*evidence.loudest, *evidence.first[1:])
    kept: dict[str, Quote] = {}
    for kind, post in [(phrase(lang, "first"), post) for post in first] + [("", post) for post in rest]:
        quote = _quote(post, kind, day, zone, lang)
        kept.setdefault(quote.text.casefold(), quote)
    return tuple(kept.values())[:_SHOWN_POSTS]


def _quote(post: Post, kind: str, day: str, zone: tzinfo, lang: str) -> Quote:
    at = moment(post.at, zone, lang).removeprefix(day)
    parts = [kind, mask(post.author) if post.author else "", clip(clean(post.source), 30), at]
    if post.engagement:
        parts.append(phrase(lang, "reactions", n=exact(post.engagement, lang)))
    if post.audience:
        parts.append(phrase(lang, "followers", n=exact(post.audience, lang)))
    return Quote(
        text=clip(clean(post.text), 280) or phrase(lang, "no_text"),
        byline=" · ".join(part for part in parts if part),
        url=safe_url(post.url),
        uid=post.uid,
    )


def _task(step: PlaybookStep, incident: Incident, zone: tzinfo, lang: str) -> Task:
    due = ""
    if step.within_minutes is not None:
        try:
            by = moment(incident.opened_at + timedelta(minutes=step.within_minutes), zone, lang)
        except OverflowError:
            by = ""
        within = span(timedelta(minutes=min(step.within_minutes, 10**6)), lang)
        key = "within_by" if by and step.within_minutes < 24 * 60 else "within"
        due = phrase(lang, key, within=within, time=by.split(", ")[-1])
    return Task(step=clip(clean(step.step), 300), role=clip(clean(step.role or ""), 60), due=due)


def _footer(incident: Incident, lang: str, *, drill: bool) -> tuple[str, ...]:
    name = clip(clean(incident.id), 120)
    rule = clip(clean(incident.rule), 80)
    told = phrase(lang, "footer", incident=name, version=str(incident.version), rule=rule)
    # The store knows nothing of an exercise, and could not explain it.
    return (told, phrase(lang, "drill_short") if drill else f"crisiswatch explain {name}")
