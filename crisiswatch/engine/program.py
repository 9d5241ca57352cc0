"""A ruleset made ready for one brand: which series to keep, which windows to slide, which rules read which."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil

from crisiswatch.detector import Detector
from crisiswatch.detector import get as get_detector
from crisiswatch.rules.filters import Admission
from crisiswatch.rules.judge import can_hold_early, needs_mentions
from crisiswatch.rules.model import WEEK, Block, CalendarEvent, Condition, MentionFilter, Rule, Ruleset
from crisiswatch.windows import BIN, MILLI

__all__ = ["WEEK", "Program", "RulePlan", "SeriesPlan", "program_for", "series_key"]

COST = {name: place for place, name in enumerate(("count", "share", "sources", "largest_audience", "reach", "growth"))}


@dataclass(frozen=True, slots=True)
class SeriesPlan:
    """One series: which mentions it counts, the window lengths, and the detector if one is needed.

    ``texts``: copies have to be told, for the detector or for a rule that asks for ``organic``.
    """

    key: str
    admission: Admission
    lengths: tuple[int, ...]
    keep_bins: int
    detector: Detector | None
    texts: bool


@dataclass(frozen=True, slots=True)
class RulePlan:
    """One rule with its series.

    ``early``: the early pass can find something. ``floor``: below so many thousandths of a mention in the window no
    level can hold, so nothing needs to be worked out. ``judged``: some level asks for surprise. ``relative``: by
    share or growth without a detector, or for a drop; so how far a count must fall to be normal again is not known.
    ``blindness``: no level can hold while every source can speak.
    """

    rule: Rule
    series: str
    early: bool
    floor: int
    judged: bool
    relative: bool
    blindness: bool


@dataclass(frozen=True, slots=True)
class Program:
    """Everything `step` needs to know of the rules for one brand.

    ``rules`` are in the order in which they are judged: those that ask ``unless_open`` after the others, so that they
    see what opened in the same minute. ``main`` is the first rule with a detector; its meter is shown. ``calendar`` has
    the brand's own events.
    """

    rules: tuple[RulePlan, ...]
    series: tuple[SeriesPlan, ...]
    lateness: int
    needs_words: bool
    needs_texts: bool
    calendar: tuple[CalendarEvent, ...]
    main: RulePlan | None


def series_key(filter_: MentionFilter, detector: str | None) -> str:
    """Name a series by what it counts, so that its state survives a reload that changes other things."""
    parts = (
        filter_.sentiment,
        ",".join(sorted(filter_.words)),
        ",".join(sorted(filter_.ignore_words)),
        ",".join(sorted(filter_.languages)),
        ",".join(sorted(filter_.sources)),
        detector or "",
    )
    signals = tuple(
        f"{name}:{','.join(sorted(wanted))}"
        for name, wanted in (("flags", filter_.flags), ("severity", filter_.severity), ("themes", filter_.themes))
        if wanted
    )
    return "|".join(part.replace("|", "/") for part in (*parts, *signals))


@lru_cache(maxsize=50_000)
def program_for(ruleset: Ruleset, brand: str) -> Program:
    """Compile ``ruleset`` for ``brand``; cached, since brands usually share one program per ruleset."""
    return _program(ruleset.for_brand(brand), ruleset.lateness, ruleset.calendar_of(brand))


@lru_cache(maxsize=1_000)
def _program(rules: tuple[Rule, ...], lateness: int, calendar: tuple[CalendarEvent, ...]) -> Program:
    rules = tuple(_cheapest_first(rule) for rule in rules)
    plans = tuple(_rule_plan(rule) for rule in rules)
    keys = dict.fromkeys(plan.series for plan in plans)
    series = tuple(_series_plan(key, [plan for plan in plans if plan.series == key]) for key in keys)
    return Program(
        rules=tuple(sorted(plans, key=lambda plan: bool(plan.rule.unless_open))),
        series=series,
        lateness=lateness,
        needs_words=any(plan.admission.reads_words for plan in series),
        needs_texts=any(plan.texts for plan in series),
        calendar=calendar,
        main=next((plan for plan in plans if plan.judged), None),
    )


def _rule_plan(rule: Rule) -> RulePlan:
    blocks = [block for _, block in rule.levels]
    judged = any(_uses(block, "surprise") for block in blocks)
    floor = min(_floor(block) for block in blocks)
    return RulePlan(
        rule=rule,
        series=series_key(rule.mentions, rule.detector if judged else None),
        early=any(can_hold_early(block) for block in blocks),
        floor=floor,
        judged=judged,
        relative=not floor or (not judged and any(_uses(b, "share") or _uses(b, "growth") for b in blocks)),
        blindness=all(_waits_for_blindness(block) for block in blocks),
    )


def _series_plan(key: str, plans: list[RulePlan]) -> SeriesPlan:
    judged = [plan.rule for plan in plans if plan.judged]
    weekly = any(_uses(block, "growth") for plan in plans for _, block in plan.rule.levels)
    organic = any(_uses(block, "organic") for plan in plans for _, block in plan.rule.levels)
    longest = max(plan.rule.window for plan in plans)
    return SeriesPlan(
        key=key,
        admission=Admission(plans[0].rule.mentions),
        lengths=tuple(sorted({plan.rule.window for plan in plans})),
        keep_bins=(WEEK if weekly else 0) + max(longest, 6 * 60) + BIN,
        detector=get_detector(judged[0].detector) if judged else None,
        texts=bool(judged) or organic,
    )


def _floor(block: Block) -> int:
    """Thousandths of a mention below which ``block`` can't hold: the count it asks for, or the least there is."""
    # There are never more organic mentions than mentions, nor more complaints, and none is graver than 1.
    wanted = ("count", "organic", "complaints", "questions", "severity")
    counts = [c.bound for c in block.conditions if c.measure in wanted and c.operator == "at_least"]
    if counts:
        return ceil(max(counts) * MILLI)
    return 1 if needs_mentions(block) else 0


def _waits_for_blindness(block: Block) -> bool:
    return any(c.measure == "blind_for" and c.operator == "at_least" and c.bound > 0 for c in block.conditions)


def _uses(block: Block, measure: str) -> bool:
    return any(condition.measure == measure for condition in block.conditions) or any(
        _uses(inner, measure) for inner in (*block.any_of, *block.none_of)
    )


def _cheapest_first(rule: Rule) -> Rule:
    """Order each block's lines so that the cheap ones are judged first; the meaning is the same."""
    return replace(rule, levels=tuple((level, _sorted(block)) for level, block in rule.levels))


def _sorted(block: Block) -> Block:
    def cost(condition: Condition) -> int:
        return {"authors": 20, "organic": 22, "surprise": 30}.get(condition.measure, COST.get(condition.measure, 25))

    return Block(
        tuple(sorted(block.conditions, key=cost)),
        tuple(_sorted(inner) for inner in block.any_of),
        tuple(_sorted(inner) for inner in block.none_of),
    )
