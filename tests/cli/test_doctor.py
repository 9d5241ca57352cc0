from __future__ import annotations

import json
import re
from datetime import date

import pytest
from pytest_httpserver import HTTPServer

from crisiswatch.cli.coverage import coverage, reddit_notice
from crisiswatch.config.schema_sources import SOURCE_TYPES
from crisiswatch.sentiment.lite import LiteScorer
from crisiswatch.testing.fake_bluesky import FakeBluesky
from crisiswatch.testing.fake_http import Answer, Asked, FakeSite
from crisiswatch.testing.fake_slack import FakeSlack
from crisiswatch.testing.fake_smtp import FakeSmtp
from tests.cli.support import HERE, copy_config
from tests.sentiment.heavy_model import make_folder

FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>
<item><guid>1</guid><title>Acme opens a shop</title><pubDate>Mon, 02 Mar 2026 10:00:00 GMT</pubDate></item>
</channel></rss>"""


NOT_TRIED = "Sources and receivers were not tried: `crisiswatch doctor --online` does.\n"


def test_what_is_missing_is_found_before_the_night_it_is_needed(crisiswatch, tmp_path):
    said = crisiswatch("doctor", "--config", copy_config(tmp_path))
    assert (said.code, said.err) == (1, "")
    assert "the environment has no value for ACME_SLACK_TOKEN" in " ".join(said.out.split())
    assert "2 things to mend" in said.out


def test_all_is_well_when_it_is(crisiswatch, tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_HELPDESK_SECRET", "s" * 32)
    monkeypatch.setenv("ACME_SLACK_TOKEN", "xoxb-1")
    monkeypatch.chdir(tmp_path)
    config = copy_config(tmp_path)
    (tmp_path / "inbox").mkdir()
    said = crisiswatch("doctor", "--config", "crisiswatch.yaml")
    assert (said.code, said.err) == (0, "")
    assert "".join(said.out.split()).replace("<dir>/inbox", "<inbox>").startswith("okconfiguration:3rules,0warnings")
    assert said.out.endswith("\n\nAll is well.\n" + NOT_TRIED)
    answer = json.loads(crisiswatch("doctor", "--config", config, "--format", "json").out)
    assert answer["good"] is True
    assert {each["state"] for each in answer["findings"]} == {"ok"}
    assert not (tmp_path / "crisiswatch.db").exists()


def test_files_that_nobody_will_read_are_told(crisiswatch, tmp_path, monkeypatch):
    monkeypatch.setenv("ACME_HELPDESK_SECRET", "s" * 32)
    monkeypatch.setenv("ACME_SLACK_TOKEN", "xoxb-1")
    config = copy_config(tmp_path)
    (tmp_path / "inbox").mkdir()
    (tmp_path / "inbox" / "export.xlsx").write_bytes(b"PK")
    said = crisiswatch("doctor", "--config", config)
    assert said.code == 0
    told = "".join(said.out.split())  # the path is as long as it is, so lines break anywhere
    assert "inboxisread:only*.jsonl,*.ndjsonand*.csvare,alsowith.gz" in told.replace("<dir>", "")
    assert "Nothingisbroken;1thingtolookat,marked!" in told
    assert "Alliswell" not in told
    (tmp_path / "inbox" / "export.csv").write_bytes(b"")
    assert "All is well." in crisiswatch("doctor", "--config", config).out


def test_a_bad_configuration_is_the_first_thing_to_mend(crisiswatch):
    said = crisiswatch("doctor", "--config", HERE / "bad" / "crisiswatch.yaml")
    assert said.code == 1
    assert "6 problems: see `crisiswatch check" in " ".join(said.out.split())


def test_a_store_that_is_none_is_bad(crisiswatch, tmp_path):
    config = copy_config(tmp_path)
    (tmp_path / "crisiswatch.db").write_text("not a store, " * 200)
    found = json.loads(crisiswatch("doctor", "--config", config, "--format", "json").out)["findings"]
    (store,) = [each for each in found if each["what"] == "store"]
    assert store["state"] == "bad"
    assert "not a database" in store["detail"]


@pytest.fixture
def outside(httpserver: HTTPServer, tmp_path, monkeypatch):
    """A feed, a Slack and a mail server that answer, and the configuration that names them."""
    monkeypatch.setenv("ACME_HELPDESK_SECRET", "s" * 32)
    monkeypatch.setenv("ACME_SLACK_TOKEN", "xoxb-fake")
    httpserver.expect_request("/feed").respond_with_data(FEED, content_type="application/rss+xml")
    with FakeSlack() as slack, FakeSmtp() as mail:
        config = copy_config(
            tmp_path,
            replace=(
                ("channel: C0123456789}", f"channel: C0123456789, base_url: {slack.url!r}}}"),
                ("host: smtp.example.com", f"host: 127.0.0.1, port: {mail.port}, security: none"),
                ("sources:\n", f"sources:\n  - {{id: news, type: feed, url: {httpserver.url_for('/feed')!r}}}\n"),
            ),
        )
        yield config, slack, mail, httpserver


def tried(crisiswatch, config) -> dict[str, tuple[str, str]]:
    answer = json.loads(crisiswatch("doctor", "--online", "--config", config, "--format", "json").out)
    return {each["what"]: (each["state"], each["detail"]) for each in answer["findings"] if "tried" in each["what"]}


def test_online_greets_everybody_and_sends_nothing(crisiswatch, outside):
    config, slack, mail, _ = outside
    found = tried(crisiswatch, config)
    assert found["source news, tried"] == ("ok", "answers: 1 mention")
    assert found["receiver pr-slack, tried"][0] == "ok"
    assert "blocks.validate" in [call.method for call in slack.calls]
    assert found["receiver pr-mail, tried"] == ("ok", "the mail server answers")
    assert slack.messages == []
    assert mail.mails == []


def buttons(crisiswatch, config) -> tuple[str, str]:
    answer = json.loads(crisiswatch("doctor", "--config", config, "--format", "json").out)
    (found,) = [each for each in answer["findings"] if each["what"] == "receiver pr-slack, buttons"]
    return found["state"], found["detail"]


def test_whether_buttons_are_heard_is_told_and_a_token_of_the_wrong_kind_too(crisiswatch, outside, monkeypatch):
    config, slack, _, _ = outside
    assert buttons(crisiswatch, config) == ("ok", "off; an app_token switches them on, see docs/sre.md")
    plain = config.read_text()
    config.write_text(plain.replace("channel: C0123456789", "channel: C0123456789, app_token: {env: ACME_APP}"))
    monkeypatch.setenv("ACME_APP", "xoxb-fake")
    assert buttons(crisiswatch, config)[0] == "bad"
    assert tried(crisiswatch, config)["receiver pr-slack, tried"] == ("bad", "Slack refused: invalid_auth")
    monkeypatch.setenv("ACME_APP", slack.app_token)
    assert buttons(crisiswatch, config) == ("ok", "on, heard through Socket Mode")
    assert tried(crisiswatch, config)["receiver pr-slack, tried"][1].startswith("both tokens are good")
    config.write_text(plain.replace("channel: C0123456789", "channel: C0123456789, signing_secret: {env: ACME_SIGN}"))
    monkeypatch.setenv("ACME_SIGN", "xoxb-fake")
    assert buttons(crisiswatch, config)[0] == "bad"
    monkeypatch.setenv("ACME_SIGN", slack.signing_secret)
    assert "POST /slack/actions" in buttons(crisiswatch, config)[1]


def test_online_says_who_refuses(crisiswatch, outside, monkeypatch):
    config, _, mail, feeds = outside
    monkeypatch.setenv("ACME_SLACK_TOKEN", "xoxb-wrong")
    feeds.clear()
    feeds.expect_request("/feed").respond_with_data("gone", status=404)
    text = config.read_text()
    config.write_text(text.replace(f"port: {mail.port}", "port: 1"))
    found = tried(crisiswatch, config)
    assert found["source news, tried"][0] == "bad"
    assert found["receiver pr-slack, tried"] == ("bad", "Slack refused: invalid_auth")
    assert found["receiver pr-mail, tried"][0] == "bad"
    assert found["receiver pr-mail, tried"][1].startswith("can't be reached: ")


def scorer_of(crisiswatch, config) -> dict[str, str]:
    findings = json.loads(crisiswatch("doctor", "--config", config, "--format", "json").out)["findings"]
    (found,) = [each for each in findings if each["what"] == "scorer"]
    return found


def test_the_scorer_is_opened_once_for_all_that_is_asked_of_it(crisiswatch, tmp_path, monkeypatch):
    made = []

    def opened(name: str) -> LiteScorer:
        made.append(name)
        return LiteScorer(small=True)

    monkeypatch.setattr("crisiswatch.wiring.named_scorer", opened)
    scorer_of(crisiswatch, copy_config(tmp_path))
    assert made == ["lite"]


def test_the_model_of_a_folder_is_opened(crisiswatch, tmp_path):
    config = copy_config(tmp_path)
    folder = make_folder(tmp_path / "tiny")
    config.write_text(config.read_text("utf-8") + "sentiment: {folder: ./tiny, fallback: vader}\n", "utf-8")
    found = scorer_of(crisiswatch, config)
    assert found["state"] == "ok"
    assert re.fullmatch(r"tiny-[0-9a-f]{10}, else vader, is ready", found["detail"])
    (folder / "model.onnx").write_text("damaged")
    found = scorer_of(crisiswatch, config)
    assert found["state"] == "bad"
    assert "model.onnx is damaged" in found["detail"]


LIVE = """  - {{id: bluesky, type: bluesky, url: {bluesky!r}}}
  - {{id: hn, type: hackernews, base_url: {web!r}}}
  - {{id: masto, type: mastodon, servers: [{{url: {web!r}}}, {{url: {gone!r}}}]}}
  - {{id: reddit, type: reddit, client_id: {{env: REDDIT_ID}}, client_secret: {{env: REDDIT_SECRET}},
     user_agent: "linux:test:1 (by u/nobody)", reddit_url: {web!r}, oauth_url: {web!r}}}
"""


def answer_live(asked: Asked) -> Answer:
    if asked.path == "/api/v1/search_by_date":
        return Answer.of({"hits": []})
    if asked.path.startswith("/api/v1/timelines"):
        return Answer.of([], x_ratelimit_limit="300", x_ratelimit_remaining="297")
    return Answer.of({"error": "unauthorized"}, 401)


def test_every_live_source_is_tried_and_what_is_wrong_is_told(crisiswatch, tmp_path, monkeypatch):
    monkeypatch.setenv("REDDIT_ID", "id")
    monkeypatch.setenv("REDDIT_SECRET", "secret")
    with FakeBluesky() as bluesky, FakeSite(answer_live) as site:
        lines = LIVE.format(bluesky=bluesky.url, web=site.url, gone="http://127.0.0.1:1")
        config = copy_config(tmp_path, replace=(("sources:\n", f"sources:\n{lines}"),))
        found = tried(crisiswatch, config)
    assert found["source bluesky, tried"] == ("ok", "answers: 0 mentions")
    assert found["source hn, tried"] == ("ok", "answers: 0 mentions")
    state, detail = found["source masto, tried"]
    assert state == "warn"
    assert detail.startswith("answers: 0 mentions, 99% of its limit is left, 1 can't be read (127.0.0.1:1: ")
    refused = "Reddit refused the app's id and secret (401); look at the key and the address"
    assert found["source reddit, tried"] == ("bad", refused)


def test_what_a_source_covers_is_told_and_that_reddit_closes(crisiswatch, tmp_path):
    lines = LIVE.format(bluesky="ws://127.0.0.1:1", web="http://127.0.0.1:1", gone="http://127.0.0.1:1")
    config = copy_config(tmp_path, replace=(("sources:\n", f"sources:\n{lines}"),))
    findings = json.loads(crisiswatch("doctor", "--config", config, "--format", "json").out)["findings"]
    told = {each["what"]: (each["state"], each["detail"]) for each in findings}
    assert "every public post" in told["source bluesky (bluesky)"][1]
    assert "no likes" in told["source bluesky (bluesky)"][1]
    assert told["source reddit (reddit)"][0] == "warn"
    assert "March 2027" in told["source reddit (reddit)"][1]
    assert reddit_notice(date(2027, 3, 1)).startswith("Reddit closed")


def test_every_kind_of_source_tells_what_it_covers():
    assert [kind for kind in SOURCE_TYPES if coverage(kind) is None] == []


def test_a_scorer_without_its_encoder_is_told(crisiswatch, tmp_path, monkeypatch):
    monkeypatch.setattr("crisiswatch.wiring.named_scorer", lambda name: LiteScorer(small=True))
    found = scorer_of(crisiswatch, copy_config(tmp_path))
    assert found["state"] == "warn"
    assert found["detail"].endswith("works reduced: the small model was asked for")


def test_receivers_that_are_sent_plain_requests_are_greeted_and_sent_nothing(crisiswatch, tmp_path, monkeypatch):
    for name in ("ACME_HELPDESK_SECRET", "ACME_SLACK_TOKEN", "KEY"):
        monkeypatch.setenv(name, "s" * 32)
    monkeypatch.setenv("CHAT", "json://localhost")

    def answer(asked: Asked) -> Answer:
        if asked.path == "/api/v2/status":
            return Answer.of({"versionInfo": {"version": "0.25.0"}})
        return Answer(405)

    with FakeSite(answer) as site:
        lines = f"""  - {{id: am, type: alertmanager, urls: [{site.url!r}, "http://127.0.0.1:1"]}}
  - {{id: no-am, type: alertmanager, urls: ["{site.url}/wrong"]}}
  - {{id: hook, type: webhook, url: {site.url!r}, secret: {{env: KEY}}}}
  - {{id: pager, type: pagerduty, routing_key: {{env: KEY}}, base_url: "http://127.0.0.1:1"}}
  - {{id: chat, type: apprise, url: {{env: CHAT}}}}
"""
        config = copy_config(tmp_path, replace=(("receivers:\n", f"receivers:\n{lines}"),))
        found = tried(crisiswatch, config)
        where = site.url.removeprefix("http://")
        assert [asked.method for asked in site.seen if asked.method == "POST"] == []
    said = "; 127.0.0.1:1 can't be reached: ConnectError"
    assert found["receiver am, tried"] == ("warn", f"{where} is Alertmanager 0.25.0{said}")
    assert found["receiver no-am, tried"] == ("bad", f"{where} answered 405: no Alertmanager")
    assert found["receiver hook, tried"][0] == "ok"
    assert found["receiver pager, tried"] == ("bad", "can't be reached: ConnectError")
    assert found["receiver chat, tried"][1].startswith("the address is one of JSON")
