"""Alertmanager: what it is sent, and what the real one makes of it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crisiswatch.clock import ManualClock, SystemClock
from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.model import Case, Delivery, Level, Notice, Stage, StandDown
from crisiswatch.notifiers.alertmanager import HOLD, AlertmanagerNotifier
from crisiswatch.testing.fake_http import Answer
from crisiswatch.testing.fake_receivers import FakeReceiver, fake_alertmanager
from crisiswatch.testing.notifiers import a_delivery
from tests.acceptance.world import until
from tests.notifiers.common import NOW, words
from tests.support import require_program


@pytest.fixture
def server() -> Iterator[FakeReceiver]:
    with fake_alertmanager() as made:
        yield made


def notifier(*servers: FakeReceiver, **options: object) -> AlertmanagerNotifier:
    return AlertmanagerNotifier(words(), ManualClock(NOW), urls=[one.url for one in servers], timeout=2, **options)


def times(alert: dict[str, str]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(alert["startsAt"]), datetime.fromisoformat(alert["endsAt"])


def test_labels_say_what_never_changes_and_annotations_the_rest(server: FakeReceiver) -> None:
    notifier(server, labels={"team": "pr"}).send(replace(a_delivery(), link="https://watch.example/incidents/1"))
    ((alert,),) = server.taken
    assert alert["labels"] == {
        "alertname": "CrisiswatchIncident",
        "brand": "acme-coffee",
        "rule": "negative-wave",
        "incident": "acme-coffee-negative-wave-1",
        "severity": "warning",
        "team": "pr",
    }
    assert alert["annotations"]["summary"] == "Acme Coffee: unusual wave of negative mentions"
    assert "Nobody has taken it yet." in alert["annotations"]["description"]
    assert "Mentions now: 131 in 15 minutes" in alert["annotations"]["figures"]
    assert alert["generatorURL"] == alert["annotations"]["link"] == "https://watch.example/incidents/1"
    assert times(alert) == (NOW - timedelta(minutes=5), NOW + HOLD)


def test_a_drill_says_so_in_a_label_for_routes_and_to_people(server: FakeReceiver) -> None:
    notifier(server).send(replace(a_delivery(), drill=True))
    ((alert,),) = server.taken
    assert alert["labels"]["drill"] == "true"


def test_a_higher_level_begins_another_alert_and_ends_the_old_one_with_it(server: FakeReceiver) -> None:
    notifier(server).send(a_delivery(Stage.ESCALATED, 2, previous=True))
    (alerts,) = server.taken
    assert [alert["labels"]["severity"] for alert in alerts] == ["critical", "warning"]
    assert times(alerts[0])[1] == NOW + HOLD
    assert times(alerts[1])[1] <= NOW


def test_an_end_is_told_with_its_own_time_however_late_it_is_told(server: FakeReceiver) -> None:
    over = a_delivery(Stage.RESOLVED, 2, previous=True)
    ended = NOW - timedelta(minutes=3)
    incident = replace(over.incident, resolved_at=ended, opened_at=NOW - timedelta(hours=2))
    notifier(server).send(replace(over, incident=replace(incident, levels=((Level.WARNING, incident.opened_at),))))
    ((alert,),) = server.taken
    assert times(alert) == (NOW - timedelta(hours=2), ended)


def test_what_a_person_had_to_confirm_ended_when_they_did_and_not_when_its_figures_were_calm(
    server: FakeReceiver,
) -> None:
    over = a_delivery(Stage.RESOLVED, 2, previous=True)
    opened, calm, confirmed = (NOW - timedelta(minutes=minutes) for minutes in (200, 120, 3))
    incident = replace(over.incident, resolved_at=calm, opened_at=opened, levels=((Level.CRITICAL, opened),))
    case = Case(
        incident=incident.id, brand="acme-coffee", rule="r", alert="a", opened_at=opened, calm_at=calm,
        stand_down=StandDown.CONFIRMED, stood_down_by="anna", ending="calm", ended_at=confirmed,
    )  # fmt: skip
    notifier(server).send(replace(over, incident=incident, case=case))
    ((alert,),) = server.taken
    assert times(alert) == (opened, confirmed)


def test_calm_figures_that_wait_for_a_person_are_no_end(server: FakeReceiver) -> None:
    over = a_delivery(Stage.RESOLVED, 2, previous=True)
    notifier(server).send(replace(over, stage=Stage.CALMING))
    ((alert,),) = server.taken
    assert times(alert)[1] == NOW + HOLD


def test_notices_and_changes_of_what_was_never_told_are_not_sent(server: FakeReceiver) -> None:
    desk = notifier(server)
    desk.send(a_delivery(Stage.UPDATED, 2))
    notice = replace(a_delivery(), notice=Notice(id="n", kind="storm", at=NOW, headline="A storm"))
    desk.send(notice)
    desk.repeat([notice])
    assert server.taken == []


def test_of_a_cluster_one_is_enough_and_the_others_are_named_until_they_have_it_too(server: FakeReceiver) -> None:
    with fake_alertmanager() as second:
        second.always = Answer(500)
        desk = notifier(server, second)
        memory = desk.send(a_delivery()).memory
        assert memory == {"missed": second.url.removeprefix("http://")}
        second.always = None
        desk.repeat([a_delivery()])
        assert len(server.taken) == 2
        assert len(second.taken) == 1
        assert desk.send(a_delivery(Stage.UPDATED, 2, previous=True, memory=memory)).memory == {"missed": ""}


@pytest.mark.parametrize(
    ("first", "second", "kind"),
    [
        (Answer(401), Answer(500), Unknown),
        (Answer(401), Answer(429, b"", {"Retry-After": "9"}), TryLater),
        (Answer(400), Answer(413), Rejected),
    ],
)
def test_where_none_took_it_the_most_hopeful_answer_counts(server, first, second, kind) -> None:
    with fake_alertmanager() as other:
        server.always, other.always = first, second
        with pytest.raises(kind):
            notifier(server, other).send(a_delivery())


@pytest.mark.parametrize(
    ("options", "header"),
    [
        ({"username": "me", "password": lambda: "pw"}, "Basic bWU6cHc="),
        ({"token": "secret"}, "Bearer secret"),
    ],
)
def test_who_asks_is_told_and_what_is_wrong_with_it_without_the_secret(options, header) -> None:
    with fake_alertmanager(header) as server:
        notifier(server, **options).send(a_delivery())
        assert len(server.taken) == 1
        with pytest.raises(TryLater) as caught:
            notifier(server, token="hunter2").send(a_delivery())
        assert "401" in caught.value.detail
        assert "hunter2" not in caught.value.detail


def test_who_has_it_changes_what_people_read_and_not_what_it_is(server: FakeReceiver) -> None:
    desk = notifier(server)
    first = a_delivery()
    desk.send(first)
    incident = replace(first.incident, acknowledged_by="anna", acknowledged_at=NOW)
    case = Case(
        incident=incident.id, brand="acme-coffee", rule="r", alert="a", opened_at=NOW, acknowledged_by="anna", revision=2
    )  # fmt: skip
    desk.send(replace(first, stage=Stage.UPDATED, incident=incident, case=case, previous=True))
    (before,), (after,) = server.taken
    assert before["labels"] == after["labels"]
    assert "anna has " in after["annotations"]["description"]


# --- the real one


CONFIG = """
route: {{receiver: hook, group_by: [alertname, incident], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}}
receivers:
  - name: hook
    webhook_configs: [{{url: {url!r}, send_resolved: true}}]
"""


class Real:
    """A running Alertmanager that tells `hook` of everything."""

    def __init__(self, folder: Path, hook: FakeReceiver) -> None:
        (folder / "am.yml").write_text(CONFIG.format(url=f"{hook.url}/"))
        self.config = folder / "am.yml"
        self._log = (folder / "am.log").open("w+")
        self._process = subprocess.Popen(
            [
                require_program("prometheus-alertmanager"),
                f"--config.file={self.config}",
                f"--storage.path={folder / 'data'}",
                "--web.listen-address=127.0.0.1:0",
                "--cluster.listen-address=",
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
        )
        until(lambda: self._port() is not None, "Alertmanager listens")
        self.url = f"http://127.0.0.1:{self._port()}"

    def _port(self) -> int | None:
        found = re.search(r'"Listening on" address=127\.0\.0\.1:(\d+)', Path(self._log.name).read_text())
        assert self._process.poll() is None, Path(self._log.name).read_text()
        return int(found[1]) if found else None

    def amtool(self, *words: str) -> str:
        command = [require_program("amtool"), *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    def active(self) -> list[str]:
        told = json.loads(self.amtool("alert", "query", f"--alertmanager.url={self.url}", "-o", "json"))
        return sorted(alert["labels"]["severity"] for alert in told)

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


def told(hook: FakeReceiver) -> list[tuple[str, dict[str, str]]]:
    """Each notification: its status, and what became of each severity in it."""
    return [
        (body["status"], {alert["labels"]["severity"]: alert["status"] for alert in body["alerts"]})
        for body in hook.taken
    ]


def life() -> dict[Stage, Delivery]:
    """A crisis of the last hour, with times that a real clock takes for the past."""
    now = SystemClock().now().replace(microsecond=0)
    opened = now - timedelta(minutes=30)
    levels = ((Level.WARNING, opened), (Level.CRITICAL, now - timedelta(minutes=10)))
    found = {}
    for version, stage in enumerate((Stage.OPENED, Stage.ESCALATED, Stage.RESOLVED), 1):
        one = a_delivery(stage, version, previous=version > 1)
        changes = {"opened_at": opened, "levels": levels[:version]}
        if stage is Stage.RESOLVED:
            changes |= {"resolved_at": now - timedelta(seconds=1), "level": Level.CRITICAL}
        found[stage] = replace(one, incident=replace(one.incident, **changes))
    return found


def test_a_real_alertmanager_tells_the_whole_story_and_takes_our_answers(tmp_path: Path) -> None:
    require_program("prometheus-alertmanager")
    with FakeReceiver(lambda asked, body: None) as hook:
        real = Real(tmp_path, hook)
        try:
            assert "SUCCESS" in real.amtool("check-config", str(real.config))
            desk = AlertmanagerNotifier(words(), SystemClock(), urls=[real.url])
            story = life()
            desk.send(story[Stage.OPENED])
            until(lambda: told(hook) == [("firing", {"warning": "firing"})], "it fires")
            desk.repeat([story[Stage.OPENED]])
            assert real.active() == ["warning"]
            desk.send(story[Stage.ESCALATED])
            until(lambda: told(hook)[-1] == ("firing", {"critical": "firing", "warning": "resolved"}), "it escalates")
            assert real.active() == ["critical"]
            desk.send(story[Stage.RESOLVED])
            until(lambda: told(hook)[-1][0] == "resolved", "it is over")
            (ended,) = [each for each in hook.taken[-1]["alerts"] if each["labels"]["severity"] == "critical"]
            assert datetime.fromisoformat(ended["endsAt"]) == story[Stage.RESOLVED].incident.resolved_at
            notifications = len(hook.taken)
            desk.repeat([story[Stage.RESOLVED]])
            assert real.active() == []
            assert len(hook.taken) == notifications
        finally:
            real.stop()
