"""What the crash test found, as small stories: a new process goes on exactly where the old one was."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.model import Mention
from crisiswatch.pipeline import Arrival, Intake, Pipeline, Plan
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment import scorer
from crisiswatch.store import Store

T0 = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
PLAN = Plan(
    brands=("alderon", "birkova"),
    matcher=Matcher([BrandTerms(id="alderon", any=("alderon",)), BrandTerms(id="birkova", any=("birkova",))]),
    scorer=scorer("none"),
    ruleset=Ruleset(),
)


def mention(number, brand, minutes):
    at = T0 + timedelta(minutes=minutes)
    return Mention(uid=f"x:{number}", source="x", created_at=at, received_at=at, text=f"{brand} again")


def pipeline(store):
    return Pipeline(store, PLAN, clock=lambda: T0 - timedelta(days=900), arrival=Arrival.DATA)


def take(each, *mentions):
    return each.ingest(Intake(source="x", mentions=mentions))


def test_a_straggler_after_a_restart_arrives_no_earlier_than_it_would_have_without_one(tmp_path):
    stories = []
    for restart in (False, True):
        with Store.open(f"sqlite:///{tmp_path}/{restart}.db") as store:
            running = pipeline(store)
            take(running, mention(1, "alderon", 0), mention(2, "birkova", 30))
            if restart:
                running = pipeline(store)
            take(running, mention(3, "alderon", 10))
            stories.append([(each.mention.uid, each.received_at) for each in store.stream()])
            states = {brand: running.state(brand).now for brand in PLAN.brands}
            assert len(set(states.values())) == 1
    assert stories[0] == stories[1]
    assert stories[0][-1] == ("x:3", T0 + timedelta(minutes=30))


def test_news_of_a_sources_health_after_a_restart_is_not_dated_by_a_clock_that_never_ran(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        take(pipeline(store), mention(1, "alderon", 0))
        again = pipeline(store)
        result = again.source_health("x", healthy=False, reason="failing")
        assert [effect.at for effect in result.effects] == [T0]


def test_what_was_committed_before_a_restart_is_known_after_it(tmp_path):
    with Store.open(f"sqlite:///{tmp_path}/s.db") as store:
        first = take(pipeline(store), mention(1, "alderon", 0))
        second = take(pipeline(store), replace(mention(1, "alderon", 0), text="alderon edited"))
        assert first.outcomes["accepted"] == 1
        assert (second.outcomes["accepted"], second.outcomes["duplicate"]) == (0, 1)
