"""The routes: health, metrics, reload, hooks, a small JSON API and one page for people."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from anyio import CapacityLimiter, to_thread
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from crisiswatch.errors import ActRefused, CrisiswatchError
from crisiswatch.links import ACKNOWLEDGE_PATH
from crisiswatch.model import Act
from crisiswatch.web.ack import LinkPages
from crisiswatch.web.drills import drill_routes
from crisiswatch.web.feedback import FeedbackPages
from crisiswatch.web.guard import Guard, is_loopback
from crisiswatch.web.incident import incident_routes
from crisiswatch.web.page import POLICY, render_status
from crisiswatch.web.silences import silence_routes
from crisiswatch.web.state import HookAnswer, WebState

__all__ = ["MAX_BODY", "create_app"]

MAX_BODY = 1_000_000
"""Bytes a webhook may send at once."""
_MAX_DROPPED = 8_000_000
_BODY_SECONDS = 20
_HOOK_THREADS = 16
_HOOKS_WAITING = 64
_WORDS, _DETAILS = 1000, 10


def create_app(
    state: WebState, *, host: str = "127.0.0.1", token: Callable[[], str] | None = None, hosts: Sequence[str] = ()
) -> Starlette:
    """Build the web application for the address it will be bound to.

    ``token`` gives the bearer token when it is asked; an address beyond this machine requires one (ValueError).
    ``hosts`` are names a proxy in front calls this server by.
    """
    if token is None and not is_loopback(host):
        raise ValueError(f"web.host {host} can be reached from other machines, so web.token has to be set")
    pages = _Pages(state)
    labelling = [] if state.labels is None else _feedback_routes(FeedbackPages(state.labels, token, _read))
    drilling = [] if state.drills is None else drill_routes(state.drills, _read, _json)
    links = LinkPages(state)
    app = Starlette(
        routes=[
            Route("/-/healthy", pages.healthy),
            Route("/-/ready", pages.ready),
            Route("/-/reload", pages.reload, methods=["POST"]),
            Route("/metrics", pages.metrics),
            Route("/hooks/{source}", pages.hook, methods=["POST"]),
            Route("/slack/actions", pages.slack, methods=["POST"]),
            *labelling,
            *incident_routes(state, token, _read),
            *drilling,
            Route(f"{ACKNOWLEDGE_PATH}/{{token}}", links.show),
            Route(f"{ACKNOWLEDGE_PATH}/{{token}}", links.take, methods=["POST"]),
            Route("/api/v1/incidents", pages.incidents),
            Route("/api/v1/incidents/{id}/log", pages.log),
            Route("/api/v1/incidents/{id}/{action}", pages.act, methods=["POST"]),
            Route("/api/v1/incidents/{id:path}", pages.incident),
            *([] if state.silences is None else silence_routes(state.silences, _read, _json)),
            Route("/api/v1/status", pages.status),
            Route("/", pages.page),
        ],
        middleware=[Middleware(Guard, token=token, hosts=hosts, policy=POLICY)],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False  # a scraper or a signed caller does not follow redirects
    return app


def _feedback_routes(pages: FeedbackPages) -> list[Route]:
    return [
        Route("/feedback", pages.show),
        Route("/feedback/label", pages.label, methods=["POST"]),
        Route("/feedback/theme", pages.theme, methods=["POST"]),
        Route("/feedback/undo", pages.undo, methods=["POST"]),
    ]


class _Pages:
    """The handlers over one `WebState`."""

    def __init__(self, state: WebState) -> None:
        self._state = state
        self._hook_threads = CapacityLimiter(_HOOK_THREADS)

    async def healthy(self, _: Request) -> Response:
        good, detail = self._state.healthy()
        return _json({"status": "healthy" if good else "unhealthy", **detail}, 200 if good else 503)

    async def ready(self, _: Request) -> Response:
        good, detail = await run_in_threadpool(self._state.ready)
        return _json({"status": "ready" if good else "not ready", **detail}, 200 if good else 503)

    async def reload(self, _: Request) -> Response:
        good, problems = await run_in_threadpool(self._state.reload)
        status = "reloaded" if good else "refused; the configuration before it is still running"
        return _json({"status": status, "problems": list(problems)}, 200 if good else 422)

    async def metrics(self, request: Request) -> Response:
        body, content_type = await run_in_threadpool(self._state.metrics, request.headers.get("accept", ""))
        return Response(body, headers={"content-type": content_type})

    async def incidents(self, _: Request) -> Response:
        return _json({"incidents": list(await run_in_threadpool(self._state.incidents))})

    async def incident(self, request: Request) -> Response:
        found = await run_in_threadpool(self._state.incident, request.path_params["id"])
        if found is None:
            raise HTTPException(404, "there is no such incident")
        return _json(found)

    async def act(self, request: Request) -> Response:
        """Do an `Act` to an incident; the body may say who and what: ``{"actor": "Ada", "detail": {"step": 3}}``."""
        name, action = request.path_params["id"], request.path_params["action"]
        if action not in set(Act) or self._state.act is None:
            raise HTTPException(404, f"an incident can be asked to: {', '.join(Act)}")
        actor, detail = _acting(await _read(request))
        try:
            said = await run_in_threadpool(self._state.act, name, action, actor, detail)
        except ActRefused as refused:
            raise HTTPException(404 if refused.missing else 409, refused.detail) from None
        except CrisiswatchError:
            said = None
        if said is None:
            raise HTTPException(503, "the engine is busy, ask again", {"retry-after": "5"})
        changed = await run_in_threadpool(self._state.incident, name)
        return _json({**(changed or {}), "answer": said})

    async def log(self, request: Request) -> Response:
        """The decision log of an incident."""
        name = request.path_params["id"]
        if self._state.log is None or await run_in_threadpool(self._state.incident, name) is None:
            raise HTTPException(404, "there is no such incident")
        return _json({"decisions": list(await run_in_threadpool(self._state.log, name))})

    async def status(self, _: Request) -> Response:
        return _json(await run_in_threadpool(self._state.status))

    async def page(self, _: Request) -> Response:
        def build() -> str:
            return render_status(self._state.status(), self._state.incidents(), labels=self._state.labels is not None)

        return HTMLResponse(await run_in_threadpool(build))

    async def hook(self, request: Request) -> Response:
        """Pass a body of at most `MAX_BODY` bytes to its source and say what became of it."""
        hook = self._state.hooks.get(request.path_params["source"])
        if hook is None:
            raise HTTPException(404, "there is no such webhook")
        return await self._pass_on(request, hook.receive)

    async def slack(self, request: Request) -> Response:
        """Pass on what somebody pressed in Slack."""
        if self._state.slack is None:
            raise HTTPException(404, "nothing is heard from Slack")
        return await self._pass_on(request, self._state.slack)

    async def _pass_on(self, request: Request, receive: Callable[[bytes, Mapping[str, str]], HookAnswer]) -> Response:
        if self._hook_threads.statistics().tasks_waiting >= _HOOKS_WAITING:
            return _json({"error": "too many calls at once"}, 503, {"retry-after": "5"})
        body = await _read(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        answer = await to_thread.run_sync(receive, body, headers, limiter=self._hook_threads)
        extra = {} if answer.retry_after is None else {"retry-after": str(math.ceil(answer.retry_after))}
        if not answer.body:
            return Response(status_code=answer.status, headers=extra)
        return _json(answer.body, answer.status, extra)


def _acting(body: bytes) -> tuple[str, dict[str, str]]:
    """Who acts, at most 60 characters on one line, and what the act says, as the body tells it."""
    try:
        told = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
    named = told.get("actor") if isinstance(told, dict) else None
    if not isinstance(named, str | None):
        raise HTTPException(400, "`actor` is a name")
    printable = "".join(char if char.isprintable() else " " for char in named or "")
    detail = told.get("detail", {}) if isinstance(told, dict) else {}
    if not isinstance(detail, dict) or len(detail) > _DETAILS:
        raise HTTPException(400, "`detail` is an object")
    if not all(isinstance(each, str | int) and len(str(each)) <= _WORDS for each in detail.values()):
        raise HTTPException(400, f"each of `detail` is a number or a text of at most {_WORDS} characters")
    said = {name: str(each) for name, each in detail.items()}
    return " ".join(printable.split())[:60] or "somebody", said


async def _read(request: Request) -> bytes:
    """Read the body without ever holding more than the cap; HTTPException when it is too long, too slow or cut.

    The rest of a body that is somewhat too long is read and dropped, for a caller that is cut off while it still sends
    may never see the answer.
    """
    stated = request.headers.get("content-length", "0")
    too_long = HTTPException(413, f"at most {MAX_BODY} bytes at once", {"connection": "close"})
    if not stated.isdecimal() or int(stated) > _MAX_DROPPED:
        raise too_long
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for chunk in request.stream():
                size += len(chunk)
                if size > _MAX_DROPPED:
                    break
                if size <= MAX_BODY:
                    chunks.append(chunk)
    except TimeoutError:
        raise HTTPException(408, "the body took too long", {"connection": "close"}) from None
    except ClientDisconnect:
        raise HTTPException(400, "the body was cut") from None
    if size > MAX_BODY:
        raise too_long
    return b"".join(chunks)


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _json({"error": error.detail}, error.status_code, error.headers)


def _json(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(_plain(content), ensure_ascii=False, allow_nan=False)
    return Response(body.encode("utf-8", "replace"), status, headers, "application/json")


def _plain(value: object) -> object:
    """Turn datetimes into RFC 3339 UTC, tuples and sets into lists, and numbers JSON cannot hold into null."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
