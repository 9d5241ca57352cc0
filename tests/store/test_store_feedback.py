"""What people say of mentions is appended, counted by the newest, taken back, and outlives the texts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crisiswatch.model import Sentiment
from crisiswatch.store import Click, Store, StoredHead, ThemeClick, Work, counting, counting_themes
from crisiswatch.store.schema import decision, desk, feedback, heads, response_case, silence, theme_feedback
from tests.store.samples import NOON, stored

NEGATIVE, NEUTRAL, POSITIVE = Sentiment
MINUTE = timedelta(minutes=1)


def said(uid: str = "x:1", label: Sentiment = NEGATIVE, *, actor: str = "anna", after: int = 0, **more) -> Click:
    values = {"brand": "acme", "via": "file", "at": NOON + after * MINUTE, "model": "lite-1"} | more
    return Click(uid=uid, label=label, actor=actor, **values)


def labels(store: Store) -> dict[str, str]:
    return {uid: click.label.value for (_, uid), click in counting(store.feedback()).items()}


def test_what_is_said_comes_back_with_a_number(store: Store) -> None:
    added = store.add_feedback([said(), said("x:2", POSITIVE)])
    assert [each.id for each in added] == [1, 2]
    assert store.feedback() == added[::-1]
    assert store.feedback("another") == []
    assert store.feedback(limit=1) == added[1:]


def test_the_same_said_again_changes_nothing(store: Store) -> None:
    store.add_feedback([said(), said("x:2")])
    assert store.add_feedback([said(), said("x:2", after=5), said("x:2", after=5)]) == []
    assert len(store.feedback()) == 2


def test_the_newest_word_counts_whoever_has_it(store: Store) -> None:
    store.add_feedback([said(label=NEUTRAL, after=2), said(label=NEGATIVE, actor="bo", after=3), said(after=1)])
    assert labels(store) == {"x:1": "negative"}
    store.add_feedback([said(label=POSITIVE, after=4)])
    assert labels(store) == {"x:1": "positive"}
    assert len(store.feedback()) == 4


def test_a_change_of_mind_and_back_are_three_statements(store: Store) -> None:
    assert len(store.add_feedback([said(), said(label=NEUTRAL, after=1), said(after=2)])) == 3
    assert labels(store) == {"x:1": "negative"}


def test_taking_back_uncovers_what_was_said_before(store: Store) -> None:
    first, second = store.add_feedback([said(), said(label=POSITIVE, after=1)])
    undone = store.undo_feedback(second.id, NOON + 9 * MINUTE)
    assert undone == replace(second, undone_at=NOON + 9 * MINUTE)
    assert labels(store) == {"x:1": "negative"}
    assert store.undo_feedback(second.id, NOON + 20 * MINUTE) == undone
    store.undo_feedback(first.id, NOON)
    assert labels(store) == {}
    assert store.undo_feedback(99, NOON) is None


def test_what_was_taken_back_stays_so_when_the_file_is_read_again(store: Store) -> None:
    (only,) = store.add_feedback([said()])
    store.undo_feedback(only.id, NOON)
    assert store.add_feedback([said(), said(after=3)]) == []
    assert labels(store) == {}


def test_who_presses_again_what_was_taken_back_says_it_anew_and_a_press_sent_twice_does_not(store: Store) -> None:
    (only,) = store.add_feedback([said(via="slack")])
    store.undo_feedback(only.id, NOON + 2 * MINUTE)
    assert store.add_feedback([said(via="slack"), said(via="slack", after=1)]) == []
    assert len(store.add_feedback([said(via="slack", after=3), said(via="slack", after=3)])) == 1
    assert labels(store) == {"x:1": "negative"}


def test_who_presses_again_what_somebody_else_has_overruled_says_it_anew(store: Store) -> None:
    store.add_feedback([said(via="page"), said(via="page", actor="bo", label=POSITIVE, after=1)])
    assert store.add_feedback([said(via="page", actor="bo", label=POSITIVE, after=2), said(via="page")]) == []
    assert len(store.add_feedback([said(via="page", after=3)])) == 1
    assert labels(store) == {"x:1": "negative"}
    assert [click.actor for click in store.feedback_on(["x:1", "x:2"])] == ["anna", "bo", "anna"]


def test_two_brands_keep_their_labels_apart(store: Store) -> None:
    store.add_feedback([said(), said(label=POSITIVE, brand="other")])
    assert {click.brand: click.label.value for click in counting(store.feedback()).values()} == {
        "acme": "negative",
        "other": "positive",
    }


def test_thousands_are_one_transaction_and_a_bad_one_leaves_none(store: Store) -> None:
    assert len(store.add_feedback(said(f"x:{n}") for n in range(1300))) == 1300

    def broken():
        yield from (said(f"y:{n}") for n in range(700))
        raise KeyError("in the middle")

    with pytest.raises(KeyError):
        store.add_feedback(broken())
    assert len(store.feedback()) == 1300


def test_the_label_outlives_the_text(store: Store) -> None:
    store.commit(Work(mentions=[stored(1), stored(2)]))
    store.add_feedback([said()])
    store.purge(texts_before=NOON + MINUTE, counts_before=NOON - MINUTE)
    assert store.mentions_by_uid(["x:1"])["x:1"].purged
    store.purge(texts_before=NOON + MINUTE, counts_before=NOON + MINUTE)
    assert store.mentions_by_uid(["x:1"]) == {}
    assert labels(store) == {"x:1": "negative"}


def test_mentions_are_found_by_uid_however_many(store: Store) -> None:
    store.commit(Work(mentions=[stored(n) for n in range(1200)]))
    found = store.mentions_by_uid(f"x:{n}" for n in range(600, 1300))
    assert set(found) == {f"x:{n}" for n in range(600, 1200)}
    assert found["x:700"].mention.text == "mention 700"


def test_a_day_holds_what_had_arrived_by_its_end(store: Store) -> None:
    late = replace(stored(2, at=NOON + MINUTE), received_at=NOON + 90 * MINUTE)
    store.commit(Work(mentions=[stored(1), stored(3, brand="other"), late, stored(4, at=NOON + 60 * MINUTE)]))
    assert store.uids_of_day("acme", NOON, NOON + 60 * MINUTE) == ["x:1"]


def test_heads_are_kept_by_version_and_change_state(store: Store) -> None:
    head = StoredHead(
        brand="acme", version=1, state="shadow", body="{}", made_at=NOON, labels=40, report="{}", base="lite-1"
    )
    second = replace(head, version=2, state="active")
    store.save_heads([head, second, replace(head, brand="other")])
    assert store.heads("acme") == [second, head]
    store.save_heads([replace(second, state="rolled_back")])
    assert [each.state for each in store.heads()] == ["rolled_back", "shadow", "shadow"]


def test_a_store_of_the_first_schema_is_brought_up_to_date(tmp_path) -> None:
    url = f"sqlite:///{tmp_path}/crisiswatch.db"
    with Store.open(url) as store, store.engine.begin() as connection:
        feedback.drop(connection)
        heads.drop(connection)
        theme_feedback.drop(connection)
        response_case.drop(connection)
        decision.drop(connection)
        silence.drop(connection)
        desk.drop(connection)
        connection.execute(sa.text("ALTER TABLE mention DROP COLUMN signals"))
        connection.execute(sa.text("ALTER TABLE mention DROP COLUMN backfill"))
        connection.execute(sa.text("ALTER TABLE mention DROP COLUMN native_sentiment"))
        connection.execute(sa.text("ALTER TABLE outbox DROP COLUMN due_at"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    with Store.open(url) as store:
        assert store.add_feedback([said()])


def given(uid: str = "x:1", theme: str = "delivery", *, actor: str = "anna", after: int = 0, **more) -> ThemeClick:
    values = {"brand": "acme", "via": "page", "at": NOON + after * MINUTE} | more
    return ThemeClick(uid=uid, theme=theme, actor=actor, **values)


def themes(store: Store) -> dict[str, str]:
    return {uid: click.theme for uid, click in counting_themes(store.theme_feedback()).items()}


def test_themes_and_labels_are_numbered_together_and_kept_apart(store: Store) -> None:
    store.add_feedback([said()])
    store.add_feedback([given(), given("x:2", "billing")])
    store.add_feedback([said("x:2")])
    assert [each.id for each in store.feedback()] == [4, 1]
    assert [each.id for each in store.theme_feedback()] == [3, 2]
    assert store.theme_feedback("other") == []
    assert store.undo_feedback(3, NOON + 9 * MINUTE) == replace(store.theme_feedback()[0], undone_at=NOON + 9 * MINUTE)
    assert store.undo_feedback(5, NOON) is None
    assert (themes(store), labels(store)) == ({"x:1": "delivery"}, {"x:1": "negative", "x:2": "negative"})


def test_the_newest_theme_counts_whichever_brand_it_was_said_for(store: Store) -> None:
    store.add_feedback([given(), given(theme="billing", brand="other", actor="bo", after=1)])
    assert themes(store) == {"x:1": "billing"}
    store.undo_feedback(2, NOON + 5 * MINUTE)
    assert themes(store) == {"x:1": "delivery"}
    assert [each.theme for each in store.theme_feedback_on(["x:1", "x:7"])] == ["delivery", "billing"]


def test_the_same_theme_said_again_changes_nothing_until_it_was_overruled(store: Store) -> None:
    assert len(store.add_feedback([given(), given(after=1), given()])) == 1
    store.add_feedback([given(theme="price", actor="bo", after=2)])
    assert len(store.add_feedback([given(after=3)])) == 1
    assert themes(store) == {"x:1": "delivery"}
