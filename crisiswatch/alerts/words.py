"""Numbers, times and foreign text as a person would say and may safely see them.

Everything in an alert that did not come from the configuration passes through here once: posts are written by
strangers, figures may be missing or absurd, and a message at 3 a.m. must come out readable all the same.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import quote, urlsplit

from crisiswatch.alerts.phrases import phrase

__all__ = [
    "UNKNOWN",
    "about",
    "clean",
    "clip",
    "exact",
    "language",
    "listed",
    "mask",
    "moment",
    "percent",
    "rarity",
    "roughly",
    "safe_url",
    "since",
    "since_about",
    "span",
    "sparkline",
    "times",
    "written",
]

UNKNOWN = phrase("en", "unknown")
"""What is said instead of a missing value, in English."""

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_GIORNI = ("lun", "mar", "mer", "gio", "ven", "sab", "dom")
_GIORNI_INTERI = ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica")
_MESI = (
    *("gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno"),
    *("luglio", "agosto", "settembre", "ottobre", "novembre", "dicembre"),
)
_BARS = "▁▂▃▄▅▆▇█"
_CALLS = re.compile(r"@(?=(?:channel|here|everyone)\b)", re.IGNORECASE)
_LONGEST = 10_000
_HIDDEN = frozenset({"Cc", "Co", "Cn"})
_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029")


def clean(text: str) -> str:
    """Foreign text on one line: no control or direction-turning characters, no lone surrogates, no @channel.

    Only the first 10,000 characters are looked at: nothing longer is ever shown.
    """
    kept = text[:_LONGEST]
    if not kept.isprintable():
        kept = "".join(map(_harmless, kept))
    return _CALLS.sub("@\u2060", " ".join(kept.split()))


def _harmless(char: str) -> str:
    if char.isprintable():
        return char
    if char in _DIRECTIONS or char.isspace():
        return " "
    kind = unicodedata.category(char)
    return "\ufffd" if kind == "Cs" else "" if kind in _HIDDEN else char


def clip(text: str, limit: int) -> str:
    """`text` in at most `limit` characters, cut at a word where one ends near the limit, with an ellipsis."""
    if len(text) <= limit:
        return text
    cut = text[: max(limit - 1, 0)]
    space = cut.rfind(" ")
    if space > limit * 2 // 3:
        cut = cut[:space]
    return cut.rstrip(" ,;:.") + "…"


def mask(author: str) -> str:
    """The first two characters of a name: enough to tell two people apart in a list, not to point at one."""
    name = clean(author)
    if name.endswith("•••") and len(name) <= 5:
        return name
    return (name[:2] if len(name) > 2 else name[:1]) + "•••"


def safe_url(url: str | None) -> str | None:
    """A web address that is safe to link, with every character that means something elsewhere escaped; or None."""
    if not url or len(url) > 300:
        return None
    try:
        parts = urlsplit(clean(url))
        host = parts.hostname
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not host or "@" in parts.netloc:
        return None
    safe = quote(parts.geturl(), safe=":/?#[]@!$&()*+,;=%~-._")
    return safe if len(safe) <= 300 else None


def _finite(number: float | None) -> float | None:
    """`number`, or None where it is missing, not a number, or beyond any float."""
    try:
        return number if number is not None and math.isfinite(number) else None
    except OverflowError:
        return None


def exact(number: float | None, lang: str = "en") -> str:
    """A count: ``1,234``; from a million on ``1.2 million``. In Italian ``1.234`` and ``1,2 milioni``."""
    number = _finite(number)
    if number is None:
        return phrase(lang, "unknown")
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if abs(number) >= size:
            figure = f"{number / size:,.1f}".removesuffix(".0")
            return phrase(lang, f"one_{word}") if figure == "1" else phrase(lang, word, n=written(figure, lang))
    return written(f"{round(number):,}", lang)


def written(figure: str, lang: str = "en") -> str:
    """A number as Python writes it, ``1,234.5``, as the language writes it: ``1.234,5``."""
    marks = {",": phrase(lang, "thousands"), ".": phrase(lang, "decimal")}
    return "".join(marks.get(char, char) for char in figure)


def about(number: float | None, lang: str = "en") -> str:
    """An estimate with no more digits than it deserves: ``less than 1``, ``8``, ``130``, ``1,300``, ``1.3 million``."""
    number = _finite(number)
    if number is None:
        return phrase(lang, "unknown")
    if 0 < number < 1:
        return phrase(lang, "less_than_one")
    if abs(number) < 20:
        return f"{round(number)}"
    digits = len(str(int(abs(number))))
    step = float(f"1e{max(digits - 2, 0)}")
    return exact(round(number / step) * step, lang)


def roughly(number: float | None, lang: str = "en") -> str:
    """`about` with the word where it reads well: ``about 8``, but ``less than 1`` and ``none``."""
    if number == 0:
        return phrase(lang, "none")
    text = about(number, lang)
    return text if text in {phrase(lang, "unknown"), phrase(lang, "less_than_one")} else phrase(lang, "about", n=text)


def times(observed: float | None, expected: float | None, lang: str = "en") -> str:
    """How many times the normal: ``2.4 times``, ``16 times``; in words where the normal is nothing."""
    observed, expected = _finite(observed), _finite(expected)
    if observed is None or expected is None:
        return phrase(lang, "unknown")
    if expected < 0.1:
        return phrase(lang, "none_usual" if observed > 0 else "unknown")
    ratio = observed / expected
    if ratio < 10:
        return phrase(lang, "times", n=written(f"{ratio:.1f}".removesuffix(".0"), lang))
    return phrase(lang, "times", n=about(ratio, lang))


def percent(share: float | None, lang: str = "en") -> str:
    """``0.354`` -> ``35 %``; ``0.001`` -> ``less than 1 %``."""
    share = _finite(share)
    if share is not None and 0 < share < 0.005:
        return phrase(lang, "less_than_percent")
    return phrase(lang, "unknown") if share is None else f"{exact(share * 100, lang)} %"


def rarity(per_month: float | None, lang: str = "en") -> str:
    """False alarms a month as people count: how often chance alone makes a calm brand look this unusual."""
    per_month = _finite(per_month)
    if per_month is None or per_month < 0:
        return phrase(lang, "unknown")
    months = 1 / per_month if per_month > 1e-9 else math.inf
    bands: tuple[tuple[float, str, float], ...] = (
        (1 / 45, "a_day", per_month / 30),
        (1 / 1.5, "a_month", per_month),
        (4 / 3, "once_a_month", 1.0),
        (18, "in_months", months),
        (1200, "in_years", months / 12),
    )
    for limit, key, number in bands:
        if months <= limit:
            return phrase(lang, key, n=about(number, lang))
    return phrase(lang, "rarest")


def span(length: timedelta | None, lang: str = "en") -> str:
    """A length of time in its two largest units: ``45 seconds``, ``15 minutes``, ``2 h 10 min``, ``3 days 4 h``."""
    if length is None:
        return phrase(lang, "unknown")
    seconds = max(int(length.total_seconds()), 0)
    if seconds < 60:
        return phrase(lang, "seconds", n=str(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _counted(minutes, "minute", lang)
    hours, rest = divmod(minutes, 60)
    if hours < 24:
        together = phrase(lang, "hours_minutes", hours=str(hours), minutes=str(rest))
        return together if rest else _counted(hours, "hour", lang)
    days, hours = divmod(hours, 24)
    whole = _counted(days, "day", lang)
    return phrase(lang, "and_hours", days=whole, n=str(hours)) if hours else whole


def _counted(number: int, unit: str, lang: str) -> str:
    return phrase(lang, unit) if number == 1 else phrase(lang, f"{unit}s", n=written(f"{number:,}", lang))


def moment(when: datetime | None, zone: tzinfo = UTC, lang: str = "en") -> str:
    """``10 Apr 2017, 22:10 UTC``, in `zone`, which is always named; in Italian ``lun 10 aprile, 22:10 UTC``."""
    if when is None:
        return phrase(lang, "unknown")
    try:
        local = when.astimezone(zone)
    except (OverflowError, ValueError):
        local = when
    name = local.tzname() or "UTC"
    name = f"UTC{name}" if name[:1] in "+-" else name
    if lang == "it":
        day = f"{_GIORNI[local.weekday()]} {local.day} {_MESI[local.month - 1]}"
    else:
        day = f"{local.day} {_MONTHS[local.month - 1]} {local.year}"
    return f"{day}, {local.hour:02}:{local.minute:02} {name}"


def since(when: datetime, zone: tzinfo = UTC, lang: str = "en") -> str:
    """``since 12 Mar 2026, 09:35 CET``; in Italian ``dalle 9:35 CET di gio 12 marzo``."""
    at = moment(when, zone, lang)
    if lang != "it":
        return phrase(lang, "since", at=at)
    day, _, hour = at.partition(", ")
    return f"{_from(hour)} di {day}"


def _from(hour: str) -> str:
    """A time of day after the preposition, ``dall'1:05`` or ``dalle 9:35``."""
    hour = hour.removeprefix("0")
    return f"dall'{hour}" if hour.startswith("1:") else f"dalle {hour}"


def since_about(when: datetime | None, zone: tzinfo = UTC, lang: str = "en") -> str:
    """``since about 12 Mar 2026, 09:35 CET``; in Italian as people write it in public, ``dalle 9:35 circa di giovedì 12
    marzo``, in `zone` without its name."""
    if lang != "it" or when is None:
        return phrase(lang, "since_about", at=moment(when, zone, lang))
    try:
        local = when.astimezone(zone)
    except (OverflowError, ValueError):
        local = when
    day = f"{_GIORNI_INTERI[local.weekday()]} {local.day} {_MESI[local.month - 1]}"
    return f"{_from(f'{local:%H:%M}')} circa di {day}"


def language(tag: str, lang: str = "en") -> str:
    """``it`` -> ``Italian``; a tag without a name here is shown as it is."""
    named = phrase(lang, f"language.{tag.split('-', maxsplit=1)[0].lower()}")
    return named or clip(clean(tag), 20) or phrase(lang, "language.unknown")


def listed(counts: Mapping[str, int], limit: int = 4, lang: str = "en") -> str:
    """``{"x": 80, "reddit": 40}`` -> ``x 80, reddit 40``, largest first, the rest counted; 0 means not counted."""
    ranked = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = [
        f"{clip(clean(name), 30)} {exact(count, lang) if count else ''}".rstrip() for name, count in ranked[:limit]
    ]
    if len(ranked) > limit:
        shown.append(phrase(lang, "more", n=str(len(ranked) - limit)))
    return ", ".join(shown) or phrase(lang, "unknown")


def sparkline(values: tuple[int, ...], limit: int = 48) -> str:
    """The last `limit` values as a line of bars, the tallest for the largest."""
    shown = [max(value, 0) for value in values[-limit:]]
    top = max(shown, default=0)
    return "".join(_BARS[value * (len(_BARS) - 1) // top if top else 0] for value in shown)
