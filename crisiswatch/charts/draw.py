"""A chart as a PNG: a light card with round corners that stands well on a light and on a dark background.

Bars that are usual are grey, those beyond have the colour of the level in force. Type is large enough to be read where
the picture is shown 400 pixels wide. matplotlib is imported by the first drawing.
"""

from __future__ import annotations

import math
import textwrap
import threading
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.story import range_words
from crisiswatch.alerts.words import clean, span
from crisiswatch.charts.axes import moment_ticks, number_ticks, short
from crisiswatch.charts.data import ChartData, Mark, MarkKind
from crisiswatch.charts.labels import Label, place
from crisiswatch.model import Level

if TYPE_CHECKING:
    from crisiswatch.charts.canvas import Sheet

__all__ = ["HEIGHT", "WIDTH", "incident_chart"]

WIDTH, HEIGHT = 1200, 600
_CARD, _EDGE, _INK, _SOFT, _GRID = "#ffffff", "#d5dae0", "#16191d", "#57606a", "#e6e9ed"
_USUAL_BAR, _USUAL, _USUAL_EDGE, _BLIND, _HATCH = "#a3adb8", "#d9eddf", "#5b9a72", "#f1f2f4", "#d3d7dc"
_DRILL = "#7b1fa2"
_BARS = {Level.CALM: _USUAL_BAR, Level.WATCH: "#c79a0a", Level.WARNING: "#e8731c", Level.CRITICAL: "#c62828"}
_INKS = {Level.CALM: _SOFT, Level.WATCH: "#806400", Level.WARNING: "#b3500a", Level.CRITICAL: "#b71c1c"}
_KINDS = {MarkKind.ACKNOWLEDGED: "#1558b0", MarkKind.CALMING: "#1565c0", MarkKind.ENDED: "#2e7d32"}
_TITLE, _TEXT, _LANE = 37.0, 28.0, 42.0
_LEFT, _BOTTOM, _MARGIN = 104.0, 78.0, 36.0
_lock = threading.Lock()


def incident_chart(data: ChartData) -> bytes:
    """The chart as PNG, `WIDTH` x `HEIGHT` pixels, less than 80 KB; the same bytes for the same data.

    Never raises for odd data: what can't be drawn is left out. Thread-safe.
    """
    from crisiswatch.charts.canvas import Sheet

    with _lock:  # FreeType's faces and matplotlib's cache of glyphs are shared by all threads
        sheet = Sheet(WIDTH, HEIGHT)
        try:
            _Drawing(sheet, data).draw()
        except (ArithmeticError, TypeError, ValueError):  # moments at the end of time, or without a zone
            sheet = Sheet(WIDTH, HEIGHT)
            _Drawing(sheet, replace(data, counts=())).draw()
        return sheet.png()


class _Drawing:
    """One chart on its sheet. ``_x`` and ``_y`` turn moments and counts into pixels."""

    def __init__(self, sheet: Sheet, data: ChartData) -> None:
        self._sheet, self._data = sheet, data
        self._counts = [count if math.isfinite(count) and count >= 0 else math.nan for count in data.counts]
        self._band = data.band if data.band is not None and all(map(math.isfinite, data.band)) else None
        self._right = sheet.width - _MARGIN
        self._floor, self._ceiling, self._largest = _BOTTOM, float(sheet.height), 4.0

    def draw(self) -> None:
        self._sheet.card(3, 26, fill=_CARD, edge=_EDGE)
        top = self._words()
        if all(map(math.isnan, self._counts)):
            self._sheet.text(self._sheet.width / 2, top / 2, self._say("chart.none"), 34, _SOFT, across="center")
            return
        labels = self._labels()
        lanes = 1 + max((label.lane for label in labels), default=-1)
        self._ceiling = top - lanes * _LANE - 8
        self._largest = self._top()
        self._blind()
        self._usual()
        self._ticks()
        self._lines(labels, top)
        self._bars()
        self._peak()
        self._spoken(labels, top)

    # -- the card and its words ---------------------------------------------------------------------------------------

    def _words(self) -> float:
        """The drill's banner, the title and what is counted; returns where they end."""
        y: float = self._sheet.height - _MARGIN
        if self._data.drill:
            self._sheet.text(_MARGIN, y, self._data.drill_words, 30, _DRILL, bold=True, up="top")
            y -= 44
        for line in self._title():
            self._sheet.text(_MARGIN, y, line, _TITLE, _INK, bold=True, up="top")
            y -= 50
        self._sheet.text(_MARGIN, y, self._subtitle(), _TEXT, _SOFT, up="top")
        return y - 52

    def _say(self, key: str) -> str:
        return phrase(self._data.language, key)

    def _title(self) -> list[str]:
        """The title in one line where it has room, else in two."""
        from crisiswatch.charts.canvas import drawable

        title = drawable(clean(self._data.title))
        room = self._sheet.width - 2 * _MARGIN
        wide = self._sheet.wide(title, _TITLE, bold=True)
        if wide <= room:
            return [title]
        fits = max(int(len(title) * room / wide) - 2, 8)
        first, *rest = textwrap.wrap(title, fits) or [""]
        return [first, textwrap.shorten(" ".join(rest), fits, placeholder=" …")] if rest else [first]

    def _subtitle(self) -> str:
        lang, what = self._data.language, self._data.what
        counted = phrase(lang, f"chart.{what}", step=span(self._data.step, lang))
        if self._band is None:
            return counted
        return f"{counted} · {phrase(lang, 'chart.usual', range=range_words(self._band[0], self._band[2], lang))}"

    # -- figures ------------------------------------------------------------------------------------------------------

    def _top(self) -> float:
        largest = max((count for count in self._counts if not math.isnan(count)), default=0.0)
        room = 1 + 42 / max(self._ceiling - self._floor, 60)  # for the figure above the highest bar
        return max(largest * room, (self._band or (0.0, 0.0, 0.0))[2] * 1.15, 4.0)

    def _x(self, when: datetime) -> float:
        share = (when - self._data.start) / (self._data.end - self._data.start)
        return _LEFT + share * (self._right - _LEFT)

    def _y(self, count: float) -> float:
        return self._floor + count / self._largest * (self._ceiling - self._floor)

    def _blind(self) -> None:
        for since, until in self._data.blind[-20:]:
            left = max(self._x(since), _LEFT)
            right = self._right if until is None else min(self._x(until), self._right)
            if right <= left:
                continue
            self._sheet.rectangle((left, self._floor), right - left, self._ceiling - self._floor, _BLIND, _HATCH)
            if right - left > 150:
                self._sheet.text(
                    left + 10,
                    self._ceiling - 10,
                    self._say("chart.blind"),
                    25,
                    _SOFT,
                    up="top",
                    on=_BLIND,
                )

    def _usual(self) -> None:
        if self._band is None:
            return
        low, high = self._y(self._band[0]), self._y(self._band[2])
        high = max(high, low + 5)
        self._sheet.rectangle((_LEFT, low), self._right - _LEFT, high - low, _USUAL)
        self._sheet.dashes((_LEFT, high), (self._right, high), _USUAL_EDGE)

    def _bars(self) -> None:
        pitch = (self._right - _LEFT) / len(self._counts)
        for number, count in enumerate(self._counts):
            if count > 0:
                left, high = _LEFT + (number + 0.1) * pitch, max(self._y(count) - self._floor, 4)
                self._sheet.rectangle((left, self._floor), 0.8 * pitch, high, self._colour(number, count))
        self._sheet.line((_LEFT, self._floor), (self._right, self._floor), _SOFT)

    def _colour(self, number: int, count: float) -> str:
        """Grey is usual; before the opening, what is more has the colour of the level that it led to."""
        ends = self._data.start + self._data.step * (number + 1)
        levels = self._data.levels
        reached = [level for level, at in levels if at < ends]
        if self._band is None:
            return _BARS[reached[-1]] if reached else _USUAL_BAR
        if count <= self._band[2] or not levels:
            return _USUAL_BAR
        return _BARS[reached[-1] if reached else levels[0][0]]

    def _peak(self) -> None:
        count, number = max((count, -number) for number, count in enumerate(self._counts) if not math.isnan(count))
        if count > 0:
            half = self._sheet.wide(short(count), 32, bold=True) / 2
            x = _LEFT + (0.5 - number) / len(self._counts) * (self._right - _LEFT)
            x = min(max(x, _LEFT + half), self._right - half)
            self._sheet.text(x, self._y(count) + 7, short(count), 32, _INK, bold=True, across="center")

    # -- what happened ------------------------------------------------------------------------------------------------

    def _labels(self) -> list[Label]:
        seen = [mark for mark in self._data.marks if self._data.start <= mark.at <= self._data.end]
        wanted = [(mark, self._x(mark.at), self._sheet.wide(_said(mark), _TEXT, bold=True)) for mark in seen]
        return place(wanted, left=_MARGIN, right=self._right)

    def _lines(self, labels: list[Label], top: float) -> None:
        for label in labels:
            draw = self._sheet.dashes if label.mark.kind is MarkKind.ACKNOWLEDGED else self._sheet.line
            high = self._ceiling if label.lane < 0 else top - label.lane * _LANE - 34
            draw((label.x, self._floor), (label.x, high), _ink(label.mark), 2.5)

    def _spoken(self, labels: list[Label], top: float) -> None:
        for label in labels:
            if label.lane >= 0:
                y = top - label.lane * _LANE
                self._sheet.text(
                    label.left, y, _said(label.mark), _TEXT, _ink(label.mark), bold=True, up="top", on=_CARD
                )

    # -- ticks --------------------------------------------------------------------------------------------------------

    def _ticks(self) -> None:
        for value in number_ticks(self._largest):
            y = self._y(value)
            self._sheet.text(_LEFT - 14, y, short(value), _TEXT, _SOFT, across="right", up="center_baseline")
            if value > 0:
                self._sheet.line((_LEFT, y), (self._right, y), _GRID)
        for share, label in moment_ticks(self._data):
            x = _LEFT + share * (self._right - _LEFT)
            half = self._sheet.wide(label, _TEXT) / 2
            x = min(max(x, _MARGIN + half), self._right - half)
            self._sheet.text(x, _BOTTOM - 14, label, _TEXT, _SOFT, across="center", up="top")


def _said(mark: Mark) -> str:
    from crisiswatch.charts.canvas import drawable

    tick = "✓ " if mark.kind is MarkKind.ACKNOWLEDGED else ""
    return tick + drawable(clean(mark.label))[:20]


def _ink(mark: Mark) -> str:
    if mark.kind in _KINDS:
        return _KINDS[mark.kind]
    return _SOFT if mark.level is None else _INKS[mark.level]
