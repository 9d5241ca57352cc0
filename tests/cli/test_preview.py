from __future__ import annotations

import json

import pytest

from tests.cli.support import GOOD, copy_config, golden, process
from tests.support import ROOT

STAGES = ("opened", "escalated", "reminded", "calming", "resolved", "digest", "storm")
RECEIVERS = ("console", "slack", "email", "webhook", "alertmanager", "pagerduty", "apprise")
NOTE = "The incident is invented; the words, the playbook and the layout are yours.\n"


@pytest.mark.parametrize(
    ("receiver", "stage"),
    [
        ("console", "opened"),
        ("email", "resolved"),
        ("slack", "escalated"),
        ("apprise", "reminded"),
        ("email", "storm"),
        ("webhook", "escalated"),
    ],
)
def test_an_alert_is_shown_as_its_reader_will_see_it(crisiswatch, receiver, stage):
    said = crisiswatch("preview", "negative-wave", "--receiver", receiver, "--stage", stage, "--config", GOOD)
    assert (said.code, said.err) == (0, NOTE)
    golden(f"preview-{receiver}-{stage}.txt", said.out)


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("receiver", RECEIVERS)
def test_json_is_json_for_every_receiver_and_stage(crisiswatch, receiver, stage):
    said = crisiswatch(
        "preview", "negative-wave", "--receiver", receiver, "--stage", stage, "--format", "json", "--config", GOOD
    )
    assert said.code == 0
    answer = json.loads(said.out)
    if receiver == "slack" and stage != "reminded":
        assert answer["blocks"][0]["type"] == "header"
    if receiver == "email":
        assert answer["to"] == "press@example.com"


@pytest.mark.parametrize("receiver", ["slack", "email"])
def test_html_can_be_opened_in_a_browser(crisiswatch, receiver):
    said = crisiswatch("preview", "negative-wave", "--receiver", receiver, "--format", "html", "--config", GOOD)
    assert said.code == 0
    assert said.out.lower().startswith("<!doctype html>")
    assert "Acme" in said.out


@pytest.mark.parametrize(
    ("arguments", "answer"),
    [
        (("nope",), "there is no alert 'nope'; there are: negative-wave"),
        (
            ("negative-wave", "--stage", "new"),
            "there is no stage 'new'; there are: opened, escalated, reminded, calming, resolved, digest, storm",
        ),
        (
            ("negative-wave", "--receiver", "fax"),
            "there is no receiver 'fax'; there are: console, slack, email, webhook, alertmanager, pagerduty, apprise",
        ),
        (("negative-wave", "--format", "html"), "there is no format for console 'html'; there are: text, json"),
    ],
)
def test_what_is_not_there_is_answered_with_what_is(crisiswatch, arguments, answer):
    said = crisiswatch("preview", *arguments, "--config", GOOD)
    assert (said.code, said.out, said.err) == (2, "", f"crisiswatch: {answer}\n")


def test_the_buttons_and_the_chart_are_shown_where_the_receiver_has_them(crisiswatch):
    said = crisiswatch("preview", "negative-wave", "--receiver", "slack", "--format", "json", "--config", GOOD)
    assert '"action_id": "acknowledge"' not in said.out, "nobody would hear what is pressed: there is no app_token"
    page = crisiswatch("preview", "negative-wave", "--receiver", "pr-slack", "--format", "html", "--config", GOOD)
    assert "data:image/png;base64," in page.out


def test_a_picture_is_a_file():
    done = process("preview", "negative-wave", "--receiver", "slack", "--format", "png", "--config", str(GOOD))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"\x89PNG")


def test_what_a_drill_looks_like_can_be_seen_before_it(crisiswatch):
    for receiver in RECEIVERS:
        said = crisiswatch("preview", "negative-wave", "--receiver", receiver, "--drill", "--config", GOOD)
        assert said.code == 0
        assert "DRILL" in said.out, receiver


def preview_json(crisiswatch, config, *more: str):
    said = crisiswatch("preview", *more, "--format", "json", "--config", config)
    assert said.code == 0, said.err
    return json.loads(said.out)


def test_a_preview_shows_what_the_receivers_that_are_set_up_would_get(crisiswatch, tmp_path):
    plain = copy_config(tmp_path / "plain")
    whole = copy_config(
        tmp_path / "whole",
        replace=(
            ("token: {env: ACME_SLACK_TOKEN}", "token: {env: ACME_SLACK_TOKEN}, app_token: {env: ACME_APP}"),
            (
                "receivers:\n",
                "receivers:\n  - {id: crm, type: webhook, url: 'https://crm.example', secret: {env: CRM}, posts: true}\n",
            ),
            ("sources:\n", "web: {public_url: 'https://watch.example', link_key: {env: LINKS}}\nsources:\n"),
        ),
    )
    for config, has in ((plain, False), (whole, True)):
        slack = preview_json(crisiswatch, config, "negative-wave", "--receiver", "slack")
        assert ("actions" in {block["type"] for block in slack["blocks"]}) == has
        webhook = preview_json(crisiswatch, config, "negative-wave", "--receiver", "webhook")
        assert bool(webhook["posts"]) == has
        mail = preview_json(crisiswatch, config, "negative-wave", "--receiver", "email")
        assert ("https://watch.example/acknowledge/preview" in mail["text"]) == has
        assert ("https://watch.example/incidents/" in mail["text"]) == has
        assert "data:image/png;base64," in mail["html"]


def test_blindness_names_a_source_and_a_drill_is_marked_on_a_small_screen_too(crisiswatch):
    root = ROOT / "crisiswatch.yaml"
    said = crisiswatch("preview", "blind", "--config", root)
    assert "has been silent since" in said.out
    assert "not known yet" not in said.out
    for stage in ("digest", "storm"):
        told = crisiswatch(
            "preview", "negative-wave", "--receiver", "apprise", "--stage", stage, "--drill", "--config", root
        )
        assert told.out.startswith("DRILL · ")
