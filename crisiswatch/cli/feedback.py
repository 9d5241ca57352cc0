"""`crisiswatch feedback`: labels in, labels back out, learning, and a sample to label."""

from __future__ import annotations

import csv
import getpass
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from crisiswatch.alerts.words import clean, clip, percent
from crisiswatch.cli import page
from crisiswatch.cli.labels import Fault, clicks_of, read_labels, written_at
from crisiswatch.cli.open import load_config, opened_store
from crisiswatch.cli.page import Format
from crisiswatch.clock import SystemClock
from crisiswatch.errors import CrisiswatchError
from crisiswatch.labelling import fate, sample
from crisiswatch.store import Click, StoredHead, StoredMention, ThemeClick, counting, counting_themes

if TYPE_CHECKING:
    from crisiswatch.config import Loaded
    from crisiswatch.config.settings import Brand
    from crisiswatch.feedback import Learned

__all__ = ["audit", "import_labels", "learn", "list_labels", "undo_label"]

_SHOWN = 20  # faults
_EXCERPT = 500  # characters of a text in the sample


def import_labels(file: Path, config: Path, answer: Format, actor: str, *, skip_bad: bool) -> int:
    """Import the labels and themes of ``file``; nothing at all if a line is bad, unless ``skip_bad``."""
    loaded = load_config(config)
    now = SystemClock().now()
    lines, faults, empty = read_labels(file, sys.stdin.buffer, now)
    with opened_store(loaded) as store:
        stored = store.mentions_by_uid(line.uid for line in lines)
        clicks, more = clicks_of(
            lines, stored, themes=loaded.themes, actor=actor or getpass.getuser(), at=written_at(file, now)
        )
        faults = sorted([*faults, *more], key=lambda fault: fault.line)
        refused = bool(faults) and not skip_bad
        added = [] if refused else store.add_feedback(clicks)
    forgotten = sum(stored[click.uid].purged for click in added)
    if answer is Format.JSON:
        page.print_json(
            {
                "imported": len(added),
                "known": 0 if refused else len(clicks) - len(added),
                "empty": empty,
                "forgotten": forgotten,
                "bad": [asdict(fault) for fault in faults],
            }
        )
        return int(refused)
    _tell_faults(file, faults)
    if refused:
        page.line("Nothing was imported. Mend the file, or import the good lines with --skip-bad.")
        return 1
    page.line(f"{page.counted(len(added), 'label')} imported, {len(clicks) - len(added):,} known already.")
    if empty:
        page.line(f"{page.counted(empty, 'line')} without a label yet.")
    if forgotten:
        page.line(f"{page.counted(forgotten, 'mention')} without a text any more: kept, but nothing to learn from.")
    return 0


def _tell_faults(file: Path, faults: Sequence[Fault]) -> None:
    for fault in faults[:_SHOWN]:
        page.note(f"{file}:{fault.line}: {clean(fault.why)}")
    if len(faults) > _SHOWN:
        page.note(f"... and {len(faults) - _SHOWN:,} more")


def list_labels(config: Path, answer: Format, brand: str | None, limit: int) -> int:
    """Print labels, the last given first, and the heads."""
    loaded = load_config(config)
    _brands(loaded, brand)
    with opened_store(loaded) as store:
        labels, themes = store.feedback(brand), store.theme_feedback(brand)
        heads = store.heads(brand)
        said: list[Click | ThemeClick] = [*labels, *themes]
        shown = sorted(said, key=lambda click: click.id, reverse=True)[:limit]
        uids = {click.uid for click in shown}
        stored = store.mentions_by_uid(uids)
        about = store.theme_feedback_on(uids)  # another brand's word on a theme counts as well
    counts = {each.id for each in counting(labels).values()} | {each.id for each in counting_themes(about).values()}
    rows = [(click, fate(click, stored.get(click.uid), counts)) for click in shown]
    if answer is Format.JSON:
        page.print_json(
            {
                "labels": [{**_said(click), "state": state} for click, state in rows if isinstance(click, Click)],
                "themes": [{**_said(click), "state": state} for click, state in rows if isinstance(click, ThemeClick)],
                "heads": [_head_json(head) for head in heads],
            }
        )
    elif not rows:
        page.line("Nothing was labelled yet.")
    else:
        page.table(
            ("id", "at (UTC)", "brand", "mention", "label", "by", "via", "state"),
            [
                (str(c.id), page.time_of(c.at), c.brand, clean(c.uid), c.answer, clean(c.actor), c.via, state)
                for c, state in rows
            ],
            right=("id",),
            folds=("mention",),
        )
        _list_heads(heads)
    return 0


def _said(click: Click | ThemeClick) -> dict[str, object]:
    values = asdict(click)
    return {**values, "label": click.label.value} if isinstance(click, Click) else values


def _list_heads(heads: Sequence[StoredHead]) -> None:
    if heads:
        page.heading("What was learned")
        rows = [
            (h.brand, str(h.version), h.state.replace("_", " "), str(h.labels), page.time_of(h.made_at), h.base)
            for h in heads
        ]
        page.table(("brand", "version", "state", "labels", "made (UTC)", "on"), rows, right=("version", "labels"))


def _head_json(head: StoredHead) -> dict[str, object]:
    values = asdict(head)
    del values["body"]
    return {**values, "report": json.loads(head.report)}


def undo_label(number: int, config: Path, answer: Format) -> int:
    """Take a label or a theme back."""
    with opened_store(load_config(config)) as store:
        undone = store.undo_feedback(number, SystemClock().now())
    if undone is None:
        raise CrisiswatchError(f"there is no label {number}; `crisiswatch feedback list` shows them")
    if answer is Format.JSON:
        page.print_json(_said(undone))
    else:
        page.line(f"taken back: {undone.id}, {clean(undone.uid)} was {clean(undone.answer)} to {clean(undone.actor)}")
    return 0


def learn(config: Path, answer: Format, brand: str | None) -> int:
    """Learn every brand's labels anew, or one's, and print what came of it."""
    from crisiswatch.feedback import relearn
    from crisiswatch.wiring import plan_for

    loaded = load_config(config)
    brands = _brands(loaded, brand)
    plan = plan_for(loaded)
    now = SystemClock().now()
    with opened_store(loaded) as store:
        told = [relearn(store, each.id, plan.scorer, now, plan.matcher.mask_terms) for each in brands]
    if answer is Format.JSON:
        page.print_json({"brands": [_learned_json(each) for each in told]})
        return 0
    for each in told:
        page.line(each.brand, style="bold")
        page.facts(_facts(each))
    return 0


def _facts(learned: Learned) -> list[tuple[str, str]]:
    head, report = learned.head, learned.report
    said = ", ".join(f"{count:,} {label}" for label, count in learned.labels.items())
    rows = [("labels", said), ("shown, not clicked", f"{learned.silent:,}")]
    if learned.forgotten or learned.copies:
        rows.append(("left out", f"{learned.forgotten:,} without a text, {learned.copies:,} copies"))
    made = "nothing" if head is None else f"version {head.version}, {head.state.replace('_', ' ')}"
    rows.append(("made", f"{made}: {learned.why}"))
    if report is not None:
        recall = f"{percent(report.recall_before)} without it, {percent(report.recall_after)} with it"
        right = f"{percent(report.right_before)} without it, {percent(report.right_after)} with it"
        rows += [("negatives found", f"{recall} ({report.negatives:,} held out)"), ("right", right)]
    if learned.withdrawn:
        rows.append(("withdrawn", ", ".join(f"version {each}" for each in learned.withdrawn)))
    rows.append(("in force", "none" if learned.speaking is None else f"version {learned.speaking.version}"))
    return rows


def _learned_json(learned: Learned) -> dict[str, object]:
    return {
        "brand": learned.brand,
        "labels": learned.labels,
        "silent": learned.silent,
        "forgotten": learned.forgotten,
        "copies": learned.copies,
        "made": None if learned.head is None else _head_json(learned.head),
        "why": learned.why,
        "report": None if learned.report is None else asdict(learned.report),
        "withdrawn": list(learned.withdrawn),
        "in_force": None if learned.speaking is None else learned.speaking.version,
    }


def audit(config: Path, answer: Format, brand: str | None, count: int) -> int:
    """Print the day's sample: ``count`` mentions of each brand's yesterday, drawn by date and brand alone."""
    loaded = load_config(config)
    brands = _brands(loaded, brand)
    now = SystemClock().now()
    with opened_store(loaded) as store:
        drawn = sample(store, brands, now, count)
    if answer is Format.JSON:
        page.print_json({"sample": [_sample(each, one) for each, one in drawn]})
        return 0
    if not drawn:
        page.note("Nothing was said yesterday that could be labelled.")
    writer = csv.DictWriter(sys.stdout, ("uid", "label", "theme", "brand", "via", "lang", "text"), lineterminator="\n")
    writer.writeheader()
    writer.writerows({**_sample(each, one), "text": _cell(one.mention.text)} for each, one in drawn)
    return 0


def _sample(brand: str, one: StoredMention) -> dict[str, object]:
    """A mention to label. Its score is not shown: it would be believed."""
    mention = one.mention
    return {
        "uid": mention.uid,
        "label": "",
        "theme": "",
        "brand": brand,
        "via": "audit",
        "lang": mention.lang or "",
        "text": mention.text,
    }


def _cell(text: str) -> str:
    """A text on one line that no spreadsheet takes for a formula."""
    shown = clip(" ".join(clean(text).split()), _EXCERPT)
    return f"'{shown}" if shown[:1] in ("=", "+", "-", "@") else shown


def _brands(loaded: Loaded, brand: str | None) -> list[Brand]:
    """The configured brands, or the one of that id."""
    known = loaded.settings.brands
    found = [each for each in known if brand in (None, each.id)]
    if not found:
        raise CrisiswatchError(f"there is no brand {brand!r}; there are: {', '.join(each.id for each in known)}")
    return found
