"""One registry and a method for each thing that happens."""

from __future__ import annotations

import math
import platform
import threading
from collections.abc import Iterable, Mapping, Sequence
from itertools import product

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from crisiswatch import __version__
from crisiswatch.metrics.families import (
    ABSENT_AT_FIRST,
    DELIVERY_OUTCOMES,
    FALLBACK_REASONS,
    FAMILIES,
    FAULTS,
    HEAD_STATES,
    INCIDENT_STATES,
    LEVELS,
    MENTION_OUTCOMES,
    OTHER,
    REMINDERS,
    SCORERS,
    UNKNOWN_AT_FIRST,
    VERDICTS,
    WORDS,
    Family,
)

__all__ = ["Metrics"]


OWN_LISTS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "mentions_total": {"outcome": MENTION_OUTCOMES},
    "deliveries_total": {"outcome": DELIVERY_OUTCOMES},
    "scorer_fallbacks_total": {"reason": FALLBACK_REASONS},
    "feedback_head_state": {"state": HEAD_STATES},
}
"""What a label may be where it means something of the metric's own."""


class Metrics:
    """Counts and gauges of one running app. Thread-safe; several may live in one process.

    ``series_limit`` bounds the label sets of each metric. ``process`` adds the interpreter's own collectors (memory,
    open files, garbage collection). Durations are seconds, times Unix seconds.
    """

    def __init__(
        self, registry: CollectorRegistry | None = None, *, series_limit: int = 2000, process: bool = False
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = registry or CollectorRegistry()
        self._limit = series_limit
        self._lock = threading.Lock()
        self._families = {family.name: family for family in FAMILIES}
        self._series: dict[str, set[tuple[str, ...]]] = {family.name: set() for family in FAMILIES}
        self._counters: dict[str, Counter] = {}
        self._gauges: dict[str, Gauge] = {}
        self._histograms: dict[str, Histogram] = {}
        for family in FAMILIES:
            self._build(family)
        if process:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)
        self._set("scorer_seconds_per_text", math.nan)
        self._set("build_info", 1, __version__, platform.python_version())

    def _build(self, family: Family) -> None:
        name, text, labels = family.full_name, family.help, family.labels
        if family.kind == "counter":
            self._counters[family.name] = Counter(name.removesuffix("_total"), text, labels, registry=self.registry)
        elif family.kind == "histogram":
            self._histograms[family.name] = Histogram(
                name, text, labels, registry=self.registry, buckets=family.buckets
            )
        else:
            self._gauges[family.name] = Gauge(name, text, labels, registry=self.registry)

    # --- what is configured

    def prepare(
        self, brands: Iterable[str], sources: Iterable[str], rules: Iterable[str], receivers: Iterable[str]
    ) -> None:
        """Create every series the configuration can have, so that a rate over a first event is not missed.

        Called at start and after each reload: gauges of what is no longer configured disappear, counters stay.
        """
        values: dict[str, Sequence[str]] = {
            "brand": tuple(brands),
            "source": tuple(sources),
            "rule": tuple(rules),
            "receiver": tuple(receivers),
            "level": LEVELS,
            "scorer": SCORERS,
            "state": INCIDENT_STATES,
            "verdict": VERDICTS,
            "kind": REMINDERS,
            "reason": FAULTS,
            "word": WORDS,
        }
        for family in FAMILIES:
            mine = {**values, **OWN_LISTS.get(family.name, {})}
            if family.labels and all(label in mine for label in family.labels):
                lists = [mine[label] for label in family.labels]
                self._prepare(family, list(product(*lists)))

    def _prepare(self, family: Family, wanted: Sequence[tuple[str, ...]]) -> None:
        if family.kind == "gauge":
            with self._lock:
                gone = self._series[family.name].difference(wanted)
                self._series[family.name] -= gone
            for labels in gone:
                self._gauges[family.name].remove(*labels)
        if family.name in ABSENT_AT_FIRST:
            return
        for labels in wanted:
            known = labels in self._series[family.name]
            if known or not self._admit(family.name, labels):
                continue
            if family.kind == "gauge":
                first = math.nan if family.name in UNKNOWN_AT_FIRST else 0.0
                self._gauges[family.name].labels(*labels).set(first)
            elif family.kind == "counter":
                self._counters[family.name].labels(*labels)
            else:
                self._histograms[family.name].labels(*labels)

    # --- sources

    def source_health(self, source: str, *, healthy: bool, reason: str = "") -> None:
        """Note a source that speaks or, for ``reason`` (one of `FAULTS`), is blind."""
        self._set("source_up", float(healthy), source)
        if not healthy:
            self._count("source_failures_total", 1, source, reason if reason in FAULTS else OTHER)

    def source_spoke(self, source: str, newest: float, lag: float) -> None:
        """Note the newest mention's creation (Unix seconds) and how many seconds later it arrived."""
        self._set("source_last_mention_timestamp_seconds", newest, source)
        self._set("source_lag_seconds", max(0.0, lag), source)

    def source_quota(self, source: str, remaining: float) -> None:
        """Note the share of the quota that is left, 0 to 1."""
        self._set("source_quota_remaining_ratio", min(1.0, max(0.0, remaining)), source)

    def source_budget(self, source: str, left: float) -> None:
        """Note the share of the month's money for posts that is left, 0 to 1."""
        self._set("source_budget_left_ratio", min(1.0, max(0.0, left)), source)

    def source_cost(self, source: str, usd: float) -> None:
        """Add what a call cost, in US dollars."""
        self._count("source_cost_usd_total", usd, source)

    def source_counted(self, source: str, brand: str, mentions: int) -> None:
        """Add what a source counted without texts."""
        self._count("source_counted_mentions_total", mentions, source, brand)

    def poll_missed(self, source: str) -> None:
        """Count a poll that was skipped because the one before still ran."""
        self._count("source_polls_missed_total", 1, source)

    def hook_called(self, source: str, status: int) -> None:
        """Count a call of a webhook by the HTTP status it was answered with."""
        self._count("hook_requests_total", 1, source, str(status))

    # --- buttons

    def action_taken(self, action: str, outcome: str) -> None:
        """Count a press: ``done``, ``refused``, ``failed`` or ``unknown``; and ``unanswered`` beside it."""
        self._count("actions_total", 1, action, outcome)

    def slack_socket(self, receiver: str, *, up: bool) -> None:
        """Note whether the receiver's web socket to Slack is open."""
        self._set("slack_socket_up", float(up), receiver)

    # --- mentions

    def mention_counted(self, source: str, outcome: str, count: int = 1) -> None:
        """Count mentions by what became of them (one of `MENTION_OUTCOMES`)."""
        self._count("mentions_total", count, source, outcome if outcome in MENTION_OUTCOMES else OTHER)

    def queue_length(self, batches: int) -> None:
        """Note how many batches wait for the engine."""
        self._set("queue_batches", batches)

    def scoring_finished(self, seconds: float) -> None:
        """Note how long one batch of texts took to score."""
        self._observe("scoring_duration_seconds", seconds)

    def scoring_failed(self) -> None:
        """Count a batch that the scorer failed on."""
        self._count("scoring_failures_total", 1)

    def texts_scored(self, scorer: str, count: int) -> None:
        """Count texts that were scored, by which part of the scorer (one of `SCORERS`)."""
        self._count("scored_texts_total", count, scorer)

    def fell_back(self, reason: str, count: int) -> None:
        """Count texts that went to the fall-back scorer, for one of `FALLBACK_REASONS`."""
        self._count("scorer_fallbacks_total", count, reason if reason in FALLBACK_REASONS else OTHER)

    def scorer_state(self, *, resting: bool, reduced: bool) -> None:
        """Note whether the main scorer rests after failures, and whether `lite` has to do without its encoder."""
        self._set("scorer_resting", float(resting))
        self._set("scorer_reduced", float(reduced))

    def scorer_pace(self, seconds: float) -> None:
        """Note how long the model of a folder takes for a text, as a running mean."""
        self._set("scorer_seconds_per_text", seconds)

    def feedback(self, brand: str, *, labels: int, state: str) -> None:
        """Note how many of a brand's labels count, and what became of its head (one of `HEAD_STATES`)."""
        self._set("feedback_labels", labels, brand)
        for each in HEAD_STATES:
            self._set("feedback_head_state", float(each == state), brand, each)

    # --- the detector and its incidents

    def meter_moved(
        self,
        brand: str,
        observed: float,
        expected: float | None,
        false_alarms_per_month: float | None,
        achieved: tuple[float, float, float] | None = None,
    ) -> None:
        """Note a closed window of the brand's main series; None means that the baseline is still learnt.

        ``achieved`` is how often a month the brand was as unusual as each of `WORDS`; None takes the figures away.
        """
        self._set("negative_mentions", observed, brand)
        self._set("negative_mentions_expected", math.nan if expected is None else expected, brand)
        surprise = math.nan if false_alarms_per_month is None else -math.log10(max(false_alarms_per_month, 1e-12))
        self._set("surprise", surprise + 0.0, brand)
        for place, word in enumerate(WORDS):
            if achieved is not None:
                self._set("surprise_achieved_per_month", achieved[place], brand, word)
            else:
                self._take_away("surprise_achieved_per_month", brand, word)

    def incident_opened(self, brand: str, rule: str, level: str, delay: float) -> None:
        """Count an opening; ``delay``: seconds since the end of the window that showed it."""
        self._count("incidents_opened_total", 1, brand, rule, level)
        self._observe("detection_delay_seconds", max(0.0, delay), rule)

    def incidents_now(self, counts: Mapping[tuple[str, str, str], int]) -> None:
        """Note all incidents that are open, by (brand, level, state); what is not named is 0."""
        with self._lock:
            gone = self._series["incidents"].difference(counts)
        for labels in gone:
            self._set("incidents", 0, *labels)
        for labels, count in counts.items():
            self._set("incidents", count, *labels)

    def incident_acknowledged(self, brand: str, seconds: float) -> None:
        """Note how long after its opening somebody took the incident."""
        self._observe("incident_ack_duration_seconds", max(0.0, seconds), brand)

    def verdict_given(self, rule: str, verdict: str) -> None:
        """Count what somebody said of an incident (one of `VERDICTS`)."""
        self._count("incident_verdicts_total", 1, rule, verdict if verdict in VERDICTS else OTHER)

    def reminded(self, kind: str) -> None:
        """Count a reminder by why it was sent (one of `REMINDERS`)."""
        self._count("case_reminders_total", 1, kind if kind in REMINDERS else OTHER)

    def steps_overdue(self, count: int) -> None:
        """Note how many steps of open incidents are late."""
        self._set("playbook_steps_overdue", count)

    def rule_failed(self, rule: str) -> None:
        """Count a rule that could not be judged."""
        self._count("rule_evaluation_failures_total", 1, rule)

    # --- deliveries

    def delivery_finished(self, receiver: str, outcome: str, seconds: float) -> None:
        """Count one attempt by its outcome (one of `DELIVERY_OUTCOMES`) and note how long it took."""
        self._count("deliveries_total", 1, receiver, outcome if outcome in DELIVERY_OUTCOMES else OTHER)
        self._observe("delivery_duration_seconds", seconds, receiver)

    def delivery_died(self, receiver: str) -> None:
        """Count a message that was given up: nobody will get it unless somebody acts."""
        self._count("deliveries_total", 1, receiver, "dead")

    def outbox_waiting(self, receiver: str, count: int, oldest_seconds: float) -> None:
        """Note how many messages wait for a receiver and how old the oldest is."""
        self._set("outbox_pending", count, receiver)
        self._set("outbox_oldest_pending_seconds", max(0.0, oldest_seconds) if count else 0.0, receiver)

    # --- the daemon itself

    def store_conflict(self, count: int = 1) -> None:
        """Count rows that were written again with another content."""
        self._count("store_conflicts_total", count)

    def ticked(self, at: float) -> None:
        """Note the Unix time of the engine's last tick."""
        self._set("last_tick_timestamp_seconds", at)

    def config_loaded(self, *, ok: bool, at: float) -> None:
        """Note an attempt to load the configuration at Unix time ``at``."""
        self._set("config_last_reload_successful", float(ok))
        if ok:
            self._set("config_last_reload_success_timestamp_seconds", at)

    def exposition(self, accept: str = "") -> tuple[bytes, str]:
        """Give the page for a scrape in the format the ``Accept`` header asks for: (body, content type)."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self.registry), content_type

    # --- the cap on series

    def _count(self, name: str, amount: float, *labels: str) -> None:
        counter = self._counters[name]
        if labels:
            counter = counter.labels(*self._fold(name, labels))
        counter.inc(amount)

    def _observe(self, name: str, value: float, *labels: str) -> None:
        histogram = self._histograms[name]
        if labels:
            histogram = histogram.labels(*self._fold(name, labels))
        histogram.observe(value)

    def _set(self, name: str, value: float, *labels: str) -> None:
        """Set a gauge; one beyond the cap is left out, for the mean of unlike things would be a lie."""
        gauge = self._gauges[name]
        if not labels:
            gauge.set(value)
        elif self._admit(name, labels):
            gauge.labels(*labels).set(value)

    def _take_away(self, name: str, *labels: str) -> None:
        """Remove a gauge's series, where there is one: what it said is no longer known."""
        with self._lock:
            if labels not in self._series[name]:
                return
            self._series[name].remove(labels)
        self._gauges[name].remove(*labels)

    def _fold(self, name: str, labels: tuple[str, ...]) -> tuple[str, ...]:
        return labels if self._admit(name, labels) else (OTHER,) * len(labels)

    def _admit(self, name: str, labels: tuple[str, ...]) -> bool:
        """Say whether the series exists or may still be made; count the refusal if not."""
        with self._lock:
            series = self._series[name]
            if labels in series:
                return True
            if len(series) < self._limit:
                series.add(labels)
                return True
        self._counters["metrics_series_limited_total"].labels(self._families[name].full_name).inc()
        return False
