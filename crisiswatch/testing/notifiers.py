"""The contract every notifier must keep, as a pytest mix-in.

class TestMine(NotifierContract):
    def make(self, render): return MyNotifier(render, ...)
    def arrived(self): return [...]                     # one entry for each message people got
    def go_wrong(self, how): ...                        # "busy", "refused" or "lost": the next send; or False
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from crisiswatch.alerts.render import Renderer, renderer
from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.model import (
    Blind,
    Delivery,
    Evidence,
    Gate,
    Incident,
    Level,
    Notifier,
    Phase,
    Post,
    Reading,
    Receipt,
    Stage,
)

__all__ = ["HOSTILE_TEXTS", "NotifierContract", "a_delivery", "an_incident", "some_evidence"]

HOSTILE_TEXTS = (
    "<!channel> <!here> <@U012AB3CD> @everyone & <https://evil.example|click>",
    "&amp; &lt; & < > \" ' ` * _ ~ | \\",
    "</blockquote><script>alert(1)</script><img src=x onerror=alert(1)>",
    "Subject: no\r\nBcc: everybody@example.com\r\n\r\nbody",
    "\x00\x07\x1b[31mred\x1b[0m\x9b2J",
    "lone \ud800 surrogate \udfff",
    "\u202eright to left override\u202c مرحبا بالعالم",
    "\N{PILE OF POO}" * 3_000,
    "w" * 5_000,
    "&" * 5_000,
    "{brand} {nothing} %s %(x)s {{7*7}}",
    ".\r\n.\r\nQUIT\r\n",
    "",
    "   \n\t  ",
)
"""Texts that strangers may write, each of which has broken some notifier somewhere."""

_START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)


def an_incident(**changes: object) -> Incident:
    """An open incident of the invented brand Acme Coffee; `changes` replace fields."""
    reading = Reading(
        start=_START,
        end=_START + timedelta(minutes=15),
        observed=131,
        total=180,
        authors=96,
        sources=("reviews", "social"),
        reach=482_000,
        largest_audience=120_500,
        share=0.73,
        growth=9.5,
        expected=8.2,
        low=3,
        high=14,
        false_alarms_per_month=0.004,
    )
    incident = Incident(
        id="acme-coffee-negative-wave-1",
        brand="acme-coffee",
        rule="negative-wave",
        title="Unusual wave of negative mentions",
        alert="negative-wave",
        version=1,
        phase=Phase.OPEN,
        level=Level.WARNING,
        peak_level=Level.WARNING,
        opened_at=_START + timedelta(minutes=15),
        updated_at=_START + timedelta(minutes=15),
        resolved_at=None,
        levels=((Level.WARNING, _START + timedelta(minutes=15)),),
        reading=reading,
        peak=reading,
        gates=(
            Gate("surprise", "at_least", 1.0, 0.004, held=True),
            Gate("count", "at_least", 20, 131, held=True),
            Gate("authors", "at_least", 12, 96, held=True),
        ),
        mentions=140,
        authors=101,
        because="Most crises start as a jump in complaints against the brand's own normal.",
        blind=(Blind("helpdesk", _START - timedelta(hours=1), None, "silent"),),
        trend=(1, 0, 2, 1, 1, 3, 2, 9, 38, 84),
    )
    return replace(incident, **changes)  # type: ignore[arg-type]


def some_evidence(text: str = "The new blend tastes burnt and nobody answers") -> Evidence:
    """Evidence with `text` wherever a stranger's text can be."""
    at = _START + timedelta(minutes=4)
    post = Post(
        uid="social:1",
        source="social",
        at=at,
        text=text,
        url="https://social.example/1?a=1&b=2",
        author=text[:40] or "someone",
        audience=900,
        engagement=12,
        lang="en",
    )
    return Evidence(
        first=(post,),
        loudest=(replace(post, uid="social:2", url=text),),
        sources={"social": 90, "reviews": 41},
        languages={"en": 100, "it": 31},
        themes=("burnt beans", text[:200] or "refund"),
    )


def a_delivery(stage: Stage = Stage.OPENED, version: int = 1, **changes: object) -> Delivery:
    """A delivery of `an_incident` in `stage`; `changes` replace fields of the delivery."""
    at = _START + timedelta(minutes=15 * version)
    states: dict[Stage, dict[str, object]] = {
        Stage.ESCALATED: {
            "level": Level.CRITICAL,
            "peak_level": Level.CRITICAL,
            "levels": ((Level.WARNING, _START + timedelta(minutes=15)), (Level.CRITICAL, at)),
        },
        Stage.CALMING: {"phase": Phase.SETTLING},
        Stage.RESOLVED: {"phase": Phase.RESOLVED, "resolved_at": at, "reason": "calm"},
    }
    incident = an_incident(version=version, updated_at=at, **states.get(stage, {}))
    delivery = Delivery(
        id=f"{incident.id}/{version}/receiver",
        receiver="receiver",
        stage=stage,
        incident=incident,
        evidence=some_evidence(),
    )
    return replace(delivery, **changes)  # type: ignore[arg-type]


class NotifierContract:
    """What every notifier must do. Subclasses say how to make one and what arrived."""

    def make(self, render: Renderer) -> Notifier:
        """A notifier whose receiver works."""
        raise NotImplementedError

    def arrived(self) -> Sequence[object]:
        """One entry for each message people can see as new: edits make none."""
        raise NotImplementedError

    def go_wrong(self, how: str) -> bool:
        """Make the next send fail: ``busy`` (try later), ``refused`` (never), ``lost`` (taken, then the line was cut).

        False if such a thing can't happen to this notifier.
        """
        raise NotImplementedError

    def render(self) -> Renderer:
        """The words to send: the built-in fallback's unless a subclass has its own."""
        return renderer({}, {"acme-coffee": "Acme Coffee"})

    @pytest.fixture
    def notifier(self) -> Notifier:
        """A fresh notifier."""
        return self.make(self.render())

    def test_a_delivery_arrives_once(self, notifier: Notifier) -> None:
        receipt = notifier.send(a_delivery())
        assert isinstance(receipt, Receipt)
        assert not receipt.found
        assert not receipt.duplicate
        assert len(self.arrived()) == 1

    def test_memory_is_text_that_can_be_stored(self, notifier: Notifier) -> None:
        memory = notifier.send(a_delivery()).memory
        assert all(isinstance(key, str) and isinstance(value, str) for key, value in memory.items())

    def test_an_update_edits_or_stays_silent(self, notifier: Notifier) -> None:
        memory = notifier.send(a_delivery()).memory
        receipt = notifier.send(a_delivery(Stage.UPDATED, 2, memory=memory, previous=True))
        assert len(self.arrived()) == 1
        assert dict(receipt.memory) == dict(memory)

    def test_an_update_without_a_message_makes_none(self, notifier: Notifier) -> None:
        notifier.send(a_delivery(Stage.UPDATED, 2))
        assert len(self.arrived()) == 0

    def test_what_people_must_not_miss_reaches_them_anew(self, notifier: Notifier) -> None:
        memory = notifier.send(a_delivery()).memory
        memory = notifier.send(a_delivery(Stage.ESCALATED, 2, memory=memory, previous=True)).memory
        assert len(self.arrived()) == 2
        notifier.send(a_delivery(Stage.RESOLVED, 3, memory=memory, previous=True))
        assert len(self.arrived()) == 3

    @pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
    def test_hostile_text_never_breaks_it(self, notifier: Notifier, text: str) -> None:
        hostile = an_incident(title=text, because=text, acknowledged_by=text, id=f"i{text[:60]}", rule=text[:90])
        delivery = a_delivery(incident=hostile, evidence=some_evidence(text))
        memory = notifier.send(delivery).memory
        again = replace(delivery, stage=Stage.ESCALATED, id="again", memory=memory, previous=True)
        notifier.send(again)
        assert len(self.arrived()) == (1 if notifier.capabilities.idempotent else 2)  # the same state is told again

    def test_a_busy_receiver_is_tried_later(self, notifier: Notifier) -> None:
        self._break("busy")
        with pytest.raises(TryLater):
            notifier.send(a_delivery())
        assert len(self.arrived()) == 0
        notifier.send(a_delivery())
        assert len(self.arrived()) == 1

    def test_a_refusal_is_final(self, notifier: Notifier) -> None:
        self._break("refused")
        with pytest.raises(Rejected):
            notifier.send(a_delivery())
        assert len(self.arrived()) == 0

    def test_an_unknown_outcome_is_looked_up_or_owned_up_to(self, notifier: Notifier) -> None:
        self._break("lost")
        with pytest.raises(Unknown):
            notifier.send(a_delivery())
        receipt = notifier.send(a_delivery(uncertain=True))
        if notifier.capabilities.idempotent:
            assert len(self.arrived()) == 1
        elif notifier.capabilities.lookup:
            assert receipt.found
            assert len(self.arrived()) == 1
        else:
            assert receipt.duplicate

    def _break(self, how: str) -> None:
        if not self.go_wrong(how):
            pytest.skip(f"{how} can't happen here")
