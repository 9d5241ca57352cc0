"""A YAML file as data with the place of every key and value, and problems that point into it without leaking."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Self

from crisiswatch.model import Problem

__all__ = ["Decimal", "Document", "Integer", "Span", "Where", "did_you_mean", "has", "secretish", "shown"]

Where = tuple[str | int, ...]
"""The way to a value from the top of a file: keys and list positions."""

_SECRET_NAME = re.compile(r"(?i)token|secret|passw|passphrase|pwd|\bpass\b|\bpw\b|api.?key|credential|private|bearer")
_SECRET_FIELDS = ("token", "secret", "password", "apikey", "credential")
_SECRET_LOOK = re.compile(r"://[^/\s]*@|xox[a-z]-|xapp-|\b[A-Za-z0-9_\-+/]{32,}")
_LINE_LIMIT = 200
_AROUND = 5


class Integer(int):
    """A whole number that remembers how it was written, so that ``007`` may also be a word."""

    text: str

    def __new__(cls, value: int, text: str) -> Self:
        """Wrap ``value``, written as ``text``."""
        made = super().__new__(cls, value)
        made.text = text
        return made


class Decimal(float):
    """A number with a point that remembers how it was written, so that ``1.10`` may also be a word."""

    text: str

    def __new__(cls, value: float, text: str) -> Self:
        """Wrap ``value``, written as ``text``."""
        made = super().__new__(cls, value)
        made.text = text
        return made


@dataclass(frozen=True, slots=True)
class Span:
    """Where something is written; lines and columns count from 1."""

    line: int
    column: int
    end_line: int


@dataclass(slots=True)
class Document:
    """One file. ``data`` is None where it could not be read; ``broken`` then says so.

    ``name`` is the file as people are told it. ``keys`` and ``values`` hold the span of each key and value.
    """

    name: str
    path: Path
    lines: tuple[str, ...] = ()
    data: object = None
    broken: bool = False
    keys: dict[Where, Span] = field(default_factory=dict)
    values: dict[Where, Span] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    _hidden: frozenset[int] | None = None

    def report(
        self,
        code: str,
        where: Where,
        message: str,
        hint: str = "",
        *,
        on_key: bool = False,
        severity: str = "error",
    ) -> None:
        """Note a problem at a value (or its key). A place that is not written stands for the nearest one that is."""
        known, span = self._nearest(where, on_key)
        excerpt = self._excerpt(span.line, span.column)
        if on_key and excerpt and self._guarded(known):
            excerpt = excerpt[: span.column - 1 + len(str(known[-1]))] + ": ..."
        self.problems.append(
            Problem(code, message, self.name, span.line, span.column, hint, excerpt, severity=severity)
        )

    def report_text(self, code: str, where: Where, text: str, message: str, hint: str = "") -> None:
        """Note a problem at the first place where ``text`` stands inside a value."""
        _, span = self._nearest(where, on_key=False)
        line, column = span.line, span.column
        for number in range(span.line, min(span.end_line, len(self.lines)) + 1):
            found = self.lines[number - 1].find(text, span.column - 1 if number == span.line else 0)
            if found >= 0:
                line, column = number, found + 1
                break
        self.problems.append(Problem(code, message, self.name, line, column, hint, self._excerpt(line, column)))

    def report_place(
        self, code: str, line: int, column: int, message: str, hint: str = "", *, severity: str = "error"
    ) -> None:
        """Note a problem of the file's form, where no values are known yet: so hide anything near a secret."""
        excerpt = "" if self._near_secret(line) else self._excerpt(line, column)
        self.problems.append(Problem(code, message, self.name, line, column, hint, excerpt, severity=severity))

    def place(self, where: Where) -> tuple[str, int, int]:
        """File, line and column of a value."""
        _, span = self._nearest(where, on_key=False)
        return self.name, span.line, span.column

    def get(self, where: Where) -> object:
        """The value at ``where``, or None."""
        value = self.data
        for step in where:
            if not has(value, step):
                return None
            value = value[step]  # type: ignore[index]
        return value

    def _nearest(self, where: Where, on_key: bool) -> tuple[Where, Span]:
        if on_key and where in self.keys:
            return where, self.keys[where]
        for length in range(len(where), -1, -1):
            if where[:length] in self.values:
                return where[:length], self.values[where[:length]]
        return (), Span(0, 0, 0)

    def _guarded(self, where: Where) -> bool:
        """Whether an unknown field here might be a misspelt secret."""
        return len(where) > 1 and where[0] in {"sources", "receivers", "store"}

    def _excerpt(self, line: int, column: int) -> str:
        if not 1 <= line <= len(self.lines) or column > _LINE_LIMIT or line in self._secret_lines():
            return ""
        text = self.lines[line - 1][:_LINE_LIMIT]
        if secretish(text) or _SECRET_LOOK.search(text):
            return ""
        return "".join(char if char.isprintable() else " " for char in text)

    def _secret_lines(self) -> frozenset[int]:
        if self._hidden is None:
            hidden: set[int] = set()
            for where, key in self.keys.items():
                if secretish(str(where[-1])):
                    value = self.values.get(where, key)
                    hidden.update(range(key.line, value.end_line + 1))
            self._hidden = frozenset(hidden)
        return self._hidden

    def _near_secret(self, line: int) -> bool:
        nearby = self.lines[max(line - 1 - _AROUND, 0) : line]
        return any(secretish(text) for text in (*nearby, *self._ancestors(line)))

    def _ancestors(self, line: int) -> Iterable[str]:
        """The lines above that are indented less, step by step."""
        depth = 10_000
        for number in range(min(line, len(self.lines)) - 1, -1, -1):
            if not depth:
                return
            text = self.lines[number]
            bare = text.lstrip(" \t")
            if bare and len(text) - len(bare) < depth:
                depth = len(text) - len(bare)
                yield text


def has(value: object, step: str | int) -> bool:
    """Whether a mapping has this key, or a list this position."""
    if isinstance(value, dict):
        return step in value
    return isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)


@lru_cache(maxsize=4096)
def secretish(text: str) -> bool:
    """Whether a key, or a whole line, looks as if a secret stood behind it."""
    if _SECRET_NAME.search(text):
        return True
    keys = re.findall(r"([A-Za-z_]+)\s*[:=]", text[:_LINE_LIMIT]) or ([text] if text.isidentifier() else [])
    return any(difflib.get_close_matches(key.lower(), _SECRET_FIELDS, n=1, cutoff=0.75) for key in keys)


def shown(value: object, where: Where = ()) -> str:
    """A value as a message may show it: short, on one line, and never if it may be a secret."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None or value == "":
        return "nothing" if value is None else "an empty text"
    text = value.text if isinstance(value, Integer | Decimal) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    if any(secretish(str(step)) for step in where) or _SECRET_LOOK.search(text):
        return "what is written there"
    text = "".join(char if char.isprintable() else " " for char in text)
    return f"`{text[:39]}…`" if len(text) > 40 else f"`{text}`"


def did_you_mean(word: object, known: Collection[str]) -> str:
    """A hint: the known word most like this one, or all known words."""
    if isinstance(word, str) and (close := difflib.get_close_matches(word.lower(), known, n=1, cutoff=0.6)):
        return f"did you mean `{close[0]}`?"
    names = ", ".join(f"`{name}`" for name in known)
    return f"possible here: {names}" if known else ""
