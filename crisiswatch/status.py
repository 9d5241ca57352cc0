"""The status page's figures: brands against their normal, sources, receivers. Counts only, no mention's text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from crisiswatch import __version__
from crisiswatch.config import Loaded
from crisiswatch.model import MeterMoved
from crisiswatch.pipeline import Pipeline
from crisiswatch.silencing import silence_view
from crisiswatch.store import Store
from crisiswatch.web import BrandView, ReceiverView, SourceView, StatusView

__all__ = ["status_view"]


def status_view(
    store: Store,
    loaded: Loaded,
    pipeline: Pipeline,
    *,
    meters: Mapping[str, MeterMoved],
    health: Mapping[str, tuple[bool, str]],
    now: datetime,
    started_at: datetime,
    loaded_at: datetime,
    last_beat: datetime | None,
    problems: Sequence[str],
) -> StatusView:
    """Give what the page shows. Reads states that are never changed once they are in place.

    ``health`` is what the pollers say of their sources: whether they can be read, and why not.
    """
    return StatusView(
        version=__version__,
        now=now,
        started_at=started_at,
        last_tick_at=last_beat,
        config_loaded_at=loaded_at,
        problems=list(problems),
        brands=[_brand(brand.id, brand.name, meters.get(brand.id)) for brand in loaded.settings.brands],
        sources=_sources(store, loaded, pipeline, health),
        receivers=_receivers(store, loaded, now),
        silences=[silence_view(one) for one in store.silences(open_only=True)],
    )


def _brand(brand_id: str, name: str, meter: MeterMoved | None) -> BrandView:
    if meter is None:
        return BrandView(id=brand_id, name=name, observed=None, expected=None, false_alarms_per_month=None)
    return BrandView(
        id=brand_id,
        name=name,
        observed=meter.observed,
        expected=meter.expected,
        false_alarms_per_month=meter.false_alarms_per_month,
    )


def _sources(
    store: Store, loaded: Loaded, pipeline: Pipeline, health: Mapping[str, tuple[bool, str]]
) -> list[SourceView]:
    marks = store.cursors()
    blind: dict[str, str] = {}
    for brand in loaded.settings.brands:
        state = pipeline.state(brand.id)
        if state is not None:
            blind.update({name: rhythm.reason for name, rhythm in state.sources.items() if rhythm.blind})
    views = []
    for source in loaded.settings.sources:
        mark = marks.get(source.id)
        readable, why = health.get(source.id, (True, ""))  # one that never could be read has no mark and no rhythm
        silent = next((blind[name] for name in sorted(pipeline.carries(source.id)) if name in blind), "")
        reason = silent or (mark.reason if mark and not mark.healthy else "")
        if not readable:
            reason = why or "failing"
        views.append(
            SourceView(
                id=source.id,
                type=source.type,
                healthy=None if mark is None and readable else not reason,
                reason=reason,
                last_mention_at=mark.last_mention_at if mark else None,
                quota_remaining=None,
            )
        )
    return views


def _receivers(store: Store, loaded: Loaded, now: datetime) -> list[ReceiverView]:
    stats = store.outbox_stats(now)
    views = []
    for receiver in loaded.settings.receivers:
        mine = stats.get(receiver.id)
        views.append(
            ReceiverView(
                id=receiver.id,
                type=receiver.type,
                pending=mine.pending if mine else 0,
                oldest_seconds=mine.oldest_age if mine else 0.0,
                dead=mine.dead if mine else 0,
                last_sent_at=None,
            )
        )
    return views
