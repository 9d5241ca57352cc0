"""The demonstration end to end: the real daemon, its real threads, two weeks in seconds."""

import io
import logging

import pytest
import structlog
from rich.console import Console

from crisiswatch.demo import run_demo


@pytest.fixture(scope="module")
def shown():
    """The exit code and everything that was printed where there is no terminal."""
    paper = io.StringIO()
    level = logging.getLogger("apscheduler").level
    try:
        code = run_demo(console=Console(file=paper, width=100), fast=True)
    finally:
        structlog.reset_defaults()
        logging.getLogger("apscheduler").setLevel(level)
    return code, paper.getvalue()


def test_it_ends_by_itself_and_well(shown):
    code, text = shown
    assert code == 0, text


def test_the_crisis_is_noticed_rises_and_calms_in_that_order(shown):
    _, text = shown
    start = text.index("burst: people are burned")
    places = [
        text.index(words, start) for words in ("WARNING · new", "CRITICAL · escalated", "calming down", "RESOLVED")
    ]
    assert places == sorted(places)
    assert "usual wave of negative mentions" in text


def test_only_the_first_alert_of_an_incident_is_shown_whole(shown):
    _, text = shown
    assert text.count("What to do now") == text.count("· new")


def test_a_silent_source_is_called_blind_and_never_calm(shown):
    _, text = shown
    assert "BLIND, not calm" in text
    assert "x speaks again" in text
    assert "Ombralta: a source cannot be heard" in text


def test_the_summary_says_what_was_let_pass_and_why(shown):
    _, text = shown
    summary = " ".join(text[text.index("What happened") :].replace("│", " ").split())
    assert "10,053 mentions in two weeks" in summary
    assert "two accounts paste the same insult 160 times" in summary
    assert "a giveaway: hundreds of neutral posts" in summary
    assert "From the first word of the crisis to the first alert" in summary


def test_nothing_is_ever_redrawn_where_there_is_no_terminal(shown):
    _, text = shown
    assert "\x1b" not in text
    assert "\r" not in text
