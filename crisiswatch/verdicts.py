"""What people said their alerts were worth, by rule, and what other bounds would have kept.

Everything is read from the store: the case's last verdict, and the incident's first version with the figures and the
gates it opened with. What another bound would not have opened then may have opened later: that is not known.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from crisiswatch.model import Gate, VerdictKind
from crisiswatch.rules.model import SURPRISE_WORDS, Condition, Rule
from crisiswatch.store import Store

__all__ = ["ENOUGH", "Judged", "Kept", "Option", "advice", "by_reason", "judged", "kept", "options", "tally"]

ENOUGH = 5
"""Verdicts of a rule below which nothing is said about its bounds."""
MOST = 10_000
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Judged:
    """An incident as it opened, and what people said of it (None: nothing)."""

    incident: str
    rule: str
    opened_at: datetime
    gates: tuple[Gate, ...]
    kind: VerdictKind | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """How many incidents would have opened as they did, by what people said of them."""

    useful: int
    false_alarms: int
    not_a_crisis: int
    unsaid: int


@dataclass(frozen=True, slots=True)
class Option:
    """Another bound of one line of a rule; ``word`` names it as a rule may write it."""

    measure: str
    bound: float
    word: str
    kept: Kept


def judged(store: Store, since: datetime) -> dict[str, list[Judged]]:
    """The incidents that opened since then, by rule, the last opened first; those of rules on trial are left out."""
    found = [each for each in store.incidents(limit=MOST) if each.opened_at >= since and not each.trial]
    cases = {case.incident: case for case in store.cases([each.id for each in found], limit=MOST)}
    rules: dict[str, list[Judged]] = {}
    for each in found:
        case = cases.get(each.id)
        verdict = None if case is None else case.verdict
        history = store.incident_events(each.id)
        gates = history[0].incident.gates if history else each.gates
        kind, reason = (None, "") if verdict is None else (verdict.kind, verdict.reason)
        rules.setdefault(each.rule, []).append(Judged(each.id, each.rule, each.opened_at, gates, kind, reason))
    return rules


def tally(incidents: Iterable[Judged]) -> Kept:
    """What people said, counted."""
    count = Counter(each.kind for each in incidents)
    return Kept(count[VerdictKind.USEFUL], count[VerdictKind.FALSE_ALARM], count[VerdictKind.NOT_A_CRISIS], count[None])


def options(rule: Rule, incidents: Sequence[Judged]) -> list[Option]:
    """Stricter bounds of the lines that every incident of the rule must meet, and what they would have kept.

    Only bounds between which something changes, at most a few a line; for ``surprise`` the words of the language.
    """
    made: list[Option] = []
    for line in rule.levels[0][1].conditions if rule.levels else ():
        if line.operator != "at_least" or line.measure == "blind_for":
            continue
        bounds = _words_above(line) if line.measure == "surprise" else _numbers_above(line, incidents)
        made += [Option(line.measure, bound, word, kept(line.measure, bound, incidents)) for bound, word in bounds]
    return made


def kept(measure: str, bound: float, incidents: Iterable[Judged]) -> Kept:
    """What would have opened with that bound; one whose figure is not known is taken to."""
    holds: Callable[[float], bool] = (lambda value: value <= bound) if measure == "surprise" else bound.__le__
    return tally(each for each in incidents if (value := _value(each, measure)) is None or holds(value))


def advice(incidents: Sequence[Judged], found: Sequence[Option]) -> Option | None:
    """Where most verdicts are false alarms: the smallest change that keeps all useful ones and drops most of those.

    None where there are too few verdicts, false alarms do not dominate, or no single change does it.
    """
    now = tally(incidents)
    said = now.useful + now.false_alarms + now.not_a_crisis
    if said < ENOUGH or now.false_alarms * 2 <= said:
        return None
    good = [each for each in found if each.kept.useful == now.useful and each.kept.false_alarms * 2 < now.false_alarms]
    # What changes least is what keeps most, whatever people have not spoken of.
    return max(good, key=lambda each: (each.kept.not_a_crisis + each.kept.unsaid, each.kept.false_alarms), default=None)


def _words_above(line: Condition) -> list[tuple[float, str]]:
    return [(bound, word) for word, bound in SURPRISE_WORDS.items() if bound < line.bound]


def _numbers_above(line: Condition, incidents: Sequence[Judged]) -> list[tuple[float, str]]:
    """The bound just above what each false alarm had, in the measure's own steps."""
    whole = line.measure not in {"share", "growth"}
    found: set[float] = set()
    for each in incidents:
        value = _value(each, line.measure)
        if each.kind is VerdictKind.FALSE_ALARM and value is not None and math.isfinite(value):
            found.add(math.floor(value) + 1.0 if whole else math.floor(value * 100 + 1) / 100)
    bounds = sorted(bound for bound in found if bound > line.bound)
    if not bounds:
        return []
    step = max(len(bounds) / _SHOWN, 1.0)
    chosen = [bounds[min(math.ceil((number + 1) * step) - 1, len(bounds) - 1)] for number in range(_SHOWN)]
    return [(bound, f"{bound:g}") for bound in dict.fromkeys(chosen)]


def _value(each: Judged, measure: str) -> float | None:
    """What the incident had of a measure as it opened."""
    return next((gate.value for gate in each.gates if gate.measure == measure), None)


def by_reason(incidents: Iterable[Judged]) -> Mapping[str, int]:
    """The reasons that people gave for what was no crisis or a false alarm, the most frequent first."""
    count = Counter(each.reason for each in incidents if each.reason and each.kind is not VerdictKind.USEFUL)
    return dict(count.most_common())
