"""From a checked rule file to the rules in force."""

from __future__ import annotations

from crisiswatch.config.compile_routing import compile_schedule
from crisiswatch.config.document import Document, Where
from crisiswatch.config.schema_rules import BlockModel, Bound, DurationBound, RuleModel, SurpriseBound
from crisiswatch.model import Level
from crisiswatch.rules.model import (
    MEASURES,
    SURPRISE_WORDS,
    Block,
    Condition,
    MentionFilter,
    Rule,
    Settle,
)

__all__ = ["LEVELS", "compile_rule"]

LEVELS = ("watch", "warning", "critical")


def compile_rule(model: RuleModel, document: Document, where: Where, detector: str) -> Rule:
    """The rule at ``where`` with every default filled in; ``detector`` is for a rule that names none."""
    mentions = model.mentions
    levels = [(word, block) for word in LEVELS if (block := getattr(model.levels, word)) is not None]
    return Rule(
        id=model.id,
        title=model.title,
        because=model.because,
        brands=model.brands,
        mentions=MentionFilter(
            sentiment=mentions.sentiment,
            words=mentions.words,
            ignore_words=mentions.ignore_words,
            languages=mentions.languages,
            sources=mentions.sources,
            flags=mentions.flags,
            severity=mentions.severity,
            themes=mentions.themes,
        ),
        window=model.window,
        levels=tuple(
            (Level.from_word(word), _block(block, document, (*where, "levels", word))) for word, block in levels
        ),
        hold=model.hold,
        settle=Settle(quiet_for=model.settle.quiet_for, below=model.settle.below),
        alert=model.alert,
        status=model.status,
        only_during=compile_schedule(model.only_during) if model.only_during else None,
        unless_open=model.unless_open,
        known_false_alarms=model.known_false_alarms,
        detector=model.detector or detector,
    )


def _block(model: BlockModel, document: Document, where: Where) -> Block:
    """A block with its conditions in the order in which a person wrote them."""
    written = document.get(where)
    order = [name for name in written if name not in {"any", "none"}] if isinstance(written, dict) else []
    conditions: list[Condition] = []
    for name in order:
        bound = model.plug_ins.get(name) if name not in MEASURES else getattr(model, name)
        if bound is not None:
            conditions.extend(_conditions(name, bound))
    return Block(
        conditions=tuple(conditions),
        any_of=tuple(_block(part, document, (*where, "any", place)) for place, part in enumerate(model.any)),
        none_of=tuple(_block(part, document, (*where, "none", place)) for place, part in enumerate(model.none)),
    )


def _conditions(measure: str, bound: Bound | SurpriseBound | DurationBound) -> list[Condition]:
    against = getattr(bound, "against", None)
    found = []
    for operator in ("at_least", "at_most"):
        value: float | str | None = getattr(bound, operator, None)
        if value is not None:
            number = SURPRISE_WORDS[value] if isinstance(value, str) else float(value)
            found.append(Condition(measure, operator, number, against))
    return found
