# ruff: noqa: INP001  (a script, no package)
"""Make the pictures of an alert in Slack and an inbox, and its chart: ``python docs/images/make.py`` (needs chromium).

The brand, the posts and the figures are invented.
"""

from __future__ import annotations

import base64
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.model import AlertDefinition, PlaybookStep, StageText
from crisiswatch.alerts.render import build
from crisiswatch.charts import from_incident, incident_chart
from crisiswatch.model import Delivery, Evidence, Level, Post, Stage
from crisiswatch.notifiers.blockkit import blocks_for
from crisiswatch.notifiers.html import page as email_page
from crisiswatch.testing.blockkit_html import page as slack_page
from crisiswatch.testing.notifiers import a_delivery

HERE = Path(__file__).parent
START = datetime(2026, 3, 3, 8, 15, tzinfo=UTC)
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1.5",
)

ALERT = AlertDefinition(
    id="negative-wave",
    opened=StageText(
        "{brand}: unusual wave of negative mentions",
        "{count} in {window} from {authors} accounts; usual for this hour is about {expected}. Main theme: {theme}.",
        ("why", "chart", "top_posts", "sources"),
    ),
    escalated=StageText(
        "{brand}: the wave of negative mentions is now {level}",
        "{count} in {window} from {authors} accounts, {times} the usual. It was {previous_level} until {since}. "
        "Main theme: {theme}.",
    ),
    calming=StageText("{brand}: the wave is calming down", "{count} in {window} now."),
    resolved=StageText("{brand}: back to normal", "Lasted {duration}, {total} mentions."),
    playbook=(
        PlaybookStep("Take the lead and say so in this thread", "duty comms", 10),
        PlaybookStep("Check whether the claim is true", "product", 30),
        PlaybookStep("Agree one holding line; nobody replies before", "head of comms", 45),
    ),
)


def _post(number: int, minutes: int, source: str, text: str, *, reactions: int, followers: int | None = None) -> Post:
    return Post(
        uid=f"{source}:{number}",
        source=source,
        at=START - timedelta(minutes=minutes),
        text=text,
        url=f"https://{source}.example/acme/{number}",
        author=("mocha", "kettle", "crema")[number - 1],
        audience=followers,
        engagement=reactions,
    )


EVIDENCE = Evidence(
    first=(_post(1, 34, "reviews", "Third store today where the lid leaks. My hand is scalded.", reactions=4),),
    loudest=(
        _post(
            2, 12, "social", "If your Acme cup has the new green lid: it does not hold. Careful!",
            reactions=2140, followers=120_500,
        ),
        _post(
            3, 9, "social", "Coperchio che perde e caffè bollente sulle mani. Nessuno risponde.",
            reactions=386, followers=8_300,
        ),
    ),
    sources={"social": 164, "reviews": 41, "news": 6},
    languages={"en": 148, "it": 63},
    themes=("leaking lid", "scalded", "refund"),
)  # fmt: skip


ROME = ZoneInfo("Europe/Rome")


def escalated() -> Delivery:
    """The second message of an invented morning."""
    delivery = a_delivery(Stage.ESCALATED, 2)
    old = delivery.incident
    earlier = START - timedelta(minutes=20)
    gates = tuple(
        replace(gate, bound=bound, value=value)
        for gate, bound, value in zip(old.gates, (0.1, 60, 30), (0.0009, 211, 158), strict=True)
    )
    incident = replace(
        old,
        opened_at=earlier,
        levels=((Level.WARNING, earlier), (Level.CRITICAL, START)),
        reading=replace(
            old.reading, start=START - timedelta(minutes=15), end=START, observed=211, organic=190.0, total=262,
            share=0.81,
            expected=8.4, authors=158, reach=482_000, false_alarms_per_month=0.0009,
        ),
        gates=gates,
        mentions=263,
        trend=(2, 1, 3, 0, 2, 4, 1, 2, 3, 2, 1, 3, 2, 2, 4, 3, 1, 2, 3, 5, 2, 3, 4, 3, 2, 6, 5, 9,
        14, 22, 37, 51, 69, 91),
        blind=(replace(old.blind[0], since=START - timedelta(minutes=75)),),
        acknowledged_by="duty comms",
        acknowledged_at=START - timedelta(minutes=13),
    )  # fmt: skip
    return replace(delivery, incident=incident, evidence=EVIDENCE)


def document() -> Document:
    """What it says."""
    return build(ALERT, escalated(), "Acme Coffee", ROME)


def mailed() -> tuple[str, bytes]:
    """The same as an e-mail in which the first step is done, and its chart."""
    png = incident_chart(from_incident(escalated().incident, brand="Acme Coffee", zone=ROME))
    alert = document()
    first, second, third = alert.steps[:3]
    late = replace(second, due="within 15 minutes, by 09:10 CET", overdue=True)
    steps = (replace(first, done="duty comms, 09:02"), late, third)
    alert = replace(alert, steps=steps, promises=("Next update by 10:00 CET (duty comms)",))
    picture = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    return email_page(alert, picture=picture), png


def slacked() -> str:
    """The same in Slack, with its buttons, its chart, and a person in it."""
    delivery = escalated()
    png = incident_chart(from_incident(delivery.incident, brand="Acme Coffee", zone=ROME))
    alert = document()
    first, second, third = alert.steps[:3]
    alert = replace(
        alert,
        key=delivery.incident.id,
        link="https://crisiswatch.example/",
        status="U0DUTYADA has had it since 09:02 CET.",
        steps=(replace(first, done="U0DUTYADA, 09:02"), replace(second, due="due by 09:10 CET", overdue=True), third),
        themes=EVIDENCE.themes,
        promises=("Next update by 10:00 CET (U0DUTYADA)",),
        buttons=(
            "assign", "snooze:calm|60|240", "resolve", "step_done:2", "step_done:3", "promise_kept:1",
            "verdict:useful|false_alarm|not_a_crisis",
        ),
    )  # fmt: skip
    blocks = blocks_for(alert, delivery.id, menus=True, people=("U0DUTYADA",), picture="F0CHART")
    picture = f"data:image/png;base64,{base64.b64encode(png).decode('ascii')}"
    return slack_page(
        blocks, time="9:15 AM", replies=3, files={"F0CHART": picture}, people={"U0DUTYADA": "Ada (duty comms)"}
    )


def shoot(html: str, picture: Path, width: int, height: int, *, dark: bool = False) -> None:
    """A picture of `html` in a window of `width` by `height` pixels."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("chromium is needed to make the pictures")
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch, "page.html")
        source.write_text(html, encoding="utf-8")
        options = [
            *FLAGS,
            f"--user-data-dir={scratch}/profile",
            f"--screenshot={picture}",
            f"--window-size={width},{height}",
        ]
        if dark:
            options.append("--blink-settings=preferredColorScheme=0")
        subprocess.run([browser, *options, source.as_uri()], check=True, capture_output=True, timeout=120)  # noqa: S603


def main() -> None:
    """All pictures of the documentation."""
    slack = slacked()
    shoot(slack, HERE / "slack-alert.png", 740, 1590)
    shoot(slack, HERE / "slack-phone.png", 400, 1850, dark=True)
    mail, chart = mailed()
    (HERE / "chart.png").write_bytes(chart)
    shoot(mail, HERE / "email-light.png", 720, 1905)
    shoot(mail, HERE / "email-dark.png", 720, 1905, dark=True)
    shoot(mail, HERE / "email-phone.png", 400, 2125)


if __name__ == "__main__":
    main()
