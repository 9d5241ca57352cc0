"""Incidents as signed HTTP POSTs, for anything that can receive them.

The body is one ``crisiswatch.incident.v1`` object. It is signed as the webhooks that bring mentions are, by one scheme:
``X-Crisiswatch-Signature: t=<seconds since 1970>,v1=<hex of HMAC-SHA256(secret, "<t>." + body)>``. ``Idempotency-Key``
is the delivery's id: after an answer that was lost the same message comes again, and who cares can tell.
"""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

from crisiswatch.alerts.render import Renderer
from crisiswatch.clock import Clock
from crisiswatch.model import Capabilities, Delivery, Receipt, Stage
from crisiswatch.notifiers.http import Door, Hidden, revealed
from crisiswatch.notifiers.payload import event_of, message_of
from crisiswatch.sources.webhook import sign

__all__ = ["WebhookNotifier"]


class WebhookNotifier:
    """Posts to one `url`, signed with `secret`; every stage, ``updated`` too, is an event of its own.

    `token` is sent as a Bearer token where given. Without `posts` no words that people wrote leave, not in the
    headline either. Any 2xx answer is acceptance.
    """

    capabilities = Capabilities(edits=True)

    def __init__(
        self,
        render: Renderer,
        clock: Clock,
        *,
        url: Hidden,
        secret: Hidden,
        token: Hidden | None = None,
        posts: bool = False,
        cafile: str | None = None,
        timeout: float = 10.0,
    ) -> None:
        self._render = render
        self._clock = clock
        self._url = url
        self._secret = secret
        self._token = token
        self._posts = posts
        self._door = Door("the webhook", clock, timeout, cafile)

    def send(self, delivery: Delivery) -> Receipt:
        if delivery.stage is Stage.UPDATED and delivery.notice is None and not delivery.previous:
            return Receipt(memory=dict(delivery.memory))  # there is nothing over there that could be brought up to date
        body = self.body(delivery)
        headers = {
            "X-Crisiswatch-Signature": sign(revealed(self._secret).encode(), body, self._clock.now()),
            "X-Crisiswatch-Event": event_of(delivery),
            "Idempotency-Key": quote(delivery.id, safe="/:.,@+ ", errors="replace"),
        }
        if self._token is not None:
            headers["Authorization"] = f"Bearer {revealed(self._token)}"
        self._door.post(revealed(self._url), body, headers)
        return Receipt(memory=dict(delivery.memory), duplicate=delivery.uncertain)

    def body(self, delivery: Delivery) -> bytes:
        """What is sent, to the byte: the same for the same delivery."""
        if not self._posts:  # words that are typical of posts are words of posts
            delivery = replace(delivery, evidence=replace(delivery.evidence, first=(), loudest=(), themes=()))
        message = message_of(delivery, self._render(delivery), posts=self._posts)
        return json.dumps(message, separators=(",", ":"), sort_keys=True).encode()
