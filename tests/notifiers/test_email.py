"""E-mail: what a relay's answers mean, how the line is protected, and that no text can break a message."""

from __future__ import annotations

import re
import socket
from collections import Counter
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from crisiswatch.alerts.document import Task
from crisiswatch.charts import ChartMaker
from crisiswatch.clock import ManualClock
from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.links import AckLinks
from crisiswatch.model import Case, Notice, Stage, StandDown
from crisiswatch.notifiers.email import EmailNotifier, _dotted
from crisiswatch.notifiers.html import page
from crisiswatch.notifiers.mime import compose
from crisiswatch.testing.fake_smtp import FakeSmtp, SmtpFault
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, an_incident, some_evidence
from tests.notifiers.common import NOW, words


@pytest.fixture
def smtp():
    with FakeSmtp() as server:
        yield server


def mailer(server: FakeSmtp, **changes) -> EmailNotifier:
    arguments = {
        "host": server.host,
        "port": server.port,
        "sender": "alerts@acme.example",
        "recipients": ["press@acme.example"],
        "security": server.security,
        "cafile": server.cafile,
        "timeout": 2,
        **changes,
    }
    return EmailNotifier(words(), ManualClock(NOW), **arguments)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (SmtpFault("mail", "421 4.3.0 closing"), TryLater),
        (SmtpFault("mail", "550 5.7.1 no"), TryLater),
        (SmtpFault("mail"), TryLater),
        (SmtpFault("rcpt", "450 4.2.1 later"), TryLater),
        (SmtpFault("rcpt", "550 5.1.1 unknown"), TryLater),
        (SmtpFault("rcpt"), TryLater),
        (SmtpFault("data", "451 4.3.0 later"), TryLater),
        (SmtpFault("data", "554 5.7.0 never"), Rejected),
        (SmtpFault("data"), TryLater),
        (SmtpFault("text", "452 4.3.1 full"), TryLater),
        (SmtpFault("text", "552 5.3.4 too big"), Rejected),
        (SmtpFault("text"), Unknown),
        (SmtpFault("text", accepted=True), Unknown),
    ],
    ids=lambda value: f"{value.step}-{value.reply or 'cut'}" if isinstance(value, SmtpFault) else value.__name__,
)
def test_every_answer_is_one_of_three_kinds(smtp, fault, kind):
    smtp.script(fault)
    with pytest.raises(kind):
        mailer(smtp).send(a_delivery())
    assert len(smtp.mails) == fault.accepted


def test_a_repeated_mail_has_the_same_id_and_owns_up_to_it(smtp):
    smtp.script(SmtpFault("text", accepted=True))
    with pytest.raises(Unknown):
        mailer(smtp).send(a_delivery())
    assert mailer(smtp).send(a_delivery(uncertain=True)).duplicate
    first, second = smtp.mails
    assert first.raw == second.raw


def test_a_closed_port_is_tried_later():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    notifier = EmailNotifier(
        words(),
        ManualClock(NOW),
        host="127.0.0.1",
        port=port,
        sender="a@b.example",
        recipients=["c@d.example"],
        timeout=1,
    )
    with pytest.raises(TryLater):
        notifier.send(a_delivery())


def test_a_server_that_says_nothing_is_tried_later():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        notifier = EmailNotifier(
            words(),
            ManualClock(NOW),
            host="127.0.0.1",
            port=silent.getsockname()[1],
            sender="a@b.example",
            recipients=["c@d.example"],
            timeout=0.2,
        )
        with pytest.raises(TryLater):
            notifier.send(a_delivery())


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_the_line_is_protected_and_the_login_given(security):
    with FakeSmtp(security=security, login=("alerts", "pa ss")) as server:
        mailer(server, username="alerts", password=lambda: "pa ss").send(a_delivery())
        assert len(server.mails) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_an_unknown_certificate_is_not_trusted_and_waits_to_be_mended(security):
    with FakeSmtp(security=security) as server:
        with pytest.raises(TryLater, match="certificate"):
            mailer(server, cafile=None).send(a_delivery())
        assert server.mails == []


def test_a_wrong_password_waits_to_be_mended_and_is_not_told():
    with FakeSmtp(security="starttls", login=("alerts", "right")) as server, pytest.raises(TryLater) as caught:
        mailer(server, username="alerts", password="wrong-secret").send(a_delivery())
    assert "wrong-secret" not in str(caught.value)
    assert caught.value.after == 300


def test_a_server_without_starttls_is_never_spoken_to_in_the_clear(smtp):
    with pytest.raises(TryLater, match="can't do what is configured"):
        mailer(smtp, security="starttls").send(a_delivery())
    assert smtp.mails == []


def test_a_thread_keeps_its_subject_and_each_mail_begins_with_the_level_it_is_now(smtp):
    first = mailer(smtp).send(a_delivery())
    mailer(smtp).send(a_delivery(Stage.ESCALATED, 2, memory=first.memory, previous=True))
    new, worse = (mail.message for mail in smtp.mails)
    assert worse["Subject"] == f"Re: {new['Subject']}", "another subject would be another conversation"
    assert worse["References"] == new["Message-ID"]
    assert (new["Importance"], worse["Importance"]) == (None, "high")
    text, html = (worse.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.splitlines()[0] == "CRITICAL · escalated"
    shown = re.search(r'<div style="display:none[^>]*>(.*?)</div>', html)
    assert shown is not None
    assert shown[1].startswith("CRITICAL · escalated: "), "what a list of mails shows of it"


def test_a_refused_recipient_among_others_is_named():
    with FakeSmtp(refuse={"gone@acme.example": "550 5.1.1 no such person"}) as server:
        receipt = mailer(server, recipients=["press@acme.example", "gone@acme.example"]).send(a_delivery())
        assert receipt.missed == "not taken for gone@acme.example: 550 5.1.1 no such person"
        assert not receipt.again
        assert server.mails[0].recipients == ("press@acme.example",)


def test_all_refused_with_one_that_may_pass_later_is_tried_later():
    refuse = {"a@x.example": "550 5.1.1 no", "b@x.example": "450 4.2.0 later"}
    with FakeSmtp(refuse=refuse) as server, pytest.raises(TryLater):
        mailer(server, recipients=list(refuse)).send(a_delivery())


PNG = b"\x89PNG\r\n\x1a\n" + b"picture" * 40


def test_the_chart_is_within_the_mail_and_the_mail_is_whole_without_it(smtp):
    mailer(smtp, chart=lambda _: PNG).send(a_delivery())
    message = smtp.mails[0].message
    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/alternative",
        "text/plain",
        "multipart/related",
        "text/html",
        "image/png",
    ]
    html, picture = message.get_body(("html",)).get_content(), list(message.walk())[-1]
    assert picture.get_content() == PNG
    assert picture.get_content_disposition() == "inline"
    assert f'src="cid:{picture["Content-ID"][1:-1]}"' in html
    assert 'alt="Chart: mentions in the last 50 minutes, in steps of five: 84 in the last step, at most 84."' in html
    assert "131 in 15 minutes" in html
    assert "131 in 15 minutes" in message.get_body(("plain",)).get_content()


@pytest.mark.parametrize("chart", [None, lambda _: None])
def test_without_a_chart_bars_are_drawn_of_cells(smtp, chart):
    mailer(smtp, chart=chart).send(a_delivery())
    html = smtp.mails[0].message.get_body(("html",)).get_content()
    assert "<img" not in html
    assert "in steps of five" in html


def test_no_chart_is_drawn_where_the_alert_shows_none(smtp):
    def chart(_):
        raise AssertionError

    mailer(smtp, chart=chart).send(a_delivery(incident=an_incident(trend=())))
    assert len(smtp.mails) == 1


def test_the_same_delivery_is_the_same_mail_to_the_byte(smtp):
    mailing = mailer(smtp, chart=ChartMaker({}), links=AckLinks(lambda: "k" * 32, "https://cw.example"))
    mailing.send(a_delivery())
    mailing.send(a_delivery())
    first, second = smtp.mails
    assert first.raw == second.raw
    assert len(first.raw) < 120_000


LINKS = AckLinks(lambda: "k" * 32, "https://cw.example")


def test_one_click_takes_it(smtp):
    mailer(smtp, links=LINKS).send(a_delivery())
    message = smtp.mails[0].message
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    (url,) = re.findall(r'href="(https://cw\.example/acknowledge/[^"]+)"', html)
    assert f"I have it (one click, works once): {url}" in text.splitlines()
    permit = LINKS.read(url.rpartition("/")[2], NOW)
    assert (permit.incident, permit.who) == (a_delivery().incident.id, "mail:press@acme.example")
    mailer(smtp, links=LINKS, recipients=["a@x.example", "b@x.example"]).send(a_delivery())
    (shared,) = re.findall(r"acknowledge/(\S+)", smtp.mails[1].message.get_body(("plain",)).get_content())
    assert LINKS.read(shared, NOW).who == "mail:receiver"


CASE = Case(
    incident="acme-coffee-negative-wave-1",
    brand="acme-coffee",
    rule="r",
    alert="a",
    opened_at=NOW,
    acknowledged_by="U1",
)


@pytest.mark.parametrize(
    "delivery",
    [
        a_delivery(incident=an_incident(acknowledged_by="duty comms")),
        a_delivery(case=CASE),
        a_delivery(Stage.RESOLVED, 3),
    ],
    ids=["taken", "taken in the case", "over"],
)
def test_there_is_nothing_to_click_once_somebody_has_it_or_it_is_over(smtp, delivery):
    mailer(smtp, links=LINKS).send(delivery)
    assert "acknowledge/" not in smtp.mails[0].message.get_body(("html",)).get_content()


def test_messages_of_one_version_of_the_incident_are_mails_of_their_own(smtp):
    memory = mailer(smtp).send(a_delivery()).memory
    reminder = a_delivery(Stage.REMINDED, 1, id="acme-coffee-negative-wave-1/2/receiver", memory=memory, previous=True)
    mailer(smtp).send(reminder)
    first, second = (mail.message for mail in smtp.mails)
    assert second["Message-ID"] == "<acme-coffee-negative-wave-1.2.receiver@acme.example>"
    assert second["In-Reply-To"] == first["Message-ID"] != second["Message-ID"]


def test_strange_ids_stay_different(smtp):
    ids = ["i/1/r", "i.1/r", "i/1/" + "r" * 300, "i/1/" + "r" * 301, "ü/1/r", "ö/1/r", "//", "..", ""]
    for each in ids:
        mailer(smtp).send(a_delivery(id=each))
    found = [str(mail.message["Message-ID"]) for mail in smtp.mails]
    assert len(set(found)) == len(ids)
    assert all(re.fullmatch(r"<[\w-]+(\.[\w-]+)*@acme\.example>", each, re.ASCII) for each in found)


def test_calming_is_mailed_only_where_a_person_has_to_confirm_it(smtp):
    mailer(smtp).send(a_delivery(Stage.CALMING, 2, case=replace(CASE, stand_down=StandDown.CONFIRMED)))
    assert smtp.mails == []
    mailer(smtp).send(a_delivery(Stage.CALMING, 2, case=replace(CASE, stand_down=StandDown.AWAITED)))
    assert len(smtp.mails) == 1


def full_document():
    return replace(
        words()(a_delivery()),
        reminder="Nobody has taken it for 15 minutes.",
        sector="Two other brands of the sector are up too.",
        promises=("Next update by 10:00 CET (Ada)",),
        statements=(("en", "We know of 131 complaints."), ("it", "Siamo a conoscenza.")),
        link="https://cw.example/incidents/1",
        steps=(
            Task("Lead", "duty", "by 09:30", done="Ada, 09:02"),
            Task("Check", "product", overdue=True),
            Task("Agree"),
        ),
        drill=True,
    )


def test_all_of_the_alert_is_in_the_text_and_in_the_html():
    message = compose(a_delivery(), full_document(), "alerts@acme.example", ["press@acme.example"])
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    for words_ in (
        "Nobody has taken it for 15 minutes.", "Two other brands of the sector are up too.", "Next update by 10:00 CET (Ada)",
        "We know of 131 complaints.", "Siamo a conoscenza.", "https://cw.example/incidents/1", "Ada, 09:02",
        "DRILL: this is an exercise, nothing has happened.", "Lead", "Check", "Agree",
    ):  # fmt: skip
        assert words_ in text
        assert words_ in html
    assert "2. Check (OVERDUE, product)" in text
    assert "[done] Lead (Ada, 09:02)" in text
    assert ">Overdue<" in html
    assert message["Subject"].startswith("[DRILL] [warning] ")


def test_the_html_is_ready_for_dark_mode_narrow_screens_and_outlook():
    html = page(full_document(), picture="cid:x", take="https://cw.example/acknowledge/t")
    assert '<meta name="color-scheme" content="light dark">' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert "[data-ogsc]" in html
    assert "<!--[if mso]>" in html
    assert len(html) < 100_000  # Gmail cuts what is longer
    assert set(re.findall(r"(?:src|href)=\"([^\"]+?)[:\"]", html)) == {
        "cid",
        "https",
    }  # nothing is loaded from elsewhere
    opened = re.findall(r"<(table|tr|td|div|p|h1|h2|a|span|strong)\b", html.split("<body")[1])
    closed = re.findall(r"</(table|tr|td|div|p|h1|h2|a|span|strong)>", html.split("<body")[1])
    assert Counter(opened) == Counter(closed)


def test_a_notice_is_a_mail_of_its_own(smtp):
    notice = Notice(
        id="storm-1", kind="storm", at=NOW, headline="500 incidents at once", lines=("acme: <b>3</b>", "crema: 2"),
        link="https://cw.example/",
    )  # fmt: skip
    delivery = a_delivery(id="storm-1/1/receiver", notice=notice, drill=True)
    receipt = mailer(smtp, chart=lambda _: PNG, links=LINKS).send(delivery)
    message = smtp.mails[0].message
    assert message["Subject"] == "[DRILL] 500 incidents at once"
    assert message["Message-ID"] == "<storm-1.1.receiver@acme.example>"
    assert receipt.memory["first"] == message["Message-ID"]
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.splitlines()[0] == "DRILL: this is an exercise, nothing has happened."
    assert "acme: <b>3</b>" in text
    assert "acme: &lt;b&gt;3&lt;/b&gt;" in html
    assert "STORM" in html
    assert 'href="https://cw.example/"' in html


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_notice_can_break_a_mail(smtp, text):
    notice = Notice(id=text[:60], kind=text[:20], at=NOW, headline=text, lines=(text, text), link=text[:200])
    mailer(smtp).send(a_delivery(id=f"{text[:60]}/1/r", notice=notice))
    assert smtp.mails[0].message.defects == []


@pytest.mark.parametrize("stage", [Stage.UPDATED, Stage.CALMING])
def test_what_is_no_news_is_not_mailed(smtp, stage):
    memory = {"first": "<a@b>", "subject": "s"}
    assert mailer(smtp).send(a_delivery(stage, 2, memory=memory)).memory == memory
    assert smtp.mails == []


def test_an_address_no_server_takes_is_a_refusal(smtp):
    with pytest.raises(Rejected):
        mailer(smtp, recipients=["prèss@acme.example"]).send(a_delivery())


def test_set_up_mistakes_are_told_at_once(smtp):
    with pytest.raises(ValueError, match="security"):
        mailer(smtp, security="maybe")
    with pytest.raises(ValueError, match="recipient"):
        mailer(smtp, recipients=[])


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_text_can_break_a_mail(text):
    incident = an_incident(title=text, because=text, acknowledged_by=text, id=text[:80], brand=text[:80])
    delivery = a_delivery(incident=incident, evidence=some_evidence(text), memory={"first": "<a.1@b>", "subject": "x"})
    message = compose(delivery, words()(delivery), "alerts@acme.example", ["press@acme.example"])
    parsed = message_from_bytes(message.as_bytes(), policy=default)
    assert parsed.defects == []
    assert parsed["Bcc"] is None
    assert parsed["To"] == "press@acme.example"
    html = parsed.get_body(("html",)).get_content()
    assert "<script" not in html
    assert "<img" not in html
    assert "\x1b" not in parsed.get_body(("plain",)).get_content()


def test_lines_that_are_dots_arrive_as_they_were(smtp):
    assert _dotted(b".\r\n..a\r\nb.\r\n") == b"..\r\n...a\r\nb.\r\n.\r\n"
    assert _dotted(b"cut short") == b"cut short\r\n.\r\n"
    delivery = a_delivery(evidence=some_evidence("." * 270))  # the transfer encoding breaks it into lines of dots
    mailer(smtp).send(delivery)
    arrived = smtp.mails[0].message.get_body(("plain",)).get_content()
    assert arrived.splitlines() == words()(delivery).plain().splitlines()
