"""The program's own words in an alert, by its language; in any other they are English."""

from __future__ import annotations

import re
from collections.abc import Mapping

from crisiswatch.alerts.phrases_en import ENGLISH
from crisiswatch.alerts.phrases_it import ITALIAN

__all__ = ["phrase"]

_GAP = re.compile(r"\{(\w+)\}")
_BY_LANGUAGE: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "it": ITALIAN}


def phrase(lang: str, key: str, **values: str) -> str:
    """The phrase `key` with its gaps filled; nothing for a key there is no phrase for."""
    words = _BY_LANGUAGE.get(lang, ENGLISH).get(key, "")
    return _GAP.sub(lambda gap: values.get(gap[1], gap[0]), words)
