"""The part of `crisiswatch doctor` that asks the outside: sources are read once, receivers greeted; nothing is kept
and nothing is sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from datetime import timedelta
from http.client import HTTPException

import httpx
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from crisiswatch.alerts.render import renderer
from crisiswatch.alerts.words import clean, clip
from crisiswatch.cli import page
from crisiswatch.cli.online_posting import greet
from crisiswatch.cli.preview_parts import invented
from crisiswatch.clock import SystemClock
from crisiswatch.config import EmailOptions, FilesOptions, Loaded, ReceiverSettings, SlackOptions, SourceSettings
from crisiswatch.config.settings import WebhookOptions, WebSettings
from crisiswatch.errors import ConfigError, QuotaExhausted, SourceError, SourceRejected, SourceUnavailable
from crisiswatch.model import Batch, Stage
from crisiswatch.notifiers.blockkit import blocks_for
from crisiswatch.posting import PostingOptions
from crisiswatch.wiring import close_source, make_source

__all__ = ["try_all"]

_PATIENCE = timedelta(seconds=20)
Tried = tuple[str, str, str]


def try_all(loaded: Loaded) -> Iterator[Tried]:
    """State, what and detail of each source and receiver that can be tried, and of the daemon's own address."""
    for source in loaded.settings.sources:
        if not isinstance(source.options, FilesOptions | WebhookOptions):
            yield _source(source, loaded)
    for receiver in loaded.settings.receivers:
        if isinstance(receiver.options, SlackOptions | EmailOptions):
            yield _receiver(receiver, loaded)
        elif isinstance(receiver.options, PostingOptions):
            state, detail = greet(receiver.options)
            yield state, f"receiver {receiver.id}, tried", _short(detail)
    yield _web(loaded.settings.web)


def _source(settings: SourceSettings, loaded: Loaded) -> Tried:
    """Ask a source once, and keep nothing: by its own ``probe(deadline)`` where it has one, else by a first poll."""
    what = f"source {settings.id}, tried"
    clock = SystemClock()
    source = None
    try:
        source = make_source(settings, clock, loaded.settings.brands)
        if source is None:
            return "warn", what, "it can't be tried"
        deadline = clock.now() + _PATIENCE
        probe = getattr(source, "probe", None)
        if callable(probe):
            return "ok", what, _short(str(probe(deadline)))
        batch = source.poll(None, deadline)
    except SourceError as error:
        return "bad", what, _short(f"{error.detail}; {_remedy(error)}")
    except (ConfigError, LookupError, ValueError) as error:  # no secret, no such plug-in, nothing to ask for
        return "bad", what, _short(str(error))
    finally:
        if source is not None:
            close_source(source)
    return _answered(what, batch)


def _answered(what: str, batch: Batch) -> Tried:
    said = f"answers: {page.counted(len(batch.mentions), 'mention')}"
    if batch.quota_left is not None:
        said += f", {batch.quota_left:.0%} of its limit is left"
    if batch.budget_left is not None:
        said += f", {batch.budget_left:.0%} of this month's money for posts is left"
    if batch.cost:
        said += f", asking cost ${batch.cost:.3f}"
    if not batch.refused:
        return "ok", what, said
    first = batch.refused[0]
    return "warn", what, _short(f"{said}, {len(batch.refused)} can't be read ({first.detail})")


def _remedy(error: SourceError) -> str:
    """What to do about it."""
    if isinstance(error, QuotaExhausted):
        return (
            "wait, or raise the limit"
            if error.resets_at is None
            else f"it begins anew at {error.resets_at:%d %b %H:%M} UTC"
        )
    if isinstance(error, SourceRejected):
        return "look at the key and the address"
    after = error.after if isinstance(error, SourceUnavailable) and error.asked else None
    if after is not None:
        return f"try again in {after:.0f} s"
    if "connection" in error.detail:
        return "look at the address and at this machine's way out (name server, firewall, HTTPS_PROXY), then try again"
    return "try again later"


def _web(web: WebSettings) -> Tried:
    """Whether a daemon answers where this configuration has its pages, and takes the token."""
    what = f"web {web.host}:{web.port}, tried"
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(web.host, web.host)  # noqa: S104  everywhere is also here
    try:
        headers = {} if web.token is None else {"Authorization": f"Bearer {web.token.reveal()}"}
        answer = httpx.get(f"http://{host}:{web.port}/api/v1/status", headers=headers, timeout=5, trust_env=False)
    except ConfigError as error:
        return "bad", what, _short(str(error))
    except httpx.HTTPError:
        return "ok", what, "nothing answers: the daemon is not running"
    if answer.status_code in {401, 403}:
        return "bad", what, "what runs there has another token: restart it"
    if answer.status_code != 200 or "application/json" not in answer.headers.get("content-type", ""):
        return "bad", what, f"something else runs there (it answered {answer.status_code}): take another port"
    return "ok", what, "a daemon answers"


def _receiver(settings: ReceiverSettings, loaded: Loaded) -> Tried:
    state = "bad"
    try:
        if isinstance(settings.options, SlackOptions):
            state, detail = "ok", _greet_slack(settings.options, loaded)
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


def _greet_slack(options: SlackOptions, loaded: Loaded) -> str:
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
    _validate(client, loaded)
    good = "the token is" if options.app_token is None else "both tokens are"
    return _short(f"{good} good: {answer.get('user')} in {answer.get('team')}; invite it to {options.channel}")


def _validate(client: WebClient, loaded: Loaded) -> None:
    """Have Slack look at an invented alert without sending it, if it does; SlackApiError where it finds a fault."""
    brand, alert = loaded.settings.brands[0], next(iter(loaded.alerts), "")
    delivery = invented(loaded, brand, alert, Stage.ESCALATED, "slack")
    document = renderer(loaded.alerts, {brand.id: brand.name}, {brand.id: brand.timezone})(delivery)
    try:
        client.blocks_validate(blocks=blocks_for(document, delivery.id, menus=True))
    except SlackApiError as error:
        if error.response.get("error") in {"invalid_blocks", "msg_blocks_too_long"}:
            raise


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
