"""Reads YAML into a `Document`: YAML 1.2 words and numbers, the place of everything, and no surprises.

It stands on PyYAML's parser events. PyYAML's own loader would read ``22:00`` as 1320 and ``NO`` as false, would keep
the last of two equal keys, and would follow any alias.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from yaml import events as ev
from yaml.error import MarkedYAMLError
from yaml.reader import ReaderError

from crisiswatch.config.document import Decimal, Document, Integer, Span, Where, shown
from crisiswatch.config.syntax import explain

__all__ = ["SIZE_LIMIT", "parse", "read"]

SIZE_LIMIT = 1024 * 1024
_NODE_LIMIT = 50_000
_DEPTH_LIMIT = 30
_DIGITS = 15
_REMEMBERED = 128
_SHORT = 64 * 1024

_NULL = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_LINES = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_BOMS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read(path: Path, name: str) -> tuple[Document, bytes]:
    """Read a file; every fault ends up among the document's problems. The bytes are for the fingerprint."""
    try:
        with path.open("rb") as handle:
            raw = handle.read(SIZE_LIMIT + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is not a file name"
        document = Document(name, path, broken=True)
        document.report_place("CW001", 0, 0, f"the file can't be read: {reason}", "check the path and the permissions")
        return document, b""
    return parse(raw, path, name), raw


def parse(raw: bytes, path: Path, name: str) -> Document:
    """Turn the bytes of a file into a document.

    A short file is remembered by its bytes: a reload reads many again that nobody has changed. Documents with the same
    bytes share ``data`` and the spans, so nobody may change these.
    """
    if len(raw) > _SHORT:
        return _parse(raw, path, name)
    known = _remembered(raw)
    problems = [replace(problem, file=name) for problem in known.problems]
    return Document(name, path, known.lines, known.data, known.broken, known.keys, known.values, problems)


@lru_cache(maxsize=_REMEMBERED)
def _remembered(raw: bytes) -> Document:
    return _parse(raw, Path(), "")


def _parse(raw: bytes, path: Path, name: str) -> Document:
    document = Document(name, path)
    text = _decode(raw, document)
    if text is None:
        document.broken = True
        return document
    document.lines = tuple(_LINES.split(text))
    try:
        _Builder(document, text).run()
    except _Stop:
        document.broken = True
        document.data = None
    return document


def _decode(raw: bytes, document: Document) -> str | None:
    if len(raw) > SIZE_LIMIT:
        document.report_place("CW002", 0, 0, "the file is larger than 1 MiB", "split it into several files")
        return None
    if raw[:2] in _BOMS:
        hint = "save it as UTF-8 (in Notepad: Save as, Encoding: UTF-8)"
        document.report_place("CW003", 1, 1, f"the file is {_BOMS[raw[:2]]}, not UTF-8", hint)
        return None
    if raw.startswith(b"\xef\xbb\xbf"):
        hint = "save the file as UTF-8 without a mark (BOM)"
        document.report_place("CW004", 1, 1, "the file begins with a byte order mark", hint, severity="warning")
        raw = raw[3:]
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        lines = _LINES.split(before)
        message = f"the file is not UTF-8: byte 0x{raw[error.start]:02x} makes no sense here"
        document.report_place("CW003", len(lines), len(lines[-1]) + 1, message, "save the file as UTF-8")
        return None


class _Stop(Exception):
    """There is no use in reading on: the problem has been noted."""


@dataclass(slots=True)
class _Anchor:
    """What an alias stands for, and how many values that is; None while it is still being read."""

    value: object = None
    size: int | None = None


class _Builder:
    """Builds plain data from parser events and notes each place."""

    def __init__(self, document: Document, text: str) -> None:
        self._doc = document
        self._text = text
        self._anchors: dict[str, _Anchor] = {}
        self._size = 0
        self._events: Iterator[Any] = iter(())

    def run(self) -> None:
        self._events = self._safely()
        next(self._events)  # the start of the stream
        event = next(self._events)
        if isinstance(event, ev.StreamEndEvent):
            self._empty()
            return
        if event.version or event.tags:
            self._note("CW016", event.start_mark, "a `%` directive is not understood here", "delete this line")
        self._doc.data = self._value(next(self._events), ())
        next(self._events)  # the end of the document
        event = next(self._events)
        if not isinstance(event, ev.StreamEndEvent):
            message = "a second document begins here (`---`)"
            self._note("CW011", event.start_mark, message, "put it into a file of its own")
            raise _Stop
        if self._doc.data is None:
            self._empty()

    def _empty(self) -> None:
        self._doc.report_place("CW013", 0, 0, "the file is empty", "start with `version: 1`")
        raise _Stop

    def _safely(self) -> Iterator[Any]:
        """The parser's events; what it raises becomes a problem. ValueError: absurd escapes and version numbers."""
        loader: Any = None
        try:
            loader = yaml.BaseLoader(self._text)
            while loader.check_event():
                yield loader.get_event()
        except ReaderError as error:
            lines = _LINES.split(self._text[: error.position])
            char = f"U+{ord(self._text[error.position]):04X}"
            self._doc.report_place(
                "CW003", len(lines), len(lines[-1]) + 1, f"the character {char} is not allowed", "delete it"
            )
        except MarkedYAMLError as error:
            code, mark, message, hint = explain(error)
            self._note(code, mark, message, hint)
        except (ValueError, OverflowError):
            mark = loader.get_mark() if loader is not None else None
            self._note("CW006", mark, "a number or an escape here is beyond all bounds", "write it shorter")
        else:
            return
        raise _Stop

    def _note(self, code: str, mark: Any, message: str, hint: str) -> None:
        line, column = (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)
        self._doc.report_place(code, line, column, message, hint)

    def _value(self, event: Any, where: Where) -> object:
        self._count(1, event, where)
        if isinstance(event, ev.AliasEvent):
            return self._alias(event, where)
        before = self._size
        anchor = _Anchor()
        if event.anchor:
            self._anchors[event.anchor] = anchor
        if event.tag is not None:
            hint = "leave the tag out; put text in quotes to keep it text"
            self._note("CW010", event.start_mark, "tags (`!`) are not allowed", hint)
        self._doc.values[where] = _span(event)
        if isinstance(event, ev.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, ev.SequenceStartEvent):
            value = self._list(where)
        else:
            value = self._mapping(where)
        anchor.value, anchor.size = value, self._size - before + 1
        return value

    def _count(self, size: int, event: Any, where: Where) -> None:
        self._size += size
        if self._size > _NODE_LIMIT:
            message = "aliases make this file grow beyond all measure" if size > 1 else "the file has too many values"
            self._note("CW008", event.start_mark, message, f"stay below {_NODE_LIMIT} values; write them out")
            raise _Stop
        if len(where) > _DEPTH_LIMIT:
            self._note("CW014", event.start_mark, "this is nested too deeply", "no field needs more than ten levels")
            raise _Stop

    def _alias(self, event: Any, where: Where) -> object:
        self._doc.values[where] = _span(event)
        anchor = self._anchors.get(event.anchor)
        if anchor is None or anchor.size is None:
            message = f"there is no finished anchor `&{event.anchor[:40]}` above this alias"
            self._note("CW008", event.start_mark, message, "write the value out")
            raise _Stop
        self._count(anchor.size, event, where)
        return anchor.value

    def _list(self, where: Where) -> list[object]:
        items: list[object] = []
        while not isinstance(event := next(self._events), ev.SequenceEndEvent):
            items.append(self._value(event, (*where, len(items))))
        self._close(where, event)
        return items

    def _mapping(self, where: Where) -> dict[str, object]:
        fields: dict[str, object] = {}
        while not isinstance(event := next(self._events), ev.MappingEndEvent):
            key = self._key(event)
            place = (*where, key)
            again = key in fields or key == "<<"
            if again:
                self._refuse_key(key, event, place)
                place = (*where, f"\0{key}")  # read on, but where nobody looks
            self._doc.keys[place] = _span(event)
            value = self._value(next(self._events), place)
            if not again:
                fields[key] = value
        self._close(where, event)
        return fields

    def _close(self, where: Where, event: Any) -> None:
        span = self._doc.values[where]
        ends = event.end_mark.line + (1 if event.end_mark.column else 0)
        self._doc.values[where] = Span(span.line, span.column, max(span.line, ends))

    def _key(self, event: Any) -> str:
        if isinstance(event, ev.ScalarEvent) and (event.value or event.style):
            if event.tag is not None:
                self._note("CW010", event.start_mark, "tags (`!`) are not allowed", "leave the tag out")
            if event.anchor:
                self._anchors[event.anchor] = _Anchor(event.value, 1)
            return str(event.value)
        self._note("CW015", event.start_mark, "a field's name must be a plain word", "write `name: value`")
        raise _Stop

    def _refuse_key(self, key: str, event: Any, place: Where) -> None:
        if key == "<<":
            self._note("CW009", event.start_mark, "merge keys (`<<`) are not allowed", "write the fields out")
            return
        first = self._doc.keys[place].line
        message = f"{shown(key)} is written twice; the first is on line {first}"
        self._note("CW007", event.start_mark, message, "delete one of the two")

    def _scalar(self, event: Any) -> object:
        text = str(event.value)
        if any("\ud800" <= char <= "\udfff" for char in text):
            self._note("CW003", event.start_mark, "the text has half of a character pair in it", "write the character")
            return "\ufffd"
        if event.style:
            return text
        return None if text in _NULL else _BOOLS.get(text, _number(text))


def _number(text: str) -> object:
    if _INT.fullmatch(text):
        if len(text) > _DIGITS:
            return text  # an account or ticket number, not a quantity
        return Integer(int(text, {"0o": 8, "0x": 16}.get(text[:2], 10)), text)
    if _FLOAT.fullmatch(text):
        return Decimal(float(text.lower().replace(".inf", "inf").replace(".nan", "nan")), text)
    return text


def _span(event: Any) -> Span:
    start, end = event.start_mark, event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1)
