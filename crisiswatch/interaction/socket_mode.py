"""Socket Mode: presses come over a web socket that we open, so that nothing of ours has to be reachable.

The SDK's client keeps one connection; keeping one open is done here. Its own way of doing so leaves threads behind when
Slack refreshes a connection, and can't be stopped while it sits out a rate limit.
"""

from __future__ import annotations

import contextlib
import logging
import os
import socket
import threading
from collections.abc import Callable
from http.client import HTTPException
from typing import Any

import structlog
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.socket_mode import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from crisiswatch.clock import Clock
from crisiswatch.errors import ConfigError
from crisiswatch.interaction.desk import Desk
from crisiswatch.interaction.payload import BadPayload, read_presses

__all__ = ["Socket"]

FIRST_WAIT, LONGEST_WAIT = 1.0, 300.0
STEADY = 60.0
"""Seconds after which a connection counts as a good one: what ends it is no reason to wait."""
LOOK = 0.5
"""Seconds between two looks at a connection."""
log = structlog.get_logger("crisiswatch.slack_socket")

_quiet = logging.getLogger("crisiswatch.slack_sdk")  # the SDK logs addresses that let others listen in
_quiet.addHandler(logging.NullHandler())
_quiet.propagate = False


class _Client(SocketModeClient):
    """One connection. Where the SDK would make another, it is noted that this one has ended."""

    def __init__(self, app_token: str, web: WebClient, proxy: str | None) -> None:
        self.ended = threading.Event()
        super().__init__(
            app_token,
            logger=_quiet,
            web_client=web,
            auto_reconnect_enabled=False,
            concurrency=2,
            proxy=proxy,
            on_close_listeners=[lambda *_: self.ended.set()],
        )

    def connect_to_new_endpoint(self, force: bool = False) -> None:  # noqa: ARG002  (the SDK's own name)
        self.ended.set()


class Socket:
    """The presses of one Slack app, on a thread of its own that comes back whenever the connection is lost.

    ``app_token`` gives the app-level token (xapp-...), asked for at each connection. ``report`` is told True when a
    connection stands and False when none does.
    """

    def __init__(
        self,
        name: str,
        app_token: Callable[[], str],
        desk: Desk,
        clock: Clock,
        *,
        base_url: str,
        timeout: int,
        proxy: str | None = None,
        report: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._name = name
        self._app_token = app_token
        self._desk = desk
        self._clock = clock
        self._web = WebClient(
            base_url=base_url if base_url.endswith("/") else f"{base_url}/",
            timeout=timeout,
            proxy=proxy,
            retry_handlers=[],
            logger=_quiet,
        )
        self._proxy = proxy
        self._report = report
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"socket:{name}", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, seconds: float) -> None:
        """Take no more presses and end the thread; returns after ``seconds`` at most."""
        self._stop.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        wait = 0.0
        client: _Client | None = None
        while not self._stop.is_set():
            began = self._clock.monotonic()
            fresh = self._connected()
            if client is not None and (fresh is not None or _is_cut(client)):
                _close(client)  # only now: while there is no connection, a press is an error to who pressed
                client = None
            client = fresh or client
            self._report(client is not None)
            if fresh is not None and not self._watch(fresh):
                _close(fresh)
                client = None
            if fresh is not None and self._clock.monotonic() - began >= STEADY:
                wait = 0.0
            self._stop.wait(wait)
            wait = min(max(wait * 2, FIRST_WAIT), LONGEST_WAIT)
        if client is not None:
            _close(client)
        self._report(False)

    def _connected(self) -> _Client | None:
        client: _Client | None = None
        try:
            token = self._app_token()
            url = self._web.apps_connections_open(app_token=token)["url"]
            client = _Client(token, self._web, self._proxy)
            client.socket_mode_request_listeners.append(self._heard)
            client.wss_uri = str(url)
            client.connect()
            if client.is_connected():
                log.info("slack_socket_open", receiver=self._name)
                return client
            why = "the web socket can't be opened"
        except SlackApiError as error:
            why = f"Slack refused: {str(error.response.get('error'))[:60]}"
        except ConfigError as error:
            why = str(error)
        except (SlackClientError, HTTPException, OSError, ValueError, KeyError) as error:
            why = f"can't be reached: {type(error).__name__}"
        log.warning("slack_socket_failed", receiver=self._name, why=why)
        if client is not None:
            _close(client)
        return None

    def _watch(self, client: _Client) -> bool:
        """Return once the connection is cut, or (True) still stands but will not for long."""
        standing = True
        while standing and not self._stop.is_set() and not client.ended.wait(LOOK):
            standing = not _is_cut(client)
        if not self._stop.is_set():
            log.info("slack_socket_ended", receiver=self._name, cut=not standing)
        return standing

    def _heard(self, client: Any, request: SocketModeRequest) -> None:
        """Take what came, then say that we have it; what there is no room for, Slack tells its sender about."""
        try:
            taken = request.type != "interactive" or self._desk.take(read_presses(request.payload, self._clock.now()))
        except BadPayload:
            taken = True  # sending it again would not make it better
        if taken:
            client.send_socket_mode_response(SocketModeResponse(envelope_id=request.envelope_id))


def _is_cut(client: _Client) -> bool:
    """Whether the far end has hung up. The SDK reads nothing then, over and over, until its pings have gone unanswered
    for twenty seconds; so a twin of its socket looks what is there without taking it."""
    session = client.current_session
    sock = None if session is None else session.sock
    if sock is None:
        return True
    try:
        with socket.socket(fileno=os.dup(sock.fileno())) as twin:
            return not twin.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True


def _close(client: _Client) -> None:
    """Close a client and its threads; a second time where the SDK stumbles over a connection that is gone."""
    for _ in range(2):
        with contextlib.suppress(AttributeError):
            client.close()
            return
