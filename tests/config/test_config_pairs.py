"""The shipped playbooks: each in English and Italian, with the same steps and clocks, and words that commit nobody."""

from __future__ import annotations

import re
from operator import attrgetter

import pytest

from crisiswatch.config import load, write_starter
from crisiswatch.model import Level
from crisiswatch.model.alert import AlertDefinition

CRISES = (
    *("negative-wave", "product-safety", "executive-gaffe", "data-breach"),
    *("service-outage", "boycott-call", "bot-wave", "paracrisis"),
)
OTHERS = ("big-voice", "blind", "slow-burn")
ADMITTING = re.compile(
    r"\b(fault|guilty|liable|liability|sorry|apologi[sz]e|our mistake|compensat\w+|colpa|responsabilità|scus\w+|errore"
    r"|risarci\w+|rimbors\w+)\b",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def alerts(tmp_path_factory):
    home = tmp_path_factory.mktemp("starter")
    return load(write_starter(home)).alerts


def both(alerts, name: str) -> tuple[AlertDefinition, AlertDefinition]:
    return alerts[f"{name}.en"], alerts[f"{name}.it"]


@pytest.mark.parametrize("name", [*CRISES, *OTHERS])
def test_the_italian_file_asks_for_the_same_as_the_english_one(alerts, name):
    english, italian = both(alerts, name)
    asked = attrgetter("within_minutes", "promise_minutes", "webhook", "by_taking")
    assert [(*asked(step), bool(step.promise)) for step in english.playbook] == [
        (*asked(step), bool(step.promise)) for step in italian.playbook
    ]
    assert english.confirm == italian.confirm
    assert len(english.criteria) == len(italian.criteria)
    assert english.statements == italian.statements
    for stage in ("opened", "escalated", "calming", "resolved"):
        here, there = getattr(english, stage), getattr(italian, stage)
        assert here.show == there.show
        assert placeholders(here.headline + here.summary) >= placeholders(there.headline + there.summary)
        assert here.headline != there.headline


@pytest.mark.parametrize("name", [*CRISES, *OTHERS])
def test_a_step_that_asks_to_say_i_have_it_is_done_by_saying_it(alerts, name):
    for alert in both(alerts, name):
        for step in alert.playbook:
            assert step.by_taking is any(said in step.step for said in ('"I have it"', '"Ci penso io"'))


@pytest.mark.parametrize("name", CRISES)
def test_a_crisis_has_steps_with_clocks_a_promise_statements_and_an_ending_by_a_person(alerts, name):
    for alert in both(alerts, name):
        assert 6 <= len(alert.playbook) <= 9
        assert any(step.promise for step in alert.playbook)
        assert [language for language, _ in alert.statements] == ["en", "it"]
        assert alert.confirm == {Level.CRITICAL}
        assert 3 <= len(alert.criteria) <= 4


@pytest.mark.parametrize("name", [name for name in CRISES if name != "paracrisis"])
def test_somebody_has_it_within_a_quarter_of_an_hour_and_no_criticism_is_deleted(alerts, name):
    english, italian = both(alerts, name)
    assert min(step.within_minutes or 0 for step in english.playbook) <= 15
    assert any(step.step.find("delete no criticism") >= 0 for step in english.playbook)
    assert any("cancellare" in step.step and "critic" in step.step for step in italian.playbook)


@pytest.mark.parametrize("name", CRISES)
def test_a_holding_statement_names_the_brand_and_a_time_and_admits_nothing(alerts, name):
    for language, text in alerts[f"{name}.en"].statements:
        assert "{brand}" in text
        assert ("[time]" if language == "en" else "[ora]") in text
        assert not ADMITTING.search(text)


def placeholders(text: str) -> set[str]:
    same = {"from_began": "began", "from_level": "since", "from_opened": "opened_at"}
    return {same.get(name, name) for name in re.findall(r"\{(\w+)\}", text)}
