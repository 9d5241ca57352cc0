"""``crisiswatch.yaml`` as a schema, field by field."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from crisiswatch.config.fields import (
    Brands,
    DateTime,
    Id,
    Language,
    Minutes,
    Period,
    SecretRef,
    Section,
    Url,
    Version,
    Whole,
    Words,
    Zone,
    bad,
    lasting,
    limited,
    secret,
)
from crisiswatch.config.schema_plug_ins import plug_in_names
from crisiswatch.config.schema_receivers import (
    RECEIVER_TYPES,
    AnyReceiver,
    ConsoleModel,
    EmailModel,
    SlackModel,
)
from crisiswatch.config.schema_routing import QuietModel, RouteModel, RungModel, StormModel
from crisiswatch.config.schema_sources import SOURCE_TYPES, AnySource, FeedModel, FilesModel, WebhookModel
from crisiswatch.config.secrets import Secret

__all__ = [
    "RECEIVER_TYPES",
    "SOURCE_TYPES",
    "AnyReceiver",
    "AnySource",
    "ConfigFile",
    "ConsoleModel",
    "EmailModel",
    "FeedModel",
    "FilesModel",
    "SlackModel",
    "WebhookModel",
    "plug_in_names",
]


class HandlesModel(Section):
    """The brand's own accounts."""

    official: tuple[Words, ...] = ()
    """Accounts that speak for the brand, like "@acmecoffee"."""
    care: tuple[Words, ...] = ()
    """Accounts of customer care."""


class BrandModel(Section):
    """A brand that is watched."""

    id: Id
    """The brand's name in rules, routes and metrics."""
    name: Words
    """The brand's name as people write it."""
    handles: HandlesModel = Field(default_factory=HandlesModel)
    """Its own accounts; a mention of one is about the brand."""
    any: tuple[Words, ...] = ()
    """A mention with any of these words, phrases or hashtags is about the brand."""
    none: tuple[Words, ...] = ()
    """A mention with any of these is not about the brand, whatever else it says."""
    languages: tuple[Language, ...] = ()
    """Languages in which the brand is talked about; all if left out."""
    timezone: Zone = Field(default_factory=lambda: ZoneInfo("UTC"), json_schema_extra={"default": "UTC"})
    """The time zone in which alerts tell times; UTC if left out."""
    sector: Id | None = None
    """Brands with the same sector are watched against each other: if several are up at once, messages say so."""
    language: Language = "en"
    """The language in which its people get alerts that have a file for it; English if left out."""


def _store_url(value: Any) -> Any:
    if isinstance(value, dict):
        return secret(value)
    if isinstance(value, str) and "://" in value:
        before = value.partition("://")[2].partition("/")[0]
        if ":" in before.rpartition("@")[0] or "password=" in value:
            hint = "take the whole address from the environment: url: {env: CRISISWATCH_STORE_URL}"
            raise bad("CW034", "`url` has a password in it", hint)
        if value.partition("://")[0].partition("+")[0] in {"sqlite", "postgresql"}:
            return value
    raise bad(
        "CW035", "`url` is not the address of a store", "write sqlite:///crisiswatch.db or postgresql://host/name"
    )


_SECRET_SCHEMA = WithJsonSchema({"type": ["string", "object"]})


class StoreModel(Section):
    """The database."""

    url: Annotated[str | Secret, BeforeValidator(_store_url), _SECRET_SCHEMA] = "sqlite:///crisiswatch.db"
    """sqlite:///FILE (relative to this file), or postgresql://HOST/NAME, or {env: NAME} where it has a password."""


class RetentionModel(Section):
    """How long things are kept."""

    texts: Period = lasting("30d")
    """How long the texts and authors of mentions are kept."""
    counts: Period = lasting("400d")
    """How long counts and incidents are kept."""


class RecordsModel(Section):
    """What is kept of each incident as files: its posts as they were, the decision log, the post-mortem."""

    folder: Words
    """The folder, relative to this file, with a folder in it for each incident."""
    posts: Whole = Field(default=200, ge=0, le=10_000)
    """How many posts are kept of an incident, the earliest and the loudest; 0 keeps none."""


class PrivacyModel(Section):
    """What is kept of the people who write."""

    authors: Literal["as_given", "pseudonym"] = "as_given"
    """Whether author ids are stored as the platform gives them, or as keyed hashes that nobody can trace back."""
    key: SecretRef | None = None
    """The key of the hashes: {env: NAME} or {file: PATH}; another key makes every account a new one."""

    @model_validator(mode="after")
    def _keyed(self) -> Self:
        if (self.authors == "pseudonym") != (self.key is not None):
            raise bad("CW039", "`authors: pseudonym` and `key` belong together", "write both, or neither")
        return self


class WebModel(Section):
    """The pages, health checks, metrics and hooks."""

    host: Words = "127.0.0.1"
    """The address to listen on; 0.0.0.0 means every network this machine is on."""
    port: Whole = Field(default=9464, ge=0, le=65535)
    """The port to listen on; 0 takes a free one."""
    token: SecretRef | None = None
    """Asked of everybody who calls, but for health, metrics and hooks: {env: NAME} or {file: PATH}; on an address that
    other machines reach it has to be there."""
    public_url: Url | None = None
    """The address at which people reach these pages, for links in messages: https://crisiswatch.example.com."""
    link_key: SecretRef | None = None
    """With it alerts by e-mail carry a link to take the incident with one click: at least 32 random characters,
    {env: NAME} or {file: PATH}. Such a link needs no token, is good for a day and is used up once somebody has the
    incident."""

    @model_validator(mode="after")
    def _linked(self) -> Self:
        if self.link_key is not None and self.public_url is None:
            raise bad("CW039", "`link_key` is of no use without `public_url`", "write `public_url` too")
        return self


class EventModel(Section):
    """Something that is known to move the volume: a campaign, a match, a launch. It is not taken for unusual."""

    brands: Brands = None
    """The brands it concerns: `all`, or a list of ids; all if left out."""
    title: Words
    """What it is, in a few words."""
    start: DateTime
    """When it begins, with its distance from UTC: 2026-06-14T20:00:00+02:00."""
    end: DateTime
    """When it is over, written like `start`."""
    repeats: Literal["weekly"] | None = None
    """`weekly`: the same hours of every week; they are UTC's, so where the clocks change it moves by an hour."""

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.end <= self.start:
            raise bad("CW058", "the event is over before it begins", "let `end` be later than `start`")
        if self.repeats == "weekly" and self.end - self.start > timedelta(days=7):
            raise bad("CW058", "the event lasts longer than the week after which it comes again", "shorten it")
        return self


class EngineModel(Section):
    """How time is kept."""

    lateness: Annotated[Minutes, limited(0, 24 * 60)] = lasting("5m", minutes=True)
    """How late mentions may arrive and still count as in order, in whole minutes."""
    tick: Period = lasting("10s")
    """How often the rules are judged when nothing happens."""


class SentimentModel(Section):
    """How the mood of a text is judged."""

    scorer: Id = "lite"
    """The scorer's name."""
    folder: Words | None = None
    """A folder here, relative to this file, with a classifier of negative, neutral and positive texts, as ONNX
    (model.onnx, tokenizer.json, config.json) or as transformers saves it; it takes the place of `scorer`. Nothing is
    ever downloaded."""
    budget: Period = lasting("5s")
    """How long the model of `folder` may take for one batch of mentions; what is left then is read by `fallback`."""
    threads: Whole = Field(default=1, ge=1, le=256)
    """On how many threads the model of `folder` runs."""
    batch: Whole = Field(default=32, ge=1, le=1024)
    """How many texts the model of `folder` reads at once at most."""
    fallback: Id = "lite"
    """The scorer's name that reads what the model of `folder` has no time for, or fails on."""


class LogModel(Section):
    """What the daemon logs."""

    format: Literal["text", "json"] = "text"
    """Lines for people, or one JSON object a line."""
    level: Literal["debug", "info", "warning", "error"] = "info"
    """The least serious messages that are logged."""


class ConfigFile(Section):
    """crisiswatch.yaml: WHO is watched and WHERE alerts go."""

    version: Version
    """The version of the format: 1."""
    brands: tuple[BrandModel, ...] = Field(min_length=1)
    """The brands that are watched."""
    sources: tuple[AnySource, ...] = ()
    """Where mentions come from."""
    receivers: tuple[AnyReceiver, ...] = ()
    """Where alerts go."""
    routes: tuple[RouteModel, ...] = ()
    """Which incident goes to which receivers: to those of every route it fits."""
    escalation: tuple[RungModel, ...] = Field(default=(), max_length=10)
    """Who is told if nobody takes an incident, rung by rung; a later rung has a longer `after`."""
    quiet_hours: tuple[QuietModel, ...] = ()
    """When which receivers are left in peace."""
    storm: StormModel = Field(default_factory=StormModel)
    """When so much opens at once that one summary is sent."""
    rules: Words = "./rules"
    """The directory of the rules, relative to this file; searched with its subdirectories."""
    alerts: Words = "./alerts"
    """The directory of the alerts, relative to this file; searched with its subdirectories."""
    themes: Words = "./themes.yaml"
    """A file that describes your own themes, relative to this file; those that ship are there without one."""
    store: StoreModel = Field(default_factory=StoreModel)
    """The database."""
    retention: RetentionModel = Field(default_factory=RetentionModel)
    """How long things are kept."""
    records: RecordsModel | None = None
    """What is kept of each incident as files; none if left out."""
    privacy: PrivacyModel = Field(default_factory=PrivacyModel)
    """What is kept of the people who write."""
    web: WebModel = Field(default_factory=WebModel)
    """The pages, health checks, metrics and hooks."""
    engine: EngineModel = Field(default_factory=EngineModel)
    """How time is kept."""
    sentiment: SentimentModel = Field(default_factory=SentimentModel)
    """How the mood of a text is judged."""
    detector: Id = "surge"
    """The detector behind `surprise`."""
    calendar: tuple[EventModel, ...] = ()
    """What is known to come and moves the volume, for the detector."""
    log: LogModel = Field(default_factory=LogModel)
    """What the daemon logs."""
