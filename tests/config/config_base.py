"""A small configuration that is right, and the table of everything that can be wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

CONFIG = """\
version: 1
brands:
  - id: acme
    name: Acme Coffee
    any: [acme coffee]
    none: [acme anvils]
    languages: [it, en]
sources:
  - id: news
    type: feed
    url: https://news.example.com/acme.xml
  - id: hook
    type: webhook
    secret: {env: HOOK_SECRET}
receivers:
  - id: console
    type: console
  - id: slack
    type: slack
    token: {env: SLACK_BOT_TOKEN}
    channel: C012
  - id: mail
    type: email
    host: smtp.example.com
    from: a@example.com
    to: [b@example.com]
routes:
  - {levels: [warning, critical], brands: [acme], receivers: [console, slack, mail]}
store: {url: "sqlite:///x.db"}
"""

RULE = """\
version: 1
rules:
  - id: wave
    title: A wave
    mentions: {sentiment: negative, words: [bad], ignore_words: [giveaway]}
    window: 15m
    levels:
      warning:
        surprise: {at_least: high}
        count: {at_least: 20}
      critical:
        surprise: {at_least: extreme}
        count: {at_least: 60}
    hold: 10m
    settle: {quiet_for: 45m, below: 0.5}
    only_during: {days: [mon], start: 08:00, end: 22:00, timezone: Europe/Rome}
    alert: wave
"""

ALERT = """\
alert: wave
opened:
  headline: "{brand}: a wave"
  summary: "{count} in {window}"
  show: [why, chart]
playbook:
  - {step: Take the lead, role: duty, within: 10m}
statements:
  it: Stiamo verificando.
"""

TEST = """\
rules: [wave.yaml]
tests:
  - name: nothing happens
    mentions:
      - {every: 5m, until: 1d}
      - {at: 1d, count: 3, over: 5m, authors: 2}
    expect:
      - {by: 1d, incident: wave, level: warning}
      - {between: [0d, 1d], incidents: 0}
"""

FILES = {
    "crisiswatch.yaml": CONFIG,
    "rules/wave.yaml": RULE,
    "rules/wave.test.yaml": TEST,
    "alerts/wave.yaml": ALERT,
}

MODEL = {
    "model/config.json": '{"id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"}}',
    "model/model.onnx": "looked at when it is opened",
    "model/tokenizer.json": "{}",
}
"""A model whose classes are only numbered."""


@dataclass(frozen=True)
class Case:
    """One fault: replace ``old`` by ``new`` in ``file``, and these are all the problems there are."""

    name: str
    file: str
    old: str
    new: str | bytes
    problems: tuple[str, ...]


def write(directory: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
    return directory / "crisiswatch.yaml"


def broken(case: Case) -> dict[str, str | bytes]:
    files: dict[str, str | bytes] = dict(FILES | MODEL)
    if case.old:
        text = FILES[case.file]
        assert text.count(case.old) == 1, case.name
        assert isinstance(case.new, str)
        files[case.file] = text.replace(case.old, case.new)
    else:
        files[case.file] = case.new
    return files
