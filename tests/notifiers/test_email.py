"""E-mail: what a relay's answers mean, how the line is protected, and that no text can break a message."""

from __future__ import annotations

import socket
from email import message_from_bytes
from email.policy import default

import pytest

from crisiswatch.clock import ManualClock
from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.model import Stage
from crisiswatch.notifiers.email import EmailNotifier, _dotted, compose
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
        (SmtpFault("mail", "550 5.7.1 no"), Rejected),
        (SmtpFault("mail"), TryLater),
        (SmtpFault("rcpt", "450 4.2.1 later"), TryLater),
        (SmtpFault("rcpt", "550 5.1.1 unknown"), Rejected),
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
def test_an_unknown_certificate_is_refused(security):
    with FakeSmtp(security=security) as server:
        with pytest.raises(Rejected, match="certificate"):
            mailer(server, cafile=None).send(a_delivery())
        assert server.mails == []


def test_a_wrong_password_is_a_refusal():
    with FakeSmtp(security="starttls", login=("alerts", "right")) as server, pytest.raises(Rejected) as caught:
        mailer(server, username="alerts", password="wrong-secret").send(a_delivery())
    assert "wrong-secret" not in str(caught.value)


def test_a_server_without_starttls_is_never_spoken_to_in_the_clear(smtp):
    with pytest.raises(Rejected):
        mailer(smtp, security="starttls").send(a_delivery())
    assert smtp.mails == []


def test_a_refused_recipient_among_others_is_remembered():
    with FakeSmtp(refuse={"gone@acme.example": "550 5.1.1 no such person"}) as server:
        receipt = mailer(server, recipients=["press@acme.example", "gone@acme.example"]).send(a_delivery())
        assert receipt.memory["refused"] == "gone@acme.example: 550 5.1.1 no such person"
        assert server.mails[0].recipients == ("press@acme.example",)


def test_all_refused_with_one_that_may_pass_later_is_tried_later():
    refuse = {"a@x.example": "550 5.1.1 no", "b@x.example": "450 4.2.0 later"}
    with FakeSmtp(refuse=refuse) as server, pytest.raises(TryLater):
        mailer(server, recipients=list(refuse)).send(a_delivery())


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
