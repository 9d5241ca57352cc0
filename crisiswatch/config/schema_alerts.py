"""Alert files and rule tests as schemas, field by field."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from crisiswatch.config.fields import (
    Id,
    Language,
    Minutes,
    Moment,
    Period,
    Section,
    Version,
    Whole,
    Words,
    bad,
    limited,
)
from crisiswatch.config.schema_rules import SeverityName

__all__ = ["AlertFile", "ExpectModel", "MentionModel", "StageModel", "StepModel", "TestCaseModel", "TestFile"]

Shown = Literal["why", "chart", "top_posts", "sources", "themes"]


class StageModel(Section):
    """The words of one stage of an incident. `{placeholders}` are filled in when it is sent."""

    headline: Words = Field(max_length=300)
    """One line that says what is going on."""
    summary: Words
    """Two or three sentences: how much, who, since when, what to do first."""
    show: tuple[Shown, ...] = ()
    """What to show below: why, chart, top_posts, sources, themes. If left out, what `opened` shows."""


LevelName = Literal["watch", "warning", "critical"]


class PromiseModel(Section):
    """What is promised by doing a step. It rings before it is missed."""

    text: Words = Field(max_length=200)
    """What was promised, for example "The next public update"."""
    within: Annotated[Minutes, limited(1)]
    """How long after the step was done it must be kept."""


class StepModel(Section):
    """One step of the playbook."""

    step: Words = Field(max_length=300)
    """What has to be done, as an order."""
    role: Words = ""
    """Who does it: a role, not a person."""
    within: Annotated[Minutes, limited(1)] | None = None
    """How long after the opening it must be done."""
    promise: PromiseModel | None = None
    """What doing it promises to others, with a clock of its own."""
    done_when: Literal["taken"] | None = None
    """`taken`: whoever takes the incident ("I have it", or by assigning it) has done this step."""
    webhook: Id | None = None
    """A receiver that does this step by itself, for example a webhook that freezes scheduled posts. It is told when the
    step is due, and of everything after that, so that it can take the pause off again."""
    on: LevelName = "watch"
    """The level from which `webhook` is told."""


class StandDownModel(Section):
    """How an incident may end."""

    confirm: tuple[LevelName, ...] = ()
    """An incident that has reached one of these levels is over only when a person says so."""
    when: tuple[Words, ...] = Field(default=(), max_length=8)
    """What they should look at before they say it."""


class AlertFile(Section):
    """A file in alerts/: WHAT people are told, and what they do then."""

    version: Version = 1
    """The version of the format: 1."""
    alert: Id
    """The alert's name, used by rules."""
    language: Language = "en"
    """The language of its words, in which themes and kinds of grave words are named: en or it, or as in themes.yaml.
    An alert may have a file for each language; a brand's people get the one in the brand's `language`."""
    because: Words = ""
    """Why the rule that uses it exists, in this language; what the rule says of itself if left out."""
    opened: StageModel
    """Sent when an incident opens."""
    escalated: StageModel | None = None
    """Sent when it gets worse."""
    calming: StageModel | None = None
    """Sent when it begins to calm down."""
    resolved: StageModel | None = None
    """Sent when it is over."""
    playbook: tuple[StepModel, ...] = Field(default=(), max_length=12)
    """What to do, step by step, at most twelve."""
    statements: dict[Language, Words] = Field(default_factory=dict)
    """Holding statements ready to be checked and published by a person, by language; {placeholders} are filled in."""
    stand_down: StandDownModel = Field(default_factory=StandDownModel)
    """How an incident may end; by itself, once the figures are calm, if left out."""


_Many = BeforeValidator(lambda value: None if value == "many" else value, json_schema_input_type=int | Literal["many"])


class MentionModel(Section):
    """Mentions that a test makes up: one at a time, some over a while, or one every so often."""

    at: Moment | None = None
    """When they begin, counted from the start of the test, for example 14d20m."""
    every: Period | None = None
    """One mention every so often, from the start (or `at`) until `until`."""
    until: Moment | None = None
    """When a stream made with `every` ends."""
    count: Whole = Field(default=1, ge=1, le=100_000)
    """How many mentions."""
    over: Moment | None = None
    """The time over which they are spread evenly; all at once if left out."""
    sentiment: Literal["negative", "neutral", "positive"] = "neutral"
    """Their mood."""
    authors: Annotated[Annotated[Whole, Field(ge=1)] | None, _Many] = None
    """How many accounts write them; `many` means everybody writes once."""
    sources: tuple[Id, ...] = ("test",)
    """The sources they come from, in turn."""
    text: Words | None = None
    """What they say; a neutral sentence with the brand's name if left out."""
    audience: Annotated[Whole, Field(ge=0)] | None = None
    """Followers of each account."""
    lang: Language | None = None
    """Their language."""
    flags: tuple[Literal["complaint", "question"], ...] | None = None
    """Whether they complain or ask; as their text says if left out."""
    severity: tuple[SeverityName, ...] | None = None
    """The kinds of grave words they have; as their text says if left out."""
    themes: tuple[Id, ...] = ()
    """What they are about: a story's text is not looked through for themes."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if self.every is None and self.at is None:
            raise bad("CW080", "these mentions have no time", "add `at: 1h`, or `every: 5m` with `until: 14d`")
        if (self.every is None) != (self.until is None):
            raise bad("CW080", "`every` and `until` belong together", "write {every: 5m, until: 14d}")
        if self.every is not None and ("count" in self.model_fields_set or self.over is not None):
            raise bad("CW080", "`every` does not go with `count` or `over`", "use two lines, one for each")
        if self.until is not None and self.at is not None and self.until <= self.at:
            raise bad("CW080", "`until` is not after `at`", "let it end later")
        return self


class ExpectModel(Section):
    """What must be true at a time, or between two times."""

    by: Moment | None = None
    """At this time at the latest, counted from the start of the test."""
    between: tuple[Moment, Moment] | None = None
    """Between these two times: a list of two."""
    incident: Id | None = None
    """The rule whose incident is open; `none` means that no incident is open."""
    level: Literal["watch", "warning", "critical"] | None = None
    """The level it has reached."""
    incidents: Annotated[Whole, Field(ge=0)] | None = None
    """How many incidents were opened."""

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if (self.by is None) == (self.between is None):
            raise bad("CW080", "an expectation has `by` or `between`, one of the two", "write {by: 1h, incident: ...}")
        if self.between is not None and self.between[0] >= self.between[1]:
            raise bad("CW080", "`between` must begin before it ends", "write [0d, 14d]")
        if (self.incident is None) == (self.incidents is None):
            hint = "write `incident: negative-wave`, `incident: none` or `incidents: 0`"
            raise bad("CW080", "an expectation has `incident` or `incidents`, one of the two", hint)
        if self.level is not None and self.incident in {None, "none"}:
            raise bad("CW080", "`level` needs an `incident`", "write {by: 1h, incident: negative-wave, level: warning}")
        return self


class OutageModel(Section):
    """A time in which a source could not be read."""

    source: Words
    """The source, as the mentions of the story name it."""
    at: Period
    """When it began, from the start of the story."""
    until: Period
    """When it could be read again."""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.at >= self.until:
            raise bad("CW080", "an outage must begin before it ends", "write {source: x, at: 1d, until: 1d3h}")
        return self


class TestCaseModel(Section):
    """One story: what is said, and what must come of it."""

    name: Words
    """The story in a sentence."""
    mentions: tuple[MentionModel, ...]
    """What is said."""
    outages: tuple[OutageModel, ...] = ()
    """When a source could not be read; sources are healthy to the end if left out."""
    expect: tuple[ExpectModel, ...] = Field(min_length=1)
    """What must come of it."""


class TestFile(Section):
    """A file beside a rule, `NAME.test.yaml`: stories that the rule must pass."""

    version: Version = 1
    """The version of the format: 1."""
    rules: tuple[Words, ...] = Field(min_length=1)
    """The rule files under test, relative to this file."""
    tests: tuple[TestCaseModel, ...] = Field(min_length=1)
    """The stories."""
