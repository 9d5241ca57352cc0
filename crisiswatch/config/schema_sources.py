"""The sources of ``crisiswatch.yaml``, one model a kind.

A new kind is a model here, a row in `AnySource`, and a factory in `crisiswatch.wiring`: what the model holds is handed
to it as a mapping, with secrets that know the place that asks for them.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field, Tag

from crisiswatch.config.fields import Id, Period, SecretRef, Section, Url, Words, lasting
from crisiswatch.config.schema_plug_ins import PlugInModel, kind_of

__all__ = ["SOURCE_TYPES", "AnySource", "FeedModel", "FilesModel", "SourceModel", "SourcePlugIn", "WebhookModel"]

SOURCE_TYPES = ("feed", "files", "webhook")


class SourceModel(Section):
    """What every source has."""

    id: Id
    """The source's name in metrics and alerts."""
    brand: Id | None = None
    """Everything from this source is about this brand; by its words if left out."""

    def options(self) -> dict[str, object]:
        """What the source's factory is handed: every field of the kind's own."""
        return {name: getattr(self, name) for name in type(self).model_fields if name not in {"id", "type", "brand"}}


class FeedModel(SourceModel):
    """An RSS or Atom feed."""

    TAG: ClassVar[str] = "feed"
    type: Literal["feed"]
    """The kind of source: feed."""
    url: Url
    """The feed's web address."""
    every: Period = lasting("5m")
    """How often it is fetched."""
    timeout: Period = lasting("20s")
    """How long one request may take."""


class FilesModel(SourceModel):
    """Files of mentions, as JSON Lines or CSV."""

    TAG: ClassVar[str] = "files"
    type: Literal["files"]
    """The kind of source: files."""
    path: Words
    """A file or a directory, relative to this file; *.jsonl, *.csv, also .gz; it is tailed."""
    every: Period = lasting("10s")
    """How often it is looked at."""


class WebhookModel(SourceModel):
    """Mentions that another system sends to POST /hooks/ID, signed."""

    TAG: ClassVar[str] = "webhook"
    type: Literal["webhook"]
    """The kind of source: webhook."""
    secret: SecretRef
    """The key of the signature: {env: NAME} or {file: PATH}."""
    tolerance: Period = lasting("5m")
    """How old a signature may be."""


class SourcePlugIn(PlugInModel, SourceModel):
    """A source that another installed package brings; its options are its own."""

    model_config = ConfigDict(extra="allow")
    type: Words = Field(json_schema_extra={"not": {"enum": [*SOURCE_TYPES]}})
    """The kind, as the package names it."""


AnySource = Annotated[
    Annotated[FeedModel, Tag("feed")]
    | Annotated[FilesModel, Tag("files")]
    | Annotated[WebhookModel, Tag("webhook")]
    | Annotated[SourcePlugIn, Tag("plug-in")],
    kind_of(SOURCE_TYPES),
]
