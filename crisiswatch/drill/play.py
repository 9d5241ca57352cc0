"""What is said in an exercise: invented mentions that rise and ebb, or a recording moved to now.

A recording is judged from its beginning, so that the rules know what is usual; what comes before its first incident is
taken in at once, and the rest as it came then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from crisiswatch.clock import Clock
from crisiswatch.config import Brand
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Mention
from crisiswatch.pipeline import Plan
from crisiswatch.replay import Replay
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import Store

__all__ = ["SOURCE", "arrival", "invented", "recorded"]

SOURCE = "drill"
LEAD = timedelta(minutes=1)
"""How long before the first incident of a recording the exercise begins."""
_RISES, _EBBS = 0.4, 0.6
_TEXTS = {
    "en": (
        "DRILL, invented: {brand} has let me down, message {number}",
        "DRILL, invented: why does nobody at {brand} answer? ({number})",
        "DRILL, invented: the same with {brand} here, this is a disgrace ({number})",
    ),
    "it": (
        "ESERCITAZIONE, inventato: {brand} mi ha deluso, messaggio {number}",
        "ESERCITAZIONE, inventato: perché nessuno risponde da {brand}? ({number})",
        "ESERCITAZIONE, inventato: anche a me con {brand}, è una vergogna ({number})",
    ),
}


def invented(brand: Brand, start: datetime, minutes: float) -> list[Mention]:
    """Mentions of ``brand`` from ``start`` on: more each minute, then fewer, then none for the rest of ``minutes``."""
    texts = _TEXTS.get(brand.language, _TEXTS["en"])
    made: list[Mention] = []
    mark = f"{start:%Y%m%dT%H%M%S}"
    for minute in range(max(3, round(minutes * _EBBS))):
        done = minute / max(minutes, 1.0)
        rate = round(8 + 16 * min(done / _RISES, (_EBBS - done) / (_EBBS - _RISES)))
        for place in range(max(rate, 0)):
            number = len(made) + 1
            made.append(
                Mention(
                    uid=f"{SOURCE}:{mark}:{number}",
                    source=SOURCE,
                    created_at=start + timedelta(minutes=minute, seconds=60 * place / rate),
                    text=texts[number % len(texts)].format(brand=brand.name, number=number),
                    author_id=f"drill-{number}",
                    lang=brand.language if brand.language in _TEXTS else "en",
                    brand=brand.id,
                )
            )
    return made


def recorded(scenario: Path, plan: Plan, start: datetime, folder: Path, clock: Clock) -> list[Mention]:
    """The mentions of a recording in order of arrival, moved so that its first incident opens soon after ``start``.

    Raises CrisiswatchError where there is nothing to read or no rule of ``plan`` opens.
    """
    if not scenario.is_file():
        raise CrisiswatchError(f"there is no file {scenario}")
    with Store.open(f"sqlite:///{folder}/scenario.db") as store:
        opened = _first(Replay(store, plan), scenario, folder, clock)
    shift = start + LEAD - opened
    with arrivals([str(scenario)], source=SOURCE, now=clock.now(), folder=str(folder)) as stream:
        return [_moved(each, shift) for each in stream if isinstance(each, Mention)]


def arrival(mention: Mention) -> datetime:
    """When it arrives."""
    return mention.received_at or mention.created_at


def _first(replay: Replay, scenario: Path, folder: Path, clock: Clock) -> datetime:
    with arrivals([str(scenario)], source=SOURCE, now=clock.now(), folder=str(folder)) as stream:
        report = replay.run(stream, monotonic=clock.monotonic)
    opened = min((told.incident.opened_at for told in report.incidents.values()), default=None)
    if opened is None:
        raise CrisiswatchError(f"none of the rules opens on {scenario.name}: there would be nothing to drill")
    return opened


def _moved(mention: Mention, shift: timedelta) -> Mention:
    received = None if mention.received_at is None else mention.received_at + shift
    return replace(mention, created_at=mention.created_at + shift, received_at=received)
