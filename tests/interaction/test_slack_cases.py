from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.errors import ActRefused, CrisiswatchError, StoreError
from crisiswatch.interaction import Press, Refusal, actions_of
from crisiswatch.model import Act

NOW = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)
NAME = "acme.wave.20260303T1200Z"


class Engine:
    """Remembers what it was asked, and answers as it is told."""

    def __init__(self, answer: str | None = "Noted <b>.", refuses: str = "") -> None:
        self.asked: list[tuple[str, str, str, Mapping[str, str]]] = []
        self.answer, self.refuses = answer, refuses

    def act(self, incident: str, action: str, actor: str, detail: Mapping[str, str]) -> str | None:
        if self.refuses:
            raise ActRefused(self.refuses)
        self.asked.append((incident, action, actor, dict(detail)))
        return self.answer


def press(action: str, value: str = NAME) -> Press:
    name, _, detail = action.partition(":")
    return Press(
        action=name,
        detail=detail,
        value=value,
        block=f"{NAME}/3/pr-slack:7",
        actor="U012AB3CD",
        channel="C1",
        message="1.2",
        at=NOW,
    )


def work_off(engine: Engine, pressed: Press) -> str:
    def no_store() -> None:
        raise CrisiswatchError("no act of a case asks the store")

    handler = actions_of(no_store, ManualClock(NOW), engine.act).find(pressed)  # type: ignore[arg-type]
    assert handler is not None
    return handler(pressed)


@pytest.mark.parametrize(
    ("pressed", "act", "detail"),
    [
        (press("acknowledge"), Act.ACKNOWLEDGE, {}),
        (press("assign", "U0BOB"), Act.ASSIGN, {"to": "U0BOB"}),
        (press("snooze", "60"), Act.SNOOZE, {"for": "60"}),
        (press("step_done:3"), Act.STEP_DONE, {"step": "3"}),
        (press("promise_kept:1"), Act.PROMISE_KEPT, {"promise": "1"}),
        (press("verdict:useful"), Act.VERDICT, {"kind": "useful"}),
        (press("stand_down"), Act.STAND_DOWN, {}),
    ],
)
def test_a_press_is_done_in_the_name_of_who_pressed(pressed: Press, act: Act, detail: dict[str, str]) -> None:
    engine = Engine()
    assert work_off(engine, pressed) == ":white_check_mark: Noted &lt;b&gt;."
    assert engine.asked == [(NAME, act, "U012AB3CD", detail)]


def test_people_are_named_as_slack_shows_them() -> None:
    told = work_off(Engine(answer="U0ADALACE has it since 3 Mar 14:05 CET, USUALLY."), press("acknowledge"))
    assert told == ":white_check_mark: <@U0ADALACE> has it since 3 Mar 14:05 CET, USUALLY."
    with pytest.raises(Refusal, match="<@U0ADALACE> has it"):
        work_off(Engine(refuses="U0ADALACE has it"), press("acknowledge"))


def test_what_makes_no_sense_is_answered_with_the_reason() -> None:
    with pytest.raises(Refusal, match="over &lt;already"):
        work_off(Engine(refuses="it is over <already"), press("acknowledge"))
    with pytest.raises(Refusal, match="says nothing"):
        work_off(Engine(), press("verdict:boring"))
    with pytest.raises(StoreError):
        work_off(Engine(answer=None), press("acknowledge"))
