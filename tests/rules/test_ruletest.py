"""Rule tests: a story that holds passes, and one that does not says where, what was expected and what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from crisiswatch.config import load_rule_tests, load_rules
from crisiswatch.errors import ConfigError
from crisiswatch.ruletest import RuleTestResult, run_rule_test, run_rule_tests
from tests.support import ROOT

RULE = """\
version: 1
rules:
  - id: ten
    title: Ten complaints
    mentions: {sentiment: negative}
    brands: [acme-coffee]
    window: 15m
    levels:
      warning: {count: {at_least: 10}}
      critical: {count: {at_least: 30}, authors: {at_least: 20}}
    hold: 2m
    settle: {quiet_for: 30m}
    alert: ten
"""


def play(folder: Path, *lines: str) -> RuleTestResult:
    """The result of a single story whose mentions and expectations are these YAML lines."""
    (folder / "ten.yaml").write_text(RULE)
    body = "\n".join(f"    {line}" for line in lines)
    (folder / "ten.test.yaml").write_text(f"rules: [ten.yaml]\ntests:\n  - name: a story\n{body}\n")
    (result,) = run_rule_tests(load_rule_tests(folder))
    return result


WAVE = ("mentions:", "  - {at: 1h, count: 20, over: 10m, sentiment: negative}", "expect:")


@pytest.mark.parametrize(
    "line",
    [
        "{by: 1h10m, incident: ten}",
        "{by: 1h10m, incident: ten, level: warning}",
        "{by: 1h10m, incident: ten, level: watch}",
        "{between: [1h20m, 1h25m], incident: ten}",
        "{between: [0m, 1h], incidents: 0}",
        "{between: [1h, 1h30m], incidents: 1}",
        "{by: 1d, incidents: 1}",
        "{by: 50m, incident: none}",
        "{by: 3h, incident: none}",
        "{between: [2h30m, 3h], incident: none}",
    ],
)
def test_what_holds_passes(tmp_path, line):
    assert play(tmp_path, *WAVE, f"  - {line}").passed


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("{by: 1h2m, incident: ten}", "an incident of ten by 1h2m"),
        ("{by: 2h, incident: ten, level: critical}", "an incident of ten at critical by 2h"),
        ("{between: [2h30m, 3h], incident: ten}", "an incident of ten between 2h30m and 3h"),
        ("{between: [1h, 1h30m], incidents: 0}", "0 incidents opened between 1h and 1h30m"),
        ("{by: 1h15m, incident: none}", "no open incident by 1h15m"),
        ("{between: [1h, 3h], incident: none}", "no open incident between 1h and 3h"),
    ],
)
def test_what_does_not_hold_says_what_was_expected_and_what_happened_and_where(tmp_path, line, expected):
    result = play(tmp_path, *WAVE, f"  - {line}")
    (failure,) = result.failures
    assert failure.expected == expected
    assert failure.happened.startswith("what happened: ten: warning at 1h7m, ")
    assert failure.line == 7
    assert str(failure).startswith(f"{tmp_path / 'ten.test.yaml'}:7: expected {expected}; what happened")
    assert result.line == 3


def test_when_nothing_opened_it_says_what_held_it_back(tmp_path):
    lines = ("mentions:", "  - {at: 1h, count: 5, sentiment: negative}", "expect:", "  - {by: 2h, incident: ten}")
    assert play(tmp_path, *lines).failures[0].happened == "no incident of ten was opened"


def test_authors_audiences_sources_and_texts_are_as_the_story_says(tmp_path):
    lines = (
        "mentions:",
        "  - {at: 1h, count: 40, over: 5m, sentiment: negative, authors: 3, sources: [x, reddit], audience: 70}",
        "expect:",
        "  - {by: 2h, incident: ten, level: warning}",
    )
    result = play(tmp_path, *lines)
    assert result.passed
    assert result.mentions == 40
    incident = result.effects[-1].incident
    assert incident.authors == 3
    assert incident.peak.sources == ("reddit", "x")
    assert incident.peak.largest_audience == 70


def test_silence_in_a_story_is_never_blindness(tmp_path):
    lines = (
        "mentions:",
        "  - {every: 1m, until: 2d, sentiment: neutral}",
        "  - {at: 2d, count: 20, over: 5m, sentiment: negative, sources: [test]}",
        "expect:",
        "  - {by: 2d2h, incident: none}",
        "  - {by: 9d, incidents: 1}",
    )
    assert play(tmp_path, *lines).passed


def test_a_stream_ends_before_its_end_and_waves_are_spread_evenly(tmp_path):
    lines = ("mentions:", "  - {every: 1m, until: 9m, sentiment: negative}", "expect:", "  - {by: 1h, incidents: 0}")
    result = play(tmp_path, *lines)
    assert (result.mentions, result.passed) == (9, True)


def test_a_story_plays_the_same_twice(tmp_path):
    one = play(tmp_path, *WAVE, "  - {by: 2h, incident: ten}")
    two = play(tmp_path, *WAVE, "  - {by: 2h, incident: ten}")
    assert one == two


def test_a_rule_file_with_a_fault_is_a_configuration_error(tmp_path):
    (tmp_path / "ten.test.yaml").write_text(
        "rules: [ten.yaml]\ntests:\n  - {name: a, mentions: [], expect: [{by: 1h, incident: none}]}\n"
    )
    (tmp_path / "ten.yaml").write_text(RULE.replace("count", "cuont"))
    with pytest.raises(ConfigError):
        run_rule_tests(load_rule_tests(tmp_path))


SHIPPED = ROOT / "rules"


@pytest.mark.parametrize("path", sorted(SHIPPED.rglob("*.test.yaml")), ids=lambda path: path.name)
def test_the_shipped_rules_pass_their_own_stories(path):
    results = run_rule_tests(load_rule_tests(path))
    assert results
    assert [str(failure) for result in results for failure in result.failures] == []


def test_every_shipped_rule_has_its_stories():
    files = {path.relative_to(SHIPPED).as_posix() for path in SHIPPED.rglob("*.yaml")}
    stories = {name.removesuffix(".test.yaml") for name in files if name.endswith(".test.yaml")}
    rules = {name.removesuffix(".yaml") for name in files if not name.endswith(".test.yaml")}
    assert rules == stories
    assert "starter/negative-hour" in rules


def test_what_invented_mentions_say_follows_from_their_text_unless_the_story_tells(tmp_path):
    (tmp_path / "r.yaml").write_text(
        "version: 1\nrules:\n  - {id: hurt, title: T, window: 15m, alert: a, mentions: {severity: [safety]},"
        " levels: {warning: {complaints: {at_least: 2}}}}\n"
        "  - {id: late, title: T, window: 15m, alert: a, mentions: {themes: [delivery]},"
        " levels: {warning: {count: {at_least: 2}}}}\n"
    )
    (tmp_path / "r.test.yaml").write_text(
        "rules: [r.yaml]\ntests:\n"
        "  - name: from the text\n    mentions:\n"
        "      - {at: 1h, count: 2, text: 'I was injured by your kettle and nobody answers'}\n"
        "    expect: [{by: 1h10m, incident: hurt}]\n"
        "  - name: as told\n    mentions:\n"
        "      - {at: 1h, count: 2, text: 'I was injured', flags: [complaint], themes: [delivery]}\n"
        "      - {at: 5h, count: 2, text: 'I was injured and nobody answers', severity: []}\n"
        "    expect: [{by: 1h10m, incident: hurt}, {by: 1h10m, incident: late}, {between: [2h, 6h], incidents: 0}]\n"
    )
    results = run_rule_tests(load_rule_tests(tmp_path))
    assert [(each.name, each.passed) for each in results] == [("from the text", True), ("as told", True)], results


def test_stories_that_begin_alike_are_played_together_and_go_as_each_would_alone(tmp_path):
    (tmp_path / "ten.yaml").write_text(RULE)
    calm = "{every: 10m, until: 6h, sentiment: neutral}"
    stories = {
        "a wave": f"[{calm}, {{at: 3h, count: 20, over: 10m, sentiment: negative}}]",
        "a larger wave": f"[{calm}, {{at: 3h, count: 40, over: 10m, sentiment: negative}}]",
        "calm": f"[{calm}]",
        "calm again": f"[{calm}]",
    }
    (tmp_path / "ten.test.yaml").write_text(
        "rules: [ten.yaml]\ntests:\n"
        + "".join(
            f"  - {{name: {name}, mentions: {mentions}, expect: [{{by: 7h, incidents: 1}}]}}\n"
            for name, mentions in stories.items()
        )
    )
    (file,) = load_rule_tests(tmp_path)
    together = run_rule_tests([file])
    assert [each.passed for each in together] == [True, True, False, False]
    assert together == [run_rule_test(file.path, test, load_rules(file.rules)) for test in file.tests]


def test_a_rule_that_none_of_the_mentions_concern_changes_nothing(tmp_path):
    (tmp_path / "ten.yaml").write_text(RULE)
    for name, more in (("alone", ""), ("beside", ", other.yaml")):
        (tmp_path / f"{name}.test.yaml").write_text(
            f"rules: [ten.yaml{more}]\ntests:\n  - name: a story\n"
            "    mentions: [{at: 1h, count: 20, over: 10m, sentiment: negative}]\n"
            "    expect: [{by: 2h, incident: ten}]\n"
        )
    (tmp_path / "other.yaml").write_text(
        RULE.replace("id: ten", "id: other").replace("sentiment: negative", "sentiment: negative, words: [recall]")
    )
    alone, beside = run_rule_tests(load_rule_tests(tmp_path))
    assert alone.effects == beside.effects
    assert alone.passed
    assert beside.passed
