"""Secrets: found when they are needed, and never to be seen."""

from __future__ import annotations

import json
import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.config import Secret, SlackOptions, WebhookOptions, load, unresolved_secrets
from crisiswatch.errors import ConfigError
from tests.config.config_base import CONFIG, FILES, write

CANARY = "hunter2-Canary-7f3a"


def everything_said(path: Path) -> str:
    try:
        loaded = load(path)
    except ConfigError as error:
        rendered = [problem.render() + repr(problem) for problem in error.problems]
        return "\n".join([str(error), repr(error), *rendered, *traceback.format_exception(error)])
    told = [problem.render() for problem in (*loaded.problems, *unresolved_secrets(loaded.settings))]
    return "\n".join([repr(loaded), str(loaded.settings), *told])


LEAKS = [
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f'token: "{CANARY}"'),
    ("token: {env: SLACK_BOT_TOKEN}", f'token: "{CANARY}'),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: [{CANARY}]"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: [{CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {{{CANARY}}}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {{env: {CANARY}}}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {{env: [{CANARY}]}}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {{enw: {CANARY}}}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {{env: A, file: {CANARY}}}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: |\n      {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: >-\n      {CANARY}\n      {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token:\n      {CANARY}: x"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token:\n      {CANARY}: @"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token:\n      - {CANARY}\n      - @"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: !!str {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: {CANARY}\n    token: {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"token: &t {CANARY}\n    channel: *t"),
    ("token: {env: SLACK_BOT_TOKEN}", f"tokn: {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"bot_tokens: {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"tk: {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"apikey: {CANARY}"),
    ("token: {env: SLACK_BOT_TOKEN}", f"pw: {CANARY}"),
    ("secret: {env: HOOK_SECRET}", f"secret: {CANARY}"),
    ("secret: {env: HOOK_SECRET}", f"secrets: {CANARY}"),
    ("    from: a@example.com", f"    username: me\n    password: {CANARY}\n    from: a@example.com"),
    ("    from: a@example.com", f"    username: me\n    passwort: {CANARY}\n    from: a@example.com"),
    ("    from: a@example.com", f"    username: me\n    pasword: {CANARY}\n    from: a@example.com"),
    ("https://news.example.com/acme.xml", f"https://me:{CANARY}@news.example.com/acme.xml"),
    ("https://news.example.com/acme.xml", f"ftp://me:{CANARY}@news.example.com/acme.xml"),
    ("sqlite:///x.db", f"postgresql://me:{CANARY}@db/x"),
    ("sqlite:///x.db", f"mysql://me:{CANARY}@db/x"),
    ("sqlite:///x.db", f"postgresql://db/x?password={CANARY}"),
    ("type: webhook\n    secret: {env: HOOK_SECRET}", f"type: webhok\n    secret: {CANARY}"),
    ("type: slack\n    token: {env: SLACK_BOT_TOKEN}", f"type: slak\n    token: {CANARY}"),
]


@pytest.mark.parametrize("leak", LEAKS, ids=lambda leak: leak[1].replace(CANARY, "X").replace("\n", " "))
def test_a_secret_in_the_file_is_refused_without_being_shown(tmp_path: Path, leak: tuple[str, str]):
    old, new = leak
    assert CONFIG.count(old) == 1
    path = write(tmp_path, FILES | {"crisiswatch.yaml": CONFIG.replace(old, new)})
    with pytest.raises(ConfigError):
        load(path)
    assert CANARY not in everything_said(path)


@given(st.integers(0, 400), st.sampled_from(['"', "'", "[", "{", ":", "\t", "@", "- ", "\n", "&a ", "*a ", "!x ", "#"]))
def test_no_other_fault_near_a_secret_shows_it(tmp_path_factory, place: int, sign: str):
    text = CONFIG.replace("{env: SLACK_BOT_TOKEN}", f"{{env: {CANARY}}}").replace("{env: HOOK_SECRET}", CANARY)
    place = min(place, len(text))
    cut = text[:place] + sign + text[place:]
    if CANARY in cut and "token:" in cut and "secret:" in cut:
        path = write(tmp_path_factory.mktemp("leak"), FILES | {"crisiswatch.yaml": cut})
        assert CANARY not in everything_said(path)


def test_a_secret_comes_from_the_environment_at_the_moment_it_is_asked_for(monkeypatch: pytest.MonkeyPatch):
    secret = Secret(env="CRISISWATCH_TEST_SECRET")
    monkeypatch.delenv("CRISISWATCH_TEST_SECRET", raising=False)
    assert secret.missing()
    monkeypatch.setenv("CRISISWATCH_TEST_SECRET", CANARY)
    assert not secret.missing()
    assert secret.reveal() == secret() == CANARY
    monkeypatch.setenv("CRISISWATCH_TEST_SECRET", "another")
    assert secret.reveal() == "another"


def test_an_empty_variable_is_no_secret(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CRISISWATCH_TEST_SECRET", "")
    with pytest.raises(ConfigError, match="CW033: the environment has no value for CRISISWATCH_TEST_SECRET"):
        Secret(env="CRISISWATCH_TEST_SECRET").reveal()


def test_a_secret_comes_from_a_file_without_its_last_line_end(tmp_path: Path):
    (tmp_path / "key").write_bytes(b" two words \r\n")
    assert Secret(file=tmp_path / "key").reveal() == " two words "
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    assert Secret(file=tmp_path / "key").missing()
    assert Secret(file=tmp_path / "nothing").missing()
    assert Secret(file=tmp_path).missing()


def test_a_secret_never_prints(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CRISISWATCH_TEST_SECRET", CANARY)
    secret = Secret(env="CRISISWATCH_TEST_SECRET")
    assert str(secret) == repr(secret) == f"{secret}" == "***"
    assert CANARY not in json.dumps({"a": [secret]}, default=str)


def test_what_is_missing_is_a_warning_to_check_and_an_error_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    monkeypatch.setenv("SLACK_BOT_TOKEN", CANARY)
    path = write(tmp_path, FILES)
    settings = load(path).settings
    told = f"{path}:14:13: CW033: the environment has no value for HOOK_SECRET; set it where crisiswatch runs: HOOK_SECRET=..."
    assert [(problem.headline(), problem.severity) for problem in unresolved_secrets(settings)] == [(told, "warning")]
    assert [problem.severity for problem in unresolved_secrets(settings, "error")] == ["error"]
    monkeypatch.setenv("HOOK_SECRET", "x")
    assert unresolved_secrets(settings) == []


def test_the_settings_hold_references_that_know_their_place(tmp_path: Path):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "slack").write_text(CANARY)
    path = write(tmp_path, FILES | {"crisiswatch.yaml": CONFIG.replace("{env: SLACK_BOT_TOKEN}", "{file: keys/slack}")})
    settings = load(path).settings
    slack = settings.receivers[1].options
    hook = settings.sources[1].options
    assert isinstance(slack, SlackOptions)
    assert isinstance(hook, WebhookOptions)
    assert slack.token.reveal() == CANARY
    assert slack.token.where == (str(path), 20, 12)
    assert hook.secret.env == "HOOK_SECRET"
    assert len(settings.secrets()) == 2
    assert CANARY not in everything_said(path)


def test_a_store_whose_address_is_a_secret_is_read_when_it_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    address = f"postgresql://me:{CANARY}@db/x"
    monkeypatch.setenv("STORE_URL", address)
    config = CONFIG.replace('{url: "sqlite:///x.db"}', "{url: {env: STORE_URL}}")
    path = write(tmp_path, FILES | {"crisiswatch.yaml": config})
    assert load(path).settings.store.reveal() == address
    assert CANARY not in everything_said(path)
