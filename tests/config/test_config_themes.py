"""Themes in the configuration: those that ship, the user's own, and rules that name them."""

from __future__ import annotations

from pathlib import Path

import pytest

from crisiswatch.config import load
from crisiswatch.errors import ConfigError
from crisiswatch.model import Level
from crisiswatch.rules.model import Condition
from tests.sentiment.heavy_model import make_folder

OWN = """
version: 1
themes:
  - id: allergens
    name: {it: allergeni, en: allergens}
    sentences:
      it: Nel prodotto c'è un allergene che non è scritto sull'etichetta.
  - id: price
    sentences: {en: You have become too dear.}
leave_out: [cancellation]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "alerts").mkdir()
    write(tmp_path)
    (tmp_path / "alerts" / "a.yaml").write_text(
        "alert: a\nopened: {headline: '{brand}: {theme}', summary: '{count}'}\n"
    )
    rules(tmp_path, "flags: [complaint], severity: [safety, recall], themes: [delivery]")
    return tmp_path


def write(folder: Path, more: str = "") -> None:
    (folder / "crisiswatch.yaml").write_text(
        "version: 1\nbrands: [{id: acme, name: Acme}]\nsources: [{id: f, type: files, path: in}]\n"
        f"receivers: [{{id: c, type: console}}]\nroutes: [{{receivers: [c]}}]\n{more}"
    )


def rules(folder: Path, filter_: str, lines: str = "count: {at_least: 2}") -> None:
    (folder / "rules" / "r.yaml").write_text(
        f"version: 1\nrules:\n  - id: r\n    title: R\n    mentions: {{{filter_}}}\n    window: 15m\n"
        f"    levels: {{watch: {{{lines}}}}}\n    alert: a\n"
    )


def problems(folder: Path) -> list[tuple[str, str, str]]:
    try:
        found = load(folder / "crisiswatch.yaml").problems
    except ConfigError as error:
        found = tuple(error.problems)
    return [(problem.code, problem.message, problem.hint) for problem in found]


def test_a_rule_counts_by_flags_grave_words_and_themes(folder):
    rules(
        folder,
        "flags: [complaint], severity: [safety, recall], themes: [delivery]",
        "complaints: {at_least: 5}, questions: {at_most: 9}, severity: {at_least: 2.5}",
    )
    (rule,) = load(folder / "crisiswatch.yaml").ruleset.rules
    wanted = rule.mentions
    assert (wanted.flags, wanted.severity, wanted.themes) == (("complaint",), ("safety", "recall"), ("delivery",))
    ((level, block),) = rule.levels
    assert level is Level.WATCH
    assert block.conditions == (
        Condition("complaints", "at_least", 5.0),
        Condition("questions", "at_most", 9.0),
        Condition("severity", "at_least", 2.5),
    )


@pytest.mark.parametrize(
    ("filter_", "code", "hint"),
    [
        ("flags: [complain]", "CW022", "did you mean `complaint`?"),
        ("severity: [safty]", "CW022", "did you mean `safety`?"),
        ("themes: [deliveries]", "CW064", "did you mean `delivery`?"),
        ("flags: complaint", "CW021", "write [complaint]"),
    ],
)
def test_a_name_that_is_not_known_gets_a_hint(folder, filter_, code, hint):
    rules(folder, filter_)
    ((found, _, said),) = problems(folder)
    assert (found, said) == (code, hint)


def test_themes_of_ones_own_stand_beside_those_that_ship(folder):
    (folder / "themes.yaml").write_text(OWN)
    themes = load(folder / "crisiswatch.yaml").themes
    assert "cancellation" not in themes
    assert "delivery" in themes
    assert themes["allergens"].names == {"it": "allergeni", "en": "allergens"}
    assert themes["price"].sentences == {"en": "You have become too dear."}, "one's own replaces the one that ships"
    rules(folder, "themes: [allergens]")
    assert problems(folder) == []
    rules(folder, "themes: [cancellation]")
    assert [code for code, _, _ in problems(folder)] == ["CW064"]


def test_a_changed_theme_is_a_changed_configuration(folder):
    before = load(folder / "crisiswatch.yaml").fingerprint
    (folder / "themes.yaml").write_text(OWN)
    assert load(folder / "crisiswatch.yaml").fingerprint != before


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("themes: [{id: a}]", "CW020"),
        ("themes: [{id: a, sentences: {}}]", "CW024"),
        ("themes: [{id: a, sentences: {english: hello}}]", "CW030"),
        ("themes: [{id: a b, sentences: {en: hello}}]", "CW027"),
        ("themes: [{id: a, sentences: {en: x}}, {id: a, sentences: {en: y}}]", "CW050"),
        ("leave_out: [delivry]", "CW064"),
        ("theme: []", "CW012"),
    ],
)
def test_a_themes_file_that_is_wrong_says_where(folder, text, code):
    (folder / "themes.yaml").write_text(f"version: 1\n{text}\n")
    assert [found for found, _, _ in problems(folder)] == [code]


def test_a_themes_file_that_is_named_has_to_be_there(folder):
    write(folder, "themes: ./mine.yaml\n")
    assert [found for found, _, _ in problems(folder)] == ["CW001"]
    (folder / "mine.yaml").write_text(OWN)
    assert problems(folder) == []


def test_themes_without_an_encoder_are_a_warning(folder):
    write(folder, "sentiment: {scorer: vader}\n")
    ((code, message, _),) = problems(folder)
    assert code == "CW065"
    assert "no mention has a theme" in message


@pytest.mark.parametrize(("fallback", "codes"), [("vader", ["CW065"]), ("none", ["CW065"]), ("lite", [])])
def test_beside_a_model_of_a_folder_themes_need_the_encoder_of_its_fall_back(folder, fallback, codes):
    make_folder(folder / "tiny")
    write(folder, f"sentiment: {{folder: ./tiny, fallback: {fallback}}}\n")
    found = [(code, message) for code, message, _ in problems(folder) if code == "CW065"]
    assert [code for code, _ in found] == codes
    assert all(f"fall-back `{fallback}` have no encoder" in message for _, message in found)
