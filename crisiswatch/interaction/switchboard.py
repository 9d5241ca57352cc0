"""Both ways in, for the receivers of today's configuration: sockets are opened and closed as a reload asks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlsplit

from crisiswatch.clock import Clock
from crisiswatch.config.secrets import Secret
from crisiswatch.config.settings import ReceiverSettings, SlackOptions
from crisiswatch.errors import ConfigError
from crisiswatch.interaction.actions import Actions
from crisiswatch.interaction.desk import Desk, SlackAnswers
from crisiswatch.interaction.signed import SignedActions
from crisiswatch.interaction.socket_mode import Socket
from crisiswatch.metrics import Metrics
from crisiswatch.web import HookAnswer

__all__ = ["Switchboard"]

_App = tuple[str, str, str | None]


class Switchboard:
    """Hears what is pressed in Slack and has ``actions`` do it.

    Receivers with the same `app_token` are one app and share a socket: Slack gives a press to any one of an app's.
    """

    def __init__(self, actions: Actions, clock: Clock, metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics
        self._lock = threading.Lock()
        self._options: tuple[SlackOptions, ...] = ()
        self._sockets: dict[_App, Socket] = {}
        self._desk = Desk(actions, SlackAnswers(self._homes, self._proxy), metrics.action_taken)
        self._signed = SignedActions(self._signing_secrets, self._desk, clock)

    def start(self) -> None:
        """Be ready to work off presses."""
        self._desk.start()

    def swap(self, receivers: Sequence[ReceiverSettings]) -> None:
        """Listen for these receivers; a socket that is still wanted stays open. Waits for nobody."""
        found = {each.id: each.options for each in receivers if isinstance(each.options, SlackOptions)}
        with self._lock:
            self._options = tuple(options for options in found.values() if options.buttons)
            wanted: dict[_App, str] = {}
            for name, options in found.items():
                if options.app_token is not None:
                    wanted.setdefault(_app(options, options.app_token), name)
            for app in set(self._sockets) - set(wanted):
                self._sockets.pop(app).stop(0.0)
            for app, name in wanted.items():
                if app not in self._sockets:
                    self._sockets[app] = self._open(name, found[name])

    def _open(self, name: str, options: SlackOptions) -> Socket:
        assert options.app_token is not None
        socket = Socket(
            name,
            options.app_token,
            self._desk,
            self._clock,
            base_url=options.base_url,
            timeout=max(round(options.timeout.total_seconds()), 1),
            proxy=options.proxy,
            report=lambda up: self._metrics.slack_socket(name, up=up),
        )
        socket.start()
        return socket

    def receive(self, body: bytes, headers: Mapping[str, str]) -> HookAnswer:
        """What `POST /slack/actions` brought."""
        return self._signed.receive(body, headers)

    def stop(self, seconds: float) -> None:
        """Hear nothing more, and finish what was heard."""
        with self._lock:
            for socket in self._sockets.values():
                socket.stop(0.0)
            self._sockets.clear()
        self._desk.stop(seconds)

    def _signing_secrets(self) -> list[Callable[[], str]]:
        return [options.signing_secret for options in self._options if options.signing_secret is not None]

    def _homes(self) -> frozenset[str]:
        """Where Slack is, if the configuration says that it is elsewhere."""
        return frozenset(urlsplit(options.base_url).netloc for options in self._options)

    def _proxy(self) -> str | None:
        return next((options.proxy for options in self._options if options.proxy), None)


def _app(options: SlackOptions, secret: Secret) -> _App:
    """What makes two receivers one app. A new token in the same place is another one."""
    try:
        token = secret.reveal()
    except ConfigError:
        token = f"{secret.env}|{secret.file}"
    return token, options.base_url, options.proxy
