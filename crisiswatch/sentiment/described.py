"""Themes as they are described: sentences to find them by, and what they are called when people are told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import yaml

__all__ = ["SHIPPED_NAMES", "Described", "name_of", "shipped_themes"]

_SHIPPED = Path(__file__).with_name("themes.yaml")

SHIPPED_NAMES: dict[str, dict[str, str]] = {
    "delivery": {"en": "late or lost deliveries", "it": "consegne in ritardo o smarrite"},
    "billing": {"en": "wrong bills and charges", "it": "fatture e addebiti sbagliati"},
    "not-working": {"en": "service not working", "it": "servizio che non funziona"},
    "staff": {"en": "rude staff", "it": "personale scortese"},
    "refund": {"en": "refunds", "it": "rimborsi"},
    "safety": {"en": "safety and health", "it": "sicurezza e salute"},
    "price": {"en": "high prices", "it": "prezzi alti"},
    "quality": {"en": "poor quality", "it": "qualità scadente"},
    "account": {"en": "account and login", "it": "account e accesso"},
    "cancellation": {"en": "cancellations", "it": "disdette"},
}
"""What the themes that ship are called."""


@dataclass(frozen=True, slots=True)
class Described:
    """One theme: ``sentences`` and ``names`` by language."""

    id: str
    sentences: Mapping[str, str]
    names: Mapping[str, str] = field(default_factory=dict)


def shipped_themes() -> dict[str, Described]:
    """The themes that ship, by id."""
    return dict(_shipped())


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Described]:
    held = yaml.safe_load(_SHIPPED.read_text(encoding="utf-8"))
    return {theme: Described(theme, said, SHIPPED_NAMES.get(theme, {})) for theme, said in held.items()}


def name_of(theme: str, themes: Mapping[str, Described], lang: str = "en") -> str:
    """What a theme is called in a language; else in English, else in any; else its id with spaces."""
    names = themes[theme].names if theme in themes else {}
    return names.get(lang) or names.get("en") or next(iter(names.values()), "") or theme.replace("-", " ")
