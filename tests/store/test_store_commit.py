from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.errors import StoreError
from crisiswatch.model import (
    Blind,
    BlindChanged,
    IncidentChanged,
    IncidentOpened,
    IncidentResolved,
    Level,
    Mention,
    MeterMoved,
    Phase,
    Score,
    Stage,
)
from crisiswatch.store import JournalEntry, SourceMark, Store, StoredMention, Work
from tests.store.samples import NOON, incident, owed, stored

_text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_maybe = st.none() | _text
_count = st.none() | st.integers(0, 2**62)
_when = st.integers(0, 2**40).map(lambda micros: NOON + timedelta(microseconds=micros))
_mentions = st.builds(
    StoredMention,
    mention=st.builds(
        Mention,
        uid=_text,
        source=_text,
        created_at=_when,
        text=_text,
        received_at=st.none() | _when,
        author_id=_maybe,
        author_followers=_count,
        lang=_maybe,
        url=_maybe,
        channel=_maybe,
        likes=_count,
        replies=_count,
        reposts=_count,
        views=_count,
        parent_uid=_maybe,
        thread_id=_maybe,
        rating=st.none() | st.floats(allow_nan=False, allow_infinity=False),
        native_sentiment=st.none() | st.floats(-1.0, 1.0),
        repost_of=_maybe,
        weight=st.floats(1, 1e6),
        brand=_maybe,
    ),
    brands=st.lists(_text, max_size=3, unique=True).map(tuple),
    score=st.builds(Score, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), _text, st.booleans()),
    event_minute=st.integers(0, 10**8),
    received_at=_when,
)


def test_every_field_of_a_mention_comes_back_and_in_order() -> None:
    with Store.open("sqlite://") as store:

        @given(st.lists(_mentions, max_size=6, unique_by=lambda one: one.mention.uid))
        def round_trip(drawn: list[StoredMention]) -> None:
            before = store.last_seq()
            mentions = [replace(one, mention=replace(one.mention, uid=f"{before}:{one.mention.uid}")) for one in drawn]
            store.commit(Work(mentions=mentions))
            expected = [replace(one, seq=n) for n, one in enumerate(mentions, start=before + 1)]
            assert list(store.stream(after_seq=before)) == expected
            assert store.known([one.mention.uid for one in mentions]) == {one.mention.uid for one in mentions}

        round_trip()


def test_known_tells_old_from_new_in_a_batch_of_thousands(store: Store) -> None:
    store.commit(Work(mentions=[stored(n) for n in range(1200)]))
    assert store.known(f"x:{n}" for n in range(1000, 2500)) == {f"x:{n}" for n in range(1000, 1200)}
    assert store.known([]) == set()


def test_a_commit_with_a_known_mention_writes_nothing_at_all(store: Store) -> None:
    store.commit(Work(mentions=[stored(1)], states={"acme": b"one"}))
    with pytest.raises(StoreError) as raised:
        store.commit(
            Work(
                mentions=[stored(2), stored(1)],
                states={"acme": b"two"},
                effects=[IncidentOpened(NOON, incident())],
                outbox=[owed(1)],
                cursors={"x": SourceMark(cursor="9", updated_at=NOON)},
            )
        )
    assert "mention 2" not in str(raised.value)
    assert store.known(["x:1", "x:2"]) == {"x:1"}
    assert store.load_states()["acme"].body == b"one"
    assert (store.incidents(), store.outbox_rows(), store.cursors(), store.last_seq()) == ([], [], {}, 1)
    assert sum(count.total for count in store.counts("acme", NOON, NOON + timedelta(hours=1))) == 1


def test_counts_add_up_by_brand_source_and_minute(store: Store) -> None:
    happy = replace(stored(3), score=Score(0.1, 0.2, 0.7, "vader"))
    both = replace(stored(4, source="reddit"), brands=("acme", "acme-tea"))
    store.commit(Work(mentions=[stored(1), stored(2)]))
    store.commit(Work(mentions=[happy, both, stored(60)]))
    found = store.counts("acme", NOON, NOON + timedelta(minutes=2))
    assert [(one.source, (one.minute - NOON).seconds, one.total, one.negative) for one in found] == [
        ("reddit", 0, 1, 1),
        ("x", 0, 3, 2),
        ("x", 60, 1, 1),
    ]
    assert found[1].p_negative == pytest.approx(1.5)
    assert [one.total for one in store.counts("acme-tea", NOON, NOON + timedelta(minutes=1))] == [1]
    assert store.counts("acme", NOON + timedelta(minutes=2), NOON + timedelta(hours=1)) == []


def test_the_stream_keeps_other_events_in_their_place_among_mentions(store: Store) -> None:
    entries = [
        JournalEntry(brand="acme", at=NOON, kind="source_health", payload="{}", position=1),
        JournalEntry(brand="acme", at=NOON, kind="rules_changed", payload="{}"),
    ]
    store.commit(Work(mentions=[stored(1), stored(2)], journal=entries))
    store.commit(Work(mentions=[stored(3)]))
    kinds = [one.kind if isinstance(one, JournalEntry) else one.mention.uid for one in store.stream(chunk=2)]
    assert kinds == ["x:1", "source_health", "x:2", "rules_changed", "x:3"]
    assert [one.seq for one in store.stream()] == [1, 2, 3, 4, 5]
    assert [one.seq for one in store.stream(after_seq=3)] == [4, 5]


def test_a_saved_state_says_what_it_has_seen(store: Store) -> None:
    store.commit(Work(mentions=[stored(1), stored(2)], states={"acme": b"a"}))
    store.commit(Work(mentions=[stored(3)]))
    store.commit(Work(mentions=[stored(4)], states={"acme": b"\x00\xff"}))
    saved = store.load_states()["acme"]
    assert (saved.body, saved.seq, saved.version) == (b"\x00\xff", 4, 2)


def test_cursors_and_health_are_kept(store: Store) -> None:
    mark = SourceMark(
        cursor='{"since": 5}', updated_at=NOON, last_success=NOON, failures=2, healthy=False, reason="failing"
    )
    store.commit(Work(cursors={"x": mark}))
    assert store.cursor("x") == mark
    store.commit(Work(cursors={"x": replace(mark, failures=0, healthy=True, reason="", last_mention_at=NOON)}))
    assert store.cursors() == {"x": replace(mark, failures=0, healthy=True, reason="", last_mention_at=NOON)}
    assert store.cursor("y") is None


def test_an_incident_is_kept_as_it_stands_and_with_its_history(store: Store) -> None:
    worse = incident(2, level=Level.CRITICAL, peak_level=Level.CRITICAL)
    over = incident(3, phase=Phase.RESOLVED, resolved_at=NOON + timedelta(hours=2), reason="calm")
    store.commit(
        Work(
            effects=[
                IncidentOpened(NOON, incident()),
                MeterMoved(NOON, "acme", 1.0, None, None),
                IncidentChanged(NOON, worse, Stage.ESCALATED),
            ]
        )
    )
    assert store.incident("acme/wave/1") == worse
    assert store.incidents(open_only=True) == [worse]
    store.commit(Work(effects=[IncidentResolved(NOON, over)]))
    assert store.incidents("acme") == [over]
    assert store.incidents(open_only=True) == store.incidents("other") == []
    history = store.incident_events("acme/wave/1")
    assert [(one.stage, one.incident) for one in history] == [
        (Stage.OPENED, incident()),
        (Stage.ESCALATED, worse),
        (Stage.RESOLVED, over),
    ]
    assert store.incident("nobody") is None


def test_writing_the_same_decision_twice_changes_nothing_and_a_different_one_is_counted(store: Store) -> None:
    work = Work(effects=[IncidentOpened(NOON, incident())], outbox=[owed(1)])
    store.commit(work)
    store.commit(work)
    assert store.conflicts == 0
    assert len(store.incident_events("acme/wave/1")) == len(store.outbox_rows()) == 1
    store.commit(Work(effects=[IncidentOpened(NOON, incident(mentions=41))], outbox=[owed(1, body="{}")]))
    assert store.conflicts == 2
    assert store.incident("acme/wave/1") == incident()
    assert store.outbox_rows()[0].body == owed(1).body


def test_a_blind_spell_opens_and_closes(store: Store) -> None:
    dark = Blind("x", NOON, None, "silent")
    store.commit(Work(effects=[BlindChanged(NOON, "acme", dark)]))
    assert [(one.brand, one.blind) for one in store.blinds(open_only=True)] == [("acme", dark)]
    light = replace(dark, until=NOON + timedelta(hours=3))
    store.commit(Work(effects=[BlindChanged(NOON, "acme", light)]))
    assert store.blinds(open_only=True) == store.blinds("other") == []
    assert [one.blind for one in store.blinds("acme", since=NOON + timedelta(hours=2))] == [light]
    assert store.blinds("acme", since=NOON + timedelta(hours=3)) == []


def test_evidence_is_the_windows_newest_mentions_of_the_brand(store: Store) -> None:
    others = [stored(n, brand="other") for n in range(500, 520)]
    store.commit(Work(mentions=[stored(n) for n in range(0, 300, 10)] + others))
    found = list(store.evidence_mentions("acme", NOON + timedelta(minutes=1), NOON + timedelta(minutes=3), 4))
    assert [one.mention.uid for one in found] == ["x:170", "x:160", "x:150", "x:140"]
    everything = store.evidence_mentions("acme", NOON + timedelta(minutes=1), NOON + timedelta(minutes=3), 999)
    assert [one.mention.uid for one in everything][-1] == "x:60"


def test_what_cannot_be_stored_is_a_store_error_and_names_no_text(store: Store) -> None:
    with pytest.raises(StoreError, match="surrogates"):
        store.commit(Work(mentions=[stored(1, text="half a \ud83d pair")]))
    with pytest.raises(StoreError):
        store.commit(Work(mentions=[stored(1, likes=2**70)]))
    assert store.last_seq() == 0


def test_an_unsuitable_url_is_a_store_error() -> None:
    for url in ("mysql://host/db", "no url", "sqlite:////nowhere/at/all/x.db"):
        with pytest.raises(StoreError):
            Store.open(url)
