"""Silences from outside: begun, listed and ended through the engine's thread, which alone writes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from crisiswatch.errors import ActRefused, CrisiswatchError
from crisiswatch.model import Level, Silence, SilenceWish
from crisiswatch.pipeline import Pipeline, Result
from crisiswatch.store import Store
from crisiswatch.worker import Worker

__all__ = ["Silencing", "silence_view"]


class Silencing:
    """What the API asks. `begin` and `end` raise ActRefused where a wish makes no sense, and CrisiswatchError if the
    engine is too busy."""

    def __init__(self, worker: Callable[[], Worker], store: Callable[[], Store]) -> None:
        self._worker = worker
        self._store = store

    def listed(self) -> list[Mapping[str, Any]]:
        """Silences, the last begun first."""
        return [silence_view(one) for one in self._store().silences(limit=200)]

    def begin(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Begin one: ``brand``, ``minutes``, ``reason``, ``by``, and if wanted ``rule`` and ``level``."""
        minutes, level = told.get("minutes"), told.get("level", "warning")
        if not isinstance(minutes, int | float) or isinstance(minutes, bool) or not 0 < minutes <= 10**6:
            raise ActRefused("`minutes` says how long it lasts")
        if level not in ("watch", "warning", "critical"):
            raise ActRefused("`level` is watch, warning or critical")
        words = {name: told.get(name, "") for name in ("brand", "rule", "reason", "by")}
        if not all(isinstance(word, str) for word in words.values()):
            raise ActRefused("`brand`, `rule`, `reason` and `by` are texts")
        wish = SilenceWish(
            brand=words["brand"],
            rule=words["rule"],
            reason=_line(words["reason"]),
            by=_line(words["by"]),
            level=Level.from_word(level),
            lasting=timedelta(minutes=minutes),
        )
        return self._done("silence", lambda pipeline: pipeline.silence(wish))

    def end(self, number: int, by: str) -> Mapping[str, Any]:
        """End one before its time."""
        return self._done("end_silence", lambda pipeline: pipeline.end_silence(number, _line(by)))

    def _done(self, name: str, change: Callable[[Pipeline], tuple[Silence, Result]]) -> Mapping[str, Any]:
        made: list[Silence] = []

        def job(pipeline: Pipeline) -> Result:
            silence, result = change(pipeline)
            made.append(silence)
            return result

        ticket = self._worker().submit(name, job, seconds=5.0)
        if ticket is None or ticket.wait(10.0) is None:
            raise CrisiswatchError("the engine is busy, ask again")
        return silence_view(made[-1])


def silence_view(silence: Silence) -> dict[str, Any]:
    """Flatten a silence for the API and the page."""
    return {
        "id": silence.id,
        "brand": silence.brand,
        "rule": silence.rule,
        "level": silence.level.word,
        "reason": silence.reason,
        "by": silence.by,
        "begins": silence.begins,
        "ends": silence.ends,
        "ended_at": silence.ended_at,
        "ended_by": silence.ended_by,
    }


def _line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
