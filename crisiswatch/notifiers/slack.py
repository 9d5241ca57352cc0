"""Alerts in Slack: one message an incident, edited as it changes; a reply in its thread for what nobody must miss.

A delivery takes up to two calls (edit the message, reply in its thread), and Slack has no idempotency key. So every
message carries the delivery's id in its metadata; editing is harmless to repeat; and before anything is posted again
after an unknown outcome, it is searched for. What is nice to have comes after that, and can neither delay nor double
it: the holding statements, once in the thread, and the chart (`crisiswatch.notifiers.slack_charts`). Scopes:
``chat:write``; to look messages up ``channels:history``/``groups:history``; for charts ``files:write``, ``files:read``.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.render import Renderer
from crisiswatch.errors import DeliveryError, TryLater, Unknown
from crisiswatch.model import Act, Capabilities, Delivery, Receipt, Stage
from crisiswatch.notifiers.blockkit import (
    blocks_for,
    fallback_text,
    notice_blocks,
    notice_text,
    reply_blocks,
    statement_blocks,
)
from crisiswatch.notifiers.blockkit_text import PERSON
from crisiswatch.notifiers.slack_calls import Pace, Refusal, call, write
from crisiswatch.notifiers.slack_charts import Charts, Picture

__all__ = ["EVENT_TYPE", "SlackNotifier"]

EVENT_TYPE = "crisis_incident"
"""The type of the metadata on every message; its payload holds ``key`` (delivery id), ``incident`` and ``part``."""

_PAGES, _PAGE = 10, 200
_FROZEN = frozenset({"edit_window_closed", "cant_update_message"})
_BLIND = frozenset({"missing_scope", "not_in_channel", "channel_not_found", "no_permission", "access_denied"})
_LOUD = frozenset({"unacknowledged", "stand_down_awaited"})

Memory = dict[str, str]
Message = Mapping[str, Any]
Blocks = list[dict[str, Any]]


class SlackNotifier:
    """Posts to one channel with a bot token.

    `token` is the token or a function that returns the current one; `channel` is an id (``C0123456789``) or, for the
    first message only, a name. `timeout` is seconds a call may take. `base_url` points at another Slack (a proxy, a
    test). `menus`: somebody hears what is pressed, so there are buttons. `chart` draws the picture of a delivery; it
    is drawn and uploaded by a thread of its own, or by what `start` does with the work it is given. `pace` keeps to
    Slack's rates.

    The receipt's memory is ``channel``, ``ts`` and ``key`` (the delivery that made the message), ``statements`` once
    they are in the thread, and of the chart ``file``, ``file_at`` and ``shared``.
    """

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
        chart: Callable[[Delivery], bytes | None] | None = None,
        start: Callable[[Callable[[], None]], None] | None = None,
        pace: Pace | None = None,
    ) -> None:
        self.capabilities = Capabilities(edits=True, threads=True, lookup=True, buttons=menus)
        self._render = render
        self._token = token
        self._channel = channel
        self._base_url = base_url if base_url.endswith("/") else f"{base_url}/"
        self._timeout = timeout
        self._proxy = proxy
        self._tls = tls
        self._menus = menus
        self._pace = pace or Pace()
        self._charts = None if chart is None else Charts(chart, self._client, start)

    def send(self, delivery: Delivery) -> Receipt:
        words = _words(delivery, self._render, menus=self._menus)
        if self._charts is None or delivery.notice is not None:
            return self._sending(delivery, words).run()
        with self._charts.shown(delivery) as shown:
            sending = self._sending(delivery, words, shown.picture)
            receipt = sending.run()
            shown.redraw = sending.redraw
            shown.picture = sending.picture
        if receipt.memory.get("ts"):
            self._charts.want(delivery, receipt.memory)
        return replace(receipt, memory={**receipt.memory, **sending.picture.memory()})

    def _sending(self, delivery: Delivery, words: _Words, picture: Picture | None = None) -> _Sending:
        shown = picture or Picture()
        return _Sending(self._client(), self._channel, delivery, words, pace=self._pace, picture=shown)

    def _client(self) -> WebClient:
        token = self._token if isinstance(self._token, str) else self._token()
        return WebClient(
            token, base_url=self._base_url, timeout=self._timeout, retry_handlers=[], proxy=self._proxy, ssl=self._tls
        )


@dataclass(frozen=True, slots=True)
class _Words:
    """What a delivery says: the message by the file of its chart, and where there is one, the reply in its thread."""

    text: str
    message: Callable[[str], Blocks]
    reply: Callable[[], Blocks] | None = None
    loud: bool = False
    statements: Callable[[], Blocks] | None = None
    holding: str = ""


def _words(delivery: Delivery, render: Renderer, *, menus: bool) -> _Words:
    notice, tag = delivery.notice, delivery.id
    if notice is not None:
        return _Words(notice_text(notice), lambda _: notice_blocks(notice, tag))
    document = render(delivery)
    people = _people(delivery)

    def message(picture: str) -> Blocks:
        return blocks_for(document, tag, menus=menus, people=people, picture=picture)

    def reply() -> Blocks:
        return reply_blocks(document, f"{tag}:reply", people=people, call=_called(delivery))

    return _Words(
        text=fallback_text(document),
        message=message,
        reply=reply if _is_news(delivery, document) else None,
        loud=_is_loud(delivery),
        statements=(lambda: statement_blocks(document, tag)) if document.statements else None,
        holding=phrase(document.language, "holding"),
    )


def _is_news(delivery: Delivery, document: Document) -> bool:
    """Edits notify nobody, so what people must not miss is also said in the thread."""
    if delivery.stage is Stage.CALMING:
        return Act.STAND_DOWN in document.buttons
    return delivery.stage in (Stage.ESCALATED, Stage.RESOLVED, Stage.REMINDED)


def _is_loud(delivery: Delivery) -> bool:
    """What the whole channel has to see: it got worse, or nobody is there to look."""
    kind = "" if delivery.reminder is None else delivery.reminder.kind
    return delivery.stage is Stage.ESCALATED or (delivery.stage is Stage.REMINDED and kind in _LOUD)


def _people(delivery: Delivery) -> tuple[str, ...]:
    """Everybody in the case whom Slack knows."""
    case = delivery.case
    found = [delivery.incident.acknowledged_by or ""]
    if case is not None:
        found += [case.acknowledged_by, case.assigned_to, case.assigned_by, case.stood_down_by]
        found += [step.done_by for step in case.steps]
        found += [who for promise in case.promises for who in (promise.by, promise.kept_by)]
        found += [case.snooze.by if case.snooze else "", case.verdict.by if case.verdict else ""]
    return tuple(dict.fromkeys(who for who in found if PERSON.fullmatch(who)))


def _called(delivery: Delivery) -> str:
    """Whom a reminder calls: who it was assigned to, or who took it."""
    case = delivery.case
    if case is None or delivery.stage is not Stage.REMINDED:
        return ""
    return next((who for who in (case.assigned_to, case.acknowledged_by) if PERSON.fullmatch(who)), "")


class _Sending:
    """One attempt at one delivery. Each step finds out for itself whether an earlier attempt has done it."""

    def __init__(
        self, client: WebClient, channel: str, delivery: Delivery, words: _Words, *, pace: Pace, picture: Picture
    ) -> None:
        self.picture = picture
        self._client = client
        self._pace = pace
        self._channel = channel
        self._delivery = delivery
        self._words = words
        self._memory: Memory = {}
        self._fresh = False  # this attempt made the message: nothing can be in its thread
        self._searched = True  # False once a look-up was needed and not allowed

    def run(self) -> Receipt:
        receipt = self._said()
        self._memory = dict(receipt.memory)
        if self._words.statements is not None and self._memory.get("ts") and not self._memory.get("statements"):
            with suppress(DeliveryError):  # at the next edit then
                self._memory["statements"] = self._state(self._words.statements)
        return replace(receipt, memory=self._memory)

    def redraw(self, file: str) -> None:
        """Show the chart in the message as it is now; raises what an edit may raise."""
        self._update(self._memory, self._words.message(file))

    def _said(self) -> Receipt:
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
        if self._delivery.stage is Stage.UPDATED and self._delivery.notice is None:  # there is nothing to edit
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
        """A new message, never with a picture: a file that Slack does not like must not cost the alert."""
        answer = self._post(self._channel, self._words.text, self._words.message(""), "message")
        self._fresh = True
        memory = {"channel": str(answer["channel"]), "ts": str(answer["ts"]), "key": self._delivery.id}
        return {**memory, "statements": ""} if self._delivery.memory.get("statements") else memory

    def _edit(self, memory: Memory) -> bool:
        """Bring the message up to date; False if it is gone."""
        try:
            try:
                self._update(memory, self._words.message(self.picture.file))
            except Refusal as refusal:
                if refusal.code != "invalid_blocks" or not self.picture.file:
                    raise
                self.picture = Picture()  # the file is gone, or not ready
                self._update(memory, self._words.message(""))
        except Refusal as refusal:
            if refusal.code == "message_not_found":
                return False
            if refusal.code not in _FROZEN:
                raise
        return True

    def _update(self, memory: Mapping[str, str], blocks: Blocks) -> None:
        """Without blocks Slack would delete the old ones."""
        self._write(
            self._client.chat_update,
            channel=memory["channel"],
            ts=memory["ts"],
            text=self._words.text,
            blocks=blocks,
            metadata=self._metadata("message", memory["key"]),
            link_names=False,
        )

    def _reply(self, memory: Memory) -> Receipt:
        if self._words.reply is None:
            return Receipt(memory=memory)
        if self._delivery.uncertain and self._find_reply(memory, "reply", self._delivery.id):
            return Receipt(memory=memory, found=True)
        self._post(
            memory["channel"],
            self._words.text,
            self._words.reply(),
            "reply",
            thread_ts=memory["ts"],
            reply_broadcast=self._words.loud,
        )
        return Receipt(memory=memory, duplicate=self._delivery.uncertain and not self._searched)

    def _state(self, statements: Callable[[], Blocks]) -> str:
        """Put the holding statements in the thread, unless they are there."""
        memory = self._memory
        if not self._fresh and self._find_reply(memory, "statements"):
            return "1"
        self._post(memory["channel"], self._words.holding, statements(), "statements", thread_ts=memory["ts"])
        return "1"

    def _post(self, channel: str, text: str, blocks: Blocks, part: str, **more: object) -> Any:
        return self._write(
            self._client.chat_postMessage,
            channel=channel,
            text=text,
            blocks=blocks,
            metadata=self._metadata(part, self._delivery.id),
            unfurl_links=False,
            unfurl_media=False,
            link_names=False,
            **more,
        )

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

    def _find_reply(self, memory: Memory, part: str, key: str = "") -> bool:
        query = {"channel": memory["channel"], "ts": memory["ts"]}
        said = map(_payload, self._search(self._client.conversations_replies, query))
        return any(each.get("part") == part and (not key or each.get("key") == key) for each in said)

    def _search(self, method: Callable[..., Any], query: Mapping[str, str]) -> Iterator[Message]:
        """Messages page by page. Where we may not read, nothing is found, and a duplicate is better than a loss."""
        cursor = ""
        for _ in range(_PAGES):
            extra = {"cursor": cursor} if cursor else {}
            try:
                answer = self._call(method, **query, **extra, include_all_metadata=True, limit=_PAGE)
            except Refusal as refusal:
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

    def _write(self, method: Callable[..., Any], **arguments: object) -> Any:
        return write(self._pace, self._delivery.id, method, **arguments)

    def _call(self, method: Callable[..., Any], **arguments: object) -> Any:
        return call(self._pace, self._delivery.id, method, **arguments)


def _payload(message: Message) -> Mapping[str, Any]:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != EVENT_TYPE:
        return {}
    payload: Mapping[str, Any] = metadata.get("event_payload") or {}
    return payload
