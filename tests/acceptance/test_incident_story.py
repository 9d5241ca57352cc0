"""One whole incident, as the people in Slack, at two inboxes and in front of Alertmanager see it: a golden file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crisiswatch.response import verified
from crisiswatch.testing.fake_receivers import fake_alertmanager
from crisiswatch.testing.slack_presses import push, sign
from tests.acceptance.channels import Alerts, Watching
from tests.acceptance.world import WEB, World, until, world

GOLDEN = Path(__file__).with_name("golden") / "incident.txt"
FIRE = "The kettle of Acme Coffee caught fire in my kitchen"
LASTS = 8 * 60 + 30  # minutes
RECEIVERS = """\
  - {id: boss-mail, type: email, host: 127.0.0.1, port: SMTP, security: none, from: crisiswatch@example.com,
     to: [head-of-comms@example.com]}
  - {id: on-call, type: alertmanager, urls: ["%s"]}
"""
SECTIONS = """
escalation:
  - {after: 5m, levels: [critical], receivers: [boss-mail]}
records: {folder: ./records}
"""


class Story:
    """A world whose clock goes minute by minute, and what was seen."""

    def __init__(self, here: World, alerts: Alerts) -> None:
        self.here, self.alerts = here, alerts
        self.seen = Watching(here.slack, here.smtp, alerts)

    def until(self, *minutes: int) -> None:
        """Let time come to so many minutes after the start, and to the minute before each; whoever looks sees what is
        there then."""
        now = int((self.here.clock.now() - self.here.start) / timedelta(minutes=1))
        for minute in sorted({*minutes, *(each - 1 for each in minutes), *range(now + 30, max(minutes), 30)} - {now}):
            self.here.at(minute)
            self.look()

    def look(self) -> None:
        self.here.delivered()
        self.here.app._senders.wake("on-call")
        until(lambda: not self.alerts.lapsing(), "what is active was repeated")
        self.seen.look(self.here.clock.now())

    def people_write(self, count: int) -> None:
        first = len(list(self.here.app.store.stream())) + 1
        self.told(f"{'Somebody writes' if count == 1 else f'{count} people write'}: {FIRE}")
        self.here.push(*(self.here.mention(first + number, FIRE) for number in range(count)))

    def presses(self, user: str, name: str, chosen: str = "") -> None:
        """Somebody presses what is in the newest message of the channel."""
        self.told(f"{user} presses {name}{f', {chosen}' if chosen else ''} in Slack")
        now, slack = self.here.clock.now(), self.here.slack
        payload = push(slack.roots()[-1], name, chosen, at=now, url=slack.answer_url, user=user)
        request, heard = sign(slack.signing_secret, payload, now), len(slack.answers)
        answer = WEB.post(f"{self.here.url}/slack/actions", content=request.body, headers=request.headers)
        assert answer.status_code == 200, answer.text
        until(lambda: len(slack.answers) > heard, "Slack is told what came of it")
        self.seen.lines.append(f"{now:%H:%M}  slack     only {user} sees: {slack.answers[-1]['text']}")
        self.look()

    def does(self, actor: str, *acts: str) -> None:
        """Somebody acts on the newest incident by the page: several acts before anybody looks."""
        self.told(f"{actor} on the page: {', '.join(acts)}")
        for act in acts:
            name, _, number = act.partition(":")
            answer = self.here.do(
                self.here.incidents()[0]["id"], name, actor, **{"step" if name == "step_done" else "promise": number}
            )
            assert answer.status_code == 200, answer.text
        self.look()

    def told(self, what: str) -> None:
        self.seen.say(self.here.clock.now(), what)


@contextmanager
def story(folder: Path) -> Iterator[Story]:
    with (
        fake_alertmanager() as server,
        world(
            folder,
            slack_more=", signing_secret: {file: slack.signing}",
            receivers=RECEIVERS % server.url,
            routed="on-call",
            sections=SECTIONS,
        ) as here,
    ):
        sa.event.listen(here.app.store.engine, "checkout", _trusting)
        rule = folder / "rules" / "starter" / "product-safety.yaml"
        rule.write_text(rule.read_text().replace("quiet_for: 6h", "quiet_for: 1h"))
        assert here.app.reload() == (True, [])
        yield Story(here, Alerts(server.taken, here.clock.now))


def _trusting(connection: Any, *_: object) -> None:
    """Nobody pulls the plug in this story, and waiting for the disk would take most of its time."""
    connection.execute("PRAGMA synchronous = OFF").close()


def tell(told: Story) -> None:
    """The whole story, up to where a person has to say that it is over."""
    told.until(1)
    told.people_write(1)
    told.until(3)
    told.people_write(2)
    told.until(4, 9, 10)  # nobody has it, and the escalation says so
    told.presses("U0ADA", "acknowledge")
    for step in (1, 2):
        told.presses("U0ADA", f"step_done:{step}")
    told.until(20)
    told.does("bo@example.com", *(f"step_done:{step}" for step in range(4, 10)))
    told.until(32, 36)  # the third is late
    told.presses("U0ADA", "step_done:3")
    told.until(59, 99, 125, 130)  # calm, but for somebody to say so; the promise rings
    told.presses("U0ADA", "promise_kept:1")
    told.until(150)
    told.people_write(3)
    told.until(151, 153)
    told.presses("U0CLEO", "acknowledge")
    told.does("bo@example.com", *(f"step_done:{step}" for step in range(1, 10)), "promise_kept:1")
    told.until(226, 306, 426, LASTS - 5)


def verified_all(here: World) -> bool:
    """Whether the decision log of every incident is whole."""
    found = here.app.store.cases()
    return bool(found) and all(verified(here.app.store.decisions(case.incident), case) == "" for case in found)


def end(told: Story) -> None:
    told.presses("U0CLEO", "stand_down")
    told.until(LASTS)
    told.presses("U0CLEO", "verdict:useful")


def test_the_story_of_an_incident_in_slack_by_mail_and_on_call_is_as_it_was_written(tmp_path: Path) -> None:
    with story(tmp_path) as told:
        tell(told)
        end(told)
        assert told.here.app._keeper is not None
        assert told.here.app._keeper.look(told.here.clock.now()) == 2
        for path in sorted((tmp_path / "records").iterdir()):
            told.seen.lines += ["", f"the post-mortem of {path.name}", ""]
            told.seen.lines += (path / "post-mortem.md").read_text().splitlines()
        assert verified_all(told.here)
        text = "\n".join(told.seen.lines).lstrip() + "\n"
    if os.environ.get("CRISISWATCH_GOLDEN") == "write":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")
