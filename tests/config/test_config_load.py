"""What a good configuration means once it is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.config import (
    Expectation,
    FeedOptions,
    FilesOptions,
    MentionSpec,
    Route,
    Secret,
    load,
    load_rule_tests,
    load_rules,
    schema_plug_ins,
    schema_rules,
)
from crisiswatch.config.fields import duration, spelled
from crisiswatch.config.reader import parse
from crisiswatch.errors import ConfigError
from crisiswatch.model import Level
from crisiswatch.model.alert import PlaybookStep, StageText
from crisiswatch.rules.model import Block, CalendarEvent, Condition, MentionFilter, Schedule, Settle
from crisiswatch.windows import minute_of
from tests.config.config_base import ALERT, CONFIG, FILES, RULE, TEST, write

FULL = Path(__file__).parent / "full" / "crisiswatch.yaml"
TOP = Path(__file__).parents[2]


def scalars(text: str) -> object:
    document = parse(text.encode(), Path("x"), "x.yaml")
    assert document.problems == []
    return document.data


def test_words_and_numbers_are_those_of_yaml_1_2():
    text = (
        "[22:00, NO, off, on, yes, y, 012, 0o14, 0x1F, 1_000, 1.10, 1e3, .5, true, False, ~, 2020-01-01, '1', =, 0b1]"
    )
    read = scalars(text)
    assert read == ["22:00", "NO", "off", "on", "yes", "y", 12, 12, 31, "1_000", 1.1, 1000.0, 0.5, True, False, None,
                    "2020-01-01", "1", "=", "0b1"]  # fmt: skip


def test_a_number_among_words_stays_as_it_was_written(tmp_path: Path):
    path = write(tmp_path, FILES | {"rules/wave.yaml": RULE.replace("[bad]", "[1.10, 007, 737, 1e3]")})
    assert load(path).ruleset.rules[0].mentions.words == ("1.10", "007", "737", "1e3")


def test_a_file_that_is_read_again_is_told_under_its_own_name_and_keeps_no_problem_of_the_other():
    text = b"a: 1\na: 2\nb: {c: [1, x]}\n"
    first, second = parse(text, Path("x"), "x.yaml"), parse(text, Path("y"), "y.yaml")
    first.report("CW000", ("b", "c"), "only of the first")
    assert [(each.code, each.file, each.line) for each in first.problems] == [
        ("CW007", "x.yaml", 2),
        ("CW000", "x.yaml", 3),
    ]
    assert [(each.code, each.file, each.line) for each in second.problems] == [("CW007", "y.yaml", 2)]
    assert (second.path, second.data, second.lines) == (Path("y"), first.data, first.lines)


def test_an_alias_repeats_what_its_anchor_holds():
    assert scalars("a: &x [1, {b: 2}]\nc: *x\n") == {"a": [1, {"b": 2}], "c": [1, {"b": 2}]}


def test_a_fault_inside_an_alias_is_told_where_the_alias_stands(tmp_path: Path):
    rule = RULE.replace("count: {at_least: 20}", "count: &c {atleast: 20}").replace(
        "count: {at_least: 60}", "count: *c"
    )
    path = write(tmp_path, FILES | {"rules/wave.yaml": rule})
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert [(problem.code, problem.line) for problem in caught.value.problems] == [("CW012", 10), ("CW012", 13)]


@given(st.integers(0, 300), st.integers(0, 30), st.integers(0, 90), st.integers(0, 90))
def test_a_length_of_time_is_the_sum_of_its_parts(days: int, hours: int, minutes: int, seconds: int):
    length = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert duration(f"{days}d{hours}h{minutes}m{seconds}s") == length
    assert duration(spelled(days * 1440 + hours * 60)) == timedelta(days=days, hours=hours)


def test_the_rules_of_the_design_mean_what_they_say():
    rules = {rule.id: rule for rule in load_rules([TOP / "rules"]).rules}
    wave = rules["negative-wave"]
    assert wave.mentions == MentionFilter("negative", ignore_words=("giveaway", "promo code", "codice sconto"))
    assert wave.window == 15
    assert wave.hold == 0
    assert wave.settle == Settle(quiet_for=45, below=0.5)
    warning = (
        Condition("surprise", "at_least", 1.0),
        Condition("count", "at_least", 20.0),
        Condition("authors", "at_least", 12.0),
    )
    assert wave.levels[0] == (Level.WARNING, Block(warning))
    assert wave.levels[1][0] is Level.CRITICAL
    assert Condition("surprise", "at_least", 0.1) in wave.levels[1][1].conditions
    slow = rules["slow-burn"]
    assert slow.status == "trial"
    assert slow.window == 360
    assert slow.only_during == Schedule(frozenset(range(5)), 8 * 60, 22 * 60, ZoneInfo("Europe/Rome"))
    assert Condition("growth", "at_least", 2.0, "same_hours_last_week") in slow.levels[0][1].conditions
    assert slow.unless_open == ("negative-wave",)
    safety = rules["product-safety"]
    assert safety.settle == Settle(quiet_for=360, below=0.5)
    assert {"injured", "ospedale", "reazione allergica"} <= set(safety.mentions.words)
    assert [level for level, _ in rules["big-voice"].levels] == [Level.WATCH, Level.WARNING, Level.CRITICAL]


def test_any_and_none_nest_and_keep_their_order(tmp_path: Path):
    block = "any: [{count: {at_most: 5}}, {none: [{share: {at_least: 0.5, at_most: 0.9}}]}]"
    path = write(tmp_path, FILES | {"rules/wave.yaml": RULE.replace("count: {at_least: 20}", block)})
    _, warning = load(path).ruleset.rules[0].levels[0]
    share = (Condition("share", "at_least", 0.5), Condition("share", "at_most", 0.9))
    assert warning.conditions == (Condition("surprise", "at_least", 1.0),)
    assert warning.any_of == (Block((Condition("count", "at_most", 5.0),)), Block(none_of=(Block(share),)))


def test_the_full_example_becomes_typed_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, {"crisiswatch.yaml": FULL.read_bytes(), "rules/wave.yaml": RULE, "alerts/wave.yaml": ALERT})
    loaded = load(path)
    settings = loaded.settings
    news, exports, hook = settings.sources
    assert news.options == FeedOptions(url="https://news.example.com/acme.xml", every=timedelta(minutes=5))
    assert exports.options == FilesOptions(path=tmp_path / "inbox", every=timedelta(seconds=10))
    assert hook.type == "webhook"
    mail = settings.receivers[2].options
    assert (mail.host, mail.port, mail.sender, mail.to) == (
        "smtp.example.com",
        587,
        "crisiswatch@example.com",
        ("press@example.com",),
    )
    assert mail.password == Secret(file=Path("/run/secrets/smtp_password"), where=(str(path), 38, 15))
    everything = frozenset({Level.WATCH, Level.WARNING, Level.CRITICAL})
    assert settings.routes[0] == Route(levels=everything, brands=None, receivers=("console",))
    assert settings.routes[1].brands == frozenset({"acme-coffee"})
    assert settings.store.reveal() == f"sqlite:///{tmp_path}/crisiswatch.db"
    assert (settings.retention.texts, settings.retention.counts) == (timedelta(days=30), timedelta(days=400))
    assert settings.brands[0].care == ("@acmecare",)
    assert loaded.ruleset.lateness == 5
    assert settings.rules == tmp_path / "rules"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("sqlite:///x.db", "sqlite:///{home}/x.db"),
        ("sqlite:////var/x.db", "sqlite:////var/x.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("sqlite://", "sqlite://"),
        ("postgresql+psycopg://db/x", "postgresql+psycopg://db/x"),
    ],
)
def test_a_store_beside_the_configuration_is_found_from_anywhere(tmp_path: Path, written: str, meant: str):
    path = write(tmp_path, FILES | {"crisiswatch.yaml": CONFIG.replace("sqlite:///x.db", written)})
    assert load(path).settings.store.reveal() == meant.replace("{home}", str(tmp_path))


def test_a_stage_without_words_gets_some_made_of_the_first_message(tmp_path: Path):
    alert = load(write(tmp_path, FILES)).alerts["wave"]
    assert alert.opened == StageText("{brand}: a wave", "{count} in {window}", ("why", "chart"))
    assert alert.escalated == StageText("Now {level}: {brand}: a wave", "{count} in {window}")
    assert alert.calming.headline == "Easing: {brand}: a wave"
    assert alert.resolved == StageText(
        "Over: {brand}: a wave", "Over: it lasted {duration}, with {total} mentions in all."
    )
    assert alert.playbook == (PlaybookStep("Take the lead", "duty", 10),)
    assert alert.statements == (("it", "Stiamo verificando."),)


def test_the_fingerprint_changes_with_any_file_and_with_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    write(Path(), FILES)
    before = load(Path("crisiswatch.yaml")).fingerprint
    assert load(Path("crisiswatch.yaml")).fingerprint == before
    seen = {before}
    for name in ("crisiswatch.yaml", "rules/wave.yaml", "alerts/wave.yaml"):
        write(Path(), {name: FILES[name] + "# a word\n"})
        seen.add(load(Path("crisiswatch.yaml")).fingerprint)
    assert len(seen) == 4


def test_rules_are_found_in_subdirectories_but_neither_tests_nor_hidden_files(tmp_path: Path):
    other = RULE.replace("id: wave", "id: other")
    path = write(
        tmp_path,
        FILES | {
            "rules/b/deep/other.yml": other,
            "rules/..data/wave.yaml": RULE,
            "rules/.wave.yaml": RULE,
            "rules/notes.txt": "not YAML: [",
        },
    )  # fmt: skip
    assert [rule.id for rule in load(path).ruleset.rules] == ["other", "wave"]


def test_the_calendar_goes_with_the_rules_in_whole_minutes(tmp_path: Path):
    calendar = """\
calendar:
  - {title: A final, brands: [acme], start: 2026-06-14T20:00:30+02:00, end: 2026-06-14T18:30:01Z}
  - {title: Sunday show, brands: all, start: 1970-01-04T20:00:00Z, end: 1970-01-04T21:00:00Z, repeats: weekly}
"""
    path = write(tmp_path, FILES | {"crisiswatch.yaml": CONFIG + calendar})
    final, show = load(path).ruleset.calendar
    start = minute_of(datetime(2026, 6, 14, 18, 0, tzinfo=UTC))
    assert final == CalendarEvent("A final", start, start + 31, ("acme",))
    assert show == CalendarEvent("Sunday show", 3 * 1440 + 1200, 3 * 1440 + 1260, None, weekly=True)
    assert load(path).ruleset.calendar_of("other") == (show,)


def test_an_event_at_the_beginning_of_time_is_no_crash(tmp_path: Path):
    first = "calendar:\n  - {title: Dawn, start: 0001-01-01T00:00:00+02:00, end: 0001-01-01T00:00:00Z}\n"
    path = write(tmp_path, FILES | {"crisiswatch.yaml": CONFIG + first})
    (dawn,) = load(path).ruleset.calendar
    assert dawn.end - dawn.start == 120


def test_rules_alone_are_loaded_without_alerts_and_brands(tmp_path: Path):
    write(tmp_path, {"wave.yaml": RULE.replace("alert: wave", "alert: nowhere\n    brands: [somebody]")})
    ruleset = load_rules([tmp_path / "wave.yaml"], detector="other", lateness=2)
    assert ruleset.lateness == 2
    assert ruleset.rules[0].detector == "other"
    write(tmp_path, {"wave.yaml": RULE, "again.yaml": RULE})
    with pytest.raises(ConfigError, match="CW050: there is another rule `wave`"):
        load_rules([tmp_path])


def test_a_rule_test_becomes_mentions_to_make_up_and_expectations(tmp_path: Path):
    write(tmp_path, {"wave.yaml": RULE, "wave.test.yaml": TEST})
    (file,) = load_rule_tests(tmp_path)
    assert file.rules == (tmp_path / "wave.yaml",)
    (story,) = file.tests
    assert (story.name, story.line) == ("nothing happens", 3)
    stream = MentionSpec(every=timedelta(minutes=5), until=timedelta(days=1))
    burst = MentionSpec(at=timedelta(days=1), count=3, over=timedelta(minutes=5), authors=2)
    assert story.mentions == (stream, burst)
    day = timedelta(days=1)
    assert story.expect[0] == Expectation(by=day, incident="wave", level=Level.WARNING, line=8)
    assert story.expect[1] == Expectation(between=(timedelta(0), day), incidents=0, line=9)


def test_an_expectation_of_no_incident_is_told_from_a_rule_called_none(tmp_path: Path):
    write(
        tmp_path,
        {"wave.yaml": RULE, "wave.test.yaml": TEST.replace("incident: wave, level: warning", "incident: none")},
    )
    (file,) = load_rule_tests(tmp_path / "wave.test.yaml")
    assert file.tests[0].expect[0].none
    assert file.tests[0].expect[0].incident is None


Install = Callable[[str, str], None]


@pytest.fixture
def install(monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    def forget() -> None:
        schema_plug_ins.plug_in_names.cache_clear()
        schema_rules.measure_plug_ins.cache_clear()

    def installed(group: str, name: str) -> None:
        def points(**asked: str) -> EntryPoints:
            return EntryPoints([EntryPoint(name, "somewhere:Thing", group)] if asked.get("group") == group else [])

        forget()
        monkeypatch.setattr(schema_plug_ins, "entry_points", points)
        monkeypatch.setattr(schema_rules, "entry_points", points)

    yield installed
    monkeypatch.undo()
    forget()


def test_a_source_that_another_package_brings_keeps_its_options(tmp_path: Path, install: Install):
    install("crisiswatch.sources", "lemmy")
    new = "type: lemmy\n    url: https://a.example\n    limits: {page: 40, keys: [{env: MASTODON_KEY}]}"
    config = CONFIG.replace("type: feed\n    url: https://news.example.com/acme.xml", new)
    source = load(write(tmp_path, FILES | {"crisiswatch.yaml": config})).settings.sources[0]
    assert source.type == "lemmy"
    assert isinstance(source.options, dict)
    assert source.options["url"] == "https://a.example"
    assert source.options["limits"]["page"] == 40
    assert isinstance(source.options["limits"]["keys"][0], Secret)


def test_a_secret_of_a_plug_in_is_listed_with_all_others(tmp_path: Path, install: Install):
    install("crisiswatch.notifiers", "pager")
    config = CONFIG.replace("type: console", "type: pager\n    key: {env: PAGER_KEY}")
    settings = load(write(tmp_path, FILES | {"crisiswatch.yaml": config})).settings
    assert [secret.env for secret in settings.secrets()] == ["HOOK_SECRET", "PAGER_KEY", "SLACK_BOT_TOKEN"]


def test_a_measure_that_another_package_brings_is_a_condition_like_any(tmp_path: Path, install: Install):
    rule = RULE.replace("count: {at_least: 20}", "bots: {at_most: 0.3}")
    path = write(tmp_path, FILES | {"rules/wave.yaml": rule})
    with pytest.raises(ConfigError, match="there is no measure `bots`"):
        load(path)
    install("crisiswatch.measures", "bots")
    conditions = load(path).ruleset.rules[0].levels[0][1].conditions
    assert conditions == (Condition("surprise", "at_least", 1.0), Condition("bots", "at_most", 0.3))
    write(tmp_path, {"rules/wave.yaml": rule.replace("at_most: 0.3", "atmost: 0.3")})
    with pytest.raises(
        ConfigError, match=r"wave.yaml:10:16: CW012: there is no field `atmost` here; did you mean `at_most`"
    ):
        load(path)


def test_importing_the_configuration_pays_for_nothing_heavy():
    heavy = "river sqlalchemy httpx vaderSentiment starlette slack_sdk matplotlib numpy"
    code = f"import sys, crisiswatch.config; print([m for m in {heavy.split()!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP)
    assert done.stdout.strip() == "[]"
