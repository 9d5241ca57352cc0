"""Pages, health, metrics and hooks over HTTP: a factory that knows the app only as callables, and a server thread."""

from crisiswatch.web.guard import is_loopback
from crisiswatch.web.page import render_status
from crisiswatch.web.routes import MAX_BODY, create_app
from crisiswatch.web.server import WebServer
from crisiswatch.web.state import (
    BrandView,
    Hook,
    HookAnswer,
    Labels,
    LabelView,
    ReceiverView,
    SampleView,
    SourceView,
    StatusView,
    WebState,
    incident_view,
)

__all__ = [
    "MAX_BODY",
    "BrandView",
    "Hook",
    "HookAnswer",
    "LabelView",
    "Labels",
    "ReceiverView",
    "SampleView",
    "SourceView",
    "StatusView",
    "WebServer",
    "WebState",
    "create_app",
    "incident_view",
    "is_loopback",
    "render_status",
]
