"""A delivery as a mail: headers that thread it, text that needs no pictures, HTML, and the chart within it.

Everything but the date follows from the delivery: a mail that is sent again is the same to the byte.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import clean, clip, safe_url
from crisiswatch.errors import Rejected
from crisiswatch.model import Delivery
from crisiswatch.notifiers.html import notice_page, page

__all__ = ["compose", "compose_notice", "envelope", "name_of"]

_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


def compose(
    delivery: Delivery,
    document: Document,
    sender: str,
    recipients: Sequence[str],
    *,
    picture: bytes | None = None,
    take: str = "",
) -> EmailMessage:
    """The message without its date, whatever is in it. ``picture`` is the chart as PNG, ``take`` the link with which
    somebody takes the incident."""
    subject = clip(clean(f"[{phrase(document.language, f'level.{document.level.word}')}] {document.headline}"), 150)
    message = _headed(delivery, f"[{document.drill_word}] {subject}" if document.drill else subject, sender, recipients)
    if document.mood == "critical":
        message["Importance"] = "high"  # what a list of mails shows beside a subject that has to stay
    name = f"chart.{str(message['Message-ID'])[1:-1]}"
    html = page(document, picture=f"cid:{name}" if picture else "", take=take)
    text = document.plain(*([phrase(document.language, "take", url=take)] if take else []))
    return _filled(message, text, html, picture, name)


def compose_notice(delivery: Delivery, sender: str, recipients: Sequence[str]) -> EmailMessage:
    """The message of a notice, which is about no single incident, without its date."""
    notice = delivery.notice
    if notice is None:
        raise ValueError("there is no notice in this delivery")
    headline = clip(clean(notice.headline), 150)
    lines = [clip(clean(line), 1000) for line in notice.lines]
    message = _headed(
        delivery,
        f"[{phrase(notice.language, 'drill_word')}] {headline}" if delivery.drill else headline,
        sender,
        recipients,
    )
    url = safe_url(notice.link)
    more = ["", url] if url else []
    exercise = [phrase(notice.language, "drill"), ""] if delivery.drill else []
    return _filled(
        message, "\n".join([*exercise, headline, "", *lines, *more]) + "\n", notice_page(notice, drill=delivery.drill)
    )


def envelope(address: str) -> str:
    """The bare address, with an international domain in its ASCII form; `Rejected` if no server could take it."""
    bare = parseaddr(address)[1]
    local, _, domain = bare.rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii")
        local.encode("ascii")
    except UnicodeError as error:
        raise Rejected(f"not an address a server takes: {clip(clean(address), 80)}") from error
    if not local or not domain or any(char.isspace() for char in bare):
        raise Rejected(f"not an address: {clip(clean(address), 80)}")
    return f"{local}@{domain}"


def _headed(delivery: Delivery, subject: str, sender: str, recipients: Sequence[str]) -> EmailMessage:
    domain = envelope(sender).rpartition("@")[2] or "localhost"
    message = EmailMessage(policy=SMTP)
    message["From"] = _mailbox(sender)
    message["To"] = [_mailbox(to) for to in recipients]
    message["Message-ID"] = f"<{name_of(delivery.id)}@{domain}>"
    first, before = delivery.memory.get("first"), delivery.memory.get("subject")
    if first == str(message["Message-ID"]):  # the thread's first mail itself, for those that were put off
        first = None
    if first:
        message["In-Reply-To"] = first
        message["References"] = first
    message["Subject"] = f"Re: {before}" if first and before else subject
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    label = _SAFE.sub("-", delivery.incident.brand).strip("-.")[:60] or "brand"
    message["List-Id"] = f"crisiswatch alerts <{label}.crisiswatch.{domain}>"
    return message


def name_of(delivery_id: str) -> str:
    """The delivery's id as the local part of a message id: each is another, even where signs had to go."""
    safe = ".".join(_SAFE.sub("-", part) for part in delivery_id.split("/")).strip(".") or "alert"
    if len(safe) <= 120 and "." not in delivery_id and ".." not in safe and safe == delivery_id.replace("/", "."):
        return safe
    return f"{safe[:80].strip('.')}.{hashlib.sha256(delivery_id.encode('utf-8', 'replace')).hexdigest()[:12]}"


def _filled(message: EmailMessage, text: str, html: str, picture: bytes | None = None, name: str = "") -> EmailMessage:
    message.set_content(text, cte="quoted-printable")
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    digest = hashlib.sha256(str(message["Message-ID"]).encode()).hexdigest()
    if picture:
        body = message.get_body(("html",))
        assert isinstance(body, EmailMessage)
        body.add_related(picture, "image", "png", cid=f"<{name}>", filename="chart.png", disposition="inline")
        body.set_boundary(f"==={digest[32:]}===")
    message.set_boundary(f"==={digest[:32]}===")  # not random: a repeated mail is the same to the byte
    return message


def _mailbox(address: str) -> Address:
    name, _ = parseaddr(address)
    return Address(display_name=clean(name), addr_spec=envelope(address))
