"""A fault in a file a person wrote, with the place and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Problem"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault. ``line`` and ``column`` count from 1; 0 means the file as a whole.

    ``code`` is stable (``CW012``) and documented; ``hint`` says what to write instead; ``excerpt`` is the faulty line,
    empty where it could hold a secret.
    """

    code: str
    message: str
    file: str
    line: int = 0
    column: int = 0
    hint: str = ""
    excerpt: str = ""
    severity: str = "error"  # or "warning": reported, and the configuration still loads

    def headline(self) -> str:
        """``file:line:column: CW012: message; hint`` on one line."""
        place = self.file if self.line == 0 else f"{self.file}:{self.line}:{self.column}"
        tail = f"; {self.hint}" if self.hint else ""
        return f"{place}: {self.code}: {self.message}{tail}"

    def render(self) -> str:
        """The headline, then the faulty line with a caret under the place."""
        if not self.excerpt or self.line == 0:
            return self.headline()
        number = f"{self.line:>5} | "
        caret = " " * (len(number) - 2) + "| " + " " * (self.column - 1) + "^"
        return f"{self.headline()}\n{number}{self.excerpt}\n{caret}"
