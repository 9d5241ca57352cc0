"""Stand-ins for receivers that are sent plain requests: a PagerDuty, an Alertmanager, and anything else.

Each has a `FakeSite` behind it, so that it also fails as `crisiswatch.testing.networked_sources.Failure` says; besides,
``taken_then_cut`` counts requests that are taken and whose answer is lost.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Self

from crisiswatch.testing.fake_http import Answer, Asked, FakeSite

__all__ = ["FakeReceiver", "fake_alertmanager", "fake_pagerduty"]


class FakeReceiver:
    """A server that takes JSON by POST and remembers what it took. `check` answers for what it does not take.

    ``next`` are answers to give instead, each once; ``always`` is given instead until it is None again.
    """

    def __init__(self, check: Callable[[Asked, Any], Answer | None], good: int = 200) -> None:
        self.taken: list[Any] = []
        self.requests: list[Asked] = []
        self.next: list[Answer] = []
        self.always: Answer | None = None
        self.taken_then_cut = 0
        self._check = check
        self._good = good
        self._site = FakeSite(self._answer)

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``."""
        return self._site.url

    @property
    def site(self) -> FakeSite:
        """What listens."""
        return self._site

    def __enter__(self) -> Self:
        self._site.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._site.__exit__(*error)

    def _answer(self, asked: Asked) -> Answer:
        if asked.method != "POST":
            return Answer(405)
        if self.always is not None:
            return self.always
        if self.next:
            return self.next.pop(0)
        body = json.loads(asked.body)
        refused = self._check(asked, body)
        if refused is not None:
            return refused
        self.taken.append(body)
        self.requests.append(asked)
        if self.taken_then_cut:
            self.taken_then_cut -= 1
            raise ConnectionAbortedError
        return Answer.of({"status": "success"}, self._good)


def fake_pagerduty(key: str) -> FakeReceiver:
    """Events API v2: 202 for an event it can use with this key, 400 for another."""

    def check(asked: Asked, body: Any) -> Answer | None:
        if asked.path != "/v2/enqueue":
            return Answer(404)
        action = body.get("event_action")
        payload = body.get("payload", {})
        good = (
            body.get("routing_key") == key
            and action in {"trigger", "acknowledge", "resolve"}
            and 0 < len(body.get("dedup_key", "")) <= 255
        )
        if action == "trigger":
            good = (
                good
                and 0 < len(payload.get("summary", "")) <= 1024
                and bool(payload.get("source"))
                and payload.get("severity") in {"info", "warning", "error", "critical"}
            )
        return None if good else Answer.of({"status": "invalid event"}, 400)

    return FakeReceiver(check, 202)


def fake_alertmanager(account: str = "") -> FakeReceiver:
    """What Alertmanager takes: a list of alerts with names and times that make sense. `account`: its Authorization."""

    def check(asked: Asked, body: Any) -> Answer | None:
        if asked.path != "/api/v2/alerts":
            return Answer(404)
        if account and asked.headers.get("authorization") != account:
            return Answer(401)
        good = all(
            alert["labels"].get("alertname") and all(alert["labels"].values()) and alert["startsAt"] <= alert["endsAt"]
            for alert in body
        )
        return None if good else Answer(400)

    return FakeReceiver(check)
