from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.errors import BadMention
from crisiswatch.model import Mention
from crisiswatch.sources.parse import FIELDS, LONGEST_TEXT, REASONS, parse_line, parse_mention

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GOOD = {"uid": "x:1", "source": "x", "created_at": "2026-11-22T10:00:00Z", "text": "hello"}


def line(**changes: object) -> bytes:
    """A good line with fields changed; ``...`` takes a field away."""
    return json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not ...}).encode()


BAD = [
    ("an empty line", b"", "empty"),
    ("only white space", b" \t\r\n", "empty"),
    ("only a byte order mark", b"\xef\xbb\xbf", "empty"),
    ("words", b"hello there", "not_json"),
    ("half an object", b'{"uid": "x:1", "te', "not_json"),
    ("two objects", b"{} {}", "not_json"),
    ("a trailing comma", b'{"uid": "x:1",}', "not_json"),
    ("single quotes", b"{'uid': 'x:1'}", "not_json"),
    ("a raw line break inside a text", b'{"uid": "x:\n1"}', "not_json"),
    ("NaN", line(rating=0.5).replace(b"0.5", b"NaN"), "not_json"),
    ("Infinity", line(weight=2).replace(b"2}", b"Infinity}"), "not_json"),
    ("NUL bytes", b"\0" * 50, "not_json"),
    ("invalid UTF-8", b'{"uid": "\xff"}', "bad_encoding"),
    ("Latin-1", '{"text": "perché"}'.encode("latin-1"), "bad_encoding"),
    ("UTF-16", '{"uid": "x"}'.encode("utf-16"), "bad_encoding"),
    ("a list", b"[]", "not_an_object"),
    ("null", b"null", "not_an_object"),
    ("a number", b"17", "not_an_object"),
    ("a text", b'"hello"', "not_an_object"),
    ("lists in lists in lists", b"[" * 100_000, "too_deep"),
    ("objects in objects", b'{"a":' * 100_000, "too_deep"),
    ("5 MB of text", line(text="a" * 5_000_000), "line_too_long"),
    ("the same key twice", b'{"uid": "x:1", "uid": "x:2"}', "duplicate_key"),
    ("the same key twice inside an unknown field", b'{"extra": {"a": 1, "a": 2}}', "duplicate_key"),
    ("a number of 5,000 digits", b'{"likes": ' + b"9" * 5_000 + b"}", "out_of_range"),
    ("no uid", line(uid=...), "no_uid"),
    ("uid null", line(uid=None), "no_uid"),
    ("uid empty", line(uid=""), "bad_uid"),
    ("uid blank", line(uid="  "), "bad_uid"),
    ("uid a number", line(uid=17), "bad_uid"),
    ("uid a list", line(uid=["x:1"]), "bad_uid"),
    ("uid of 256 characters", line(uid="x" * 256), "bad_uid"),
    ("uid with a line break", line(uid="x:\n1"), "bad_uid"),
    ("uid with NUL", line(uid="x:\0"), "bad_uid"),
    ("uid with a lone surrogate", line(uid="x:\ud800"), "bad_uid"),
    ("no source", line(source=...), "no_source"),
    ("source empty", line(source=""), "bad_source"),
    ("source in words", line(source="X (Twitter)"), "bad_source"),
    ("source a number", line(source=1), "bad_source"),
    ("source too long", line(source="x" * 65), "bad_source"),
    ("no time", line(created_at=...), "no_time"),
    ("time null", line(created_at=None), "no_time"),
    ("time empty", line(created_at=""), "bad_time"),
    ("time in words", line(created_at="yesterday"), "bad_time"),
    ("time a number", line(created_at=1_700_000_000), "bad_time"),
    ("time without zone", line(created_at="2026-11-22T10:00:00"), "bad_time"),
    ("a date alone", line(created_at="2026-11-22"), "bad_time"),
    ("a week date", line(created_at="2026-W47-7T10:00:00Z"), "bad_time"),
    ("the 30th of February", line(created_at="2026-02-30T10:00:00Z"), "bad_time"),
    ("hour 25", line(created_at="2026-02-20T25:00:00Z"), "bad_time"),
    ("a zone of 25 hours", line(created_at="2026-02-20T10:00:00+25:00"), "bad_time"),
    ("foreign digits", line(created_at="٢٠٢٦-11-22T10:00:00Z"), "bad_time"),
    ("year 1 east of Greenwich", line(created_at="0001-01-01T00:00:00+10:00"), "bad_time"),
    ("the moment before 1970", line(created_at="1969-12-31T23:59:59Z"), "before_1970"),
    ("before 1970 by its zone", line(created_at="1970-01-01T00:30:00+01:00"), "before_1970"),
    ("two days and a second ahead", line(created_at="2026-11-24T12:00:01Z"), "far_future"),
    ("the year 9999", line(created_at="9999-12-31T23:59:59Z"), "far_future"),
    ("received far ahead", line(received_at="2027-11-24T12:00:01Z"), "far_future"),
    ("received_at a number", line(received_at=5), "bad_time"),
    ("no text", line(text=...), "no_text"),
    ("text null", line(text=None), "no_text"),
    ("text a number", line(text=5), "bad_text"),
    ("text an object", line(text={"en": "hello"}), "bad_text"),
    ("likes negative", line(likes=-1), "out_of_range"),
    ("likes and a half", line(likes=1.5), "wrong_type"),
    ("likes true", line(likes=True), "wrong_type"),
    ("likes a text", line(likes="12"), "wrong_type"),
    ("likes a list", line(likes=[1]), "wrong_type"),
    ("followers beyond 64 bits", line(author_followers=2**63), "out_of_range"),
    ("views 1e999", line(views=1).replace(b'"views": 1', b'"views": 1e999'), "out_of_range"),
    ("rating above 1", line(rating=1.01), "out_of_range"),
    ("rating below 0", line(rating=-0.1), "out_of_range"),
    ("rating in words", line(rating="5 stars"), "wrong_type"),
    ("rating true", line(rating=True), "wrong_type"),
    ("a source's score above 1", line(native_sentiment=1.01), "out_of_range"),
    ("a source's score below -1", line(native_sentiment=-1.5), "out_of_range"),
    ("a source's score in words", line(native_sentiment="negative"), "wrong_type"),
    ("a source's score false", line(native_sentiment=False), "wrong_type"),
    ("weight below 1", line(weight=0.99), "out_of_range"),
    ("weight infinite", line(weight=1).replace(b'"weight": 1', b'"weight": 1e999'), "out_of_range"),
    ("author_id a number", line(author_id=17), "wrong_type"),
    ("author_id too long", line(author_id="a" * 256), "too_long"),
    ("channel an object", line(channel={}), "wrong_type"),
    ("url too long", line(url="https://example.com/" + "a" * 2048), "too_long"),
    ("url a script", line(url="javascript:alert(1)"), "bad_url"),
    ("lang a sentence", line(lang="Italian, I think"), "bad_lang"),
    ("lang a list", line(lang=["it"]), "wrong_type"),
    ("brand a list", line(brand=["acme"]), "wrong_type"),
]


@pytest.mark.parametrize(("data", "reason"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_bad_line_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    with pytest.raises(BadMention) as refused:
        parse_line(data, now=NOW)
    assert refused.value.reason == reason
    assert refused.value.reason in REASONS
    assert 0 < len(refused.value.detail) < 250
    refused.value.detail.encode()


@pytest.mark.parametrize(
    ("data", "field", "value"),
    [
        (b"\xef\xbb\xbf" + line(), "uid", "x:1"),
        (line() + b"\r\n", "text", "hello"),
        (line(text=""), "text", ""),
        (line(text=..., rating=0), "text", ""),
        (line(text=..., native_sentiment=-0.8), "text", ""),
        (line(text=None, native_sentiment=0), "text", ""),
        (line(text="<b>bold</b> &amp; <script>"), "text", "<b>bold</b> &amp; <script>"),
        (line(text="a\0b"), "text", "a\ufffdb"),
        (line(text="a\ud800b"), "text", "a\ufffdb"),
        (line(text="\ud83d\ude00"), "text", "😀"),
        (line(text="perche\u0301"), "text", "perché"),
        (line(text="a" * 30_000), "text", "a" * LONGEST_TEXT),
        (line(likes=12.0), "likes", 12),
        (line(likes=None), "likes", None),
        (line(rating=1), "rating", 1.0),
        (line(native_sentiment=-1), "native_sentiment", -1.0),
        (line(weight=10), "weight", 10.0),
        (line(lang="und"), "lang", None),
        (line(lang=""), "lang", None),
        (line(lang="pt-BR"), "lang", "pt-BR"),
        (line(author_id="a\ud800"), "author_id", "a\ufffd"),
        (line(surprise={"deeply": ["nested"]}, more=1), "uid", "x:1"),
        (line(uid="no colon"), "uid", "no colon"),
        (
            line(created_at="2026-11-22T11:00:00.123456789+01:00"),
            "created_at",
            datetime(2026, 11, 22, 10, 0, 0, 123456, UTC),
        ),
        (line(created_at="2026-11-22t10:00:00z"), "created_at", datetime(2026, 11, 22, 10, tzinfo=UTC)),
        (line(created_at="2016-12-31T23:59:60Z"), "created_at", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (line(created_at="2026-11-24T12:00:00Z"), "created_at", NOW + timedelta(days=2)),
        (line(created_at="1970-01-01T00:00:00Z"), "created_at", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_an_odd_but_sound_line_is_taken(data: bytes, field: str, value: object) -> None:
    assert getattr(parse_line(data, now=NOW), field) == value


def test_without_now_the_future_is_not_judged() -> None:
    assert parse_line(line(created_at="2999-01-01T00:00:00Z")).created_at.year == 2999


def test_a_source_is_lent_only_to_a_mention_without_one() -> None:
    assert parse_line(line(source=...), source="exports").source == "exports"
    assert parse_line(line(), source="exports").source == "x"


def test_every_field_of_the_contract_arrives() -> None:
    numbers = dict.fromkeys(("likes", "replies", "reposts", "views", "author_followers"), 3)
    words = {name: name for name in ("author_id", "channel", "parent_uid", "thread_id", "repost_of", "brand")}
    full = {
        **GOOD,
        **numbers,
        **words,
        "lang": "it",
        "url": "https://example.com/1",
        "rating": 0.5,
        "native_sentiment": -0.4,
        "weight": 2.0,
        "backfill": True,
    }
    mention = parse_mention({**full, "received_at": "2026-11-22T10:00:05Z"})
    assert {name: getattr(mention, name) for name in full if name != "created_at"} == {
        name: value for name, value in full.items() if name != "created_at"
    }
    assert mention.received_at == datetime(2026, 11, 22, 10, 0, 5, tzinfo=UTC)
    assert set(Mention.__dataclass_fields__) == FIELDS


def test_a_text_of_five_megabytes_is_cut_when_it_comes_as_an_object() -> None:
    assert len(parse_mention({**GOOD, "text": "e\u0301" * 2_500_000}).text) <= LONGEST_TEXT


_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None, exclude_categories=())),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def attempt(parse: Callable[[], Mention]) -> Mention | str:
    """The mention, or the reason it was refused for."""
    try:
        return parse()
    except BadMention as refused:
        return refused.reason


@given(st.binary(max_size=200) | st.builds(lambda cut: line()[:cut], st.integers(0, 90)))
def test_any_bytes_are_a_mention_or_refused(data: bytes) -> None:
    outcome = attempt(lambda: parse_line(data, now=NOW))
    assert isinstance(outcome, Mention) or outcome in REASONS


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), _value), st.booleans())
def test_any_object_is_a_sound_mention_or_refused(fields: dict[str, object], complete: bool) -> None:
    outcome = attempt(lambda: parse_mention({**GOOD, **fields} if complete else fields, now=NOW))
    if isinstance(outcome, str):
        assert outcome in REASONS
        return
    for value in (getattr(outcome, name) for name in FIELDS):
        if isinstance(value, str):
            value.encode()
            assert "\0" not in value
    assert outcome.weight >= 1
    assert outcome.created_at.tzinfo is UTC


@pytest.mark.parametrize("field", sorted(FIELDS))
@pytest.mark.parametrize("wrong", ["Mario Rossi says it is awful", 849775593591853056, "849775593591853056", ["Mario"]])
def test_what_is_said_of_a_shifted_column_quotes_no_text_and_no_author(field: str, wrong: object) -> None:
    said = ""
    try:
        parse_line(line(**{field: wrong}), now=NOW)
    except BadMention as refused:
        said = str(refused)
    assert "Mario" not in said
    assert "8497755" not in said


def test_a_date_in_another_form_is_shown() -> None:
    with pytest.raises(BadMention, match=r"created_at must look like 2026-11-22T10:00:00Z, not '22/11/2026 10:00'"):
        parse_line(line(created_at="22/11/2026 10:00"), now=NOW)


def test_a_file_in_another_encoding_is_told_how_to_be_saved() -> None:
    with pytest.raises(BadMention, match=r"it looks like UTF-16; save it as UTF-8 \(in a spreadsheet: CSV UTF-8\)"):
        parse_line('{"uid": "x"}'.encode("utf-16"), now=NOW)
