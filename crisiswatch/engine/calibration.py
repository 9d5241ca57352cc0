"""Scores made right for the stream they come from, and detectors told when the scale changes under them.

A scorer's probabilities are corrected for how common each class is in a source and language of the brand
(`crisiswatch.sentiment.priors`), estimated anew each day. What a detector learned of the share before is then moved to
the new scale by the ratio that is known from the same texts; so neither a correction nor a new scorer is a crisis.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from crisiswatch.detector import Detector, DetectorState, Moments
from crisiswatch.engine.program import SeriesPlan
from crisiswatch.engine.state import SeriesState, State
from crisiswatch.model import Likened, Mention, Score, ScorerChanged
from crisiswatch.rules.filters import primary_tag
from crisiswatch.sentiment.priors import DAILY, EVEN, Classes, StreamPrior, corrected

__all__ = ["DAY", "NO_SCORERS", "made_right", "new_hour", "scorer_changed", "stand_ins_met", "stream_of"]

DAY = 24 * 60
HELD = DAY
"""Minutes for which a detector says nothing after a change of scorer that nobody can put into figures."""

YOUNG = 6 * 60  # minutes
TOO_FEW, NEARLY_ALL, BUSY = 8, 0.9, 1.5  # mentions an hour; part of them; times the mean hour

NO_SCORERS = frozenset({"rating", "native", "unscored"})
"""What scores name as their model that no scorer gave."""

FEW, MANY = 30, 200
"""Texts read by both scorers: with fewer the ratio means nothing, from so many on no alarm is held back."""

CLASSES = ("negative", "neutral", "positive")

Streams = Mapping[str, tuple[float, Classes, Classes]]
"""By stream: texts, and the sums of p and of p^2 of each class over them."""


def stream_of(source: str, lang: str | None) -> str:
    """Name a stream: its source, and the language without its region where it is known."""
    return f"{source}|{primary_tag(lang)}"


def made_right(state: State, mention: Mention, score: Score) -> Score:
    """Give a calibrated score as it is in this stream, and remember it; any other score is left as it is.

    One that another model than the brand's own gave is brought to the scale of that one, and not remembered.
    """
    if state.scorer and score.model != state.scorer and score.model not in NO_SCORERS:
        return _stood_in(state, stream_of(mention.source, mention.lang), score)
    if not score.calibrated:
        return score
    key = stream_of(mention.source, mention.lang)
    prior = state.priors.get(key)
    if prior is None:
        like = _others(state)
        prior = state.priors[key] = StreamPrior(like, like, born=state.now)
        state.priors = dict(sorted(state.priors.items()))
    raw = (score.negative, score.neutral, score.positive)
    prior.hear(raw)
    if prior.shares == EVEN:
        return score
    negative, neutral, positive = corrected(raw, prior.shares)
    return Score(negative, neutral, positive, score.model, calibrated=True)


def _stood_in(state: State, key: str, score: Score) -> Score:
    """A score of a stand-in as the brand's scorer would have given it: a label where that one gives labels alone.

    As long as nobody knows how the two compare it counts as it is.
    """
    parts: Classes = (score.negative, score.neutral, score.positive)
    known = state.stand_ins.get(score.model)
    if known:
        parts = corrected(parts, known.get(key) or known[""])
    if not state.priors or not score.calibrated:  # only calibrated scores leave a prior
        return Score(*parts, score.model)
    prior = state.priors.get(key)
    return Score(*corrected(parts, _others(state) if prior is None else prior.shares), score.model, calibrated=True)


def stand_ins_met(state: State, rows: Iterable[Likened]) -> None:
    """Take over how stand-ins compare with the brand's scorer; those of whom nothing is said are forgotten."""
    found: dict[str, dict[str, Classes]] = {}
    for row in rows:
        found.setdefault(row.model, {})[stream_of(row.source, row.lang) if row.source else ""] = row.weights
    state.stand_ins = {model: known for model, known in sorted(found.items()) if "" in known}


def _others(state: State) -> Classes:
    """What a new stream is taken to be like: the brand's other ones, each by what it brings."""
    known = [prior for prior in state.priors.values() if prior.version]
    texts = sum([prior.texts for prior in known])
    if not texts:
        return EVEN
    negative, positive = (
        round(sum([prior.texts * prior.shares[place] for prior in known]) / texts, 4) for place in (0, 2)
    )
    return negative, round(1.0 - negative - positive, 4), positive


def new_hour(state: State, series: Iterable[tuple[SeriesPlan, SeriesState]], minute: int) -> None:
    """Estimate class shares anew, each day, and those of a new stream once it has said enough.

    Not while an incident is open, or it would be taken for the usual.
    """
    priors = state.priors
    if not priors:
        return
    if _taken_over(state):
        for plan, kept in series:
            _move(plan, kept, {}, {})
            kept.held = max(kept.held, minute + HELD) if _place(plan) is not None else kept.held
    for prior in priors.values():
        prior.latest = 0
    midnight = minute % DAY == 0
    due = [prior for prior in priors.values() if midnight or not prior.version]
    if due and not any(rule.is_open for rule in state.rules.values()):
        before = _read(priors)
        revised = [prior.revise() for prior in due]  # each of them, not up to the first
        if any(revised):
            after = _read(priors)
            for plan, kept in series:
                _move(plan, kept, before, after)
    if midnight:
        for prior in priors.values():
            prior.fade(1)


def _taken_over(state: State) -> bool:
    """Say whether a stream nobody knows yet has taken the place of the others: a feed in another language, say.

    A scorer reads each language at a scale of its own, and nobody knows yet what is usual for this one. Where the
    others go on, or there is more than usual, it is something new that is said, and is not passed over.
    """
    known = sum([prior.texts for prior in state.priors.values() if state.now - prior.born >= HELD])
    usual = known * (1.0 - DAILY) / 24.0  # an hour, all hours alike
    latest = sum([prior.latest for prior in state.priors.values()])
    young = sum([prior.latest for prior in state.priors.values() if state.now - prior.born < YOUNG])
    return young >= TOO_FEW and young >= NEARLY_ALL * latest and latest <= BUSY * usual


def scorer_changed(state: State, series: Iterable[tuple[SeriesPlan, SeriesState]], event: ScorerChanged) -> None:
    """Move to the scale of another scorer; what is known of the streams' class shares was in the old one's scale."""
    state.scorer = event.model
    state.priors = {}
    stand_ins_met(state, event.likened)
    before = {stream_of(row.source, row.lang): (row.texts, row.before, row.before_squares) for row in event.rows}
    after = {stream_of(row.source, row.lang): (row.texts, row.after, row.after_squares) for row in event.rows}
    texts = sum(row.texts for row in event.rows)
    for plan, kept in series:
        _move(plan, kept, before if texts >= FEW else {}, after)
        if texts < MANY and plan.detector is not None and _place(plan) is not None:
            kept.held = state.now + HELD


def _read(priors: Mapping[str, StreamPrior]) -> Streams:
    return {key: (prior.texts, *prior.expected()) for key, prior in priors.items()}


def _move(plan: SeriesPlan, kept: SeriesState, before: Streams, after: Streams) -> None:
    """Bring what a series' detector knows of the share to the scale of ``after``; empty ``before``: nobody knows."""
    place = _place(plan)
    if plan.detector is None or kept.detector is None or place is None:
        return
    if not before:
        kept.detector = _rescaled(plan.detector, kept.detector, None, None)
        return
    mine = [key for key in before if plan.admission.takes(*key.rsplit("|", 1))]
    old, new = (_moments(streams, mine, place) for streams in (before, after))
    if old != new:
        kept.detector = _rescaled(plan.detector, kept.detector, old, new)
        kept.unlearned.clear()


def _moments(streams: Streams, which: Iterable[str], place: int) -> Moments:
    rows = [streams[key] for key in which]
    return Moments(
        sum([texts for texts, _, _ in rows]),
        sum([sums[place] for _, sums, _ in rows]),
        sum([squares[place] for _, _, squares in rows]),
    )


def _rescaled(detector: Detector, known: DetectorState, before: Moments | None, after: Moments | None) -> DetectorState:
    """What a detector knows at another scale; one that has no share to move goes on as it is."""
    rescale = getattr(detector, "rescale", None)
    if rescale is None:
        return known
    moved: DetectorState = rescale(known, before, after)
    return moved


def _place(plan: SeriesPlan) -> int | None:
    """Which class the series counts; None for one that counts all."""
    return CLASSES.index(plan.admission.sentiment) if plan.admission.sentiment in CLASSES else None
