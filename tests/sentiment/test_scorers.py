from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.model import Sentiment, Text
from crisiswatch.sentiment import NullScorer, VaderScorer, mask, scorer, scorer_names
from crisiswatch.sentiment.vader import MODEL, probabilities

any_text = st.text(st.characters(codec=None, exclude_categories=()))


@given(st.integers(-10_000, 10_000))
def test_the_label_is_what_the_authors_of_vader_would_say(steps: int) -> None:
    compound = steps / 10_000
    score = probabilities(compound)
    label = Sentiment.NEGATIVE if compound <= -0.05 else Sentiment.POSITIVE if compound >= 0.05 else Sentiment.NEUTRAL
    assert score.label is label
    assert score.negative + score.neutral + score.positive == pytest.approx(1.0)
    assert min(score.negative, score.neutral, score.positive) >= 0


@given(st.integers(0, 9_999))
def test_a_stronger_compound_never_gets_a_smaller_probability(steps: int) -> None:
    assert probabilities(-(steps + 1) / 10_000).negative >= probabilities(-steps / 10_000).negative
    assert probabilities((steps + 1) / 10_000).positive >= probabilities(steps / 10_000).positive


def test_vader_tells_english_anger_from_praise() -> None:
    bad, good, flat = VaderScorer().score(
        [Text("This is a horrible disgusting disaster"), Text("I love it, thank you!"), Text("The shop is in Rome")]
    )
    assert (bad.label, good.label, flat.label) == (Sentiment.NEGATIVE, Sentiment.POSITIVE, Sentiment.NEUTRAL)
    assert bad.model == MODEL == "vader-3.3.2"


def test_a_brand_word_does_not_sway_the_score() -> None:
    plain, hidden = VaderScorer().score([Text("flying United today"), Text("flying United today", None, ("united",))])
    assert plain.label is Sentiment.POSITIVE
    assert hidden.label is Sentiment.NEUTRAL


@given(any_text)
def test_no_text_makes_vader_raise(text: str) -> None:
    (score,) = VaderScorer().score([Text(text, None, ("acme", text[:20]))])
    assert score.negative + score.neutral + score.positive == pytest.approx(1.0)


def test_a_huge_text_is_cut_before_scoring() -> None:
    (score,) = VaderScorer().score([Text("fine " * 4_000 + "horrible disaster " * 300_000)])
    assert score.label is Sentiment.POSITIVE


@pytest.mark.parametrize(
    ("text", "terms", "expected"),
    [
        ("@united lost my bag, @bob", (), "it lost my bag, it"),
        ("see https://t.co/x and WWW.acme.com/love now", (), "see   and   now"),
        ("United airlines, #UNITED; reunited", ("united", "united airlines"), "it, it; reunited"),
        ("#Acme-Coffee is acme  coffee", ("Acme Coffee",), "it is it"),
        ("Caffè Acme o caffe acme", ("caffè acme",), "it o it"),
        ("我爱可口可乐啊", ("可口可乐",), "我爱it啊"),
        ("a+b (c)", ("!!!", "(c)"), "a+b (it)"),
    ],
)
def test_names_addresses_and_brand_words_are_hidden(text: str, terms: tuple[str, ...], expected: str) -> None:
    assert mask(text, terms) == expected


def test_the_null_scorer_calls_everything_neutral() -> None:
    assert [score.label for score in NullScorer().score([Text("horrible"), Text("")])] == [Sentiment.NEUTRAL] * 2


def test_scorers_are_made_by_name() -> None:
    assert isinstance(scorer("vader"), VaderScorer)
    assert isinstance(scorer("none"), NullScorer)
    assert {"none", "vader"} <= set(scorer_names())


def test_an_unknown_scorer_is_refused_with_the_names_that_exist() -> None:
    with pytest.raises(LookupError, match=r"no sentiment scorer 'vadder'; known are lite, none, vader"):
        scorer("vadder")


def test_a_plug_in_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import EntryPoint

    from crisiswatch.sentiment import registry

    point = EntryPoint("mine", "crisiswatch.sentiment.null:NullScorer", "crisiswatch.scorers")
    monkeypatch.setattr(registry, "entry_points", lambda **_: [point])
    assert isinstance(scorer("mine"), NullScorer)
    assert scorer_names() == ("lite", "mine", "none", "vader")


def test_the_lexicon_is_not_read_before_somebody_scores() -> None:
    code = "import sys, crisiswatch.sentiment; sys.exit('vaderSentiment' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
