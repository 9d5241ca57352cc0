"""Faults of rules, alerts and rule tests, and suspicions, each with every word of its problems."""

from __future__ import annotations

from tests.config.config_base import Case

CONFIG_FILE = "crisiswatch.yaml"
RULE_FILE = "rules/wave.yaml"
ALERT_FILE = "alerts/wave.yaml"
TEST_FILE = "rules/wave.test.yaml"

RULES = (
    Case(
        "a rule file that is a list",
        RULE_FILE,
        "",
        "- id: wave\n",
        ("rules/wave.yaml:1:1: CW021: the file must be a mapping of fields, not a list",),
    ),
    Case(
        "no rules",
        RULE_FILE,
        "",
        "version: 1\nrules: []\n",
        ("rules/wave.yaml:2:8: CW024: `rules` is an empty list; name at least one, or delete the line",),
    ),
    Case(
        "a rule without a title",
        RULE_FILE,
        "    title: A wave\n",
        "",
        ("rules/wave.yaml:3:5: CW020: `title` is missing in an item of `rules`; add `title: what it notices`",),
    ),
    Case(
        "a theme that is not there",
        RULE_FILE,
        "ignore_words: [giveaway]",
        "themes: [delivry]",
        ("rules/wave.yaml:5:60: CW064: there is no theme `delivry`; did you mean `delivery`?",),
    ),
    Case(
        "a misspelt field of a rule",
        RULE_FILE,
        "window: 15m",
        "windows: 15m",
        (
            "rules/wave.yaml:3:5: CW020: `window` is missing in an item of `rules`; add `window: 15m`",
            "rules/wave.yaml:6:5: CW012: there is no field `windows` here; did you mean `window`?",
        ),
    ),
    Case(
        "a window without a unit",
        RULE_FILE,
        "window: 15m",
        "window: 15",
        ("rules/wave.yaml:6:13: CW025: `window` needs a unit; write 15m for minutes or 15h for hours",),
    ),
    Case(
        "a window in part of a minute",
        RULE_FILE,
        "window: 15m",
        "window: 90s",
        (
            "rules/wave.yaml:6:13: CW026: `window` must be whole minutes; rules look at whole minutes: write for example 2m",
        ),
    ),
    Case(
        "a window of nothing",
        RULE_FILE,
        "window: 15m",
        "window: 0m",
        ("rules/wave.yaml:6:13: CW026: `window` must be at least 1m, not `0m`; write a longer time",),
    ),
    Case(
        "a window of a month",
        RULE_FILE,
        "window: 15m",
        "window: 30d",
        ("rules/wave.yaml:6:13: CW026: `window` must be at most 7d, not `30d`; write a shorter time",),
    ),
    Case(
        "a mood that is none",
        RULE_FILE,
        "sentiment: negative",
        "sentiment: angry",
        ("rules/wave.yaml:5:27: CW022: `sentiment` can't be `angry`; did you mean `any`?",),
    ),
    Case(
        "a word without quotes that YAML takes for true",
        RULE_FILE,
        "words: [bad]",
        "words: [true]",
        (
            "rules/wave.yaml:5:45: CW021: an item of `words` must be text, but YAML reads this as true or false (true); put it in quotes",
        ),
    ),
    Case(
        "a word that is looked for and ignored",
        RULE_FILE,
        "ignore_words: [giveaway]",
        "ignore_words: [BAD]",
        (
            "rules/wave.yaml:5:66: CW056: `BAD` is also in `words`, so it can never count; delete it from one of the two",
        ),
    ),
    Case(
        "an unknown level",
        RULE_FILE,
        "      warning:\n",
        "      severe:\n",
        ("rules/wave.yaml:8:7: CW012: there is no field `severe` here; possible here: `watch`, `warning`, `critical`",),
    ),
    Case(
        "levels without a level",
        RULE_FILE,
        "",
        "version: 1\nrules:\n  - {id: wave, title: A wave, window: 15m, alert: wave, levels: {}}\n",
        ("rules/wave.yaml:3:65: CW040: `levels` names no level; add `warning: {count: {at_least: 20}}`",),
    ),
    Case(
        "a level without a condition",
        RULE_FILE,
        "",
        "version: 1\nrules:\n  - {id: wave, title: A wave, window: 15m, alert: wave, levels: {warning: {}}}\n",
        (
            "rules/wave.yaml:3:75: CW040: `warning` has no condition, so it would always hold; add `count: {at_least: 20}`",
        ),
    ),
    Case(
        "a level without a value",
        RULE_FILE,
        "      critical:\n        surprise: {at_least: extreme}\n        count: {at_least: 60}\n",
        "      critical:\n",
        ("rules/wave.yaml:11:7: CW021: `critical` has no value; fill it in, or delete the line",),
    ),
    Case(
        "an unknown measure",
        RULE_FILE,
        "        count: {at_least: 20}",
        "        cuont: {at_least: 20}",
        ("rules/wave.yaml:10:9: CW041: there is no measure `cuont`; did you mean `count`?",),
    ),
    Case(
        "a bare number",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: 20",
        ("rules/wave.yaml:10:16: CW042: `count` needs `at_least` or `at_most`; write count: {at_least: 20}",),
    ),
    Case(
        "a bare word of surprise",
        RULE_FILE,
        "surprise: {at_least: high}",
        "surprise: high",
        ("rules/wave.yaml:9:19: CW042: `surprise` needs `at_least` or `at_most`; write surprise: {at_least: high}",),
    ),
    Case(
        "a misspelt bound",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {atleast: 20}",
        ("rules/wave.yaml:10:17: CW012: there is no field `atleast` here; did you mean `at_least`?",),
    ),
    Case(
        "a measure without a bound",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {}",
        ("rules/wave.yaml:10:16: CW043: `count` has no bound; write count: {at_least: ...}",),
    ),
    Case(
        "a bound in words",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: many}",
        (
            "rules/wave.yaml:10:27: CW021: `at_least` must be a number, not `many`; write the number without quotes and units",
        ),
    ),
    Case(
        "a bound below zero",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: -1}",
        ("rules/wave.yaml:10:27: CW023: `at_least` must be at least 0, not `-1`",),
    ),
    Case(
        "an infinite bound",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: .inf}",
        ("rules/wave.yaml:10:27: CW023: `at_least` must be a number that can be counted to; write a number",),
    ),
    Case(
        "a floor above the ceiling",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: 20, at_most: 10}",
        (
            "rules/wave.yaml:10:16: CW044: `count` can never hold: `at_least` is above `at_most`; swap the two, or delete one",
        ),
    ),
    Case(
        "a surprise above its ceiling",
        RULE_FILE,
        "surprise: {at_least: high}",
        "surprise: {at_least: high, at_most: elevated}",
        (
            "rules/wave.yaml:9:19: CW044: `surprise` can never hold: `at_least` is above `at_most`; swap the two, or delete one",
        ),
    ),
    Case(
        "surprise as a number",
        RULE_FILE,
        "surprise: {at_least: high}",
        "surprise: {at_least: 3}",
        ("rules/wave.yaml:9:30: CW046: `surprise` takes a word, not `3`; write elevated, high or extreme",),
    ),
    Case(
        "surprise as another word",
        RULE_FILE,
        "surprise: {at_least: high}",
        "surprise: {at_least: hihg}",
        ("rules/wave.yaml:9:30: CW046: `surprise` takes a word, not `hihg`; did you mean `high`?",),
    ),
    Case(
        "surprise without a bound",
        RULE_FILE,
        "surprise: {at_least: high}",
        "surprise: {}",
        ("rules/wave.yaml:9:19: CW043: `surprise` has no bound; write surprise: {at_least: high}",),
    ),
    Case(
        "growth against nothing",
        RULE_FILE,
        "count: {at_least: 20}",
        "growth: {at_least: 2}",
        (
            "rules/wave.yaml:10:17: CW045: `growth` needs something to compare with; add `against: previous_window` or `against: same_hours_last_week`",
        ),
    ),
    Case(
        "growth against something unknown",
        RULE_FILE,
        "count: {at_least: 20}",
        "growth: {at_least: 2, against: yesterday}",
        (
            "rules/wave.yaml:10:40: CW022: `against` can't be `yesterday`; possible here: `previous_window`, `same_hours_last_week`",
        ),
    ),
    Case(
        "a count against something",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: 2, against: previous_window}",
        ("rules/wave.yaml:10:30: CW012: there is no field `against` here; `against` belongs to `growth`",),
    ),
    Case(
        "a share in percent",
        RULE_FILE,
        "count: {at_least: 20}",
        "share: {at_least: 35}",
        ("rules/wave.yaml:10:16: CW023: `share` is a part of one, from 0 to 1; write 35 % as 0.35: 35 % is 0.35",),
    ),
    Case(
        "an empty any",
        RULE_FILE,
        "count: {at_least: 20}",
        "any: []",
        ("rules/wave.yaml:10:14: CW024: `any` is an empty list; name at least one, or delete the line",),
    ),
    Case(
        "a fault deep inside any",
        RULE_FILE,
        "count: {at_least: 20}",
        "any: [{count: {at_least: 1}}, {none: [{authors: {at_leest: 2}}]}]",
        ("rules/wave.yaml:10:58: CW012: there is no field `at_leest` here; did you mean `at_least`?",),
    ),
    Case(
        "settling below nothing",
        RULE_FILE,
        "below: 0.5",
        "below: 0",
        ("rules/wave.yaml:15:37: CW023: `below` must be more than 0, not `0`",),
    ),
    Case(
        "hours that end when they begin",
        RULE_FILE,
        "end: 22:00",
        "end: 08:00",
        (
            "rules/wave.yaml:16:18: CW055: `only_during` begins and ends at the same time; for the whole day write start: 00:00 and end: 24:00",
        ),
    ),
    Case(
        "a time of day in words",
        RULE_FILE,
        "start: 08:00",
        "start: 8am",
        (
            "rules/wave.yaml:16:39: CW028: `start` is not a time of day; write it as hours and minutes, like 08:00 or 22:30",
        ),
    ),
    Case(
        "an hour that does not exist",
        RULE_FILE,
        "end: 22:00",
        "end: 25:00",
        (
            "rules/wave.yaml:16:51: CW028: `end` is not a time of day; write it as hours and minutes, like 08:00 or 22:30",
        ),
    ),
    Case(
        "hours without a zone",
        RULE_FILE,
        ", timezone: Europe/Rome",
        "",
        ("rules/wave.yaml:16:18: CW020: `timezone` is missing in `only_during`; add `timezone: Europe/Rome`",),
    ),
    Case(
        "an unknown day",
        RULE_FILE,
        "days: [mon]",
        "days: [monday]",
        ("rules/wave.yaml:16:26: CW022: an item of `days` can't be `monday`; did you mean `mon`?",),
    ),
    Case(
        "brands as a word",
        RULE_FILE,
        "    alert: wave",
        "    brands: acme\n    alert: wave",
        ("rules/wave.yaml:17:13: CW022: `brands` can't be `acme`; write `all`, or a list: [acme]",),
    ),
    Case(
        "an unknown brand in a rule",
        RULE_FILE,
        "    alert: wave",
        "    brands: [acmee]\n    alert: wave",
        ("rules/wave.yaml:17:14: CW053: there is no brand `acmee`; did you mean `acme`?",),
    ),
    Case(
        "an unknown alert",
        RULE_FILE,
        "    alert: wave",
        "    alert: wawe",
        ("rules/wave.yaml:17:12: CW051: there is no alert `wawe`; did you mean `wave`?",),
    ),
    Case(
        "waiting for an unknown rule",
        RULE_FILE,
        "    alert: wave",
        "    alert: wave\n    unless_open: [wafe]",
        ("rules/wave.yaml:18:19: CW052: there is no rule `wafe`; did you mean `wave`?",),
    ),
    Case(
        "waiting for itself",
        RULE_FILE,
        "    alert: wave",
        "    alert: wave\n    unless_open: [wave]",
        ("rules/wave.yaml:18:19: CW052: a rule can't wait for itself; name another rule",),
    ),
    Case(
        "an unknown status",
        RULE_FILE,
        "    alert: wave",
        "    alert: wave\n    status: test",
        ("rules/wave.yaml:18:13: CW022: `status` can't be `test`; possible here: `active`, `trial`, `off`",),
    ),
    Case(
        "two rules of one id",
        RULE_FILE,
        "    alert: wave",
        "    alert: wave\n  - {id: wave, title: B, window: 1h, alert: wave, levels: {watch: {count: {at_least: 1}}}}",
        ("rules/wave.yaml:18:10: CW050: there is another rule `wave` on line 3; give each its own id",),
    ),
)

ALERTS = (
    Case(
        "an unknown placeholder",
        ALERT_FILE,
        "{count} in {window}",
        "{cuont} in {window}",
        ("alerts/wave.yaml:4:13: CW060: there is no placeholder `{cuont}`; did you mean `count`?",),
    ),
    Case(
        "an unknown placeholder further on",
        ALERT_FILE,
        "{count} in {window}",
        "{count} in {windw}",
        ("alerts/wave.yaml:4:24: CW060: there is no placeholder `{windw}`; did you mean `window`?",),
    ),
    Case(
        "a placeholder with a format",
        ALERT_FILE,
        "{count} in",
        "{count:>5} in",
        (
            "alerts/wave.yaml:4:13: CW061: a brace here is not part of a placeholder; write {count}, or use ( and ) for brackets",
        ),
    ),
    Case(
        "a brace that is open",
        ALERT_FILE,
        '"{count} in {window}"',
        '"{count} in {window"',
        (
            "alerts/wave.yaml:4:13: CW061: a brace here is not part of a placeholder; write {count}, or use ( and ) for brackets",
        ),
    ),
    Case(
        "an empty placeholder",
        ALERT_FILE,
        '"{count} in {window}"',
        '"{count} in {}"',
        (
            "alerts/wave.yaml:4:24: CW061: a brace here is not part of a placeholder; write {count}, or use ( and ) for brackets",
        ),
    ),
    Case(
        "a doubled brace",
        ALERT_FILE,
        '"{count} in {window}"',
        '"{{count}} in {window}"',
        (
            "alerts/wave.yaml:4:13: CW061: a brace here is not part of a placeholder; write {count}, or use ( and ) for brackets",
            "alerts/wave.yaml:4:20: CW061: a brace here is not part of a placeholder; write {count}, or use ( and ) for brackets",
        ),
    ),
    Case(
        "an alert without a first message",
        ALERT_FILE,
        'opened:\n  headline: "{brand}: a wave"\n  summary: "{count} in {window}"\n  show: [why, chart]\n',
        "",
        ("alerts/wave.yaml:1:1: CW020: `opened` is missing; add `opened: ...`",),
    ),
    Case(
        "a stage without words",
        ALERT_FILE,
        '  headline: "{brand}: a wave"\n',
        "",
        (
            'alerts/wave.yaml:3:3: CW020: `headline` is missing in `opened`; add `headline: "{brand}: what is going on"`',
        ),
    ),
    Case(
        "an unknown part to show",
        ALERT_FILE,
        "[why, chart]",
        "[why, charts]",
        ("alerts/wave.yaml:5:15: CW022: an item of `show` can't be `charts`; did you mean `chart`?",),
    ),
    Case(
        "an unknown stage",
        ALERT_FILE,
        "playbook:",
        "closed: {headline: a, summary: b}\nplaybook:",
        (
            "alerts/wave.yaml:6:1: CW012: there is no field `closed` here; possible here: `version`, `alert`, `language`, `because`, `opened`, `escalated`, `calming`, `resolved`, `playbook`, `statements`, `stand_down`",
        ),
    ),
    Case(
        "a step with a comma in braces",
        ALERT_FILE,
        "{step: Take the lead, role",
        "{step: Take the lead, and hold it, role",
        (
            "alerts/wave.yaml:7:27: CW012: there is no field `and hold it` here; if this belongs to the text before it, put the whole text in double quotes: in { } a comma ends it",
        ),
    ),
    Case(
        "a step that is already over",
        ALERT_FILE,
        "within: 10m",
        "within: 0m",
        ("alerts/wave.yaml:7:47: CW026: `within` must be at least 1m, not `0m`; write a longer time",),
    ),
    Case(
        "a statement in an unknown language",
        ALERT_FILE,
        "  it: Stiamo",
        "  Italian: Stiamo",
        (
            "alerts/wave.yaml:9:12: CW030: this is not a language tag; write two letters: it, en, es, fr, de, pt, ar, hi",
        ),
    ),
    Case(
        "a headline without end",
        ALERT_FILE,
        '"{brand}: a wave"',
        '"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
        ("alerts/wave.yaml:3:13: CW024: `headline` is longer than 300 characters; shorten it",),
    ),
)

TESTS = (
    Case(
        "mentions without a time",
        TEST_FILE,
        "{at: 1d, count: 3,",
        "{count: 3,",
        (
            "rules/wave.test.yaml:6:9: CW080: these mentions have no time; add `at: 1h`, or `every: 5m` with `until: 14d`",
        ),
    ),
    Case(
        "a stream without an end",
        TEST_FILE,
        "{every: 5m, until: 1d}",
        "{every: 5m}",
        ("rules/wave.test.yaml:5:9: CW080: `every` and `until` belong together; write {every: 5m, until: 14d}",),
    ),
    Case(
        "a stream with a count",
        TEST_FILE,
        "{every: 5m, until: 1d}",
        "{every: 5m, until: 1d, count: 4}",
        ("rules/wave.test.yaml:5:9: CW080: `every` does not go with `count` or `over`; use two lines, one for each",),
    ),
    Case(
        "a stream that ends before it begins",
        TEST_FILE,
        "{every: 5m, until: 1d}",
        "{at: 2d, every: 5m, until: 1d}",
        ("rules/wave.test.yaml:5:9: CW080: `until` is not after `at`; let it end later",),
    ),
    Case(
        "an expectation without a time",
        TEST_FILE,
        "{by: 1d, incident: wave, level: warning}",
        "{incident: wave}",
        (
            "rules/wave.test.yaml:8:9: CW080: an expectation has `by` or `between`, one of the two; write {by: 1h, incident: ...}",
        ),
    ),
    Case(
        "an expectation of nothing",
        TEST_FILE,
        "{by: 1d, incident: wave, level: warning}",
        "{by: 1d}",
        (
            "rules/wave.test.yaml:8:9: CW080: an expectation has `incident` or `incidents`, one of the two; write `incident: negative-wave`, `incident: none` or `incidents: 0`",
        ),
    ),
    Case(
        "an expectation that ends before it begins",
        TEST_FILE,
        "[0d, 1d]",
        "[1d, 0d]",
        ("rules/wave.test.yaml:9:9: CW080: `between` must begin before it ends; write [0d, 14d]",),
    ),
    Case(
        "a level of nothing",
        TEST_FILE,
        "{by: 1d, incident: wave, level: warning}",
        "{by: 1d, incident: none, level: warning}",
        (
            "rules/wave.test.yaml:8:9: CW080: `level` needs an `incident`; write {by: 1h, incident: negative-wave, level: warning}",
        ),
    ),
    Case(
        "a test of an unknown rule",
        TEST_FILE,
        "{by: 1d, incident: wave, level: warning}",
        "{by: 1d, incident: wawe}",
        ("rules/wave.test.yaml:8:28: CW081: there is no rule `wawe` in these files; did you mean `wave`?",),
    ),
    Case(
        "a test of a file that is not there",
        TEST_FILE,
        "[wave.yaml]",
        "[wawe.yaml]",
        ("rules/wave.test.yaml:1:9: CW081: there is no file `wawe.yaml`; it is relative to this file",),
    ),
)

WARNINGS = (
    Case(
        "a model whose classes are only numbered",
        CONFIG_FILE,
        "store: {",
        "sentiment: {folder: ./model}\nstore: {",
        (
            "crisiswatch.yaml:29:21: CW078: model: its classes are only called 'LABEL_0', 'LABEL_1', 'LABEL_2'; they are read as negative, neutral, positive; if that is wrong, name them in id2label of config.json",
        ),
    ),
    Case(
        "a byte order mark",
        CONFIG_FILE,
        "version: 1",
        "\ufeffversion: 1",
        (
            "crisiswatch.yaml:1:1: CW004: the file begins with a byte order mark; save the file as UTF-8 without a mark (BOM)",
        ),
    ),
    Case(
        "a term that is one common word",
        CONFIG_FILE,
        "any: [acme coffee]",
        "any: [acme coffee, united]",
        (
            "crisiswatch.yaml:5:24: CW070: the term `united` is so common that it will catch posts about anything; use a longer phrase, a handle or a hashtag, or add `none` terms",
        ),
    ),
    Case(
        "a critical level that asks for less",
        RULE_FILE,
        "count: {at_least: 60}",
        "count: {at_least: 10}",
        (
            "rules/wave.yaml:13:16: CW048: `critical` asks for less `count` than `warning`; raise it, or swap `warning` and `critical`",
        ),
    ),
    Case(
        "a critical level that is less surprised",
        RULE_FILE,
        "surprise: {at_least: extreme}",
        "surprise: {at_least: elevated}",
        (
            "rules/wave.yaml:12:19: CW048: `critical` asks for less `surprise` than `warning`; raise it, or swap `warning` and `critical`",
        ),
    ),
    Case(
        "a floor of zero",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: 0}",
        (
            "rules/wave.yaml:10:16: CW049: `count` is always at least 0, so this line says nothing; raise the number, or delete the line",
        ),
    ),
    Case(
        "a route that no rule takes",
        CONFIG_FILE,
        "store: {",
        "  - {levels: [watch], receivers: [console]}\nstore: {",
        (
            "crisiswatch.yaml:29:5: CW071: no active rule opens incidents of these levels and brands; check the levels and brands",
        ),
    ),
    Case(
        "a rule that no route delivers",
        CONFIG_FILE,
        "[warning, critical]",
        "[watch]",
        (
            "crisiswatch.yaml:28:5: CW071: no active rule opens incidents of these levels and brands; check the levels and brands",
            "rules/wave.yaml:3:9: CW072: no route delivers the incidents of `wave`; add a route in crisiswatch.yaml, or write `status: trial`",
        ),
    ),
    Case(
        "an alert that no rule uses",
        "alerts/other.yaml",
        "",
        "alert: other\nopened: {headline: a, summary: b}\n",
        ("alerts/other.yaml:1:8: CW073: no rule uses the alert `other`; name it in a rule, or delete the file",),
    ),
    Case(
        "a receiver without a route",
        CONFIG_FILE,
        "[console, slack, mail]",
        "[console, slack]",
        ("crisiswatch.yaml:22:9: CW074: no route leads to the receiver `mail`; add it to a route, or delete it",),
    ),
    Case(
        "texts that outlive their counts",
        CONFIG_FILE,
        "store: {",
        "retention: {texts: 30d, counts: 7d}\nstore: {",
        (
            "crisiswatch.yaml:29:12: CW075: texts are kept longer than the counts made of them; raise `counts` or lower `texts`",
        ),
    ),
    Case(
        "buttons both ways",
        CONFIG_FILE,
        "    channel: C012",
        "    channel: C012\n    app_token: {env: SLACK_APP_TOKEN}\n    signing_secret: {env: SLACK_SIGNING}",
        (
            "crisiswatch.yaml:23:21: CW082: a Slack app sends what is pressed one way only, and this waits for it both ways; keep `app_token` if Socket Mode is on in the app's settings, else `signing_secret`",
        ),
    ),
    Case(
        "a password in the clear",
        CONFIG_FILE,
        "    from: a@example.com",
        "    username: me\n    password: {env: MAIL_PASSWORD}\n    security: none\n    from: a@example.com",
        (
            "crisiswatch.yaml:27:15: CW076: the mail password goes over the network in the clear; write `security: starttls` or `security: tls`",
        ),
    ),
    Case(
        "no sources",
        CONFIG_FILE,
        "",
        "version: 1\nbrands: [{id: acme, name: Acme}]\nreceivers: [{id: console, type: console}]\nroutes: [{receivers: [console]}]\n",
        ("crisiswatch.yaml:1:1: CW077: there are no sources, so nothing is watched; add `sources:`",),
    ),
)
