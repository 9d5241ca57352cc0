"""What a few clicks a theme teach about real posts, measured for want of labelled ones on distant labels.

A post is taken to be about a theme if it has words of that theme and of no other, and those words are then cut out of
it: the theme is to be found in what is left. Words stand in harmless posts too, so the labels are noisy and no system
reaches 100 percent; what counts is the difference that clicks make. ``general`` are posts without any of the words.

Of each theme's posts the half that is drawn at random is held out, clicks come from the other half, and so it is with
the general posts, of which one half is what the daemon takes from its stream for what nobody has sorted. The
constants of `crisiswatch.sentiment.themes` were chosen on the posts about the airline, those to the music service are
the test; that it is a ridge regression, and no mean of the clicked texts, was chosen on both.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from crisiswatch.model import Text
from crisiswatch.sentiment.themes import Encode, ThemeFinder

__all__ = ["CLICKS", "STREAMS", "Posts", "Stream", "measure", "posts_of", "print_clicks", "taught_with"]

CLICKS = (0, 5, 20)
_MOST, _GENERAL, _WORDS = 240, 2000, 6


@dataclass(frozen=True, slots=True)
class Stream:
    """Recorded posts of one brand, the names that are hidden, and by theme the words that tell of it."""

    file: str
    names: tuple[str, ...]
    words: Mapping[str, str]
    test: bool = False


STREAMS = {
    "airline": Stream(
        "united-2017-04-06--11.jsonl.gz",
        ("united", "unitedairlines", "united airlines"),
        {
            "delivery": r"luggage|baggage|suitcase|(lost|missing|delayed|damaged) (my |our |her |his )?bags?",
            "staff": r"rude|attendants?|gate agents?|staff|crew",
            "refund": r"refund(s|ed)?|money back|reimburse(d|ment)?|vouchers?",
            "safety": r"injur(y|ed|ies)|hurt|bleeding|bloody|unsafe|concussion",
            "price": r"expensive|prices?|pricing|cheap(er)?",
        },
    ),
    "music service": Stream(
        "spotifycares-2017-q4.jsonl.gz",
        ("spotify", "spotifycares"),
        {
            "billing": r"charged|charging|billed|overcharged|payments?",
            "not-working": r"crash(es|ed|ing)?|not working|won.?t (load|play|open|work)|doesn.?t work|error|bug",
            "price": r"expensive|prices?|pricing|cheaper|discount",
            "account": r"password|log ?in|logged (in|out)|locked out|username|hacked",
            "cancellation": r"cancel(l?ed|l?ing)?|unsubscribe",
        },
        test=True,
    ),
}


@dataclass(frozen=True, slots=True, eq=False)
class Posts:
    """Vectors (n, d) of each theme's posts, and of general ones."""

    themes: Mapping[str, np.ndarray]
    general: np.ndarray


def posts_of(stream: Stream, folder: Path, encode: Encode) -> Posts:
    """Read and encode a stream; each wording once."""
    told = {theme: re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) for theme, words in stream.words.items()}
    found: dict[str, list[str]] = {theme: [] for theme in told}
    general: list[str] = []
    for text in _texts(folder / stream.file):
        about = [theme for theme, words in told.items() if words.search(text)]
        left = told[about[0]].sub(" ", text) if len(about) == 1 else text
        if len(left.split()) >= _WORDS and len(about) <= 1:
            (found[about[0]] if about else general).append(left)
    chance = np.random.default_rng(0)

    def drawn(texts: list[str], count: int) -> np.ndarray:
        chosen = [texts[row] for row in chance.permutation(len(texts))[:count]]
        vectors = encode([Text(text, "en", stream.names) for text in chosen])
        assert vectors is not None
        return np.asarray(vectors, dtype=np.float64)

    return Posts({theme: drawn(texts, _MOST) for theme, texts in found.items() if texts}, drawn(general, _GENERAL))


def _texts(path: Path) -> Iterator[str]:
    seen: set[str] = set()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            text = str(json.loads(line)["text"])
            plain = " ".join(re.sub(r"https?://\S+|@\w+|[^\w ]|\d", "", text.lower()).split())[:60]
            if plain not in seen and not text.startswith("RT "):
                seen.add(plain)
                yield text


def measure(
    folder: Path, themes: Mapping[str, Mapping[str, str]], encode: Encode, *, quick: bool = False
) -> dict[str, Any]:
    """Stream -> clicks -> figures (percent, means over draws); a stream that is not there is left out."""
    found: dict[str, Any] = {}
    base = ThemeFinder(encode, themes)
    if base.missing:
        return found
    for name, stream in STREAMS.items():
        if (folder / stream.file).exists():
            posts = posts_of(stream, folder, encode)
            draws = range(2 if quick else 10)
            found[name] = {
                "posts": {theme: len(vectors) for theme, vectors in posts.themes.items()},
                "test": stream.test,
                "clicks": {
                    str(count): _mean([taught_with(base.anew(), posts, count, draw) for draw in draws])
                    for count in CLICKS
                },
            }
    return found


def taught_with(finder: ThemeFinder, posts: Posts, clicks: int, draw: int) -> dict[str, float]:
    """Teach a finder ``clicks`` posts of each theme, and judge it on the half of them that is held out.

    ``nearest``: the theme is the nearest of all. ``given``: any theme is given; ``right``: its own is among those;
    both as means over the themes. ``general``: posts without any of the words that are given a theme.
    """
    chance = np.random.default_rng(draw)
    held: dict[str, np.ndarray] = {}
    for theme, vectors in posts.themes.items():
        order = chance.permutation(len(vectors))
        for row in order[: len(order) // 2][:clicks]:
            finder.teach(theme, vectors[row], f"{theme}:{row}")
        held[theme] = vectors[order[len(order) // 2 :]]
    order = chance.permutation(len(posts.general))
    finder.anchor(posts.general[order[: len(order) // 2]])
    nearest, given, right = [], [], []
    for theme, vectors in held.items():
        nearest.append((finder.scores(vectors).argmax(axis=1) == finder.themes.index(theme)).mean())
        said = finder.nearest_embedded(vectors)
        given.append(np.mean([bool(each) for each in said]))
        right.append(np.mean([theme in each for each in said]))
    about = finder.nearest_embedded(posts.general[order[len(order) // 2 :]])
    return {
        "nearest": 100 * float(np.mean(nearest)),
        "given": 100 * float(np.mean(given)),
        "right": 100 * float(np.mean(right)),
        "general": 100 * float(np.mean([bool(each) for each in about])),
    }


def _mean(runs: list[dict[str, float]]) -> dict[str, float]:
    return {name: float(np.mean([run[name] for run in runs])) for name in runs[0]}


def print_clicks(found: Mapping[str, Any]) -> None:
    print("\nThemes taught by clicks, on real posts with distant labels (see bench/sentiment/theme_clicks.py), percent")
    for name, each in found.items():
        posts = ", ".join(f"{count} {theme}" for theme, count in each["posts"].items())
        print(f"\n  {name} ({'test' if each['test'] else 'dev'}; half of {posts}, held out)")
        for clicks, one in each["clicks"].items():
            print(
                f"    {clicks:>2} clicks a theme: nearest {one['nearest']:.0f}, given a theme {one['given']:.0f}, "
                f"given its own {one['right']:.0f}; of general posts given a theme {one['general']:.0f}"
            )
