"""Kinds of sources and receivers that other installed packages bring."""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from typing import Any, ClassVar, Self

from pydantic import ConfigDict, Discriminator, model_validator

from crisiswatch.config.fields import Id, Section, Words, secret

__all__ = ["PlugInModel", "kind_of", "plug_in_names"]


@cache
def plug_in_names(group: str) -> tuple[str, ...]:
    """Names that installed packages offer in the entry-point group ``crisiswatch.{group}``."""
    return tuple(sorted(point.name for point in entry_points(group=f"crisiswatch.{group}")))


class PlugInModel(Section):
    """A kind that another installed package brings; its options are its own."""

    model_config = ConfigDict(extra="allow")
    TAG: ClassVar[str] = "plug-in"
    id: Id
    """The name in routes, metrics and alerts."""
    type: Words
    """The kind, as the package names it."""

    @model_validator(mode="after")
    def _refer(self) -> Self:
        _find_secrets(self.model_extra or {})
        return self

    def options(self) -> dict[str, object]:
        """The options as written, with secrets in place of references to them."""
        found = _find_secrets(self.model_extra or {})
        return found if isinstance(found, dict) else {}


def _find_secrets(value: object) -> object:
    if isinstance(value, dict):
        if set(value) in ({"env"}, {"file"}):
            return secret(value)
        return {key: _find_secrets(item) for key, item in value.items()}
    return [_find_secrets(item) for item in value] if isinstance(value, list) else value


def kind_of(known: tuple[str, ...]) -> Any:
    """Choose the model by ``type``: one of ``known``, else a plug-in."""

    def tag(value: Any) -> str:
        kind = value.get("type") if isinstance(value, dict) else None
        return kind if isinstance(kind, str) and kind in known else "plug-in"

    return Discriminator(tag)
