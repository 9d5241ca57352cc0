"""`crisiswatch calibrate`: what other bounds of a rule would have kept, by what people said of its incidents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from crisiswatch.alerts.words import clean, clip
from crisiswatch.cli import page
from crisiswatch.cli.open import load_config, opened_store, sqlite_file
from crisiswatch.cli.page import Format
from crisiswatch.clock import SystemClock
from crisiswatch.config import Loaded
from crisiswatch.errors import CrisiswatchError
from crisiswatch.rules.model import SURPRISE_WORDS, Rule
from crisiswatch.verdicts import ENOUGH, Judged, Kept, Option, advice, by_reason, judged, options, tally

__all__ = ["DAYS", "advice_words", "calibrate", "history_json", "history_of", "tally_words"]

DAYS = 90


def calibrate(rule: str, days: int, config: Path, answer: Format) -> int:
    """Print what is known; 0 whatever it is. Reads only, and never edits a file."""
    loaded = load_config(config)
    rules = {each.id: each for each in loaded.ruleset.rules}
    if rule and rule not in rules:
        raise CrisiswatchError(f"there is no rule {rule!r}; there are: {', '.join(rules)}")
    with opened_store(loaded) as store:
        found = judged(store, SystemClock().now() - timedelta(days=days))
    shown = [
        rules[each] for each in ([rule] if rule else rules) if rule or any(one.kind for one in found.get(each, []))
    ]
    if answer is Format.JSON:
        page.print_json({"days": days, "rules": [_json(each, found.get(each.id, [])) for each in shown]})
        return 0
    if not shown:
        page.line(f"Nobody has said of any incident of the last {days} days what it was worth.")
    for each in shown:
        _show(each, found.get(each.id, []), days)
    return 0


def history_of(loaded: Loaded) -> dict[str, list[Judged]]:
    """The incidents of the last months by rule, where there is a store that can be read without changing it."""
    try:
        url = loaded.settings.store.reveal()
        file = sqlite_file(url)
        if file is not None and not file.exists():
            return {}
        from crisiswatch.store import is_current

        if not is_current(url):
            return {}
        with opened_store(loaded) as store:
            return judged(store, SystemClock().now() - timedelta(days=DAYS))
    except CrisiswatchError:
        return {}


def history_json(rule: Rule, incidents: Sequence[Judged]) -> dict[str, object] | None:
    """What `tally_words` and `advice_words` say, for programs; None where there was no incident."""
    if not incidents:
        return None
    best = advice(incidents, options(rule, incidents))
    counts = _counts(tally(incidents))
    return {"days": DAYS, "incidents": len(incidents), **counts, "advice": None if best is None else _option(best)}


def tally_words(incidents: Sequence[Judged], days: int = DAYS) -> str:
    """``12 incidents in 90 days: 7 useful, 3 false alarms, 1 not a crisis, 1 without a verdict``."""
    said = tally(incidents)
    parts = [
        f"{said.useful} useful" if said.useful else "",
        page.counted(said.false_alarms, "false alarm") if said.false_alarms else "",
        f"{said.not_a_crisis} not a crisis" if said.not_a_crisis else "",
        f"{said.unsaid} without a verdict" if said.unsaid else "",
    ]
    return f"{page.counted(len(incidents), 'incident')} in {days} days: {', '.join(part for part in parts if part)}"


def advice_words(rule: Rule, incidents: Sequence[Judged]) -> str:
    """What would have helped, where false alarms dominate; empty where nothing is to be said."""
    found = advice(incidents, options(rule, incidents))
    if found is None:
        return ""
    now = tally(incidents)
    dropped = now.false_alarms - found.kept.false_alarms
    return (
        f"most verdicts are false alarms; {found.measure} at least {found.word} would have kept all "
        f"{now.useful} useful and dropped {dropped} of {now.false_alarms} false alarms"
    )


def _show(rule: Rule, incidents: Sequence[Judged], days: int) -> None:
    page.heading(f"{rule.id}: {rule.title}")
    page.line(f"{tally_words(incidents, days)}." if incidents else f"No incident in {days} days.", indent=2)
    for reason, count in list(by_reason(incidents).items())[:5]:
        page.line(f"{count} x {clip(clean(reason), 120)}", indent=4)
    now = tally(incidents)
    said = len(incidents) - now.unsaid
    if said < ENOUGH:
        page.line(f"Too few verdicts to say anything about bounds: {said}, and {ENOUGH} are needed.", indent=2)
        return
    found = options(rule, incidents)
    rows = [("as it is", "", *_row(now, now)), *((each.measure, each.word, *_row(each.kept, now)) for each in found)]
    columns = ("line", "at least", "useful kept", "false alarms dropped", "not a crisis kept", "unsaid kept")
    page.table(columns, rows, right=columns[1:])
    words = advice_words(rule, incidents)
    if words:
        page.line(f"{words[:1].upper()}{words[1:]}.", indent=2)
    elif not found:
        page.line("No single bound could be raised to drop a false alarm.", indent=2)
    page.line("What a bound would not have opened then may have opened later. Nothing was changed.", indent=2)


def _row(then: Kept, now: Kept) -> tuple[str, ...]:
    return (
        f"{then.useful} of {now.useful}",
        f"{now.false_alarms - then.false_alarms} of {now.false_alarms}",
        f"{then.not_a_crisis} of {now.not_a_crisis}",
        f"{then.unsaid} of {now.unsaid}",
    )


def _json(rule: Rule, incidents: Sequence[Judged]) -> dict[str, object]:
    now = tally(incidents)
    enough = len(incidents) - now.unsaid >= ENOUGH
    found = options(rule, incidents) if enough else []
    best = advice(incidents, found)
    return {
        "rule": rule.id,
        "incidents": len(incidents),
        **_counts(now),
        "reasons": dict(by_reason(incidents)),
        "enough": enough,
        "options": [_option(each) for each in found],
        "advice": None if best is None else _option(best),
    }


def _option(each: Option) -> dict[str, object]:
    bound = each.word if each.word in SURPRISE_WORDS else each.bound
    return {"measure": each.measure, "at_least": bound, "kept": _counts(each.kept)}


def _counts(kept: Kept) -> dict[str, int]:
    return {
        "useful": kept.useful,
        "false_alarms": kept.false_alarms,
        "not_a_crisis": kept.not_a_crisis,
        "without_verdict": kept.unsaid,
    }
