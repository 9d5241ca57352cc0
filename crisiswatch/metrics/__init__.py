"""What the daemon says about itself to Prometheus.

`Metrics` owns one registry of its own and has one method for each thing that happens, so that no caller knows the
name of a metric. `FAMILIES` is the whole list; ``docs/metrics.md`` explains it to people and is tested against it.

Label values come from the configuration only (brand, source, rule, level, receiver) or from the closed lists below; an
author, a text, a URL or an incident's id is never one.
"""

from crisiswatch.metrics.families import (
    DELIVERY_OUTCOMES,
    FALLBACK_REASONS,
    FAMILIES,
    FAULTS,
    HEAD_STATES,
    INCIDENT_STATES,
    LEVELS,
    MENTION_OUTCOMES,
    SCORERS,
    VERDICTS,
    WORDS,
    Family,
)
from crisiswatch.metrics.registry import Metrics

__all__ = [
    "DELIVERY_OUTCOMES",
    "FALLBACK_REASONS",
    "FAMILIES",
    "FAULTS",
    "HEAD_STATES",
    "INCIDENT_STATES",
    "LEVELS",
    "MENTION_OUTCOMES",
    "SCORERS",
    "VERDICTS",
    "WORDS",
    "Family",
    "Metrics",
]
