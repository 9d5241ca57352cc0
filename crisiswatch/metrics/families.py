"""The list of all metrics, as data, and the closed lists of label values."""

from __future__ import annotations

from dataclasses import dataclass

from crisiswatch.model import Level
from crisiswatch.rules.model import SURPRISE_WORDS
from crisiswatch.sentiment.budget import REASONS

__all__ = [
    "ABSENT_AT_FIRST",
    "DELIVERY_OUTCOMES",
    "FALLBACK_REASONS",
    "FAMILIES",
    "FAULTS",
    "HEAD_STATES",
    "INCIDENT_STATES",
    "LEVELS",
    "MENTION_OUTCOMES",
    "OTHER",
    "REMINDERS",
    "SCORERS",
    "UNKNOWN_AT_FIRST",
    "VERDICTS",
    "WORDS",
    "Family",
]

MENTION_OUTCOMES = ("accepted", "late", "duplicate", "unmatched", "refused")
"""What can become of a mention; each gets exactly one. ``late`` was stored after its minute had been judged."""
DELIVERY_OUTCOMES = ("sent", "partly", "found", "duplicate", "try_later", "unknown", "rejected", "dead")
"""What an attempt came to; ``found``: a look-up showed it had arrived; ``dead``: given up, somebody has to look."""
INCIDENT_STATES = ("open", "settling", "awaited")
"""The last: the figures are calm, and a person has still to say that it is over."""
SCORERS = ("main", "fallback")
FALLBACK_REASONS = REASONS
HEAD_STATES = ("none", "shadow", "active", "rolled_back", "resting")
"""Of a brand's newest head; ``active`` is one that reads, ``resting`` one that would but does not fit the scorer."""
VERDICTS = ("useful", "false_alarm", "not_a_crisis")
REMINDERS = (
    "unacknowledged",
    "step_overdue",
    "step_failed",
    "promise_due",
    "promise_missed",
    "stand_down_awaited",
    "assigned_to",
)
"""What people are reminded of, as in `crisiswatch.model.Reminder`."""
FAULTS = ("silent", "failing", "rejected", "rate_limited", "out_of_budget")
"""Why a source is blind, as in `crisiswatch.model.Blind`."""
LEVELS = tuple(level.word for level in Level if level is not Level.CALM)
WORDS = tuple(SURPRISE_WORDS)
"""The rule language's words of surprise, in the order of `MeterMoved.achieved`."""
OTHER = "other"
"""The label value of what is beyond a closed list or the cap on series."""

_FAST = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_CALLS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_MINUTES = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0, 7200.0, 14400.0)


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name without the prefix ``crisiswatch_``, what kind it is, its labels and a sentence of help."""

    name: str
    kind: str  # counter | gauge | histogram
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        """The name as it is scraped."""
        return f"crisiswatch_{self.name}"


FAMILIES = (
    Family("build_info", "gauge", "Always 1; the labels say which version runs.", ("version", "python")),
    Family(
        "source_up",
        "gauge",
        "1 while the source can be trusted to speak, 0 while it is blind, NaN until one of them is known.",
        ("source",),
    ),
    Family(
        "source_failures_total", "counter", "Times a source became or stayed blind, by reason.", ("source", "reason")
    ),
    Family(
        "source_last_mention_timestamp_seconds",
        "gauge",
        "Unix time of the newest mention the source brought; NaN before the first.",
        ("source",),
    ),
    Family(
        "source_lag_seconds",
        "gauge",
        "Seconds between the newest mention's creation and its arrival.",
        ("source",),
    ),
    Family(
        "source_quota_remaining_ratio",
        "gauge",
        "Share of the platform's limit that is left, 0 to 1; NaN where it has none.",
        ("source",),
    ),
    Family(
        "source_budget_left_ratio",
        "gauge",
        "Share of the month's money for posts that is left, 0 to 1; NaN where there is no budget.",
        ("source",),
    ),
    Family("source_cost_usd_total", "counter", "What reading the source has cost, in US dollars.", ("source",)),
    Family(
        "source_counted_mentions_total",
        "counter",
        "Mentions of a brand that a source counted, whether their texts were read or not.",
        ("source", "brand"),
    ),
    Family("source_polls_missed_total", "counter", "Polls skipped because the one before still ran.", ("source",)),
    Family("mentions_total", "counter", "Mentions that arrived, by what became of them.", ("source", "outcome")),
    Family("queue_batches", "gauge", "Batches that wait for the engine."),
    Family("scoring_duration_seconds", "histogram", "Seconds to score one batch of texts.", buckets=_FAST),
    Family("scoring_failures_total", "counter", "Batches the sentiment scorer failed on."),
    Family(
        "scored_texts_total",
        "counter",
        "Texts that were scored, by the main scorer or by its fall-back.",
        ("scorer",),
    ),
    Family("scorer_fallbacks_total", "counter", "Texts that went to the fall-back scorer, by reason.", ("reason",)),
    Family("scorer_resting", "gauge", "1 while the main scorer is not asked because it failed, else 0."),
    Family(
        "scorer_seconds_per_text",
        "gauge",
        "Seconds that the model of a folder takes for a text, as a running mean; NaN without one.",
    ),
    Family("scorer_reduced", "gauge", "1 while the scorer lite has to do without its encoder, else 0."),
    Family("feedback_labels", "gauge", "Labels of the brand's mentions that count.", ("brand",)),
    Family(
        "feedback_head_state",
        "gauge",
        "1 for what has become of what the brand's labels taught, 0 for all else.",
        ("brand", "state"),
    ),
    Family("negative_mentions", "gauge", "Negative mentions in the last closed window.", ("brand",)),
    Family(
        "negative_mentions_expected",
        "gauge",
        "Negative mentions that are usual for that window; NaN while the baseline is learnt.",
        ("brand",),
    ),
    Family(
        "surprise",
        "gauge",
        "How unusual the last closed window is: minus the decimal logarithm of the false alarms a month at which it"
        " would be one (0 is once a month, 1 once in ten months); NaN while the baseline is learnt.",
        ("brand",),
    ),
    Family(
        "surprise_achieved_per_month",
        "gauge",
        "How often a month the brand really was as unusual as the word says, crises included: after a quiet month it"
        " should be near 10 (elevated), 1 (high) and 0.1 (extreme); absent until the detector can tell.",
        ("brand", "word"),
    ),
    Family("incidents", "gauge", "Incidents that are not resolved, by level and state.", ("brand", "level", "state")),
    Family("incidents_opened_total", "counter", "Incidents opened, by opening level.", ("brand", "rule", "level")),
    Family(
        "detection_delay_seconds",
        "histogram",
        "Seconds from the end of the window that opened an incident to the moment it was opened.",
        ("rule",),
        _MINUTES,
    ),
    Family(
        "incident_ack_duration_seconds",
        "histogram",
        "Seconds from an incident's opening until somebody took it.",
        ("brand",),
        _MINUTES,
    ),
    Family("incident_verdicts_total", "counter", "What people said of incidents afterwards.", ("rule", "verdict")),
    Family("case_reminders_total", "counter", "Times people were reminded of an incident, by why.", ("kind",)),
    Family("playbook_steps_overdue", "gauge", "Steps of open incidents that nobody has done in time.", ()),
    Family("deliveries_total", "counter", "Attempts to deliver a message, by outcome.", ("receiver", "outcome")),
    Family("delivery_duration_seconds", "histogram", "Seconds one attempt to deliver took.", ("receiver",), _CALLS),
    Family("outbox_pending", "gauge", "Messages that wait to be delivered.", ("receiver",)),
    Family(
        "outbox_oldest_pending_seconds",
        "gauge",
        "Age of the oldest message that waits to be delivered, since it was due; 0 when none is.",
        ("receiver",),
    ),
    Family("rule_evaluation_failures_total", "counter", "Times a rule could not be judged.", ("rule",)),
    Family("store_conflicts_total", "counter", "Rows that were written again with another content; must stay 0."),
    Family(
        "hook_requests_total", "counter", "Calls of a webhook that were read, by HTTP status.", ("source", "status")
    ),
    Family("actions_total", "counter", "Presses in messages, by action and what they came to.", ("action", "outcome")),
    Family("slack_socket_up", "gauge", "1 while buttons are heard through Socket Mode, else 0.", ("receiver",)),
    Family("last_tick_timestamp_seconds", "gauge", "Unix time at which the engine last closed a minute or found none."),
    Family("config_last_reload_successful", "gauge", "1 if the last attempt to load the configuration worked, else 0."),
    Family(
        "config_last_reload_success_timestamp_seconds",
        "gauge",
        "Unix time at which the running configuration was loaded.",
    ),
    Family(
        "metrics_series_limited_total",
        "counter",
        "Values folded into the series 'other' (or left out, for a gauge) because the metric has too many series.",
        ("metric",),
    ),
)

UNKNOWN_AT_FIRST = frozenset(
    {
        "source_up",
        "source_last_mention_timestamp_seconds",
        "source_lag_seconds",
        "source_quota_remaining_ratio",
        "source_budget_left_ratio",
        "negative_mentions",
        "negative_mentions_expected",
        "surprise",
    }
)
"""Gauges that are NaN until there is something to say: 0 would look like an answer."""

ABSENT_AT_FIRST = frozenset({"surprise_achieved_per_month", "slack_socket_up"})
"""Gauges without a series until there is something to say: not every detector or receiver has it."""
