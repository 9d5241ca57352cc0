"""One mention at one series: whether it counts there, as how much, and who says what."""

from __future__ import annotations

from dataclasses import dataclass

from crisiswatch.engine.program import SeriesPlan
from crisiswatch.engine.state import SeriesState, Volume
from crisiswatch.matching import grave
from crisiswatch.model import Mention, Score, Signals
from crisiswatch.windows import MILLI, Series, Tally

__all__ = ["Voice", "hear"]


@dataclass(frozen=True, slots=True)
class Voice:
    """A mention that was scored, in event minute ``minute``.

    ``weight`` and ``gravity`` are in thousandths; ``author`` and ``text`` are hashes. ``volume``: its source is judged
    by its counts.
    """

    mention: Mention
    score: Score
    signals: Signals
    folded: str
    label: str
    minute: int
    weight: int
    author: int | None
    text: int | None
    gravity: int
    volume: Volume | None


def hear(plan: SeriesPlan, kept: SeriesState, voice: Voice) -> int | None:
    """Take a mention into a series; gives the thousandths it adds to what matches, None if it does not match."""
    series, admission, minute, mention = kept.series, plan.admission, voice.minute, voice.mention
    tally = None if voice.volume is None else kept.tallies.get(mention.source)
    if tally is not None and voice.volume is not None:
        return _teach(plan, series, tally, voice, voice.volume)
    if minute < series.oldest or not admission.in_population(mention, voice.folded):
        return None
    signals, weight, score = voice.signals, voice.weight, voice.score
    matching = admission.matches(voice.label, voice.folded, signals)
    if matching:
        series.add(minute, weight, mention.source, voice.author, mention.author_followers, text=voice.text)
        if signals.flags or signals.severity:
            series.say(minute, weight, signals, voice.gravity)
    else:
        series.add_unmatched(minute, weight, author=voice.author, text=voice.text)
    if plan.detector is not None and (matching or weight != MILLI or score.calibrated):
        part = _part(plan, voice, matching=matching)
        if weight != MILLI or part != (MILLI if matching else 0):
            series.lean(minute, weight, part, matching=matching)
        if matching and grave(voice.folded):
            series.mark(minute, weight, part)
    return weight if matching else None


def _part(plan: SeriesPlan, voice: Voice, *, matching: bool) -> int:
    """The thousandths of a mention that count for a detector: by its probability where it has one, else its label."""
    if voice.score.calibrated:
        return round(plan.admission.likelihood(voice.score, voice.folded, voice.signals) * MILLI)
    return MILLI if matching else 0


def _teach(plan: SeriesPlan, series: Series, tally: Tally, voice: Voice, volume: Volume) -> int | None:
    """Let a mention that is counted already tell what the counted ones are like, and who speaks."""
    admission, mention, minute = plan.admission, voice.mention, voice.minute
    figures = {"all": MILLI}
    inside = admission.in_population(mention, voice.folded)
    matching = inside and admission.matches(voice.label, voice.folded, voice.signals)
    if inside:
        figures["population"] = MILLI
        _note(figures, plan, voice, matching=matching)
    volume.stirred = True
    first = volume.slots[0][0] if volume.slots else volume.until
    tally.note(voice.weight, figures, here=first <= minute < volume.until)
    if not inside or minute < series.oldest:
        return None
    if not matching:
        series.add_unmatched(minute, 0, author=voice.author, text=voice.text)
        return None
    series.add(minute, 0, mention.source, voice.author, mention.author_followers, text=voice.text)
    return 0


def _note(figures: dict[str, int], plan: SeriesPlan, voice: Voice, *, matching: bool) -> None:
    """Add what a mention of the population is an example of; names as in `Tally`."""
    judged, signals = plan.detector is not None, voice.signals
    part = _part(plan, voice, matching=matching) if judged else 0
    if not matching:
        if part:
            figures["unlike"], figures["unlike2"] = part, part * part // MILLI
        return
    figures["matching"] = MILLI
    if judged:
        figures["likely"], figures["likely2"] = part, part * part // MILLI
        if grave(voice.folded):
            figures["grave"] = part
    if "complaint" in signals.flags:
        figures["complaint"] = MILLI
    if "question" in signals.flags:
        figures["question"] = MILLI
    if signals.severity:
        figures["severity"] = voice.gravity
        figures.update({f"severity:{category}": MILLI for category in signals.severity})
