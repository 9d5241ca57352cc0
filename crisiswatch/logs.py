"""Structured logs on standard error: one event a line, as text for people or JSON for machines."""

from __future__ import annotations

import logging
import sys
from typing import Protocol

import structlog

__all__ = ["LogStyle", "configure"]


class LogStyle(Protocol):
    """``format`` is ``text`` or ``json``; ``level`` one of debug, info, warning, error."""

    @property
    def format(self) -> str: ...

    @property
    def level(self) -> str: ...


def configure(style: LogStyle) -> None:
    """Set up structlog, and let the libraries' own logging through from warnings on."""
    level = getattr(logging, style.level.upper())
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer()
        if style.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.StackInfoRenderer(),
            *([structlog.processors.format_exc_info] if style.format == "json" else []),
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # misses and overlaps are counted by us
