"""The receivers that ship with crisiswatch, and how others are found.

A notifier takes plain arguments and a `Renderer`; it knows nothing of the configuration. One module a receiver; a
plug-in registers its class under the entry-point group ``crisiswatch.notifiers``. Names resolve lazily, so that
``check`` does not pay for Slack's SDK.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.metadata import entry_points

from crisiswatch.model import Notifier

__all__ = ["BUILT_IN", "GROUP", "known", "load"]

GROUP = "crisiswatch.notifiers"
"""The entry-point group of plug-ins."""

BUILT_IN = {
    "console": "crisiswatch.notifiers.console:ConsoleNotifier",
    "slack": "crisiswatch.notifiers.slack:SlackNotifier",
    "email": "crisiswatch.notifiers.email:EmailNotifier",
    "alertmanager": "crisiswatch.notifiers.alertmanager:AlertmanagerNotifier",
    "webhook": "crisiswatch.notifiers.webhook:WebhookNotifier",
    "pagerduty": "crisiswatch.notifiers.pagerduty:PagerDutyNotifier",
    "apprise": "crisiswatch.notifiers.apprise:AppriseNotifier",
}
"""Receiver types that need no plug-in, with the class behind each."""


def known() -> tuple[str, ...]:
    """Every receiver type that can be named in a configuration, sorted."""
    return tuple(sorted({*BUILT_IN, *(point.name for point in entry_points(group=GROUP))}))


def load(name: str) -> Callable[..., Notifier]:
    """The class (or factory) of receiver type `name`; a plug-in can't replace a built-in one. KeyError if unknown."""
    if name in BUILT_IN:
        module, _, attribute = BUILT_IN[name].partition(":")
        factory: Callable[..., Notifier] = getattr(import_module(module), attribute)
        return factory
    for point in entry_points(group=GROUP, name=name):
        plugin: Callable[..., Notifier] = point.load()
        return plugin
    raise KeyError(name)
