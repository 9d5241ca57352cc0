"""The handler of the buttons of a case: `crisiswatch.notifiers.slack_acts` makes them, this does what was pressed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from crisiswatch.errors import ActRefused, StoreError
from crisiswatch.interaction.actions import Press
from crisiswatch.interaction.desk import Refusal
from crisiswatch.notifiers.blockkit_text import PERSON, escape, named
from crisiswatch.notifiers.slack_acts import wish_of
from crisiswatch.notifiers.slack_labels import incident_of

__all__ = ["Acting", "CaseHandler"]

_WORD = re.compile(r"\b(?=[A-Z]*[0-9])[A-Z0-9]+\b")
"""What may be an id: capitals with a figure among them, which no word of ours has."""

Acting = Callable[[str, str, str, Mapping[str, str]], str | None]
"""Does an act to an incident (its id, the act, the actor, what the act says) and gives words for the person; None if
the engine is too busy. Raises ActRefused."""


class CaseHandler:
    """Does what a press asks, in the name of the person's own id. The incident is the one whose message it was in."""

    def __init__(self, act: Acting) -> None:
        self._act = act

    def __call__(self, press: Press) -> str:
        wish = wish_of(press.action, press.detail, press.value)
        if wish is None:
            raise Refusal("that button says nothing this crisiswatch knows")
        try:
            said = self._act(incident_of(press.block), wish.act, press.actor, wish.detail)
        except ActRefused as refused:
            raise Refusal(_told(refused.detail)) from refused
        if said is None:
            raise StoreError("the engine is busy")
        return f":white_check_mark: {_told(said)}"


def _told(words: str) -> str:
    """Words about people, with each as Slack shows them. Only who pressed sees it, so nobody is called."""
    return named(escape(words, 500), {each for each in _WORD.findall(words) if PERSON.fullmatch(each)})
