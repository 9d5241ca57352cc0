"""The receivers of ``crisiswatch.yaml``, field by field."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainValidator, Strict, Tag, WithJsonSchema, model_validator

from crisiswatch.config.fields import (
    Email,
    Flag,
    Id,
    Period,
    SecretRef,
    Section,
    Url,
    Whole,
    Words,
    bad,
    lasting,
    secret,
    web_address,
)
from crisiswatch.config.schema_plug_ins import PlugInModel, kind_of
from crisiswatch.config.secrets import Secret

__all__ = [
    "RECEIVER_TYPES",
    "AlertmanagerModel",
    "AnyReceiver",
    "AppriseModel",
    "ConsoleModel",
    "EmailModel",
    "PagerDutyModel",
    "ReceiverModel",
    "ReceiverPlugIn",
    "SlackModel",
    "WebhookReceiverModel",
]

RECEIVER_TYPES = ("console", "slack", "email", "alertmanager", "webhook", "pagerduty", "apprise")

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_OURS = frozenset({"alertname", "brand", "rule", "incident", "severity", "drill"})


def _label(value: Any) -> Any:
    if isinstance(value, str) and not _LABEL.fullmatch(value):
        raise bad("CW067", "this can't be the name of a label", "use letters, digits and _, like team")
    if value in _OURS:
        raise bad("CW067", f"the label `{value}` is set by crisiswatch itself", "take another name")
    return value


def _address(value: Any) -> Any:
    return secret(value) if isinstance(value, dict) else web_address(value)


LabelName = Annotated[
    str, BeforeValidator(_label), Strict(), Field(json_schema_extra={"pattern": f"^{_LABEL.pattern}$"})
]
UrlOrSecret = Annotated[str | Secret, PlainValidator(_address), WithJsonSchema({"type": ["string", "object"]})]


class ReceiverModel(Section):
    """What every receiver has."""

    id: Id
    """The receiver's name in routes and metrics."""


class ConsoleModel(ReceiverModel):
    """Alerts printed where the daemon runs."""

    TAG: ClassVar[str] = "console"
    type: Literal["console"]
    """The kind of receiver: console."""


class SlackModel(ReceiverModel):
    """A Slack channel."""

    TAG: ClassVar[str] = "slack"
    type: Literal["slack"]
    """The kind of receiver: slack."""
    token: SecretRef
    """The bot token (xoxb-...): {env: NAME} or {file: PATH}."""
    channel: Words
    """The channel's id, like C0123456789 (in Slack: channel details, at the bottom)."""
    app_token: SecretRef | None = None
    """The app-level token (xapp-...) for buttons by Socket Mode, which needs no public address: {env: NAME} or
    {file: PATH}."""
    signing_secret: SecretRef | None = None
    """Instead of `app_token`, for buttons by signed requests to https://YOUR-HOST/slack/actions: {env: NAME} or
    {file: PATH}."""
    base_url: Url = "https://slack.com/api/"
    """Where Slack's API is; another address is for tests and gateways."""
    timeout: Period = lasting("10s")
    """How long one request may take."""
    proxy: Url | None = None
    """The web proxy to go through."""


class EmailModel(ReceiverModel):
    """Mail through an SMTP server."""

    TAG: ClassVar[str] = "email"
    type: Literal["email"]
    """The kind of receiver: email."""
    host: Words
    """The mail server's name."""
    port: Whole = Field(default=587, ge=1, le=65535)
    """The mail server's port: usually 587 with starttls, 465 with tls."""
    username: Words | None = None
    """The account at the mail server, if it wants one."""
    password: SecretRef | None = None
    """The account's password: {env: NAME} or {file: PATH}."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is protected."""
    sender: Email = Field(alias="from")
    """The address that alerts come from."""
    to: tuple[Email, ...] = Field(min_length=1)
    """The addresses that alerts go to."""
    cafile: Words | None = None
    """A file of certificates to trust instead of the system's, relative to this file."""
    timeout: Period = lasting("15s")
    """How long one step of the conversation may take."""

    @model_validator(mode="after")
    def _account(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise bad("CW039", "`username` and `password` belong together", "write both, or neither")
        return self


class AlertmanagerModel(ReceiverModel):
    """Prometheus's Alertmanager, by its API v2: it routes, groups and silences."""

    TAG: ClassVar[str] = "alertmanager"
    type: Literal["alertmanager"]
    """The kind of receiver: alertmanager."""
    urls: tuple[Url, ...] = Field(min_length=1)
    """Where it is, like http://alertmanager:9093; of a cluster all of its servers."""
    username: Words | None = None
    """The account, if it wants one (basic authentication)."""
    password: SecretRef | None = None
    """The account's password: {env: NAME} or {file: PATH}."""
    token: SecretRef | None = None
    """Instead of an account, a bearer token: {env: NAME} or {file: PATH}."""
    labels: dict[LabelName, Words] = Field(default_factory=dict)
    """Labels to put on every alert, for its routes: {team: pr}."""
    cafile: Words | None = None
    """A file of certificates to trust beside the system's, relative to this file."""
    timeout: Period = lasting("10s")
    """How long one step of a request may take."""

    @model_validator(mode="after")
    def _account(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise bad("CW039", "`username` and `password` belong together", "write both, or neither")
        if self.token is not None and self.username is not None:
            raise bad("CW067", "`token` and `username` are two ways of saying who asks", "write one of them")
        return self


class WebhookReceiverModel(ReceiverModel):
    """Signed requests to anything that can receive them, as crisiswatch.incident.v1 JSON."""

    TAG: ClassVar[str] = "webhook"
    type: Literal["webhook"]
    """The kind of receiver: webhook."""
    url: UrlOrSecret
    """Where the requests go, or {env: NAME} or {file: PATH} where the address itself is secret."""
    secret: SecretRef
    """The key of the signature: {env: NAME} or {file: PATH}."""
    token: SecretRef | None = None
    """A bearer token to send along: {env: NAME} or {file: PATH}."""
    posts: Flag = False
    """Whether the first and the loudest posts go along; without it no words of a post leave."""
    cafile: Words | None = None
    """A file of certificates to trust beside the system's, relative to this file."""
    timeout: Period = lasting("10s")
    """How long one step of a request may take."""


class PagerDutyModel(ReceiverModel):
    """A PagerDuty service, by its Events API v2."""

    TAG: ClassVar[str] = "pagerduty"
    type: Literal["pagerduty"]
    """The kind of receiver: pagerduty."""
    routing_key: SecretRef
    """The integration key of the service (Events API v2): {env: NAME} or {file: PATH}."""
    base_url: Url = "https://events.pagerduty.com"
    """Where events go: https://events.eu.pagerduty.com for accounts of the European region."""
    timeout: Period = lasting("10s")
    """How long one step of a request may take."""


class AppriseModel(ReceiverModel):
    """One of the services that apprise knows: Teams, Telegram, Discord, ntfy, SMS and many others."""

    TAG: ClassVar[str] = "apprise"
    type: Literal["apprise"]
    """The kind of receiver: apprise. It takes the extra: pip install 'crisiswatch[apprise]'."""
    url: SecretRef
    """The service's address in apprise's form, with one target (tgram://TOKEN/CHAT): {env: NAME} or {file: PATH}."""


class ReceiverPlugIn(PlugInModel):
    """A receiver that another installed package brings; its options are its own."""

    model_config = ConfigDict(extra="allow")
    type: Words = Field(json_schema_extra={"not": {"enum": [*RECEIVER_TYPES]}})
    """The kind, as the package names it."""


AnyReceiver = Annotated[
    Annotated[ConsoleModel, Tag("console")]
    | Annotated[SlackModel, Tag("slack")]
    | Annotated[EmailModel, Tag("email")]
    | Annotated[AlertmanagerModel, Tag("alertmanager")]
    | Annotated[WebhookReceiverModel, Tag("webhook")]
    | Annotated[PagerDutyModel, Tag("pagerduty")]
    | Annotated[AppriseModel, Tag("apprise")]
    | Annotated[ReceiverPlugIn, Tag("plug-in")],
    kind_of(RECEIVER_TYPES),
]
