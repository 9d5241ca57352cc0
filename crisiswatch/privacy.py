"""Authors under names of our own making: the same account is known again, and nobody can say whose it is."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

from crisiswatch.model import Mention

__all__ = ["Pseudonyms"]

_SHOWN = 20  # hexadecimal digits: 80 bits, so that two accounts never share one


class Pseudonyms:
    """Replaces an author's id by a keyed hash (HMAC with SHA-256) of it, before anything is stored or counted.

    Without the key nobody can try out whose account it is. With another key every account gets another name.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def hide(self, mention: Mention) -> Mention:
        """The mention with its author's pseudonym; as it is where there is no author, or only a pseudonym already."""
        author = mention.author_id
        if author is None or author.startswith("hidden:"):
            return mention
        digest = hmac.new(self._key, author.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
        return replace(mention, author_id=f"hidden:{digest[:_SHOWN]}")
