"""The configuration: YAML files in, typed settings, rules and alerts out, or every problem with its place.

`load` reads everything. The three files and their owners: ``crisiswatch.yaml`` (who and where), ``rules/`` (when),
``alerts/`` (what).
"""

from crisiswatch.config.codes import CODES, CodeInfo, explain_code
from crisiswatch.config.json_schema import json_schema
from crisiswatch.config.load import Loaded, load, load_rules, unresolved_secrets
from crisiswatch.config.rule_tests import Expectation, MentionSpec, Outage, RuleTest, RuleTestFile, load_rule_tests
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
    LogSettings,
    PagerDutyOptions,
    ReceiverSettings,
    Retention,
    Route,
    Settings,
    SlackOptions,
    SourceSettings,
    StoreSettings,
    WebhookOptions,
    WebhookReceiverOptions,
    WebSettings,
)
from crisiswatch.config.starter import starter_files, write_starter

__all__ = [
    "CODES",
    "AlertmanagerOptions",
    "AppriseOptions",
    "Brand",
    "CodeInfo",
    "ConsoleOptions",
    "EmailOptions",
    "EngineSettings",
    "Expectation",
    "FeedOptions",
    "FilesOptions",
    "Loaded",
    "LogSettings",
    "MentionSpec",
    "Outage",
    "PagerDutyOptions",
    "ReceiverSettings",
    "Retention",
    "Route",
    "RuleTest",
    "RuleTestFile",
    "Secret",
    "Settings",
    "SlackOptions",
    "SourceSettings",
    "StoreSettings",
    "WebSettings",
    "WebhookOptions",
    "WebhookReceiverOptions",
    "explain_code",
    "json_schema",
    "load",
    "load_rule_tests",
    "load_rules",
    "starter_files",
    "unresolved_secrets",
    "write_starter",
]
