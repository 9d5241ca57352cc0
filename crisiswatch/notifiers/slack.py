"""Alerts in Slack: one message an incident, edited as it changes; a reply in its thread when it gets worse or ends.

A delivery takes up to two calls (edit the message, reply in its thread), and Slack has no idempotency key. So every
message carries the delivery's id in its metadata; editing is harmless to repeat; and before anything is posted again
after an unknown outcome, it is searched for. The SDK's own retries are off: they post twice when a connection dies
after Slack accepted. Needs the scopes ``chat:write`` and, to look messages up, ``channels:history``/``groups:history``.
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from http.client import HTTPException
from typing import Any, NoReturn
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.render import Renderer
from crisiswatch.errors import DeliveryError, Rejected, TryLater, Unknown
from crisiswatch.model import Capabilities, Delivery, Receipt, Stage
from crisiswatch.notifiers.blockkit import blocks_for, fallback_text, reply_blocks

__all__ = ["EVENT_TYPE", "SlackNotifier"]

EVENT_TYPE = "crisis_incident"
"""The type of the metadata on every message; its payload holds ``key`` (delivery id), ``incident`` and ``part``."""

_PAGES, _PAGE = 10, 200
_TEMPORARY = frozenset(
    {"ratelimited", "rate_limited", "message_limit_exceeded", "service_unavailable", "team_added_to_org"}
    | {"request_timeout", "org_login_required", "accesslimited"}
)
_AMBIGUOUS = frozenset({"internal_error", "fatal_error"})
_FROZEN = frozenset({"edit_window_closed", "cant_update_message"})
_BLIND = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "no_permission", "access_denied"})
_UNREACHED = (errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH)

_CODE = re.compile(r"[a-z][a-z0-9_]{1,60}")

Memory = dict[str, str]
Message = Mapping[str, Any]


class SlackNotifier:
    """Posts to one channel with a bot token.

    `token` is the token or a function that returns the current one; `channel` is an id (``C0123456789``) or, for the
    first message only, a name. `timeout` is seconds a call may take. `base_url` points at another Slack (a proxy, a
    test). `menus`: somebody hears what is pressed, so posts get a menu to label them. The receipt's memory is
    ``channel``, ``ts`` and ``key`` (the delivery that made the message).
    """

    capabilities = Capabilities(edits=True, threads=True, lookup=True)

    def __init__(
        self,
        render: Renderer,
        token: str | Callable[[], str],
        channel: str,
        *,
        base_url: str = "https://slack.com/api/",
        timeout: int = 10,
        proxy: str | None = None,
        tls: ssl.SSLContext | None = None,
        menus: bool = False,
    ) -> None:
        self._render = render
        self._token = token
        self._channel = channel
        self._base_url = base_url if base_url.endswith("/") else f"{base_url}/"
        self._timeout = timeout
        self._proxy = proxy
        self._tls = tls
        self._menus = menus

    def send(self, delivery: Delivery) -> Receipt:
        document = self._render(delivery)
        return _Sending(self._client(), self._channel, delivery, document, menus=self._menus).run()

    def _client(self) -> WebClient:
        token = self._token if isinstance(self._token, str) else self._token()
        return WebClient(
            token, base_url=self._base_url, timeout=self._timeout, retry_handlers=[], proxy=self._proxy, ssl=self._tls
        )


class _Sending:
    """One attempt at one delivery. Each step finds out for itself whether an earlier attempt has done it."""

    def __init__(self, client: WebClient, channel: str, delivery: Delivery, document: Document, *, menus: bool) -> None:
        self._client = client
        self._channel = channel
        self._delivery = delivery
        self._document = document
        self._menus = menus
        self._searched = True  # False once a look-up was needed and not allowed

    def run(self) -> Receipt:
        memory = self._known()
        if memory is not None and memory["key"] == self._delivery.id:
            return Receipt(memory=memory, found=True)  # an earlier attempt made the message: it says all there is
        if memory is None:
            return self._first()
        if not self._edit(memory):
            return self._replace(memory)
        return self._reply(memory)

    def _known(self) -> Memory | None:
        """The incident's message: from memory, or searched for where an earlier attempt may have made one."""
        memory = self._delivery.memory
        if memory.get("ts") and memory.get("channel"):
            return {"key": "", **memory}
        if self._delivery.uncertain or self._delivery.previous:
            return self._find_root()
        return None

    def _first(self) -> Receipt:
        if self._delivery.stage is Stage.UPDATED:  # it only edits, and there is nothing to edit
            return Receipt(memory=dict(self._delivery.memory))
        doubtful = self._delivery.uncertain and not self._searched
        return Receipt(memory=self._post_root(), duplicate=doubtful)

    def _replace(self, memory: Memory) -> Receipt:
        """Somebody deleted the message. A mere update respects that; news makes a new message."""
        if self._delivery.stage is Stage.UPDATED:
            return Receipt(memory=memory)
        found = self._find_root() if self._delivery.uncertain else None
        if found is not None and found["key"] == self._delivery.id:
            return Receipt(memory=found, found=True)
        return Receipt(memory=self._post_root(), duplicate=self._delivery.uncertain and not self._searched)

    def _post_root(self) -> Memory:
        answer = self._call(
            self._client.chat_postMessage,
            channel=self._channel,
            text=fallback_text(self._document),
            blocks=blocks_for(self._document, self._delivery.id, menus=self._menus),
            metadata=self._metadata("message", self._delivery.id),
            unfurl_links=False,
            unfurl_media=False,
            link_names=False,
        )
        return {"channel": str(answer["channel"]), "ts": str(answer["ts"]), "key": self._delivery.id}

    def _edit(self, memory: Memory) -> bool:
        """Bring the message up to date; False if it is gone. Without blocks Slack would delete the old ones."""
        try:
            self._call(
                self._client.chat_update,
                channel=memory["channel"],
                ts=memory["ts"],
                text=fallback_text(self._document),
                blocks=blocks_for(self._document, self._delivery.id, menus=self._menus),
                metadata=self._metadata("message", memory["key"]),
                link_names=False,
            )
        except _Refusal as refusal:
            if refusal.code == "message_not_found":
                return False
            if refusal.code not in _FROZEN:
                raise
        return True

    def _reply(self, memory: Memory) -> Receipt:
        """Edits notify nobody, so what people must not miss is also said in the thread."""
        stage = self._delivery.stage
        if stage not in (Stage.ESCALATED, Stage.RESOLVED):
            return Receipt(memory=memory)
        if self._delivery.uncertain and self._find_reply(memory):
            return Receipt(memory=memory, found=True)
        self._call(
            self._client.chat_postMessage,
            channel=memory["channel"],
            thread_ts=memory["ts"],
            reply_broadcast=stage is Stage.ESCALATED,
            text=fallback_text(self._document),
            blocks=reply_blocks(self._document, f"{self._delivery.id}:reply"),
            metadata=self._metadata("reply", self._delivery.id),
            unfurl_links=False,
            unfurl_media=False,
            link_names=False,
        )
        return Receipt(memory=memory, duplicate=self._delivery.uncertain and not self._searched)

    def _metadata(self, part: str, key: str) -> dict[str, Any]:
        payload = {"key": key, "incident": self._delivery.incident.id, "part": part}
        return {"event_type": EVENT_TYPE, "event_payload": payload}

    def _find_root(self) -> Memory | None:
        """The incident's newest message in the channel, preferring the one this delivery made."""
        channel = self._delivery.memory.get("channel") or self._channel
        oldest = self._delivery.incident.opened_at - timedelta(hours=1)
        found: Memory | None = None
        query = {"channel": channel, "oldest": f"{max(oldest.timestamp(), 0):.6f}"}
        for message in self._search(self._client.conversations_history, query):
            payload = _payload(message)
            if payload.get("incident") != self._delivery.incident.id or payload.get("part") != "message":
                continue
            memory = {"channel": channel, "ts": str(message["ts"]), "key": str(payload.get("key", ""))}
            if memory["key"] == self._delivery.id:
                return memory
            found = found or memory
        return found

    def _find_reply(self, memory: Memory) -> bool:
        query = {"channel": memory["channel"], "ts": memory["ts"]}
        return any(
            _payload(message).get("key") == self._delivery.id and _payload(message).get("part") == "reply"
            for message in self._search(self._client.conversations_replies, query)
        )

    def _search(self, method: Callable[..., Any], query: Mapping[str, str]) -> Iterator[Message]:
        """Messages page by page. Where we may not read, nothing is found, and a duplicate is better than a loss."""
        cursor = ""
        for _ in range(_PAGES):
            extra = {"cursor": cursor} if cursor else {}
            try:
                answer = self._call(method, **query, **extra, include_all_metadata=True, limit=_PAGE)
            except _Refusal as refusal:
                if refusal.code not in _BLIND:
                    raise
                self._searched = False
                return
            except Unknown as error:  # asking changes nothing: ask again
                raise TryLater(error.detail) from error
            yield from answer.get("messages") or ()
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    def _call(self, method: Callable[..., Any], **arguments: object) -> Any:
        try:
            return method(**arguments)
        except SlackApiError as error:
            _raise_for(error)
        except SlackClientError as error:
            raise Rejected(f"Slack's client refused the message: {type(error).__name__}") from error
        except (URLError, HTTPException, OSError) as error:
            raise _broken(error) from error
        except (ValueError, UnicodeError) as error:
            raise Unknown(f"Slack's answer can't be read: {type(error).__name__}") from error


class _Refusal(Rejected):
    """Slack's own ``ok: false`` with its code."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(f"Slack refused: {code}")


def _payload(message: Message) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload


def _raise_for(error: SlackApiError) -> NoReturn:
    """Raise Slack's refusal as one of our three kinds."""
    response = error.response
    status: int = response.status_code
    code = str(response.get("error") or "")
    known = code if _CODE.fullmatch(code) else ""
    if status == 429 or code in _TEMPORARY:
        raise TryLater(f"Slack asks to wait ({code or status})", _retry_after(response.headers)) from error
    if status in (408, 503):
        raise TryLater(f"Slack is not available ({status})", _retry_after(response.headers)) from error
    if code in _AMBIGUOUS or status >= 500:
        raise Unknown(f"Slack failed ({known or status}); the message may have been accepted") from error
    if status == 200 and not known:
        raise Unknown("Slack's answer says neither yes nor no") from error
    raise _Refusal(known or f"status {status}") from error


def _retry_after(headers: Mapping[str, str]) -> float | None:
    for name, value in headers.items():
        if name.lower() == "retry-after":
            with suppress(ValueError):
                return max(float(value), 0.0)
    return None


def _broken(error: Exception) -> DeliveryError:
    """A connection that failed: what never reached Slack can be sent again, all else may have arrived."""
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, ssl.SSLCertVerificationError):
        return Rejected(f"Slack's certificate is not trusted: {cause.verify_message}")
    if isinstance(cause, socket.gaierror) or (isinstance(cause, OSError) and cause.errno in _UNREACHED):
        return TryLater(f"Slack can't be reached: {type(cause).__name__}")
    return Unknown(f"the connection to Slack broke: {type(cause).__name__}")
