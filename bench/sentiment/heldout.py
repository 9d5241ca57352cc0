"""Brands that the scorer has never heard of: what is said about them is held out, and a model trained on the rest.

No labelled tweets about a company that could be held out whole are in the data folder, so the brands are whom many of
its tweets name: a government and a party in Italian, and in English what is sold in one kind of shop, those who stand
for election, teams and musicians. Every tweet that names one is taken from
all the training files; the model that the brands then meet is trained on what is left, as the one that ships was, on
a quarter of the English tweets to be done in two minutes. It is kept in a cache folder.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.sentiment import train
from bench.sentiment.data import TRAINING, Labelled, join, load
from crisiswatch.model import Text
from crisiswatch.sentiment.lite import LiteScorer, Model
from crisiswatch.sentiment.lite import load as load_model
from crisiswatch.sentiment.lite import save as save_model

__all__ = ["BRANDS", "Brand", "Heard", "Split", "heard", "held_out", "scorer"]

_EVERY = 4  # of extra-en's tweets, one in so many is trained on
_PLAN = train.Plan(folds=3)


@dataclass(frozen=True, slots=True)
class Brand:
    """Whom texts are about: the words that name it, which are hidden from the scorer. ``test`` tells it from those by
    which the head was tuned."""

    name: str
    lang: str
    words: tuple[str, ...]
    test: bool = False


def _words(line: str) -> tuple[str, ...]:
    return tuple(line.split())


BRANDS = (
    Brand("Monti", "it", ("monti", "governo", "mariomonti"), test=True),
    Brand("electronics", "en", _words(
        "apple iphone ipad sony playstation ps4 microsoft windows xbox samsung google android nintendo amazon kindle"
    ), test=True),
    Brand("Grillo", "it", ("grillo", "beppe", "m5s", "beppegrillo")),
    Brand("politicians", "en", _words(
        "trump hillary clinton obama sanders bernie romney cameron corbyn erdogan putin gop republican republicans "
        "democrats brexit"
    )),
    Brand("teams", "en", _words(
        "chelsea arsenal liverpool manchester messi ronaldo neymar barcelona madrid juventus milan nba nfl lakers "
        "patriots packers giants cowboys"
    )),
    Brand("musicians", "en", _words(
        "bieber kanye gaga beyonce rihanna jackson directioner directioners zayn eminem metallica justin miley"
    )),
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What the base model says of a brand's texts: logits (n, 3), embeddings (n, 512), true classes (n,)."""

    brand: Brand
    texts: tuple[str, ...]
    logits: np.ndarray
    embeddings: np.ndarray
    classes: np.ndarray

    def __len__(self) -> int:
        return len(self.classes)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """What the model is trained on, what is said about each brand, and English tweets that it has not seen."""

    rest: Labelled
    brands: dict[str, Labelled]
    unseen: Labelled


def held_out(folder: Path) -> Split:
    """Share the tweets out; one that names two brands is the first one's. A brand's tweets are in its language."""
    data = join([load(folder, name) for name in TRAINING])
    free = np.ones(len(data), dtype=bool)
    brands = {}
    for brand in BRANDS:
        named = re.compile(rf"(?<!\w)(?:{'|'.join(brand.words)})(?!\w)", re.IGNORECASE)
        theirs = np.array([bool(named.search(text)) for text in data.texts])
        brands[brand.name] = data.subset(np.flatnonzero(theirs & free & (data.langs == brand.lang)))
        free &= ~theirs
    english = free & (data.sources == "extra-en")
    kept = np.cumsum(english) % _EVERY == 0
    return Split(
        data.subset(np.flatnonzero(free & (~english | kept))), brands, data.subset(np.flatnonzero(english & ~kept))
    )


def heard(split: Split, cache: Path | None = None) -> list[Heard]:
    """Every brand as the model hears it that was trained without them all."""
    base = scorer(split, cache)
    found = []
    for brand in BRANDS:
        theirs = split.brands[brand.name]
        logits, vectors = base.logits_and_vectors([Text(text, brand.lang, brand.words) for text in theirs.texts])
        assert vectors is not None, base.reduced
        found.append(Heard(brand, theirs.texts, logits.astype(float), vectors.astype(float), theirs.labels))
    return found


def scorer(split: Split, cache: Path | None = None) -> LiteScorer:
    """The default scorer, trained on what is left; trained once, and kept in the cache folder."""
    return LiteScorer(model=_model(split.rest, cache))


def _model(rest: Labelled, cache: Path | None) -> Model:
    digest = hashlib.sha256("\n".join(rest.texts).encode()).hexdigest()[:16]
    folder = cache or Path(tempfile.gettempdir()) / "crisiswatch-sentiment"
    path = folder / f"held-out-{digest}.npz"
    if not path.exists():
        made = train.learn(rest, {lang: dict(words) for lang, words in load_model().word_scores.items()}, cache, _PLAN)
        folder.mkdir(parents=True, exist_ok=True)
        save_model(made, path)
    return load_model(path)
