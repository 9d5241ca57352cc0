"""The receivers of ``crisiswatch.yaml``, field by field."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, Tag, model_validator

from crisiswatch.config.fields import (
    Email,
    Id,
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
    "RECEIVER_TYPES",
    "AnyReceiver",
    "ConsoleModel",
    "EmailModel",
    "ReceiverModel",
    "ReceiverPlugIn",
    "SlackModel",
]

RECEIVER_TYPES = ("console", "slack", "email")


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


class ReceiverPlugIn(PlugInModel):
    """A receiver that another installed package brings; its options are its own."""

    model_config = ConfigDict(extra="allow")
    type: Words = Field(json_schema_extra={"not": {"enum": [*RECEIVER_TYPES]}})
    """The kind, as the package names it."""


AnyReceiver = Annotated[
    Annotated[ConsoleModel, Tag("console")]
    | Annotated[SlackModel, Tag("slack")]
    | Annotated[EmailModel, Tag("email")]
    | Annotated[ReceiverPlugIn, Tag("plug-in")],
    kind_of(RECEIVER_TYPES),
]
