"""A daemon that dies before or after any commit of a story: its successor has the same cases, logs and messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import sqlalchemy as sa

from crisiswatch.clock import ManualClock
from crisiswatch.config.settings_routing import Route
from crisiswatch.errors import ActRefused
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.metrics import Metrics
from crisiswatch.model import Level
from crisiswatch.observer import Observer
from crisiswatch.pipeline import Intake, Pipeline, Plan
from crisiswatch.response import case_to_dict, verified
from crisiswatch.rules.model import Block, Ruleset, Settle
from crisiswatch.sentiment import NullScorer
from crisiswatch.store import Store, Work
from crisiswatch.testing.mentions import mention
from tests.engine.streams import at_least, rule
from tests.response.stories import NOON, PLAN

MINUTE = timedelta(minutes=1)
LEVELS = ((Level.WARNING, Block((at_least("count", 1),))), (Level.CRITICAL, Block((at_least("count", 3),))))
FEARED = Ruleset((rule("feared", Level.WARNING, window=10, settle=Settle(30), levels=LEVELS),))
WATCHED = Plan(
    brands=("acme",),
    matcher=Matcher([BrandTerms(id="acme", handles=(), any=("acme",), none=())]),
    scorer=NullScorer(),
    ruleset=FEARED,
    routes=(Route(levels=frozenset(Level), brands=None, receivers=("desk", "mail")),),
    editors=frozenset({"desk"}),
    asked={("acme", "feared"): PLAN},
)
Step = tuple[float, str, dict[str, str]]
STORY: list[Step] = [
    (1, "write", {"count": "1"}),
    (3, "write", {"count": "3"}),
    (20, "tick", {}),  # nobody has it: the first rung; and the first step is late
    (21, "acknowledge", {}),
    (22, "step_done", {"step": "1"}),
    (23, "promise", {"text": "an update", "due": "2026-03-03T13:00:00+00:00"}),
    (46, "tick", {}),  # the promise rings, the second step is late
    (50, "promise_kept", {"promise": "1"}),
    (51, "snooze", {"for": "10"}),
    (70, "tick", {}),  # calm, but for somebody to say so
    (80, "write", {"count": "4"}),  # it flares up again
    (85, "acknowledge", {}),
    (86, "note", {"text": "we wait"}),
    (300, "tick", {}),  # calm again, and asked again
    (301, "stand_down", {}),
    (302, "verdict", {"kind": "false_alarm"}),
]


class Died(BaseException):
    """The machine stops here."""


class Life:
    """A store's life: one pipeline after another over it. Dies at the commit number ``at``."""

    def __init__(self, url: str, plan: Plan = WATCHED, *, at: int = -1, after: bool = False) -> None:
        self.store = Store.open(url)
        self.clock = ManualClock(NOON)
        self.plan, self.at, self.after = plan, at, after
        self.commits = 0
        self.metrics = Metrics()
        self.start()
        commit = self.store.commit

        def dying(work: Work) -> None:
            self.commits += 1
            if self.commits - 1 != self.at:
                commit(work)
                return
            if self.after:
                commit(work)
            raise Died

        self.store.commit = dying  # type: ignore[method-assign]

    def start(self) -> None:
        self.pipeline = Pipeline(self.store, self.plan, clock=self.clock.now)
        self.observer = Observer(self.metrics)
        self.observer.begin(self.store.incidents(open_only=True), self.store.cases(open_only=True))

    def play(self, steps: list[Step]) -> Life:
        for step in steps:
            self.clock.advance(seconds=(NOON + step[0] * MINUTE - self.clock.now()).total_seconds())
            try:
                self.do(*step)
            except Died:
                self.start()
                try:
                    self.do(*step)  # a source is read from where it stood, and who got no answer presses again
                except ActRefused as refused:
                    assert "over already" in refused.detail  # noqa: PT017
        return self

    def do(self, minute: float, what: str, detail: dict[str, str]) -> None:
        now = self.clock.now()
        if what == "tick":
            done = self.pipeline.tick(now)
        elif what == "write":
            many = [
                mention(int(minute) * 10 + n, now, text="acme burned me", author_id=f"a{n}")
                for n in range(int(detail["count"]))
            ]
            done = self.pipeline.ingest(Intake(source="x", mentions=many))
            done = self.pipeline.tick(now + MINUTE)
        else:
            newest = self.store.incidents(limit=1)[0].id
            done = self.pipeline.act(newest, what, "ada", detail)
        self.observer.result("job", done, now)

    def left(self) -> dict[str, Any]:
        """What is in the store that people were told, or will be."""
        cases = sorted(self.store.cases(), key=lambda each: each.incident)
        assert [verified(self.store.decisions(case.incident), case) for case in cases] == [""] * len(cases)
        rows = [(row.id, row.stage.value, row.status, row.body) for row in self.store.outbox_rows()]
        return {
            "cases": [case_to_dict(case) for case in cases],
            "log": {case.incident: self.store.decisions(case.incident) for case in cases},
            "messages": sorted(rows),
        }


def _trusting(connection: Any, *_: object) -> None:
    """Who dies here is a pipeline, not the machine: nobody need wait for the disk."""
    connection.execute("PRAGMA synchronous = OFF").close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Life:
    """The story with nobody dying."""
    return Life(f"sqlite:///{tmp_path_factory.mktemp('whole') / 'store.db'}").play(STORY)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_whoever_dies_at_whichever_commit_the_next_one_goes_on_as_if_nothing_had_been(
    whole: Life, after: bool, tmp_path: Path
) -> None:
    assert whole.commits > 20
    expected = whole.left()
    Store.open(f"sqlite:///{tmp_path / 'empty.db'}").close()  # made once: the migrations are most of its time
    for number in range(after, whole.commits, 2):  # each commit once: before the even ones, after the odd ones
        copyfile(tmp_path / "empty.db", tmp_path / f"{number}.db")
        life = Life(f"sqlite:///{tmp_path / f'{number}.db'}", at=number, after=after)
        sa.event.listen(life.store.engine, "checkout", _trusting)
        life.play(STORY)
        assert life.left() == expected, f"died at commit {number}"
        assert life.store.conflicts == 0
        life.store.close()


def test_the_story_is_the_one_that_was_meant(whole: Life) -> None:
    first, second = reversed(whole.store.cases())
    assert (first.ending, first.followed_by) == ("flared_up", second.incident)
    assert (second.ending, second.stood_down_by, second.verdict is not None) == ("calm", "ada", True)


def test_a_scrape_counts_reminders_verdicts_and_what_is_late(whole: Life) -> None:
    value = whole.metrics.registry.get_sample_value
    reminders = {
        kind: value("crisiswatch_case_reminders_total", {"kind": kind})
        for kind in ("unacknowledged", "step_overdue", "promise_due", "promise_missed", "stand_down_awaited")
    }
    assert reminders == {
        "unacknowledged": None,  # a late step had climbed that rung already
        "step_overdue": 4,
        "promise_due": 1,
        "promise_missed": None,
        "stand_down_awaited": 1,
    }
    assert value("crisiswatch_incident_verdicts_total", {"rule": "feared", "verdict": "false_alarm"}) == 1
    assert value("crisiswatch_playbook_steps_overdue") == 0
    late = Life("sqlite://").play(STORY[:3])
    assert late.metrics.registry.get_sample_value("crisiswatch_playbook_steps_overdue") == 1


def test_a_rule_that_a_reload_removes_ends_what_waits_for_a_person() -> None:
    life = Life("sqlite://").play(STORY[:10])
    (case,) = life.store.cases()
    assert (case.stand_down, case.ending) == ("awaited", "")
    life.pipeline.reload(replace(WATCHED, ruleset=Ruleset()))
    (case,) = life.store.cases()
    assert (case.ending, life.store.decisions(case.incident)[-1].text) == ("rule_removed", "Its rule was removed.")
    told = {row.receiver: row.stage.value for row in sorted(life.store.outbox_rows(), key=lambda each: each.version)}
    assert set(told.values()) == {"resolved"}
