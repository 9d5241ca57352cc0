"""The themes file as a schema: what mentions may be about, described by whoever knows the brand."""

from __future__ import annotations

from pydantic import Field

from crisiswatch.config.fields import Id, Language, Section, Version, Words

__all__ = ["ThemesFile"]


class ThemeModel(Section):
    """Something that people write about."""

    id: Id
    """The theme's name in rules; one that ships is replaced by yours with its name."""
    name: dict[Language, Words] = Field(default_factory=dict)
    """What it is called in alerts, by language; its id if left out."""
    sentences: dict[Language, Words] = Field(min_length=1)
    """What a customer would write about it, one sentence a language: a text belongs to the theme it is nearest to in
    meaning, in whatever language it is written."""


class ThemesFile(Section):
    """A file of themes: WHAT mentions may be about, beside the themes that ship."""

    version: Version = 1
    """The version of the format: 1."""
    themes: tuple[ThemeModel, ...] = ()
    """Your own themes."""
    leave_out: tuple[Id, ...] = ()
    """Themes that ship and do not fit your business."""
