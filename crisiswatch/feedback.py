"""Learning from what a team said of its mentions: the lesson, the head fitted to it, and whether that may speak.

The store keeps no list of the posts that a message showed. A silent confirmation is taken to be a mention that was
called negative in the window of an incident which somebody looked at (it was acknowledged, or one of its mentions was
labelled), and that nobody labelled.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from crisiswatch.engine.calibration import NO_SCORERS
from crisiswatch.errors import CrisiswatchError, StateError
from crisiswatch.model import Incident, Scorer, Sentiment, Text, taken_by
from crisiswatch.sentiment.head import NEEDED, WORST, Lesson, Report, fit, judged, lesson_of, safe
from crisiswatch.sentiment.taught import Taught, TaughtScorer, Teachable, head_from_json, head_to_json
from crisiswatch.store import Click, Store, StoredHead, StoredMention, counting

__all__ = ["ACTIVE", "ROLLED_BACK", "SHADOW", "Learned", "is_due", "relearn", "speaking", "taught_scorer"]

SHADOW, ACTIVE, ROLLED_BACK = "shadow", "active", "rolled_back"

SILENT_PER_LABEL = 3
"""Silent confirmations, the newest, that are learned from for each label: a long crisis must not drown the labels."""
INCIDENTS = 200
WINDOW = 2000  # mentions of an incident's window that are looked at, the newest, as for its messages
TRIES = 3
JUDGED = 20  # negative labels since a head was made, below which its recall is not judged by them

Terms = Callable[[tuple[str, ...]], tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """What one lesson came to.

    ``head`` is the head made of it, None if none was (``why`` says); ``speaking`` the one in force afterwards.
    ``labels`` that count are of distinct texts, by class; ``forgotten`` ones have lost their text, ``copies`` have the
    text of another. ``silent`` confirmations came beside them. ``withdrawn`` are versions that spoke until now.
    """

    brand: str
    head: StoredHead | None
    speaking: StoredHead | None
    why: str
    labels: dict[str, int] = field(default_factory=dict)
    forgotten: int = 0
    copies: int = 0
    silent: int = 0
    withdrawn: tuple[int, ...] = ()
    report: Report | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    """A text to learn from; ``click`` is None for a silent confirmation."""

    stored: StoredMention
    label: Sentiment
    click: Click | None


def taught_scorer(store: Store, base: Scorer) -> TaughtScorer:
    """Put the heads that speak on ``base``; damaged ones rest, and `TaughtScorer.resting` says so."""
    heads: dict[str, Taught] = {}
    damaged: dict[str, str] = {}
    for brand, head in _by_brand(store.heads()).items():
        try:
            heads[brand] = Taught(head_from_json(head.body), head.version, head.base)
        except StateError as error:
            damaged[brand] = str(error)
    made = TaughtScorer(base, heads)
    made.resting.update(damaged)
    return made


def speaking(heads: Iterable[StoredHead]) -> StoredHead | None:
    """Of one brand's heads the one in force: the newest that is active."""
    return max((head for head in heads if head.state == ACTIVE), key=lambda head: head.version, default=None)


def _by_brand(heads: Iterable[StoredHead]) -> dict[str, StoredHead]:
    found: dict[str, StoredHead] = {}
    for head in heads:
        if head.state == ACTIVE and (head.brand not in found or head.version > found[head.brand].version):
            found[head.brand] = head
    return found


def relearn(store: Store, brand: str, scorer: Scorer, now: datetime, terms: Terms = lambda _: ()) -> Learned:
    """Learn all of a brand's labels anew and store the head: shadow, active if it is safe, else rolled back.

    Heads in force are looked at first: one that learned a label which was taken back since is withdrawn, and so is one
    that finds 10 points fewer of the negatives labelled since it was made than the scorer does without it; the one
    before it speaks again then. ``terms`` gives the words to hide in a mention of some brands. The same labels as last
    time change nothing. Two that learn at the same time make two versions, or one of them finds nothing new. Raises
    CrisiswatchError if the scorer has no encoder.
    """
    if not isinstance(scorer, Teachable):
        raise CrisiswatchError("this scorer can't be taught: it has no encoder; `sentiment: {scorer: lite}` has one")
    for _ in range(TRIES):
        learned = _relearned(store, brand, scorer, now, terms)
        if learned is not None:
            return learned
    raise CrisiswatchError(f"the labels of {brand} are learned by somebody else at this time; try again")


def is_due(store: Store, brand: str, scorer: Teachable) -> bool:
    """Say whether there is anything that the newest head does not know: a label, one taken back, another scorer."""
    clicks, heads = store.feedback(brand), store.heads(brand)
    if not clicks or not heads:
        return bool(clicks)
    newest = max(heads, key=lambda head: head.version)
    through = int(_notes(newest).get("through", 0))
    return newest.base != scorer.model_id or any(
        each.id > through or (each.undone_at is not None and each.undone_at >= newest.made_at) for each in clicks
    )


def _relearned(store: Store, brand: str, scorer: Teachable, now: datetime, terms: Terms) -> Learned | None:
    """One try; None if somebody else was quicker."""
    clicks = store.feedback(brand)
    heads = store.heads(brand)
    rows, forgotten, copies = _labelled(store, brand, clicks)
    silent = _silent(store, brand, clicks, rows)
    rows = sorted([*rows, *silent], key=_shuffled)
    lesson = _lesson(rows, scorer, terms)
    withdrawn = _withdrawn(heads, clicks, rows, lesson, scorer.model_id)
    known = [withdrawn.get(head.version, head) for head in heads]
    made, why, report = _made(brand, known, rows=rows, clicks=clicks, lesson=lesson, base=scorer.model_id, now=now)
    if made is None:
        store.save_heads(withdrawn.values())
    elif not store.add_head(made, withdrawn.values()):
        return None
    labels = Counter(row.label.value for row in rows if row.click is not None)
    return Learned(
        brand=brand,
        head=made,
        speaking=speaking([*known, *([] if made is None else [made])]),
        why=why,
        labels={each.value: labels[each.value] for each in Sentiment},
        forgotten=forgotten,
        copies=copies,
        silent=len(silent),
        withdrawn=tuple(sorted(withdrawn)),
        report=report,
    )


# -- the lesson -------------------------------------------------------------------------------------------------------


def _labelled(store: Store, brand: str, clicks: Sequence[Click]) -> tuple[list[_Row], int, int]:
    """The labels that count and still have a text, the newest for each text; how many are forgotten, or copies."""
    counted = sorted(counting(clicks).values(), key=lambda click: (click.at, click.id))
    mentions = store.mentions_by_uid(click.uid for click in counted)
    by_text: dict[str, _Row] = {}
    forgotten = 0
    for click in counted:
        stored = mentions.get(click.uid)
        if stored is None or stored.purged or brand not in stored.brands or not stored.mention.text.strip():
            forgotten += 1
        else:
            by_text[_same(stored)] = _Row(stored, click.label, click)
    return list(by_text.values()), forgotten, len(counted) - forgotten - len(by_text)


def _silent(store: Store, brand: str, clicks: Sequence[Click], labelled: Sequence[_Row]) -> list[_Row]:
    """Mentions called negative in the windows of incidents that somebody looked at, and labelled by nobody."""
    touched = {click.uid for click in clicks}
    seen = {_same(row.stored) for row in labelled}
    found: list[_Row] = []
    for incident in store.incidents(brand, limit=INCIDENTS):
        if incident.trial:  # nobody was shown anything
            continue
        window = list(store.evidence_mentions(brand, *_window(incident), WINDOW))
        taken, _ = taken_by(incident, store.case(incident.id))
        if not taken and not any(each.mention.uid in touched for each in window):
            continue
        for each in window:
            if len(found) >= SILENT_PER_LABEL * len(labelled):
                return found
            negative = each.score.label is Sentiment.NEGATIVE and each.score.model not in NO_SCORERS
            if not negative or each.purged or each.mention.uid in touched or _same(each) in seen:
                continue
            seen.add(_same(each))
            found.append(_Row(each, Sentiment.NEGATIVE, None))
    return found


def _window(incident: Incident) -> tuple[datetime, datetime]:
    return min(incident.peak.start, incident.reading.start), incident.reading.end


def _same(stored: StoredMention) -> str:
    """What two copies of a text have in common."""
    return " ".join(stored.mention.text.casefold().split())


def _shuffled(row: _Row) -> bytes:
    """A place in no order at all, the same each time: every fifth text is held out, and streams have rhythms."""
    return hashlib.sha256(row.stored.mention.uid.encode()).digest()


def _lesson(rows: Sequence[_Row], scorer: Teachable, terms: Terms) -> Lesson:
    texts = [Text(row.stored.mention.text, row.stored.mention.lang, terms(row.stored.brands)) for row in rows]
    logits, vectors = scorer.logits_and_vectors(texts)
    if vectors is None:
        raise CrisiswatchError(f"{scorer.model_id} has to do without its encoder: nothing can be learned now")
    labels = [row.label.value for row in rows]
    lesson = lesson_of(logits.tolist(), vectors.tolist(), labels, [row.click is not None for row in rows])
    return lesson if rows else replace(lesson, embeddings=np.zeros((0, vectors.shape[1])))


# -- the verdict ------------------------------------------------------------------------------------------------------


def _made(
    brand: str,
    known: Sequence[StoredHead],
    *,
    rows: Sequence[_Row],
    clicks: Sequence[Click],
    lesson: Lesson,
    base: str,
    now: datetime,
) -> tuple[StoredHead | None, str, Report | None]:
    """The new head, if there is one, why it is what it is, and how it did."""
    given = int(lesson.clicked.sum())
    if not given:
        return None, "there is no label with a text to learn from", None
    mark = _fingerprint(rows, base)
    newest = max(known, key=lambda head: head.version, default=None)
    if newest is not None and _notes(newest).get("lesson") == mark:
        return None, f"nothing new since version {newest.version} was learned", None
    head = fit(lesson)
    if head is None:
        return None, "all labels are of one class: nothing can be learned from that", None
    report = judged(lesson)
    state, why = _state(given, report)
    notes: dict[str, Any] = {
        "lesson": mark,
        "through": max(click.id for click in clicks),
        "silent": len(rows) - given,
        "why": why,
    }
    if report is not None:
        notes |= {name: getattr(report, name) for name in Report.__slots__}
    made = StoredHead(
        brand=brand,
        version=1 if newest is None else newest.version + 1,
        state=state,
        body=head_to_json(head),
        made_at=now,
        labels=given,
        report=json.dumps(notes, separators=(",", ":")),
        base=base,
    )
    return made, why, report


def _state(given: int, report: Report | None) -> tuple[str, str]:
    if report is None:
        return SHADOW, f"{given} of the {NEEDED} labels that are needed"
    if safe(report):
        return ACTIVE, "on labels it had not learned it does well"
    if report.recall_after < report.recall_before - WORST:
        return ROLLED_BACK, "it loses negatives among labels it had not learned"
    return ROLLED_BACK, "it is right no more often than without it on labels it had not learned"


def _withdrawn(
    heads: Sequence[StoredHead], clicks: Sequence[Click], rows: Sequence[_Row], lesson: Lesson, base: str
) -> dict[int, StoredHead]:
    """Active heads that may speak no longer, by version: all that learned what was taken back, and from the newest on
    those that lose negatives, until one holds."""
    found: dict[int, StoredHead] = {}
    holds = False
    for head in sorted(heads, key=lambda head: -head.version):
        if head.state != ACTIVE:
            continue
        through = int(_notes(head).get("through", 0))
        why = ""
        if any(click.id <= through and click.undone_at and click.undone_at >= head.made_at for click in clicks):
            why = "a label it had learned was taken back"
        elif not holds and _loses(head, through, rows, lesson, base):
            why = "it loses negatives among the labels that came after it"
        if why:
            notes = _notes(head) | {"why": why, "lesson": ""}  # the same lesson may be learned again
            found[head.version] = replace(head, state=ROLLED_BACK, report=json.dumps(notes, separators=(",", ":")))
        else:
            holds = True
    return found


def _loses(head: StoredHead, through: int, rows: Sequence[_Row], lesson: Lesson, base: str) -> bool:
    """Whether a head finds clearly fewer of the negatives labelled after it than the base alone."""
    late: npt.NDArray[np.bool_] = np.array(
        [row.click is not None and row.click.id > through and row.label is Sentiment.NEGATIVE for row in rows],
        dtype=np.bool_,
    )
    if head.base != base or int(late.sum()) < JUDGED:
        return False
    try:
        learned = head_from_json(head.body)
    except StateError:
        return True
    held = lesson.part(late)
    after = learned.logits(held.logits, held.embeddings)
    return bool((after.argmax(axis=1) == 0).mean() < (held.logits.argmax(axis=1) == 0).mean() - WORST)


def _notes(head: StoredHead) -> dict[str, Any]:
    try:
        found = json.loads(head.report)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _fingerprint(rows: Sequence[_Row], base: str) -> str:
    """What a lesson is made of, so that the same one is not learned twice."""
    told = [[row.stored.mention.uid, row.label.value, row.click is not None] for row in rows]
    return hashlib.sha256(json.dumps([base, told]).encode()).hexdigest()[:16]
