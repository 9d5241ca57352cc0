"""Alerts by e-mail: one thread an incident, text and HTML, sent over SMTP.

An inbox can't be edited, so only news is mailed: ``opened``, ``escalated``, ``reminded`` and ``resolved``, and
``calming`` where a person has to confirm it. Other deliveries of the stages ``updated`` and ``calming`` are receipted
without a mail. Each message's id is the delivery's, so that most mail programs show a repeated one once. We sign
nothing: DKIM is the relay's.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from crisiswatch.alerts.render import Renderer
from crisiswatch.alerts.words import clean, clip
from crisiswatch.charts import Chart
from crisiswatch.clock import Clock
from crisiswatch.errors import Rejected, TryLater, Unknown
from crisiswatch.links import AckLinks
from crisiswatch.model import Capabilities, Delivery, Receipt, Stage, StandDown
from crisiswatch.notifiers.mime import compose, compose_notice, envelope

__all__ = ["SECURITY", "EmailNotifier"]

SECURITY = ("starttls", "tls", "none")
"""How the connection is protected: upgraded, encrypted from the start, or not at all."""

_MAILED = (Stage.OPENED, Stage.ESCALATED, Stage.REMINDED, Stage.RESOLVED)
_MISSED_LIMIT = 500
_MENDED = 300.0
"""Seconds to wait where somebody has to mend the set-up: soon enough, and too seldom to lock an account."""
_ADDRESSES_MENDED = 1800.0
"""The same for addresses, which a server minds more being asked for."""


class EmailNotifier:
    """Mails to fixed recipients through one relay, with one connection a message: a kept one dies silently.

    `password` is the password or a function that returns the current one. `tls` is the context to verify the server
    with (default: the system's authorities); `cafile` adds a PEM file of one's own. `timeout` is seconds a step may
    take. The receipt's memory is ``first`` (the thread's first message id), ``subject``, and, where the relay took the
    mail but put some recipients off, ``owed`` with their addresses, ``owed_of`` with the delivery's id, and ``gone``
    with whom it refused for good. `chart` draws the picture; with `links` each mail that nobody has taken yet carries
    one to take the incident.
    """

    capabilities = Capabilities(threads=True)

    def __init__(
        self,
        render: Renderer,
        clock: Clock,
        *,
        host: str,
        sender: str,
        recipients: Sequence[str],
        port: int = 587,
        security: str = "starttls",
        username: str | None = None,
        password: str | Callable[[], str] | None = None,
        cafile: str | None = None,
        tls: ssl.SSLContext | None = None,
        timeout: float = 15,
        chart: Chart | None = None,
        links: AckLinks | None = None,
    ) -> None:
        if security not in SECURITY:
            raise ValueError(f"security is one of {', '.join(SECURITY)}, not {security!r}")
        if not recipients:
            raise ValueError("a mail needs a recipient")
        self._render = render
        self._clock = clock
        self._address = (host, port)
        self._sender = sender
        self._recipients = tuple(recipients)
        self._security = security
        self._login = (username, password) if username else None
        self._cafile = cafile
        self._tls = tls
        self._timeout = timeout
        self._chart = chart
        self._links = links

    def send(self, delivery: Delivery) -> Receipt:
        if not _is_news(delivery):
            return Receipt(memory=dict(delivery.memory))
        recipients = self._owed(delivery)
        if not recipients:
            return Receipt(memory={**delivery.memory, "owed": "", "owed_of": "", "gone": ""})
        message = self._message(delivery)
        message["Date"] = format_datetime(self._clock.now())
        memory = {
            **delivery.memory,
            "first": delivery.memory.get("first") or str(message["Message-ID"]),
            "subject": delivery.memory.get("subject") or str(message["Subject"]),
        }
        with self._connection() as server:
            rest = len(recipients) < len(self._recipients)
            refused = _transmit(server, message, envelope(self._sender), recipients, rest=rest)
        owed = [each.recipient for each in refused if each.code < 500]
        gone = [memory.get("gone", "")] if rest else []
        gone = [said for said in (*gone, *(str(each) for each in refused if each.code >= 500)) if said]
        if owed or rest:
            left = {"owed": " ".join(owed), "owed_of": delivery.id, "gone": clip("; ".join(gone), _MISSED_LIMIT)}
            memory |= left if owed else dict.fromkeys(left, "")
        said = [*gone, *(str(each) for each in refused if each.code < 500)]
        missed = clip(f"not taken for {'; '.join(said)}", _MISSED_LIMIT) if said else ""
        return Receipt(memory=memory, duplicate=delivery.uncertain, missed=missed, again=bool(owed))

    def _owed(self, delivery: Delivery) -> list[str]:
        """The bare addresses that this very delivery is still meant for: all, but where some have it already."""
        everybody = [envelope(to) for to in self._recipients]
        if delivery.memory.get("owed_of") != delivery.id:
            return everybody
        left = delivery.memory.get("owed", "").split()
        return [to for to in everybody if to in left]

    def _message(self, delivery: Delivery) -> EmailMessage:
        if delivery.notice is not None:
            return compose_notice(delivery, self._sender, self._recipients)
        document = self._render(delivery)
        picture = self._chart(delivery) if self._chart is not None and document.trend else None
        return compose(delivery, document, self._sender, self._recipients, picture=picture, take=self._take(delivery))

    def _take(self, delivery: Delivery) -> str:
        """The link to take the incident; empty where there are none, or nothing is left to take."""
        incident, case = delivery.incident, delivery.case
        taken = incident.acknowledged_by or (case is not None and case.acknowledged_by)
        if self._links is None or taken or incident.resolved_at is not None:
            return ""
        who = envelope(self._recipients[0]) if len(self._recipients) == 1 else delivery.receiver
        return self._links.url(incident.id, f"mail:{who}", self._clock.now())

    @contextmanager
    def _connection(self) -> Iterator[smtplib.SMTP]:
        """A greeted, protected and logged-in connection. Nothing that fails in here has sent a mail."""
        with _before_data():
            server = self._open()
        try:
            with _before_data():
                self._greet(server)
            yield server
        finally:
            with suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _open(self) -> smtplib.SMTP:
        host, port = self._address
        if self._security == "tls":
            return smtplib.SMTP_SSL(host, port, timeout=self._timeout, context=self._context())
        return smtplib.SMTP(host, port, timeout=self._timeout)

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self._security == "starttls":
            server.starttls(context=self._context())  # without a context nothing is verified
            server.ehlo()
        if self._login is not None:
            username, password = self._login
            server.login(username, (password() if callable(password) else password) or "")

    def _context(self) -> ssl.SSLContext:
        return self._tls or ssl.create_default_context(cafile=self._cafile)


def _is_news(delivery: Delivery) -> bool:
    """Whether it is worth a mail of its own: what can't be edited is not sent again for every new figure."""
    if delivery.stage is Stage.CALMING:
        return delivery.case is not None and delivery.case.stand_down is StandDown.AWAITED
    return delivery.stage in _MAILED


@contextmanager
def _before_data() -> Iterator[None]:
    """Up to here nothing was handed over, so that it is always worth another try.

    What the server says no to for good is the set-up here, not the message: an account, a certificate, an address. It
    waits to be mended, and goes out then.
    """
    try:
        yield
    except smtplib.SMTPNotSupportedError as error:
        said = clip(clean(str(error)), 120)
        raise TryLater(f"the mail server can't do what is configured: {said}", _MENDED) from error
    except smtplib.SMTPResponseException as error:
        raise _not_yet(error) from error
    except ssl.SSLCertVerificationError as error:
        raise TryLater(f"the mail server's certificate is not trusted: {error.verify_message}", _MENDED) from error
    except (OSError, smtplib.SMTPException) as error:
        raise TryLater(f"the mail server can't be reached: {type(error).__name__}") from error


class _AddressRefused(smtplib.SMTPResponseException):
    """The server takes mail neither from nor for the addresses that are configured."""


def _not_yet(error: smtplib.SMTPResponseException) -> TryLater:
    """A refusal before the text: soon again where the server says so, later where somebody has to mend something."""
    wait = None if error.smtp_code < 500 else _MENDED
    if wait is not None and isinstance(error, _AddressRefused):
        wait = _ADDRESSES_MENDED
    return TryLater(_words(error.smtp_code, error.smtp_error), wait)


def _words(code: int, said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return f"the mail server said {code} {clip(clean(text), 160)}"


@dataclass(frozen=True, slots=True)
class _Refused:
    """One recipient for whom the server did not take the mail, while it took it for others."""

    recipient: str
    code: int
    said: str

    def __str__(self) -> str:
        return f"{self.recipient}: {self.code} {self.said}"


def _transmit(
    server: smtplib.SMTP, message: EmailMessage, sender: str, recipients: Sequence[str], *, rest: bool
) -> list[_Refused]:
    """Hand the message over; returns the recipients that were refused: all of them only if they are the ``rest`` that
    an earlier attempt left.

    smtplib's own ``sendmail`` can't tell a connection cut before the text from one cut after it: here the line is
    drawn at the server's 354.
    """
    body = message.as_bytes(policy=SMTP)
    with _before_data():
        refused = _address(server, sender, recipients, rest=rest)
        if len(refused) == len(recipients):
            return refused
        code, said = server.docmd("data")
        if code >= 500:
            raise Rejected(_words(code, said))
        if code != 354:
            raise smtplib.SMTPDataError(code, said)
    try:
        server.send(_dotted(body))
        code, said = server.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise Unknown(f"the connection to the mail server broke after the text: {type(error).__name__}") from error
    if not 200 <= code < 300:
        raise TryLater(_words(code, said)) if code < 500 else Rejected(_words(code, said))
    return refused


def _address(server: smtplib.SMTP, sender: str, recipients: Sequence[str], *, rest: bool) -> list[_Refused]:
    code, said = server.mail(sender)
    if code != 250:
        raise _AddressRefused(code, said)
    refused: list[tuple[str, int, bytes]] = []
    for recipient in recipients:
        code, said = server.rcpt(recipient)
        if code not in (250, 251):
            refused.append((recipient, code, said))
    if len(refused) == len(recipients) and not rest:
        _, code, said = min(refused, key=lambda entry: entry[1])  # one that may pass later is worth waiting for
        raise _AddressRefused(code, said)
    return [_Refused(to, code, clip(clean(said.decode("utf-8", "replace")), 160)) for to, code, said in refused]


def _dotted(body: bytes) -> bytes:
    """The text as SMTP wants it on the wire: leading dots doubled, closed by a dot of its own (RFC 5321, 4.5.2)."""
    stuffed = re.sub(rb"(?m)^\.", b"..", body)
    return stuffed + (b"" if stuffed.endswith(b"\r\n") else b"\r\n") + b".\r\n"
