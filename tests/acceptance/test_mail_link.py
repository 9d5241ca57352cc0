"""The link of a real mail of the real daemon: whoever presses it has the incident, and everybody sees that."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.world import WEB, World, until, world


@pytest.fixture
def linked(tmp_path: Path) -> Iterator[World]:
    (tmp_path / "link.key").write_text("a key that is long enough for this")
    with world(tmp_path, web_more=", public_url: https://cw.example.com, link_key: {file: link.key}") as made:
        yield made


def test_one_press_in_a_mail_takes_the_incident_for_everybody(linked: World) -> None:
    linked.at(1)
    linked.push(linked.mention(1))
    linked.calm_down(2)
    mail = linked.smtp.mails[0].message
    (path,) = re.findall(r"https://cw\.example\.com(/acknowledge/\S+)", mail.get_body(("plain",)).get_content())
    seen = WEB.get(linked.url + path, headers={"host": "cw.example.com"})
    assert seen.status_code == 200
    assert "I have it" in seen.text
    assert linked.incidents()[0]["acknowledged_by"] is None
    taken = WEB.post(linked.url + path, headers={"host": "cw.example.com", "origin": "https://cw.example.com"})
    assert (taken.status_code, "You have it" in taken.text) == (200, True)
    assert linked.incidents()[0]["acknowledged_by"] == "mail:press@example.com"
    linked.delivered()
    until(lambda: "press@example.com" in str(linked.message().blocks), "the message in the channel says who has it")

    linked.abandon()
    linked.start_another()
    again = WEB.post(linked.url + path)
    assert again.status_code == 409
    assert "press@example.com has it" in again.text


def test_a_mail_has_the_chart_that_its_alert_shows(linked: World) -> None:
    linked.at(1)
    linked.push(linked.mention(1))
    linked.calm_down(2)
    linked.push(linked.mention(2), linked.mention(3))
    linked.calm_down(4)
    opened, escalated = (mail.message for mail in linked.smtp.mails)
    assert "image/png" not in [part.get_content_type() for part in opened.walk()]
    (picture,) = (part for part in escalated.walk() if part.get_content_type() == "image/png")
    assert picture.get_content().startswith(b"\x89PNG")
    assert "acknowledge/" in escalated.get_body(("html",)).get_content()


def test_the_other_pages_are_as_closed_as_before(linked: World) -> None:
    assert WEB.get(f"{linked.url}/", headers={"host": "cw.example.com"}).status_code == 403
    assert WEB.get(f"{linked.url}/acknowledge/x.y", headers={"host": "cw.example.com"}).status_code == 403
