"""A post-mortem speaks one language and one zone, though the log was written in English and UTC."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from crisiswatch import response
from crisiswatch.model import Blind, Decision, Evidence, Gate, Post, Reading
from crisiswatch.records import Facts, post_mortem
from crisiswatch.records.timeline import in_language, told
from tests.response.stories import PLAN, Story, at, does, opening, over, rising

ROME = ZoneInfo("Europe/Rome")
ENGLISH = re.compile(
    r"\b(Mar 2026|the|minutes?|hours|critical|warning|Step|done|Promised|Snoozed|Assigned|Verdict|Has it|English|Italian"
    r"|at least|mentions?|accounts|UTC|to|by|Opened|Rose|calm|about|usual)\b"
)


def facts(lang: str) -> Facts:
    worst = rising(5).incident
    story = Story(
        opening(),
        rising(5),
        does(6, "acknowledge"),
        does(7, "assign", to="bo"),
        does(8, "snooze", for_="60"),
        does(9, "step_done", step="2"),
        does(10, "promise", text="Aggiornamento", due=at(90).isoformat()),
        does(11, "note", text="We wait until 3 Mar 12:30 UTC"),
        over(60, worst.level),
        does(70, "stand_down", "bo"),
        does(80, "verdict", kind="not_a_crisis", reason="ironia"),
    )
    end = replace(story.case)
    peak: Reading = replace(worst.peak, organic=40.0, expected=7.0, low=3.0, high=12.0, false_alarms_per_month=0.1)
    whole = replace(
        worst,
        peak=peak,
        resolved_at=at(60),
        gates=(Gate("count", "at_least", 12.0, 31.0, held=True),),
        blind=(Blind("feed", at(1), at(2), "silent"),),
    )
    post = Post(uid="x:1", source="x", at=at(1), text="bruciato", url=None, author="mo", audience=None, engagement=None)
    return Facts(
        incident=whole,
        first=whole,
        case=end,
        decisions=tuple(story.log),
        told_at=at(1),
        evidence=Evidence(first=(post,), languages={"it": 4, "en": 1}, sources={"x": 5}),
        brand="Acme",
        zone=ROME,
        lang=lang,
        title="Acme: molte critiche" if lang == "it" else "",
    )


def test_an_italian_post_mortem_is_wholly_italian_in_the_zone_of_the_brand() -> None:
    text = post_mortem(facts("it"))
    assert "| Aperto | mar 3 marzo 2026, 13:00 CET |" in text
    assert "| Livello massimo | critico |" in text
    assert "italiano 4, inglese 1" in text
    assert "In pausa fino a: 14:08 CET." in text
    assert "almeno 12 menzioni: sono 31" in text
    own = ("We wait until 3 Mar 12:30 UTC", *(step.step for step in PLAN.steps))
    for words in own:
        text = text.replace(words, "")
    assert ENGLISH.findall(text) == []


def test_an_english_one_tells_the_times_of_the_log_in_the_zone_of_the_brand_too() -> None:
    text = post_mortem(facts("en"))
    assert "Snoozed until 14:08 CET." in text
    assert text.count("UTC") == 1
    assert "We wait until 3 Mar 12:30 UTC" in text  # what a person wrote is left as it is


def test_a_time_of_the_log_is_of_the_year_it_is_nearest_to() -> None:
    new_year = at(0).replace(month=12, day=31)
    line = Decision(
        incident="i", number=1, at=new_year, actor="Ann", kind="snooze", text="Snoozed until 1 Jan 09:00 UTC."
    )
    assert told(line, ROME) == "Snoozed until 1 Jan 2027, 10:00 CET."
    leap = replace(line, at=new_year + timedelta(days=1), text="Snoozed until 30 Feb 09:00 UTC.")
    assert told(leap, ROME) == leap.text


def decided() -> list[str]:
    """Every text that is written to a log, with a word in each of its gaps."""
    found = []
    for path in sorted(Path(response.__path__[0]).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = node.func if isinstance(node, ast.Call) else None
            if (isinstance(name, ast.Attribute) and name.attr == "decide") or (
                isinstance(name, ast.Name) and name.id == "_remind"
            ):
                found += [_filled(each) for each in node.args if isinstance(each, ast.JoinedStr | ast.Constant)]
    return sorted({text for text in found if re.search(r"[a-z]+\W", text)})


def _filled(text: ast.JoinedStr | ast.Constant) -> str:
    if isinstance(text, ast.Constant):
        return str(text.value)
    return "".join(
        "" if _more(part) else str(part.value) if isinstance(part, ast.Constant) else "7" for part in text.values
    )


def _more(part: ast.expr) -> bool:
    """Whether it is the end that says who is told."""
    return isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Call) and "_told" in ast.dump(part.value)


def test_the_log_holds_texts() -> None:
    assert len(decided()) > 20


@pytest.mark.parametrize("text", decided())
def test_whatever_a_log_says_there_are_italian_words_for_it(text: str) -> None:
    assert in_language("it", text) != text
