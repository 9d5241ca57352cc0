"""The API's side of exercises: begin one, see how it goes, end it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from crisiswatch.errors import CrisiswatchError

__all__ = ["Drilling", "drill_routes"]

PATH = "/api/v1/drills"


class Drilling(Protocol):
    """The exercises behind the API. ``begin`` raises CrisiswatchError for what can't be; the others give None for an
    id they don't know."""

    def begin(self, told: Mapping[str, object]) -> Mapping[str, Any]: ...

    def view(self, name: str) -> Mapping[str, Any] | None: ...

    def end(self, name: str) -> Mapping[str, Any] | None: ...


def drill_routes(
    drills: Drilling, read: Callable[[Request], Awaitable[bytes]], answer: Callable[[Mapping[str, Any]], Response]
) -> list[Route]:
    """The routes; ``read`` gives a body, ``answer`` makes a response of JSON."""

    async def begin(request: Request) -> Response:
        body = await read(request)
        try:
            told = json.loads(body) if body else {}
        except (ValueError, RecursionError):
            raise HTTPException(400, "the body is not JSON") from None
        if not isinstance(told, dict):
            raise HTTPException(400, "the body is an object")
        try:
            return answer(await run_in_threadpool(drills.begin, told))
        except CrisiswatchError as error:
            raise HTTPException(422, str(error)) from None

    async def show(request: Request) -> Response:
        return _found(await run_in_threadpool(drills.view, request.path_params["id"]))

    async def end(request: Request) -> Response:
        return _found(await run_in_threadpool(drills.end, request.path_params["id"]))

    def _found(view: Mapping[str, Any] | None) -> Response:
        if view is None:
            raise HTTPException(404, "there is no such drill")
        return answer(view)

    return [
        Route(PATH, begin, methods=["POST"]),
        Route(f"{PATH}/{{id}}", show),
        Route(f"{PATH}/{{id}}/end", end, methods=["POST"]),
    ]
