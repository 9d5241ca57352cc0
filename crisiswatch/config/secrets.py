"""Secrets by reference: a name in the environment or a file, read when it is needed and never shown."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from crisiswatch.errors import ConfigError
from crisiswatch.model import Problem

__all__ = ["Secret"]

_LIMIT = 64 * 1024


@dataclass(frozen=True, slots=True, repr=False)
class Secret:
    """Where a secret is: ``env`` (a variable's name) or ``file`` (a path). Prints as ``***``.

    ``where`` is the place in the configuration that asks for it (file, line, column), for messages.
    """

    env: str | None = None
    file: Path | None = None
    where: tuple[str, int, int] = ("", 0, 0)

    def reveal(self) -> str:
        """The secret itself, read now, without the line ends around it. Raises `ConfigError` if it is not there."""
        text = self._read()
        if text is None:
            raise ConfigError([self.problem()])
        return text

    def __call__(self) -> str:
        """The same as `reveal`: a secret may be handed on wherever a function that gives a text is wanted."""
        return self.reveal()

    def missing(self) -> bool:
        """Whether `reveal` would fail now."""
        return self._read() is None

    def problem(self, severity: str = "error") -> Problem:
        """What to tell a person when the secret is not there; names the variable or file, never the content."""
        file, line, column = self.where
        if self.env is not None:
            message = f"the environment has no value for {self.env}"
            hint = f"set it where crisiswatch runs: {self.env}=..."
        else:
            message = f"the secret file {self.file} can't be read or is empty"
            hint = "create it, readable for the user crisiswatch runs as"
        return Problem(code="CW033", message=message, file=file, line=line, column=column, hint=hint, severity=severity)

    def _read(self) -> str | None:
        if self.env is not None:
            return os.environ.get(self.env) or None
        if self.file is None:
            return None
        try:
            with self.file.open("rb") as handle:
                text = handle.read(_LIMIT).decode("utf-8").strip("\r\n")
        except (OSError, ValueError):
            return None
        return text or None

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__
