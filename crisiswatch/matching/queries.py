"""A brand's terms as queries in X's search language, each short enough to be accepted.

``("acme coffee" OR @acme OR #acme) -"acme anvils" -from:acme -is:retweet -is:nullcast (lang:it OR lang:und)``: a space
is AND and binds tighter than OR, so the OR group is bracketed; a group can't be negated, so every exclusion stands
alone; retweets are excluded because the search has none since May 2026 and the counts still do.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["LIMIT", "QueryError", "compile_queries", "validate_query"]

LIMIT = 512
"""Characters of a query that X takes with self-serve access; with Enterprise it is 4,096."""

_HANDLE = re.compile(r"@([A-Za-z0-9_]{1,15})")
_HASHTAG = re.compile(r"#\w*[^\W\d]\w*")
_CASHTAG = re.compile(r"\$[A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?")
_WORD = re.compile(r"\w+")
_ALWAYS = ("-is:retweet", "-is:nullcast")
_TOKEN = re.compile(r'\s*(-?(?:[a-z_]+:)?"[^"]*"|-?\(|\)|[^\s()"]+(?:"[^"]*")?)')
_NOT_ALONE = re.compile(r"(?:is|has|lang|min_likes|min_replies|min_reposts|sample):")


class QueryError(ValueError):
    """No query can be made of this: ``wrong`` says why and ``remedy`` what to do, both for a person."""

    def __init__(self, wrong: str, remedy: str) -> None:
        self.wrong = wrong
        self.remedy = remedy
        super().__init__(wrong)


@dataclass(frozen=True, slots=True)
class _Parts:
    wanted: tuple[str, ...]
    rest: str


def compile_queries(
    terms: Iterable[str],
    *,
    handles: Sequence[str] = (),
    none: Iterable[str] = (),
    languages: Sequence[str] = (),
    without: Sequence[str] = (),
    limit: int = LIMIT,
) -> tuple[str, ...]:
    """The queries that together find every post with one of ``terms`` or ``handles``, and none of those in ``none``.

    ``handles`` are the brand's own accounts (``@acme``): whoever names them is found, and what they post is not.
    ``languages`` (ISO 639-1) narrow the search; posts too short for X to tell are kept. ``without``: handles whose
    mentions are read elsewhere and left out here. Terms are spread over as few queries as ``limit`` allows, in their
    order and never split. Raises `QueryError`.
    """
    left_out = {name.casefold() for name in without}
    parts = _Parts(
        _unique(
            written for term in (*handles, *terms) for written in _positive(term) if written.casefold() not in left_out
        ),
        " ".join(
            [
                *(f"-{written}" for term in none for written in [_operand(term)] if written),
                *(f"-{name}" for name in without),
                *(f"-from:{name}" for name in _names(handles)),
                *_ALWAYS,
                *_languages(languages),
            ]
        ),
    )
    if not parts.wanted:
        if left_out:
            return ()
        raise QueryError("there is nothing to search for", "give the brand a name or terms with letters or digits")
    return tuple(_packed(parts, limit))


def validate_query(query: str, limit: int = LIMIT) -> None:
    """Raise `QueryError` for a query written by hand that X is known to refuse."""
    if len(query) > limit:
        raise QueryError(
            f"the query has {len(query)} characters, and X takes {limit}",
            "shorten it, or set `query_limit: 4096` if X has given you that",
        )
    if query.count('"') % 2:
        raise QueryError("a quotation mark of the query is never closed", 'write a phrase as "two words"')
    tokens = _TOKEN.findall(query)
    if "-(" in tokens:
        raise QueryError("the query negates a group, which X refuses", "negate each part: -one -two")
    if not _balanced(tokens):
        raise QueryError("the brackets of the query do not match", "close every ( with a )")
    if not any(_stands_alone(token) for token in tokens):
        raise QueryError(
            "the query only excludes and narrows, which X refuses", "add a word, a phrase, a #hashtag or an @account"
        )


def _balanced(tokens: Iterable[str]) -> bool:
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if depth < 0:
            return False
    return depth == 0


def _stands_alone(token: str) -> bool:
    """Whether this part finds something by itself."""
    return token not in {"(", ")", "OR", "AND"} and not token.startswith("-") and not _NOT_ALONE.match(token)


def _packed(parts: _Parts, limit: int) -> Iterable[str]:
    """Queries as long as they may be, first come first in."""
    room = limit - len(parts.rest) - len("() ")
    group: list[str] = []
    length = 0
    for term in parts.wanted:
        if len(term) > room:
            raise QueryError(
                f"the term {term[:40]!r} and what every query excludes are longer than the {limit} characters X takes",
                "shorten the term or have fewer `none` terms, or set `query_limit: 4096` if X has given you that",
            )
        more = len(term) + (len(" OR ") if group else 0)
        if length + more > room:
            yield _query(group, parts.rest)
            group, length, more = [], 0, len(term)
        group.append(term)
        length += more
    yield _query(group, parts.rest)


def _query(group: Sequence[str], rest: str) -> str:
    return f"({' OR '.join(group)}) {rest}" if len(group) > 1 else f"{group[0]} {rest}"


def _positive(term: str) -> Iterable[str]:
    """What finds a term: a handle is also looked for as a plain word, because people leave the @ out."""
    handle = _HANDLE.fullmatch(term.strip())
    if handle is not None:
        return (handle[0], _operand(handle[1]))
    written = _operand(term)
    return (written,) if written else ()


def _operand(term: str) -> str:
    """A term as X's search takes it; empty where it has neither letter nor digit."""
    term = " ".join(term.replace('"', " ").replace("\\", " ").split())
    if not any(character.isalnum() for character in term):
        return ""
    if any(form.fullmatch(term) for form in (_HANDLE, _HASHTAG, _CASHTAG)):
        return term
    if _WORD.fullmatch(term) and term.upper() not in {"OR", "AND", "NOT"}:
        return term
    return f'"{term}"'


def _names(handles: Iterable[str]) -> Iterable[str]:
    return _unique(match[1] for handle in handles if (match := _HANDLE.fullmatch(handle.strip())))


def _languages(languages: Sequence[str]) -> Iterable[str]:
    if not languages:
        return ()
    # X calls the language of a picture with two words "und"; to leave those out costs more than they cost.
    return (f"({' OR '.join(f'lang:{name}' for name in _unique((*languages, 'und')))})",)


def _unique(terms: Iterable[str]) -> tuple[str, ...]:
    """Each once, as first written: the search does not tell capitals from small letters."""
    first: dict[str, str] = {}
    for term in terms:
        first.setdefault(term.casefold(), term)
    return tuple(first.values())
