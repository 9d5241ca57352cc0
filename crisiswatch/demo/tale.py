"""The end of the demonstration: what was noticed, how soon, and why the rest was let pass, from what is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from crisiswatch.alerts.agreement import agreed
from crisiswatch.demo.generator import CHAPTERS, Chapter
from crisiswatch.demo.screen import clock_words
from crisiswatch.demo.stage import BRAND
from crisiswatch.demo.watcher import Watcher
from crisiswatch.model import Incident, Level, Phase, Stage
from crisiswatch.rules.filters import Admission
from crisiswatch.rules.model import Rule, Ruleset
from crisiswatch.store import Store

__all__ = ["Verdict", "summary", "verdict"]

NOT_A_CRISIS = ("viral", "giveaway", "bots")


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the demonstration showed what it has to. ``minutes``: from the first word of the crisis to the alert."""

    minutes: float | None
    escalated: bool
    calmed: bool
    false_alarms: int

    @property
    def good(self) -> bool:
        """The crisis was noticed within the hour, its rise and end too, and nothing else was called one."""
        in_time = self.minutes is not None and self.minutes <= 60
        return in_time and self.escalated and self.calmed and not self.false_alarms


def verdict(watcher: Watcher) -> Verdict:
    """Judge the incidents of the whole run; those on trial, or about a source that was silent, are not counted."""
    crisis = _chapter("crisis")
    real = [each for each in watcher.latest.values() if not each.trial and not each.of_blindness]
    of_crisis = [each for each in real if crisis.start <= each.opened_at <= crisis.end]
    first = min((each.opened_at for each in of_crisis), default=None)
    later = crisis.end + timedelta(days=1)
    return Verdict(
        minutes=None if first is None else (first - crisis.start).total_seconds() / 60,
        escalated=any(each.peak_level is Level.CRITICAL and len(each.levels) > 1 for each in of_crisis),
        calmed=bool(of_crisis) and all(each.phase is Phase.RESOLVED for each in of_crisis),
        false_alarms=sum(not crisis.start <= each.opened_at <= later for each in real),
    )


def summary(watcher: Watcher, store: Store, rules: Ruleset, fed: int) -> list[str]:
    """Give the summary as lines for a person."""
    judged = verdict(watcher)
    sent = Counter(row.stage for row in store.outbox_rows(status="sent", limit=10_000))
    lines = [f"{fed:,} mentions in two weeks, {sum(sent.values())} messages: {_counted(sent)}", ""]
    lines += [_incident(each) for each in watcher.latest.values() if not each.trial and not each.of_blindness]
    if judged.minutes is not None:
        lines.append(f"From the first word of the crisis to the first alert: {judged.minutes:.0f} minutes.")
    lines += ["", *_quiet(store, rules), *_blind(watcher), *_trials(watcher)]
    return lines


def _counted(sent: Counter[Stage]) -> str:
    return ", ".join(f"{sent[stage]} {stage.value}" for stage in Stage if sent[stage]) or "none"


def _incident(incident: Incident) -> str:
    levels = ", ".join(f"{level.word} {clock_words(at)}" for level, at in incident.levels)
    end = "still open" if incident.resolved_at is None else f"over {clock_words(incident.resolved_at)}"
    return f"Incident  {incident.rule}: {levels}, {end}; " + agreed(
        "en", f"{incident.mentions:,} mentions by {incident.authors:,} accounts"
    )


def _quiet(store: Store, rules: Ruleset) -> list[str]:
    """Why each loud moment that was no crisis opened nothing."""
    wave = next((r for r in rules.for_brand(BRAND) if r.status == "active" and _asks_surprise(r)), None)
    if wave is None:
        return []
    return [f"No alert  {_chapter(name).words}: {_why_not(store, wave, _chapter(name))}" for name in NOT_A_CRISIS]


def _asks_surprise(rule: Rule) -> bool:
    return any(each.measure == "surprise" for _, block in rule.levels for each in block.conditions)


def _why_not(store: Store, rule: Rule, chapter: Chapter) -> str:
    """What the rule's lowest level asked for and the worst window of the chapter did not have."""
    found = store.evidence_mentions(BRAND, chapter.start, chapter.end, 10_000)
    admission = Admission(rule.mentions)
    hits = sorted(
        (each.mention.created_at, each.mention.author_id or "")
        for each in found
        if admission.admits(each.mention, each.score.label)
    )
    count, authors = _worst(hits, timedelta(minutes=rule.window))
    bounds = {each.measure: each.bound for each in rule.levels[0][1].conditions if each.operator == "at_least"}
    missing = [
        f"{seen} {word} where {bounds[measure]:.0f} are asked for"
        for measure, seen, word in (("count", count, "negative"), ("authors", authors, "accounts"))
        if seen < bounds.get(measure, 0)
    ]
    shown = agreed("en", f"at most {count} negative mentions by {authors} accounts in {rule.window} minutes")
    return " and ".join(missing) if missing else f"{shown}, not unusual enough beside all the rest"


def _worst(hits: Sequence[tuple[datetime, str]], window: timedelta) -> tuple[int, int]:
    """Mentions and accounts of the fullest window."""
    best, start = (0, 0), 0
    for end, (at, _) in enumerate(hits):
        while hits[start][0] <= at - window:
            start += 1
        if end + 1 - start > best[0]:
            best = end + 1 - start, len({author for _, author in hits[start : end + 1]})
    return best


def _blind(watcher: Watcher) -> list[str]:
    return [
        f"Blind     {each.source} from {clock_words(each.since)} to "
        f"{'now' if each.until is None else clock_words(each.until)}: not taken for calm, and an alert of its own"
        for each in watcher.blind.values()
    ]


def _trials(watcher: Watcher) -> list[str]:
    rules = Counter(each.rule for each in watcher.latest.values() if each.trial)
    return [
        f"On trial  {rule} would have spoken {times} times; a rule on trial sends nothing"
        for rule, times in rules.items()
    ]


def _chapter(name: str) -> Chapter:
    return next(chapter for chapter in CHAPTERS if chapter.name == name)
