"""A mail server that runs on this machine: SMTP as it is spoken, STARTTLS or TLS, logins, and faults on demand.

    with FakeSmtp(security="starttls", login=("me", "secret")) as smtp:
        EmailNotifier(render, clock, host=smtp.host, port=smtp.port, cafile=smtp.cafile, ...)

In another process: ``python -m crisiswatch.testing.fake_smtp --port-file F --journal F`` writes each accepted mail to a
JSONL journal before it answers. Needs the packages aiosmtpd, and cryptography for its self-made certificate.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import socket
import ssl
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from crisiswatch.clock import SystemClock

if TYPE_CHECKING:
    from aiosmtpd.controller import Controller

__all__ = ["FakeSmtp", "Mail", "SmtpFault", "main", "self_made_certificate"]

_STEPS = ("mail", "rcpt", "data", "text")
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class SmtpFault:
    """What goes wrong at a step: ``mail``, ``rcpt``, ``data`` (before the text is asked for) or ``text`` (after it).

    ``reply`` is the server's line (``"451 try later"``); without one the connection is cut. ``accepted``: the mail is
    kept all the same (for the step ``text`` only).
    """

    step: str
    reply: str = ""
    accepted: bool = False

    def __post_init__(self) -> None:
        if self.step not in _STEPS:
            raise ValueError(f"step is one of {', '.join(_STEPS)}")


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as it was accepted: envelope and parsed message."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    raw: bytes


class FakeSmtp:
    """The server; a context manager. ``mails`` are the accepted mails in order.

    `security` is ``none``, ``starttls`` or ``tls``; with one of the latter ``cafile`` verifies the server. `login` is a
    user and a password that are then required. `refuse` maps recipients to the reply each gets, at every attempt.
    A mail is kept at once and acknowledged `delay` seconds later. `port` 0 takes a free one.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        security: str = "none",
        login: tuple[str, str] | None = None,
        refuse: Mapping[str, str] | None = None,
        journal: Path | None = None,
        delay: float = 0.0,
        port: int = 0,
    ) -> None:
        self.delay = delay
        self._wanted = port
        self.security = security
        self.login = login
        self.refuse = dict(refuse or {})
        self.mails: list[Mail] = []
        self.port = 0
        self._faults: deque[SmtpFault] = deque()
        self._journal = journal
        self._lock = threading.Lock()
        self._scratch = tempfile.TemporaryDirectory(prefix="fake-smtp-")
        self.cafile = str(Path(self._scratch.name, "ca.pem")) if security != "none" else None
        self._tls = self_made_certificate(Path(self.cafile)) if self.cafile else None
        self._controller: Controller | None = None

    def start(self) -> None:
        """Begin to answer on a free port; aiosmtpd can't be asked for port 0, so one is found by binding first."""
        for attempt in range(_ATTEMPTS):
            self.port = self._wanted or _free_port()
            controller = _controller(self, self._tls)
            try:
                controller.start()
            except OSError:  # somebody else was faster
                if attempt == _ATTEMPTS - 1:
                    raise
                continue
            self._controller = controller
            return

    def stop(self) -> None:
        """Stop answering and forget the certificate."""
        if self._controller is not None:
            self._controller.stop()
            self._controller = None
        self._scratch.cleanup()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def script(self, *faults: SmtpFault) -> None:
        """The next mails go wrong, one fault each, in this order."""
        with self._lock:
            self._faults.extend(faults)

    def take_fault(self, step: str) -> SmtpFault | None:
        """The next fault, used up, if it belongs to `step`."""
        with self._lock:
            if self._faults and self._faults[0].step == step:
                return self._faults.popleft()
        return None

    def keep(self, sender: str, recipients: list[str], raw: bytes) -> None:
        """Accept a mail, for good."""
        message = message_from_bytes(raw, policy=default)
        with self._lock:
            self.mails.append(Mail(sender, tuple(recipients), message, raw))
            if self._journal is not None:
                line = {"message_id": str(message["Message-ID"]), "subject": str(message["Subject"]), "to": recipients}
                with self._journal.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(line) + "\n")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _controller(fake: FakeSmtp, tls: ssl.SSLContext | None) -> Controller:
    """An aiosmtpd controller whose server has the fake's faults built in."""
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

    class Server(SMTP):
        async def smtp_DATA(self, arg: str) -> None:  # noqa: N802  (aiosmtpd's name)
            fault = fake.take_fault("data")
            if fault is None:
                await super().smtp_DATA(arg)
            elif reply := _carry_out(self, fault):
                await self.push(reply)

    class Asked(Controller):
        def factory(self) -> SMTP:
            with warnings.catch_warnings():  # it does not know that the whole line is encrypted, or a test's choice
                warnings.simplefilter("ignore", UserWarning)
                return Server(self.handler, **self.SMTP_kwargs)

    def authenticate(_server: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any) -> AuthResult:
        fits = isinstance(data, LoginPassword) and (data.login.decode(), data.password.decode()) == fake.login
        return AuthResult(success=fits, handled=False)  # handled=True would leave a refused client waiting

    extra: dict[str, Any] = {"auth_required": True, "authenticator": authenticate} if fake.login else {}
    if fake.login and fake.security != "starttls":
        extra["auth_require_tls"] = False
    if fake.security == "starttls":
        extra |= {"tls_context": tls, "require_starttls": True}
    elif fake.security == "tls":
        extra["ssl_context"] = tls
    return Asked(_Handler(fake), hostname=fake.host, port=fake.port, **extra)


def _carry_out(server: Any, fault: SmtpFault) -> str:
    """The line to answer with, or nothing after the connection was cut."""
    if not fault.reply:
        server.transport.abort()
    return fault.reply


class _Handler:
    def __init__(self, fake: FakeSmtp) -> None:
        self._fake = fake

    async def handle_MAIL(self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if fault := self._fake.take_fault("mail"):
            return _carry_out(server, fault) or await _gone()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server: Any, _session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        if fault := self._fake.take_fault("rcpt"):
            return _carry_out(server, fault) or await _gone()
        if address in self._fake.refuse:
            return self._fake.refuse[address]
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        fault = self._fake.take_fault("text")
        if fault is None or fault.accepted:
            self._fake.keep(envelope.mail_from, list(envelope.rcpt_tos), envelope.content)
        if fault is not None:
            return _carry_out(server, fault) or await _gone()
        await asyncio.sleep(self._fake.delay)
        return "250 OK kept"


async def _gone() -> str:
    """Wait to be cancelled: the connection was cut, and there is nobody to answer."""
    await asyncio.Event().wait()
    return ""


def self_made_certificate(path: Path) -> ssl.SSLContext:
    """A server context for 127.0.0.1; the certificate, which is its own authority, is written to `path` (PEM)."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = SystemClock().now()
    names = [x509.IPAddress(IPv4Address("127.0.0.1")), x509.DNSName("localhost")]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret = path.with_suffix(".key")
    secret.write_bytes(private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, secret)
    return context


def main(arguments: list[str] | None = None) -> None:
    """Run until interrupted; the port is written to a file as soon as it answers."""
    parser = argparse.ArgumentParser(description="A fake mail server on a free port of 127.0.0.1.")
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--journal", type=Path, required=True)
    parser.add_argument("--delay", type=float, default=0.0, help="seconds between taking a mail and saying so")
    options = parser.parse_args(arguments)
    with FakeSmtp(journal=options.journal, delay=options.delay) as smtp:
        scratch = options.port_file.with_suffix(".new")
        scratch.write_text(f"{smtp.port}\n", encoding="ascii")
        scratch.replace(options.port_file)  # whole or not at all: somebody is waiting for it
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
