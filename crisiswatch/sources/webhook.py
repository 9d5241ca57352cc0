"""The signed webhook, without the transport: anything that can send HTTP can send mentions.

The sender puts ``X-Crisiswatch-Signature: t=<seconds since 1970>,v1=<hex>`` on its request, where hex is the
HMAC-SHA256 of ``"<t>." + body`` under the shared secret. Several ``v1`` may stand side by side while a secret is being
changed. The body is one JSON object, a list, ``{"mentions": [...]}``, or JSON Lines; at most 500 mentions and 1 MB.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import cast

from crisiswatch.errors import BadMention, CrisiswatchError
from crisiswatch.model import Batch, Mention, Refused
from crisiswatch.sources.parse import decode_json, parse_mention

__all__ = ["LARGEST_BODY", "MOST_MENTIONS", "BadBody", "BadSignature", "read_batch", "sign", "verify"]

LARGEST_BODY = 1_000_000
"""Bytes."""
MOST_MENTIONS = 500
_TOLERANCE = timedelta(minutes=5)


class BadSignature(CrisiswatchError):
    """The request does not prove that it comes from somebody who knows the secret, now."""


class BadBody(CrisiswatchError):
    """The body as a whole can't be used: too large, too many mentions, or nothing that could hold any."""


def sign(secret: bytes, body: bytes, now: datetime) -> str:
    """The header that `verify` accepts for this body, for five minutes."""
    stamp = str(int(now.timestamp()))
    return f"t={stamp},v1={_digest(secret, stamp, body)}"


def verify(secret: bytes, header: str | None, body: bytes, now: datetime, *, tolerance: timedelta = _TOLERANCE) -> None:
    """Accept a body signed with ``secret`` at most ``tolerance`` before or after ``now``; else raise `BadSignature`.

    ``body`` are the raw bytes as received; check before parsing anything.
    """
    if not secret:
        raise BadSignature("there is no secret to check the signature with")
    if not header:
        raise BadSignature("the signature header is missing")
    stamp, digests = _read_header(header)
    if abs(int(stamp) - now.timestamp()) > tolerance.total_seconds():
        raise BadSignature(f"the signature is more than {int(tolerance.total_seconds())} seconds off; check the clock")
    expected = _digest(secret, stamp, body).encode()
    # Every one is compared, so that the time taken does not tell which one was nearly right.
    matches = [hmac.compare_digest(expected, given.encode("utf-8", "replace")) for given in digests]
    if not any(matches):
        raise BadSignature("the signature does not fit the body and the secret")


def read_batch(
    body: bytes,
    *,
    source: str,
    headers: Mapping[str, str] | None = None,
    now: datetime,
    check_times: bool = True,
) -> Batch:
    """The mentions of a body, in its order; what is wrong with one is told in ``refused`` and costs only that one.

    A mention without ``uid`` gets ``source:id`` if it has an ``id``, else one made of the header ``Idempotency-Key``
    or of the body's SHA-256, so that the same request sent again is the same mentions. Without ``created_at`` or
    ``received_at`` it gets ``now``, without ``source`` it gets ``source``. ``check_times`` refuses times more than two
    days ahead. Raises `BadBody`.
    """
    if len(body) > LARGEST_BODY:
        raise BadBody(f"the body has {len(body)} bytes, at most {LARGEST_BODY} are taken")
    items = _items(body)
    if len(items) > MOST_MENTIONS:
        raise BadBody(f"the body has {len(items)} mentions, at most {MOST_MENTIONS} are taken at once")
    key = next((value for name, value in (headers or {}).items() if name.lower() == "idempotency-key"), "").strip()
    stem = f"{source}:{key or hashlib.sha256(body).hexdigest()}"
    mentions: list[Mention] = []
    refused: list[Refused] = []
    for number, item in enumerate(items, 1):
        uid = stem if len(items) == 1 else f"{stem}:{number}"
        try:
            if isinstance(item, BadMention):
                raise item
            filled = _filled(item, source, uid, now)
            mentions.append(parse_mention(filled, source=source, now=now if check_times else None))
        except BadMention as error:
            refused.append(Refused(f"{source}:{number}", error.reason, error.detail))
    return Batch(tuple(mentions), tuple(refused))


def _items(body: bytes) -> Sequence[object]:
    """What the body holds, one object a mention; a line of JSON Lines that is not JSON stands as its error."""
    try:
        whole = decode_json(body)
    except BadMention as error:
        lines = [line for line in body.split(b"\n") if line.strip()]
        if len(lines) < 2 or error.reason != "not_json":
            raise BadBody(str(error)) from error
        items = [_attempt(line) for line in lines]
        if all(isinstance(item, BadMention) for item in items):
            raise BadBody(str(error)) from error
        return items
    if isinstance(whole, dict) and isinstance(whole.get("mentions"), list):
        return cast("list[object]", whole["mentions"])
    if isinstance(whole, dict):
        return [whole]
    if isinstance(whole, list):
        return whole
    raise BadBody("the body must be an object, a list of objects, or JSON Lines")


def _attempt(line: bytes) -> object:
    try:
        return decode_json(line)
    except BadMention as error:
        return error


def _filled(item: object, source: str, uid: str, now: datetime) -> object:
    """An item with what the sender may leave out."""
    if not isinstance(item, dict):
        return item
    stamp = now.astimezone(UTC).isoformat()
    fields = {name: value for name, value in item.items() if value is not None}
    native = fields.get("id")
    if isinstance(native, str | int) and not isinstance(native, bool) and native != "":
        uid = f"{source}:{native}"
    return {"uid": uid, "created_at": stamp, "received_at": stamp, **fields}


def _read_header(header: str) -> tuple[str, list[str]]:
    """The time and the digests of a signature header."""
    pairs = [part.strip().partition("=") for part in header.split(",")]
    stamps = [value for name, _, value in pairs if name == "t"]
    digests = [value for name, _, value in pairs if name == "v1"]
    if len(stamps) != 1 or not digests or not (stamps[0].isascii() and stamps[0].isdigit() and len(stamps[0]) <= 12):
        raise BadSignature("the signature header must look like t=1700000000,v1=<hex>")
    return stamps[0], digests


def _digest(secret: bytes, stamp: str, body: bytes) -> str:
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
