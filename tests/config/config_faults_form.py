"""Faults of form and of ``crisiswatch.yaml``, each with every word of its problems."""

from __future__ import annotations

from tests.config.config_base import Case

CONFIG_FILE = "crisiswatch.yaml"
RULE_FILE = "rules/wave.yaml"
ALERT_FILE = "alerts/wave.yaml"

FORM = (
    Case(
        "an empty file",
        CONFIG_FILE,
        "",
        "# nothing\n",
        ("crisiswatch.yaml: CW013: the file is empty; start with `version: 1`",),
    ),
    Case(
        "only a null", RULE_FILE, "", "--- ~\n", ("rules/wave.yaml: CW013: the file is empty; start with `version: 1`",)
    ),
    Case(
        "a tab for indentation",
        RULE_FILE,
        "    window: 15m",
        "\twindow: 15m",
        ("rules/wave.yaml:6:1: CW005: a tab stands where spaces are needed; indent with spaces only",),
    ),
    Case(
        "a quote left open",
        ALERT_FILE,
        '"{brand}: a wave"',
        '"{brand}: a wave',
        (
            "alerts/wave.yaml:4:13: CW006: this line does not fit the lines above; fields that belong together begin in the same column",
        ),
    ),
    Case(
        "a list left open",
        CONFIG_FILE,
        "[acme coffee]",
        "[acme coffee",
        ("crisiswatch.yaml:6:9: CW006: a list that was opened with `[` is not closed before this; add `,` or `]`",),
    ),
    Case(
        "a mapping left open",
        RULE_FILE,
        "{at_least: 20}",
        "{at_least: 20",
        ("rules/wave.yaml:11:15: CW006: a mapping that was opened with `{` is not closed before this; add `,` or `}`",),
    ),
    Case(
        "an at sign without quotes",
        CONFIG_FILE,
        "[acme coffee]",
        "[@acme]",
        (
            'crisiswatch.yaml:5:11: CW006: a text can\'t begin with `@` without quotes; put the whole text in double quotes: "..."',
        ),
    ),
    Case(
        "a backtick without quotes",
        ALERT_FILE,
        "step: Take the lead",
        "step: `Take` the lead",
        (
            'alerts/wave.yaml:7:12: CW006: a text can\'t begin with a backtick without quotes; put the whole text in double quotes: "..."',
        ),
    ),
    Case(
        "a percent sign without quotes",
        ALERT_FILE,
        "step: Take the lead",
        "step: %Take",
        (
            'alerts/wave.yaml:7:12: CW006: a text can\'t begin with `%` without quotes; put the whole text in double quotes: "..."',
        ),
    ),
    Case(
        "a colon inside a text",
        RULE_FILE,
        "title: A wave",
        "title: A wave: big",
        (
            "rules/wave.yaml:4:18: CW006: a `:` stands where no field can begin; if the text has `: ` in it, put it in double quotes; if not, look at the indentation",
        ),
    ),
    Case(
        "a line without a colon",
        RULE_FILE,
        "    hold: 10m",
        "    hold 10m",
        ("rules/wave.yaml:15:5: CW006: this line has no `:`; write `name: value`, or `- ` for a list item",),
    ),
    Case(
        "a field one space too far left",
        RULE_FILE,
        "    hold: 10m",
        "   hold: 10m",
        (
            "rules/wave.yaml:14:4: CW006: this line does not fit the lines above; fields that belong together begin in the same column",
        ),
    ),
    Case(
        "an escape that means nothing",
        ALERT_FILE,
        '"{count} in {window}"',
        '"{count} \\q"',
        (
            "alerts/wave.yaml:4:22: CW006: a backslash stands before a letter that means nothing; write two backslashes, or use single quotes",
        ),
    ),
    Case(
        "an escape beyond all characters",
        ALERT_FILE,
        '"{count} in {window}"',
        '"\\UFFFFFFFF"',
        ("alerts/wave.yaml:4:15: CW006: a number or an escape here is beyond all bounds; write it shorter",),
    ),
    Case(
        "half a character pair",
        ALERT_FILE,
        '"{count} in {window}"',
        '"\\ud83d"',
        ("alerts/wave.yaml:4:12: CW003: the text has half of a character pair in it; write the character",),
    ),
    Case(
        "a control character",
        RULE_FILE,
        "title: A wave",
        "title: A\x07wave",
        ("rules/wave.yaml:4:13: CW003: the character U+0007 is not allowed; delete it",),
    ),
    Case(
        "a field written twice",
        RULE_FILE,
        "    hold: 10m",
        "    hold: 10m\n    hold: 20m",
        ("rules/wave.yaml:15:5: CW007: `hold` is written twice; the first is on line 14; delete one of the two",),
    ),
    Case(
        "a secret written twice",
        CONFIG_FILE,
        "    token: {env: SLACK_BOT_TOKEN}",
        "    token: {env: SLACK_BOT_TOKEN}\n    token: {env: OTHER_TOKEN}",
        ("crisiswatch.yaml:21:5: CW007: `token` is written twice; the first is on line 20; delete one of the two",),
    ),
    Case(
        "an alias to nothing",
        RULE_FILE,
        "hold: 10m",
        "hold: *ten",
        ("rules/wave.yaml:14:11: CW008: there is no finished anchor `&ten` above this alias; write the value out",),
    ),
    Case(
        "an alias inside its own anchor",
        RULE_FILE,
        "[bad]",
        "&words [bad, *words]",
        ("rules/wave.yaml:5:57: CW008: there is no finished anchor `&words` above this alias; write the value out",),
    ),
    Case(
        "a merge key",
        RULE_FILE,
        "{at_least: 20}",
        "{<<: {at_least: 20}}",
        (
            "rules/wave.yaml:10:16: CW043: `count` has no bound; write count: {at_least: ...}",
            "rules/wave.yaml:10:17: CW009: merge keys (`<<`) are not allowed; write the fields out",
        ),
    ),
    Case(
        "a tag",
        RULE_FILE,
        "hold: 10m",
        "hold: !!str 10m",
        (
            "rules/wave.yaml:14:11: CW010: tags (`!`) are not allowed; leave the tag out; put text in quotes to keep it text",
        ),
    ),
    Case(
        "a second document",
        RULE_FILE,
        "version: 1\n",
        "version: 1\n---\n",
        ("rules/wave.yaml:2:1: CW011: a second document begins here (`---`); put it into a file of its own",),
    ),
    Case(
        "a directive",
        RULE_FILE,
        "version: 1\n",
        "%YAML 1.1\n---\nversion: 1\n",
        ("rules/wave.yaml:1:1: CW016: a `%` directive is not understood here; delete this line",),
    ),
    Case(
        "a list as a field's name",
        RULE_FILE,
        "    hold: 10m",
        "    ? [hold]\n    : 10m",
        ("rules/wave.yaml:14:7: CW015: a field's name must be a plain word; write `name: value`",),
    ),
    Case(
        "a nest of brackets",
        RULE_FILE,
        "[bad]",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
        ("rules/wave.yaml:5:71: CW014: this is nested too deeply; no field needs more than ten levels",),
    ),
    Case(
        "a file of two megabytes",
        RULE_FILE,
        "",
        "# long\n" * 300_000,
        ("rules/wave.yaml: CW002: the file is larger than 1 MiB; split it into several files",),
    ),
    Case(
        "a file in UTF-16",
        RULE_FILE,
        "",
        b"\xff\xfev\x00e\x00r\x00s\x00i\x00o\x00n\x00:\x00 \x001\x00\n\x00",
        (
            "rules/wave.yaml:1:1: CW003: the file is UTF-16, not UTF-8; save it as UTF-8 (in Notepad: Save as, Encoding: UTF-8)",
        ),
    ),
    Case(
        "a file in Latin-1",
        RULE_FILE,
        "",
        b"version: 1\n# caff\xe8\n",
        ("rules/wave.yaml:2:7: CW003: the file is not UTF-8: byte 0xe8 makes no sense here; save the file as UTF-8",),
    ),
    Case(
        "a number that counts everything",
        RULE_FILE,
        "count: {at_least: 20}",
        "count: {at_least: 100000000000000000000}",
        (
            "rules/wave.yaml:10:27: CW021: `at_least` must be a number, not `100000000000000000000`; use at most 15 digits",
        ),
    ),
)

CONFIG = (
    Case(
        "rungs of the escalation out of order",
        CONFIG_FILE,
        "version: 1\n",
        "version: 1\nescalation: [{after: 1h, receivers: [console]}, {after: 1h, receivers: [console]}]\n",
        (
            "crisiswatch.yaml:2:57: CW083: this rung does not come later than the one before it; write the rungs in the"
            " order of `after`",
        ),
    ),
    Case(
        "an alert of one id twice",
        "alerts/again.yaml",
        "",
        "alert: wave\nopened: {headline: a, summary: b}\n",
        (
            "alerts/wave.yaml:1:8: CW050: there is another alert `wave` in alerts/again.yaml, line 1; give each its own id",
        ),
    ),
    Case(
        "a store with a password further on",
        CONFIG_FILE,
        "sqlite:///x.db",
        "postgresql://db/x?password=hunter2",
        (
            "crisiswatch.yaml:29:14: CW034: `url` has a password in it; take the whole address from the environment: url: {env: CRISISWATCH_STORE_URL}",
        ),
    ),
    Case(
        "a version from the future",
        CONFIG_FILE,
        "version: 1",
        "version: 2",
        ("crisiswatch.yaml:1:10: CW037: this version of the file format is not known; write `version: 1`",),
    ),
    Case(
        "a version in quotes",
        CONFIG_FILE,
        "version: 1",
        'version: "1"',
        ("crisiswatch.yaml:1:10: CW037: this version of the file format is not known; write `version: 1`",),
    ),
    Case(
        "no version",
        CONFIG_FILE,
        "version: 1\n",
        "",
        ("crisiswatch.yaml:1:1: CW020: `version` is missing; add `version: 1`",),
    ),
    Case(
        "no brands",
        CONFIG_FILE,
        "",
        "version: 1\nsources: []\n",
        ("crisiswatch.yaml:1:1: CW020: `brands` is missing; add `brands: [ ... ]`",),
    ),
    Case(
        "an empty list of brands",
        CONFIG_FILE,
        "",
        "version: 1\nbrands: []\n",
        ("crisiswatch.yaml:2:9: CW024: `brands` is an empty list; name at least one, or delete the line",),
    ),
    Case(
        "a brand without a name",
        CONFIG_FILE,
        "    name: Acme Coffee\n",
        "",
        ("crisiswatch.yaml:3:5: CW020: `name` is missing in an item of `brands`; add `name: ...`",),
    ),
    Case(
        "a name that YAML takes for false",
        CONFIG_FILE,
        "name: Acme Coffee",
        "name: false",
        (
            "crisiswatch.yaml:4:11: CW021: `name` must be text, but YAML reads this as true or false (false); put it in quotes",
        ),
    ),
    Case(
        "an id with a space",
        CONFIG_FILE,
        "- id: acme\n",
        "- id: Acme Coffee\n",
        (
            "crisiswatch.yaml:3:9: CW027: `id` can't be used as an id; use lower-case letters, digits and hyphens, at most 64, for example `acme-coffee`",
            "crisiswatch.yaml:28:44: CW053: there is no brand `acme`; possible here: `Acme Coffee`",
        ),
    ),
    Case(
        "two brands of one id",
        CONFIG_FILE,
        "    languages: [it, en]\n",
        "    languages: [it, en]\n  - {id: acme, name: Other}\n",
        ("crisiswatch.yaml:8:10: CW050: there is another brand `acme` on line 3; give each its own id",),
    ),
    Case(
        "a text where a list is wanted",
        CONFIG_FILE,
        "any: [acme coffee]",
        "any: acme coffee",
        ("crisiswatch.yaml:5:10: CW021: `any` must be a list, not `acme coffee`; write [acme coffee]",),
    ),
    Case(
        "an empty term",
        CONFIG_FILE,
        "any: [acme coffee]",
        'any: [acme coffee, ""]',
        ("crisiswatch.yaml:5:24: CW024: an item of `any` is empty; write some text",),
    ),
    Case(
        "a term without a value",
        CONFIG_FILE,
        "any: [acme coffee]",
        "any:",
        ("crisiswatch.yaml:5:5: CW021: `any` has no value; fill it in, or delete the line",),
    ),
    Case(
        "a term that is asked for and refused",
        CONFIG_FILE,
        "none: [acme anvils]",
        "none: [Acme Coffee]",
        (
            "crisiswatch.yaml:6:12: CW056: `Acme Coffee` is also in `any`, so it can never count; delete it from one of the two",
        ),
    ),
    Case(
        "an event without a time zone",
        CONFIG_FILE,
        "routes:",
        "calendar:\n  - {title: A final, start: 2026-06-14T20:00, end: 2026-06-14T23:00:00+02:00}\nroutes:",
        (
            "crisiswatch.yaml:28:29: CW057: `start` is not a moment with its time zone; write the day, the time and its distance from UTC, like 2026-06-14T20:00:00+02:00 or 2026-06-14T18:00:00Z",
        ),
    ),
    Case(
        "an event on a day that does not exist",
        CONFIG_FILE,
        "routes:",
        "calendar:\n  - {title: A final, start: 2026-02-30T20:00:00Z, end: 2026-06-14T23:00:00+02:00}\nroutes:",
        (
            "crisiswatch.yaml:28:29: CW057: `start` is a day or time that does not exist; write the day, the time and its distance from UTC, like 2026-06-14T20:00:00+02:00 or 2026-06-14T18:00:00Z",
        ),
    ),
    Case(
        "an event that is over before it begins",
        CONFIG_FILE,
        "routes:",
        "calendar:\n  - {title: A final, start: 2026-06-14T23:00:00Z, end: 2026-06-14T23:00:00+02:00}\nroutes:",
        ("crisiswatch.yaml:28:5: CW058: the event is over before it begins; let `end` be later than `start`",),
    ),
    Case(
        "an event longer than the week it repeats in",
        CONFIG_FILE,
        "routes:",
        "calendar:\n  - {title: Sale, start: 2026-06-01T00:00:00Z, end: 2026-06-09T00:00:00Z, repeats: weekly}\nroutes:",
        ("crisiswatch.yaml:28:5: CW058: the event lasts longer than the week after which it comes again; shorten it",),
    ),
    Case(
        "an event of a brand that is not there",
        CONFIG_FILE,
        "routes:",
        "calendar:\n  - {title: Sale, brands: [acne], start: 2026-06-01T00:00:00Z, end: 2026-06-02T00:00:00Z}\nroutes:",
        ("crisiswatch.yaml:28:28: CW053: there is no brand `acne`; did you mean `acme`?",),
    ),
    Case(
        "an event without an end",
        CONFIG_FILE,
        "routes:",
        "calendar:\n  - {title: Sale, start: 2026-06-01T00:00:00Z}\nroutes:",
        (
            "crisiswatch.yaml:28:5: CW020: `end` is missing in an item of `calendar`; add `end: 2026-06-14T23:00:00+02:00`",
        ),
    ),
    Case(
        "a language by its name",
        CONFIG_FILE,
        "[it, en]",
        "[italian, en]",
        (
            "crisiswatch.yaml:7:17: CW030: this is not a language tag; write two letters: it, en, es, fr, de, pt, ar, hi",
        ),
    ),
    Case(
        "a language that YAML 1.1 would take for false",
        CONFIG_FILE,
        "[it, en]",
        "[NO, en]",
        (
            "crisiswatch.yaml:7:17: CW030: this is not a language tag; write two letters: it, en, es, fr, de, pt, ar, hi",
        ),
    ),
    Case(
        "a misspelt field",
        CONFIG_FILE,
        "    languages: [it, en]",
        "    langauges: [it, en]",
        ("crisiswatch.yaml:7:5: CW012: there is no field `langauges` here; did you mean `languages`?",),
    ),
    Case(
        "an unknown section",
        CONFIG_FILE,
        "store: {",
        "stores: {",
        ("crisiswatch.yaml:29:1: CW012: there is no field `stores` here; did you mean `store`?",),
    ),
    Case(
        "an unknown kind of source",
        CONFIG_FILE,
        "type: feed",
        "type: fead",
        ("crisiswatch.yaml:10:11: CW038: there is no kind of source `fead`; did you mean `feed`?",),
    ),
    Case(
        "an unknown kind of receiver",
        CONFIG_FILE,
        "type: console",
        "type: pager",
        (
            "crisiswatch.yaml:17:11: CW038: there is no kind of receiver `pager`; possible here: `console`, `email`, `slack`",
        ),
    ),
    Case(
        "a source without a kind",
        CONFIG_FILE,
        "    type: feed\n",
        "",
        ("crisiswatch.yaml:9:5: CW020: `type` is missing in an item of `sources`; add `type: files`",),
    ),
    Case(
        "a feed without an address",
        CONFIG_FILE,
        "    url: https://news.example.com/acme.xml\n",
        "",
        ("crisiswatch.yaml:9:5: CW020: `url` is missing in an item of `sources`; add `url: ...`",),
    ),
    Case(
        "an address without https",
        CONFIG_FILE,
        "https://news.example.com/acme.xml",
        "news.example.com/acme.xml",
        (
            "crisiswatch.yaml:11:10: CW035: `url` is not a web address; write it with https://, like https://example.com/feed.xml",
        ),
    ),
    Case(
        "a password in an address",
        CONFIG_FILE,
        "https://news.example.com/acme.xml",
        "https://me:hunter2@news.example.com/acme.xml",
        ("crisiswatch.yaml:11:10: CW034: `url` has a user name or password in it; take it out of the address",),
    ),
    Case(
        "a time without a unit",
        CONFIG_FILE,
        "    url: https",
        "    every: 5\n    url: https",
        ("crisiswatch.yaml:11:12: CW025: `every` needs a unit; write 5m for minutes or 5h for hours",),
    ),
    Case(
        "a time that is none",
        CONFIG_FILE,
        "    url: https",
        "    every: often\n    url: https",
        ("crisiswatch.yaml:11:12: CW025: `every` is not a length of time; write it like 30s, 15m, 6h, 14d or 1h30m",),
    ),
    Case(
        "a time of nothing",
        CONFIG_FILE,
        "    url: https",
        "    every: 0s\n    url: https",
        ("crisiswatch.yaml:11:12: CW026: `every` must be longer than nothing; write at least 1s",),
    ),
    Case(
        "a time of a hundred years",
        CONFIG_FILE,
        "    url: https",
        "    every: 36500d\n    url: https",
        ("crisiswatch.yaml:11:12: CW026: `every` is longer than ten years; write a shorter time",),
    ),
    Case(
        "a secret in the file",
        CONFIG_FILE,
        "token: {env: SLACK_BOT_TOKEN}",
        "token: xoxb-123-hunter2",
        (
            "crisiswatch.yaml:20:12: CW031: `token` is a secret and must not stand in this file; write {env: NAME} to take it from the environment, or {file: PATH} to read it from a file",
        ),
    ),
    Case(
        "a secret as the name of a variable",
        CONFIG_FILE,
        "{env: SLACK_BOT_TOKEN}",
        "{env: xoxb-123-hunter2}",
        (
            "crisiswatch.yaml:20:12: CW032: `env` must be the name of an environment variable; use capitals, digits and _, like SLACK_BOT_TOKEN; the secret itself does not belong here",
        ),
    ),
    Case(
        "a secret from two places",
        CONFIG_FILE,
        "{env: SLACK_BOT_TOKEN}",
        "{env: SLACK_BOT_TOKEN, file: /run/x}",
        (
            "crisiswatch.yaml:20:12: CW032: `token` must have exactly one of `env` and `file`; write {env: NAME} or {file: PATH}",
        ),
    ),
    Case(
        "a secret from a file without a name",
        CONFIG_FILE,
        "{env: SLACK_BOT_TOKEN}",
        "{file: 7}",
        (
            "crisiswatch.yaml:20:12: CW032: `file` must be the path of a file that holds the secret; write {file: /run/secrets/NAME}",
        ),
    ),
    Case(
        "a misspelt secret",
        CONFIG_FILE,
        "token: {env: SLACK_BOT_TOKEN}",
        "tokn: hunter2",
        (
            "crisiswatch.yaml:18:5: CW020: `token` is missing in an item of `receivers`; add `token: {env: SLACK_BOT_TOKEN}`",
            "crisiswatch.yaml:20:5: CW012: there is no field `tokn` here; did you mean `token`?",
        ),
    ),
    Case(
        "a source of a brand that is not there",
        CONFIG_FILE,
        "    url: https",
        "    brand: acne\n    url: https",
        ("crisiswatch.yaml:11:12: CW053: there is no brand `acne`; did you mean `acme`?",),
    ),
    Case(
        "a mail without an address",
        CONFIG_FILE,
        "to: [b@example.com]",
        "to: []",
        ("crisiswatch.yaml:26:9: CW024: `to` is an empty list; name at least one, or delete the line",),
    ),
    Case(
        "a mail address with a name",
        CONFIG_FILE,
        "to: [b@example.com]",
        'to: ["Press <b@example.com>"]',
        (
            "crisiswatch.yaml:26:10: CW036: this is not an e-mail address; write only the address, like press@example.com",
        ),
    ),
    Case(
        "a user without a password",
        CONFIG_FILE,
        "    from: a@example.com",
        "    username: me\n    from: a@example.com",
        ("crisiswatch.yaml:22:5: CW039: `username` and `password` belong together; write both, or neither",),
    ),
    Case(
        "one secret for two things",
        CONFIG_FILE,
        "    channel: C012",
        "    channel: C012\n    app_token: {env: SLACK_BOT_TOKEN}",
        (
            "crisiswatch.yaml:22:16: CW062: `app_token` is read from the same place as `token`, and they are never the same; the bot token is xoxb-..., the app-level token xapp-..., the signing secret 32 letters and digits",
        ),
    ),
    Case(
        "a port out of range",
        CONFIG_FILE,
        "    from: a@example.com",
        "    port: 99999\n    from: a@example.com",
        ("crisiswatch.yaml:25:11: CW023: `port` must be at most 65535, not `99999`",),
    ),
    Case(
        "a port in words",
        CONFIG_FILE,
        "    from: a@example.com",
        "    port: smtp\n    from: a@example.com",
        (
            "crisiswatch.yaml:25:11: CW021: `port` must be a whole number, not `smtp`; write the number without quotes and units",
        ),
    ),
    Case(
        "a port with a point",
        CONFIG_FILE,
        "    from: a@example.com",
        "    port: 587.5\n    from: a@example.com",
        ("crisiswatch.yaml:25:11: CW021: `port` must be a whole number, not `587.5`",),
    ),
    Case(
        "a protection that is none of the three",
        CONFIG_FILE,
        "    from: a@example.com",
        "    security: ssl\n    from: a@example.com",
        ("crisiswatch.yaml:25:15: CW022: `security` can't be `ssl`; possible here: `starttls`, `tls`, `none`",),
    ),
    Case(
        "a route to nobody",
        CONFIG_FILE,
        "[console, slack, mail]",
        "[consol, slack, mail]",
        ("crisiswatch.yaml:28:63: CW054: there is no receiver `consol`; did you mean `console`?",),
    ),
    Case(
        "a route of an unknown level",
        CONFIG_FILE,
        "[warning, critical]",
        "[warning, severe]",
        (
            "crisiswatch.yaml:28:24: CW022: an item of `levels` can't be `severe`; possible here: `watch`, `warning`, `critical`",
        ),
    ),
    Case(
        "a route of an unknown brand",
        CONFIG_FILE,
        "brands: [acme]",
        "brands: [acme, acmee]",
        ("crisiswatch.yaml:28:50: CW053: there is no brand `acmee`; did you mean `acme`?",),
    ),
    Case(
        "a route that is a text",
        CONFIG_FILE,
        "  - {levels: [warning, critical], brands: [acme], receivers: [console, slack, mail]}",
        "  - console",
        ("crisiswatch.yaml:28:5: CW021: an item of `routes` must be a mapping of fields, not `console`",),
    ),
    Case(
        "a store with a password",
        CONFIG_FILE,
        "sqlite:///x.db",
        "postgresql://me:hunter2@db/x",
        (
            "crisiswatch.yaml:29:14: CW034: `url` has a password in it; take the whole address from the environment: url: {env: CRISISWATCH_STORE_URL}",
        ),
    ),
    Case(
        "a store that is not known",
        CONFIG_FILE,
        "sqlite:///x.db",
        "mysql://db/x",
        (
            "crisiswatch.yaml:29:14: CW035: `url` is not the address of a store; write sqlite:///crisiswatch.db or postgresql://host/name",
        ),
    ),
    Case(
        "an unknown scorer",
        CONFIG_FILE,
        "store: {",
        "sentiment: {scorer: vadar}\nstore: {",
        ("crisiswatch.yaml:29:21: CW038: there is no scorer `vadar`; did you mean `vader`?",),
    ),
    Case(
        "an unknown fall-back scorer",
        CONFIG_FILE,
        "store: {",
        "sentiment: {fallback: lihte}\nstore: {",
        ("crisiswatch.yaml:29:23: CW038: there is no scorer `lihte`; did you mean `lite`?",),
    ),
    Case(
        "a model's folder that is not there",
        CONFIG_FILE,
        "store: {",
        "sentiment: {folder: ./modell}\nstore: {",
        (
            "crisiswatch.yaml:29:21: CW059: `./modell` is no model: there is no such folder; give a folder on this machine: models are never downloaded",
        ),
    ),
    Case(
        "a folder without a model",
        CONFIG_FILE,
        "store: {",
        "sentiment: {folder: ./rules}\nstore: {",
        (
            "crisiswatch.yaml:29:21: CW059: `./rules` is no model: there is neither model.onnx nor model*.safetensors nor pytorch_model*.bin in it; put the files of a classifier there: models are never downloaded",
        ),
    ),
    Case(
        "a model without time",
        CONFIG_FILE,
        "store: {",
        "sentiment: {budget: 0s}\nstore: {",
        ("crisiswatch.yaml:29:21: CW026: `budget` must be longer than nothing; write at least 1s",),
    ),
    Case(
        "an unknown detector",
        CONFIG_FILE,
        "store: {",
        "detector: sruge\nstore: {",
        ("crisiswatch.yaml:29:11: CW038: there is no detector `sruge`; did you mean `surge`?",),
    ),
    Case(
        "half a minute of lateness",
        CONFIG_FILE,
        "store: {",
        "engine: {lateness: 90s}\nstore: {",
        (
            "crisiswatch.yaml:29:20: CW026: `lateness` must be whole minutes; rules look at whole minutes: write for example 2m",
        ),
    ),
    Case(
        "a day and more of lateness",
        CONFIG_FILE,
        "store: {",
        "engine: {lateness: 2d}\nstore: {",
        ("crisiswatch.yaml:29:20: CW026: `lateness` must be at most 1d, not `2d`; write a shorter time",),
    ),
    Case(
        "an unknown time zone",
        CONFIG_FILE,
        "    languages: [it, en]",
        "    timezone: Europe/Milan",
        (
            "crisiswatch.yaml:7:15: CW029: there is no such time zone; write a name like Europe/Rome, America/New_York or UTC",
        ),
    ),
    Case(
        "a directory that is not there",
        CONFIG_FILE,
        "store: {",
        "rules: ./rulez\nstore: {",
        ("crisiswatch.yaml:29:8: CW001: there is no directory ./rulez; `crisiswatch init DIR` writes one",),
    ),
    Case(
        "a log level that YAML 1.1 would take for false",
        CONFIG_FILE,
        "store: {",
        "log: {level: off}\nstore: {",
        ("crisiswatch.yaml:29:14: CW022: `level` can't be `off`; possible here: `debug`, `info`, `warning`, `error`",),
    ),
    Case(
        "a query of exclusions for X",
        CONFIG_FILE,
        "  - id: hook\n    type: webhook\n",
        '  - {id: posts, type: x, token: {env: HOOK_SECRET}, query: "-acme lang:it"}\n  - id: hook\n    type: webhook\n',
        (
            "crisiswatch.yaml:12:60: CW066: the query only excludes and narrows, which X refuses; add a word, a phrase, a #hashtag or an @account",
        ),
    ),
    Case(
        "a term that X has no room for",
        CONFIG_FILE,
        "    any: [acme coffee]\n    none: [acme anvils]\n    languages: [it, en]\nsources:\n",
        f"    any: [{'coffee' * 90}]\nsources:\n  - {{id: posts, type: x, token: {{env: HOOK_SECRET}}}}\n",
        (
            "crisiswatch.yaml:7:23: CW066: the term 'coffeecoffeecoffeecoffeecoffeecoffeecoff' and what every query excludes are longer than the 512 characters X takes; shorten the term or have fewer `none` terms, or set `query_limit: 4096` if X has given you that",
        ),
    ),
    Case(
        "an account of X by its name",
        CONFIG_FILE,
        "  - id: hook\n    type: webhook\n",
        '  - {id: posts, type: x, token: {env: HOOK_SECRET}, accounts: [{handle: "@acme", id: "acme"}]}\n  - id: hook\n    type: webhook\n',
        (
            "crisiswatch.yaml:12:86: CW027: `id` is not an account's number; X tells the number of @name at /2/users/by/username/name",
        ),
    ),
)
