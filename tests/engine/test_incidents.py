"""Stories of the incident machine, told through `fold` alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from crisiswatch.engine import State, decode, encode, fold, next_wakeup
from crisiswatch.model import (
    BlindChanged,
    Effect,
    Event,
    Explained,
    HumanAction,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    MentionScored,
    MeterMoved,
    RulesChanged,
    SourceHealth,
    Stage,
    Tick,
)
from crisiswatch.rules.model import Block, MentionFilter, Rule, Ruleset, Schedule, Settle
from crisiswatch.testing.mentions import Mentions, in_order
from tests.engine.streams import at_least, at_most, rule

MONDAY = datetime(2024, 3, 4, 9, 0, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
NEGATIVE = MentionFilter("negative")
COUNT = rule("count", Level.WARNING, at_least("count", 10), mentions=NEGATIVE, settle=Settle(30, 0.5))
SAFETY = rule(
    "product-safety",
    Level.WARNING,
    window=30,
    mentions=MentionFilter("any", words=("caught fire", "hospital")),
    settle=Settle(360),
    levels=(
        (Level.WARNING, Block((at_least("count", 1),))),
        (Level.CRITICAL, Block((at_least("count", 3), at_least("authors", 3)))),
    ),
)
WAVE = rule(
    "negative-wave",
    Level.WARNING,
    mentions=NEGATIVE,
    hold=10,
    settle=Settle(45, 0.5),
    levels=(
        (Level.WARNING, Block((at_least("surprise", 1.0), at_least("count", 20), at_least("authors", 12)))),
        (Level.CRITICAL, Block((at_least("surprise", 0.1), at_least("count", 60), at_least("sources", 2)))),
    ),
)


def told(events: Iterable[Event], *rules: Rule, until: datetime | None = None, state: State | None = None):
    """The state and all effects after the events, and after time has come to ``until``."""
    events = list(events) + ([] if until is None else [Tick(until)])
    return fold(state or State("acme"), events, Ruleset(rules))


def story(effects: Sequence[Effect]) -> list[str]:
    """What people would be told of incidents, without the plain refreshing of figures."""
    lines = []
    for effect in effects:
        match effect:
            case IncidentOpened():
                lines.append(f"opened {effect.incident.rule} {effect.incident.level.word}")
            case IncidentChanged() if effect.stage is not Stage.UPDATED:
                lines.append(f"{effect.stage} {effect.incident.rule} {effect.incident.level.word}")
            case IncidentResolved():
                lines.append(f"resolved {effect.incident.rule} {effect.incident.reason}")
    return lines


def of(kind: type, effects: Sequence[Effect]) -> list:
    return [effect for effect in effects if isinstance(effect, kind)]


def held_back(effects: Sequence[Effect]) -> list[str]:
    return [effect.held_back_by for effect in of(Explained, effects)]


def wave(start: datetime, count: int = 12, minutes: int = 5, seed: int = 9, **how: object) -> list[MentionScored]:
    return Mentions(seed).wave(start, minutes * MINUTE, count, **how)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def calm() -> list[MentionScored]:
    """A usual week: forty mentions an hour from two sources, every fifth of them negative."""
    return Mentions(7).usual(MONDAY - 7 * DAY, MONDAY, 40, sources=("reddit", "x"))


@pytest.fixture(scope="module")
def settled_in(calm) -> State:
    state, effects = told(calm, WAVE, until=MONDAY)
    assert story(effects) == []
    return state


def test_a_wave_opens_one_incident_escalates_calms_and_resolves(settled_in):
    made = Mentions(3)
    stream = in_order(
        made.usual(MONDAY, MONDAY + 6 * HOUR, 40, sources=("reddit", "x")),
        made.wave(MONDAY, 12 * MINUTE, 40, authors=25),
        made.wave(MONDAY + 20 * MINUTE, 10 * MINUTE, 90, authors=70, sources=("x", "reddit")),
    )
    _, effects = told(stream, WAVE, until=MONDAY + 6 * HOUR, state=settled_in)
    assert story(effects) == [
        "opened negative-wave warning",
        "escalated negative-wave critical",
        "calming negative-wave critical",
        "resolved negative-wave calm",
    ]
    opened, over = of(IncidentOpened, effects)[0], of(IncidentResolved, effects)[0]
    assert opened.at <= MONDAY + 25 * MINUTE
    assert opened.incident.reading.expected == pytest.approx(2.0, abs=1.5)
    assert all(gate.held for gate in opened.incident.gates)
    assert {gate.measure for gate in opened.incident.gates} == {"surprise", "count", "authors"}
    assert over.incident.peak_level is Level.CRITICAL
    assert 125 <= over.incident.mentions <= 200
    assert over.incident.peak.observed >= 90
    versions = [effect.incident.version for effect in effects if hasattr(effect, "incident")]
    assert versions == list(range(1, len(versions) + 1))


def test_a_loud_account_alone_opens_nothing(settled_in):
    shouting = wave(MONDAY, 80, 15, authors=1)
    _, effects = told(shouting, WAVE, until=MONDAY + 2 * HOUR, state=settled_in)
    assert story(effects) == []


def test_a_flood_of_neutral_mentions_opens_nothing(settled_in):
    flood = Mentions(4).usual(MONDAY, MONDAY + 3 * HOUR, 120, negative=0.2, sources=("reddit", "x"))
    _, effects = told(flood, WAVE, until=MONDAY + 4 * HOUR, state=settled_in)
    assert story(effects) == []


def test_while_learning_nothing_is_a_surprise():
    _, effects = told(wave(MONDAY, 200, 15), WAVE, until=MONDAY + HOUR)
    assert story(effects) == []


def test_product_safety_works_in_the_first_minute():
    burnt = Mentions(1).one(MONDAY, "neutral", text="Your kettle CAUGHT  FIRE last night")
    _, effects = told([burnt], SAFETY, until=MONDAY + MINUTE)
    assert story(effects) == ["opened product-safety warning"]


def test_three_accounts_make_it_critical_one_account_three_times_does_not():
    for author, expected in (("one", []), (None, ["escalated product-safety critical"])):
        burnt = wave(MONDAY, 3, 6, text="it caught fire!")
        if author:
            burnt = [replace(each, mention=replace(each.mention, author_id=author)) for each in burnt]
        _, effects = told(burnt, SAFETY, until=MONDAY + 10 * MINUTE)
        assert story(effects) == ["opened product-safety warning", *expected]


def test_hold_waits_and_a_flash_that_passes_in_the_meantime_opens_nothing():
    slow = replace(COUNT, hold=20)
    _, effects = told(wave(MONDAY, 12, 2), slow, until=MONDAY + HOUR)
    assert story(effects) == []
    assert held_back(effects) == ["hold"]
    _, effects = told(wave(MONDAY, 60, 30), slow, until=MONDAY + HOUR)
    begins = of(Explained, effects)[0].at
    assert of(IncidentOpened, effects)[0].at == begins + 20 * MINUTE


def test_levels_only_rise_within_one_incident():
    grave = replace(
        COUNT, levels=((Level.WATCH, Block((at_least("count", 5),))), (Level.CRITICAL, Block((at_least("count", 20),))))
    )
    stream = in_order(wave(MONDAY, 25, 10), wave(MONDAY + 20 * MINUTE, 20, 40, seed=2))
    _, effects = told(stream, grave, until=MONDAY + 3 * HOUR)
    levels = [effect.incident.level for effect in effects if hasattr(effect, "incident")]
    assert levels == sorted(levels)
    assert levels[-1] is Level.CRITICAL
    steps = of(IncidentResolved, effects)[0].incident.levels
    assert [level for level, _ in steps] == [Level.WATCH, Level.CRITICAL]


def test_opening_again_within_a_day_is_a_flap_and_lengthens_the_quiet_time():
    starts = [MONDAY, MONDAY + 3 * HOUR, MONDAY + 8 * HOUR, MONDAY + 3 * DAY]
    stream = in_order(*(wave(start, seed=place) for place, start in enumerate(starts)))
    _, effects = told(stream, COUNT, until=MONDAY + 4 * DAY)
    opened, over = of(IncidentOpened, effects), of(IncidentResolved, effects)
    assert [effect.incident.flaps for effect in opened] == [0, 1, 2, 0]
    lasted = [end.at - begin.at for begin, end in zip(opened, over, strict=True)]
    assert lasted[1] - lasted[0] == 30 * MINUTE
    assert lasted[2] - lasted[0] == 90 * MINUTE
    assert lasted[3] == lasted[0]


def test_settling_pauses_while_a_counted_source_is_blind():
    gap = [SourceHealth(MONDAY + 25 * MINUTE, "x", False, "failing"), SourceHealth(MONDAY + 4 * HOUR, "x", True)]
    _, calm = told(wave(MONDAY), COUNT, until=MONDAY + 8 * HOUR)
    _, paused = told([*wave(MONDAY), *gap], COUNT, until=MONDAY + 8 * HOUR)
    usual_end = of(IncidentResolved, calm)[0].at
    assert usual_end < MONDAY + 2 * HOUR
    late_end = of(IncidentResolved, paused)[0]
    assert late_end.at > MONDAY + 4 * HOUR
    assert [blind.source for blind in late_end.incident.blind] == ["x"]


def test_a_blind_source_that_the_incident_never_counted_holds_nothing_up():
    gap = [SourceHealth(MONDAY + 25 * MINUTE, "reddit", False, "failing")]
    _, effects = told([*wave(MONDAY), *gap], COUNT, until=MONDAY + 8 * HOUR)
    assert of(IncidentResolved, effects)[0].at < MONDAY + 2 * HOUR


def test_quiet_minutes_that_turn_out_to_be_blind_do_not_count():
    made = Mentions(8)
    base = made.steady(MONDAY - DAY, MONDAY + 5 * MINUTE, 15 * timedelta(seconds=1), "neutral")
    long = replace(COUNT, settle=Settle(60, 0.5))
    stream = in_order(base, wave(MONDAY, 15, 5))  # then nothing at all
    _, effects = told(stream, long, until=MONDAY + DAY)
    (blind,) = of(BlindChanged, effects)
    assert blind.blind.reason == "silent"
    assert blind.at < MONDAY + HOUR
    assert of(IncidentResolved, effects) == []


def test_a_gap_is_blind_and_not_calm_and_its_catch_up_is_no_spike(settled_in):
    made = Mentions(6)
    hidden = made.usual(MONDAY, MONDAY + 6 * HOUR, 40, negative=0.3, sources=("reddit", "x"))
    back = MONDAY + 6 * HOUR
    caught_up = [replace(each, at=back + timedelta(milliseconds=place)) for place, each in enumerate(hidden)]
    after = made.usual(back + MINUTE, back + 3 * HOUR, 40, sources=("reddit", "x"))
    loose = replace(COUNT, levels=((Level.WARNING, Block((at_least("count", 25),))),))
    state, effects = told(in_order(caught_up, after), WAVE, loose, until=back + 3 * HOUR, state=settled_in)
    assert story(effects) == []
    spells = of(BlindChanged, effects)
    assert {spell.blind.source for spell in spells if spell.blind.until is None} == {"reddit", "x"}
    assert {spell.blind.source for spell in spells if spell.blind.until is not None} == {"reddit", "x"}
    assert state.late >= len(hidden) * 3 // 4


def test_a_long_silence_teaches_the_baseline_nothing(settled_in):
    state, _ = told([], WAVE, until=MONDAY + 3 * DAY, state=settled_in)
    back = Mentions(5).usual(MONDAY + 3 * DAY, MONDAY + 3 * DAY + 8 * HOUR, 40, sources=("reddit", "x"))
    _, effects = told(back, WAVE, until=MONDAY + 3 * DAY + 8 * HOUR, state=state)
    assert story(effects) == []
    meters = of(MeterMoved, effects)
    assert meters[-1].expected == pytest.approx(2.0, abs=0.8)


def test_a_wave_from_before_a_long_outage_is_not_held_against_the_calm_after_it(settled_in):
    quiet = replace(WAVE, levels=((Level.WARNING, Block((at_least("surprise", 1.0), at_least("count", 500)))),))
    dark, back = MONDAY + HOUR, MONDAY + 21 * HOUR
    events: list[Event] = list(wave(MONDAY, 300, 60))
    events += [SourceHealth(dark, source, False, "failing") for source in ("reddit", "x")]
    events += [SourceHealth(back, source, True) for source in ("reddit", "x")]
    events += Mentions(5).usual(back, back + 3 * HOUR, 40, sources=("reddit", "x"))
    _, effects = told(events, quiet, until=back + 3 * HOUR, state=settled_in)
    meters = {meter.at: meter.false_alarms_per_month for meter in of(MeterMoved, effects)}
    assert min(rate for at, rate in meters.items() if at < dark) < 0.1
    assert min(rate for at, rate in meters.items() if at > back) > 10.0


def test_unless_open_holds_back_while_the_other_is_open_even_when_both_begin_at_once():
    second = replace(COUNT, id="a-second", unless_open=("count",))
    _, effects = told(wave(MONDAY), second, COUNT, until=MONDAY + 3 * HOUR)
    assert story(effects)[0] == "opened count warning"
    assert "opened a-second warning" not in story(effects)
    assert held_back(effects) == ["unless_open: count"]


def test_unless_open_waits_for_a_rule_that_is_about_to_open():
    slow, quick = replace(COUNT, hold=10), replace(COUNT, id="quick", unless_open=("count",))
    _, effects = told(wave(MONDAY, 40, 20), quick, slow, until=MONDAY + 25 * MINUTE)
    assert story(effects) == ["opened count warning"]
    _, effects = told(wave(MONDAY, 12, 2), quick, replace(COUNT, hold=30), until=MONDAY + HOUR)
    assert story(effects) == []  # it was nothing that lasts, for either of them


def test_an_incident_on_trial_holds_back_no_active_rule():
    second = replace(COUNT, id="second", unless_open=("count",))
    _, effects = told(wave(MONDAY), replace(COUNT, status="trial"), second, until=MONDAY + 3 * HOUR)
    opened = of(IncidentOpened, effects)
    assert [(effect.incident.rule, effect.incident.trial) for effect in opened] == [("count", True), ("second", False)]


def test_a_rule_that_is_off_does_not_exist():
    _, effects = told(wave(MONDAY), replace(COUNT, status="off"), until=MONDAY + HOUR)
    assert effects == []


@pytest.mark.parametrize(
    ("local", "opens"),
    [
        ("2024-03-30T21:40", False),  # Saturday before the hours begin
        ("2024-03-30T22:10", True),
        ("2024-03-31T01:30", True),  # Sunday morning still belongs to Saturday's night
        ("2024-03-31T03:30", True),  # the hour from 2 to 3 does not exist this night
        ("2024-03-31T06:10", False),
        ("2024-03-31T23:00", False),  # Sunday's night is not asked for
    ],
)
def test_only_during_runs_over_midnight_and_over_the_change_of_clocks(local, opens):
    rome = ZoneInfo("Europe/Rome")
    at_night = replace(COUNT, only_during=Schedule(frozenset({5}), 22 * 60, 6 * 60, rome))
    start = datetime.fromisoformat(local).replace(tzinfo=rome).astimezone(UTC)
    _, effects = told(wave(start, minutes=3), at_night, until=start + 5 * MINUTE)
    assert bool(of(IncidentOpened, effects)) is opens
    assert held_back(effects) == ([] if opens else ["only_during"])


def test_what_was_held_back_by_the_hour_opens_when_the_hour_comes():
    office = replace(COUNT, only_during=Schedule(frozenset(range(7)), 10 * 60, 18 * 60, ZoneInfo("UTC")))
    _, effects = told(wave(MONDAY + 50 * MINUTE), office, until=MONDAY + 2 * HOUR)
    assert of(IncidentOpened, effects)[0].at == MONDAY + HOUR


def test_a_reload_keeps_an_open_incident_of_a_rule_that_changed():
    state, effects = told(wave(MONDAY), COUNT, until=MONDAY + 10 * MINUTE)
    name = of(IncidentOpened, effects)[0].incident.id
    wider = replace(COUNT, window=25, title="Reworded")
    state, effects = told([RulesChanged(MONDAY + 10 * MINUTE)], wider, until=MONDAY + 3 * HOUR, state=state)
    assert [line.split()[0] for line in story(effects)] == ["calming", "resolved"]
    assert {effect.incident.id for effect in effects} == {name}
    assert of(IncidentResolved, effects)[0].incident.mentions == 12


def test_a_rule_that_is_removed_resolves_its_incident():
    state, opened = told(wave(MONDAY), COUNT, until=MONDAY + 10 * MINUTE)
    state, effects = told([RulesChanged(MONDAY + 11 * MINUTE)], SAFETY, state=state)
    assert story(effects) == ["resolved count rule_removed"]
    over = effects[0].incident
    assert over.id == opened[0].incident.id
    assert over.title == COUNT.title
    assert over.mentions == 12
    _, effects = told([RulesChanged(MONDAY + 12 * MINUTE)], SAFETY, state=state)
    assert effects == []


def test_a_baseline_survives_a_reload(settled_in):
    other = replace(WAVE, title="Another title", hold=5)
    state, _ = told([RulesChanged(MONDAY)], other, SAFETY, state=settled_in)
    _, effects = told(wave(MONDAY, 40, 12), other, SAFETY, until=MONDAY + HOUR, state=state)
    assert of(IncidentOpened, effects)[0].incident.reading.learning is False


def test_acknowledging_twice_is_acknowledging_once():
    state, effects = told(wave(MONDAY), COUNT, until=MONDAY + 10 * MINUTE)
    name = of(IncidentOpened, effects)[0].incident.id
    at = MONDAY + 11 * MINUTE
    state, first = told([HumanAction(at, name, "acknowledge", "Ada")], COUNT, state=state)
    state, again = told([HumanAction(at + MINUTE, name, "acknowledge", "Bob")], COUNT, state=state)
    assert [effect.incident.acknowledged_by for effect in of(IncidentChanged, first)] == ["Ada"]
    assert of(IncidentChanged, again) == []
    _, effects = told([], COUNT, until=MONDAY + 3 * HOUR, state=state)
    over = of(IncidentResolved, effects)[0].incident
    assert (over.acknowledged_by, over.acknowledged_at) == ("Ada", at)


def test_resolving_by_hand_ends_it_once_and_it_does_not_come_back_the_next_minute():
    steady = Mentions(2).steady(MONDAY, MONDAY + 2 * HOUR, MINUTE, "negative")
    state, effects = told([e for e in steady if e.at < MONDAY + 20 * MINUTE], COUNT)
    name = of(IncidentOpened, effects)[0].incident.id
    by_hand = [HumanAction(MONDAY + 20 * MINUTE, name, "resolve", "Ada")] * 2
    rest = [e for e in steady if e.at >= MONDAY + 20 * MINUTE]
    state, effects = told([*by_hand, *rest], COUNT, state=state)
    assert story(effects) == ["resolved count by_hand"]
    assert held_back(effects) == ["by_hand"]
    anew = wave(MONDAY + 4 * HOUR)
    _, effects = told(anew, COUNT, until=MONDAY + 5 * HOUR, state=state)
    assert story(effects)[0] == "opened count warning"
    assert of(IncidentOpened, effects)[0].incident.flaps == 1


def test_a_worse_level_reopens_what_was_resolved_by_hand():
    grave = replace(COUNT, levels=(*COUNT.levels, (Level.CRITICAL, Block((at_least("count", 30),)))))
    steady = Mentions(2).steady(MONDAY, MONDAY + HOUR, MINUTE, "negative")
    state, effects = told([e for e in steady if e.at < MONDAY + 20 * MINUTE], grave)
    by_hand = HumanAction(MONDAY + 20 * MINUTE, of(IncidentOpened, effects)[0].incident.id, "resolve", "Ada")
    rest = in_order([e for e in steady if e.at >= MONDAY + 20 * MINUTE], wave(MONDAY + 40 * MINUTE, 30, 5))
    _, effects = told([by_hand, *rest], grave, state=state)
    assert story(effects)[:2] == ["resolved count by_hand", "opened count critical"]


def closed_by_hand(*rules: Rule, mentions: Sequence[MentionScored]) -> tuple[State, list[Effect]]:
    """An incident that Ada closes at twenty past nine while a mention comes each minute; then ``mentions``."""
    steady = Mentions(2).steady(MONDAY, MONDAY + 20 * MINUTE, MINUTE, "negative")
    state, effects = told(steady, *rules)
    by_hand = HumanAction(MONDAY + 20 * MINUTE, of(IncidentOpened, effects)[0].incident.id, "resolve", "Ada")
    return told([by_hand, *mentions], *rules, state=state)


def test_twice_as_many_as_when_it_was_closed_by_hand_open_it_anew_at_the_same_level():
    after = MONDAY + 20 * MINUTE
    half_more = Mentions(3).steady(after, after + HOUR, 40 * SECOND, "negative")
    _, effects = closed_by_hand(COUNT, mentions=half_more)
    assert story(effects) == ["resolved count by_hand"]
    thrice = Mentions(3).steady(after, after + HOUR, 20 * SECOND, "negative")
    _, effects = closed_by_hand(COUNT, mentions=thrice)
    assert story(effects)[:2] == ["resolved count by_hand", "opened count warning"]
    anew = of(IncidentOpened, effects)[0].incident
    closed = of(IncidentResolved, effects)[0].incident
    assert 2 * closed.reading.observed <= anew.reading.observed < 3 * closed.reading.observed


def test_one_injury_report_more_after_another_was_closed_by_hand_opens_it_anew():
    report = Mentions(4)
    first = report.one(MONDAY, "negative", text="It caught fire")
    state, effects = told([first], SAFETY, until=MONDAY + 2 * MINUTE)
    by_hand = HumanAction(MONDAY + 2 * MINUTE, of(IncidentOpened, effects)[0].incident.id, "resolve", "Ada")
    state, effects = told([by_hand], SAFETY, until=MONDAY + 10 * MINUTE, state=state)
    assert story(effects) == ["resolved product-safety by_hand"]
    second = report.one(MONDAY + 12 * MINUTE, "negative", text="She is in hospital")
    _, effects = told([second], SAFETY, until=MONDAY + 14 * MINUTE, state=state)
    assert story(effects) == ["opened product-safety warning"]


def test_what_still_holds_a_day_after_it_was_closed_by_hand_opens_anew():
    after = MONDAY + 20 * MINUTE
    steady = Mentions(3).steady(after, after + DAY + HOUR, MINUTE, "negative")
    _, effects = closed_by_hand(COUNT, mentions=steady)
    assert story(effects) == ["resolved count by_hand", "opened count warning"]
    assert of(IncidentOpened, effects)[0].at == after + DAY


def test_a_saved_state_remembers_how_many_there_were_when_it_was_closed_by_hand():
    after = MONDAY + 20 * MINUTE
    state, _ = closed_by_hand(COUNT, mentions=())
    saved = encode(state)
    thrice = Mentions(3).steady(after + MINUTE, after + HOUR, 20 * SECOND, "negative")
    lived = told(thrice, COUNT, state=state)[1]
    assert story(told(thrice, COUNT, state=decode(saved))[1]) == story(lived) == ["opened count warning"]
    older = json.loads(saved)
    del older["rules"]["count"]["dismissed_count"]  # as it was written before this was remembered
    state = decode(json.dumps(older).encode())
    assert story(told(thrice, COUNT, state=state)[1]) == [], "nobody knows how many there were: a day, or a level"
    daily = Mentions(3).steady(after, after + DAY + HOUR, MINUTE, "negative")
    assert story(told(daily, COUNT, state=state)[1]) == ["opened count warning"]


def test_a_source_still_blind_is_not_opened_anew_because_more_is_said():
    blind = rule("blind", Level.WATCH, at_least("blind_for", 10))
    down = SourceHealth(MONDAY + MINUTE, "forum", healthy=False, reason="failing")
    said = Mentions(5).steady(MONDAY, MONDAY + 20 * MINUTE, 5 * MINUTE, "neutral")
    state, effects = told(in_order(said, [down]), blind, until=MONDAY + 20 * MINUTE)
    by_hand = HumanAction(MONDAY + 20 * MINUTE, of(IncidentOpened, effects)[0].incident.id, "resolve", "Ada")
    more = Mentions(6).steady(MONDAY + 21 * MINUTE, MONDAY + HOUR, 20 * SECOND, "neutral")
    _, effects = told([by_hand, *more], blind, state=state)
    assert story(effects) == ["resolved blind by_hand"]


def test_an_action_on_an_incident_that_is_not_ours_does_nothing():
    state, _ = told(wave(MONDAY), COUNT, until=MONDAY + 10 * MINUTE)
    for name in ("acme.count.20200101T0000Z", "other.count.20240304T0906Z", "", "nonsense"):
        _, effects = told([HumanAction(MONDAY + 10 * MINUTE, name, "resolve", "Ada")], COUNT, state=state)
        assert effects == []


def test_any_asks_for_one_of_its_blocks_and_none_for_none_of_its():
    block = Block(
        any_of=(Block((at_least("count", 10),)), Block((at_least("largest_audience", 1000),))),
        none_of=(Block((at_most("authors", 1),)),),
    )
    either = rule("either", Level.WATCH, mentions=NEGATIVE, levels=((Level.WATCH, block),))
    later = MONDAY + HOUR
    assert story(told(wave(MONDAY, 12), either, until=later)[1])[:1] == ["opened either watch"]
    assert story(told(wave(MONDAY, 3, author_followers=5000), either, until=later)[1])[:1] == ["opened either watch"]
    assert story(told(wave(MONDAY, 3), either, until=later)[1]) == []
    assert story(told(wave(MONDAY, 12, authors=1), either, until=later)[1]) == []


def test_at_least_alerts_at_once_and_at_most_waits_for_the_watermark():
    both = rule("few-authors", Level.WATCH, at_least("count", 10), at_most("authors", 3), mentions=NEGATIVE)
    stream = in_order(wave(MONDAY, 12, 3, authors=2), Mentions(1).steady(MONDAY, MONDAY + HOUR, MINUTE, "neutral"))
    _, effects = told(stream, both, COUNT, until=MONDAY + HOUR)
    at = {effect.incident.rule: effect.at for effect in of(IncidentOpened, effects)}
    assert at["count"] <= MONDAY + 4 * MINUTE
    assert at["few-authors"] == at["count"] + 5 * MINUTE


def test_a_straggler_can_still_undo_what_waits_for_the_watermark():
    both = rule("few-authors", Level.WATCH, at_least("count", 10), at_most("authors", 3), mentions=NEGATIVE)
    few = wave(MONDAY, 12, 3, authors=2)
    beat = Mentions(1).steady(MONDAY, MONDAY + HOUR, MINUTE, "neutral")
    late = [replace(each, at=MONDAY + 6 * MINUTE) for each in wave(MONDAY, 10, 3, seed=5)]
    _, effects = told(in_order(few, beat, late), both, until=MONDAY + HOUR)
    assert story(effects) == []


def test_a_wave_that_arrives_late_but_within_the_lateness_counts_in_full():
    late = [replace(each, at=each.at + timedelta(minutes=4, seconds=30)) for each in wave(MONDAY, 10, 5)]
    state, effects = told(late, COUNT, until=MONDAY + HOUR)
    assert story(effects)[0] == "opened count warning"
    assert state.late == 0


def test_weights_count_for_the_mentions_that_were_not_read():
    sampled = wave(MONDAY, 3, 5, weight=4.0)
    _, effects = told(sampled, COUNT, until=MONDAY + HOUR)
    assert of(IncidentOpened, effects)[0].incident.reading.observed == 12.0
    _, effects = told(wave(MONDAY, 3, 5), COUNT, until=MONDAY + HOUR)
    assert story(effects) == []


def test_a_rule_for_a_drop_opens_on_a_drop_only_and_settles_when_there_is_talk_again():
    hush = rule("hush", Level.WATCH, at_most("count", 1), window=30, settle=Settle(20))
    made = Mentions(3)
    stream = in_order(
        made.steady(MONDAY, MONDAY + 3 * HOUR, 2 * MINUTE, "neutral"),
        made.steady(MONDAY + 4 * HOUR, MONDAY + 7 * HOUR, 2 * MINUTE, "neutral"),
    )
    _, effects = told(stream, hush)
    assert [line.split()[0] for line in story(effects)] == ["opened", "calming", "resolved"]
    assert of(IncidentOpened, effects)[0].at > MONDAY + 3 * HOUR


def test_a_blind_source_never_looks_like_a_drop():
    hush = rule("hush", Level.WATCH, at_most("count", 1), window=30, settle=Settle(20))
    talk = Mentions(3).steady(MONDAY, MONDAY + 3 * HOUR, 2 * MINUTE, "neutral")
    fails = SourceHealth(MONDAY + 3 * HOUR, "x", False, "rate_limited")
    _, effects = told([*talk, fails], hush, until=MONDAY + DAY)
    assert story(effects) == []


def test_growth_against_a_time_before_the_rule_was_there_is_unknown_and_opens_nothing():
    grows = rule("grows", Level.WATCH, at_least("growth", 2, "same_hours_last_week"), at_least("count", 5), window=60)
    talk = Mentions(3).steady(MONDAY, MONDAY + 18 * DAY, 10 * MINUTE, "neutral")
    half = MONDAY + 9 * DAY
    state, _ = told([e for e in talk if e.at < half], COUNT)
    _, effects = told([RulesChanged(half), *(e for e in talk if e.at >= half)], COUNT, grows, state=state)
    assert story(effects) == []


def test_a_souring_mood_is_over_when_the_share_is_normal_again_though_the_count_stays():
    sour = rule("sour", Level.WATCH, at_least("share", 0.5), at_least("count", 20), window=60, mentions=NEGATIVE)
    made = Mentions(4)
    stream = in_order(
        made.steady(MONDAY, MONDAY + 2 * HOUR, MINUTE, "negative"),
        made.steady(MONDAY, MONDAY + 2 * HOUR, 2 * MINUTE, "neutral"),
        made.steady(MONDAY + 2 * HOUR, MONDAY + 6 * HOUR, MINUTE, "negative"),
        made.steady(MONDAY + 2 * HOUR, MONDAY + 6 * HOUR, MINUTE / 3, "neutral"),
    )
    _, effects = told(stream, sour, until=MONDAY + 6 * HOUR)
    assert story(effects) == ["opened sour watch", "calming sour watch", "resolved sour calm"]


def test_a_mood_that_calms_and_flares_up_again_is_one_incident():
    stream = in_order(wave(MONDAY, 12), wave(MONDAY + 45 * MINUTE, 12, seed=2))
    _, effects = told(stream, replace(COUNT, settle=Settle(60, 0.5)), until=MONDAY + 4 * HOUR)
    assert story(effects) == [
        "opened count warning", "calming count warning", "calming count warning", "resolved count calm",
    ]  # fmt: skip
    assert of(IncidentResolved, effects)[0].incident.mentions == 24


def test_nothing_was_said_so_there_is_nothing_to_wake_up_for():
    assert next_wakeup(State("acme")) is None
    state, _ = told([Tick(MONDAY + timedelta(seconds=30))], COUNT)
    assert next_wakeup(state) == MONDAY + MINUTE


def test_an_event_that_comes_out_of_order_does_not_turn_time_back():
    state, _ = told(wave(MONDAY), COUNT, until=MONDAY + HOUR)
    before = encode(state)
    after, effects = told(
        [Tick(MONDAY), HumanAction(MONDAY, "acme.count.20240304T0000Z", "resolve", "Ada")], COUNT, state=state
    )
    assert effects == []
    assert encode(after) == before


def test_the_tail_of_another_rule_s_incident_is_not_told_as_a_new_one():
    hourly = replace(COUNT, id="hourly", window=60, unless_open=("count",))
    wave = Mentions(1).wave(MONDAY, timedelta(minutes=5), 20)
    effects = fold(State("acme"), [*wave, Tick(MONDAY + 6 * HOUR)], Ruleset((COUNT, hourly)))[1]
    assert [effect.incident.rule for effect in effects if isinstance(effect, IncidentOpened)] == ["count"]
    assert [effect.incident.rule for effect in effects if isinstance(effect, IncidentResolved)] == ["count"]
