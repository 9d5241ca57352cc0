"""What a rule means, in words for the person who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from crisiswatch.alerts.words import exact, language, percent, span, times
from crisiswatch.config.settings import Route
from crisiswatch.model import Level
from crisiswatch.rules.model import SURPRISE_WORDS, Block, Condition, MentionFilter, Rule, Schedule

__all__ = ["block_words", "counts_words", "hours_words", "minutes", "settle_words", "told_words"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_NOUNS = {"count": "mention", "organic": "organic mention", "authors": "different account", "sources": "source"}
_AGAINST = {"same_hours_last_week": "in the same hours last week", "previous_window": "in the window before"}


def minutes(number: int) -> str:
    """``90`` -> ``1 h 30 min``."""
    return span(timedelta(minutes=number))


def counts_words(filter_: MentionFilter, brands: Sequence[str] | None) -> str:
    """Which mentions a rule counts."""
    what = "all mentions" if filter_.sentiment == "any" else f"{filter_.sentiment} mentions"
    parts = [f"{what} of {'every brand' if brands is None else _listed(brands)}"]
    if filter_.words:
        parts.append(f"with {_listed(_quoted(filter_.words), 'or')}")
    if filter_.ignore_words:
        parts.append(f"without {_listed(_quoted(filter_.ignore_words), 'or')}")
    if filter_.flags:
        parts.append(f"with a {_listed(filter_.flags, 'or')}")
    if filter_.severity:
        parts.append(f"with grave words ({_listed(filter_.severity, 'or', 10)})")
    if filter_.themes:
        parts.append(f"about {_listed(filter_.themes, 'or')}")
    if filter_.languages:
        parts.append(f"in {_listed([language(tag) for tag in filter_.languages], 'or')}")
    if filter_.sources:
        parts.append(f"from {_listed(filter_.sources, 'or')}")
    return ", ".join(parts)


def block_words(block: Block) -> str:
    """What a level asks for, on one line."""
    parts = [_condition(each) for each in block.conditions]
    if block.any_of:
        parts.append("one of: " + " or ".join(f"({block_words(each)})" for each in block.any_of))
    if block.none_of:
        parts.append("not: " + " nor ".join(f"({block_words(each)})" for each in block.none_of))
    return "; ".join(parts)


def _condition(line: Condition) -> str:
    side = "at least" if line.operator == "at_least" else "at most"
    if line.measure == "surprise":
        return _surprise(line)
    if line.measure in _NOUNS:
        return f"{side} {exact(line.bound)} {_NOUNS[line.measure]}{'' if line.bound == 1 else 's'}"
    if line.measure == "growth":
        return f"{side} {times(line.bound, 1)} as many as {_AGAINST.get(line.against or '', 'before')}"
    sentences = {
        "share": f"{side} {percent(line.bound)} of everything said",
        "reach": f"{side} {exact(line.bound)} people reached",
        "blind_for": f"a source blind for {minutes(round(line.bound))} or longer",
        "largest_audience": f"one account with {side} {exact(line.bound)} followers",
    }
    return sentences.get(line.measure) or f"{line.measure.replace('_', ' ')} {side} {line.bound:g}"


def _surprise(line: Condition) -> str:
    word = next((name for name, bound in SURPRISE_WORDS.items() if bound == line.bound), f"{line.bound:g} a month")
    if line.bound >= 1:
        rate = f"about {line.bound:g} false {'alarm' if line.bound == 1 else 'alarms'} a month per brand"
    else:
        rate = f"about {line.bound:g} false alarms a month per brand: 1 in {1 / line.bound:.3g} months"
    if line.operator == "at_least":
        return f"surprise {word} or more (at most {rate})"
    return f"surprise {word} or less (at least {rate})"


def settle_words(rule: Rule) -> str:
    """When an incident of the rule is over."""
    quiet = minutes(rule.settle.quiet_for)
    return f"after {quiet} below {percent(rule.settle.below)} of what it had above normal when it opened"


def hours_words(schedule: Schedule) -> str:
    """When a rule may open incidents, or a route is open."""
    days = "every day" if len(schedule.days) == 7 else _listed([_DAYS[day] for day in sorted(schedule.days)])
    return f"{days}, {_clock(schedule.start)} to {_clock(schedule.end)} {schedule.timezone.key}"


def told_words(rule: Rule, routes: Sequence[Route], brands: Sequence[str]) -> list[str]:
    """Who is told of the rule's incidents: levels with the same receivers together, brands named where they differ."""
    if rule.status != "active":
        return ["nobody: the rule is on trial" if rule.status == "trial" else "nobody: the rule is off"]
    watched = [brand for brand in brands if rule.brands is None or brand in rule.brands]
    lines = {brand: _told(rule, brand, routes) for brand in watched}
    if len({tuple(each) for each in lines.values()}) == 1:
        return lines[watched[0]]
    return [f"{brand}: {line}" for brand in watched for line in lines[brand]]


def _told(rule: Rule, brand: str, routes: Sequence[Route]) -> list[str]:
    levels: dict[str, list[str]] = {}
    for level, _ in rule.levels:
        receivers = _receivers(level, brand, routes)
        levels.setdefault(_listed(receivers) if receivers else "nobody, no route takes it", []).append(level.word)
    return [f"{told} ({_listed(words)})" for told, words in levels.items()]


def _receivers(level: Level, brand: str, routes: Sequence[Route]) -> list[str]:
    fitting = [route for route in routes if level in route.levels and (route.brands is None or brand in route.brands)]
    found: dict[str, list[str]] = {}
    for route in fitting:
        for receiver in route.receivers:
            found.setdefault(receiver, []).append("" if route.only_during is None else hours_words(route.only_during))
    return [
        receiver if "" in hours else f"{receiver} (only {' or '.join(dict.fromkeys(hours))})"
        for receiver, hours in found.items()
    ]


def _clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _quoted(words: Sequence[str]) -> list[str]:
    return [f'"{word}"' for word in words]


def _listed(names: Sequence[str], last: str = "and", limit: int = 6) -> str:
    shown = list(names[:limit])
    if len(names) > limit:
        shown.append(f"{len(names) - limit} more")
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {last} {shown[-1]}"
