"""What must fit together over several files: names, levels, routes; and what is legal but looks like a mistake."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import PurePath

from crisiswatch.config import schema_config as schema
from crisiswatch.config.check_apprise import check_apprise
from crisiswatch.config.check_x import check_x
from crisiswatch.config.common_words import COMMON_WORDS
from crisiswatch.config.document import Document, Where, did_you_mean, shown
from crisiswatch.config.schema_config import RECEIVER_TYPES, SOURCE_TYPES, plug_in_names
from crisiswatch.config.schema_receivers import AppriseModel
from crisiswatch.config.schema_sources import XModel
from crisiswatch.config.secrets import Secret
from crisiswatch.detector import names as all_detectors
from crisiswatch.matching import BrandTerms
from crisiswatch.sentiment import scorer_names as all_scorers

__all__ = ["Found", "check_alerts", "check_config", "check_references", "check_rules", "ids"]


@dataclass(frozen=True, slots=True)
class Found:
    """Something with an id, as written: in which file, where, and the id."""

    document: Document
    where: Where
    id: str


@cache
def detector_names() -> tuple[str, ...]:
    """Asked for once: looking for plug-ins reads the whole environment."""
    return all_detectors()


@cache
def scorer_names() -> tuple[str, ...]:
    """The same for scorers."""
    return all_scorers()


def ids(document: Document, part: Where, field: str = "id") -> list[Found]:
    """The ids of the items of a list, as far as they can be made out."""
    items = document.get(part)
    found = []
    for at in range(len(items) if isinstance(items, list) else 0):
        name = document.get((*part, at, field))
        if isinstance(name, str):
            found.append(Found(document, (*part, at, field), name))
    return found


def unique(things: Iterable[Found], kind: str) -> None:
    """Note every id that was used before."""
    first: dict[str, Found] = {}
    for thing in things:
        before = first.setdefault(thing.id, thing)
        if before is not thing:
            file, line, _ = before.document.place(before.where)
            place = f"on line {line}" if before.document is thing.document else f"in {file}, line {line}"
            message = f"there is another {kind} {shown(thing.id)} {place}"
            thing.document.report("CW050", thing.where, message, "give each its own id")


def known(document: Document, where: Where, names: Collection[str], code: str, what: str) -> None:
    """Note a name, or each name of a list, that is none of ``names``."""
    value = document.get(where)
    if isinstance(value, list):
        for at in range(len(value)):
            known(document, (*where, at), names, code, what)
    elif isinstance(value, str) and value not in names:
        document.report(code, where, f"there is no {what} {shown(value)}", did_you_mean(value, sorted(names)))


def check_config(document: Document) -> None:
    """What must fit together inside ``crisiswatch.yaml``."""
    for kind in ("brands", "sources", "receivers"):
        unique(ids(document, (kind,)), kind[:-1])
    for kind, types in (
        ("sources", (*SOURCE_TYPES, *plug_in_names("sources"))),
        ("receivers", (*RECEIVER_TYPES, *plug_in_names("notifiers"))),
    ):
        for at in range(_length(document, (kind,))):
            known(document, (kind, at, "type"), types, "CW038", f"kind of {kind[:-1]}")
    for field in ("scorer", "fallback"):
        known(document, ("sentiment", field), scorer_names(), "CW038", "scorer")
    _check_model(document)
    known(document, ("detector",), detector_names(), "CW038", "detector")
    brands = {one.id for one in ids(document, ("brands",))}
    receivers = {one.id for one in ids(document, ("receivers",))}
    for at in range(_length(document, ("sources",))):
        known(document, ("sources", at, "brand"), brands, "CW053", "brand")
    for at in range(_length(document, ("calendar",))):
        if document.get(("calendar", at, "brands")) != "all":
            known(document, ("calendar", at, "brands"), brands, "CW053", "brand")
    _check_told(document, brands, receivers)
    for at in range(_length(document, ("brands",))):
        _check_terms(document, ("brands", at))


def _check_told(document: Document, brands: Collection[str], receivers: Collection[str]) -> None:
    """Whoever is told is a receiver, and of a brand."""
    for part in ("routes", "escalation", "quiet_hours"):
        for at in range(_length(document, (part,))):
            known(document, (part, at, "brands"), brands, "CW053", "brand")
            known(document, (part, at, "receivers"), receivers, "CW054", "receiver")


def _check_model(document: Document) -> None:
    """Look into the folder of a model, as far as that costs nothing."""
    where: Where = ("sentiment", "folder")
    folder = document.get(where)
    if not isinstance(folder, str) or not folder.strip() or "\0" in folder:
        return
    from crisiswatch.sentiment.heavy import ModelFolderError, look_into  # numpy comes with it

    try:
        for note in look_into(document.path.parent / folder):
            hint = "if that is wrong, name them in id2label of config.json"
            document.report("CW078", where, note, hint, severity="warning")
    except ModelFolderError as error:
        document.report("CW059", where, f"{shown(folder)} is no model: {error.wrong}", error.remedy)


def check_suspicions(model: schema.ConfigFile, document: Document) -> None:
    """What is legal in ``crisiswatch.yaml`` but looks like a mistake."""
    if model.retention.texts > model.retention.counts:
        message = "texts are kept longer than the counts made of them"
        document.report("CW075", ("retention",), message, "raise `counts` or lower `texts`", severity="warning")
    for at, receiver in enumerate(model.receivers):
        _check_receiver(receiver, ("receivers", at), document)
    terms = [
        BrandTerms(one.id, (*one.handles.official, *one.handles.care), (one.name, *one.any), one.none)
        for one in model.brands
    ]
    for at, source in enumerate(model.sources):
        if isinstance(source, XModel):
            check_x(source, ("sources", at), terms, document)
    for at, (before, rung) in enumerate(pairwise(model.escalation), 1):
        if rung.after <= before.after:
            message = "this rung does not come later than the one before it"
            document.report("CW083", ("escalation", at, "after"), message, "write the rungs in the order of `after`")
    if not model.sources:
        message = "there are no sources, so nothing is watched"
        document.report("CW077", (), message, "add `sources:`", severity="warning")


def _check_receiver(receiver: schema.AnyReceiver, where: Where, document: Document) -> None:
    if isinstance(receiver, schema.EmailModel):
        local = receiver.host in {"localhost", "127.0.0.1", "::1"}
        if receiver.security == "none" and receiver.password and not local:
            message = "the mail password goes over the network in the clear"
            hint = "write `security: starttls` or `security: tls`"
            document.report("CW076", (*where, "security"), message, hint, severity="warning")
    elif isinstance(receiver, schema.SlackModel):
        _check_buttons(receiver, where, document)
    elif isinstance(receiver, AppriseModel):
        check_apprise(receiver, (*where, "url"), document)


def _check_buttons(receiver: schema.SlackModel, where: Where, document: Document) -> None:
    if receiver.app_token is not None and receiver.signing_secret is not None:
        message = "a Slack app sends what is pressed one way only, and this waits for it both ways"
        hint = "keep `app_token` if Socket Mode is on in the app's settings, else `signing_secret`"
        document.report("CW082", (*where, "signing_secret"), message, hint, severity="warning")
    tokens = {"token": receiver.token, "app_token": receiver.app_token, "signing_secret": receiver.signing_secret}
    first: dict[Secret, str] = {}
    for name, secret in tokens.items():
        if secret is not None and first.setdefault(secret, name) != name:
            message = f"`{name}` is read from the same place as `{first[secret]}`, and they are never the same"
            hint = "the bot token is xoxb-..., the app-level token xapp-..., the signing secret 32 letters and digits"
            document.report("CW062", (*where, name), message, hint)


def _length(document: Document, where: Where) -> int:
    items = document.get(where)
    return len(items) if isinstance(items, list) else 0


def _check_terms(document: Document, where: Where) -> None:
    contradiction(document, (*where, "any"), (*where, "none"))
    for at in range(_length(document, (*where, "any"))):
        term = document.get((*where, "any", at))
        if isinstance(term, str) and (term.casefold() in COMMON_WORDS or 0 < len(term.strip()) <= 2):
            message = f"the term {shown(term)} is so common that it will catch posts about anything"
            hint = "use a longer phrase, a handle or a hashtag, or add `none` terms"
            document.report("CW070", (*where, "any", at), message, hint, severity="warning")


def contradiction(document: Document, wanted: Where, refused: Where) -> None:
    """Note each word of ``refused`` that is also asked for."""
    words = document.get(wanted)
    asked = {word.casefold() for word in words if isinstance(word, str)} if isinstance(words, list) else set()
    for at in range(_length(document, refused)):
        word = document.get((*refused, at))
        if isinstance(word, str) and word.casefold() in asked:
            message = f"{shown(word)} is also in `{wanted[-1]}`, so it can never count"
            document.report("CW056", (*refused, at), message, "delete it from one of the two")


def check_rules(documents: Sequence[Document]) -> None:
    """What must fit together among the rules, whatever else is wrong with them."""
    things = [thing for document in documents for thing in ids(document, ("rules",))]
    unique(things, "rule")
    whole = not any(document.broken for document in documents)
    names = {thing.id for thing in things}
    for document in documents:
        for at in range(_length(document, ("rules",))):
            rule: Where = ("rules", at)
            contradiction(document, (*rule, "mentions", "words"), (*rule, "mentions", "ignore_words"))
            known(document, (*rule, "detector"), detector_names(), "CW038", "detector")
            _check_unless(document, rule, names, whole)


def _check_unless(document: Document, rule: Where, names: Collection[str], whole: bool) -> None:
    own = document.get((*rule, "id"))
    for at in range(_length(document, (*rule, "unless_open"))):
        where = (*rule, "unless_open", at)
        if document.get(where) == own and isinstance(own, str):
            document.report("CW052", where, "a rule can't wait for itself", "name another rule")
        elif whole:
            known(document, where, names, "CW052", "rule")


def check_alerts(documents: Sequence[Document]) -> None:
    """An alert has one file for each language; one that is named otherwise than its alert is fine."""
    languages: dict[str, list[Found]] = {}
    for document in documents:
        if isinstance(name := document.get(("alert",)), str):
            language = document.get(("language",))
            written = language if isinstance(language, str) else "en"
            languages.setdefault(written, []).append(Found(document, ("alert",), name))
    for things in languages.values():
        unique(things, "alert")


def check_references(config: Document, rules: Sequence[Document], alerts: Sequence[Document]) -> None:
    """Rules name alerts and brands that exist. What a broken file might have held is given the benefit of the doubt."""
    names = {name for one in alerts if isinstance(name := one.get(("alert",)), str)}
    brands = {one.id for one in ids(config, ("brands",))}
    alerts_whole = not any(one.broken for one in alerts)
    receivers = {one.id for one in ids(config, ("receivers",))}
    for document in alerts:
        for at in range(_length(document, ("playbook",)) if not config.broken else 0):
            known(document, ("playbook", at, "webhook"), receivers, "CW054", "receiver")
    for document in rules:
        for at in range(_length(document, ("rules",))):
            if alerts_whole:
                known(document, ("rules", at, "alert"), names, "CW051", "alert")
            if not config.broken and document.get(("rules", at, "brands")) != "all":
                known(document, ("rules", at, "brands"), brands, "CW053", "brand")


def is_rule_file(path: PurePath) -> bool:
    """Whether a file in a rules directory holds rules: YAML, no test, nothing hidden."""
    return path.suffix in {".yaml", ".yml"} and not path.stem.endswith(".test")
