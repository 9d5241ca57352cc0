"""What another scorer makes of the mentions that the one before has read, so that a change of scorer is no crisis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import groupby

from crisiswatch.engine.calibration import NO_SCORERS, stream_of
from crisiswatch.matching import Matcher
from crisiswatch.model import Mention, Rescored, Score, Scorer
from crisiswatch.sentiment import score_mentions
from crisiswatch.sentiment.priors import Classes, StreamPrior, corrected
from crisiswatch.store import Store, StoredMention

__all__ = ["model_of", "rescored"]

SPAN = timedelta(days=14)
READ_AGAIN = 400
"""Mentions of a brand that are read again: a second or two of a slow scorer's time."""

_NOTHING: Classes = (0.0, 0.0, 0.0)


def model_of(scorer: Scorer) -> str:
    """The name and version a scorer gives its scores; empty for one that can't say, because it fails."""
    nothing = Mention(uid="none:0", source="none", created_at=datetime.fromtimestamp(0, UTC), text="")
    scores, failed = score_mentions(scorer, [nothing])
    return "" if failed else scores[0].model


def rescored(  # noqa: PLR0917 - one question, all of it needed
    store: Store,
    scorer: Scorer,
    matcher: Matcher,
    brand: str,
    before: str,
    priors: Mapping[str, StreamPrior],
    at: datetime,
) -> tuple[Rescored, ...]:
    """Let ``scorer`` read the newest mentions that the model ``before`` has scored; sums by source and language.

    Mentions whose text is gone can't be read again. What ``before`` said is corrected by ``priors`` as the detectors
    were told it.
    """
    found = store.evidence_mentions(brand, at - SPAN, at + timedelta(minutes=2), READ_AGAIN)
    usable = [each for each in found if not each.purged and each.score.model == before]
    terms = [matcher.mask_terms(each.brands) for each in usable]
    scores, _ = score_mentions(scorer, [each.mention for each in usable], terms)
    pairs = [(each, score) for each, score in zip(usable, scores, strict=True) if score.model not in NO_SCORERS]
    rows = []
    for key, group in groupby(sorted(pairs, key=_stream), key=_stream):
        mine = list(group)
        old = list(_masses([each.score for each, _ in mine], priors.get(key)))
        new = list(_masses([score for _, score in mine], None))
        source, lang = key.rsplit("|", 1)
        rows.append(Rescored(source, lang or None, len(mine), _sum(old), _sum(new), _squares(old), _squares(new)))
    return tuple(rows)


def _stream(pair: tuple[StoredMention, Score]) -> str:
    return stream_of(pair[0].mention.source, pair[0].mention.lang)


def _masses(scores: Iterable[Score], prior: StreamPrior | None) -> Iterable[Classes]:
    """What each score counts for each class: probabilities where they are calibrated, else its label alone."""
    for score in scores:
        parts = (score.negative, score.neutral, score.positive)
        if not score.calibrated:
            label = score.label.value
            yield (float(label == "negative"), float(label == "neutral"), float(label == "positive"))
        elif prior is not None:
            yield corrected(parts, prior.shares)
        else:
            yield parts


def _squares(masses: Iterable[Classes]) -> Classes:
    return _sum((negative**2, neutral**2, positive**2) for negative, neutral, positive in masses)


def _sum(masses: Iterable[Classes]) -> Classes:
    total = _NOTHING
    for each in masses:
        total = (total[0] + each[0], total[1] + each[1], total[2] + each[2])
    return total
