"""A brand's terms become queries that X takes, and what X would refuse is told before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.matching.queries import LIMIT, QueryError, compile_queries, validate_query


def test_names_handles_tags_and_exclusions_each_in_their_way() -> None:
    (query,) = compile_queries(
        ["Acme Coffee", "acmecoffee", "#acme", "$ACME", "AT&T", "or", 'say "acme"', "caffè"],
        handles=["@acme_co"],
        none=["acme anvils", "#anvil"],
        languages=["it", "en"],
    )
    assert query == (
        '(@acme_co OR acme_co OR "Acme Coffee" OR acmecoffee OR #acme OR $ACME OR "AT&T" OR "or" OR "say acme" OR caffè) '
        '-"acme anvils" -#anvil -from:acme_co -is:retweet -is:nullcast (lang:it OR lang:en OR lang:und)'
    )


def test_what_is_read_elsewhere_is_left_out() -> None:
    assert compile_queries(["Acme"], handles=["@acme_co"], without=["@acme_co"]) == (
        "(acme_co OR Acme) -@acme_co -from:acme_co -is:retweet -is:nullcast",
    )
    assert compile_queries([], handles=["@a"], without=["@a", "a"]) == ()


def test_one_term_needs_no_brackets_and_none_is_said_twice() -> None:
    assert compile_queries(["Acme", "ACME", "acme"]) == ("Acme -is:retweet -is:nullcast",)


@given(st.lists(st.text(min_size=1, max_size=60), min_size=1, max_size=80), st.integers(120, 4096))
def test_every_term_is_in_one_query_and_no_query_is_too_long(terms: list[str], limit: int) -> None:
    try:
        queries = compile_queries(terms, handles=["@acme"], none=["anvils"], limit=limit)
    except QueryError:
        return
    for query in queries:
        validate_query(query, limit)
    (whole,) = compile_queries(terms, handles=["@acme"], none=["anvils"], limit=1 << 20)
    wanted = whole[1 : whole.index(") -anvils")].split(" OR ")
    groups = [query.removeprefix("(").partition(" -anvils")[0].removesuffix(")").split(" OR ") for query in queries]
    assert [term for group in groups for term in group] == wanted


@pytest.mark.parametrize(
    ("terms", "none", "says"),
    [
        ([], [], "nothing to search for"),
        (["!!!", '"'], [], "nothing to search for"),
        (["x" * 600], [], "longer than the 512"),
        (["acme"], [f"no such thing {n}" for n in range(40)], "longer than the 512"),
    ],
)
def test_what_can_be_no_query_is_told(terms: list[str], none: list[str], says: str) -> None:
    with pytest.raises(QueryError, match=says):
        compile_queries(terms, none=none)


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("-acme", "only excludes"),
        ("lang:en has:links -acme", "only excludes"),
        ("   ", "only excludes"),
        ("-(acme coffee)", "negates a group"),
        ("(acme OR coffee", "brackets"),
        ("acme) (coffee", "brackets"),
        ('acme "coffee', "quotation mark"),
        ("a" * (LIMIT + 1), "513 characters"),
    ],
)
def test_a_query_by_hand_that_x_refuses_is_told(query: str, says: str) -> None:
    with pytest.raises(QueryError, match=says):
        validate_query(query)


@pytest.mark.parametrize("query", ["acme", '"acme coffee" -lang:fr', "from:acme", '(a OR b) url:"acme.com" has:links'])
def test_a_query_by_hand_that_x_takes_is_taken(query: str) -> None:
    validate_query(query)
