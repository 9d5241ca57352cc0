"""Which language a text is in: what the platform says, else its script, else py3langid's model among the configured."""

from __future__ import annotations

import lzma
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

import numpy as np

from crisiswatch.sentiment.lite.identifier import Identifier, load_identifier

__all__ = ["LANGUAGES", "LanguageFinder", "primary"]

LANGUAGES = ("it", "en", "es", "fr", "de", "pt", "ar", "hi")
"""The languages that the shipped model knows, as ISO 639-1."""

_RENAMED = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro"}  # withdrawn codes that platforms still send
_NOTHING = frozenset({"und", "mul", "zxx", "mis", "qam", "qct", "qht", "qme", "qst", "art", "unknown", "none", ""})
_THREE_LETTERS = {
    "ita": "it", "eng": "en", "spa": "es", "fra": "fr", "fre": "fr", "deu": "de", "ger": "de", "por": "pt",
    "ara": "ar", "hin": "hi",
}  # fmt: skip
_LETTER = re.compile(r"[^\W\d_]")
_SCRIPTS = {
    "ar": re.compile("[\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufefc]"),
    "hi": re.compile("[\u0900-\u097f]"),
}
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]")
_READ = 1_000  # characters


def primary(tag: str | None) -> str | None:
    """The language of a BCP 47 tag (``en-GB`` and ``en_GB`` are ``en``), or None when the tag says nothing.

    Withdrawn codes become today's; ``und`` and the private codes of platforms (``qme``, ``zxx``) say nothing.
    """
    if not tag:
        return None
    code = re.split(r"[-_]", tag.strip().lower(), maxsplit=1)[0]
    if code in _NOTHING or not code.isascii() or not code.isalpha() or not 2 <= len(code) <= 3:
        return None
    return _RENAMED.get(code, _THREE_LETTERS.get(code, code))


class LanguageFinder:
    """Finds a text's language among some configured ones (at least one). Safe to share between threads.

    What tells languages apart is loaded when a text first needs it: a tenth of a second, or half of one and some tens
    of megabytes where a language is configured that our cut of py3langid's model does not have.
    """

    def __init__(self, languages: Iterable[str] = LANGUAGES) -> None:
        codes = tuple(dict.fromkeys(code for each in languages if (code := primary(each))))
        if not codes:
            raise ValueError("no language to choose from")
        self.languages = codes

    def find(self, text: str, tag: str | None = None) -> str | None:
        """ISO 639-1 of the text; None when nothing tells. A usable tag is believed, though it be no configured one."""
        told = primary(tag)
        if told:
            return told
        text = text[:_READ]
        if not text.isascii():
            letters = len(_LETTER.findall(text))
            for lang, script in _SCRIPTS.items():
                if 2 * len(script.findall(text)) > letters:
                    return lang
            if not letters or 2 * len(_LATIN.findall(text)) < letters:
                return None
        elif not _LETTER.search(text):
            return None
        among = tuple(lang for lang in self.languages if lang not in _SCRIPTS)
        if len(among) < 2:
            return among[0] if among else None
        return _identify(text, among)


def _identify(text: str, among: tuple[str, ...]) -> str | None:
    return _classify(among)(text)


@lru_cache(maxsize=4)
def _classify(among: tuple[str, ...]) -> Callable[[str], str]:
    """What tells ``among`` apart: our cut of py3langid, or all of it for languages that are not in the cut."""
    ours = _ours()
    if ours is not None and set(among) <= set(ours.languages):
        return ours.among(among).classify
    whole = _identifier(among)
    return lambda text: str(whole.classify(text)[0])


@lru_cache(maxsize=1)
def _ours() -> Identifier | None:
    try:
        return load_identifier()
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error):
        return None  # py3langid has all that is in it


def _identifier(among: tuple[str, ...]) -> Any:
    """py3langid restricted to ``among``; what it does not know is left out.

    Its file is read here and not by its own loader, which holds everything twice while it loads and keeps the tables
    of all its languages: beside the encoder that peaks at 266 MB, this at 218.
    """
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier

    with tempfile.TemporaryFile() as whole:
        with lzma.open(MODEL_DIR / MODEL_FILE) as packed:
            shutil.copyfileobj(packed, whole, 1 << 20)
        whole.seek(0)
        with np.load(whole, allow_pickle=False) as held:
            labels = held["classes"].tolist()
            columns = [index for index, label in enumerate(labels) if label in among] or list(range(len(labels)))
            scores = held["ptc"][:, columns].astype(np.float32)
            return LanguageIdentifier(
                scores,
                held["pc"][columns],
                [labels[index] for index in columns],
                memoryview(held["nextmove"]),
                held["out_feat"].tolist(),
                tk_row=held["nextmove_row"].tolist(),
            )
