"""Routes, digests, quiet hours, escalation and storms in the configuration."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crisiswatch.config import Loaded, load
from crisiswatch.config.settings_routing import Digest, QuietHours, Rung, Storm
from crisiswatch.errors import ConfigError
from crisiswatch.model import Level
from crisiswatch.rules.model import Schedule
from crisiswatch.testing.notifiers import a_delivery

ROME = ZoneInfo("Europe/Rome")
NOON = datetime(2026, 3, 12, 12, 0, tzinfo=UTC)  # a Thursday
WHOLE_WEEK = frozenset(range(7))
WRITTEN = """
  - {receivers: [desk], levels: [watch], digest: {at: "08:30", days: [mon, thu], timezone: Europe/Rome}}
  - receivers: [desk]
    sources: [x, reddit]
    only_during: {start: "08:00", end: "20:00", timezone: Europe/Rome}
escalation:
  - {after: 10m, receivers: [chief]}
  - {after: 1h, levels: [critical], brands: [acme], receivers: [chief, desk]}
quiet_hours:
  - {receivers: [desk], start: "22:00", end: "07:00", timezone: Europe/Rome}
storm: {more_than: 5, within: 10m}
"""


def loaded(folder: Path, written: str) -> Loaded:
    for name in ("rules", "alerts"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "crisiswatch.yaml").write_text(
        "version: 1\nbrands: [{id: acme, name: Acme, sector: coffee}]\nsources: [{id: f, type: files, path: in}]\n"
        "receivers: [{id: desk, type: console}, {id: chief, type: console}]\nroutes:" + written
    )
    (folder / "rules" / "r.yaml").write_text(
        "version: 1\nrules:\n  - {id: r, title: R, window: 15m, levels: {watch: {count: {at_least: 2}}}, alert: wave}\n"
    )
    (folder / "alerts" / "wave.yaml").write_text("version: 1\nalert: wave\nopened: {headline: a, summary: b}\n")
    return load(folder / "crisiswatch.yaml")


def test_everything_about_who_is_told_and_when(tmp_path: Path) -> None:
    found = loaded(tmp_path, WRITTEN)
    settings = found.settings
    digest, live = settings.routes
    assert digest.digest == Digest(schedule=Schedule(days=frozenset({0, 3}), start=510, end=510, timezone=ROME))
    assert live.sources == {"x", "reddit"}
    assert live.only_during == Schedule(days=WHOLE_WEEK, start=480, end=1200, timezone=ROME)
    assert settings.escalation == (
        Rung(after=10, levels=frozenset({Level.WARNING, Level.CRITICAL}), brands=None, receivers=("chief",)),
        Rung(after=60, levels=frozenset({Level.CRITICAL}), brands=frozenset({"acme"}), receivers=("chief", "desk")),
    )
    night = Schedule(days=WHOLE_WEEK, start=1320, end=420, timezone=ROME)
    assert settings.quiet_hours == (
        QuietHours(receivers=frozenset({"desk"}), schedule=night, but=frozenset({Level.CRITICAL})),
    )
    assert settings.storm == Storm(more_than=5, within=timedelta(minutes=10))
    assert settings.brands[0].sector == "coffee"
    assert not found.problems  # whoever an escalation tells is used


def test_a_route_looks_at_level_brand_source_and_hour(tmp_path: Path) -> None:
    _, live = loaded(tmp_path, WRITTEN).settings.routes
    incident = a_delivery().incident
    on_x = replace(incident, reading=replace(incident.reading, sources=("news", "x")))
    assert live.fits(on_x, NOON)
    assert not live.fits(replace(incident, reading=replace(incident.reading, sources=("news",))), NOON)
    assert not live.fits(on_x, NOON + timedelta(hours=8))
    assert not replace(live, brands=frozenset({"other"})).fits(on_x, NOON)
    assert not replace(live, levels=frozenset({Level.WATCH})).fits(on_x, NOON)


def test_a_digest_is_due_once_at_its_minute_on_its_days(tmp_path: Path) -> None:
    digest = loaded(tmp_path, WRITTEN).settings.routes[0].digest
    assert digest is not None
    at = datetime(2026, 3, 12, 8, 30, tzinfo=ROME)
    assert digest.due(at - timedelta(minutes=3), at + timedelta(minutes=2)) == at
    assert digest.due(at, at + timedelta(hours=5)) is None
    assert digest.due(at, at + timedelta(days=3)) is None  # Sunday
    assert digest.due(at, at + timedelta(days=4)) == at + timedelta(days=4)


@pytest.mark.parametrize(
    ("at", "over"),
    [
        (datetime(2026, 3, 12, 23, 10, 30, tzinfo=ROME), datetime(2026, 3, 13, 7, 0, tzinfo=ROME)),
        (datetime(2026, 3, 13, 6, 59, tzinfo=ROME), datetime(2026, 3, 13, 7, 0, tzinfo=ROME)),
        (datetime(2026, 3, 13, 12, 0, 5, tzinfo=ROME), datetime(2026, 3, 13, 12, 0, 5, tzinfo=ROME)),
        (datetime(2026, 3, 29, 1, 30, tzinfo=ROME), datetime(2026, 3, 29, 7, 0, tzinfo=ROME)),  # the clocks go forward
    ],
)
def test_quiet_hours_end(at: datetime, over: datetime) -> None:
    night = Schedule(days=WHOLE_WEEK, start=1320, end=420, timezone=ROME)
    assert night.over(at) == over


def test_hours_that_never_end_do_not_wait_for_ever() -> None:
    always = Schedule(days=WHOLE_WEEK, start=0, end=1440, timezone=ROME)
    assert always.over(NOON) == NOON + timedelta(days=8)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("escalation: [{after: 1h, receivers: [desk]}, {after: 30m, receivers: [desk]}]",
         "CW083: this rung does not come later than the one before it; write the rungs in the order of `after`"),
        ("escalation: [{after: 1h, receivers: [boss]}]", "CW054: there is no receiver `boss`; "),
        ("quiet_hours: [{receivers: [boss], start: 22:00, end: 07:00, timezone: Europe/Rome}]",
         "CW054: there is no receiver `boss`; "),
        ("quiet_hours: [{receivers: [desk], start: 22:00, end: 22:00, timezone: Europe/Rome}]", "CW055: "),
        ("storm: {more_than: 0}", "CW023: "),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_at_its_place(tmp_path: Path, line: str, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, f"\n  - {{receivers: [desk]}}\n{line}\n")
    (only,) = [each.headline() for each in caught.value.problems if each.severity == "error"]
    assert f"crisiswatch.yaml:7:{only.split(':7:')[1].split(':')[0]}: {problem}" in only
