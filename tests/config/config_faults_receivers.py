"""Faults in receivers that are sent plain requests."""

from __future__ import annotations

from tests.config.config_base import Case

CONFIG_FILE = "crisiswatch.yaml"
CONSOLE = "type: console\n"


def instead(name: str, receiver: str, *problems: str) -> Case:
    """A fault in a receiver that stands where the console stood, on line 17."""
    told = tuple(f"crisiswatch.yaml:{problem}" for problem in problems)
    return Case(name, CONFIG_FILE, CONSOLE, f"{receiver}\n", told)


AM = "type: alertmanager\n    urls: [http://am:9093]"
RECEIVERS = (
    instead(
        "an Alertmanager without an address",
        "type: alertmanager",
        "16:5: CW020: `urls` is missing in an item of `receivers`; add `urls: ...`",
    ),
    instead(
        "a label that Alertmanager does not take",
        f"{AM}\n    labels: {{my-team: pr}}",
        "19:23: CW067: this can't be the name of a label; use letters, digits and _, like team",
    ),
    instead(
        "a label that is ours",
        f"{AM}\n    labels: {{severity: page}}",
        "19:24: CW067: the label `severity` is set by crisiswatch itself; take another name",
    ),
    instead(
        "two ways of saying who asks",
        f"{AM}\n    username: me\n    password: {{env: PW}}\n    token: {{env: TOKEN}}",
        "16:5: CW067: `token` and `username` are two ways of saying who asks; write one of them",
    ),
    instead(
        "half an account at an Alertmanager",
        f"{AM}\n    username: me",
        "16:5: CW039: `username` and `password` belong together; write both, or neither",
    ),
    instead(
        "a webhook with a password in its address",
        "type: webhook\n    url: https://me:pw@crm.example.com/\n    secret: {env: CRM}",
        "18:10: CW034: `url` has a user name or password in it; take it out of the address",
    ),
    instead(
        "an apprise address in the file",
        "type: apprise\n    url: tgram://123456789:abcdefg_hijklmnop/12315544/",
        "18:10: CW031: `url` is a secret and must not stand in this file; write {env: NAME} to take it from the "
        "environment, or {file: PATH} to read it from a file",
    ),
)
