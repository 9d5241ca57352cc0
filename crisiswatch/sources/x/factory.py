"""Makes an X source of its configuration; what the wiring calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crisiswatch.clock import Clock
from crisiswatch.sources.x.calls import Calls
from crisiswatch.sources.x.options import Options, revealed, watches
from crisiswatch.sources.x.source import XSource
from crisiswatch.sources.x.stream import Stream
from crisiswatch.sources.x.wire import wanted_fields

__all__ = ["make"]


def make(id: str, options: Mapping[str, Any], clock: Clock) -> XSource:  # noqa: A002  the name everybody uses
    """A source with the fields of `XModel` as ``options``, and under ``brands`` the brands it is to find.

    Raises `QueryError` where no query can be made of a brand's terms.
    """
    given = Options.of(options)
    watched = watches(id, options)

    def calls(secret: Any) -> Calls:
        return Calls(lambda: revealed(secret), given.base_url, given.timeout.total_seconds(), clock)

    stream = None
    if given.stream:
        stream = Stream(
            f"crisiswatch-{id}",
            [rule for watch in watched for rule in watch.stream],
            wanted_fields("tweet", expansions=given.expansions),  # the stream kept the old names
            lambda: (calls(options["token"]), revealed(options["token"])),
            clock,
            base_url=given.base_url,
        )
    owned = calls(options["user_token"]) if given.owned else None
    return XSource(id, watched, given, clock, calls=calls(options["token"]), owned=owned, stream=stream)
