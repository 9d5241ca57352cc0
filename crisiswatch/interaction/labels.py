"""The handler of the menu beside a post: `crisiswatch.notifiers.slack_labels` makes it, this hears it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

from crisiswatch.clock import Clock
from crisiswatch.interaction.actions import Actions, Press
from crisiswatch.interaction.cases import Acting, CaseHandler
from crisiswatch.interaction.desk import Refusal
from crisiswatch.labelling import Given, NoSuchMention, give
from crisiswatch.model import Act, Incident, Sentiment
from crisiswatch.notifiers.blockkit import escape
from crisiswatch.notifiers.slack_labels import LABEL, WORDS, Said, incident_of, read_value, uid_hash
from crisiswatch.store import Click, Store

__all__ = ["LabelHandler", "actions_of"]

_BEFORE, _AFTER = timedelta(hours=12), timedelta(days=1)
_USER = re.compile(r"[UW][A-Z0-9]{4,30}")


class LabelHandler:
    """Labels the mention a press means, for the brand of the incident whose message it was in."""

    def __init__(self, store: Callable[[], Store], clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def __call__(self, press: Press) -> str:
        store = self._store()
        said = read_value(press.value)
        incident = store.incident(incident_of(press.block))
        if said is None or incident is None:
            raise Refusal("the incident of that message is not stored (any more)")
        uid = said.uid or _found(store, incident, said)
        try:
            given = give(
                store,
                brand=incident.brand,
                uid=uid,
                label=said.label,
                actor=press.actor,
                via="slack",
                at=min(press.at, self._clock.now()),
            )
        except NoSuchMention as error:
            raise Refusal(str(error)) from error
        return _answer(given, said.label)


def actions_of(store: Callable[[], Store], clock: Clock, act: Acting | None = None) -> Actions:
    """Everything that can be pressed; what is done to incidents only with ``act``."""
    actions = Actions()
    actions.add(LABEL, LabelHandler(store, clock))
    if act is not None:
        handler = CaseHandler(act)
        for name in Act:
            actions.add(name.value, handler)
    return actions


def _found(store: Store, incident: Incident, said: Said) -> str:
    """The uid that a hash stands for, among those of the incident's time."""
    start = min(incident.opened_at, incident.reading.start, incident.peak.start) - _BEFORE
    uids = store.uids_of_day(incident.brand, start, incident.updated_at + _AFTER)
    return next((uid for uid in uids if uid_hash(uid) == said.hashed), "")


def _answer(given: Given, label: Sentiment) -> str:
    word = f"*{WORDS[label].lower()}*"
    if given.new is None:
        return f"You have said {word} of this post already; it is noted once."
    lines = [f":white_check_mark: Noted: {word}."]
    before, counts = given.before, given.counts
    if counts is not None and counts.id != given.new.id:
        lines.append(f"{_who(counts)} has said *{WORDS[counts.label].lower()}* since then, and that counts.")
    elif before is not None and before.label is not label:
        lines.append(f"Until now it was *{WORDS[before.label].lower()}*, said by {_who(before)}.")
    if given.forgotten:
        lines.append("Its text is no longer kept, so nothing can be learned from it.")
    lines.append(f"Wrong? Choose again, or take label {given.new.id} back on the feedback page.")
    return " ".join(lines)


def _who(click: Click) -> str:
    return f"<@{click.actor}>" if _USER.fullmatch(click.actor) else escape(click.actor, 100)
