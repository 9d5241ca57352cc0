"""The crash test's own parts: a comparison that could not see a difference would prove nothing."""

import json
import sqlite3
from contextlib import closing

import pytest

from bench.recovery.compare import SAME, compare, deliveries
from bench.recovery.stream import BRANDS, make_rounds
from bench.recovery.world import World
from crisiswatch.notifiers.mime import name_of
from crisiswatch.store import Store

INCIDENT = "alderon.wave.20260302T0700Z"


def row(incident=INCIDENT, version=1, receiver="pr-mail", stage="opened", status="sent", *, uncertain=False):
    """One row of the outbox as the store keeps it."""
    return {
        "id": f"{incident}/{version}/{receiver}",
        "incident": incident,
        "version": version,
        "receiver": receiver,
        "stage": stage,
        "priority": 0,
        "body": "{}",
        "status": status,
        "attempts": 1,
        "not_before": 0,
        "lease_token": 1,
        "last_error": "",
        "uncertain": uncertain,
        "created_at": 0,
    }


@pytest.fixture
def world(tmp_path):
    return make_world(tmp_path / "one")


def make_world(directory):
    """A run's directory with an empty store of the right shape."""
    made = World(directory)
    Store.open(f"sqlite:///{made.store}").close()
    return made


def put(world, table, *rows):
    with closing(sqlite3.connect(world.store)) as connection, connection:
        for each in rows:
            marks = ",".join("?" * len(each))
            connection.execute(f"INSERT INTO {table} ({','.join(each)}) VALUES ({marks})", tuple(each.values()))


def mailed(world, *versions, incident=INCIDENT):
    with world.mail_journal.open("a") as journal:
        for version in versions:
            name = name_of(f"{incident}/{version}/pr-mail")
            journal.write(json.dumps({"message_id": f" <{name}@crisis.example>"}) + "\n")


def posted(world, key, part="message"):
    payload = {"key": key, "incident": INCIDENT, "part": part}
    line = {"method": "chat.postMessage", "metadata": {"event_payload": payload}}
    with world.slack_journal.open("a") as journal:
        journal.write(json.dumps(line) + "\n")


def bucket(total):
    """One minute of one brand."""
    named = {"brand": "alderon", "source": "x", "minute": 29_540_000}
    return named | {"total": total, "negative": 1, "p_negative": 0.9}


def test_two_stores_with_the_same_in_them_show_no_difference(tmp_path):
    one, other = make_world(tmp_path / "one"), make_world(tmp_path / "other")
    for each in (one, other):
        put(each, "minute_bucket", bucket(3))
    counts, differences = compare(one, other)
    assert counts["minutes"] == 1
    assert not [each for each in differences if each.startswith("minutes")]


def test_a_single_mention_too_many_in_a_minute_is_seen(tmp_path):
    one, other = make_world(tmp_path / "one"), make_world(tmp_path / "other")
    put(one, "minute_bucket", bucket(3))
    put(other, "minute_bucket", bucket(4))
    assert any(each.startswith("minutes: 1 missing, 1 not") for each in compare(one, other)[1])


def test_a_run_that_decided_nothing_proves_nothing(world):
    assert len([each for each in compare(world, world)[1] if "has none" in each]) == len(SAME) - 1


def test_a_message_said_to_be_sent_that_never_arrived_is_missing(world):
    put(world, "outbox", row(version=1), row(version=2, stage="escalated"))
    mailed(world, 1)
    assert deliveries(world).missing == [f"mail <{name_of(f'{INCIDENT}/2/pr-mail')}@crisis.example>"]


def test_a_message_that_still_waits_or_was_given_up_is_unsent(world):
    put(world, "outbox", row(version=1, status="pending"), row(version=2, stage="resolved", status="dead"))
    assert len(deliveries(world).unsent) == 2


def test_a_reminder_that_waits_for_its_turn_is_no_message_unsent(world):
    now = world.look_at_the_clock()
    waits = {"stage": "reminded", "status": "pending"}
    put(world, "outbox", row(version=1, **waits) | {"attempts": 0, "not_before": now + 1})
    assert (deliveries(world).unsent, deliveries(world).later) == ([], 1)
    put(world, "outbox", row(version=2, **waits) | {"attempts": 0, "not_before": now})
    assert len(deliveries(world).unsent) == 1


def test_a_superseded_edit_is_fine_and_a_superseded_opening_is_not(world):
    put(world, "outbox", row(version=2, stage="updated", status="superseded"))
    assert deliveries(world).unsent == []
    put(world, "outbox", row(version=1, stage="opened", status="superseded"))
    assert len(deliveries(world).unsent) == 1


def test_a_duplicate_is_explained_only_by_an_attempt_of_unknown_outcome(world):
    put(world, "outbox", row(version=1, uncertain=True), row(version=2, stage="escalated"))
    mailed(world, 1, 1, 2)
    assert (deliveries(world).duplicates, deliveries(world).unexplained) == (1, [])
    mailed(world, 2)
    found = deliveries(world)
    assert found.duplicates == 2
    assert found.duplicates_in == {"mail": 2}
    assert len(found.unexplained) == 1


def test_in_slack_the_message_and_its_replies_are_told_apart(world):
    opened, grown = f"{INCIDENT}/1/pr-slack", f"{INCIDENT}/3/pr-slack"
    put(world, "outbox", row(receiver="pr-slack"), row(version=3, receiver="pr-slack", stage="escalated"))
    posted(world, opened)
    posted(world, grown)  # as a message of its own, not in the thread
    assert deliveries(world).missing == [f"slack {grown} reply"]
    posted(world, grown, "reply")
    assert deliveries(world).missing == []


def test_the_rounds_are_the_same_for_the_same_seed():
    assert make_rounds(200, 3) == make_rounds(200, 3)
    assert make_rounds(200, 3) != make_rounds(200, 4)


def test_everything_of_a_round_is_received_at_its_end():
    for each in make_rounds(160, 1):
        fresh = [json.loads(line) for line in (*each.lines, *each.posted) if line.endswith("}")]
        ends = {item["received_at"] for item in fresh}
        latest = max(ends)
        again = [item for item in fresh if item["received_at"] != latest]
        assert len(again) <= 2  # one mention a feed may be sent once more
        assert all(item["created_at"] <= latest for item in fresh)
        assert {json.loads(each.lines[-1])["uid"], json.loads(each.posted[-1])["uid"]} == set(each.last)


def test_both_brands_have_crises_that_end_before_the_stream_does():
    rounds = make_rounds(200, 1)
    loud = {brand: [] for brand in BRANDS}
    for each in rounds:
        for brand, lines in zip(BRANDS, (each.lines, each.posted), strict=True):
            if sum('"rating": 0.0' in line for line in lines) > 15:
                loud[brand].append(each.number)
    assert all(loud.values())
    assert max(max(numbers) for numbers in loud.values()) < len(rounds) - 40
