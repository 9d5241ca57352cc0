"""The page of one incident: what is going on, and what people do about it, through the daemon."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.acceptance.world import WEB, World, world

HOSTILE = "acme coffee burned me <script>alert(1)</script> it caught fire"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


def opened(here: World) -> str:
    here.at(1)
    here.push(here.mention(1, text=HOSTILE))
    here.calm_down(2)
    return str(here.incidents()[0]["id"])


def post(here: World, name: str, act: str, **fields: str) -> httpx.Response:
    page = here.get(f"/incidents/{name}").text
    found = re.search(r'name="csrf" value="([0-9a-f]+)"', page)
    assert found is not None
    form = {"csrf": found[1], "by": "Ada", **fields}
    return WEB.post(f"{here.url}/incidents/{name}/do/{act}", data=form, headers={"origin": here.url})


def test_it_shows_what_a_message_shows_and_where_it_leads(here: World) -> None:
    name = opened(here)
    answer = here.get(f"/incidents/{name}")
    assert answer.status_code == 200
    for words in ("Nobody has taken it", "I have it", "What to do", "Why this alert", "Opened at", "chart.png"):
        assert words in answer.text
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert f'href="/incidents/{name}"' in here.get("/").text
    assert here.get(f"/incidents/{name}/chart.png").content.startswith(b"\x89PNG")
    assert "img-src 'self'" in answer.headers["content-security-policy"]


def test_people_take_it_do_steps_promise_and_judge(here: World) -> None:
    name = opened(here)
    assert post(here, name, "acknowledge").headers["location"] == f"/incidents/{name}?by=Ada"
    assert post(here, name, "step_done", step="1").status_code == 303
    assert post(here, name, "snooze", **{"for": "60"}).status_code == 303
    assert post(here, name, "verdict", kind="not_a_crisis", reason="a joke").status_code == 303
    page = here.get(f"/incidents/{name}").text
    assert "Ada has had it since" in page
    assert "Step 1 done" in page
    assert "a joke" in page


def test_the_next_update_is_promised_by_a_time_on_the_brands_clock(here: World) -> None:
    name = opened(here)
    assert 'type="datetime-local"' in here.get(f"/incidents/{name}").text
    assert post(here, name, "promise", text="The next update", due="2026-03-03T15:00").status_code == 303
    assert "The next update: by 3 Mar 2026, 15:00 UTC (Ada)" in here.get(f"/incidents/{name}").text
    for due in ("", "soon", "2026-03-02T15:00"):
        assert post(here, name, "promise", text="More", due=due).status_code == 409


def test_what_makes_no_sense_is_said_on_the_page(here: World) -> None:
    name = opened(here)
    refused = post(here, name, "verdict", kind="not_a_crisis")
    assert refused.status_code == 409
    assert "Not done: say why it is not a crisis" in refused.text
    assert post(here, name, "dance").status_code == 404


def test_a_form_that_is_not_of_our_page_does_nothing(here: World) -> None:
    name = opened(here)
    answer = WEB.post(f"{here.url}/incidents/{name}/do/acknowledge", data={"csrf": "x"}, headers={"origin": here.url})
    assert answer.status_code == 403
    assert "too old" in answer.text
    assert here.incidents()[0]["acknowledged_by"] is None


def test_its_post_mortem_is_there_once_it_is_over(here: World) -> None:
    name = opened(here)
    assert here.get(f"/incidents/{name}/post-mortem.md").status_code == 404
    post(here, name, "acknowledge")
    asked = here.get(f"/incidents/{name}").text
    assert "Close it by hand" in asked
    assert "still goes on after 24 hours" in asked, "it says for how long its rule is silent"
    assert "sure" in post(here, name, "resolve").text
    assert here.incidents()[0]["phase"] != "resolved"
    post(here, name, "resolve", sure="yes")
    answer = here.get(f"/incidents/{name}/post-mortem.md")
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("# Post-mortem: Acme Coffee")
    assert "The post-mortem" in here.get(f"/incidents/{name}").text


def test_there_is_no_page_of_what_never_was(here: World) -> None:
    for path in ("", "/chart.png", "/post-mortem.md"):
        assert here.get(f"/incidents/acme-coffee.wave.never{path}").status_code == 404
