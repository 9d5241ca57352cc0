"""The part of `crisiswatch doctor` that asks the outside: feeds are fetched, receivers greeted, nothing is sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from crisiswatch.alerts.words import clean, clip
from crisiswatch.clock import SystemClock
from crisiswatch.config import EmailOptions, FeedOptions, Loaded, ReceiverSettings, SlackOptions, SourceSettings
from crisiswatch.errors import ConfigError, SourceError
from crisiswatch.wiring import close_source, make_source

__all__ = ["try_all"]

_PATIENCE = timedelta(seconds=20)
Tried = tuple[str, str, str]


def try_all(loaded: Loaded) -> Iterator[Tried]:
    """State, what and detail of each source and receiver that can be tried."""
    for source in loaded.settings.sources:
        if isinstance(source.options, FeedOptions):
            yield _feed(source)
    for receiver in loaded.settings.receivers:
        if isinstance(receiver.options, SlackOptions | EmailOptions):
            yield _receiver(receiver)


def _feed(settings: SourceSettings) -> Tried:
    what = f"source {settings.id}, tried"
    clock = SystemClock()
    source = make_source(settings, clock)
    if source is None:
        return "warn", what, "it can't be tried"
    try:
        batch = source.poll(None, clock.now() + _PATIENCE)
    except SourceError as error:
        return "bad", what, _short(error.detail)
    finally:
        close_source(source)
    refused = f", {len(batch.refused)} can't be read" if batch.refused else ""
    return "ok", what, f"answers: {len(batch.mentions)} entries{refused}"


def _receiver(settings: ReceiverSettings) -> Tried:
    state = "bad"
    try:
        if isinstance(settings.options, SlackOptions):
            state, detail = "ok", _greet_slack(settings.options)
        elif isinstance(settings.options, EmailOptions):
            state, detail = "ok", _greet_mail(settings.options)
        else:
            state, detail = "warn", "it can't be tried"
    except ConfigError as error:  # the secret is not there
        detail = str(error)
    except SlackApiError as error:
        detail = f"Slack refused: {error.response.get('error')}"
    except smtplib.SMTPResponseException as error:
        said = error.smtp_error
        detail = f"it said {error.smtp_code} {said.decode('utf-8', 'replace') if isinstance(said, bytes) else said}"
    except (SlackClientError, smtplib.SMTPException, HTTPException, OSError) as error:
        detail = f"can't be reached: {error}"
    return state, f"receiver {settings.id}, tried", _short(detail)


def _greet_slack(options: SlackOptions) -> str:
    base_url = options.base_url if options.base_url.endswith("/") else f"{options.base_url}/"
    client = WebClient(
        options.token.reveal(),
        base_url=base_url,
        timeout=max(round(options.timeout.total_seconds()), 1),
        proxy=options.proxy,
        retry_handlers=[],
    )
    answer = client.auth_test()
    if options.app_token is not None:
        client.apps_connections_open(app_token=options.app_token.reveal())
    good = "the token is" if options.app_token is None else "both tokens are"
    return _short(f"{good} good: {answer.get('user')} in {answer.get('team')}; invite it to {options.channel}")


def _greet_mail(options: EmailOptions) -> str:
    context = ssl.create_default_context(cafile=None if options.cafile is None else str(options.cafile))
    timeout = options.timeout.total_seconds()
    if options.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(options.host, options.port, timeout=timeout, context=context)
    else:
        server = smtplib.SMTP(options.host, options.port, timeout=timeout)
    with server:
        server.ehlo_or_helo_if_needed()
        if options.security == "starttls":
            server.starttls(context=context)
            server.ehlo()
        if options.username is None or options.password is None:
            return "the mail server answers"
        server.login(options.username, options.password.reveal())
        return f"the mail server lets {options.username} in"


def _short(text: str) -> str:
    return clip(clean(text), 200)
