"""From a checked ``crisiswatch.yaml`` to `Settings`: paths absolute, secrets with the place that asks for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from crisiswatch.config import schema_config as schema
from crisiswatch.config import schema_receivers as receivers
from crisiswatch.config.compile_routing import compile_quiet_hours, compile_route, compile_rung, compile_storm
from crisiswatch.config.document import Document, Where
from crisiswatch.config.secrets import Secret
from crisiswatch.config.settings import (
    AlertmanagerOptions,
    AppriseOptions,
    Brand,
    ConsoleOptions,
    EmailOptions,
    EngineSettings,
    FeedOptions,
    FilesOptions,
    HeavySettings,
    LogSettings,
    PagerDutyOptions,
    ReceiverOptions,
    ReceiverSettings,
    RecordSettings,
    Retention,
    Settings,
    SlackOptions,
    SourceSettings,
    StoreSettings,
    WebhookOptions,
    WebhookReceiverOptions,
    WebSettings,
)
from crisiswatch.rules.model import CalendarEvent
from crisiswatch.windows import minute_of

__all__ = ["compile_calendar", "compile_settings"]

_Place = Callable[[Secret, Where], Secret]


def compile_settings(model: schema.ConfigFile, document: Document) -> Settings:
    """The settings; relative paths are seen from the directory of ``crisiswatch.yaml``."""
    home = document.path.absolute().parent

    def place(secret: Secret, where: Where) -> Secret:
        file = home / secret.file if secret.file is not None else None
        return replace(secret, file=file, where=document.place(where))

    return Settings(
        path=document.path.absolute(),
        brands=tuple(_brand(one) for one in model.brands),
        sources=tuple(_source(one, ("sources", at), home, place) for at, one in enumerate(model.sources)),
        receivers=tuple(_receiver(one, ("receivers", at), home, place) for at, one in enumerate(model.receivers)),
        routes=tuple(compile_route(one) for one in model.routes),
        escalation=tuple(compile_rung(one) for one in model.escalation),
        quiet_hours=tuple(compile_quiet_hours(one) for one in model.quiet_hours),
        storm=compile_storm(model.storm),
        records=_records(model.records, home),
        rules=home / model.rules,
        alerts=home / model.alerts,
        store=StoreSettings(url=_store_url(model.store.url, home, place)),
        retention=Retention(texts=model.retention.texts, counts=model.retention.counts),
        author_key=place(model.privacy.key, ("privacy", "key")) if model.privacy.key is not None else None,
        web=_web(model.web, place),
        engine=EngineSettings(lateness=timedelta(minutes=model.engine.lateness), tick=model.engine.tick),
        scorer=model.sentiment.scorer,
        heavy=_heavy(model.sentiment, home),
        detector=model.detector,
        log=LogSettings(format=model.log.format, level=model.log.level),
    )


def _web(model: schema.WebModel, place: _Place) -> WebSettings:
    return WebSettings(
        host=model.host,
        port=model.port,
        token=place(model.token, ("web", "token")) if model.token is not None else None,
        public_url=model.public_url,
        link_key=place(model.link_key, ("web", "link_key")) if model.link_key is not None else None,
    )


def compile_calendar(model: schema.ConfigFile) -> tuple[CalendarEvent, ...]:
    """The events of the calendar, in whole minutes: those they begin and end in are theirs."""
    return tuple(
        CalendarEvent(
            title=one.title,
            start=minute_of(one.start),
            end=minute_of(one.end) + bool(one.end.second or one.end.microsecond),
            brands=one.brands,
            weekly=one.repeats == "weekly",
        )
        for one in model.calendar
    )


def _brand(model: schema.BrandModel) -> Brand:
    return Brand(
        id=model.id,
        name=model.name,
        official=model.handles.official,
        care=model.handles.care,
        any=model.any,
        none=model.none,
        languages=model.languages,
        timezone=model.timezone,
        language=model.language,
        sector=model.sector,
    )


def _records(model: schema.RecordsModel | None, home: Path) -> RecordSettings | None:
    return None if model is None else RecordSettings(folder=home / model.folder, posts=model.posts)


def _heavy(model: schema.SentimentModel, home: Path) -> HeavySettings | None:
    if model.folder is None:
        return None
    return HeavySettings(
        folder=home / model.folder,
        budget=model.budget,
        threads=model.threads,
        batch=model.batch,
        fallback=model.fallback,
    )


def _source(model: schema.AnySource, where: Where, home: Path, place: _Place) -> SourceSettings:
    options: FeedOptions | FilesOptions | WebhookOptions | dict[str, object]
    if isinstance(model, schema.FeedModel):
        options = FeedOptions(url=model.url, every=model.every, timeout=model.timeout)
    elif isinstance(model, schema.FilesModel):
        options = FilesOptions(path=Path("-") if str(model.path) == "-" else home / model.path, every=model.every)
    elif isinstance(model, schema.WebhookModel):
        options = WebhookOptions(secret=place(model.secret, (*where, "secret")), tolerance=model.tolerance)
    else:
        options = _placed(model.options(), where, place)
    return SourceSettings(id=model.id, type=model.type, options=options, brand=model.brand)


def _receiver(model: schema.AnyReceiver, where: Where, home: Path, place: _Place) -> ReceiverSettings:
    options: ReceiverOptions
    if isinstance(model, schema.ConsoleModel):
        options = ConsoleOptions()
    elif isinstance(model, schema.SlackModel):
        options = SlackOptions(
            token=place(model.token, (*where, "token")),
            channel=model.channel,
            app_token=place(model.app_token, (*where, "app_token")) if model.app_token else None,
            signing_secret=place(model.signing_secret, (*where, "signing_secret")) if model.signing_secret else None,
            base_url=model.base_url,
            timeout=model.timeout,
            proxy=model.proxy,
        )
    elif isinstance(model, schema.EmailModel):
        options = _email(model, where, home, place)
    elif isinstance(model, receivers.AlertmanagerModel):
        options = AlertmanagerOptions(
            urls=model.urls,
            username=model.username,
            password=_maybe(model.password, (*where, "password"), place),
            token=_maybe(model.token, (*where, "token"), place),
            labels=dict(model.labels),
            cafile=home / model.cafile if model.cafile else None,
            timeout=model.timeout,
        )
    elif isinstance(model, receivers.WebhookReceiverModel):
        options = WebhookReceiverOptions(
            url=model.url if isinstance(model.url, str) else place(model.url, (*where, "url")),
            secret=place(model.secret, (*where, "secret")),
            token=_maybe(model.token, (*where, "token"), place),
            posts=model.posts,
            cafile=home / model.cafile if model.cafile else None,
            timeout=model.timeout,
        )
    elif isinstance(model, receivers.PagerDutyModel):
        options = PagerDutyOptions(
            routing_key=place(model.routing_key, (*where, "routing_key")),
            base_url=model.base_url,
            timeout=model.timeout,
        )
    elif isinstance(model, receivers.AppriseModel):
        options = AppriseOptions(url=place(model.url, (*where, "url")))
    else:
        options = _placed(model.options(), where, place)
    return ReceiverSettings(id=model.id, type=model.type, options=options)


def _maybe(secret: Secret | None, where: Where, place: _Place) -> Secret | None:
    return None if secret is None else place(secret, where)


def _email(model: schema.EmailModel, where: Where, home: Path, place: _Place) -> EmailOptions:
    return EmailOptions(
        host=model.host,
        sender=model.sender,
        to=model.to,
        port=model.port,
        security=model.security,
        username=model.username,
        password=place(model.password, (*where, "password")) if model.password else None,
        cafile=home / model.cafile if model.cafile else None,
        timeout=model.timeout,
    )


def _placed(options: dict[str, object], where: Where, place: _Place) -> dict[str, object]:
    return {name: _placed_value(value, (*where, name), place) for name, value in options.items()}


def _placed_value(value: object, where: Where, place: _Place) -> object:
    if isinstance(value, Secret):
        return place(value, where)
    if isinstance(value, dict):
        return _placed(value, where, place)
    if isinstance(value, list):
        return tuple(_placed_value(item, (*where, at), place) for at, item in enumerate(value))
    return value


def _store_url(url: str | Secret, home: Path, place: _Place) -> str | Secret:
    if isinstance(url, Secret):
        return place(url, ("store", "url"))
    head, mark, path = url.partition(":///")
    if head.partition("+")[0] != "sqlite" or not mark or not path or path.startswith((":memory:", "/", "file:")):
        return url
    return f"{head}:///{home / path}"
