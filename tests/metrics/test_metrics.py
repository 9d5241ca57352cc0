from __future__ import annotations

import math
import re

import pytest
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from crisiswatch.metrics import (
    DELIVERY_OUTCOMES,
    FALLBACK_REASONS,
    FAMILIES,
    HEAD_STATES,
    INCIDENT_STATES,
    MENTION_OUTCOMES,
    WORDS,
    Metrics,
)
from crisiswatch.rules.model import SURPRISE_WORDS
from tests.support import ROOT, require_program

PACK_TESTS = ("rules.test.yaml", "rules-month.test.yaml")
OPENMETRICS = "application/openmetrics-text;version=1.0.0"
DESIGN = [
    "build_info",
    "source_up",
    "source_last_mention_timestamp_seconds",
    "source_lag_seconds",
    "source_quota_remaining_ratio",
    "source_budget_left_ratio",
    "source_cost_usd_total",
    "source_counted_mentions_total",
    "mentions_total",
    "scoring_duration_seconds",
    "negative_mentions",
    "negative_mentions_expected",
    "surprise",
    "incidents",
    "incidents_opened_total",
    "detection_delay_seconds",
    "incident_ack_duration_seconds",
    "incident_verdicts_total",
    "deliveries_total",
    "delivery_duration_seconds",
    "outbox_oldest_pending_seconds",
    "rule_evaluation_failures_total",
    "last_tick_timestamp_seconds",
    "config_last_reload_successful",
]


def prepared(**options: int) -> Metrics:
    metrics = Metrics(**options)  # type: ignore[arg-type]
    metrics.prepare(["acme", "other-brand"], ["feed"], ["negative-wave"], ["pr-slack"])
    return metrics


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(f"crisiswatch_{name}", labels)


def test_two_apps_in_one_process_count_apart_and_leave_the_global_registry_alone() -> None:
    one, two = prepared(), prepared()
    one.mention_counted("feed", "accepted", 3)
    assert value(one, "mentions_total", source="feed", outcome="accepted") == 3
    assert value(two, "mentions_total", source="feed", outcome="accepted") == 0
    assert not [family.name for family in REGISTRY.collect() if family.name.startswith("crisiswatch")]


def test_an_injected_registry_is_used() -> None:
    registry = CollectorRegistry()
    assert Metrics(registry).registry is registry
    assert registry.get_sample_value("crisiswatch_config_last_reload_successful") == 0


def test_every_promised_metric_exists() -> None:
    assert set(DESIGN) <= {family.name for family in FAMILIES}


def test_names_labels_and_help_follow_the_house_rules() -> None:
    allowed = {
        "brand",
        "source",
        "rule",
        "level",
        "receiver",
        "outcome",
        "state",
        "verdict",
        "reason",
        "status",
        "word",
        "action",
        "scorer",
    }
    for family in FAMILIES:
        assert re.fullmatch(r"crisiswatch_[a-z_]+[a-z]", family.full_name)
        assert (family.kind == "counter") == family.full_name.endswith("_total")
        assert family.help.endswith("."), family.name
        assert family.help[0].isupper() or family.help[0].isdigit(), family.name
        assert set(family.labels) <= allowed | {"version", "kind", "python", "metric"}
        assert bool(family.buckets) == (family.kind == "histogram")


def test_every_series_of_the_configuration_exists_before_anything_happens() -> None:
    metrics = prepared()
    for outcome in MENTION_OUTCOMES:
        assert value(metrics, "mentions_total", source="feed", outcome=outcome) == 0
    for outcome in DELIVERY_OUTCOMES:
        assert value(metrics, "deliveries_total", receiver="pr-slack", outcome=outcome) == 0
    for state in INCIDENT_STATES:
        assert value(metrics, "incidents", brand="acme", level="critical", state=state) == 0
    assert value(metrics, "incidents_opened_total", brand="acme", rule="negative-wave", level="watch") == 0
    assert value(metrics, "detection_delay_seconds_count", rule="negative-wave") == 0
    assert math.isnan(value(metrics, "negative_mentions_expected", brand="acme") or 0)


def test_who_scored_what_and_why_is_counted() -> None:
    metrics = prepared()
    assert math.isnan(value(metrics, "scorer_seconds_per_text") or 0)
    for reason in FALLBACK_REASONS:
        assert value(metrics, "scorer_fallbacks_total", reason=reason) == 0
    assert value(metrics, "scorer_fallbacks_total", reason="silent") is None
    metrics.texts_scored("main", 7)
    metrics.texts_scored("fallback", 2)
    metrics.fell_back("budget", 2)
    metrics.scorer_pace(0.04)
    metrics.scorer_state(resting=True, reduced=True)
    assert value(metrics, "scored_texts_total", scorer="main") == 7
    assert value(metrics, "scored_texts_total", scorer="fallback") == 2
    assert value(metrics, "scorer_fallbacks_total", reason="budget") == 2
    assert value(metrics, "scorer_seconds_per_text") == 0.04
    assert value(metrics, "scorer_resting") == value(metrics, "scorer_reduced") == 1


def test_a_brands_head_is_in_one_state() -> None:
    metrics = prepared()
    assert [value(metrics, "feedback_head_state", brand="acme", state=each) for each in HEAD_STATES] == [0.0] * 5
    metrics.feedback("acme", labels=99, state="shadow")
    metrics.feedback("acme", labels=120, state="active")
    assert value(metrics, "feedback_labels", brand="acme") == 120
    told = {each: value(metrics, "feedback_head_state", brand="acme", state=each) for each in HEAD_STATES}
    assert told == dict.fromkeys(HEAD_STATES, 0.0) | {"active": 1.0}
    assert value(metrics, "feedback_head_state", brand="acme", state="open") is None


def test_a_reload_drops_gauges_of_what_is_gone_and_keeps_counters() -> None:
    metrics = prepared()
    for brand in ("acme", "other-brand"):
        metrics.meter_moved(brand, 5, 2.0, 1.0, (11.0, 1.5, 0.2))
    metrics.source_health("feed", healthy=True)
    metrics.mention_counted("feed", "accepted")
    metrics.prepare(["acme"], [], ["negative-wave"], ["pr-slack"])
    assert value(metrics, "negative_mentions", brand="acme") == 5
    assert value(metrics, "negative_mentions", brand="other-brand") is None
    assert value(metrics, "surprise_achieved_per_month", brand="acme", word="high") == 1.5
    assert value(metrics, "surprise_achieved_per_month", brand="other-brand", word="high") is None
    assert value(metrics, "source_up", source="feed") is None
    assert value(metrics, "mentions_total", source="feed", outcome="accepted") == 1
    assert value(metrics, "build_info", version="0.1.0", python="x") is None
    assert b"crisiswatch_build_info{" in metrics.exposition()[0]


def test_what_happens_is_counted() -> None:
    metrics = prepared()
    metrics.incident_opened("acme", "negative-wave", "warning", 45.0)
    metrics.incidents_now({("acme", "warning", "open"): 1})
    metrics.incident_acknowledged("acme", 120.0)
    metrics.verdict_given("negative-wave", "useful")
    metrics.delivery_finished("pr-slack", "sent", 0.3)
    metrics.delivery_died("pr-slack")
    metrics.outbox_waiting("pr-slack", 2, 31.0)
    metrics.source_health("feed", healthy=False, reason="silent")
    metrics.source_spoke("feed", 1000.0, -3.0)
    metrics.source_quota("feed", 1.5)
    metrics.source_cost("feed", 0.25)
    metrics.source_counted("feed", "acme", 40)
    metrics.ticked(77.0)
    metrics.config_loaded(ok=True, at=50.0)
    metrics.config_loaded(ok=False, at=60.0)
    assert value(metrics, "incidents_opened_total", brand="acme", rule="negative-wave", level="warning") == 1
    assert value(metrics, "detection_delay_seconds_sum", rule="negative-wave") == 45
    assert value(metrics, "incidents", brand="acme", level="warning", state="open") == 1
    assert value(metrics, "incident_ack_duration_seconds_sum", brand="acme") == 120
    assert value(metrics, "incident_verdicts_total", rule="negative-wave", verdict="useful") == 1
    assert value(metrics, "deliveries_total", receiver="pr-slack", outcome="sent") == 1
    assert value(metrics, "deliveries_total", receiver="pr-slack", outcome="dead") == 1
    assert value(metrics, "delivery_duration_seconds_count", receiver="pr-slack") == 1
    assert value(metrics, "outbox_pending", receiver="pr-slack") == 2
    assert value(metrics, "outbox_oldest_pending_seconds", receiver="pr-slack") == 31
    assert value(metrics, "source_failures_total", source="feed", reason="silent") == 1
    assert value(metrics, "source_last_mention_timestamp_seconds", source="feed") == 1000
    assert value(metrics, "source_lag_seconds", source="feed") == 0
    assert value(metrics, "source_quota_remaining_ratio", source="feed") == 1
    assert value(metrics, "source_cost_usd_total", source="feed") == 0.25
    assert value(metrics, "source_counted_mentions_total", source="feed", brand="acme") == 40
    assert value(metrics, "last_tick_timestamp_seconds") == 77
    assert value(metrics, "config_last_reload_successful") == 0
    assert value(metrics, "config_last_reload_success_timestamp_seconds") == 50
    metrics.incidents_now({})
    assert value(metrics, "incidents", brand="acme", level="warning", state="open") == 0


@pytest.mark.parametrize(("false_alarms", "surprise"), [(1.0, 0.0), (0.1, 1.0), (10.0, -1.0), (0.0, 12.0)])
def test_surprise_rises_with_rarity_and_stays_finite(false_alarms: float, surprise: float) -> None:
    metrics = prepared()
    metrics.meter_moved("acme", 4, 2.0, false_alarms)
    assert value(metrics, "surprise", brand="acme") == pytest.approx(surprise)


def test_learning_is_not_a_number_rather_than_zero() -> None:
    metrics = prepared()
    metrics.meter_moved("acme", 4, None, None)
    assert math.isnan(value(metrics, "surprise", brand="acme") or 0)


def test_what_was_achieved_is_told_by_word_and_absent_while_nobody_knows() -> None:
    metrics = prepared()
    assert value(metrics, "surprise_achieved_per_month", brand="acme", word="high") is None
    metrics.meter_moved("acme", 4, 2.0, 1.0, (9.0, 1.5, 0.2))
    told = {word: value(metrics, "surprise_achieved_per_month", brand="acme", word=word) for word in WORDS}
    assert told == {"elevated": 9.0, "high": 1.5, "extreme": 0.2}
    metrics.meter_moved("acme", 4, 2.0, 1.0)
    assert value(metrics, "surprise_achieved_per_month", brand="acme", word="high") is None


def test_the_words_of_surprise_are_those_of_the_rules() -> None:
    assert list(WORDS) == sorted(SURPRISE_WORDS, key=lambda word: -SURPRISE_WORDS[word])


def test_an_unknown_word_never_becomes_a_label() -> None:
    metrics = prepared()
    metrics.mention_counted("feed", "wrong password for bob")
    metrics.source_health("feed", healthy=False, reason="401 bob")
    metrics.delivery_finished("pr-slack", "bob", 1)
    page = metrics.exposition()[0].decode()
    assert "bob" not in page
    assert value(metrics, "mentions_total", source="feed", outcome="other") == 1


def test_too_many_series_fold_into_other_and_say_so() -> None:
    metrics = Metrics(series_limit=5)
    for number in range(20):
        metrics.mention_counted(f"s{number}", "accepted")
        metrics.source_spoke(f"s{number}", 1.0, 1.0)
    assert value(metrics, "mentions_total", source="s4", outcome="accepted") == 1
    assert value(metrics, "mentions_total", source="s5", outcome="accepted") is None
    assert value(metrics, "mentions_total", source="other", outcome="other") == 15
    assert value(metrics, "source_lag_seconds", source="s5") is None
    assert value(metrics, "metrics_series_limited_total", metric="crisiswatch_mentions_total") == 15


def test_both_formats_parse_and_neither_has_created_series() -> None:
    metrics = prepared()
    metrics.incident_opened("acme", "negative-wave", "warning", 3)
    plain, plain_type = metrics.exposition("text/plain")
    modern, modern_type = metrics.exposition(OPENMETRICS)
    assert plain_type.startswith("text/plain")
    assert modern_type.startswith("application/openmetrics-text")
    assert len(list(parse_text(plain.decode()))) == len(FAMILIES)
    assert len(list(parse_openmetrics(modern.decode()))) == len(FAMILIES)
    assert b"_created" not in plain + modern


def test_the_process_collectors_are_a_choice() -> None:
    assert b"process_resident_memory_bytes" in Metrics(process=True).exposition()[0]
    assert b"process_" not in Metrics().exposition()[0]


def test_the_page_of_metrics_names_each_metric_with_its_labels_and_help() -> None:
    rows = re.findall(r"^\| `(crisiswatch_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", documented(), re.MULTILINE)
    stated = {name: (kind, labels, text) for name, kind, labels, text in rows}
    real = {f.full_name: (f.kind, ", ".join(f"`{label}`" for label in f.labels) or "none", f.help) for f in FAMILIES}
    assert len(rows) == len(stated)
    assert stated == real


def documented() -> str:
    return (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_promtool_finds_nothing_to_say_about_the_page(tmp_path) -> None:
    import subprocess

    promtool = require_program("promtool")
    body, _ = prepared().exposition()
    result = subprocess.run([promtool, "check", "metrics"], input=body, capture_output=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_rule_pack_names_only_metrics_that_exist() -> None:
    text = (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text(encoding="utf-8")
    known = {f.full_name for f in FAMILIES} | {
        f.full_name + suffix for f in FAMILIES if f.kind == "histogram" for suffix in ("_bucket", "_count", "_sum")
    }
    assert set(re.findall(r"crisiswatch_\w+", text)) <= known


def test_the_rule_pack_passes_its_own_tests() -> None:
    import subprocess

    promtool = require_program("promtool")
    folder = ROOT / "deploy" / "prometheus"
    for command in (["check", "rules", "rules.yaml"], ["test", "rules", *PACK_TESTS]):
        result = subprocess.run([promtool, *command], cwd=folder, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stdout + result.stderr


def test_every_alert_of_the_rule_pack_is_tested_both_ways() -> None:
    import yaml

    folder = ROOT / "deploy" / "prometheus"
    pack = yaml.safe_load((folder / "rules.yaml").read_text(encoding="utf-8"))
    files = [yaml.safe_load((folder / name).read_text(encoding="utf-8")) for name in PACK_TESTS]
    alerts = {rule["alert"] for group in pack["groups"] for rule in group["rules"]}
    cases = [case for tests in files for test in tests["tests"] for case in test["alert_rule_test"]]
    assert alerts == {case["alertname"] for case in cases if case["exp_alerts"]}
    assert alerts == {case["alertname"] for case in cases if not case["exp_alerts"]}
