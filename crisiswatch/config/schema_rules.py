"""Rule files as a schema: rule language version 1, field by field."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from crisiswatch.config.document import did_you_mean
from crisiswatch.config.fields import (
    Brands,
    Id,
    Language,
    Minutes,
    Number,
    Section,
    TimeOfDay,
    Version,
    Words,
    Zone,
    bad,
    lasting,
    limited,
)
from crisiswatch.rules.model import SURPRISE_WORDS

__all__ = ["BlockModel", "RuleFile", "RuleModel", "measure_plug_ins"]

_PLUG_INS = "\0plug-ins"  # can't be meant by anybody who writes a rule
_WEEK = 7 * 24 * 60

Surprise = Literal["elevated", "high", "extreme"]
SeverityName = Literal[
    "safety", "violence", "recall", "breach", "discrimination", "legal", "boycott", "fraud", "news", "outage"
]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


@cache
def measure_plug_ins() -> tuple[str, ...]:
    """The names of the measures that other installed packages bring."""
    return tuple(sorted(point.name for point in entry_points(group="crisiswatch.measures")))


def _needs_bound(value: Any) -> Any:
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        written = getattr(value, "text", value)
        known = not isinstance(value, str) or value in SURPRISE_WORDS
        hint = f"write {{field}}: {{at_least: {written}}}" if known else "write {field}: {at_least: ...}"
        raise bad("CW042", "`{field}` needs `at_least` or `at_most`", hint)
    return value


def _surprise_word(value: Any) -> Any:
    if isinstance(value, str) and value in SURPRISE_WORDS:
        return value
    hint = did_you_mean(value, tuple(SURPRISE_WORDS)) if isinstance(value, str) else ""
    raise bad("CW046", "`surprise` takes a word, not {value}", hint or "write elevated, high or extreme")


class Bound(Section):
    """What a measure must reach (`at_least`) or must not exceed (`at_most`)."""

    at_least: Number | None = Field(default=None, ge=0)
    """The condition holds when the measure is this high or higher."""
    at_most: Number | None = Field(default=None, ge=0)
    """The condition holds when the measure is this low or lower; judged when late mentions are in."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise bad("CW043", "`{field}` has no bound", "write {field}: {at_least: ...}")
        if self.at_least is not None and self.at_most is not None and self.at_least > self.at_most:
            raise bad("CW044", "`{field}` can never hold: `at_least` is above `at_most`", "swap the two, or delete one")
        return self


class ShareBound(Bound):
    """A bound for a part of a whole, 0 to 1."""

    @model_validator(mode="after")
    def _part(self) -> Self:
        for number in (self.at_least, self.at_most):
            if number is not None and number > 1:
                hint = f"write 35 % as 0.35: {number:g} % is {number / 100:g}" if number <= 100 else "0.35 is 35 %"
                raise bad("CW023", "`share` is a part of one, from 0 to 1", hint)
        return self


class GrowthBound(Bound):
    """A bound for how many times more than in another period."""

    against: Literal["previous_window", "same_hours_last_week"] | None = None
    """The period to compare with: the window before this one, or the same hours a week ago."""

    @model_validator(mode="after")
    def _compared(self) -> Self:
        if self.against is None:
            hint = "add `against: previous_window` or `against: same_hours_last_week`"
            raise bad("CW045", "`growth` needs something to compare with", hint)
        return self


class SurpriseBound(Section):
    """A bound in words for how unusual the volume is for this brand at this hour."""

    at_least: Annotated[Surprise, BeforeValidator(_surprise_word, json_schema_input_type=Surprise)] | None = None
    """At least this unusual: elevated (10 false alarms a month), high (1 a month) or extreme (1 in ten months)."""
    at_most: Annotated[Surprise, BeforeValidator(_surprise_word, json_schema_input_type=Surprise)] | None = None
    """At most this unusual."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.at_least is None and self.at_most is None:
            raise bad("CW043", "`{field}` has no bound", "write surprise: {at_least: high}")
        if self.at_least and self.at_most and SURPRISE_WORDS[self.at_least] < SURPRISE_WORDS[self.at_most]:
            raise bad("CW044", "`{field}` can never hold: `at_least` is above `at_most`", "swap the two, or delete one")
        return self


class DurationBound(Section):
    """A bound for how long something has lasted."""

    at_least: Annotated[Minutes, limited(1)]
    """The condition holds once it has lasted this long."""


_Bounded = BeforeValidator(_needs_bound)
Counted = Annotated[Bound, _Bounded]


class BlockModel(Section):
    """Conditions that must all hold together."""

    count: Counted | None = None
    """How many mentions match in the window."""
    organic: Counted | None = None
    """How many mentions match with copies discounted: one of an account or of a text counts a fifth."""
    complaints: Counted | None = None
    """How many of the matching mentions say that something went wrong."""
    questions: Counted | None = None
    """How many of the matching mentions ask something."""
    severity: Counted | None = None
    """How grave the matching mentions are, added up: 0.4 (the news) to 0.8 (people hurt) for each with grave words."""
    authors: Counted | None = None
    """How many different accounts wrote them."""
    sources: Counted | None = None
    """From how many different sources they come."""
    reach: Counted | None = None
    """Followers of all those accounts together, where known."""
    largest_audience: Counted | None = None
    """Followers of the largest of those accounts."""
    share: Annotated[ShareBound, _Bounded] | None = None
    """Matching mentions as a part of everything said about the brand, 0 to 1."""
    growth: Annotated[GrowthBound, _Bounded] | None = None
    """How many times more than in the period `against` names."""
    surprise: Annotated[SurpriseBound, _Bounded] | None = None
    """How unusual the number is for this brand at this hour, in words."""
    blind_for: Annotated[DurationBound, _Bounded] | None = None
    """How long a source that the rule counts has been silent against its habit, failing, or out of budget."""
    any: tuple[BlockModel, ...] = Field(default=(), min_length=1)
    """Blocks of which at least one must hold."""
    none: tuple[BlockModel, ...] = Field(default=(), min_length=1)
    """Blocks of which none may hold."""
    plug_ins: SkipJsonSchema[dict[str, Counted]] = Field(default={}, alias="\0plug-ins")
    """Measures that other packages bring."""

    @model_validator(mode="before")
    @classmethod
    def _sort_out(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if not value:
            raise bad("CW040", "`{field}` has no condition, so it would always hold", "add `count: {at_least: 20}`")
        names = [name for name in measure_plug_ins() if name in value and name not in cls.model_fields]
        rest = {key: item for key, item in value.items() if key not in names and key != _PLUG_INS}
        return {**rest, _PLUG_INS: {name: value[name] for name in names}} if names else rest


class Levels(Section):
    """How bad it is, step by step; at least one of the three."""

    watch: BlockModel | None = None
    """Worth knowing, nobody is woken."""
    warning: BlockModel | None = None
    """Somebody must look now."""
    critical: BlockModel | None = None
    """The crisis team must act."""

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.watch is None and self.warning is None and self.critical is None:
            raise bad("CW040", "`levels` names no level", "add `warning: {count: {at_least: 20}}`")
        return self


class FilterModel(Section):
    """Which of the brand's mentions the rule counts."""

    sentiment: Literal["any", "negative", "neutral", "positive"] = "any"
    """Count only mentions of this mood."""
    words: tuple[Words, ...] = ()
    """Count only mentions with at least one of these words or phrases (whole words; case and accents don't matter)."""
    ignore_words: tuple[Words, ...] = ()
    """Leave out mentions with any of these words or phrases."""
    languages: tuple[Language, ...] = ()
    """Count only mentions in these languages; one whose language is unknown passes."""
    sources: tuple[Id, ...] = ()
    """Count only mentions from these sources."""
    flags: tuple[Literal["complaint", "question"], ...] = ()
    """Count only mentions that complain, or ask: with at least one of these flags, whatever their mood."""
    severity: tuple[SeverityName, ...] = ()
    """Count only mentions with grave words of at least one of these kinds, in English or Italian."""
    themes: tuple[Id, ...] = ()
    """Count only mentions that are about at least one of these themes; it needs a scorer with an encoder (`lite`)."""


class SettleModel(Section):
    """When an incident is over."""

    quiet_for: Annotated[Minutes, limited(1)] = lasting("45m", minutes=True)
    """How long it must stay quiet before the incident is closed."""
    below: Number = Field(default=0.5, gt=0, le=1)
    """Quiet means less than this part of what opened it, above the usual."""


class ScheduleModel(Section):
    """Hours in which the rule may open incidents."""

    days: tuple[Day, ...] = Field(default=("mon", "tue", "wed", "thu", "fri", "sat", "sun"), min_length=1)
    """Days of the week; every day if left out."""
    start: TimeOfDay
    """From this time of day."""
    end: TimeOfDay
    """Until this time of day; earlier than `start` means over midnight."""
    timezone: Zone
    """The time zone of these hours, for example Europe/Rome."""

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.start == self.end:
            hint = "for the whole day write start: 00:00 and end: 24:00"
            raise bad("CW055", "`{field}` begins and ends at the same time", hint)
        return self


class RuleModel(Section):
    """One rule: when an incident opens, and when it is over."""

    id: Id
    """The rule's name in messages, metrics and tests; keep it once the rule is in use."""
    title: Words
    """What the rule notices, in a few words."""
    because: Words = ""
    """Why the rule exists; shown with the alert."""
    brands: Brands = None
    """The brands it watches: `all`, or a list of ids from crisiswatch.yaml."""
    mentions: FilterModel = Field(default_factory=FilterModel)
    """Which mentions are counted; all of them if left out."""
    window: Annotated[Minutes, limited(1, _WEEK)]
    """How far back the rule looks, for example 15m, 6h or 1d; at most 7d."""
    levels: Levels
    """The conditions of each level; every line of a level must hold."""
    hold: Annotated[Minutes, limited(0, _WEEK)] = lasting("0m", minutes=True)
    """How long the conditions must hold before an incident opens."""
    settle: SettleModel = Field(default_factory=SettleModel)
    """When an incident is over."""
    alert: Id
    """The alert file whose words and playbook are used."""
    status: Literal["active", "trial", "off"] = "active"
    """`trial` judges and logs but sends nothing; `off` does nothing."""
    only_during: ScheduleModel | None = None
    """Hours in which the rule may open incidents; always if left out."""
    unless_open: tuple[Id, ...] = ()
    """Rules that speak for this one: while one of their incidents is open, this rule opens none."""
    known_false_alarms: tuple[Words, ...] = ()
    """What has set this rule off without being a crisis; for the people who read the alert."""
    detector: Id | None = None
    """The detector behind `surprise`; the one of crisiswatch.yaml if left out."""


class RuleFile(Section):
    """A file in rules/: WHEN an alert goes out."""

    version: Version
    """The version of the rule language: 1."""
    rules: tuple[RuleModel, ...] = Field(min_length=1)
    """The rules of this file."""
