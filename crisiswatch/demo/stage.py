"""The demonstration's stage: a directory with a whole configuration in it, the starter's rules and alerts included."""

from __future__ import annotations

from pathlib import Path

from crisiswatch.config import write_starter

__all__ = ["BRAND", "set_up"]

BRAND = "ombralta"

CONFIG = """\
version: 1
brands:
  - id: ombralta
    name: Ombralta
    handles: {official: ["@ombralta"], care: ["@ombraltacare"]}
    any: ["#ombralta"]
    languages: [it, en]
    timezone: Europe/Rome
sources:
  - {id: town-talk, type: files, path: ./inbox, every: 1s}
receivers:
  - {id: console, type: console}
routes:
  - {levels: [watch, warning, critical], receivers: [console]}
store: {url: "sqlite:///demo.db"}
retention: {texts: 3000d, counts: 3000d}
web: {host: 127.0.0.1, port: 0}
log: {format: text, level: error}
"""


def set_up(directory: Path) -> Path:
    """Write the configuration, its rules and alerts, and an empty inbox; returns the configuration's path."""
    config = write_starter(directory)
    config.write_text(CONFIG, encoding="utf-8")
    return config
