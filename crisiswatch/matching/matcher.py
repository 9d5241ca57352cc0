"""Finds the brands a text is about, and words in a text: one pass of an Aho-Corasick automaton over padded words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from crisiswatch.matching.normalise import normalise
from crisiswatch.model import Mention

__all__ = ["BrandTerms", "Matcher", "WordFilter"]

_FEW = 16  # up to here, plain substring searches are faster than an automaton


@dataclass(frozen=True, slots=True)
class BrandTerms:
    """What stands for a brand in a text.

    ``handles`` and ``any`` (name, aliases, hashtags; a leading ``@`` or ``#`` does not matter) make a text a mention of
    the brand, unless one of ``none`` stands in it too. ``mask`` are further words to hide from the sentiment scorer.
    """

    id: str
    handles: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    mask: tuple[str, ...] = ()


class Matcher:
    """Tells which of many brands a text is about.

    A brand counts when one of its terms stands in the text as a whole word (or words in a row) and none of its
    exclusions does; an exclusion outweighs everything, a handle and the channel too. Terms without a letter or digit
    match nothing. Time grows with the text, hardly with the number of terms.
    """

    def __init__(self, brands: Sequence[BrandTerms]) -> None:
        self._ids = tuple(brand.id for brand in brands)
        self._known = frozenset(self._ids)
        self._mask = {brand.id: _mask_of(brand) for brand in brands}
        self._channels: dict[str, list[int]] = {}
        terms: dict[str, tuple[list[int], list[int]]] = {}
        for index, brand in enumerate(brands):
            for pattern in _patterns(brand.handles):
                self._channels.setdefault(pattern, []).append(index)
            for pattern in _patterns((*brand.handles, *brand.any)):
                terms.setdefault(pattern, ([], []))[0].append(index)
            for pattern in _patterns(brand.none):
                terms.setdefault(pattern, ([], []))[1].append(index)
        self._meanings = [(tuple(wanted), tuple(unwanted)) for wanted, unwanted in terms.values()]
        self._find = AhoCorasick(list(terms)).find_matches_as_indexes if terms else None

    def brands_of(self, text: str, *, channel: str | None = None) -> tuple[str, ...]:
        """The ids of the brands ``text`` is about, in the order the brands were given; empty if it is about none.

        ``channel`` (a page, a community) counts for a brand when it is one of the brand's handles.
        """
        return self.brands_in(normalise(text), channel=channel)

    def brands_in(self, normalised: str, *, channel: str | None = None) -> tuple[str, ...]:
        """The same for a text that went through `normalise` already."""
        if self._find is None:
            return ()
        # Overlapping, because two neighbouring words share the space between them.
        hits = self._find(normalised, overlapping=True)
        if not hits and channel is None:
            return ()
        wanted: set[int] = set()
        unwanted: set[int] = set()
        if channel is not None:
            wanted.update(self._channels.get(normalise(channel), ()))
        for pattern in {hit[0] for hit in hits}:
            about, not_about = self._meanings[pattern]
            wanted.update(about)
            unwanted.update(not_about)
        return tuple(self._ids[index] for index in sorted(wanted - unwanted))

    def brands_of_mention(self, mention: Mention) -> tuple[str, ...]:
        """The brands of a mention: the one its source knows (none if not ours), else by text and channel."""
        if mention.brand is not None:
            return (mention.brand,) if mention.brand in self._known else ()
        return self.brands_of(mention.text, channel=mention.channel)

    def mask_terms(self, brands: Iterable[str]) -> tuple[str, ...]:
        """Every term of these brands, to be hidden from a sentiment scorer; unknown ids are passed over."""
        found = [self._mask[brand] for brand in brands if brand in self._mask]
        return found[0] if len(found) == 1 else tuple(dict.fromkeys(term for terms in found for term in terms))


class WordFilter:
    """Whether any of some words or phrases stands in a text; no words, no hit."""

    def __init__(self, words: Iterable[str]) -> None:
        self._patterns = _patterns(words)
        many = len(self._patterns) > _FEW
        self._find = AhoCorasick(list(self._patterns)).find_matches_as_indexes if many else None

    def hits(self, normalised: str) -> bool:
        """``normalised`` is what `normalise` gave for the text; it is made once and asked many times."""
        if self._find is not None:
            return bool(self._find(normalised))
        return any(pattern in normalised for pattern in self._patterns)


def _patterns(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms as they look in a normalised text, each once, without those that are empty."""
    return tuple(dict.fromkeys(pattern for term in terms if (pattern := normalise(term)) != " "))


def _mask_of(brand: BrandTerms) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*brand.handles, *brand.any, *brand.mask)))
