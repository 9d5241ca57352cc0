"""The sources of ``crisiswatch.yaml``, one model a kind.

A new kind is a model here, a row in `AnySource`, and a factory in `crisiswatch.wiring`: what the model holds is handed
to it as a mapping, with secrets that know the place that asks for them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, PlainValidator, Tag, WithJsonSchema

from crisiswatch.config.fields import (
    Flag,
    Id,
    Language,
    Number,
    Period,
    SecretRef,
    Section,
    Url,
    Whole,
    Words,
    bad,
    lasting,
)
from crisiswatch.config.schema_plug_ins import PlugInModel, kind_of

__all__ = [
    "SOURCE_TYPES",
    "AnySource",
    "BlueskyModel",
    "FeedModel",
    "FilesModel",
    "HackerNewsModel",
    "MastodonModel",
    "MastodonServerModel",
    "RedditModel",
    "SourceModel",
    "SourcePlugIn",
    "WebhookModel",
    "XModel",
]

SOURCE_TYPES = ("feed", "files", "webhook", "bluesky", "mastodon", "hackernews", "reddit", "x")


def _stream_url(value: object) -> str:
    if isinstance(value, str) and value.isprintable() and " " not in value and "@" not in value:
        parts = urlsplit(value)
        if parts.scheme in {"ws", "wss"} and parts.netloc:
            return value
    raise bad(
        "CW035", "`{field}` is not the address of a stream", "write it with wss://, like wss://example.com/subscribe"
    )


StreamUrl = Annotated[str, PlainValidator(_stream_url), WithJsonSchema({"type": "string", "pattern": "^wss?://"})]


class SourceModel(Section):
    """What every source has."""

    id: Id
    """The source's name in metrics and alerts."""
    brand: Id | None = None
    """Everything from this source is about this brand; by its words if left out."""

    def options(self) -> dict[str, object]:
        """What the source's factory is handed: every field of the kind's own."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in {"id", "type", "brand"}}


class FeedModel(SourceModel):
    """An RSS or Atom feed."""

    TAG: ClassVar[str] = "feed"
    type: Literal["feed"]
    """The kind of source: feed."""
    url: Url
    """The feed's web address."""
    every: Period = lasting("5m")
    """How often it is fetched."""
    timeout: Period = lasting("20s")
    """How long one request may take."""


class FilesModel(SourceModel):
    """Files of mentions, as JSON Lines or CSV."""

    TAG: ClassVar[str] = "files"
    type: Literal["files"]
    """The kind of source: files."""
    path: Words
    """A file or a directory, relative to this file; *.jsonl, *.csv, also .gz; it is tailed."""
    every: Period = lasting("10s")
    """How often it is looked at."""


class WebhookModel(SourceModel):
    """Mentions that another system sends to POST /hooks/ID, signed."""

    TAG: ClassVar[str] = "webhook"
    type: Literal["webhook"]
    """The kind of source: webhook."""
    secret: SecretRef
    """The key of the signature: {env: NAME} or {file: PATH}."""
    tolerance: Period = lasting("5m")
    """How old a signature may be."""


def _account_number(value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) <= 19):
        raise bad(
            "CW027", "`{field}` is not an account's number", "X tells the number of @name at /2/users/by/username/name"
        )
    return value


class XPricesModel(Section):
    """What X charges, in US dollars."""

    post: Number = Field(default=0.005, ge=0)
    """For a post that is read."""
    counts: Number = Field(default=0.005, ge=0)
    """For a call that counts."""
    user: Number = Field(default=0.010, ge=0)
    """For an author's data."""
    owned: Number = Field(default=0.001, ge=0)
    """For a mention of an account, read with its own token."""
    as_of: Words = "2026-11-21"
    """The day these prices were looked up; nothing is made of it."""


class XAccountModel(Section):
    """An account of the brand on X."""

    handle: Words
    """The account's name, like "@acmecoffee"; it is one of the brand's `handles` too."""
    id: Annotated[Words, AfterValidator(_account_number), Field(json_schema_extra={"pattern": "^[0-9]{1,19}$"})]
    """The account's number: its name may change, this never does."""


class XModel(SourceModel):
    """Posts on X, by the brands' terms: all are counted, and as many are read as the budget allows."""

    TAG: ClassVar[str] = "x"
    type: Literal["x"]
    """The kind of source: x."""
    token: SecretRef
    """The app's bearer token: {env: NAME} or {file: PATH}."""
    user_token: SecretRef | None = None
    """An OAuth 2.0 token of the brand's own account, with which its mentions cost less: {env: NAME} or {file: PATH},
    which is read before every call, so that another program may keep it fresh."""
    query: Words | None = None
    """A query in X's own language, in place of the one made of the brands' terms; `brand` says whose it is."""
    query_limit: Whole = Field(default=512, ge=64, le=4096)
    """Characters X takes in a query: 512, or 4096 with an Enterprise contract; longer lists of terms make several."""
    languages: tuple[Language, ...] = ()
    """Only posts in these languages and those without words; all if left out. X tells short posts poorly."""
    accounts: tuple[XAccountModel, ...] = ()
    """The brand's own accounts, whose mentions are read one and all, apart from the sample."""
    read: Literal["sample", "everything", "nothing"] = "sample"
    """`sample`: as many posts as the budget allows, more when the count rises; `everything`: all, while it lasts;
    `nothing`: posts are only counted."""
    stream: Flag = False
    """Every post within seconds, by the filtered stream; set `every` to about 10s then."""
    every: Period = lasting("5m")
    """How often it is polled."""
    count_every: Period = lasting("5m")
    """How often volumes are asked for: less often where they would take more than half of the budget."""
    look_back: Period = lasting("1h")
    """How far back posts are read at the first start; volumes are asked for seven days back."""
    budget: Number = Field(default=100.0, gt=0)
    """US dollars that may be spent in a calendar month (UTC)."""
    reserve: Number = Field(default=0.3, ge=0, le=0.9)
    """The part of the budget that is kept for times when the count is above the usual, with `read: sample`."""
    most_posts: Whole = Field(default=100, ge=10, le=1000)
    """Posts of a sample that are read at once at most."""
    expansions: Flag = False
    """Ask for the authors too, for `reach` and `largest_audience`: each costs as much as two posts."""
    fields_dialect: Literal["tweet", "post"] = "tweet"
    """The names fields are asked for by: X renamed them in August 2026; answers are read in both."""
    prices: XPricesModel = Field(default_factory=XPricesModel)
    """What X charges."""
    base_url: Url = "https://api.x.com"
    """Where X's API is; another address is for tests and gateways."""
    timeout: Period = lasting("20s")
    """How long one step of a request may take."""


class BlueskyModel(SourceModel):
    """Public posts on Bluesky with a term of a brand, through its open stream: no account, no cost."""

    TAG: ClassVar[str] = "bluesky"
    type: Literal["bluesky"]
    """The kind of source: bluesky."""
    url: StreamUrl | None = None
    """A Jetstream (version 1) of your own, with wss://; the four public ones take turns if left out."""
    since: Period = lasting("10m")
    """How far back it begins at the first start."""
    every: Period = lasting("5s")
    """How often what has come is taken in."""
    timeout: Period = lasting("20s")
    """How long connecting may take."""


class MastodonServerModel(Section):
    """One Mastodon server."""

    url: Url
    """The server's web address, such as https://mastodon.example."""
    token: SecretRef | None = None
    """An access token of an app there, for servers that ask for one: {env: NAME} or {file: PATH}."""


class MastodonModel(SourceModel):
    """Posts with certain hashtags, as several Mastodon servers know them."""

    TAG: ClassVar[str] = "mastodon"
    type: Literal["mastodon"]
    """The kind of source: mastodon."""
    servers: Annotated[tuple[MastodonServerModel, ...], Field(min_length=1)]
    """The servers that are asked; a large one knows most, one of your country what the large one does not."""
    tags: tuple[Words, ...] = ()
    """The hashtags; made of the brands' names and terms if left out."""
    every: Period = lasting("1m")
    """How often they are asked."""
    timeout: Period = lasting("10s")
    """How long one request may take."""

    def options(self) -> dict[str, object]:
        """The fields, with the servers as mappings."""
        return {**super().options(), "servers": [{"url": one.url, "token": one.token} for one in self.servers]}


class HackerNewsModel(SourceModel):
    """Stories and comments on Hacker News with a term of a brand: no account, no cost."""

    TAG: ClassVar[str] = "hackernews"
    type: Literal["hackernews"]
    """The kind of source: hackernews."""
    since: Period = lasting("1h")
    """How far back it begins at the first start."""
    every: Period = lasting("2m")
    """How often it is searched."""
    timeout: Period = lasting("10s")
    """How long one request may take."""
    base_url: Url = "https://hn.algolia.com"
    """Where the search is; another address is for tests and gateways."""


class RedditModel(SourceModel):
    """Posts and comments on Reddit, whose public interface closes in March 2027: for those who have a key."""

    TAG: ClassVar[str] = "reddit"
    type: Literal["reddit"]
    """The kind of source: reddit."""
    client_id: SecretRef
    """The id of the registered app: {env: NAME} or {file: PATH}."""
    client_secret: SecretRef
    """The app's secret: {env: NAME} or {file: PATH}."""
    user_agent: Words
    """What Reddit wants to be told, like "linux:acme-watch:1.0 (by u/your-name)"."""
    subreddits: tuple[Words, ...] = ()
    """Communities that are read whole, posts and comments, by their names without r/."""
    search: Flag = True
    """Search the posts of all of Reddit for the brands' terms; comments can't be searched."""
    every: Period = lasting("1m")
    """How often they are asked for; a listing shows the newest 100, and more at once are lost."""
    timeout: Period = lasting("10s")
    """How long one request may take."""
    reddit_url: Url = "https://www.reddit.com"
    """Where tokens come from; another address is for tests and gateways."""
    oauth_url: Url = "https://oauth.reddit.com"
    """Where the data is; another address is for tests and gateways."""


class SourcePlugIn(PlugInModel, SourceModel):
    """A source that another installed package brings; its options are its own."""

    model_config = ConfigDict(extra="allow")
    type: Words = Field(json_schema_extra={"not": {"enum": [*SOURCE_TYPES]}})
    """The kind, as the package names it."""


AnySource = Annotated[
    Annotated[FeedModel, Tag("feed")]
    | Annotated[FilesModel, Tag("files")]
    | Annotated[WebhookModel, Tag("webhook")]
    | Annotated[BlueskyModel, Tag("bluesky")]
    | Annotated[MastodonModel, Tag("mastodon")]
    | Annotated[HackerNewsModel, Tag("hackernews")]
    | Annotated[RedditModel, Tag("reddit")]
    | Annotated[XModel, Tag("x")]
    | Annotated[SourcePlugIn, Tag("plug-in")],
    kind_of(SOURCE_TYPES),
]
