"""pydantic's errors in our words, at the place in the file where they belong."""

from __future__ import annotations

import re
import typing
from collections.abc import Iterator
from types import UnionType
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from crisiswatch.config.document import Document, Where, did_you_mean, has, secretish, shown
from crisiswatch.config.schema_rules import BlockModel, Bound, measure_plug_ins

__all__ = ["salvage", "validate"]

_EXAMPLES = {
    "version": "version: 1",
    "window": "window: 15m",
    "alert": "alert: negative-wave",
    "id": "id: a-short-name",
    "title": "title: what it notices",
    "levels": "levels: {warning: {count: {at_least: 20}}}",
    "rules": "rules: [ ... ]",
    "brands": "brands: [ ... ]",
    "start": "start: 08:00",
    "end": "end: 22:00",
    "calendar.start": "start: 2026-06-14T20:00:00+02:00",
    "calendar.end": "end: 2026-06-14T23:00:00+02:00",
    "timezone": "timezone: Europe/Rome",
    "receivers": "receivers: [console]",
    "headline": 'headline: "{brand}: what is going on"',
    "from": "from: crisiswatch@example.com",
    "to": "to: [press@example.com]",
    "secret": "secret: {env: NAME}",
    "token": "token: {env: SLACK_BOT_TOKEN}",
    "type": "type: files",
}
_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping of fields",
    "model_type": "a mapping of fields",
    "model_attributes_type": "a mapping of fields",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


Model = TypeVar("Model", bound=BaseModel)


def salvage(model: type[Model], document: Document, where: Where) -> Model | None:
    """The same, without a word: to look at what is right in a file where something else is wrong."""
    try:
        return model.model_validate(document.get(where))
    except ValidationError:
        return None


def validate(model: type[Model], document: Document) -> Model | None:
    """The document as ``model``; None, with problems noted, where it is wrong."""
    before = len(document.problems)
    try:
        return _nothing_empty(document, model.model_validate(document.data))
    except ValidationError as error:
        for details in error.errors(include_url=False):
            _report(model, document, details)
    _nothing_empty(document, None, before)
    return None


def _nothing_empty(document: Document, model: Model | None, before: int = 0) -> Model | None:
    """Note every field without a value: to somebody who wrote ``count:`` it is not the same as leaving it out."""
    noted = {(problem.line, problem.column) for problem in document.problems[before:]}
    for where, span in document.values.items():
        if any(secretish(str(step)) for step in where[:-1]):
            continue  # somebody may have written the secret itself as a field's name
        written = has(document.get(where[:-1]), where[-1]) if where else False
        key = document.keys.get(where, span)
        if written and document.get(where) is None and (key.line, key.column) not in noted:
            hint = "fill it in, or delete the line"
            document.report("CW021", where, f"{_name(where)} has no value", hint, on_key=True)
            model = None
    return model


def _report(root: type[BaseModel], document: Document, error: ErrorDetails) -> None:
    loc = error["loc"]
    where, rest = _written(document, loc)
    kind = error["type"]
    if kind not in {"missing", "extra_forbidden"} and document.get(where) is None and where:
        return  # a field without a value is told in one way, whatever was wanted
    if kind == "ours":
        _report_ours(document, where, error)
    elif kind == "missing":
        _report_missing(document, where, str(loc[-1]))
    elif kind == "extra_forbidden":
        _report_unknown(document, where, root, loc)
    elif kind in _WANTED:
        _report_kind(document, where, _WANTED[kind])
    elif kind == "literal_error":
        words = re.findall(r"'([^']*)'", str(error.get("ctx", {}).get("expected", "")))
        value = shown(document.get(where), where)
        document.report("CW022", where, f"{_name(where)} can't be {value}", did_you_mean(document.get(where), words))
    elif kind in _LIMITS:
        _report_limit(document, where, error)
    else:
        _report_size(document, where, error, rest)


def _written(document: Document, loc: Where) -> tuple[Where, Where]:
    """The part of pydantic's location that is written in the file (it also names variants of a union), and the rest."""
    where: Where = ()
    rest: Where = ()
    for step in loc:
        if (*where, step) in document.values or has(document.get(where), step):
            where, rest = (*where, step), ()
        else:
            rest = (*rest, step)
    return where, rest


def _name(where: Where) -> str:
    """The field's name for a message; an item of a list goes by the list's name."""
    names = [step for step in where if isinstance(step, str)]
    if not names:
        return "the file"
    return f"an item of `{names[-1]}`" if isinstance(where[-1], int) else f"`{names[-1]}`"


def _report_ours(document: Document, where: Where, error: ErrorDetails) -> None:
    context = error.get("ctx", {})
    value = document.get(where)
    plain = _name(where).replace("`", "")

    def fill(text: str) -> str:
        text = text.replace("`{field}`", _name(where)).replace("{field}", plain)
        return text.replace("{value}", shown(value, where))

    document.report(context["code"], where, fill(context["message"]), fill(context["hint"]))


def _report_missing(document: Document, where: Where, field: str) -> None:
    own = f"{where[0]}.{field}" if where else field
    hint = f"add `{_EXAMPLES.get(own) or _EXAMPLES.get(field, f'{field}: ...')}`"
    owner = f" in {_name(where)}" if where else ""
    document.report("CW020", where, f"`{field}` is missing{owner}", hint)


def _report_unknown(document: Document, where: Where, root: type[BaseModel], loc: Where) -> None:
    name = where[-1] if where else ""
    model = _model_at(root, loc[:-1])
    known = tuple(field.alias or key for key, field in model.model_fields.items()) if model else ()
    known = tuple(key for key in known if not key.startswith("\0"))
    if model is BlockModel:
        hint = did_you_mean(name, (*known, *measure_plug_ins()))
        document.report("CW041", where, f"there is no measure {shown(name)}", hint, on_key=True)
        return
    hint = did_you_mean(name, known)
    if name == "against" and model is not None and issubclass(model, Bound):
        hint = "`against` belongs to `growth`"
    if isinstance(name, str) and " " in name and document.get(where) is None:
        hint = "if this belongs to the text before it, put the whole text in double quotes: in { } a comma ends it"
    document.report("CW012", where, f"there is no field {shown(name)} here", hint, on_key=True)


def _report_kind(document: Document, where: Where, wanted: str) -> None:
    value = document.get(where)
    hint = ""
    if wanted == "a list" and not isinstance(value, dict | list) and value is not None:
        text = shown(value, where).strip("`")
        hint = f"write [{text}]" if shown(value, where).startswith("`") else "write it in [ ]"
    elif wanted in {"a whole number", "a number"} and isinstance(value, str):
        hint = "use at most 15 digits" if value.isdigit() else "write the number without quotes and units"
    document.report("CW021", where, f"{_name(where)} must be {wanted}, not {shown(value, where)}", hint)


def _report_limit(document: Document, where: Where, error: ErrorDetails) -> None:
    words, key = _LIMITS[error["type"]]
    limit = error.get("ctx", {})[key]
    value = shown(document.get(where), where)
    document.report("CW023", where, f"{_name(where)} must be {words} {limit:g}, not {value}")


def _report_size(document: Document, where: Where, error: ErrorDetails, rest: Where) -> None:
    context = error.get("ctx", {})
    written = document.get(where)
    if error["type"] == "too_short":
        if isinstance(written, list | dict) and len(written) >= context.get("min_length", 1):
            return  # it is long enough, but for items that were refused and are reported themselves
        document.report("CW024", where, f"{_name(where)} is an empty list", "name at least one, or delete the line")
    elif error["type"] == "too_long" and not isinstance(written, str):
        wanted = context.get("max_length")
        document.report("CW024", where, f"{_name(where)} may have at most {wanted} items", "shorten the list")
    elif error["type"] in {"string_too_long", "too_long"}:
        wanted = context.get("max_length")
        document.report("CW024", where, f"{_name(where)} is longer than {wanted} characters", "shorten it")
    elif error["type"] == "finite_number":
        document.report("CW023", where, f"{_name(where)} must be a number that can be counted to", "write a number")
    else:
        hidden = secretish(str(rest)) or any(secretish(str(step)) for step in where)
        value = "" if hidden else f": {shown(document.get(where), where)}"
        document.report("CW021", where, f"{_name(where)} can't be read{value}", "see `crisiswatch schema`")


def _model_at(root: type[BaseModel], loc: Where) -> type[BaseModel] | None:
    """The model that describes the mapping at a location."""
    candidates = [root]
    for step in loc:
        if isinstance(step, int):
            continue
        fields = [
            field for model in candidates for key, field in model.model_fields.items() if step in (key, field.alias)
        ]
        if fields:
            candidates = [model for field in fields for model in _models(field.annotation)]
        elif tagged := [model for model in candidates if getattr(model, "TAG", None) == step]:
            candidates = tagged
    return candidates[0] if candidates else None


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    origin = typing.get_origin(annotation)
    if isinstance(annotation, type) and origin is None and issubclass(annotation, BaseModel):
        yield annotation
    elif origin is not None or isinstance(annotation, UnionType):
        for part in typing.get_args(annotation):
            yield from _models(part)
