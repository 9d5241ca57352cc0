"""Where presses are worked off: taken in an instant, so that Slack has its answer in time, and done on threads of ours.

A press that was taken is in memory until it is done. Killed in between, it is lost, and so is its answer: who pressed
reads nothing and can press again, so what was answered "noted" is always stored.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from http.client import HTTPException
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from slack_sdk.webhook import WebhookClient

from crisiswatch.errors import CrisiswatchError
from crisiswatch.interaction.actions import Actions, Press

__all__ = ["Answerer", "Desk", "SlackAnswers"]

WAITING = 500
THREADS = 2
"""Two, so that an answer which hangs does not hold up what others press."""
REMEMBERED = 4096
NOT_SAVED = ":warning: This was *not* saved: {why}. Please press again in a minute."
BROKEN = ":warning: This was *not* saved: crisiswatch made a mistake, which is in its log."
UNKNOWN = ":warning: Nothing was done: this crisiswatch does not know that button (any more)."
Outcome = Callable[[str, str], None]
log = structlog.get_logger("crisiswatch.desk")


class Answerer(Protocol):
    """Tells a person what came of their press; whether it arrived. Never raises."""

    def __call__(self, press: Press, text: str) -> bool: ...


class Desk:
    """Takes presses and has them done, each once.

    ``count`` is told the action and ``done``, ``refused``, ``failed`` or ``unknown``, and ``unanswered`` beside it
    where the person could not be told.
    """

    def __init__(self, actions: Actions, answer: Answerer, count: Outcome = lambda *_: None) -> None:
        self._actions = actions
        self._answer = answer
        self._count = count
        self._waiting: queue.Queue[Press | None] = queue.Queue(WAITING)
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._lock = threading.Lock()
        self._closed = False
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start the threads."""
        self._threads = [
            threading.Thread(target=self._run, name=f"desk:{number}", daemon=True) for number in range(THREADS)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """Do what was taken, ``seconds`` for it at most, and take no more."""
        with self._lock:
            self._closed = True
        for _ in self._threads:
            self._waiting.put(None)  # if it is full, the threads are making room
        for thread in self._threads:
            thread.join(seconds)

    def take(self, presses: Sequence[Press]) -> bool:
        """Take presses without waiting, those that came before once more for nothing; False if there is no room."""
        with self._lock:
            new = [press for press in presses if press.key not in self._seen]
            if self._closed or self._waiting.qsize() + len(new) > WAITING - THREADS:
                return False
            for press in new:
                self._seen[press.key] = None
                self._waiting.put_nowait(press)
            while len(self._seen) > REMEMBERED:
                self._seen.popitem(last=False)
        return True

    def _run(self) -> None:
        while (press := self._waiting.get()) is not None:
            outcome, text = self._do(press)
            name = press.action if press.action in self._actions else "unknown"
            self._count(name, outcome)
            if not self._answer(press, text):
                self._count(name, "unanswered")

    def _do(self, press: Press) -> tuple[str, str]:
        handler = self._actions.find(press)
        if handler is None:
            log.warning("press_unknown", actor=press.actor)
            return "unknown", UNKNOWN
        try:
            return "done", handler(press)
        except Refusal as refusal:
            log.info("press_refused", action=press.action, actor=press.actor, why=str(refusal))
            return "refused", f":warning: Nothing was saved: {refusal}."
        except CrisiswatchError as error:
            log.warning("press_failed", action=press.action, actor=press.actor, error=str(error))
            return "failed", NOT_SAVED.format(why="the store can't be written now")
        except Exception:  # a handler's mistake is told to who pressed, and the next press is taken
            log.exception("press_broke", action=press.action)
            return "failed", BROKEN


class Refusal(CrisiswatchError):
    """What was pressed can't be done, and pressing again will not help; the message is for the person, escaped."""


class SlackAnswers:
    """Answers through the ``response_url`` of a press: only the person sees it.

    ``homes`` are further hosts (``host:port``) that may be asked, besides Slack's own over TLS.
    """

    def __init__(self, homes: Callable[[], frozenset[str]], proxy: Callable[[], str | None], timeout: int = 5) -> None:
        self._homes = homes
        self._proxy = proxy
        self._timeout = timeout

    def __call__(self, press: Press, text: str) -> bool:
        if not self._is_slack(press.answer_url):
            log.warning("answer_refused", why="the payload names no address of Slack to answer to")
            return False
        body = {"response_type": "ephemeral", "replace_original": False, "text": text}
        if press.thread:
            body["thread_ts"] = press.thread
        client = WebhookClient(press.answer_url, timeout=self._timeout, proxy=self._proxy(), retry_handlers=[])
        try:
            status = client.send_dict(body).status_code
        except (HTTPException, OSError, ValueError) as error:
            log.warning("answer_lost", error=type(error).__name__)
            return False
        if status != 200:
            log.warning("answer_lost", status=status)
        return status == 200

    def _is_slack(self, url: str) -> bool:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return False
        if parts.netloc in self._homes():
            return True
        return parts.scheme == "https" and host.endswith((".slack.com", ".slack-gov.com"))
