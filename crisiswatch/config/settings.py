"""``crisiswatch.yaml`` as a plain typed tree: every default filled in, every unit settled, every path absolute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from crisiswatch.config.secrets import Secret
from crisiswatch.config.settings_routing import QuietHours, Route, Rung, Storm

__all__ = [
    "AlertmanagerOptions",
    "AppriseOptions",
    "Brand",
    "ConsoleOptions",
    "EmailOptions",
    "EngineSettings",
    "FeedOptions",
    "FilesOptions",
    "HeavySettings",
    "LogSettings",
    "PagerDutyOptions",
    "ReceiverOptions",
    "ReceiverSettings",
    "RecordSettings",
    "Retention",
    "Route",
    "Settings",
    "SlackOptions",
    "SourceSettings",
    "StoreSettings",
    "WebSettings",
    "WebhookOptions",
    "WebhookReceiverOptions",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """A brand that is watched. ``official`` and ``care`` are its own handles; a mention with any term of ``any`` (or a
    handle or the name) belongs to it, unless it has one of ``none``. People are told times in ``timezone``,
    and what they are told is in ``language``, where an alert has words in it."""

    id: str
    name: str
    official: tuple[str, ...] = ()
    care: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    timezone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    language: str = "en"
    sector: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedOptions:
    """An RSS or Atom feed, fetched ``every`` so often; one request takes ``timeout`` at most."""

    url: str
    every: timedelta = timedelta(minutes=5)
    timeout: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesOptions:
    """A file or a directory of JSON Lines or CSV, looked at ``every`` so often. ``path`` is absolute."""

    path: Path
    every: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookOptions:
    """Signed POSTs to ``/hooks/{source id}``; a signature older than ``tolerance`` is refused."""

    secret: Secret
    tolerance: timedelta = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSettings:
    """One place mentions come from. A plug-in's ``options`` are a mapping as written, with `Secret` objects in it.

    ``brand``: everything from here is about this brand.
    """

    id: str
    type: str
    options: FeedOptions | FilesOptions | WebhookOptions | Mapping[str, object]
    brand: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsoleOptions:
    """Alerts printed where the daemon runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackOptions:
    """A Slack channel through a bot token. With an ``app_token`` or a ``signing_secret`` its messages have buttons."""

    token: Secret
    channel: str
    app_token: Secret | None = None
    signing_secret: Secret | None = None
    base_url: str = "https://slack.com/api/"
    timeout: timedelta = timedelta(seconds=10)
    proxy: str | None = None

    @property
    def buttons(self) -> bool:
        """Whether somebody hears what is pressed."""
        return self.app_token is not None or self.signing_secret is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailOptions:
    """Mail through an SMTP server. ``security`` is ``starttls``, ``tls`` or ``none``; ``cafile`` is absolute."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    security: str = "starttls"
    username: str | None = None
    password: Secret | None = None
    cafile: Path | None = None
    timeout: timedelta = timedelta(seconds=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertmanagerOptions:
    """One Alertmanager, or all servers of a cluster. ``labels`` are put on every alert; ``cafile`` is absolute."""

    urls: tuple[str, ...]
    username: str | None = None
    password: Secret | None = None
    token: Secret | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    cafile: Path | None = None
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookReceiverOptions:
    """Signed POSTs to ``url``; ``posts``: with the words of posts. ``cafile`` is absolute."""

    url: str | Secret
    secret: Secret
    token: Secret | None = None
    posts: bool = False
    cafile: Path | None = None
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class PagerDutyOptions:
    """A PagerDuty service by its integration key."""

    routing_key: Secret
    base_url: str = "https://events.pagerduty.com"
    timeout: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppriseOptions:
    """A service that apprise knows, by its address, which is a secret."""

    url: Secret


ReceiverOptions = (
    ConsoleOptions
    | SlackOptions
    | EmailOptions
    | AlertmanagerOptions
    | WebhookReceiverOptions
    | PagerDutyOptions
    | AppriseOptions
    | Mapping[str, object]
)
"""What a receiver was configured with, by its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverSettings:
    """One place alerts go to. A plug-in's ``options`` are a mapping as written, with `Secret` objects in it."""

    id: str
    type: str
    options: ReceiverOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """The database's URL, or the secret that holds it."""

    url: str | Secret

    def reveal(self) -> str:
        """The URL to connect with. Raises `ConfigError` where its secret is missing."""
        return self.url.reveal() if isinstance(self.url, Secret) else self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long the texts of mentions, and the counts made of them, are kept."""

    texts: timedelta = timedelta(days=30)
    counts: timedelta = timedelta(days=400)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """Where health, metrics and hooks are served; port 0 takes a free one. ``token`` is asked of those who call.

    ``public_url`` is where people reach the pages, ``link_key`` signs the links that messages carry there."""

    host: str = "127.0.0.1"
    port: int = 9464
    token: Secret | None = None
    public_url: str | None = None
    link_key: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """``lateness``: how late mentions may come and still count as in order (whole minutes). ``tick``: the heartbeat."""

    lateness: timedelta = timedelta(minutes=5)
    tick: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeavySettings:
    """A classifier in the ``folder`` (absolute): ``batch`` texts at once on ``threads`` threads, ``budget`` for all
    texts that come together; the rest is read by the scorer called ``fallback``."""

    folder: Path
    budget: timedelta = timedelta(seconds=5)
    threads: int = 1
    batch: int = 32
    fallback: str = "lite"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettings:
    """Where records of incidents are kept (absolute), and how many posts of each."""

    folder: Path
    posts: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """``format`` is ``text`` or ``json``, ``level`` one of debug, info, warning, error."""

    format: str = "text"
    level: str = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The whole of ``crisiswatch.yaml``. ``path`` is that file; ``rules`` and ``alerts`` are absolute directories;
    with an ``author_key`` authors are stored as keyed hashes.

    ``heavy`` reads in the place of ``scorer`` where it is given.
    """

    path: Path
    brands: tuple[Brand, ...]
    sources: tuple[SourceSettings, ...]
    receivers: tuple[ReceiverSettings, ...]
    routes: tuple[Route, ...]
    rules: Path
    alerts: Path
    store: StoreSettings
    escalation: tuple[Rung, ...] = ()
    quiet_hours: tuple[QuietHours, ...] = ()
    storm: Storm = field(default_factory=Storm)
    retention: Retention = Retention()
    author_key: Secret | None = None
    web: WebSettings = WebSettings()
    engine: EngineSettings = EngineSettings()
    scorer: str = "lite"
    heavy: HeavySettings | None = None
    detector: str = "surge"
    log: LogSettings = LogSettings()
    records: RecordSettings | None = None

    def secrets(self) -> tuple[Secret, ...]:
        """Every secret the configuration refers to, in the order of the file."""
        found: list[Secret] = []
        for options in (*(one.options for one in self.sources), *(one.options for one in self.receivers)):
            _collect(options, found)
        _collect(self.store.url, found)
        _collect(self.web.token, found)
        _collect(self.web.link_key, found)
        _collect(self.author_key, found)
        return tuple(found)


def _collect(value: object, found: list[Secret]) -> None:
    """Every secret in a value: options, and what plug-ins are given, in the order it is written down."""
    if isinstance(value, Secret):
        found.append(value)
    elif isinstance(value, Mapping):
        for item in value.values():
            _collect(item, found)
    elif isinstance(value, list | tuple):
        for item in value:
            _collect(item, found)
    elif is_dataclass(value):
        for each in fields(value):
            _collect(getattr(value, each.name), found)
