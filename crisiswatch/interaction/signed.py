"""`POST /slack/actions`: what Slack sends to a request URL, signed with the app's signing secret."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from urllib.parse import parse_qs

import structlog
from slack_sdk.signature import Clock as SlackClock
from slack_sdk.signature import SignatureVerifier

from crisiswatch.clock import Clock
from crisiswatch.errors import ConfigError
from crisiswatch.interaction.desk import Desk
from crisiswatch.interaction.payload import BadPayload, read_presses
from crisiswatch.web import HookAnswer

__all__ = ["LARGEST", "SignedActions"]

LARGEST = 300_000
"""Bytes. A message has at most 13,200 characters of blocks, and form encoding makes three bytes of many a byte."""
BUSY_RETRY = 2.0
log = structlog.get_logger("crisiswatch.slack_actions")


class _Now(SlackClock):
    """Our clock for Slack's verifier, which refuses signatures that are more than five minutes off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now().timestamp()


class SignedActions:
    """The receiving end; see `crisiswatch.web.Hook`. ``secrets`` gives the signing secrets of today, one per app."""

    def __init__(self, secrets: Callable[[], Sequence[Callable[[], str]]], desk: Desk, clock: Clock) -> None:
        self._secrets = secrets
        self._desk = desk
        self._clock = clock
        self._now = _Now(clock)

    def receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        """Verify, take, and answer an empty 200 before anything is done; else 400, 401, 404, 413 or 503."""
        secrets = self._secrets()
        if not secrets:
            return HookAnswer(404, {"error": "no Slack receiver has a signing_secret"})
        if len(body) > LARGEST:
            return HookAnswer(413, {"error": f"at most {LARGEST} bytes"})
        try:
            # every one is tried, so that the time taken does not tell which app it was
            good = [self._fits(secret(), body, headers) for secret in secrets]
        except ConfigError:
            log.warning("signing_secret_missing")
            return HookAnswer(503, {"error": "the signing secret is not set"}, BUSY_RETRY)
        if not any(good):
            log.warning("press_not_signed")
            return HookAnswer(401, {"error": "the signature does not fit, or is more than five minutes off"})
        return self._take(body, self._clock.now())

    def _fits(self, secret: str, body: bytes, headers: Mapping[str, str]) -> bool:
        try:
            return SignatureVerifier(secret, self._now).is_valid_request(body, dict(headers))
        except (ValueError, TypeError, OverflowError):  # raised by odd time stamps, bytes and signatures
            return False

    def _take(self, body: bytes, now: datetime) -> HookAnswer:
        try:
            form = parse_qs(body.decode("utf-8"), max_num_fields=20)
            if "ssl_check" in form:
                return HookAnswer(200)
            presses = read_presses(json.loads(form.get("payload", [""])[0]), now)
        except (BadPayload, ValueError, RecursionError):
            return HookAnswer(400, {"error": "the body is not what Slack sends"})
        if not self._desk.take(presses):
            return HookAnswer(503, {"error": "busy"}, BUSY_RETRY)
        return HookAnswer(200)
