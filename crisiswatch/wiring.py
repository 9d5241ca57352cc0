"""From settings to working parts: the plan the pipeline follows, sources, notifiers, and messages to send."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from typing import TextIO, cast

from crisiswatch import __version__
from crisiswatch.alerts.evidence import EVIDENCE_MENTIONS, gather
from crisiswatch.alerts.render import Renderer, renderer
from crisiswatch.charts import Chart, ChartMaker, Counted
from crisiswatch.clock import Clock, SystemClock
from crisiswatch.config import Loaded
from crisiswatch.config.settings import (
    Brand,
    ConsoleOptions,
    EmailOptions,
    FeedOptions,
    FilesOptions,
    ReceiverSettings,
    Settings,
    SlackOptions,
    SourceSettings,
)
from crisiswatch.links import AckLinks, page_of
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Delivery, Evidence, Incident, Mention, Notifier, Score, Scorer, Signals, Source
from crisiswatch.model.alert import definition_for
from crisiswatch.notifiers.console import ConsoleNotifier
from crisiswatch.notifiers.email import EmailNotifier
from crisiswatch.notifiers.slack import SlackNotifier
from crisiswatch.notifiers.slack_calls import Pace
from crisiswatch.pipeline import Plan
from crisiswatch.posting import make_posting
from crisiswatch.privacy import Pseudonyms
from crisiswatch.response import Rung, plan_of
from crisiswatch.rules.filters import Admission
from crisiswatch.rules.model import MentionFilter
from crisiswatch.sentiment import scorer as named_scorer
from crisiswatch.sentiment.budget import Budgeted
from crisiswatch.sentiment.described import Described, name_of
from crisiswatch.sentiment.signals import Reader, encode_with
from crisiswatch.sources.feed import FeedSource
from crisiswatch.sources.files import FilesSource
from crisiswatch.store import OutboxRow, Store, StoredMention, body_from_json

__all__ = [
    "Messages",
    "ack_links",
    "base_scorer",
    "brand_terms",
    "chart_maker",
    "close_source",
    "make_notifier",
    "make_source",
    "matcher_for",
    "plan_for",
    "poll_every",
    "reader_for",
    "renderer_for",
]

BATCH = 1000
"""Mentions read at once: few enough that a slow scorer does not hold the engine up for long."""
_COUNTED_MINUTES = (MentionFilter(), MentionFilter(sentiment="negative"))
EDGE_MENTIONS = 500
"""Mentions of the rule that are taken besides where a brand has more: so many of the first and of the loudest."""
EDGE_READ = 10_000
"""Mentions of the brand among which either are looked for, at most."""
EDITING = frozenset({"slack", "alertmanager", "webhook", "pagerduty"})
"""Receiver types that can change a sent message, so that a plan can be made without making the receivers."""
TERSE = frozenset({"alertmanager", "pagerduty"})
"""Receiver types that take no message but of a single incident."""


SHIPPED_SOURCES: dict[str, str] = {
    "bluesky": "crisiswatch.sources.bluesky:bluesky",
    "hackernews": "crisiswatch.sources.hackernews:hackernews",
    "mastodon": "crisiswatch.sources.mastodon:mastodon",
    "reddit": "crisiswatch.sources.reddit:reddit",
    "x": "crisiswatch.sources.x.factory:make",
}
"""By type the factory of a source that is handed its options as a mapping, as plug-ins are: ``module:function``. Its
module is imported when it is asked for, because each brings a client library."""


def plan_for(loaded: Loaded, scorer: Scorer | None = None) -> Plan:
    """Give what the pipeline has to follow under this configuration; its own scorer unless another is given."""
    settings = loaded.settings
    made = scorer or base_scorer(settings)
    return Plan(
        brands=tuple(brand.id for brand in settings.brands),
        matcher=matcher_for(loaded),
        scorer=made,
        ruleset=loaded.ruleset,
        routes=settings.routes,
        pseudonyms=None if settings.author_key is None else Pseudonyms(settings.author_key.reveal().encode()),
        editors=frozenset(each.id for each in settings.receivers if each.type in EDITING),
        reader=reader_for(loaded.themes, made),
        asked={
            (brand.id, name): plan_of(alert, rungs_for(settings, brand.id))
            for brand in settings.brands
            for name in loaded.alerts
            if (alert := definition_for(loaded.alerts, name, brand.language)) is not None
        },
        quiet=settings.quiet_hours,
        storm=settings.storm,
        terse=frozenset(each.id for each in settings.receivers if each.type in TERSE),
        names={brand.id: brand.name for brand in settings.brands},
        zones={brand.id: brand.timezone for brand in settings.brands},
        sectors={brand.id: brand.sector for brand in settings.brands if brand.sector},
        languages={brand.id: brand.language for brand in settings.brands},
        feeds={
            source.id: frozenset({source.brand} if source.brand else (brand.id for brand in settings.brands))
            for source in settings.sources
        },
        page=settings.web.public_url or "",
        receivers=frozenset(each.id for each in settings.receivers),
    )


def rungs_for(settings: Settings, brand: str) -> tuple[Rung, ...]:
    """Give the escalation chain of a brand."""
    return tuple(
        Rung(rung.after, rung.receivers, rung.levels)
        for rung in settings.escalation
        if rung.brands is None or brand in rung.brands
    )


def reader_for(themes: Mapping[str, Described], scorer: Scorer) -> Reader:
    """Give what reads mentions beside ``scorer``: for themes only where that has an encoder."""
    encode = encode_with(scorer)
    if encode is None or not themes:
        return Reader()
    from crisiswatch.sentiment.themes import ThemeFinder  # numpy comes with it

    return Reader(ThemeFinder(encode, {theme: each.sentences for theme, each in themes.items()}))


def matcher_for(loaded: Loaded) -> Matcher:
    """Give what finds the configured brands in a text."""
    return Matcher([brand_terms(brand) for brand in loaded.settings.brands])


def base_scorer(settings: Settings, clock: Clock | None = None) -> Scorer:
    """Give the configured scorer, without what labels taught: the model of a folder in its budget, or one by name.

    Without a ``clock`` there is no budget: what a replay finds must not depend on how fast the machine is. Raises
    CrisiswatchError for a folder that can't be used.
    """
    heavy = settings.heavy
    if heavy is None:
        return named_scorer(settings.scorer)
    from crisiswatch.sentiment.heavy import open_folder  # numpy comes with it

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # `crisiswatch check` has told of guessed labels
        main = open_folder(heavy.folder, batch=heavy.batch, threads=heavy.threads)
    seconds = math.inf if clock is None else heavy.budget.total_seconds()
    fallback = named_scorer(heavy.fallback)
    return Budgeted(main, fallback, seconds=seconds, clock=clock or SystemClock(), piece=heavy.batch)


def brand_terms(brand: Brand) -> BrandTerms:
    """Give what stands for a brand in a text: its handles, its name and its other terms."""
    return BrandTerms(
        id=brand.id,
        handles=(*brand.official, *brand.care),
        any=tuple(dict.fromkeys((brand.name, *brand.any))),
        none=brand.none,
    )


def make_source(settings: SourceSettings, clock: Clock, brands: Sequence[Brand] = ()) -> Source | None:
    """Give the source to poll; None for one that is pushed to us (a webhook).

    A factory is handed the options with ``brands`` among them: the `BrandTerms` of the source's own brand, or of all.
    """
    match settings.options:
        case FilesOptions(path=path):
            return FilesSource(settings.id, path, clock, batch_size=BATCH)
        case FeedOptions(url=url, timeout=timeout):
            agent = f"crisiswatch/{__version__} (feed reader)"
            return FeedSource(settings.id, url, clock, timeout=timeout.total_seconds(), user_agent=agent)
        case Mapping():
            terms = tuple(brand_terms(each) for each in brands if settings.brand in {None, each.id})
            options = {"brands": terms, **settings.options}
            return cast("Source", _plug_in("crisiswatch.sources", settings.type)(settings.id, options, clock))
        case _:
            return None


def chart_maker(loaded: Loaded, store: Callable[[], Store] | None = None) -> ChartMaker:
    """Give what draws the charts of messages: one for all receivers, so that none is drawn twice.

    With a ``store`` an incident that is over is shown from its beginning.
    """
    brands = loaded.settings.brands
    filters = {rule.id: rule.mentions for rule in loaded.ruleset.rules}

    def count(incident: Incident, start: datetime, end: datetime) -> Counted | None:
        filter_ = filters.get(incident.rule)
        if store is None or filter_ not in _COUNTED_MINUTES:
            return None  # the minutes are kept for all mentions and for the negative ones, not for what else is asked
        negative = filter_ == _COUNTED_MINUTES[1]
        found = store().counts(incident.brand, start, end)
        minutes = [(each.minute, float(each.negative if negative else each.total)) for each in found]
        return Counted(minutes, "negative" if negative else "mentions", same=True)

    names, zones = {brand.id: brand.name for brand in brands}, {brand.id: brand.timezone for brand in brands}
    return ChartMaker(names, zones, count=count, languages={brand.id: brand.language for brand in brands})


def ack_links(settings: Settings) -> AckLinks | None:
    """Give what makes and reads the links that messages carry; None where none are configured."""
    web = settings.web
    return None if web.link_key is None or web.public_url is None else AckLinks(web.link_key, web.public_url)


def renderer_for(loaded: Loaded) -> Renderer:
    """Give what turns deliveries into words, in each brand's language and zone."""
    brands = loaded.settings.brands
    return renderer(
        loaded.alerts,
        {brand.id: brand.name for brand in brands},
        {brand.id: brand.timezone for brand in brands},
        {brand.id: brand.language for brand in brands},
    )


def make_notifier(
    settings: ReceiverSettings,
    loaded: Loaded,
    clock: Clock,
    console: TextIO | None = None,
    chart: Chart | None = None,
) -> Notifier:
    """Give the notifier of one receiver; ``chart`` draws the picture for those that can show one."""
    render = renderer_for(loaded)
    options = settings.options
    if isinstance(options, ConsoleOptions):
        return ConsoleNotifier(render, console)
    if isinstance(options, SlackOptions):
        return SlackNotifier(
            render,
            options.token,
            options.channel,
            base_url=options.base_url,
            timeout=max(round(options.timeout.total_seconds()), 1),
            proxy=options.proxy,
            menus=options.buttons,
            chart=chart,
            pace=Pace(clock),
        )
    if isinstance(options, EmailOptions):
        return EmailNotifier(
            render,
            clock,
            host=options.host,
            port=options.port,
            sender=options.sender,
            recipients=options.to,
            security=options.security,
            username=options.username,
            password=options.password,
            cafile=None if options.cafile is None else str(options.cafile),
            timeout=options.timeout.total_seconds(),
            chart=chart,
            links=ack_links(loaded.settings),
        )
    if isinstance(options, Mapping):
        return cast("Notifier", _plug_in("crisiswatch.notifiers", settings.type)(settings.id, options, render, clock))
    return make_posting(options, render, clock)


class Messages:
    """Makes a `Delivery` of a queued row, with the posts behind the incident as evidence. Thread-safe."""

    def __init__(self, store: Store, loaded: Loaded) -> None:
        self._store = store
        self._address = loaded.settings.web.public_url
        self._alerts, self._themes = loaded.alerts, loaded.themes
        self._languages = {brand.id: brand.language for brand in loaded.settings.brands}
        self._filters = {rule.id: rule.mentions for rule in loaded.ruleset.rules}
        self._terms = {
            brand.id: (brand.name, *brand.official, *brand.care, *brand.any) for brand in loaded.settings.brands
        }

    def build(self, row: OutboxRow) -> Delivery:
        """Give the message to send for ``row``."""
        body = body_from_json(row.body)
        return Delivery(
            id=row.id,
            receiver=row.receiver,
            stage=row.stage,
            incident=body.incident,
            evidence=Evidence() if body.notice is not None else self.evidence(body.incident),
            memory=row.memory,
            uncertain=row.uncertain,
            previous=row.previous,
            case=body.case,
            reminder=body.reminder,
            notice=body.notice,
            drill=body.drill,
            link="" if self._address is None or body.notice is not None else page_of(self._address, body.incident.id),
        )

    def evidence(self, incident: Incident) -> Evidence:
        """Give the posts of the incident from its opening window to now; of many the first, loudest and newest, none
        of them counted, and none called the first that may not be."""
        found, from_the_start, whole = self._recent(incident)
        said = {each.mention.uid: each.signals for each in found}
        evidence = gather(
            ((each.mention, each.score) for each in found if not each.purged),
            _matching(self._filter(incident), said),
            brand_terms=self._terms.get(incident.brand, ()),
            said=said,
        )
        if not whole:
            first = evidence.first if from_the_start else ()
            sources, languages = (dict.fromkeys(each, 0) for each in (evidence.sources, evidence.languages))
            evidence = replace(evidence, first=first, sources=sources, languages=languages)
        alert = definition_for(self._alerts, incident.alert, self._languages.get(incident.brand, "en"))
        lang = "en" if alert is None else alert.language
        return replace(evidence, topics=tuple(name_of(theme, self._themes, lang) for theme in evidence.topics))

    def behind(self, incident: Incident) -> list[StoredMention]:
        """Give the stored mentions that the incident counts, of the same time."""
        found, _, _ = self._recent(incident)
        matches = _matching(self._filter(incident), {each.mention.uid: each.signals for each in found})
        return [each for each in found if matches(each.mention, each.score)]

    def _recent(self, incident: Incident) -> tuple[list[StoredMention], bool, bool]:
        """Mentions from the opening window to now, the newest first: all, or of many those that may be shown; whether
        the first that the incident counts is among them; whether all that it counts are."""
        reading, filter_ = incident.reading, self._filter(incident)
        start = min(incident.opened_at - (reading.end - reading.start), incident.peak.start, reading.start)
        span = (incident.brand, start, reading.end)
        found = {each.mention.uid: each for each in self._store.evidence_mentions(*span, EVIDENCE_MENTIONS)}
        begun = whole = True
        if len(found) >= EVIDENCE_MENTIONS:
            admission = Admission(filter_)
            among = partial(
                self._store.evidence_among,
                *span,
                lambda each: admission.admits(each.mention, each.score.label, each.signals),
                limit=EDGE_READ,
                enough=EDGE_MENTIONS,
                label=None if filter_.sentiment == "any" else filter_.sentiment,
            )
            oldest, whole = among(order="oldest")
            loudest, _ = (oldest, whole) if whole else among(order="loudest")
            begun = whole or bool(oldest)
            found |= {each.mention.uid: each for each in (*oldest, *loudest)}
        return sorted(found.values(), key=lambda each: (each.event_minute, each.seq), reverse=True), begun, whole

    def _filter(self, incident: Incident) -> MentionFilter:
        return self._filters.get(incident.rule, MentionFilter())


def _matching(filter_: MentionFilter, said: Mapping[str, Signals]) -> Callable[[Mention, Score], bool]:
    admission = Admission(filter_)
    return lambda mention, score: admission.admits(mention, score.label, said[mention.uid])


def _plug_in(group: str, name: str) -> Callable[..., object]:
    if group == "crisiswatch.sources" and name in SHIPPED_SOURCES:
        module, _, factory = SHIPPED_SOURCES[name].partition(":")
        shipped: Callable[..., object] = getattr(import_module(module), factory)
        return shipped
    for point in entry_points(group=group, name=name):
        made: Callable[..., object] = point.load()
        return made
    raise LookupError(f"no plug-in called {name!r} in {group}")


def close_source(source: Source) -> None:
    """Let go of what a source holds, if it says how."""
    close = getattr(source, "close", None)
    if callable(close):
        close()


def poll_every(settings: SourceSettings) -> timedelta:
    """Give the time between two polls of a source; a plug-in says it as a number of seconds in ``every``."""
    if isinstance(settings.options, FeedOptions | FilesOptions):
        return settings.options.every
    every = settings.options.get("every") if isinstance(settings.options, Mapping) else None
    if isinstance(every, timedelta):
        return every
    return timedelta(seconds=float(every)) if isinstance(every, int | float) else timedelta(minutes=1)
