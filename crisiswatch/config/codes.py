"""Every code a problem may carry, with its cause and what to do: for ``crisiswatch check --explain`` and the docs."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CODES", "CodeInfo", "explain_code"]


@dataclass(frozen=True, slots=True)
class CodeInfo:
    """One code: a title, how it comes about, and how to mend it."""

    title: str
    cause: str
    fix: str


CODES: dict[str, CodeInfo] = {
    "CW001": CodeInfo(
        "A file or directory can't be read",
        "It does not exist, is of the wrong kind, or the user crisiswatch runs as may not read it.",
        "Check the path, which is relative to crisiswatch.yaml, and the permissions.",
    ),
    "CW002": CodeInfo(
        "The file is too large", "A configuration file may have 1 MiB at most.", "Split it into several files."
    ),
    "CW003": CodeInfo(
        "The file is not clean UTF-8",
        "It was saved in another encoding, or holds a control character.",
        "Save it as UTF-8 and delete the character at the place named.",
    ),
    "CW004": CodeInfo(
        "The file begins with a byte order mark",
        "Some editors, such as Notepad, put an invisible mark before the first letter. It does no harm here.",
        "Save the file as UTF-8 without BOM.",
    ),
    "CW005": CodeInfo(
        "A tab in the indentation", "YAML does not allow tabs there.", "Set your editor to indent with spaces."
    ),
    "CW006": CodeInfo(
        "The YAML can't be understood",
        "A quote or bracket is open, the indentation does not fit, or a text has signs that mean something in YAML.",
        "Follow the hint. When in doubt put the text in double quotes.",
    ),
    "CW007": CodeInfo(
        "A field is written twice",
        "One mapping has the same field twice; which of the two is meant can't be known.",
        "Delete one of the two.",
    ),
    "CW008": CodeInfo(
        "An alias that can't be followed",
        "An alias (`*name`) has no anchor above it, or aliases and values are so many that the file would explode.",
        "Write the values out.",
    ),
    "CW009": CodeInfo("A merge key", "`<<` is not part of YAML 1.2.", "Write the fields out."),
    "CW010": CodeInfo(
        "A tag", "Tags such as `!!int` or `!secret` are not supported.", "Leave it out; quote a text to keep it text."
    ),
    "CW011": CodeInfo(
        "More than one document", "The file has a second `---`.", "Put the second part into a file of its own."
    ),
    "CW012": CodeInfo(
        "An unknown field",
        "The field is misspelt, or stands at the wrong depth of indentation.",
        "Use the name that the hint suggests; `crisiswatch schema` lists all of them.",
    ),
    "CW013": CodeInfo("An empty file", "There is nothing in it but comments.", "Fill it, or delete it."),
    "CW014": CodeInfo(
        "Nested too deeply", "Mappings or lists inside each other go too deep.", "Count the brackets."
    ),
    "CW015": CodeInfo(
        "A field without a plain name", "A list, a mapping or nothing stands where a field's name belongs.",
        "Write `name: value`.",
    ),
    "CW016": CodeInfo("A directive", "A line that begins with `%` is not supported.", "Delete the line."),
    "CW020": CodeInfo("A field is missing", "The field has no default.", "Add it as the hint shows."),
    "CW021": CodeInfo(
        "The wrong kind of value",
        "A list, a mapping, a text, a number or true/false is wanted and something else is written.",
        "Write the kind that is named.",
    ),
    "CW022": CodeInfo("Not one of the possible words", "The field takes only certain words.", "Use one of them."),
    "CW023": CodeInfo("A number out of range", "The number is too small or too large.", "Stay within the range named."),
    "CW024": CodeInfo(
        "Too little or too much", "A text or list is empty, or longer than allowed.", "Fill or shorten it."
    ),
    "CW025": CodeInfo(
        "Not a length of time",
        "A time needs a number and a unit: s, m, h or d.",
        "Write 30s, 15m, 6h, 14d or 1h30m.",
    ),
    "CW026": CodeInfo(
        "A length of time out of range", "It is too short, too long, or not in whole minutes.", "Write one that fits."
    ),
    "CW027": CodeInfo(
        "Not an id",
        "Ids go into metrics, addresses and file names.",
        "Use lower-case letters, digits, hyphens and underscores, at most 64.",
    ),
    "CW028": CodeInfo("Not a time of day", "It is not hours and minutes on a 24-hour clock.", "Write 08:00 or 22:30."),
    "CW029": CodeInfo(
        "No such time zone", "The name is not in the time zone database.", "Write a name like Europe/Rome, or UTC."
    ),
    "CW030": CodeInfo("Not a language", "Languages are two or three small letters.", "Write it, en, es, fr, de ..."),
    "CW031": CodeInfo(
        "A secret in the file",
        "A token, password or key is written where anybody who can read or copy the file sees it.",
        "Write {env: NAME} or {file: PATH}, and change the secret if the file has been shared.",
    ),
    "CW032": CodeInfo(
        "A reference to a secret that can't be read",
        "It must have exactly one of `env` (capitals, digits, underscores) and `file` (a path).",
        "Write {env: SLACK_BOT_TOKEN} or {file: /run/secrets/slack}.",
    ),
    "CW033": CodeInfo(
        "A secret is not there",
        "The environment variable is not set, or the file can't be read or is empty. `check` warns; `run` refuses.",
        "Set the variable or create the file where crisiswatch runs.",
    ),
    "CW034": CodeInfo(
        "A password in an address", "The address has a user name or password before the @.",
        "Take the whole address from the environment where that is possible, or leave the password out.",
    ),
    "CW035": CodeInfo("Not an address", "A web or database address is malformed.", "Write it as the hint shows."),
    "CW036": CodeInfo("Not an e-mail address", "It has no @, or more around it.", "Write the bare address."),
    "CW037": CodeInfo(
        "An unknown version", "The file is made for another version of crisiswatch.", "Write `version: 1`."
    ),
    "CW038": CodeInfo(
        "An unknown kind",
        "There is no source, receiver, scorer or detector of that name, built in or from an installed package.",
        "Check the spelling, or install the package that brings it.",
    ),
    "CW039": CodeInfo("Half a pair", "Of two fields that belong together one is given alone.", "Give both or neither."),
    "CW040": CodeInfo("Nothing to judge", "A level or block has no condition.", "Add one, for example a count."),
    "CW041": CodeInfo("An unknown measure", "There is no measure of that name.", "Use the name the hint suggests."),
    "CW042": CodeInfo(
        "A bare value for a measure",
        "A measure needs to be told whether the value is a floor or a ceiling.",
        "Write count: {at_least: 20}.",
    ),
    "CW043": CodeInfo("A measure without a bound", "Neither `at_least` nor `at_most` is given.", "Give one of them."),
    "CW044": CodeInfo("A condition that can't hold", "`at_least` is above `at_most`.", "Swap them, or delete one."),
    "CW045": CodeInfo(
        "Growth against nothing", "`growth` compares with another period, which must be named.",
        "Add `against: previous_window` or `against: same_hours_last_week`.",
    ),
    "CW046": CodeInfo(
        "Surprise in numbers", "`surprise` takes words, because its scale is false alarms a month.",
        "Write elevated (10 a month), high (1 a month) or extreme (1 in ten months).",
    ),
    "CW048": CodeInfo(
        "A higher level asks for less",
        "A measure has a lower floor in a higher level than in a lower one. Levels are checked one by one, so the "
        "lower level may never be seen.",
        "Raise the floor of the higher level, or check that the levels have not been mixed up.",
    ),
    "CW049": CodeInfo(
        "A condition that always holds", "At least zero is always true.", "Raise the number, or delete the line."
    ),
    "CW050": CodeInfo("An id is used twice", "Two things of a kind have the same id.", "Rename one of them."),
    "CW051": CodeInfo("No such alert", "A rule names an alert that no alert file defines.", "Check the name."),
    "CW052": CodeInfo("No such rule", "A rule names another rule that does not exist, or itself.", "Check the name."),
    "CW053": CodeInfo("No such brand", "The brand is not in crisiswatch.yaml.", "Check the id."),
    "CW054": CodeInfo("No such receiver", "The receiver is not in crisiswatch.yaml.", "Check the id."),
    "CW055": CodeInfo("No hours at all", "A period begins and ends at the same time.", "For all day: 00:00 to 24:00."),
    "CW056": CodeInfo(
        "A word that is asked for and refused", "The same word stands in both lists, so it never counts.",
        "Delete it from one of the lists.",
    ),
    "CW057": CodeInfo(
        "Not a moment", "It is not a day with a time and its distance from UTC, or there is no such day.",
        "Write it like 2026-06-14T20:00:00+02:00, or with Z for UTC.",
    ),
    "CW058": CodeInfo(
        "An event that can't be", "It ends before it begins, or lasts longer than the week after which it repeats.",
        "Correct `start`, `end` or `repeats`.",
    ),
    "CW059": CodeInfo(
        "Not the folder of a model",
        "`sentiment: {folder: ...}` names a folder that is missing, lacks a file of the model, or holds a model that"
        " does not tell negative, neutral and positive apart; or the library that runs it is not installed.",
        "Follow the hint. The folder is seen from crisiswatch.yaml; models are never downloaded.",
    ),
    "CW060": CodeInfo(
        "An unknown placeholder", "The words of an alert may use only known placeholders.",
        "Use the one the hint suggests.",
    ),
    "CW061": CodeInfo(
        "A brace that is not a placeholder", "A brace is open, empty, or holds more than a name.",
        "Write {name} with a known name; use ( and ) instead of braces.",
    ),
    "CW062": CodeInfo(
        "One secret for two things", "Two of a Slack receiver's token, app_token and signing_secret are the same.",
        "Give each its own: the bot token is xoxb-..., the app-level token xapp-..., the signing secret neither.",
    ),
    "CW063": CodeInfo(
        "A brand whose people may read another language",
        "It is spoken of in one language that there are alerts in, and what its people read is in English.",
        "Write `language:` with it, or `language: en` if English is meant.",
    ),
    "CW064": CodeInfo(
        "No such theme", "The theme is neither one that ships nor in the themes file.",
        "Check the spelling, or describe the theme in themes.yaml.",
    ),
    "CW065": CodeInfo(
        "Themes that nobody finds", "A rule counts mentions by theme, and the scorer has no encoder to find them with.",
        "Write `sentiment: {scorer: lite}`, beside a `folder` `fallback: lite`, or take `themes` out of the rule.",
    ),
    "CW066": CodeInfo(
        "A query that X refuses", "The brand's terms, or the `query` written by hand, make no query that X takes.",
        "Do what the hint says; the limits are on the page about sources.",
    ),
    "CW067": CodeInfo(
        "Two things that do not go together",
        "A label has a name that Alertmanager refuses or crisiswatch sets itself, or a receiver has two accounts.",
        "Follow the hint.",
    ),
    "CW068": CodeInfo(
        "An optional part is not installed",
        "A receiver of the kind apprise needs a library that crisiswatch does not bring by itself.",
        "Install it where crisiswatch runs: pip install 'crisiswatch[apprise]'.",
    ),
    "CW069": CodeInfo(
        "Not an address that apprise knows",
        "The secret that `url` refers to does not have the form of any service's address.",
        "Look the service's form up in apprise's documentation; it is never shown here, because it is a secret.",
    ),
    "CW070": CodeInfo(
        "A term that catches everything",
        "The term is one common word, so posts that have nothing to do with the brand will be counted.",
        "Use a longer phrase, a handle or a hashtag, or add `none` terms.",
    ),
    "CW071": CodeInfo(
        "A route nobody takes", "No active rule can open an incident of these levels and brands.",
        "Check the levels and brands, or delete the route.",
    ),
    "CW072": CodeInfo(
        "A rule nobody hears of", "No route takes the incidents of this rule, so they reach no receiver.",
        "Add a route, or set `status: trial`.",
    ),
    "CW073": CodeInfo("An alert nobody uses", "No rule names it.", "Name it in a rule, or delete the file."),
    "CW074": CodeInfo("A receiver nobody uses", "No route leads to it.", "Add it to a route, or delete it."),
    "CW075": CodeInfo(
        "Texts kept longer than counts", "Old texts would stay without the counts that explain them.",
        "Raise `counts`, or lower `texts`.",
    ),
    "CW076": CodeInfo(
        "A password sent in the clear", "The mail server is reached without encryption.",
        "Use `security: starttls` or `tls`.",
    ),
    "CW077": CodeInfo(
        "Nothing is watched", "There are no rules, or no sources, so no alert can ever come.",
        "Add some; `crisiswatch init DIR` writes a set to begin with.",
    ),
    "CW078": CodeInfo(
        "A model that does not name its classes",
        "They are only numbered, and are read in the order negative, neutral, positive.",
        "Name them in `id2label` of the model's config.json.",
    ),
    "CW080": CodeInfo(
        "A test that does not make sense", "Fields of a made-up mention or of an expectation contradict each other.",
        "Follow the hint.",
    ),
    "CW081": CodeInfo(
        "A test of something that is not there", "The test names a rule or a rule file that does not exist.",
        "Check the name, which is relative to the test's own file.",
    ),
    "CW082": CodeInfo(
        "Buttons both ways", "A Slack receiver has an app_token and a signing_secret, and its app uses one of them.",
        "Keep `app_token` where Socket Mode is on in the app's settings, else `signing_secret`.",
    ),
    "CW083": CodeInfo(
        "Rungs out of order", "A rung of `escalation` does not come later than the one before it.",
        "Write the rungs in the order of `after`.",
    ),
}  # fmt: skip


def explain_code(code: str) -> str:
    """The whole story of a code for a person; raises KeyError for an unknown one."""
    info = CODES[code.upper()]
    return f"{code.upper()}: {info.title}\n\nCause: {info.cause}\nMend: {info.fix}\n"
