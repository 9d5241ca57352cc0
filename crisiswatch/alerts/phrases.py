"""The program's own sentences about what people do, by the language of an alert; any other is told in English."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["phrase"]

_EN = {
    "nobody": "Nobody has taken it yet.",
    "has": "{who} has it{since}.",
    "since": " since {at}",
    "assigned": "Assigned to {who} by {by}.",
    "snoozed": "Snoozed until {until} by {by}.",
    "snoozed_calm": "Snoozed by {by} until it is calm.",
    "escalated": "Escalated to {who}.",
    "awaited": "The figures are calm; it waits for a person to confirm that it is over.",
    "confirmed": "{who} confirmed that it is over.",
    "calm": "Closed because it has calmed down.",
    "rule_removed": "Closed because its rule was removed, not because it calmed down.",
    "by_hand": "Closed by hand.",
    "flared_up": "It flared up again as {again}.",
    "useful": "Verdict: useful ({by}).",
    "false_alarm": "Verdict: false alarm ({by}).",
    "not_a_crisis": "Verdict: not a crisis ({by}): {reason}.",
    "done": "done by {who}, {at}",
    "promise": "{text}: by {due} ({who})",
    "kept": "{text}: kept by {who}, {at}",
    "missed": "{text}: missed, it was due by {due} ({who})",
    "unacknowledged": "Nobody has taken it yet. Please take it, or say who has it.",
    "step_overdue": "Not done in time: {subject} (due {due}).",
    "promise_due": "Promised by {due}: {subject}.",
    "promise_missed": "Promised by {due} and not kept: {subject}.",
    "stand_down_awaited": "The figures are calm. Please look, and confirm that it is over.",
    "sector": "Others of the sector are up at the same time: {names}.",
}
_IT = {
    "nobody": "Nessuno l'ha ancora preso in carico.",
    "has": "In carico a {who}{since}.",
    "since": " dal {at}",
    "assigned": "Assegnato a {who} da {by}.",
    "snoozed": "In pausa fino al {until}, per volontà di {by}.",
    "snoozed_calm": "In pausa finché non si calma, per volontà di {by}.",
    "escalated": "Sono stati avvisati anche: {who}.",
    "awaited": "I numeri sono tornati calmi: una persona deve confermare che è finita.",
    "confirmed": "{who} ha confermato che è finita.",
    "calm": "Chiuso perché si è calmato.",
    "rule_removed": "Chiuso perché la regola è stata tolta, non perché si è calmato.",
    "by_hand": "Chiuso a mano.",
    "flared_up": "Si è riacceso come {again}.",
    "useful": "Giudizio: utile ({by}).",
    "false_alarm": "Giudizio: falso allarme ({by}).",
    "not_a_crisis": "Giudizio: non è una crisi ({by}): {reason}.",
    "done": "fatto da {who}, {at}",
    "promise": "{text}: entro il {due} ({who})",
    "kept": "{text}: mantenuta da {who}, {at}",
    "missed": "{text}: non mantenuta, scadeva il {due} ({who})",
    "unacknowledged": "Nessuno l'ha ancora preso in carico. Prendilo tu, o di' chi ce l'ha.",
    "step_overdue": "Non fatto in tempo: {subject} (scadenza {due}).",
    "promise_due": "Promesso entro il {due}: {subject}.",
    "promise_missed": "Promesso entro il {due} e non mantenuto: {subject}.",
    "stand_down_awaited": "I numeri sono tornati calmi. Controlla, e conferma che è finita.",
    "sector": "Anche altri del settore sono in salita: {names}.",
}
_BY_LANGUAGE: Mapping[str, Mapping[str, str]] = {"en": _EN, "it": _IT}


def phrase(lang: str, key: str, **values: str) -> str:
    """One sentence with its gaps filled; nothing for a key there is no sentence for."""
    words = _BY_LANGUAGE.get(lang, _EN).get(key, "")
    for name, value in values.items():
        words = words.replace(f"{{{name}}}", value)
    return words
