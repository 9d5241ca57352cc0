"""Charts: right for a phone, the same to the byte, honest about what is usual, and never in the way of an alert."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.stats import nbinom
from structlog.testing import capture_logs

from crisiswatch.charts import (
    ChartData,
    ChartMaker,
    Counted,
    Mark,
    MarkKind,
    from_history,
    from_incident,
    incident_chart,
)
from crisiswatch.charts.axes import moment_ticks, number_ticks, short
from crisiswatch.charts.band import band_of, interval
from crisiswatch.charts.draw import HEIGHT, WIDTH
from crisiswatch.charts.labels import place
from crisiswatch.model import Blind, Case, Incident, Level, Notice, Phase, Stage, StandDown
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, an_incident

AT = datetime(2026, 3, 3, 9, 15, tzinfo=UTC)
STEP = timedelta(minutes=5)


def size_of(png: bytes) -> tuple[int, int]:
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def test_a_chart_is_twice_six_hundred_by_three_hundred_and_small():
    png = incident_chart(from_incident(an_incident(), brand="Acme Coffee"))
    assert size_of(png) == (WIDTH, HEIGHT) == (1200, 600)
    assert len(png) < 80_000


def test_the_same_figures_are_the_same_bytes_from_any_thread():
    data = from_incident(an_incident(), brand="Acme Coffee")
    drawn: list[bytes] = []
    threads = [threading.Thread(target=lambda: drawn.append(incident_chart(data))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(drawn) == {incident_chart(data)}
    assert b"matplotlib" not in drawn[0].lower()
    assert b"tEXt" not in drawn[0]


def test_nothing_but_a_drawing_pays_for_matplotlib_and_nothing_for_pyplot():
    code = (
        "import sys, crisiswatch.charts, crisiswatch.wiring, crisiswatch.cli.check; print('matplotlib' in sys.modules)\n"
        "from crisiswatch.testing.notifiers import a_delivery\n"
        "crisiswatch.charts.ChartMaker({})(a_delivery()); print('matplotlib' in sys.modules)\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split() == ["False", "True", "False"]
    assert told.stderr == ""


ODD = [
    (),
    (0.0,),
    (3.0,),
    (math.nan,) * 4,
    (math.nan, 5.0, math.inf, -3.0),
    (1e12, 0.0),
    tuple(float(n) for n in range(600)),
]


@pytest.mark.parametrize("counts", ODD, ids=range(len(ODD)))
@pytest.mark.parametrize("band", [None, (0.0, 0.0, math.inf), (1e6, 2e6, 3e6)])
def test_odd_figures_still_give_a_picture(counts, band):
    data = ChartData(title="Odd", end=AT, counts=counts, band=band, levels=((Level.WARNING, AT),))
    png = incident_chart(data)
    assert size_of(png) == (WIDTH, HEIGHT)
    assert len(png) < 80_000


def test_moments_at_the_end_of_time_or_without_a_zone_still_give_a_picture():
    first = ChartData(title="Long ago", end=datetime.min.replace(tzinfo=UTC), counts=(1.0, 2.0, 3.0))
    mixed = ChartData(
        title="No zone", end=AT, counts=(1.0, 2.0), marks=(Mark(AT.replace(tzinfo=None), MarkKind.OPENED, "watch"),)
    )
    assert size_of(incident_chart(first)) == size_of(incident_chart(mixed)) == (WIDTH, HEIGHT)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_text_can_break_a_picture(text):
    incident = an_incident(acknowledged_by=text, acknowledged_at=AT, blind=(Blind(text, AT - STEP, None, "silent"),))
    marked = replace(from_incident(incident, brand=text), what=text, marks=(Mark(AT, MarkKind.OPENED, text),))
    assert len(incident_chart(marked)) < 80_000


def test_signs_that_elsewhere_mean_mathematics_are_only_text():
    cheap = from_incident(an_incident(), brand="5$ Shop_1 ^2 \\frac{$")
    dear = from_incident(an_incident(), brand="6$ Shop_1 ^2 \\frac{$")
    assert incident_chart(cheap) != incident_chart(dear)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    counts=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
    marks=st.lists(st.tuples(st.integers(-400, 400), st.sampled_from(MarkKind)), max_size=8),
    minutes=st.integers(1, 20_000),
)
def test_whatever_comes_there_is_a_picture(counts, marks, minutes):
    told = tuple(Mark(AT + timedelta(minutes=m), kind, kind.value) for m, kind in marks)
    data = ChartData(
        title="Anything",
        end=AT,
        step=timedelta(minutes=minutes),
        counts=tuple(counts),
        marks=told,
        band=(1.0, 2.0, 3.0),
    )
    assert size_of(incident_chart(data)) == (WIDTH, HEIGHT)


def test_the_title_says_what_the_message_says():
    assert (
        from_incident(an_incident(), brand="Acme Coffee").title == "Acme Coffee: 131 in 15 minutes, 16 times the usual"
    )
    over = an_incident(phase=Phase.RESOLVED, resolved_at=AT)
    title = from_incident(over, brand="Acme Coffee").title
    assert title == "Acme Coffee: over. At its peak 131 in 15 minutes, 16 times the usual"
    learning = an_incident(reading=replace(an_incident().reading, learning=True))
    assert from_incident(learning, brand="Acme").title == "Acme: 131 in 15 minutes"
    quiet = an_incident(reading=replace(an_incident().reading, observed=9))
    assert from_incident(quiet, brand="Acme").title == "Acme: 9 in 15 minutes, usually 3 to 14"


def test_what_is_usual_in_five_minutes_is_less_than_in_fifteen_but_scatters_more():
    reading = an_incident().reading
    assert band_of(reading, timedelta(minutes=15)) == (3, 8.2, 14)
    low, expected, high = band_of(reading, STEP)
    assert expected == pytest.approx(8.2 / 3)
    assert low <= 3 / 3
    assert high > 14 / 3
    assert band_of(replace(reading, learning=True), STEP) is None
    assert band_of(replace(reading, expected=math.nan), STEP) is None
    assert band_of(replace(reading, end=reading.start), STEP) is None
    assert band_of(replace(reading, low=None, high=None), STEP) == (0.0, pytest.approx(8.2 / 3), 6.0)


def test_intervals_hold_nine_tenths():
    assert interval(0, 1) == (0, 0)
    assert interval(8.2, 0) == (4, 13)  # Poisson's 5 % and 95 % points
    for mean, dispersion in ((0.4, 2.0), (10, 0.5), (120, 0.05)):
        wanted = nbinom.ppf([0.05, 0.95], 1 / dispersion, 1 / (1 + dispersion * mean))
        assert interval(mean, dispersion) == tuple(wanted)
    low, high = interval(10_000, 0)
    assert (low, high) == (pytest.approx(9_835.5, abs=1), pytest.approx(10_164.5, abs=1))


def test_marks_are_levels_people_and_the_end():
    incident = an_incident(
        opened_at=AT - 4 * STEP,
        levels=((Level.WARNING, AT - 4 * STEP), (Level.CRITICAL, AT - 2 * STEP), (Level.WATCH, AT - STEP)),
        acknowledged_at=AT - 3 * STEP,
        resolved_at=AT,
    )
    found = [(mark.kind.value, mark.label) for mark in from_incident(incident).marks]
    assert found == [
        ("opened", "warning"),
        ("acknowledged", "taken"),
        ("escalated", "critical"),
        ("eased", "watch"),
        ("ended", "over"),
    ]
    case = Case(incident="i", brand="b", rule="r", alert="a", opened_at=AT, acknowledged_at=AT - STEP)
    taken = [mark.at for mark in from_incident(incident, case).marks if mark.kind is MarkKind.ACKNOWLEDGED]
    assert taken == [AT - STEP]


def test_spells_of_blindness_that_touch_are_one():
    blind = (
        Blind("b", AT - 2 * STEP, AT, "failing"),
        Blind("a", AT - 4 * STEP, AT - STEP, "silent"),
        Blind("c", AT + STEP, None, "silent"),
        Blind("d", AT + 2 * STEP, AT + 3 * STEP, "silent"),
    )
    assert from_incident(an_incident(blind=blind)).blind == ((AT - 4 * STEP, AT), (AT + STEP, None))


def test_an_incident_of_blindness_draws_no_usual_and_says_who_is_not_heard():
    gate = replace(an_incident().gates[0], measure="blind_for")
    data = from_incident(an_incident(gates=(gate,)), brand="Acme")
    assert data.band is None
    assert data.title == "Acme: helpdesk can't be heard"


def test_a_history_is_counted_in_steps_coarse_enough():
    start = AT - timedelta(hours=12)
    minutes = [(start + timedelta(minutes=m), 1) for m in range(-30, 12 * 60 + 30)]
    data = from_history(an_incident(), minutes, start, AT, calming=[AT - STEP], what="negative")
    assert data.step == timedelta(minutes=15)
    assert data.counts == (15.0,) * 48
    assert data.end == AT
    assert [mark.label for mark in data.marks][-1] == "warning"
    assert "calming" in [mark.label for mark in data.marks]
    assert from_history(an_incident(), [], start, AT, same=False).band is None
    assert from_history(an_incident(), [], AT, start).counts == (0.0,)
    years = from_history(an_incident(), [], AT - timedelta(days=9000), AT)
    assert len(years.counts) <= 600
    assert incident_chart(years)


def test_ticks_are_few_and_round():
    assert number_ticks(95) == [0, 30, 60, 90]
    assert number_ticks(4.0) == [0, 1, 2, 3, 4]
    assert [short(value) for value in (0, 91, 1250, 12_345, 3_400_000, 1e12)] == [
        "0",
        "91",
        "1,250",
        "12k",
        "3.4M",
        "1T",
    ]
    data = replace(from_incident(an_incident(), zone=ZoneInfo("Europe/Rome")), end=AT, counts=(1.0,) * 36)
    assert [label for _, label in moment_ticks(data)] == ["08:00 CET", "09:00", "10:00"]
    week = replace(data, step=timedelta(hours=6), counts=(1.0,) * 28)
    assert [label for _, label in moment_ticks(week)] == ["26 Feb", "28 Feb", "2 Mar"]


def test_days_with_a_missing_hour_keep_their_ticks_on_the_local_clock():
    night = datetime(2026, 3, 29, 6, 0, tzinfo=UTC)
    data = ChartData(title="", end=night, counts=(1.0,) * 96, zone=ZoneInfo("Europe/Rome"))
    labels = [label for _, label in moment_ticks(data)]
    assert labels[-1] in {"06:00", "08:00"}
    assert len(labels) >= 2


def test_labels_never_lie_over_each_other():
    marks = [Mark(AT + n * STEP, kind, kind.value) for n, kind in enumerate(MarkKind)]
    placed = place([(mark, 1000.0 + 20 * n, 130.0) for n, mark in enumerate(marks)], left=36, right=1164)
    seen = sorted((each.lane, each.left) for each in placed if each.lane >= 0)
    assert len(seen) >= 2
    assert all(b - a >= 130 or lane != other for (lane, a), (other, b) in pairwise(seen))
    assert all(each.left >= 36 and each.left + 130 <= 1168 for each in placed if each.lane >= 0)


def test_an_exercise_looks_like_one():
    incident = an_incident()
    assert incident_chart(from_incident(incident, drill=True)) != incident_chart(from_incident(incident))


def test_two_receivers_of_the_same_news_share_one_drawing():
    drawn: list[ChartData] = []

    def draw(data: ChartData) -> bytes:
        drawn.append(data)
        return b"png"

    maker = ChartMaker({"acme-coffee": "Acme Coffee"}, {"acme-coffee": ZoneInfo("Europe/Rome")}, draw)
    delivery = a_delivery()
    assert maker(delivery) == maker(replace(delivery, receiver="other", id="i/1/other")) == b"png"
    assert len(drawn) == 1
    assert drawn[0].title.startswith("Acme Coffee: ")
    assert str(drawn[0].zone) == "Europe/Rome"
    assert maker(replace(delivery, drill=True)) == b"png"
    assert len(drawn) == 2
    for number in range(40):
        maker(replace(delivery, incident=an_incident(trend=(number,))))
    assert maker(delivery) == b"png"
    assert len(drawn) == 43


def test_a_picture_that_fails_costs_nothing_but_the_picture():
    def draw(_: ChartData) -> bytes:
        raise MemoryError

    with capture_logs() as told:
        assert ChartMaker({}, draw=draw)(a_delivery()) is None
    assert [(line["event"], line["error"]) for line in told] == [("chart_failed", "MemoryError: ")]


def test_what_is_over_and_was_long_is_shown_from_its_beginning():
    drawn: list[ChartData] = []
    asked: list[tuple[datetime, datetime]] = []

    def draw(data: ChartData) -> bytes:
        drawn.append(data)
        return b"png"

    def count(_: Incident, start: datetime, end: datetime) -> Counted:
        asked.append((start, end))
        return Counted([(start, 7.0)], "negative", same=True)

    maker = ChartMaker({}, draw=draw, count=count)
    over = an_incident(resolved_at=AT + timedelta(hours=9), opened_at=AT)
    maker(a_delivery(incident=over))
    assert asked == [(AT - timedelta(hours=1), AT + timedelta(hours=9))]
    assert (drawn[0].what, drawn[0].counts[0], drawn[0].step) == ("negative", 7.0, timedelta(minutes=10))
    maker(a_delivery(incident=an_incident(opened_at=AT)))
    assert len(asked) == 1
    ChartMaker({}, draw=draw, count=lambda *_: None)(a_delivery(incident=over))
    assert drawn[-1].what == "mentions"


def test_what_waits_for_a_person_is_calm_but_not_over():
    over = an_incident(resolved_at=AT + STEP, opened_at=AT - STEP)
    case = Case(incident="i", brand="b", rule="r", alert="a", opened_at=AT - STEP, stand_down=StandDown.AWAITED)
    data = from_incident(over, case, brand="Acme")
    assert data.title.startswith("Acme: calm. At its peak")
    assert data.marks[-1].label == "calm"
    drawn: list[ChartData] = []
    ChartMaker({}, draw=lambda data: drawn.append(data) or b"png")(a_delivery(Stage.CALMING, 2))
    assert [mark.label for mark in drawn[0].marks] == ["warning", "calming"]


def test_there_is_no_picture_of_a_notice_or_of_nothing():
    notice = Notice(id="storm-1", kind="storm", at=AT, headline="500 incidents")
    assert ChartMaker({})(a_delivery(notice=notice)) is None
    assert ChartMaker({})(a_delivery(incident=an_incident(trend=()))) is None
