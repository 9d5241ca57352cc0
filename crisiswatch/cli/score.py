"""`crisiswatch score`: what the scorer makes of lines of text, and which words made it think so."""

from __future__ import annotations

import json
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from gzip import BadGzipFile, GzipFile
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from crisiswatch.cli import page
from crisiswatch.cli.open import load_config
from crisiswatch.errors import CrisiswatchError
from crisiswatch.sources.records import open_input

if TYPE_CHECKING:
    from crisiswatch.config import Loaded
    from crisiswatch.model import Score, Scorer, Signals, Text
    from crisiswatch.sentiment.signals import Reader

__all__ = ["score"]

AT_ONCE = 32
_BEGINNING = 1024  # bytes that are looked at to see whether a file is a text
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
LONGEST = 100_000
"""Characters of a line that are read; no scorer looks at more."""

Row = tuple["Text", "Score", list[tuple[str, float]], "Signals"]


def score(file: Path, config: Path | None, name: str, lang: str, answer: page.Format) -> int:
    """Score each line of ``file`` (``-``: standard input) that is not empty; prints as it goes."""
    loaded = None if config is None else load_config(config)
    made = _configured(loaded) if loaded is not None and not name else _scorer(name or "lite")
    terms = _terms(loaded)
    damaged: list[int] = []
    rows = _scored(made, _reader(made, loaded), _texts(_lines(file, damaged), lang or None, terms))
    count = negatives = 0.0
    for text, got, why, said in rows:
        count += 1
        negatives += got.negative
        (_print_json if answer is page.Format.JSON else _print_text)(text, got, why, said)
    if not count:
        page.note("There was no line of text to score.")
        return 0
    texts = page.counted(int(count), "text")
    if damaged:
        lines = page.counted(len(damaged), "line")
        page.note(f"{lines} not in UTF-8 (the first is line {damaged[0]}): save it as UTF-8, or words are lost.")
    page.note(f"\n{texts}, {negatives:.1f} negative ones expected among them · {_known_as(made)}")
    return 0


def _reader(made: Scorer, loaded: Loaded | None) -> Reader:
    """What finds flags, grave words and themes: those configured, or those that ship."""
    from crisiswatch.sentiment.described import shipped_themes
    from crisiswatch.wiring import reader_for

    return reader_for(shipped_themes() if loaded is None else loaded.themes, made)


def _configured(loaded: Loaded) -> Scorer:
    """The scorer that the daemon reads with, without its budget and without what labels taught."""
    from crisiswatch.wiring import base_scorer

    return base_scorer(loaded.settings)


def _scorer(name: str) -> Scorer:
    from crisiswatch.sentiment import scorer, scorer_names

    try:
        return scorer(name)
    except LookupError as error:
        known = ", ".join(scorer_names())
        raise CrisiswatchError(f"there is no scorer {name!r}; there are: {known}") from error


def _known_as(made: Scorer) -> str:
    """The scorer's name for itself, and what it has to do without."""
    from crisiswatch.model import Text

    reduced = getattr(made, "reduced", None)
    return made.score([Text("")])[0].model + (f" (reduced: {reduced})" if reduced else "")


def _terms(loaded: Loaded | None) -> Callable[[str], tuple[str, ...]]:
    """What to hide in a text: the words of the configured brands that it names, as the daemon does."""
    if loaded is None:
        return lambda _: ()
    from crisiswatch.matching import normalise
    from crisiswatch.wiring import matcher_for

    matcher = matcher_for(loaded)
    return lambda text: matcher.mask_terms(matcher.brands_in(normalise(text)))


def _lines(file: Path, damaged: list[int]) -> Iterator[str]:
    """Lines of a file or of standard input; bytes that are no UTF-8 are shown as such, they end nothing.

    The numbers of their lines go into ``damaged``. CrisiswatchError for a file that is no text at all.
    """
    if str(file) == "-":
        yield from _decoded(sys.stdin.buffer, damaged)
        return
    try:
        with file.open("rb") as raw, open_input(raw, packed=file.suffix.lower() == ".gz") as opened:
            first = opened.peek(_BEGINNING)[:_BEGINNING] if isinstance(opened, BufferedReader | GzipFile) else b""
            if first[:2] in _UTF16 or b"\0" in first:
                raise CrisiswatchError(f"{file} is no text in UTF-8; save it as UTF-8, one text a line")
            yield from _decoded(opened, damaged)
    except (EOFError, BadGzipFile, zlib.error) as error:
        raise CrisiswatchError(f"{file}: the compressed file is damaged or cut off") from error
    except OSError as error:
        raise CrisiswatchError(f"{file} can't be read: {error.strerror or error}") from error


def _decoded(raw: Iterable[bytes], damaged: list[int]) -> Iterator[str]:
    for number, each in enumerate(raw, 1):
        try:
            line = each.decode("utf-8-sig" if number == 1 else "utf-8").strip()
        except UnicodeDecodeError:
            line = each.decode("utf-8", "replace").strip()
            damaged.append(number)
        if line:
            yield line[:LONGEST]


def _texts(lines: Iterable[str], lang: str | None, terms: Callable[[str], tuple[str, ...]]) -> Iterator[Text]:
    from crisiswatch.model import Text

    return (Text(line, lang, terms(line)) for line in lines)


def _scored(made: Scorer, reader: Reader, texts: Iterator[Text]) -> Iterator[Row]:
    """One by one from a terminal, so that the answer is there at once; else in batches."""
    from crisiswatch.matching import normalise
    from crisiswatch.sentiment import UNSCORED, is_sound

    explain = getattr(made, "why", None)
    size = 1 if sys.stdin.isatty() else AT_ONCE
    while batch := list(islice(texts, size)):
        found: Sequence[Score] = made.score(batch)
        said = reader.read(batch, [normalise(text.text) for text in batch])
        for text, got, signals in zip(batch, found, said, strict=True):
            sound = got if is_sound(got) else UNSCORED
            yield text, sound, explain(text) if explain is not None else [], signals


def _print_text(text: Text, got: Score, why: list[tuple[str, float]], said: Signals) -> None:
    words = ", ".join(f"{word} {share:+.1f}" for word, share in why)
    shares = f"{got.negative:4.0%} negative {got.neutral:4.0%} neutral {got.positive:4.0%} positive"
    sys.stdout.write(f"{got.label.value:<8}  {shares}  {_short(text.text)}\n")
    if words:
        sys.stdout.write(f"{'':8}  {words}\n")
    found = (("", said.flags), ("grave: ", said.severity), ("about: ", said.themes))
    told = " · ".join(name + ", ".join(each) for name, each in found if each)
    if told:
        sys.stdout.write(f"{'':8}  {told}\n")
    sys.stdout.flush()


def _short(text: str) -> str:
    shown = "".join(each if each.isprintable() else " " for each in text)
    return shown if len(shown) <= page.WIDEST else shown[: page.WIDEST - 1] + "…"


def _print_json(text: Text, got: Score, why: list[tuple[str, float]], said: Signals) -> None:
    row = {
        "text": text.text,
        "label": got.label.value,
        "negative": got.negative,
        "neutral": got.neutral,
        "positive": got.positive,
        "model": got.model,
        "calibrated": got.calibrated,
        "flags": said.flags,
        "severity": said.severity,
        "themes": said.themes,
        "why": [{"word": word, "share": share} for word, share in why],
    }
    sys.stdout.write(json.dumps(row, ensure_ascii=False) + "\n")
