"""One mention from outside, checked: the only door through which foreign data becomes a `Mention`.

Strict, so that nothing wrong gets in, and kind, so that nothing right stays out: a byte order mark, line ends of any
system, an integral float as a count and empty optional fields are accepted, unknown fields are ignored. Text is kept
as it is (tags too) but for what can't be stored: NUL and lone surrogates become U+FFFD, and it is NFC and at most
20,000 characters.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, cast

from crisiswatch.errors import BadMention
from crisiswatch.model import Mention
from crisiswatch.model.mention import mention_of
from crisiswatch.sources.refusing import kind, not_utf8, shown

__all__ = ["LONGEST_LINE", "LONGEST_TEXT", "REASONS", "parse_line", "parse_mention", "parse_time"]

LONGEST_LINE = 1 << 20
"""Bytes of a line that is looked at; a longer one is refused without being kept in memory."""
LONGEST_TEXT = 20_000
"""Characters of a text that are kept."""

REASONS = {
    "empty": "the line has nothing in it",
    "line_too_long": "the line is longer than 1 MiB",
    "bad_encoding": "the bytes are not UTF-8",
    "not_json": "the line is not JSON",
    "too_deep": "the JSON is nested too deeply",
    "duplicate_key": "a JSON object has the same key twice",
    "not_an_object": "the JSON is not an object",
    "no_uid": "there is no uid",
    "bad_uid": "the uid is not a text of 1 to 255 characters without control characters",
    "no_source": "there is no source",
    "bad_source": "the source is not a short lower-case name",
    "no_time": "there is no created_at",
    "bad_time": "a time is not RFC 3339 with a time zone",
    "before_1970": "a time lies before 1970",
    "far_future": "a time lies more than two days ahead",
    "no_text": "there is no text",
    "bad_text": "the text is not a text",
    "wrong_type": "a field has a value of the wrong type",
    "too_long": "a field is longer than allowed",
    "out_of_range": "a number is outside its range",
    "bad_lang": "the language is not a BCP 47 tag",
    "bad_url": "the address is not http or https",
    "bad_csv": "the CSV row can't be read, or a quote is never closed",
    "cut_gzip": "the compressed file ends in the middle",
    "bad_gzip": "the compressed file is damaged",
}
"""Every reason a mention or a line is refused for, with its meaning: the values of the counter's label."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AHEAD = timedelta(days=2)
_LARGEST = 2**63 - 1

_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:([0-9]{2})(?:\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2})?"
)
_AS_ZEROS = bytes(ord("0") if byte in b"0123456789" else byte for byte in range(256))
_USUAL_SHAPES = frozenset(
    f"0000-00-00T00:00:00{fraction}{zone}".encode()
    for fraction in ("", *("." + "0" * digits for digits in range(1, 10)))
    for zone in ("Z", "+00:00", "-00:00")
)  # of a time, every digit as 0; to look the shape up takes a third of the time of an expression
_SOURCE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_LANG = re.compile(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,8}")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_line(line: bytes, *, source: str | None = None, now: datetime | None = None) -> Mention:
    """One line of JSON Lines as a mention. Raises `BadMention` and nothing else, whatever the bytes."""
    return parse_mention(decode_json(line), source=source, now=now)


def parse_mention(obj: object, *, source: str | None = None, now: datetime | None = None) -> Mention:
    """A decoded object as a mention, fields as in the input contract. Raises `BadMention` and nothing else.

    ``source`` is taken when the object names none. With ``now``, times more than two days after it are refused. The
    uid is kept exactly as given; ``"{source}:{native id}"`` is usual.
    """
    if not isinstance(obj, dict):
        raise BadMention("not_an_object", f"expected an object with fields, got {kind(obj)}")
    values: list[Any] = _NOTHING.copy()
    for name, value in obj.items():
        if value is not None and name in _PLACES:
            place, check = _PLACES[name]
            values[place] = check(name, value)
    if values[_SOURCE_AT] is None:
        values[_SOURCE_AT] = source
    if None in values[:_REQUIRED]:
        _require(values)
    if now is not None:
        limit = now + _AHEAD
        _not_ahead("created_at", values[_CREATED_AT], limit)
        _not_ahead("received_at", values[_RECEIVED_AT], limit)
    return mention_of(values)


def decode_json(data: bytes) -> object:
    """JSON as Python objects; `BadMention` for anything that is not sound UTF-8 JSON."""
    if len(data) > LONGEST_LINE:
        raise BadMention("line_too_long", f"{len(data)} bytes, at most {LONGEST_LINE} are read")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise BadMention("bad_encoding", not_utf8(data, error.start)) from None
    text = text.removeprefix("\ufeff").strip(" \t\r\n")
    if not text:
        raise BadMention("empty", "nothing in it")
    try:
        obj, end = _DECODER.raw_decode(text)
    except json.JSONDecodeError as error:
        raise BadMention("not_json", f"{error.msg} at character {error.pos + 1}") from None
    except ValueError:  # an integer of more digits than Python converts
        raise BadMention("out_of_range", "a number has too many digits") from None
    except RecursionError:
        raise BadMention("too_deep", "nested too deeply") from None
    if end != len(text):
        raise BadMention("not_json", f"extra data at character {end + 1}")
    return cast("object", obj)


def parse_time(name: str, value: object) -> datetime:
    """An RFC 3339 time with its zone, as aware UTC. Raises `BadMention`."""
    if not isinstance(value, str):
        return _unusual_time(name, value)
    try:
        if value.encode().translate(_AS_ZEROS) not in _USUAL_SHAPES:
            return _unusual_time(name, value)
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return _unusual_time(name, value)
    return moment if moment >= _EPOCH else _unusual_time(name, value)


def _unusual_time(name: str, value: object) -> datetime:
    """A time that is rarely written like this, or is none: the whole of RFC 3339, with small letters and leap seconds.

    `parse_time` takes the shape that nearly all have; it gives the same, sooner.
    """
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise BadMention("bad_time", f"{name} must look like 2026-11-22T10:00:00Z, not {shown(value)}")
    if match[2] is None:
        raise BadMention("bad_time", f"{name} has no time zone: {shown(value)}; write Z for UTC")
    text = match[0].upper()
    if match[1] == "60":  # a leap second
        text = f"{text[:17]}59{text[19:]}"
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not UTC:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadMention("bad_time", f"{name} is no time of any calendar: {shown(value)}") from None
    if moment < _EPOCH:
        raise BadMention("before_1970", f"{name} is {shown(value)}")
    return moment


def clean_text(text: str) -> str:
    """What can be stored of a text: at most 20,000 characters, NFC, U+FFFD for NUL and lone surrogates."""
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT]
    if "\0" in text:
        text = text.replace("\0", "\ufffd")
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        text = _SURROGATE.sub("\ufffd", text)
    return unicodedata.normalize("NFC", text)[:LONGEST_TEXT]


def is_language(tag: str) -> bool:
    """Whether a text has the form of a BCP 47 tag."""
    return _LANG.fullmatch(tag) is not None


def _require(values: list[Any]) -> None:
    """Refuse a mention without one of the fields that make it one. A text may be empty (a picture), or missing when
    there are stars or the source's own score: these say what it was without a word."""
    uid, source, created_at, text = values[:_REQUIRED]
    if uid is None:
        raise BadMention("no_uid", "uid is missing")
    if source is None:
        raise BadMention("no_source", "source is missing")
    if created_at is None:
        raise BadMention("no_time", "created_at is missing")
    if text is None:
        if values[_RATING_AT] is None and values[_NATIVE_AT] is None:
            raise BadMention("no_text", "text is missing")
        values[_TEXT_AT] = ""


def _not_ahead(name: str, moment: datetime | None, limit: datetime) -> None:
    if moment is not None and moment > limit:
        raise BadMention("far_future", f"{name} is {moment.isoformat()}, more than two days ahead")


def _uid(name: str, value: object) -> str:
    if isinstance(value, str) and 0 < len(value) <= 255 and value.isprintable() and not value.isspace():
        return value
    if not isinstance(value, str) or not 0 < len(value) <= 255 or value.isspace() or _CONTROL.search(value):
        raise BadMention(
            "bad_uid", f"{name} must be 1 to 255 characters without control characters, not {shown(value)}"
        )
    return value


def _source(name: str, value: object) -> str:
    known = _source_name(value) if isinstance(value, str) and len(value) <= 64 else None
    if known is None:
        raise BadMention("bad_source", f"{name} must be a short lower-case name such as x or news, not {shown(value)}")
    return known


@lru_cache(maxsize=1024)
def _source_name(value: str) -> str | None:
    """The name if it is one, always as the same object: one text for millions of mentions."""
    return value if _SOURCE.fullmatch(value) else None


def _text(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise BadMention("bad_text", f"{name} must be a text, got {kind(value)}")
    return clean_text(value)


def _word(longest: int) -> Callable[[str, object], str | None]:
    def check(name: str, value: object) -> str | None:
        if not isinstance(value, str):
            raise BadMention("wrong_type", f"{name} must be a text, got {kind(value)}")
        if len(value) > longest:
            raise BadMention("too_long", f"{name} has {len(value)} characters, at most {longest} are allowed")
        return (value if value.isascii() and "\0" not in value else clean_text(value)).strip() or None

    return check


_SCHEMES = ("https://", "http://")
_address = _word(2048)
_tag = _word(64)


def _url(name: str, value: object) -> str | None:
    url = _address(name, value)
    if url is None or url.startswith(_SCHEMES):
        return url
    if not url.lower().startswith(_SCHEMES):
        raise BadMention("bad_url", f"{name} must begin with https:// or http://, not {shown(url)}")
    return url


def _lang(name: str, value: object) -> str | None:
    return _language(value) if isinstance(value, str) and len(value) <= 64 else _tag(name, value)


@lru_cache(maxsize=1024)
def _language(value: str) -> str | None:
    tag = _tag("lang", value)
    if tag is None or tag.lower() == "und":
        return None
    if not is_language(tag):
        raise BadMention("bad_lang", f"lang must be a language tag such as it or pt-BR, not {shown(tag)}")
    return tag


def _count(name: str, value: object) -> int:
    if type(value) is int and 0 <= value <= _LARGEST:
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadMention("wrong_type", f"{name} must be a whole number, got {kind(value)}")
    if not 0 <= value <= _LARGEST:
        raise BadMention("out_of_range", f"{name} must be a whole number from 0, not {shown(value)}")
    if isinstance(value, float):
        raise BadMention("wrong_type", f"{name} must be a whole number, not {shown(value)}")
    return value


def _flag(name: str, value: object) -> bool:
    if value in ("true", "false"):  # as CSV has it; a tuple, because what stands here may have no hash
        return value == "true"
    if not isinstance(value, bool):
        raise BadMention("wrong_type", f"{name} must be true or false, got {kind(value)}")
    return value


def _number(low: float, high: float) -> Callable[[str, object], float]:
    def check(name: str, value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadMention("wrong_type", f"{name} must be a number, got {kind(value)}")
        if not low <= value <= high:  # not true of NaN either
            raise BadMention("out_of_range", f"{name} must be from {low:g} to {high:g}, not {shown(value)}")
        return float(value)

    return check


_id = _word(255)

_CHECKS: dict[str, Callable[[str, object], Any]] = {
    "uid": _uid,
    "source": _source,
    "created_at": parse_time,
    "text": _text,
    "received_at": parse_time,
    "author_id": _id,
    "author_followers": _count,
    "lang": _lang,
    "url": _url,
    "channel": _id,
    "likes": _count,
    "replies": _count,
    "reposts": _count,
    "views": _count,
    "parent_uid": _id,
    "thread_id": _id,
    "rating": _number(0.0, 1.0),
    "native_sentiment": _number(-1.0, 1.0),
    "repost_of": _id,
    "weight": _number(1.0, 1e9),
    "brand": _id,
    "backfill": _flag,
}
FIELDS = frozenset(_CHECKS)
"""The fields of the input contract."""

_ORDER = tuple(Mention.__dataclass_fields__)
_PLACES = {name: (_ORDER.index(name), check) for name, check in _CHECKS.items()}
_NOTHING: list[Any] = [{"weight": 1.0, "backfill": False}.get(name) for name in _ORDER]
_SOURCE_AT, _CREATED_AT, _TEXT_AT, _RECEIVED_AT, _RATING_AT, _NATIVE_AT = map(
    _ORDER.index, ("source", "created_at", "text", "received_at", "rating", "native_sentiment")
)
_REQUIRED = 4  # the first fields are those that have to be there


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object that may not have a key twice: which of the two was meant can't be known."""
    obj = dict(pairs)
    if len(obj) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise BadMention("duplicate_key", f"{key if key in FIELDS else shown(key)} is there twice")
            seen.add(key)
    return obj


def _no_constant(name: str) -> float:
    raise BadMention("not_json", f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)
