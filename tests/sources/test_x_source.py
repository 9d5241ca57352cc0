"""The X source as a brand's people meet it: what it brings, what it costs, what it does when X refuses."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from crisiswatch.errors import QuotaExhausted, SourceRejected, SourceUnavailable, StateError
from crisiswatch.sources.x.factory import make
from crisiswatch.sources.x.money import Wallet
from crisiswatch.sources.x.place import Place
from crisiswatch.testing.fake_http import Answer
from crisiswatch.testing.fake_x import FakeX, post_id
from crisiswatch.testing.networked_sources import Failure
from tests.sources.x_support import ACME, NOON, Token, cost, drained, fake, manual, mentions, samples, source_of

ALL = {"read": "everything"}
ACCOUNT = {"accounts": ({"handle": "@acme", "id": "783214"},)}


def test_the_first_poll_brings_a_week_of_volumes_for_one_call() -> None:
    clock = manual()
    with FakeX(clock) as x:
        for hour in range(6, 160):
            x.put("acme coffee again", at=NOON - timedelta(hours=hour))
        batches = drained(source_of(x, clock, read="nothing"), clock)
        counted = samples(batches)
        assert sum(sample.count for sample in counted) == 154
        assert len(counted) == 7 * 24 * 60 - 1  # the last minute may not be complete
        assert {(sample.source, sample.brand, sample.seconds) for sample in counted} == {("x", "acme", 60)}
        assert mentions(batches) == []
        assert cost(batches) == 0.005


def test_later_counts_go_on_where_the_last_ones_ended_without_the_minute_that_is_not_over() -> None:
    clock = manual()
    with fake(clock) as x:
        source = source_of(x, clock, read="nothing")
        first = drained(source, clock)
        x.put("acme coffee at noon")
        clock.advance(minutes=5, seconds=10)
        x.put("acme coffee too late to be counted")
        later = drained(source, clock, first[-1].cursor)
        assert samples(later)[0].start == samples(first)[-1].start + timedelta(minutes=1)
        assert [sample.count for sample in samples(later)] == [0, 1, 0, 0, 0]


def test_a_week_without_a_daemon_is_counted_as_far_back_as_x_goes() -> None:
    clock = manual()
    with FakeX(clock) as x:
        source = source_of(x, clock, read="nothing")
        cursor = drained(source, clock)[-1].cursor
        clock.advance(days=10)
        assert 10_000 < len(samples(drained(source, clock, cursor))) < 7 * 24 * 60


@pytest.mark.parametrize("dialect", ["tweet", "post"])
def test_a_post_arrives_with_all_that_x_says_of_it(dialect: str) -> None:
    clock = manual()
    with fake(clock, dialect=dialect) as x:
        long = "acme coffee " + "very " * 80 + "long"
        post = x.put(
            long[:270],
            author="42",
            followers=900,
            lang="it",
            at=NOON - timedelta(minutes=1),
            more={
                "note_tweet": {"text": long + " &amp; sad"},
                "referenced_tweets": [{"type": "replied_to", "id": "1234"}],
            },
        )
        batches = drained(source_of(x, clock, **ALL, expansions=True, fields_dialect=dialect), clock)
        (mention,) = mentions(batches)
        assert mention.uid == f"x:{post.id}"
        assert mention.source == "x"
        assert mention.created_at == NOON - timedelta(minutes=1)
        assert mention.text == long + " & sad"
        assert (mention.author_id, mention.author_followers, mention.lang) == ("x:42", 900, "it")
        assert (mention.likes, mention.replies, mention.reposts, mention.views) == (3, 2, 1, 40)
        assert (mention.parent_uid, mention.repost_of) == ("x:1234", None)
        assert mention.thread_id == f"x:{post.id}"
        assert mention.url == f"https://x.com/i/status/{post.id}"
        assert (mention.channel, mention.weight, mention.brand, mention.backfill) == (None, 1.0, None, False)
        assert cost(batches) == round(0.005 + 0.015, 6)
        (asked,) = x.asked_for("search/recent")
        assert ("post.fields" in asked.query) == (dialect == "post")


def test_what_x_does_not_say_is_unknown_and_not_nothing() -> None:
    clock = manual()
    with fake(clock) as x:
        x.put("acme coffee", lang="und", at=NOON - timedelta(minutes=1), more={"public_metrics": {"like_count": 0}})
        (mention,) = mentions(drained(source_of(x, clock, **ALL), clock))
        assert (mention.likes, mention.replies, mention.views) == (0, None, None)
        assert (mention.author_followers, mention.lang, mention.rating) == (None, None, None)


def test_pages_come_newest_first_and_the_next_search_begins_at_the_first_pages_newest() -> None:
    clock = manual()
    with fake(clock) as x:
        posts = [x.put(f"acme coffee nr {n}", at=NOON - timedelta(seconds=500 - n)) for n in range(250)]
        source = source_of(x, clock, **ALL)
        batches = drained(source, clock)
        assert len({mention.uid for mention in mentions(batches)}) == 250
        searched = x.asked_for("search/recent")
        assert [("next_token" in asked.query, asked.query["max_results"]) for asked in searched] == [
            (False, "100"),
            (True, "100"),
            (True, "100"),
        ]
        drained(source, clock, batches[-1].cursor)
        assert x.asked_for("search/recent")[-1].query["since_id"] == str(posts[-1].id)


def test_a_kill_between_two_pages_repeats_one_page_and_no_more() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(250):
            x.put(f"acme coffee nr {n}", at=NOON - timedelta(seconds=500 - n))
        seen, cursor, kills = [], None, 0
        while True:
            source = source_of(x, clock, **ALL)
            batch = source.poll(cursor, clock.now() + timedelta(seconds=20))
            if batch.mentions and kills < 3:  # killed before the batch was stored
                kills += 1
                continue
            seen += [mention.uid for mention in batch.mentions]
            cursor = batch.cursor
            if not batch.more:
                break
        assert kills == 3
        assert len(seen) == len(set(seen)) == 250


def test_a_page_whose_token_is_no_longer_good_is_asked_for_by_the_oldest_post() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(150):
            x.put(f"acme coffee nr {n}", at=NOON - timedelta(seconds=500 - n))
        source, seen, cursor = source_of(x, clock, **ALL), set(), None
        for _ in range(3):
            batch = source.poll(cursor, clock.now() + timedelta(seconds=20))
            seen |= {mention.uid for mention in batch.mentions}
            cursor = batch.cursor
            if len(seen) == 100:
                state = json.loads(cursor or "")
                state["readings"]["search acme/0"]["page"] = "expired"
                cursor = json.dumps(state)
        assert len(seen) == 150


def test_an_id_older_than_a_week_is_left_for_a_time() -> None:
    clock = manual()
    with fake(clock) as x:
        x.put("acme coffee before", at=NOON - timedelta(minutes=2))
        source = source_of(x, clock, **ALL)
        cursor = drained(source, clock)[-1].cursor
        clock.advance(days=9)
        x.put("acme coffee in the meantime", at=clock.now() - timedelta(days=3))
        (mention,) = mentions(drained(source, clock, cursor))
        assert mention.text == "acme coffee in the meantime"
        assert mention.backfill


def test_a_post_said_while_nobody_listened_alarms_nobody_and_a_fresh_one_does() -> None:
    clock = manual()
    with fake(clock) as x:
        source = source_of(x, clock, **ALL)
        cursor = drained(source, clock)[-1].cursor
        clock.advance(hours=3)
        x.put("acme coffee old", at=clock.now() - timedelta(hours=2))
        x.put("acme coffee new", at=clock.now() - timedelta(minutes=2))
        found = mentions(drained(source, clock, cursor))
        assert {mention.text: mention.backfill for mention in found} == {
            "acme coffee old": True,
            "acme coffee new": False,
        }


def test_an_edit_of_a_known_post_is_an_edit_and_of_an_unknown_one_a_mention() -> None:
    clock = manual()
    with fake(clock) as x:
        known = x.put("acme coffee is bad", at=NOON - timedelta(minutes=3))
        source = source_of(x, clock, **ALL)
        cursor = drained(source, clock)[-1].cursor
        clock.advance(minutes=5)
        x.put("acme coffee is good", edit_of=known)
        fresh = x.put("acme coffee frish", at=clock.now() - timedelta(minutes=1))
        x.put("acme coffee fresh", edit_of=fresh)
        batches = drained(source, clock, cursor)
        (edit,) = [mention for batch in batches for mention in batch.edited]
        assert (edit.uid, edit.text) == (f"x:{known.id}", "acme coffee is good")
        assert abs(edit.created_at - (NOON - timedelta(minutes=3))) < timedelta(seconds=1)
        assert [(mention.uid, mention.text) for mention in mentions(batches)] == [
            (f"x:{fresh.id}", "acme coffee fresh")
        ]


def test_mentions_of_an_own_account_are_read_with_its_token_for_a_fifth_and_not_twice() -> None:
    clock = manual()
    with fake(clock) as x:
        x.put("@acme my order never came", at=NOON - timedelta(minutes=2))
        x.put("acme coffee is nice", at=NOON - timedelta(minutes=2))
        source = source_of(x, clock, **ALL, **ACCOUNT, user_token=Token(x.user_token))
        batches = drained(source, clock)
        assert sorted(mention.text for mention in mentions(batches)) == [
            "@acme my order never came",
            "acme coffee is nice",
        ]
        assert cost(batches) == round(0.005 + 0.001 + 0.005, 6)
        (asked,) = x.asked_for("mentions")
        assert asked.headers["authorization"] == f"Bearer {x.user_token}"
        assert "-@acme " in x.asked_for("search/recent")[0].query["query"]
        assert (
            " OR @acme" in x.asked_for("counts")[0].query["query"]
            or "(@acme" in x.asked_for("counts")[0].query["query"]
        )


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer.of({"title": "Payment Required"}, 402), QuotaExhausted),
        (Answer.of({"title": "CreditsDepleted", "detail": "no credits left"}, 403), QuotaExhausted),
        (Answer.of({"type": "https://api.twitter.com/2/problems/usage-capped"}, 429), QuotaExhausted),
        (Answer.of({"title": "Forbidden"}, 403), SourceRejected),
        (Answer.of({"title": "Invalid Request"}, 400), SourceRejected),
        (Answer.of({"errors": [{"title": "Not Found Error", "detail": "of @somebody"}]}), SourceUnavailable),
        (Answer.of([], 500), SourceUnavailable),
        (Answer.of({"errors": "all"}, 401), SourceRejected),
        (Answer.of({}, 429, x_rate_limit_reset="soon"), SourceUnavailable),
    ],
)
def test_every_refusal_is_told_by_what_it_means(answer: Answer, error: type[Exception]) -> None:
    clock = manual()
    with fake(clock) as x:
        source = source_of(x, clock, **ALL)
        x.script("search/recent", answer)
        with pytest.raises(error) as raised:
            drained(source, clock)
        shown = f"{raised.value!r} {raised.value}"
        assert x.token not in shown
        assert "somebody" not in shown


def test_a_rate_limit_without_an_end_is_over_in_a_quarter_of_an_hour() -> None:
    clock = manual()
    with fake(clock) as x:
        x.script("counts", Failure.RATE_LIMITED_UNTOLD)
        with pytest.raises(SourceUnavailable) as raised:
            drained(source_of(x, clock), clock)
        assert raised.value.after == 900
        assert len(x.seen) == 1


def test_errors_beside_posts_do_not_lose_the_posts() -> None:
    clock = manual()
    with fake(clock) as x:
        source = source_of(x, clock, **ALL)
        post = {"id": str(post_id(NOON - timedelta(minutes=1))), "text": "acme coffee"}
        errors = [{"title": "Not Found Error", "resource_type": "tweet"}]
        x.script("search/recent", Answer.of({"data": [post], "errors": errors, "meta": {"result_count": 1}}))
        (mention,) = mentions(drained(source, clock))
        assert mention.created_at == NOON - timedelta(minutes=1)  # X did not say; the id does


def test_what_was_paid_before_a_failure_is_told_with_the_next_batch() -> None:
    clock = manual()
    many = tuple(f"a rather long term with the number {number}" for number in range(20))
    with fake(clock) as x:
        source = make(
            "x",
            {
                "base_url": x.url,
                "token": Token(x.token),
                "brands": (ACME.__class__(id="acme", any=many),),
                "read": "nothing",
            },
            clock,
        )
        x.put("a rather long term with the number 19", at=NOON - timedelta(minutes=9))
        first = x.asked_for("counts")
        assert first == []
        x.script("counts", Answer.of({"data": [], "meta": {"total_tweet_count": 0}}))
        x.script("counts", Failure.UNAVAILABLE)
        with pytest.raises(SourceUnavailable):
            drained(source, clock)
        batches = drained(source, clock)
        assert x.billed["counts"] + 1 == round(cost(batches) / 0.005)
        assert sum(sample.count for sample in samples(batches)) == 1
        assert all(len(asked.query["query"]) <= 512 for asked in x.asked_for("counts"))


@pytest.mark.parametrize("dialect", ["tweet", "post"])
def test_volumes_are_read_in_both_dialects(dialect: str) -> None:
    clock = manual()
    with fake(clock, dialect=dialect) as x:
        for minute in (3, 3, 40):
            x.put("acme coffee", at=NOON - timedelta(minutes=minute))
        counted = samples(drained(source_of(x, clock, read="nothing", fields_dialect=dialect), clock))
        assert {sample.start: sample.count for sample in counted if sample.count} == {
            NOON - timedelta(minutes=40): 1,
            NOON - timedelta(minutes=3): 2,
        }


def test_what_is_left_of_the_budget_is_told_with_every_batch_before_it_is_gone() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(180):
            x.put(f"acme coffee {n}", at=NOON - timedelta(seconds=200 + 5 * n))
        batches = drained(source_of(x, clock, **ALL, budget=1.0), clock)
        told = [batch.budget_left or 0.0 for batch in batches]
        assert told == sorted(told, reverse=True)
        assert told[0] > 0.9
        # Counting is still paid for to the end of the month: of what is for posts nothing is left, and that is told.
        assert told[-1] < 0.05 < 1 - cost(batches)
        assert len(mentions(batches)) > 150


def test_where_nothing_is_read_it_is_the_whole_budget_that_is_told() -> None:
    clock = manual()
    with fake(clock) as x:
        (batch,) = drained(source_of(x, clock, read="nothing", budget=0.02), clock)
        assert batch.budget_left == pytest.approx(0.75)


def test_a_query_by_hand_is_about_the_sources_brand() -> None:
    clock = manual()
    with fake(clock) as x:
        x.put("the beans are burnt", at=NOON - timedelta(minutes=2))
        batches = drained(source_of(x, clock, **ALL, query="beans -is:retweet"), clock)
        assert [mention.brand for mention in mentions(batches)] == ["acme"]
        assert {sample.brand for sample in samples(batches)} == {"acme"}


def test_a_cursor_of_something_else_is_a_damaged_state() -> None:
    clock = manual()
    with fake(clock) as x, pytest.raises(StateError):
        source_of(x, clock).poll('{"etag": ""}', clock.now() + timedelta(seconds=5))


def test_a_configuration_that_changed_leaves_no_work_behind() -> None:
    clock = manual()
    with fake(clock) as x:
        for n in range(150):
            x.put(f"acme coffee nr {n}", at=NOON - timedelta(seconds=500 - n))
        cursor = source_of(x, clock, **ALL).poll(None, clock.now() + timedelta(seconds=20)).cursor
        other = ACME.__class__(id="zeta", any=("zeta",))
        assert mentions(drained(source_of(x, clock, **ALL, brands=(other,)), clock, cursor)) == []


def test_the_token_may_change_while_it_runs() -> None:
    clock = manual()
    with fake(clock) as x:
        token = Token("yesterday's")
        source = source_of(x, clock, token=token)
        with pytest.raises(SourceRejected):
            drained(source, clock)
        token._text = x.token
        assert drained(source, clock)


def test_doctor_hears_how_much_there_is_and_what_it_would_cost() -> None:
    clock = manual()
    with FakeX(clock) as x:
        for hour in range(1, 141):
            x.put("acme coffee", at=NOON - timedelta(hours=hour))
        said = source_of(x, clock).probe(clock.now() + timedelta(seconds=20))
        assert said.startswith("acme: 140 posts in 7 days, $3.00 a month to read: (@acme OR acme OR")
        assert x.asked_for("search/recent") == []


def test_money_for_less_than_a_page_of_mentions_is_none_and_a_few_cents_more_do_not_make_it_well() -> None:
    clock = manual()
    with FakeX(clock) as x:
        x.counted_back = timedelta(hours=1)
        options = {"accounts": [{"handle": "@acme", "id": "783214"}], "count_every": timedelta(days=365)}
        source = source_of(x, clock, **options)

        def left(posts: float) -> str:
            wallet = Wallet(month="2026-11", spent=100 - 0.005 * posts, at=clock.now())
            now = int(clock.now().timestamp())
            return Place(wallet=wallet, polled=now, counted=now).dump()

        x.put("@acme hello", at=clock.now() - timedelta(minutes=1))
        for posts in (4, 8, 40):  # not to be read at all; and then, that it can be read again has to be worth it
            with pytest.raises(QuotaExhausted):
                drained(source, clock, left(posts))
        assert not x.asked_for("mentions")
        assert len(mentions(drained(source, clock, left(60)))) == 1
        fresh = source_of(x, clock, **options)
        assert len(mentions(drained(fresh, clock, left(8)))) == 1
        source.close()
        fresh.close()
