from __future__ import annotations

import io
import json
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa
import structlog

from crisiswatch.app import App
from crisiswatch.clock import ManualClock
from crisiswatch.logs import configure
from crisiswatch.store import Store, Work
from tests.cli.history import fill
from tests.cli.make_stream import CRISIS
from tests.cli.support import copy_config, golden

INCIDENT = "acme.negative-wave.20260304T1405Z"


@pytest.fixture
def config(tmp_path):
    path = copy_config(tmp_path)
    fill(path)
    return path


def test_the_list_is_short_and_whole(crisiswatch, config):
    said = crisiswatch("incidents", "list", "--config", config)
    assert (said.code, said.err) == (0, "")
    golden("incidents-list.txt", said.out)
    assert crisiswatch("incidents", "list", "--open", "--config", config).out == "No incident is open.\n"
    listed = json.loads(crisiswatch("incidents", "list", "--format", "json", "--config", config).out)
    assert [each["id"] for each in listed["incidents"]] == [INCIDENT]


def test_an_incident_lasts_until_a_person_has_said_that_it_is_over(crisiswatch, config):
    with Store.open(f"sqlite:///{config.parent / 'crisiswatch.db'}") as store:
        case = store.case(INCIDENT)
        assert case is not None
        store.commit(Work(cases=[replace(case, ended_at=case.opened_at + timedelta(hours=16, minutes=18))]))
    assert "over, 2026-03-04 14:05 UTC for 16h18m" in crisiswatch("incidents", "list", "--config", config).out


def test_one_incident_is_shown_with_its_history_and_its_messages(crisiswatch, config):
    said = crisiswatch("incidents", "show", INCIDENT, "--config", config)
    assert (said.code, said.err) == (0, "")
    golden("incidents-show.txt", said.out)
    shown = json.loads(crisiswatch("incidents", "show", INCIDENT, "--format", "json", "--config", config).out)
    assert [each["version"] for each in shown["history"]] == list(range(1, len(shown["history"]) + 1))
    assert {each["status"] for each in shown["messages"]} == {"pending", "superseded"}


def test_explain_works_the_same_figures_out_again(crisiswatch, config):
    said = crisiswatch("explain", INCIDENT, "--config", config)
    assert (said.code, said.err) == (0, "")
    golden("explain.txt", said.out)
    told = json.loads(crisiswatch("explain", INCIDENT, "--format", "json", "--posts", 2, "--config", config).out)
    assert told["again"]["same"] is True
    for figure in ("observed", "expected", "low", "high", "false_alarms_per_month", "authors"):
        assert told["again"][figure] == told[figure]
    assert len(told["posts"]) == 2
    assert told["behind"] == told["observed"]


def test_explain_says_when_the_figures_are_not_the_same(crisiswatch, config):
    rule = config.parent / "rules" / "acme.yaml"
    rule.write_text(rule.read_text().replace("window: 15m", "window: 20m"))
    said = crisiswatch("explain", INCIDENT, "--config", config)
    assert said.code == 1
    assert "not the same" in said.out
    assert "rules were changed since" in " ".join(said.out.split())


def test_explain_says_when_texts_have_been_forgotten(crisiswatch, config):
    with Store.open(f"sqlite:///{config.parent / 'crisiswatch.db'}") as store:
        gone = store.purge(CRISIS - timedelta(days=1), CRISIS - timedelta(days=300))
        assert gone > 100
    said = crisiswatch("explain", INCIDENT, "--config", config, "--posts", 0)
    assert "Behind it" in said.out
    assert said.code == 1  # who spoke and in which words was forgotten, so nobody can tell again what was a copy
    assert "have lost their text to retention" in " ".join(said.out.split())
    again = json.loads(crisiswatch("explain", INCIDENT, "--config", config, "--format", "json").out)["again"]
    assert again["mentions_read"] > gone


def test_an_unknown_incident_is_answered_with_those_there_are(crisiswatch, config):
    for command in (["explain", "nope"], ["incidents", "show", "nope"]):
        said = crisiswatch(*command, "--config", config)
        assert (said.code, said.out) == (2, "")
        assert said.err == f"crisiswatch: there is no incident 'nope'; the last ones are {INCIDENT}\n"


def test_looking_makes_no_store(crisiswatch, tmp_path):
    config = copy_config(tmp_path)
    said = crisiswatch("incidents", "list", "--config", config)
    assert said.code == 2
    assert "nothing is stored yet" in said.err
    assert not (tmp_path / "crisiswatch.db").exists()


def test_a_file_that_is_no_store_is_told_as_such(crisiswatch, tmp_path):
    config = copy_config(tmp_path)
    (tmp_path / "crisiswatch.db").write_text("a letter to somebody, and long enough to be looked at as a page " * 20)
    said = crisiswatch("incidents", "list", "--config", config)
    assert said.code == 2
    assert "file is not a database" in said.err
    assert "Traceback" not in said.err


def test_a_store_can_be_replayed(crisiswatch, config):
    before = json.loads(
        crisiswatch("replay", "--config", config, "--format", "json", config.parent / "crisiswatch.db").out
    )
    assert [each["id"] for each in before["incidents"]] == [INCIDENT]
    assert before["mentions"] == 1776
    both = crisiswatch("replay", "--config", config, config.parent / "crisiswatch.db", "-")
    assert both.code == 2
    assert "replay it alone" in both.err


@pytest.fixture
def daemon(tmp_path, monkeypatch):
    """A daemon in the middle of the wave, and the configuration that names its port."""
    monkeypatch.setenv("ACME_HELPDESK_SECRET", "s" * 32)
    config = copy_config(
        tmp_path,
        replace=(
            ("  - {id: pr-slack, type: slack, token: {env: ACME_SLACK_TOKEN}, channel: C0123456789}\n", ""),
            ("  - {id: pr-mail, type: email, host: smtp.example.com, from: watch@example.com, to: [press@example.com]}\n", ""),
            ("  - {levels: [warning, critical], brands: [acme], receivers: [pr-slack, pr-mail]}\n", ""),
        ),
        append="web: {port: 0}\nlog: {level: error}\n",
    )  # fmt: skip
    (tmp_path / "inbox").mkdir()
    fill(config, CRISIS + timedelta(minutes=20))
    app = App(config, clock=ManualClock(CRISIS + timedelta(minutes=21)), console=io.StringIO())
    configure(app.log_settings)
    app.start()
    config.write_text(config.read_text().replace("port: 0", f"port: {app.port}"))
    yield app, config
    app.stop()
    structlog.reset_defaults()


def test_an_incident_is_taken_and_closed_through_the_daemon(crisiswatch, daemon):
    _, config = daemon
    said = crisiswatch("incidents", "ack", INCIDENT, "--as", "Duty desk", "--config", config)
    assert (said.code, said.out, said.err) == (0, f"acknowledged: {INCIDENT}\n", "")
    shown = json.loads(crisiswatch("incidents", "show", INCIDENT, "--format", "json", "--config", config).out)
    assert shown["acknowledged_by"] == "Duty desk"
    said = crisiswatch("incidents", "resolve", INCIDENT, "--config", config)
    assert (said.code, said.out) == (0, f"resolved: {INCIDENT}\n")
    shown = json.loads(crisiswatch("incidents", "show", INCIDENT, "--format", "json", "--config", config).out)
    assert (shown["phase"], shown["reason"]) == ("resolved", "by_hand")
    said = crisiswatch("incidents", "resolve", INCIDENT, "--config", config)
    assert said.code == 2
    assert said.err.startswith("crisiswatch: the daemon refused: it is over already since ")


def test_people_act_through_the_daemon_and_the_log_proves_it(crisiswatch, daemon):
    app, config = daemon
    said = crisiswatch("act", INCIDENT, "assign", "--to", "the press office", "--as", "Ada", "--config", config)
    assert (said.code, said.out) == (0, f"It is assigned to the press office: {INCIDENT}\n")
    assert crisiswatch("act", INCIDENT, "snooze", "--for", "1h", "--config", config).code == 0
    assert crisiswatch("act", INCIDENT, "note", "--text", "we wait", "--as", "Ada", "--config", config).code == 0
    said = crisiswatch("act", INCIDENT, "verdict", "--kind", "not_a_crisis", "--config", config)
    assert (said.code, "needs a reason" in said.err) == (2, True)
    assert crisiswatch("act", INCIDENT, "dance", "--config", config).code == 2
    assert crisiswatch("act", INCIDENT, "snooze", "--for", "a while", "--config", config).code == 2
    assert crisiswatch("act", INCIDENT, "promise", "--text", "x", "--due", "soon", "--config", config).code == 2
    lines = crisiswatch("log", INCIDENT, "--format", "jsonl", "--config", config).out.splitlines()
    assert [json.loads(line)["kind"] for line in lines][-3:] == ["assign", "snooze", "note"]
    said = crisiswatch("log", INCIDENT, "--verify", "--config", config)
    assert (said.code, f"Nobody has changed the log: {len(lines)} lines." in said.out) == (0, True)
    with app.store.engine.begin() as connection:
        connection.execute(sa.text("UPDATE decision SET text = 'never' WHERE number = 2"))
    said = crisiswatch("log", INCIDENT, "--format", "json", "--verify", "--config", config)
    assert (said.code, json.loads(said.out)["fault"]) == (1, "line 2 was changed, or one before it")


def test_the_daemon_lets_only_its_own_people_act(daemon):
    app, _ = daemon
    url = f"http://127.0.0.1:{app.port}/api/v1/incidents/{INCIDENT}/resolve"
    with httpx.Client(trust_env=False) as client:
        assert client.post(url, headers={"origin": "https://evil.example"}).status_code == 403
        assert client.post(url, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert client.post(url, headers={"host": "evil.example"}).status_code == 403
        assert client.get(url).status_code == 404
        assert client.post(url.replace("resolve", "forget")).status_code == 404
        assert client.post(url.replace("acme.", "other.")).status_code == 404
        assert client.post(url, content=b"not json").status_code == 400
        assert client.post(url, json={"actor": 7}).status_code == 400
        assert client.post(url, content=b"x" * 1_000_001).status_code == 413
    incident = app.store.incident(INCIDENT)
    assert incident is not None
    assert incident.resolved_at is None
    with app.store.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM journal")).scalar() == 0


def test_without_a_daemon_nothing_is_written(crisiswatch, config, tmp_path):
    config.write_text(config.read_text() + "web: {port: 1}\n")
    before = (tmp_path / "crisiswatch.db").read_bytes()
    said = crisiswatch("incidents", "ack", INCIDENT, "--config", config)
    assert said.code == 2
    assert said.err == "crisiswatch: no daemon answers at 127.0.0.1:1; is it running? (`crisiswatch run`)\n"
    assert (tmp_path / "crisiswatch.db").read_bytes() == before
