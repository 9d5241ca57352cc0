"""Labels and themes from a file: read line by line, each fault with its line, nothing guessed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from crisiswatch.errors import BadMention, CrisiswatchError
from crisiswatch.model import Sentiment

if TYPE_CHECKING:
    from crisiswatch.store import Click, StoredMention, ThemeClick

__all__ = ["MOST", "Fault", "Line", "clicks_of", "read_labels", "written_at"]

MOST = 100_000
"""Lines of a file that are read: more labels than a team gives in years."""
_LONGEST = {"actor": 100, "brand": 100, "uid": 255}
_VIA = ("file", "audit")
_Said = dict[str, tuple[str, int]]
_OTHER_WORDS = {
    "not negative": "neutral",
    "not_negative": "neutral",
    "negativo": "negative",
    "neutro": "neutral",
    "non negativo": "neutral",
    "positivo": "positive",
}
"""Labels as people write them: what Slack and the page call neutral, and Italian."""
_BEGINNING = 1024  # bytes that are looked at to see what a file is
_SHEET, _GZIP = b"PK\x03\x04", b"\x1f\x8b"
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a line."""

    line: int
    why: str


@dataclass(frozen=True, slots=True)
class Line:
    """A label of a file, a theme or both; what is None was not said."""

    line: int
    uid: str
    label: Sentiment | None
    theme: str | None
    actor: str | None
    at: datetime | None
    brand: str | None
    via: str


def read_labels(file: Path, stdin: BinaryIO, now: datetime) -> tuple[list[Line], list[Fault], int]:
    """The labels of a file, its faults, and how many lines have neither label nor theme yet.

    CrisiswatchError if the file can't be read, is UTF-16 or has more than `MOST` lines.
    """
    from crisiswatch.sources.records import Records, is_csv

    lines: list[Line] = []
    faults: list[Fault] = []
    empty = count = 0
    with _opened(file, stdin) as stream:
        records = Records(stream, csv_rows=is_csv(file.name), final=True)
        for count, record in enumerate(records, 1):
            if count > MOST:
                raise CrisiswatchError(f"{file} has more than {MOST:,} lines; import it in parts")
            try:
                line = _line(record.line, records.fields(record), now)
            except BadMention as error:
                if error.reason != "empty":
                    faults.append(Fault(record.line, error.detail))
                continue
            if line is None:
                empty += 1
            else:
                lines.append(line)
        if records.problem:
            raise CrisiswatchError(f"{file}: the compressed file is damaged or cut off after {count:,} lines")
    return lines, faults, empty


@contextmanager
def _opened(file: Path, stdin: BinaryIO) -> Iterator[BinaryIO]:
    from crisiswatch.sources.records import open_input

    if str(file) == "-":
        yield stdin
        return
    with file.open("rb") as raw:
        first = raw.peek(_BEGINNING)[:_BEGINNING]
        if first.startswith(_SHEET):
            raise CrisiswatchError(
                f"{file} is a spreadsheet or an archive; save the sheet as CSV UTF-8 and import that"
            )
        if first[:2] in _UTF16 or (b"\0" in first and not first.startswith(_GZIP)):
            what = "UTF-16" if first[:2] in _UTF16 else "no text in UTF-8"
            raise CrisiswatchError(f"{file} is {what}; save it as UTF-8 (in a spreadsheet: CSV UTF-8)")
        yield open_input(raw, packed=file.suffix.lower() == ".gz")


def written_at(file: Path, now: datetime) -> datetime:
    """When a file was last changed, which is when its labels were given if they do not say; ``now`` for a pipe."""
    if str(file) == "-":
        return now
    return min(datetime.fromtimestamp(int(file.stat().st_mtime), UTC), now)


def _line(number: int, found: object, now: datetime) -> Line | None:
    """One label; None where there is none yet. Raises `BadMention`."""
    from crisiswatch.sources.parse import parse_time

    if not isinstance(found, Mapping):
        raise BadMention("not_an_object", "it is no object with uid and label or theme")
    uid = _word(found, "uid")
    if uid is None:
        raise BadMention("no_uid", "there is no uid")
    label, theme = _word(found, "label"), _word(found, "theme")
    if label is None and theme is None:
        if "label" in found or "theme" in found or found.get("via") == "audit":
            return None
        raise BadMention("no_label", "there is no label and no theme")
    if label is not None:
        label = _OTHER_WORDS.get(label.lower(), label.lower())
        if label not in set(Sentiment):
            what = "negative, neutral (or: not negative) or positive"
            raise BadMention("bad_label", f"label must be {what}, not {label[:40]!a}")
    at = None if found.get("at") is None else parse_time("at", found["at"])
    if at is not None and at > now:
        raise BadMention("bad_time", "at lies ahead")
    via = (_word(found, "via") or "file").lower()
    if via not in _VIA:
        raise BadMention("bad_via", f"via must be file or audit, not {via[:40]!a}")
    said = None if label is None else Sentiment(label)
    return Line(number, uid, said, theme, _word(found, "actor"), at, _word(found, "brand"), via)


def _word(found: Mapping[str, object], name: str) -> str | None:
    value = found.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise BadMention("wrong_type", f"{name} must be a text")
    value = value if name == "uid" else value.strip()
    if len(value) > _LONGEST.get(name, 1000):
        raise BadMention("too_long", f"{name} is longer than {_LONGEST[name]} characters")
    if not value.isprintable():
        raise BadMention("bad_text", f"{name} has characters that can't be shown")
    return value or None


def clicks_of(
    lines: Sequence[Line],
    stored: Mapping[str, StoredMention],
    *,
    themes: Collection[str] = (),
    actor: str,
    at: datetime,
) -> tuple[list[Click | ThemeClick], list[Fault]]:
    """Labels as clicks, one for each brand of the mention unless the line names one; and the lines that can't be.

    ``themes`` are those that there are. A theme is one click whatever the brands: what a text is about depends on none.
    """
    from crisiswatch.store import Click, ThemeClick

    clicks: list[Click | ThemeClick] = []
    faults: list[Fault] = []
    seen: dict[tuple[str, str, str, datetime], _Said] = {}
    for line in lines:
        one = stored.get(line.uid)
        who, when = line.actor or actor, line.at or at
        if one is None:
            faults.append(Fault(line.line, f"no mention {line.uid[:80]!r} is stored"))
            continue
        if line.brand is not None and line.brand not in one.brands:
            faults.append(Fault(line.line, f"the mention is not about {line.brand!r} but {', '.join(one.brands)}"))
            continue
        if line.theme is not None and line.theme not in themes:
            known = ", ".join(sorted(themes))
            faults.append(Fault(line.line, f"there is no theme {line.theme[:40]!a}; there are: {known}"))
            continue
        brands = one.brands if line.brand is None else (line.brand,)
        whose = (line.uid, line.brand or "", who, when)
        if against := _against(line, seen.setdefault(whose, {})):
            faults.append(Fault(line.line, against))
            continue
        if line.label is not None:
            clicks.extend(
                Click(
                    brand=brand, uid=line.uid, label=line.label, actor=who, via=line.via, at=when, model=one.score.model
                )
                for brand in brands
            )
        if line.theme is not None:
            clicks.append(ThemeClick(brand=brands[0], uid=line.uid, theme=line.theme, actor=who, via=line.via, at=when))
    return clicks, faults


def _against(line: Line, said: _Said) -> str:
    """What an earlier line says otherwise of the same mention; what this one says is kept in ``said``."""
    for kind, word in (("label", line.label), ("theme", line.theme)):
        first = said.setdefault(kind, (word, line.line)) if word is not None else None
        if first is not None and first[0] != word:
            return f"it says {word}, line {first[1]} says {first[0]}"
    return ""
