"""From settings to the receivers that are sent plain requests: Alertmanager, webhooks, PagerDuty, apprise."""

from __future__ import annotations

from pathlib import Path

from crisiswatch.alerts.render import Renderer
from crisiswatch.clock import Clock
from crisiswatch.config.settings import AlertmanagerOptions, AppriseOptions, PagerDutyOptions, WebhookReceiverOptions
from crisiswatch.model import Notifier

__all__ = ["PostingOptions", "make_posting"]

PostingOptions = AlertmanagerOptions | WebhookReceiverOptions | PagerDutyOptions | AppriseOptions
"""The options of a receiver that this module makes."""


def make_posting(options: PostingOptions, render: Renderer, clock: Clock) -> Notifier:
    """Give the notifier; its module is imported only now, because most configurations have none of them."""
    match options:
        case AlertmanagerOptions():
            from crisiswatch.notifiers.alertmanager import AlertmanagerNotifier

            return AlertmanagerNotifier(
                render,
                clock,
                urls=options.urls,
                username=options.username,
                password=options.password,
                token=options.token,
                labels=options.labels,
                cafile=_text(options.cafile),
                timeout=options.timeout.total_seconds(),
            )
        case WebhookReceiverOptions():
            from crisiswatch.notifiers.webhook import WebhookNotifier

            return WebhookNotifier(
                render,
                clock,
                url=options.url,
                secret=options.secret,
                token=options.token,
                posts=options.posts,
                cafile=_text(options.cafile),
                timeout=options.timeout.total_seconds(),
            )
        case PagerDutyOptions():
            from crisiswatch.notifiers.pagerduty import PagerDutyNotifier

            return PagerDutyNotifier(
                render,
                clock,
                routing_key=options.routing_key,
                base_url=options.base_url,
                timeout=options.timeout.total_seconds(),
            )
        case AppriseOptions():
            from crisiswatch.notifiers.apprise import AppriseNotifier

            return AppriseNotifier(render, options.url)


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)
