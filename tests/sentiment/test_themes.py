"""Themes by described labels: found without a label, taught by clicks, which can be taken back."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from crisiswatch.model import Text
from crisiswatch.sentiment.lite import encoder
from crisiswatch.sentiment.themes import BadThemesError, Taught, Theme, ThemeFinder, load_themes
from tests.support import require

WORDS = ("parcel", "late", "bill", "charged", "rude", "staff", "weather", "song")
THEMES = {
    "delivery": {"en": "parcel late"},
    "billing": {"en": "bill charged"},
    "staff": {"en": "rude staff"},
}


def encode(texts):
    """A vector of counts of a few words, and of how long the text is: what all texts share."""
    made = np.array([[*(text.text.split().count(word) for word in WORDS), 2.0] for text in texts], dtype=np.float32)
    return made / np.linalg.norm(made, axis=1, keepdims=True) if len(texts) else np.zeros((0, 9), dtype=np.float32)


def vector(text):
    return encode([Text(text)])[0]


@pytest.fixture
def finder():
    return ThemeFinder(encode, THEMES)


def ids(finder, *texts, learn=False):
    return [theme and theme.id for theme in finder.find([Text(text) for text in texts], learn=learn)]


def test_a_text_gets_the_theme_that_is_nearest_or_none(finder):
    said = ids(finder, "my parcel is late", "you charged my bill twice", "rude", "lovely weather, a song", "hello")
    assert said == ["delivery", "billing", "staff", None, None]


def test_a_text_between_two_themes_has_none(finder):
    assert ids(finder, "parcel bill") == [None]
    assert ids(ThemeFinder(encode, THEMES, margin=0.0), "parcel bill") != [None]


def test_score_and_margin_are_told(finder):
    (theme,) = finder.find([Text("parcel late")])
    assert isinstance(theme, Theme)
    assert 0.9 < theme.score <= 1.0
    assert 0 < theme.margin <= 2.0


def test_without_an_encoder_there_are_no_themes_and_it_says_so():
    finder = ThemeFinder(lambda _: None, THEMES)
    assert finder.find([Text("my parcel is late"), Text("")]) == [None, None]
    assert "no sentence encoder" in finder.missing
    assert json.loads(json.dumps(finder.state()))["mean"] is None


def test_with_an_encoder_nothing_is_missing_and_no_texts_have_no_themes(finder):
    assert finder.missing is None
    assert finder.find([]) == []
    assert finder.themes == ("billing", "delivery", "staff")


def test_what_somebody_taught_moves_a_theme(finder):
    text = "a song about the weather"
    before = finder.scores(encode([Text(text)]))[0]
    assert ids(finder, text) == [None]
    for number in range(4):
        finder.teach("staff", vector("song weather"), key=f"feed:{number}")
    assert ids(finder, text) == ["staff"]
    assert ids(finder, "rude staff", "parcel late") == ["staff", "delivery"]
    assert finder.taught[0] == Taught("feed:0", "staff")
    for number in (2, 0, 3, 1):
        assert finder.undo(f"feed:{number}")
    assert not finder.undo("feed:0")
    assert finder.taught == ()
    assert (finder.scores(encode([Text(text)]))[0] == before).all()


def test_the_same_text_taught_again_is_taught_once(finder):
    finder.teach("staff", vector("song"), key="feed:1")
    finder.teach("billing", vector("song"), key="feed:1")
    assert finder.taught == (Taught("feed:1", "billing"),)


def test_the_order_of_clicks_changes_nothing():
    one, other = ThemeFinder(encode, THEMES), ThemeFinder(encode, THEMES)
    taught = [("staff", "song", "a"), ("staff", "weather late", "b"), ("staff", "bill rude", "c")]
    for finder, clicks in ((one, taught), (other, taught[::-1])):
        for theme, text, key in clicks:
            finder.teach(theme, vector(text), key)
    some = encode([Text("rude song"), Text("late bill")])
    assert (one.scores(some) == other.scores(some)).all()


@pytest.mark.parametrize(
    ("theme", "embedding", "error"),
    [
        ("nothing", np.ones(9), KeyError),
        ("staff", np.ones(8), ValueError),
        ("staff", np.ones((1, 9)), ValueError),
        ("staff", np.zeros(9), ValueError),
        ("staff", np.full(9, np.nan), ValueError),
    ],
)
def test_what_cannot_be_taught_is_refused(finder, theme, embedding, error):
    with pytest.raises(error):
        finder.teach(theme, embedding, key="feed:1")
    assert finder.taught == ()


def test_what_a_stream_shares_is_taken_away():
    """Every mention of this brand speaks of a song: after a while that says nothing about the theme."""
    finder = ThemeFinder(encode, THEMES)
    before = finder.find([Text("song song parcel")], learn=False)[0]
    for _ in range(10):
        finder.find([Text("song song"), Text("song song weather")] * 20)
    after = finder.find([Text("song song parcel")], learn=False)[0]
    assert before.id == after.id == "delivery"
    assert after.score > before.score + 0.05


def test_the_order_within_a_batch_changes_nothing_and_looking_alone_neither():
    batch = [Text(text) for text in ("parcel late", "bill", "song", "rude weather", "late bill")]
    one, other = ThemeFinder(encode, THEMES), ThemeFinder(encode, THEMES)
    assert one.find(batch) == other.find(batch[::-1])[::-1]
    some = encode([Text("parcel song")])
    assert one.scores(some) == pytest.approx(other.scores(some))
    state = one.state()
    one.find(batch, learn=False)
    assert one.state() == state


def test_a_stream_forgets_slowly():
    finder = ThemeFinder(encode, THEMES)
    some = encode([Text("parcel late")])
    finder.find([Text("song")] * 20_000)
    finder.find([Text("weather")] * 100)
    now = finder.scores(some)
    finder.find([Text("weather")] * 20_000)
    assert not np.allclose(now, finder.scores(some), atol=0.01)


def test_what_was_saved_goes_on_alike():
    one = ThemeFinder(encode, THEMES)
    one.find([Text("song parcel")] * 7)
    one.teach("staff", vector("weather"), key="feed:1")
    other = ThemeFinder(encode, THEMES)
    assert other.restore(json.loads(json.dumps(one.state()))) == 0
    assert other.state() == one.state()
    some = encode([Text("parcel weather")])
    assert (one.scores(some) == other.scores(some)).all()
    assert one.find([Text("late song")]) == other.find([Text("late song")])


def test_a_saved_state_meets_other_themes_another_encoder_or_none():
    one = ThemeFinder(encode, THEMES)
    one.find([Text("song")] * 3)
    one.teach("staff", vector("rude"), key="feed:1")
    state = one.state()
    assert ThemeFinder(encode, {"delivery": {"en": "parcel"}, "other": {"en": "song"}}).restore(state) == 1
    assert ThemeFinder(lambda texts: encode(texts)[:, :5], THEMES).restore(state) == 1
    without = ThemeFinder(lambda _: None, THEMES)
    assert without.restore(state) == 0
    assert without.state() == state


@pytest.mark.parametrize(
    "change",
    [
        {"version": 9},
        {"mean": "???"},
        {"taught": [["a", "staff"]]},
        {"taught": [["a", "staff", "AAAAfw=="], ["b", "staff", "AADAfw=="]]},
        {"seen": None},
    ],
)
def test_a_damaged_state_is_refused_and_changes_nothing(finder, change):
    finder.teach("staff", vector("rude"), key="feed:1")
    state = finder.state()
    with pytest.raises(ValueError):
        finder.restore(state | change)
    with pytest.raises(ValueError):
        finder.restore({})
    assert finder.state() == state


def test_one_theme_alone_needs_no_lead():
    finder = ThemeFinder(encode, {"delivery": {"en": "parcel late"}})
    (theme,) = finder.find([Text("parcel")])
    assert theme.id == "delivery"
    assert theme.margin == theme.score


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no theme"),
        ("[a]", "no theme"),
        ("Delivery Late:\n  en: x", "'Delivery Late'"),
        ("delivery:", "delivery has no sentence"),
        ("delivery: late", "delivery has no sentence"),
        ("delivery:\n  en:", "'en'"),
        ("delivery:\n  no: levering", "False"),
        ("a: b: c", "no themes can be read"),
    ],
)
def test_a_file_of_themes_that_is_none_is_refused_by_name(tmp_path: Path, text, says):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadThemesError, match=r"mine\.yaml") as error:
        load_themes(path)
    assert says in str(error.value)
    with pytest.raises(BadThemesError):
        load_themes(tmp_path / "absent.yaml")


def test_the_themes_that_ship_speak_both_languages():
    themes = load_themes()
    assert len(themes) == 10
    assert all(set(said) == {"it", "en"} for said in themes.values())


def test_the_themes_that_ship_find_plain_sentences_across_languages():
    require(encoder().missing is None, "needs the sentence encoder")
    from crisiswatch.sentiment.lite import LiteScorer

    finder = ThemeFinder(LiteScorer().embed, load_themes())
    said = ids(
        finder, "Vorrei indietro i soldi", "I was charged twice", "mein Paket ist nicht angekommen", "Buongiorno"
    )
    assert said == ["refund", "billing", "delivery", None]
