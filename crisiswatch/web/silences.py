"""The API of silences: listed, begun and ended. What it asks of the app is a `Silences`."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crisiswatch.errors import ActRefused, CrisiswatchError
from crisiswatch.web.state import Silences

__all__ = ["silence_routes"]

Read = Callable[[Request], Awaitable[bytes]]
Answer = Callable[[Mapping[str, Any]], Response]


def silence_routes(silences: Silences, read: Read, answer: Answer) -> list[Route]:
    """The routes over ``silences``; ``read`` gives a request's body, ``answer`` makes JSON of what is said."""

    async def listed(_: Request) -> Response:
        return answer({"silences": await run_in_threadpool(silences.listed)})

    async def begin(request: Request) -> Response:
        told = _object(await read(request))
        return answer(await _asked(lambda: silences.begin(told)))

    async def end(request: Request) -> Response:
        actor = _object(await read(request)).get("actor")
        by = actor if isinstance(actor, str) and actor.strip() else "somebody"
        return answer(await _asked(lambda: silences.end(request.path_params["number"], by[:120])))

    return [
        Route("/api/v1/silences", listed),
        Route("/api/v1/silences", begin, methods=["POST"]),
        Route("/api/v1/silences/{number:int}/end", end, methods=["POST"]),
    ]


async def _asked(change: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return await run_in_threadpool(change)
    except ActRefused as refused:
        raise HTTPException(404 if refused.missing else 409, refused.detail) from None
    except CrisiswatchError:
        raise HTTPException(503, "the engine is busy, ask again", {"retry-after": "5"}) from None


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body) if body else {}
    except (ValueError, RecursionError):
        raise HTTPException(400, "the body is not JSON") from None
    if not isinstance(told, dict):
        raise HTTPException(400, "the body is an object")
    return told
