"""Playbooks in the configuration: clocks, promises, steps that a webhook does, endings, and words in two languages."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from crisiswatch.alerts.render import renderer
from crisiswatch.config import load
from crisiswatch.errors import ConfigError
from crisiswatch.model import Level
from crisiswatch.model.alert import PlaybookStep, definition_for
from crisiswatch.testing.notifiers import a_delivery, an_incident
from tests.support import ROOT

ENGLISH = """version: 1
alert: wave
opened: {headline: "{brand}: a wave", summary: "{count} in {window}"}
playbook:
  - {step: Say so, role: spokesperson, within: 60m, promise: {text: The next update, within: 2h}}
  - {step: Pause what is scheduled, webhook: freezer, on: warning}
statements: {en: "We at {brand} know of it.", it: "Noi di {brand} lo sappiamo."}
stand_down: {confirm: [critical], when: [No new kind of source for two hours]}
"""
ITALIAN = """version: 1
alert: wave
language: it
opened: {headline: "{brand}: un'ondata", summary: "{count} in {window}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("rules", "alerts/it"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "crisiswatch.yaml").write_text(
        "version: 1\nbrands: [{id: acme, name: Acme, language: it}, {id: other, name: Other}]\n"
        "sources: [{id: f, type: files, path: in}]\nreceivers: [{id: c, type: console}, {id: freezer, type: console}]\n"
        "routes: [{receivers: [c]}]\n"
    )
    (tmp_path / "rules" / "r.yaml").write_text(
        "version: 1\nrules:\n  - {id: r, title: R, window: 15m, levels: {watch: {count: {at_least: 2}}}, alert: wave}\n"
    )
    (tmp_path / "alerts" / "wave.yaml").write_text(ENGLISH)
    return tmp_path


def problems(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder / "crisiswatch.yaml")
    return [problem.headline().partition("alerts/")[2] for problem in caught.value.problems]


def test_a_step_may_be_done_by_taking_the_incident(folder: Path) -> None:
    path = folder / "alerts" / "wave.yaml"
    path.write_text(ENGLISH.replace("{step: Say so,", "{step: Say so, done_when: taken,"))
    assert [step.by_taking for step in load(folder / "crisiswatch.yaml").alerts["wave"].playbook] == [True, False]


def test_a_playbook_has_clocks_promises_and_steps_that_do_themselves(folder: Path) -> None:
    loaded = load(folder / "crisiswatch.yaml")
    wave = loaded.alerts["wave"]
    assert wave.playbook == (
        PlaybookStep("Say so", "spokesperson", 60, "The next update", 120),
        PlaybookStep("Pause what is scheduled", webhook="freezer", on=Level.WARNING),
    )
    assert wave.confirm == {Level.CRITICAL}
    assert wave.criteria == ("No new kind of source for two hours",)
    assert not loaded.problems  # the receiver of a step is used, though no route leads to it


def test_a_brand_gets_the_words_in_its_language_and_else_those_there_are(folder: Path) -> None:
    (folder / "alerts" / "it" / "wave.yaml").write_text(ITALIAN)
    loaded = load(folder / "crisiswatch.yaml")
    brands = loaded.settings.brands
    render = renderer(
        loaded.alerts, {each.id: each.name for each in brands}, None, {each.id: each.language for each in brands}
    )
    told = {
        brand: render(a_delivery(incident=replace(a_delivery().incident, brand=brand, alert="wave"))).headline
        for brand in ("acme", "other")
    }
    assert told == {"acme": "Acme: un'ondata", "other": "Other: a wave"}
    german = definition_for(loaded.alerts, "wave", "de")
    assert german is not None
    assert german.language == "en"


def test_an_alert_that_is_there_in_italian_alone_is_told_in_italian(folder: Path) -> None:
    (folder / "alerts" / "wave.yaml").write_text(ITALIAN)
    loaded = load(folder / "crisiswatch.yaml")
    found = definition_for(loaded.alerts, "wave", "en")
    assert found is not None
    assert found.language == "it"


def test_two_files_of_one_alert_and_language_are_refused(folder: Path) -> None:
    (folder / "alerts" / "it" / "again.yaml").write_text(ENGLISH)
    (found,) = problems(folder)
    assert "CW050: there is another alert `wave`" in found


def test_a_step_can_call_only_a_receiver_that_there_is(folder: Path) -> None:
    (folder / "alerts" / "wave.yaml").write_text(ENGLISH.replace("freezer", "freeezer"))
    (found,) = problems(folder)
    assert found == "wave.yaml:6:46: CW054: there is no receiver `freeezer`; did you mean `freezer`?"


def test_a_statement_with_a_placeholder_that_there_is_not_is_refused(folder: Path) -> None:
    (folder / "alerts" / "wave.yaml").write_text(ENGLISH.replace("di {brand} lo", "di {marca} lo"))
    (found,) = problems(folder)
    assert "CW060: there is no placeholder `{marca}`" in found
    assert found.startswith("wave.yaml:7:")


PUBLIC = sorted(path.stem for path in (ROOT / "alerts").glob("*.yaml") if "statements:" in path.read_text())
SAY_SINCE = {"bot-wave", "boycott-call", "executive-gaffe", "negative-wave", "service-outage"}
SAY_WHAT = {"boycott-call", "negative-wave", "paracrisis"}


def statements_of(name: str, language: str, topics: tuple[str, ...]) -> dict[str, str]:
    """What a shipped playbook has to publish about an incident of 73 % of 131 mentions on `social` and `reviews`."""
    shipped = load(ROOT / "crisiswatch.yaml").alerts
    delivery = a_delivery(incident=an_incident(alert=name))
    delivery = replace(
        delivery, evidence=replace(delivery.evidence, topics=topics, themes=("thieves", "call 0800 123"))
    )
    rendered = renderer(shipped, {"acme-coffee": "Caffè Uno"}, languages={"acme-coffee": language})(delivery)
    return dict(rendered.statements)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_holding_statement_tells_what_about_and_since_when_and_nothing_that_would_embarrass(name: str) -> None:
    for language, topic, began in (
        ("en", "late deliveries", "3 Mar 2026, 09:15 UTC"),
        ("it", "consegne in ritardo", "dalle 9:15 circa di martedì 3 marzo"),
    ):
        told = statements_of(name, language, (topic,))
        assert list(told) == (["en", "it"] if language == "en" else ["it", "en"]), "people's own comes first"
        said = told[language]
        assert "Caffè Uno" in said
        assert (began in said) == (name in SAY_SINCE)
        assert (topic in said) == (name in SAY_WHAT)
        assert topic not in told["it" if language == "en" else "en"], "a theme is called so in one language only"
        assert not re.search(r"\d", said.replace(began, "")), "no figure of ours becomes a headline"
        for never in (
            "written to you directly",
            "in privato per",
            "thieves",
            "0800",
            "social",
            "reviews",
            "{",
            "}",
            "not known",
            "  ",
        ):
            assert never not in said


@pytest.mark.parametrize("name", PUBLIC)
def test_a_holding_statement_reads_well_where_no_theme_has_a_name(name: str) -> None:
    for said in statements_of(name, "en", ()).values():
        assert "  " not in said
        assert "()" not in said
        assert "known" not in said.replace("do not know", "")
