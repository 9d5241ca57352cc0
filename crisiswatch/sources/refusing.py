"""What is said of input that is refused. It goes into the log, so it quotes no text and no author."""

from __future__ import annotations

import re

__all__ = ["kind", "not_utf8", "shown"]

_FIGURES = re.compile(r"[0-9TZ :.,/+-]{1,40}")
_LONG_NUMBER = re.compile(r"[0-9]{7}")  # may be the number of an account
_SHORT_NUMBER = 10**6


def kind(value: object) -> str:
    """The JSON name of a value's type."""
    names = {
        dict: "an object",
        list: "a list",
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
    }
    return "null" if value is None else names.get(type(value), type(value).__name__)


def shown(value: object) -> str:
    """A refused value for the log: a date or a short number as it stands, of anything else what it is.

    A row whose columns are shifted has somebody's words where a date belongs.
    """
    if isinstance(value, str):
        harmless = _FIGURES.fullmatch(value) is not None and _LONG_NUMBER.search(value) is None
        return repr(value) if harmless else f"a text of {len(value)} character{'' if len(value) == 1 else 's'}"
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < _SHORT_NUMBER):
        return f"{value:g}" if isinstance(value, float) else repr(value)
    return kind(value)


def not_utf8(data: bytes, at: int) -> str:
    """What to say of bytes that are no UTF-8 from ``at`` on, and what to do."""
    looks = ", it looks like UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200] else ""
    return f"not UTF-8 at byte {at}{looks}; save it as UTF-8 (in a spreadsheet: CSV UTF-8)"
