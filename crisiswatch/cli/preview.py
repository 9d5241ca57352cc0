"""`crisiswatch preview`: an alert as its reader will see it, with an invented incident."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.render import renderer
from crisiswatch.cli import page
from crisiswatch.cli.open import load_config
from crisiswatch.cli.preview_parts import case_of, invented, notice_of, reminder_of
from crisiswatch.config import Loaded
from crisiswatch.errors import CrisiswatchError
from crisiswatch.links import ACKNOWLEDGE_PATH, page_of
from crisiswatch.model import Delivery, Stage

__all__ = ["invented", "preview"]

_Options = TypeVar("_Options")
_NOTICES = ("digest", "storm")
_FILE = "F0PREVIEW0"
_STAGES = ("opened", "escalated", "reminded", "calming", "resolved", *_NOTICES)
_FORMATS = {
    "console": ("text", "json"),
    "slack": ("json", "text", "html", "png"),
    "email": ("text", "json", "html", "png"),
    "webhook": ("json",),
    "alertmanager": ("json",),
    "pagerduty": ("json",),
    "apprise": ("text", "json"),
}


def preview(
    alert: str, receiver: str, stage: str, config: Path, answer: str, *, language: str = "", drill: bool = False
) -> int:
    """Print one stage of one alert the way one kind of receiver shows it; ``receiver`` is a kind or one that is
    configured. ``language`` is spoken instead of the brand's own."""
    loaded = load_config(config)
    types = {each.id: each.type for each in loaded.settings.receivers}
    kind = receiver if receiver in _FORMATS else types.get(receiver, receiver)
    _known("alert", alert, sorted({each.id for each in loaded.alerts.values()}))
    _known("stage", stage, _STAGES)
    _known("receiver", kind, _FORMATS)
    answer = answer or ("text" if "text" in _FORMATS[kind] else "json")
    _known(f"format for {kind}", answer, _FORMATS[kind])
    brand = loaded.settings.brands[0]
    brand = replace(brand, language=language or brand.language)
    render = renderer(loaded.alerts, {brand.id: brand.name}, {brand.id: brand.timezone}, {brand.id: brand.language})
    delivery = invented(loaded, brand, alert, Stage.OPENED if stage in _NOTICES else Stage(stage), receiver)
    case = case_of(loaded, brand, alert, delivery.incident, delivery.stage)
    notice = notice_of(stage, delivery.incident, brand, receiver) if stage in _NOTICES else None
    delivery = replace(delivery, case=case, reminder=reminder_of(case, delivery.stage), notice=notice, drill=drill)
    address = loaded.settings.web.public_url
    if address is not None and notice is None:
        delivery = replace(delivery, link=page_of(address, delivery.incident.id))
    page.note("The incident is invented; the words, the playbook and the layout are yours.")
    if answer == "png":
        return _picture(delivery, replace(loaded, settings=replace(loaded.settings, brands=(brand,))))
    sys.stdout.write(_SHOW[kind](delivery, render(delivery), loaded, answer))
    return 0


def _picture(delivery: Delivery, loaded: Loaded) -> int:
    """The chart of the message, as a file on standard output."""
    if sys.stdout.isatty():
        raise CrisiswatchError("a picture is no text: send it to a file (... --format png > chart.png)")
    drawn = _drawn(delivery, loaded)
    if drawn is None:
        raise CrisiswatchError("this message has no chart")
    sys.stdout.buffer.write(drawn)
    return 0


def _drawn(delivery: Delivery, loaded: Loaded) -> bytes | None:
    from crisiswatch.wiring import chart_maker

    return chart_maker(loaded)(delivery)


def _address(drawn: bytes | None) -> str:
    """A picture as an address that needs no other file; empty if there is none."""
    return "data:image/png;base64," + base64.b64encode(drawn).decode() if drawn else ""


def _options(loaded: Loaded, receiver: str, kind: type[_Options]) -> _Options | None:
    """How the receiver of that name is set up, or the first one of its kind."""
    mine = [each for each in loaded.settings.receivers if isinstance(each.options, kind)]
    found = next((each for each in mine if each.id == receiver), mine[0] if mine else None)
    return found.options if found is not None and isinstance(found.options, kind) else None


def _known(what: str, word: str, words: Any) -> None:
    if word not in words:
        raise CrisiswatchError(f"there is no {what} {word!r}; there are: {', '.join(words)}")


# -- as each receiver shows it ----------------------------------------------------------------------------------------


def _console(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del loaded
    if answer == "json":
        return _json(_plain(document) if delivery.notice is None else asdict(delivery.notice))
    from crisiswatch.notifiers.console import draw, draw_notice

    colour = sys.stdout.isatty()
    if delivery.notice is not None:
        return draw_notice(delivery.notice, colour=colour, drill=delivery.drill)
    return draw(document, colour=colour)


def _slack(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    from crisiswatch.config.settings import SlackOptions
    from crisiswatch.notifiers.blockkit import blocks_for, fallback_text, notice_blocks, notice_text, reply_blocks

    set_up = _options(loaded, delivery.receiver, SlackOptions)
    menus = set_up is None or set_up.buttons
    notice = delivery.notice
    if notice is not None:
        text, blocks = notice_text(notice), notice_blocks(notice, delivery.id)
    elif delivery.stage is Stage.REMINDED:
        text, blocks = fallback_text(document), reply_blocks(document, delivery.id)
    else:
        picture = _FILE if answer == "html" and _drawn(delivery, loaded) else ""
        text, blocks = fallback_text(document), blocks_for(document, delivery.id, menus=menus, picture=picture)
    if answer == "json":
        return _json({"text": text, "blocks": blocks})
    if answer == "html":
        from crisiswatch.testing.blockkit_html import page as slack_page

        return slack_page(blocks, files={_FILE: _address(_drawn(delivery, loaded))}) + "\n"
    return f"{text}\n\n{document.plain()}" if notice is None else f"{text}\n"


def _email(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    from crisiswatch.config.settings import EmailOptions
    from crisiswatch.notifiers.html import notice_page
    from crisiswatch.notifiers.html import page as mail_page
    from crisiswatch.notifiers.mime import compose, compose_notice

    set_up = _options(loaded, delivery.receiver, EmailOptions)
    sender, to = ("crisiswatch@example.com", ("you@example.com",)) if set_up is None else (set_up.sender, set_up.to)
    notice, web = delivery.notice, loaded.settings.web
    free = delivery.case is None or not delivery.case.acknowledged_by
    signed = web.public_url is not None and web.link_key is not None and free
    # Not a real one, which would be good for nothing but to be tried.
    take = f"{web.public_url.rstrip('/')}{ACKNOWLEDGE_PATH}/preview" if signed and web.public_url else ""
    if notice is None:
        message = compose(delivery, document, sender, to, take=take)
    else:
        message = compose_notice(delivery, sender, to)
    headers = {name: str(message[name]) for name in ("From", "To", "Subject")}
    body = message.get_body(("plain",))
    text = "" if body is None else str(body.get_content()).replace("\r\n", "\n")
    html = (
        mail_page(document, picture=_address(_drawn(delivery, loaded)), take=take)
        if notice is None
        else notice_page(notice, drill=delivery.drill)
    )
    if answer == "html":
        return html
    if answer == "json":
        return _json({**{name.lower(): value for name, value in headers.items()}, "text": text, "html": html})
    return "".join(f"{name}: {value}\n" for name, value in headers.items()) + f"\n{text}"


def _webhook(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del answer
    from crisiswatch.config.settings import WebhookReceiverOptions
    from crisiswatch.notifiers.payload import message_of

    set_up = _options(loaded, delivery.receiver, WebhookReceiverOptions)
    return _json(message_of(delivery, document, posts=set_up is not None and set_up.posts))


def _alertmanager(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del loaded, answer
    from crisiswatch.notifiers.alertmanager import alerts_of

    return _json([] if delivery.notice is not None else alerts_of(delivery, document, delivery.incident.updated_at))


def _pagerduty(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del loaded, answer
    from crisiswatch.notifiers.pagerduty import events_of

    return _json(events_of(delivery, document))


def _apprise(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del loaded
    from crisiswatch.notifiers.apprise import short_notice, short_text

    notice = delivery.notice
    title, body = short_text(document) if notice is None else short_notice(notice, drill=delivery.drill)
    return _json({"title": title, "body": body}) if answer == "json" else f"{title}\n\n{body}\n"


_SHOW: dict[str, Callable[[Delivery, Document, Loaded, str], str]] = {
    "console": _console,
    "slack": _slack,
    "email": _email,
    "webhook": _webhook,
    "alertmanager": _alertmanager,
    "pagerduty": _pagerduty,
    "apprise": _apprise,
}


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=page.plain_value) + "\n"


def _plain(document: Document) -> dict[str, object]:
    return {**asdict(document), "level": document.level.word, "stage": document.stage.value, "banner": document.banner}
