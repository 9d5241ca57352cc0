"""Alerts through apprise: Teams, Telegram, Discord, ntfy, SMS and a hundred others, each by an address of its own.

For the long tail: apprise gives no message id, so nothing is edited, threaded or looked up, and its answer is yes or
no, with the reason in its log. From that we take the HTTP status, and whether the connection was ever made. The log,
like the address, holds secrets and goes nowhere else. Needs ``pip install 'crisiswatch[apprise]'``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Any

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.render import Renderer
from crisiswatch.alerts.words import clean, clip, safe_url
from crisiswatch.config.check_apprise import library
from crisiswatch.errors import DeliveryError, Rejected, TryLater, Unknown
from crisiswatch.model import Capabilities, Delivery, Notice, Receipt, Stage, StandDown
from crisiswatch.notifiers.http import BUSY, MENDING, SETUP, Hidden, revealed

__all__ = ["MISSING", "AppriseNotifier", "service_of", "short_text"]

MISSING = "apprise is not installed: pip install 'crisiswatch[apprise]'"
"""What to say where the extra is missing."""

_TOLD = frozenset({Stage.OPENED, Stage.ESCALATED, Stage.RESOLVED, Stage.REMINDED})
_KINDS = {"critical": "failure", "warning": "warning", "watch": "info", "calming": "info", "resolved": "success"}
_STATUS = re.compile(r"\berror=(\d{3})\b")
_UNREACHED = re.compile(r"NewConnectionError|NameResolutionError|ConnectTimeout|Connection refused")
_BODY, _TITLE = 1500, 150


class AppriseNotifier:
    """Sends short texts to one `url` of apprise's (``tgram://...``), which is a secret.

    ``updated`` deliveries are receipted without a message, and so are ``calming`` ones that nobody has to confirm. An
    address with several targets is sent to all of them again when one fails: give each its own receiver.
    """

    capabilities = Capabilities()

    def __init__(self, render: Renderer, url: Hidden) -> None:
        self._render = render
        self._url = url

    def send(self, delivery: Delivery) -> Receipt:
        if not _is_news(delivery) and delivery.notice is None:
            return Receipt(memory=dict(delivery.memory))
        found = library()
        if found is None:
            raise TryLater(MISSING)
        service = found.Apprise.instantiate(revealed(self._url))
        if service is None:
            raise TryLater("apprise knows no service for this address", MENDING)
        document = self._render(delivery)
        title, body = short_text(document, drill=delivery.drill)
        if delivery.notice is not None:
            title, body = short_notice(delivery.notice, drill=delivery.drill)
        desk = found.Apprise(service)
        # Its own log level, so that the reason of a failure is told to us; it is never printed, see `library`.
        result = desk.notify(
            body=body,
            title=title,
            notify_type="info" if delivery.notice is not None else _KINDS[document.mood],
            body_format="text",
            log_level=logging.DEBUG,
        )
        if not result:
            raise _failure(str(service.service_name), len(service), _said(result))
        return Receipt(memory=dict(delivery.memory), duplicate=delivery.uncertain)


def _is_news(delivery: Delivery) -> bool:
    """Whether it is worth a message of its own: nothing that was sent can be edited."""
    awaited = delivery.case is not None and delivery.case.stand_down is StandDown.AWAITED
    return delivery.stage in _TOLD or (delivery.stage is Stage.CALMING and awaited)


def short_text(document: Document, *, drill: bool = False) -> tuple[str, str]:
    """Title and body for a small screen: the news, who has it, the first figures, what to do first, and a link."""
    mark = f"{document.drill_word} · " if drill or document.drill else ""
    lines = [document.reminder, document.summary, document.status, document.sector, document.note]
    lines += [f"! {warning}" for warning in document.warnings]
    lines += [f"{fact.label}: {fact.value}" for fact in document.facts[:4]]
    lines += [phrase(document.language, "first_step", step=task.step) for task in document.steps[:1]]
    ends = [line for line in (document.link, document.footer[-1] if document.footer else "") if line]
    ending = "\n".join(ends)
    body = clip("\n".join(line for line in lines if line), _BODY - len(ending) - 1)
    title = clip(f"{mark}[{document.banner}] {document.headline}", _TITLE)
    return title, "\n".join(part for part in (body, ending) if part) or title


def short_notice(notice: Notice, *, drill: bool = False) -> tuple[str, str]:
    """The same for a message that is about no single incident."""
    mark = f"{phrase(notice.language, 'drill_word')} · " if drill else ""
    title = clip(mark + clean(notice.headline), _TITLE)
    link = safe_url(notice.link) or ""
    body = clip("\n".join(clean(line) for line in notice.lines), _BODY - len(link) - 1)
    return title, "\n".join(part for part in (body, link) if part) or title


def service_of(url: str) -> str | None:
    """The name of the service that an address is for, found without a network; None if there is none for it."""
    found = library()
    if found is None:
        return None
    service = found.Apprise.instantiate(url)
    return None if service is None else str(service.service_name)


def _said(result: Any) -> str:
    """What apprise's log says of the attempts; for our eyes only."""
    services: Iterable[Any] = result if hasattr(result, "__iter__") else ()
    return "\n".join(str(entry.message) for service in services for attempt in service for entry in attempt)


def _failure(service: str, targets: int, said: str) -> DeliveryError:
    """Our kind of error for what went wrong. Of several targets, one may have got it whatever befell the others."""
    codes = sorted(set(_STATUS.findall(said)))
    if targets > 1:
        return Unknown(f"{service}: not every one of {targets} targets took it ({', '.join(codes) or 'no answer'})")
    if codes:
        return _refusal(service, int(codes[0]))
    if _UNREACHED.search(said):
        return TryLater(f"{service} can't be reached")
    return Unknown(f"{service}: apprise does not say what came of it")


def _refusal(service: str, code: int) -> DeliveryError:
    if code in BUSY:
        return TryLater(f"{service} asks to wait ({code})")
    if code >= 500:
        return Unknown(f"{service} failed ({code}); it may have taken the message")
    if code < 400 or code in SETUP:
        return TryLater(f"{service}: the credentials or the address are refused ({code})", MENDING)
    return Rejected(f"{service} refused the message ({code})")
