"""Receivers that are sent plain requests: what is read, and what is said of apprise without a network."""

from __future__ import annotations

import io
import logging
from datetime import timedelta
from pathlib import Path

import pytest

from crisiswatch.config import (
    AlertmanagerOptions,
    AppriseOptions,
    PagerDutyOptions,
    Secret,
    WebhookReceiverOptions,
    check_apprise,
    load,
)
from crisiswatch.errors import ConfigError
from tests.config.config_base import CONFIG, FILES, write

CANARY = "123456789-hunter2-Canary"
ALL = """type: alertmanager
    urls: [http://one:9093, https://two/am]
    username: me
    password: {env: AM_PASSWORD}
    labels: {team: pr}
    cafile: ca.pem
  - id: hook
    type: webhook
    url: {env: HOOK_URL}
    secret: {file: keys/hook}
    posts: true
  - {id: pager, type: pagerduty, routing_key: {env: PD_KEY}, timeout: 5s}
  - {id: chat, type: apprise, url: {env: CHAT_URL}}
"""


def with_receiver(folder: Path, receiver: str) -> Path:
    return write(folder, FILES | {"crisiswatch.yaml": CONFIG.replace("type: console\n", f"{receiver}\n")})


def test_they_are_read_with_their_secrets_as_references(tmp_path: Path) -> None:
    settings = load(with_receiver(tmp_path, ALL)).settings
    alertmanager, hook, pager, chat = (one.options for one in settings.receivers[:4])
    assert isinstance(alertmanager, AlertmanagerOptions)
    assert alertmanager.urls == ("http://one:9093", "https://two/am")
    assert (alertmanager.labels, alertmanager.cafile) == ({"team": "pr"}, tmp_path / "ca.pem")
    assert isinstance(hook, WebhookReceiverOptions)
    assert isinstance(hook.url, Secret)
    assert hook.secret.file == tmp_path / "keys" / "hook"
    assert hook.posts
    assert isinstance(pager, PagerDutyOptions)
    assert pager.timeout == timedelta(seconds=5)
    assert isinstance(chat, AppriseOptions)
    names = [secret.env or secret.file.name for secret in settings.secrets() if secret.env or secret.file]
    assert {"AM_PASSWORD", "HOOK_URL", "hook", "PD_KEY", "CHAT_URL"} <= set(names)


def apprise(folder: Path, monkeypatch: pytest.MonkeyPatch, url: str | None) -> list[str]:
    """What is said of a receiver with this address."""
    if url is None:
        monkeypatch.delenv("CHAT_URL", raising=False)
    else:
        monkeypatch.setenv("CHAT_URL", url)
    try:
        loaded = load(with_receiver(folder, "type: apprise\n    url: {env: CHAT_URL}"))
    except ConfigError as error:
        return [problem.render() for problem in error.problems]
    return [problem.render() for problem in loaded.problems]


def test_an_address_is_known_or_not_and_neither_it_nor_its_key_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    log = io.StringIO()  # caplog also hears loggers that tell nobody
    handler = logging.StreamHandler(log)
    logging.getLogger().addHandler(handler)
    assert apprise(tmp_path, monkeypatch, f"json://me:{CANARY}@127.0.0.1/x") == []
    assert apprise(tmp_path, monkeypatch, None) == []
    for wrong in (f"pigeon://{CANARY}", f"tgram://{CANARY}", CANARY):
        (said,) = apprise(tmp_path, monkeypatch, wrong)
        assert "CW069: what `url` refers to is not an address that apprise knows" in said
        assert CANARY not in said
    logging.getLogger().removeHandler(handler)
    assert log.getvalue() == ""
    assert CANARY not in "".join(capfd.readouterr())


def test_an_address_in_a_file_is_looked_for_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir("/")
    (tmp_path / "chat").write_text("pigeon://here\n")
    with pytest.raises(ConfigError, match="CW069"):
        load(with_receiver(tmp_path, "type: apprise\n    url: {file: chat}"))
    (tmp_path / "chat").write_text("json://localhost\n")
    load(tmp_path / "crisiswatch.yaml")


def test_without_the_extra_it_is_told_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_apprise, "library", lambda: None)
    (said,) = apprise(tmp_path, monkeypatch, "json://localhost")
    assert "CW068: apprise, which this receiver needs, is not installed" in said
    assert "pip install 'crisiswatch[apprise]'" in said
