"""uvicorn in a thread of its own, on a socket bound by us."""

from __future__ import annotations

import contextlib
import socket
import threading

import uvicorn
from starlette.types import ASGIApp

from crisiswatch.errors import CrisiswatchError

__all__ = ["WebServer"]


class _Server(uvicorn.Server):
    """A server that says when it has started."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.up.set()


class WebServer:
    """Serves an ASGI app on ``host:port`` (0: any free port, see `port`) until it is stopped.

    No signal handlers, no logging set-up: those belong to the daemon. ``start`` returns once requests are answered and
    raises `CrisiswatchError` if the address can't be bound.
    """

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._host = host
        self._wanted_port = port
        self._socket: socket.socket | None = None
        self._server = _Server(
            uvicorn.Config(
                app,
                lifespan="off",
                http="h11",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # nothing here depends on who the caller says it is
                limit_concurrency=256,
                timeout_keep_alive=5,
                timeout_graceful_shutdown=3,
            )
        )
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    @property
    def port(self) -> int:
        """The port that is listened on; 0 before `bind` or `start`."""
        return int(self._socket.getsockname()[1]) if self._socket else 0

    @property
    def url(self) -> str:
        """Where the server is found, without a slash at the end."""
        return f"http://[{self._host}]:{self.port}" if ":" in self._host else f"http://{self._host}:{self.port}"

    def bind(self) -> None:
        """Take the address without answering yet; raises `CrisiswatchError` if it can't be had."""
        try:
            family = socket.getaddrinfo(self._host, self._wanted_port, type=socket.SOCK_STREAM)[0][0]
            self._socket = socket.create_server((self._host, self._wanted_port), family=family, backlog=128)
        except OSError as error:
            raise CrisiswatchError(f"can't listen on {self._host}:{self._wanted_port}: {error.strerror}") from error

    def start(self, timeout: float = 10.0) -> None:
        """Bind if that was not done, start and wait until requests are answered, at most ``timeout`` seconds."""
        if self._socket is None:
            self.bind()
        self._thread.start()
        if not self._server.up.wait(timeout):
            self.stop()
            raise CrisiswatchError(f"the web server did not start within {timeout:g} s")

    def stop(self, timeout: float = 6.0) -> bool:
        """Finish what is being answered and stop; says whether that was done within ``timeout`` seconds."""
        if self._thread.is_alive():
            self._server.should_exit = True
            self._thread.join(timeout)
        if self._thread.is_alive():
            self._server.force_exit = True
            self._thread.join(1.0)
        if self._socket is not None:
            with contextlib.suppress(OSError):
                self._socket.close()
        return not self._thread.is_alive()

    def _run(self) -> None:
        assert self._socket is not None
        self._server.run(sockets=[self._socket])
