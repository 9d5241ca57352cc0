"""`crisiswatch preview`: an alert as its reader will see it, with an invented incident."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.render import renderer
from crisiswatch.cli import page
from crisiswatch.cli.open import load_config
from crisiswatch.config import Brand, Loaded
from crisiswatch.errors import CrisiswatchError
from crisiswatch.model import Delivery, Evidence, Gate, Incident, Level, Phase, Post, Reading, Reasons, Stage

__all__ = ["invented", "preview"]

_AT = datetime(2026, 3, 12, 9, 15, tzinfo=UTC)
_STAGES = ("opened", "escalated", "calming", "resolved")
_FORMATS = {"console": ("text", "json"), "slack": ("json", "text", "html"), "email": ("text", "json", "html")}


def preview(alert: str, receiver: str, stage: str, config: Path, answer: str) -> int:
    """Print one stage of one alert the way one kind of receiver shows it."""
    loaded = load_config(config)
    _known("alert", alert, sorted({each.id for each in loaded.alerts.values()}))
    _known("stage", stage, _STAGES)
    _known("receiver", receiver, _FORMATS)
    _known(f"format for {receiver}", answer, _FORMATS[receiver])
    brand = loaded.settings.brands[0]
    render = renderer(loaded.alerts, {brand.id: brand.name}, {brand.id: brand.timezone}, {brand.id: brand.language})
    delivery = invented(loaded, brand, alert, Stage(stage), receiver)
    page.note("The incident is invented; the words, the playbook and the layout are yours.")
    sys.stdout.write(_SHOW[receiver](delivery, render(delivery), loaded, answer))
    return 0


def _known(what: str, word: str, words: Any) -> None:
    if word not in words:
        raise CrisiswatchError(f"there is no {what} {word!r}; there are: {', '.join(words)}")


# -- as each receiver shows it ----------------------------------------------------------------------------------------


def _console(_: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del loaded
    if answer == "json":
        return _json(_plain(document))
    from crisiswatch.notifiers.console import draw

    return draw(document, colour=sys.stdout.isatty())


def _slack(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    del loaded
    from crisiswatch.notifiers.blockkit import blocks_for, fallback_text

    blocks = blocks_for(document, delivery.id)
    if answer == "json":
        return _json({"text": fallback_text(document), "blocks": blocks})
    if answer == "html":
        from crisiswatch.testing.blockkit_html import page as slack_page

        return slack_page(blocks) + "\n"
    return f"{fallback_text(document)}\n\n{document.plain()}"


def _email(delivery: Delivery, document: Document, loaded: Loaded, answer: str) -> str:
    from crisiswatch.config.settings import EmailOptions
    from crisiswatch.notifiers.html import page as mail_page
    from crisiswatch.notifiers.mime import compose

    found = [each.options for each in loaded.settings.receivers if isinstance(each.options, EmailOptions)]
    sender, to = (found[0].sender, found[0].to) if found else ("crisiswatch@example.com", ("you@example.com",))
    message = compose(delivery, document, sender, to)
    headers = {name: str(message[name]) for name in ("From", "To", "Subject")}
    if answer == "html":
        return mail_page(document)
    if answer == "json":
        return _json({**{name.lower(): value for name, value in headers.items()}, "text": document.plain(),
                      "html": mail_page(document)})  # fmt: skip
    return "".join(f"{name}: {value}\n" for name, value in headers.items()) + f"\n{document.plain()}"


_SHOW: dict[str, Callable[[Delivery, Document, Loaded, str], str]] = {
    "console": _console,
    "slack": _slack,
    "email": _email,
}


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=page.plain_value) + "\n"


def _plain(document: Document) -> dict[str, object]:
    from dataclasses import asdict

    return {**asdict(document), "level": document.level.word, "stage": document.stage.value, "banner": document.banner}


# -- the invented incident --------------------------------------------------------------------------------------------


def invented(loaded: Loaded, brand: Brand, alert: str, stage: Stage, receiver: str) -> Delivery:
    """A delivery about an incident that never was, of the first rule that uses the alert."""
    rule = next((each for each in loaded.ruleset.rules if each.alert == alert), None)
    level = Level.CRITICAL if stage is not Stage.OPENED else Level.WARNING
    over = stage is Stage.RESOLVED
    peak = _reading(124 if stage is not Stage.OPENED else 41, _AT)
    reading = _reading(9, _AT + timedelta(hours=2)) if stage in (Stage.CALMING, Stage.RESOLVED) else peak
    levels = ((Level.WARNING, _AT - timedelta(minutes=22)), (Level.CRITICAL, _AT))
    opened = levels[0][1] if stage is not Stage.OPENED else _AT
    incident = Incident(
        id=f"{brand.id}.{rule.id if rule else alert}.{opened:%Y%m%dT%H%MZ}",
        brand=brand.id,
        rule=rule.id if rule else alert,
        title=rule.title if rule else alert,
        because=rule.because if rule else "",
        alert=alert,
        version={Stage.OPENED: 1, Stage.ESCALATED: 2, Stage.CALMING: 3}.get(stage, 4),
        phase=Phase.RESOLVED if over else Phase.SETTLING if stage is Stage.CALMING else Phase.OPEN,
        level=level,
        peak_level=level,
        opened_at=opened,
        updated_at=reading.end,
        resolved_at=reading.end if over else None,
        levels=levels if stage is not Stage.OPENED else ((Level.WARNING, _AT),),
        reading=reading,
        peak=peak,
        gates=_gates(peak),
        mentions=512 if stage is not Stage.OPENED else 41,
        authors=388 if stage is not Stage.OPENED else 36,
        trend=(3, 2, 4, 3, 2, 3, 5, 2, 3, 4, 2, 3, 3, 2, 4, 3, 6, 11, 15, 21),
        reason="calm" if over else "",
    )
    name = f"{incident.id}/{incident.version}/{receiver}"
    return Delivery(id=name, receiver=receiver, stage=stage, incident=incident, evidence=_evidence(brand))


def _reading(observed: float, end: datetime) -> Reading:
    return Reading(
        start=end - timedelta(minutes=15),
        end=end,
        observed=observed,
        total=observed * 1.5,
        authors=round(observed * 0.88),
        sources=("reddit", "x"),
        organic=round(observed * 0.92),
        share=0.667,
        expected=4.2,
        low=1.1,
        high=8.9,
        false_alarms_per_month=0.02 if observed > 20 else 12.0,
        reasons=_reasons(observed, end),
    )


def _reasons(observed: float, end: datetime) -> Reasons:
    return Reasons(
        minutes=60,
        observed=round(observed * 1.6),
        expected=16.8,
        low=7.4,
        high=29.5,
        since=end - timedelta(minutes=40),
        next_hour=observed * 3.5,
        level=14.0,
        hour_of_day=1.2,
        day_of_week=1.0,
        hour_of_week=1.0,
        dispersion=0.1,
        share=0.612,
        usual_share=0.28,
    )


def _gates(peak: Reading) -> tuple[Gate, ...]:
    return (
        Gate("count", "at_least", 20, peak.observed, held=True),
        Gate("authors", "at_least", 12, float(peak.authors), held=True),
        Gate("surprise", "at_least", 1.0, peak.false_alarms_per_month, held=True),
    )


def _evidence(brand: Brand) -> Evidence:
    said = (
        ("x", f"{brand.name} took my money twice and nobody answers", 31, 1_900),
        ("reddit", f"Is anybody else charged double by {brand.name}?", 214, None),
        ("x", f"Addebito doppio da {brand.name}, il servizio clienti non risponde", 12, 640),
    )
    posts = tuple(
        Post(uid=f"{source}:{number}", source=source, at=_AT - timedelta(minutes=14 - number), text=text,
             author=f"person{number}", engagement=engagement, audience=audience)
        for number, (source, text, engagement, audience) in enumerate(said)
    )  # fmt: skip
    return Evidence(
        first=posts[:1],
        loudest=posts[1:],
        sources={"x": 29, "reddit": 12},
        languages={"en": 30, "it": 11},
        themes=("charged double", "customer care", "refund"),
    )
