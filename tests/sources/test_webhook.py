from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.model import Batch
from crisiswatch.sources.webhook import LARGEST_BODY, BadBody, BadSignature, read_batch, sign, verify

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = b"a secret of some length"
ITEM = {"uid": "x:1", "source": "x", "created_at": "2026-11-22T10:00:00Z", "text": "hello"}


def batch(body: object, **headers: str) -> Batch:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return read_batch(data, source="desk", headers={n.replace("_", "-"): v for n, v in headers.items()}, now=NOW)


def test_the_signature_is_the_documented_one() -> None:
    # echo -n '1700000000.{}' | openssl dgst -sha256 -hmac secret
    header = sign(b"secret", b"{}", datetime.fromtimestamp(1_700_000_000, UTC))
    assert header == "t=1700000000,v1=" + __import__("hmac").digest(b"secret", b"1700000000.{}", "sha256").hex()


@given(body=st.binary(max_size=50), seconds=st.integers(-300, 300))
def test_a_signed_body_is_accepted_for_five_minutes(body: bytes, seconds: int) -> None:
    verify(SECRET, sign(SECRET, body, NOW), body, NOW + timedelta(seconds=seconds))


@pytest.mark.parametrize("seconds", [-301, 301, 10**8])
def test_an_old_or_early_signature_is_refused(seconds: int) -> None:
    with pytest.raises(BadSignature, match="300 seconds off"):
        verify(SECRET, sign(SECRET, b"x", NOW), b"x", NOW + timedelta(seconds=seconds))


def test_the_tolerance_can_be_set() -> None:
    verify(SECRET, sign(SECRET, b"x", NOW), b"x", NOW + timedelta(hours=1), tolerance=timedelta(hours=2))


@given(st.binary(max_size=20), st.binary(max_size=20))
def test_another_body_is_refused(signed: bytes, sent: bytes) -> None:
    if signed != sent:
        with pytest.raises(BadSignature, match="does not fit"):
            verify(SECRET, sign(SECRET, signed, NOW), sent, NOW)


def test_another_secret_or_none_is_refused() -> None:
    with pytest.raises(BadSignature, match="does not fit"):
        verify(b"other", sign(SECRET, b"x", NOW), b"x", NOW)
    with pytest.raises(BadSignature, match="no secret"):
        verify(b"", sign(b"", b"x", NOW), b"x", NOW)


def test_the_time_is_part_of_what_is_signed() -> None:
    header = sign(SECRET, b"x", NOW).replace(str(int(NOW.timestamp())), str(int(NOW.timestamp()) + 1))
    with pytest.raises(BadSignature, match="does not fit"):
        verify(SECRET, header, b"x", NOW)


def test_two_signatures_stand_side_by_side_while_a_secret_changes() -> None:
    old, new = sign(b"old", b"x", NOW), sign(SECRET, b"x", NOW)
    verify(SECRET, f"{old}, {new.split(',')[1]}", b"x", NOW)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=00",
        "t=1",
        "t=1,t=2,v1=00",
        "t=,v1=00",
        "t=x,v1=00",
        "t=-5,v1=00",
        "t=١,v1=00",
        "t=" + "9" * 5000 + ",v1=0",
    ],
)
def test_a_header_of_another_form_is_refused(header: str | None) -> None:
    with pytest.raises(BadSignature, match="header"):
        verify(SECRET, header, b"x", NOW)


@given(st.text(st.characters(codec=None, exclude_categories=())))
def test_no_header_makes_it_raise_anything_else(header: str) -> None:
    with pytest.raises(BadSignature):
        verify(SECRET, f"t={int(NOW.timestamp())},v1={header}", b"x", NOW)


@pytest.mark.parametrize(
    "body",
    [
        [ITEM, {**ITEM, "uid": "x:2"}],
        {"mentions": [ITEM, {**ITEM, "uid": "x:2"}]},
        (json.dumps(ITEM) + "\r\n\n" + json.dumps({**ITEM, "uid": "x:2"}) + "\n").encode(),
    ],
)
def test_lists_and_json_lines_are_read(body: object) -> None:
    found = batch(body)
    assert [mention.uid for mention in found.mentions] == ["x:1", "x:2"]
    assert found.refused == ()


def test_one_object_is_read_and_arrival_is_noted() -> None:
    (mention,) = batch(ITEM).mentions
    assert (mention.uid, mention.source, mention.received_at) == ("x:1", "x", NOW)


def test_what_the_sender_leaves_out_is_filled_in() -> None:
    (mention,) = batch({"text": "late again"}, Idempotency_Key="call-17").mentions
    assert (mention.uid, mention.source, mention.created_at) == ("desk:call-17", "desk", NOW)


@pytest.mark.parametrize(("native", "uid"), [("t-5", "desk:t-5"), (5, "desk:5"), ("", "desk:k"), (True, "desk:k")])
def test_an_id_of_the_senders_own_becomes_the_uid(native: object, uid: str) -> None:
    assert batch({"id": native, "text": "a"}, IDEMPOTENCY_KEY="k").mentions[0].uid == uid


def test_without_any_id_the_same_body_is_the_same_mentions() -> None:
    body = json.dumps([{"text": "a"}, {"text": "a"}]).encode()
    digest = hashlib.sha256(body).hexdigest()
    assert [mention.uid for mention in batch(body).mentions] == [f"desk:{digest}:1", f"desk:{digest}:2"]


def test_a_bad_mention_costs_only_itself() -> None:
    found = batch(
        [ITEM, {**ITEM, "likes": -1}, 17, {**ITEM, "created_at": "2027-01-01T00:00:00Z"}, {**ITEM, "uid": "x:2"}]
    )
    assert [mention.uid for mention in found.mentions] == ["x:1", "x:2"]
    assert [(item.where, item.reason) for item in found.refused] == [
        ("desk:2", "out_of_range"),
        ("desk:3", "not_an_object"),
        ("desk:4", "far_future"),
    ]


def test_a_bad_line_costs_only_itself() -> None:
    found = batch(json.dumps(ITEM).encode() + b"\n{oh no\n" + json.dumps(ITEM).encode())
    assert len(found.mentions) == 2
    assert [(item.where, item.reason) for item in found.refused] == [("desk:2", "not_json")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "empty"),
        (b"hello", "not_json"),
        (b"hello\nthere", "not_json"),
        (b"17", "must be an object"),
        (b"null", "must be an object"),
        (b"\xff\n{}", "bad_encoding"),
        (b"[" * 100_000, "too_deep"),
        (b" " * (LARGEST_BODY + 1), "1000001 bytes"),
        (json.dumps([ITEM] * 501).encode(), "501 mentions"),
    ],
)
def test_a_body_that_holds_nothing_is_refused_as_a_whole(body: bytes, words: str) -> None:
    with pytest.raises(BadBody, match=words):
        batch(body)


def test_five_hundred_are_taken_and_none_is_fine() -> None:
    assert len(batch([ITEM] * 500).mentions) == 500
    assert batch([]) == batch({"mentions": []}) == Batch()
