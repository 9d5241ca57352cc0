"""What is shown of a wave: its first and loudest posts, where it is, and the words that mark it."""

from __future__ import annotations

import random  # noqa: TID251  (a fixed seed only)
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.alerts.evidence import gather
from crisiswatch.model import Evidence, Mention, Score

START = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
BAD = Score(0.9, 0.05, 0.05, "test")
FINE = Score(0.05, 0.9, 0.05, "test")


def said(number: int, text: str, score: Score = BAD, **fields) -> tuple[Mention, Score]:
    at = START + timedelta(minutes=number)
    return Mention(uid=f"social:{number}", source="social", created_at=at, text=text, **fields), score


def negative(_: Mention, score: Score) -> bool:
    return score is BAD


CALM = [said(100 + n, f"acme coffee on the way to work, cup number {n}", FINE) for n in range(60)]


def test_the_first_and_the_loudest_posts_are_shown():
    wave = [said(1, "the grinder exploded", likes=2), said(2, "burnt my hand", likes=900), said(3, "never again")]
    found = gather([*CALM, *wave], negative, limit=1)
    assert [post.uid for post in found.first] == ["social:1"]
    assert [post.uid for post in found.loudest] == ["social:2"]
    assert found.loudest[0].engagement == 900


def test_posts_that_say_the_same_are_shown_once():
    text = "The lids are leaking and three people got burned this morning at Acme Coffee"
    copies = [said(n, f"RT @someone{n}: {text} https://x.example/{n}", likes=50 - n) for n in range(30)]
    other = said(40, "refund now")
    found = gather([*copies, other], negative, limit=3)
    assert len(found.loudest) == 2
    assert len(found.first) == 2


def test_authors_are_masked_and_texts_are_clipped():
    found = gather([said(1, "w" * 5000, author_id="barista_of_the_year", url="javascript:x")], negative)
    (post,) = found.first
    assert post.author == "ba•••"
    assert len(post.text) == 280
    assert post.url is None


def test_themes_are_what_the_wave_says_and_the_others_do_not():
    wave = [
        said(n, f"acme coffee leaking lids burned {word} at work") for n, word in enumerate(("me", "him", "her") * 5)
    ]
    found = gather([*CALM, *wave], negative, brand_terms=["Acme Coffee", "@acmecoffee"])
    assert found.themes[0] == "leaking lids"
    assert "burned" in found.themes
    assert not any("acme" in theme or "work" in theme for theme in found.themes)


def test_italian_glue_is_no_theme():
    texts = ("che schifo il caffè bruciato", "questo caffè bruciato non è possibile", "ancora caffè bruciato, basta")
    found = gather([said(n, text, lang="it") for n, text in enumerate(texts)], negative, brand_terms=["acme"])
    assert found.themes[0] == "caffe bruciato"
    assert found.languages == {"it": 3}


def test_a_text_copied_a_thousand_times_does_not_drown_the_others():
    copies = [said(n, "win a free mug today") for n in range(1000)]
    wave = [said(2000 + n, f"leaking lid number {'abcdefghij'[n]}x") for n in range(10)]
    found = gather([*copies, *wave], negative)
    assert any("lid" in theme for theme in found.themes)


def test_nothing_gives_nothing():
    assert gather([], negative) == Evidence()


texts = st.text(st.characters(), max_size=80) | st.sampled_from(
    ["leaking lid", "burnt", "<!channel> &", "مرحبا", "\ud800"]
)


@given(st.lists(st.tuples(texts, st.booleans(), st.none() | st.integers(0, 10**9)), max_size=25), st.integers(0, 10**6))
def test_any_order_of_any_texts_gives_the_same_evidence(items, seed):
    mentions = [
        said(n, text, BAD if bad else FINE, likes=likes, author_followers=likes)
        for n, (text, bad, likes) in enumerate(items)
    ]
    shuffled = random.Random(seed).sample(mentions, len(mentions))
    found = gather(mentions, negative)
    assert found == gather(shuffled, negative)
    assert len(found.first) <= 3
    assert len(found.themes) <= 3
    assert sum(found.sources.values()) == sum(bad for _, bad, _ in items)
