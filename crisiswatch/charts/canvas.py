"""A sheet to draw on in pixels from the lower left, over matplotlib's objects: rectangles, lines and text, no axes.

Import it only where something is drawn: matplotlib comes with it.
"""

from __future__ import annotations

import io
import warnings
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.ft2font import FT2Font
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Rectangle
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

__all__ = ["Sheet", "drawable"]

_DPI = 200


class Sheet:
    """A transparent picture of ``width`` x ``height`` pixels; what is drawn later lies on top."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI, facecolor="none")
        self._canvas: Any = FigureCanvasAgg(self._figure)  # half typed
        self._layer = 0

    def png(self) -> bytes:
        """The picture; the same bytes for the same drawing."""
        written = io.BytesIO()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._canvas.print_png(written, metadata={"Software": None})
        return written.getvalue()

    def card(self, inset: float, radius: float, *, fill: str, edge: str) -> None:
        """A filled card with round corners, `inset` pixels from the sheet's edge."""
        size = (self.width - 2 * inset, self.height - 2 * inset)
        shape = f"round,pad=0,rounding_size={radius}"
        self._add(
            FancyBboxPatch((inset, inset), *size, boxstyle=shape, facecolor=fill, edgecolor=edge, linewidth=_pt(2))
        )

    def rectangle(self, corner: tuple[float, float], width: float, height: float, fill: str, hatch: str = "") -> None:
        """A rectangle filled from its lower left `corner`; `hatch` is the colour of slanted lines over it."""
        self._add(Rectangle(corner, width, height, facecolor=fill, edgecolor="none", linewidth=0))
        if hatch:
            self._add(Rectangle(corner, width, height, facecolor="none", edgecolor=hatch, linewidth=0, hatch="//"))

    def line(self, start: tuple[float, float], end: tuple[float, float], colour: str, thick: float = 2) -> None:
        """A straight line, `thick` pixels wide."""
        self._add(Line2D([start[0], end[0]], [start[1], end[1]], color=colour, linewidth=_pt(thick)))

    def dashes(self, start: tuple[float, float], end: tuple[float, float], colour: str, thick: float = 2) -> None:
        """A dashed line, `thick` pixels wide."""
        where = ([start[0], end[0]], [start[1], end[1]])
        self._add(Line2D(*where, color=colour, linewidth=_pt(thick), linestyle=(0, (3, 2))))

    def text(
        self,
        x: float,
        y: float,
        words: str,
        size: float,
        colour: str,
        *,
        bold: bool = False,
        across: Any = "left",
        up: Any = "baseline",
        on: str = "",
    ) -> None:
        """Words `size` pixels high, as they are (no markup); `across` and `up` say which point of them is at (x, y).
        `on` is a colour to put behind them."""
        text = Text(x, y, words, color=colour, parse_math=False, **_type(size, bold=bold))
        text.set(ha=across, va=up)
        if on:
            text.set_bbox({"facecolor": on, "edgecolor": "none", "pad": 0.8})
        self._add(text)

    def wide(self, words: str, size: float, *, bold: bool = False) -> float:
        """How many pixels wide the words would be."""
        text = Text(0, 0, words, parse_math=False, **_type(size, bold=bold))
        text.set_figure(self._figure)
        return float(text.get_window_extent(self._canvas.get_renderer()).width)

    def _add(self, artist: Any) -> None:
        self._layer += 1
        artist.set(transform=IdentityTransform(), zorder=self._layer)
        self._figure.add_artist(artist)


def drawable(text: str) -> str:
    """``text`` without the characters that the typeface has no glyph for."""
    face = FT2Font(_file(bold=True))
    return " ".join("".join(char for char in text if char == " " or face.get_char_index(ord(char))).split())


def _pt(pixels: float) -> float:
    return pixels * 72 / _DPI


def _type(size: float, *, bold: bool) -> dict[str, Any]:
    return {"fontproperties": FontProperties(fname=_file(bold=bold)), "fontsize": _pt(size)}


@cache
def _file(*, bold: bool) -> str:
    """The typeface that matplotlib brings: whatever the machine has, the picture is the same."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return str(Path(mpl.get_data_path(), "fonts", "ttf", name))
