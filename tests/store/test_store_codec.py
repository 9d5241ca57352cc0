from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.errors import StateError
from crisiswatch.model import Blind, Gate, Incident, Level, Phase, Reading, Reasons, SignalCounts, rfc3339, time_from
from crisiswatch.store.codec import incident_from_json, incident_to_json
from tests.store.samples import NOON, incident

_times = st.integers(0, 2**52).map(lambda micros: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
_texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
_floats = st.floats(allow_nan=False)
_maybe_floats = st.none() | _floats
_counts = st.integers(0, 2**60)
_reasons = st.builds(
    Reasons,
    minutes=_counts,
    observed=_floats,
    expected=_floats,
    low=_floats,
    high=_floats,
    since=st.none() | _times,
    next_hour=_floats,
    level=_floats,
    hour_of_day=_floats,
    day_of_week=_floats,
    hour_of_week=_floats,
    dispersion=_floats,
    share=_maybe_floats,
    usual_share=_floats,
)
_readings = st.builds(
    Reading,
    start=_times,
    end=_times,
    observed=_floats,
    total=_floats,
    authors=_counts,
    sources=st.lists(_texts, max_size=3).map(tuple),
    reach=st.none() | _counts,
    largest_audience=st.none() | _counts,
    share=_maybe_floats,
    growth=_maybe_floats,
    expected=_maybe_floats,
    low=_maybe_floats,
    high=_maybe_floats,
    false_alarms_per_month=_maybe_floats,
    learning=st.booleans(),
    organic=_maybe_floats,
    reasons=st.none() | _reasons,
    signals=st.none()
    | st.builds(
        SignalCounts,
        _floats,
        _floats,
        _floats,
        st.dictionaries(_texts, _floats, max_size=3).map(lambda counts: tuple(counts.items())),
    ),
)
_gates = st.builds(Gate, _texts, _texts, _floats, _maybe_floats, st.booleans(), st.none() | _texts)
_blinds = st.builds(Blind, _texts, _times, st.none() | _times, _texts)
_levels = st.sampled_from(Level)
_incidents = st.builds(
    Incident,
    id=_texts,
    brand=_texts,
    rule=_texts,
    title=_texts,
    alert=_texts,
    version=_counts,
    phase=st.sampled_from(Phase),
    level=_levels,
    peak_level=_levels,
    opened_at=_times,
    updated_at=_times,
    resolved_at=st.none() | _times,
    levels=st.lists(st.tuples(_levels, _times), max_size=3).map(tuple),
    reading=_readings,
    peak=_readings,
    gates=st.lists(_gates, max_size=3).map(tuple),
    mentions=_counts,
    authors=_counts,
    because=_texts,
    blind=st.lists(_blinds, max_size=2).map(tuple),
    trend=st.lists(_counts, max_size=4).map(tuple),
    flaps=_counts,
    trial=st.booleans(),
    acknowledged_by=st.none() | _texts,
    acknowledged_at=st.none() | _times,
    reason=_texts,
    extra=st.dictionaries(_texts, _texts, max_size=3),
)


@given(_incidents)
def test_an_incident_comes_back_as_it_went_and_its_text_is_stable(one: Incident) -> None:
    text = incident_to_json(one)
    back = incident_from_json(text)
    assert back == one
    assert incident_to_json(back) == text


def test_every_field_of_an_incident_is_in_its_json() -> None:
    written = json.loads(incident_to_json(incident()))
    assert set(written) == set(Incident.__dataclass_fields__)
    assert set(written["reading"]) == set(Reading.__dataclass_fields__)
    assert set(written["gates"][0]) == set(Gate.__dataclass_fields__)


def test_a_growth_without_bound_is_kept() -> None:
    gate = Gate("growth", "at_least", 2.0, math.inf, held=True)
    assert incident_from_json(incident_to_json(incident(gates=(gate,)))).gates == (gate,)


def test_times_are_rfc_3339_in_utc_whatever_zone_they_came_in() -> None:
    assert rfc3339(NOON) == "2026-03-02T12:00:00Z"
    assert rfc3339(datetime.fromisoformat("2026-03-02T14:00:00.5+02:00")) == "2026-03-02T12:00:00.500000Z"
    assert time_from("2026-03-02T12:00:00Z") == NOON
    assert time_from(rfc3339(NOON + timedelta(microseconds=1))) == NOON + timedelta(microseconds=1)
    with pytest.raises(ValueError, match="aware"):
        rfc3339(NOON.replace(tzinfo=None))


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"id": "x"}', incident_to_json(incident()).replace("open", "ajar", 1)]
)
def test_a_damaged_body_is_a_state_error(text: str) -> None:
    with pytest.raises(StateError, match="can't be read"):
        incident_from_json(text)
