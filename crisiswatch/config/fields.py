"""The kinds of value a configuration file is made of, for pydantic: text, numbers, durations, ids, secrets ...

A kind refuses with `bad`: our code, our words and our hint travel through pydantic to `crisiswatch.config.translate`,
which adds the place. ``{field}`` in a message stands for the field's name.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from crisiswatch.config.document import Decimal, Integer
from crisiswatch.config.secrets import Secret

__all__ = [
    "Brands",
    "DateTime",
    "Email",
    "Flag",
    "Id",
    "Language",
    "Minutes",
    "Moment",
    "Number",
    "Period",
    "SecretRef",
    "Section",
    "TimeOfDay",
    "Url",
    "Version",
    "Whole",
    "Words",
    "Zone",
    "bad",
    "duration",
    "lasting",
    "limited",
    "secret",
    "spelled",
    "web_address",
]

_DURATION = re.compile(r"(?:(\d{1,6})d)?(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_ENV = re.compile(r"[A-Z][A-Z0-9_]{0,127}")
_DATE_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)", re.ASCII
)
_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00")
_EMAIL = re.compile(r"[^@\s<>,;:\"]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})")
_LONGEST = timedelta(days=3660)
_DURATION_SCHEMA = {"type": "string", "pattern": r"^(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?$", "examples": ["15m", "1h30m"]}


def bad(code: str, message: str, hint: str = "") -> PydanticCustomError:
    """An error of ours, to be raised inside a validator."""
    return PydanticCustomError("ours", "{message}", {"code": code, "message": message, "hint": hint})


class Section(BaseModel):
    """A mapping with known fields: unknown ones are refused, and nothing changes after it was read."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", arbitrary_types_allowed=True, populate_by_name=False, use_attribute_docstrings=True
    )


def _text(value: Any) -> Any:
    """Text as written: ``1.10`` and ``007`` stay what they were."""
    if isinstance(value, Integer | Decimal):
        return value.text
    if isinstance(value, str):
        if not value.strip():
            raise bad("CW024", "`{field}` is empty", "write some text")
        return value
    if isinstance(value, bool) or value is None:
        word = "nothing" if value is None else f"true or false ({str(value).lower()})"
        raise bad("CW021", "`{field}` must be text, but YAML reads this as " + word, "put it in quotes")
    return value


def duration(text: object) -> timedelta:
    """``1h30m`` -> a timedelta. Raises a pydantic error that `bad` made."""
    if isinstance(text, Integer | Decimal):
        number = text.text
        hint = f"write {number}m for minutes or {number}h for hours" if number.isdigit() else "write for example 15m"
        raise bad("CW025", "`{field}` needs a unit", hint)
    match = _DURATION.fullmatch(text) if isinstance(text, str) and text else None
    if match is None:
        raise bad("CW025", "`{field}` is not a length of time", "write it like 30s, 15m, 6h, 14d or 1h30m")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    if length > _LONGEST:
        raise bad("CW026", "`{field}` is longer than ten years", "write a shorter time")
    return length


def _period(value: Any) -> timedelta:
    length = duration(value)
    if not length:
        raise bad("CW026", "`{field}` must be longer than nothing", "write at least 1s")
    return length


def _minutes(value: Any) -> int:
    seconds = int(duration(value).total_seconds())
    if seconds % 60:
        raise bad("CW026", "`{field}` must be whole minutes", "rules look at whole minutes: write for example 2m")
    return seconds // 60


def _id(value: Any) -> Any:
    value = _text(value)
    if isinstance(value, str) and not _ID.fullmatch(value):
        hint = "use lower-case letters, digits and hyphens, at most 64, for example `acme-coffee`"
        raise bad("CW027", "`{field}` can't be used as an id", hint)
    return value


def _brands(value: Any) -> Any:
    if value == "all":
        return None
    if isinstance(value, list):
        return value
    hint = f"write `all`, or a list: [{value[:40]}]" if isinstance(value, str) else "write `all`, or a list of ids"
    raise bad("CW022", "`{field}` can't be {value}", hint)


def _language(value: Any) -> Any:
    if isinstance(value, str) and not _LANGUAGE.fullmatch(value):
        raise bad("CW030", "this is not a language tag", "write two letters: it, en, es, fr, de, pt, ar, hi")
    if isinstance(value, bool):
        raise bad("CW030", "this is not a language tag", 'put it in quotes: "no"')
    return value


def _time_of_day(value: Any) -> int:
    match = _TIME.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise bad("CW028", "`{field}` is not a time of day", "write it as hours and minutes, like 08:00 or 22:30")
    return 24 * 60 if value == "24:00" else int(match[1]) * 60 + int(match[2])


def _date_time(value: Any) -> datetime:
    hint = "write the day, the time and its distance from UTC, like 2026-06-14T20:00:00+02:00 or 2026-06-14T18:00:00Z"
    if isinstance(value, str) and _DATE_TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value.replace(" ", "T").upper())
        except ValueError:
            raise bad("CW057", "`{field}` is a day or time that does not exist", hint) from None
    raise bad("CW057", "`{field}` is not a moment with its time zone", hint)


def _zone(value: Any) -> ZoneInfo:
    try:
        if isinstance(value, str) and re.fullmatch(r"[A-Za-z][A-Za-z0-9_+/-]{0,60}", value):
            return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    raise bad("CW029", "there is no such time zone", "write a name like Europe/Rome, America/New_York or UTC")


def _version(value: Any) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and value == 1:
        return 1
    raise bad("CW037", "this version of the file format is not known", "write `version: 1`")


def secret(value: Any) -> Secret:
    """``{env: NAME}`` or ``{file: PATH}`` -> where the secret is. What is written is never part of an error."""
    if not isinstance(value, dict):
        hint = "write {env: NAME} to take it from the environment, or {file: PATH} to read it from a file"
        raise bad("CW031", "`{field}` is a secret and must not stand in this file", hint)
    if set(value) == {"env"}:
        if isinstance(value["env"], str) and _ENV.fullmatch(value["env"]):
            return Secret(env=value["env"])
        hint = "use capitals, digits and _, like SLACK_BOT_TOKEN; the secret itself does not belong here"
        raise bad("CW032", "`env` must be the name of an environment variable", hint)
    if set(value) == {"file"}:
        if isinstance(value["file"], str) and value["file"].strip() and "\0" not in value["file"]:
            return Secret(file=Path(value["file"]))
        raise bad("CW032", "`file` must be the path of a file that holds the secret", "write {file: /run/secrets/NAME}")
    raise bad("CW032", "`{field}` must have exactly one of `env` and `file`", "write {env: NAME} or {file: PATH}")


def web_address(value: Any) -> str:
    """An http or https address without a user name or password in it. Raises a pydantic error that `bad` made."""
    if isinstance(value, str) and not re.search(r"[\s\x00-\x20]", value):
        try:
            parts = urlsplit(value)
            host, _ = parts.hostname, parts.port
        except ValueError:
            host, parts = None, urlsplit("")
        if host and parts.scheme in {"http", "https"}:
            if "@" in parts.netloc:
                raise bad("CW034", "`{field}` has a user name or password in it", "take it out of the address")
            return value
    raise bad("CW035", "`{field}` is not a web address", "write it with https://, like https://example.com/feed.xml")


def _email(value: Any) -> Any:
    if isinstance(value, str) and not _EMAIL.fullmatch(value):
        raise bad("CW036", "this is not an e-mail address", "write only the address, like press@example.com")
    return value


def lasting(default: str, *, minutes: bool = False) -> Any:
    """A `Field` for a `Period` (or `Minutes`) with a default, written as people write it."""

    def make() -> Any:
        length = duration(default)
        return int(length.total_seconds()) // 60 if minutes else length

    return Field(default_factory=make, json_schema_extra={"default": default})


def limited(low: int = 0, high: int = 10 * 366 * 24 * 60) -> AfterValidator:
    """Limits for `Minutes`."""

    def check(minutes: int) -> int:
        if minutes < low:
            raise bad("CW026", f"`{{field}}` must be at least {spelled(low)}, not {{value}}", "write a longer time")
        if minutes > high:
            raise bad("CW026", f"`{{field}}` must be at most {spelled(high)}, not {{value}}", "write a shorter time")
        return minutes

    return AfterValidator(check)


def spelled(minutes: int) -> str:
    """90 -> ``1h30m``."""
    days, rest = divmod(minutes, 24 * 60)
    parts = ((days, "d"), (rest // 60, "h"), (rest % 60, "m"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0m"


Words = Annotated[str, BeforeValidator(_text), Strict(), Field(max_length=2000)]
Whole = Annotated[int, Strict()]
Number = Annotated[float, Strict(), Field(allow_inf_nan=False)]
Flag = Annotated[bool, Strict()]
Id = Annotated[str, BeforeValidator(_id), Strict(), Field(json_schema_extra={"pattern": f"^{_ID.pattern}$"})]
Language = Annotated[
    str, BeforeValidator(_language), Strict(), Field(json_schema_extra={"pattern": f"^{_LANGUAGE.pattern}$"})
]
Period = Annotated[timedelta, PlainValidator(_period), WithJsonSchema(_DURATION_SCHEMA)]
Moment = Annotated[timedelta, PlainValidator(duration), WithJsonSchema(_DURATION_SCHEMA)]
Minutes = Annotated[int, PlainValidator(_minutes), WithJsonSchema(_DURATION_SCHEMA)]
TimeOfDay = Annotated[
    int,
    PlainValidator(_time_of_day),
    WithJsonSchema({"type": "string", "pattern": f"^({_TIME.pattern})$", "examples": ["08:00"]}),
]
Brands = Annotated[
    Annotated[tuple[Id, ...], Field(min_length=1)] | None,
    BeforeValidator(_brands, json_schema_input_type=Literal["all"] | list[str]),
]
"""Some brands by their ids, or all of them (None)."""
DateTime = Annotated[
    datetime,
    PlainValidator(_date_time),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-06-14T20:00:00+02:00"]}),
]
Zone = Annotated[
    ZoneInfo, PlainValidator(_zone), WithJsonSchema({"type": "string", "examples": ["Europe/Rome", "UTC"]})
]
Version = Annotated[int, PlainValidator(_version), WithJsonSchema({"const": 1})]
Url = Annotated[str, PlainValidator(web_address), WithJsonSchema({"type": "string", "format": "uri"})]
Email = Annotated[str, BeforeValidator(_email), Strict(), Field(json_schema_extra={"format": "email"})]
SecretRef = Annotated[
    Secret,
    PlainValidator(secret),
    WithJsonSchema(
        {
            "oneOf": [
                {
                    "type": "object",
                    "properties": {"env": {"type": "string", "description": "Name of an environment variable."}},
                    "required": ["env"],
                    "additionalProperties": False,
                },
                {
                    "type": "object",
                    "properties": {"file": {"type": "string", "description": "Path of a file that holds it."}},
                    "required": ["file"],
                    "additionalProperties": False,
                },
            ]
        }
    ),
]
