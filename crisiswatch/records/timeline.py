"""The lines of a decision log as a post-mortem tells them: in its language, with times in the brand's zone.

A log is written once, in English and UTC, and is never changed; what stands in a note is a person's own words.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, tzinfo

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import moment
from crisiswatch.model import Act, Decision

__all__ = ["in_language", "told"]

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TIME = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(_MONTHS)}) (\d\d):(\d\d) UTC\b")
_TOLD = re.compile(r"(.*) Escalated to (.+)\.", re.DOTALL)
_LEVEL = re.compile(r"[a-z]+")

_ITALIAN: tuple[tuple[str, str], ...] = (
    (r"Opened at (?P<level>\S+): .*", "Aperto a livello {level}."),
    (r"Rose to (?P<level>\S+)\.", "Salito a livello {level}."),
    (r"Calming down\.", "In calo."),
    (
        r"The figures are calm; a person has to say that it is over\.",
        "I numeri sono tornati nella norma; una persona deve confermare che è finita.",
    ),
    (
        r"The figures are calm; nobody has said that it is over\.",
        "I numeri sono tornati nella norma; nessuno ha confermato che è finita.",
    ),
    (r"It is calm\.", "È tornata la calma."),
    (r"Closed (?:it )?by hand\.", "Chiuso a mano."),
    (r"Its rule was removed\.", "La sua regola è stata tolta."),
    (r"It flared up again as (.+)\.", "Si è riacceso come {0}."),
    (r"It flared up again\.", "Si è riacceso."),
    (r"The snooze is over\.", "La pausa è finita."),
    (r"Ended the snooze\.", "Ha messo fine alla pausa."),
    (r"Snoozed until it is calm\.", "In pausa finché non torna la calma."),
    (r"Snoozed until (.+)\.", "In pausa fino a: {0}."),
    (r"Nobody has it\.", "Nessuno l'ha preso in carico."),
    (
        r"Nobody has it any more: (.+) only said what it was before\.",
        "Nessuno l'ha più in carico: {0} aveva solo detto di che cosa si trattava prima.",
    ),
    (r"Has it\.", "L'ha preso in carico."),
    (r"Has it, by saying what it was\.", "L'ha preso in carico, dicendo di che cosa si trattava."),
    (r"Has it, by snoozing it\.", "L'ha preso in carico, mettendolo in pausa."),
    (r"Wanted to take it; (.+) has it\.", "Voleva prenderlo in carico; ce l'ha {0}."),
    (r"Assigned to (.+)\.", "Assegnato a {0}."),
    (r"Not done in time: (.+)\.", "Non fatto in tempo: {0}."),
    (r"Step (\d+) done: (.+)", "Passo {0} fatto: {1}"),
    (r"Step (\d+) done by taking it: (.+)", "Passo {0} fatto prendendolo in carico: {1}"),
    (r"Step (\d+) open again: (.+)", "Passo {0} di nuovo da fare: {1}"),
    (r"Step (\d+), asked of (.+?): (.+)", "Passo {0}, chiesto a {1}: {2}"),
    (r"Step (\d+), told to (.+?): (.+)", "Passo {0}, comunicato a {1}: {2}"),
    (r"Step (\d+) is held back from (.+?): (.+)", "Passo {0}, trattenuto per ora da {1}: {2}"),
    (r"Step (\d+), (.+?) could not be told: (.+)", "Passo {0}, non è stato possibile comunicarlo a {1}: {2}"),
    (r"A promise was not kept in time: (.+)\.", "Una promessa non è stata mantenuta in tempo: {0}."),
    (r"A promise is due soon: (.+)\.", "Una promessa sta per scadere: {0}."),
    (r"Promised by doing step (\d+): (.+)", "Promesso facendo il passo {0}: {1}"),
    (r"Promised by (.+?): (.+)", "Promesso, scadenza {0}: {1}"),
    (r"Kept: (.+)", "Mantenuta: {0}"),
    (r"Confirmed that it is over\.", "Ha confermato che è finita."),
    (r"line (\d+) is missing: .*", "manca la riga {0}"),
    (r"line (\d+) was changed, or one before it", "la riga {0}, o una precedente, è stata cambiata"),
    (r"the log has (\d+) lines where (\d+) were written", "ha {0} righe, ma ne erano state scritte {1}"),
    (r"Useful(.*)\.", "Giudizio: utile{0}."),
    (r"False alarm(.*)\.", "Giudizio: falso allarme{0}."),
    (r"Not a crisis(.*)\.", "Giudizio: non è una crisi{0}."),
)
_BY_LANGUAGE = {"it": tuple((re.compile(pattern, re.DOTALL), words) for pattern, words in _ITALIAN)}


def told(line: Decision, zone: tzinfo, lang: str = "en", day: str = "") -> str:
    """What a line says, in `lang` where there are words for it; ``day`` is left out of its times."""
    if line.kind == Act.NOTE:
        return line.text
    text = _TIME.sub(lambda found: _moved(found, line.at, zone, lang).removeprefix(day), line.text)
    escalated = _TOLD.fullmatch(text)
    if escalated:
        return f"{in_language(lang, escalated[1])} {phrase(lang, 'escalated', who=escalated[2])}"
    return in_language(lang, text)


def in_language(lang: str, text: str) -> str:
    """A sentence of the log, or of what is wrong with it, in `lang` where there are words for it."""
    for pattern, words in _BY_LANGUAGE.get(lang, ()):
        found = pattern.fullmatch(text)
        if found:
            level = found.groupdict().get("level", "")
            named = phrase(lang, f"level.{level}") if _LEVEL.fullmatch(level) else ""
            return words.format(*found.groups(), level=named or level)
    return text


def _moved(found: re.Match[str], near: datetime, zone: tzinfo, lang: str) -> str:
    """A time of the log, which names no year: that of the year in which it is nearest to the line."""
    day, month, hour, minute = int(found[1]), _MONTHS.index(found[2]) + 1, int(found[3]), int(found[4])
    possible = []
    for year in (near.year - 1, near.year, near.year + 1):
        try:
            possible.append(datetime(year, month, day, hour, minute, tzinfo=UTC))
        except ValueError:
            continue
    at = min(possible, key=lambda each: abs(each - near), default=None)
    return found[0] if at is None else moment(at, zone, lang)
