"""The one error of this package, and how it quotes another's."""

from __future__ import annotations

from pathlib import Path

from crisiswatch.errors import CrisiswatchError

__all__ = ["ModelFolderError", "brief"]


class ModelFolderError(CrisiswatchError):
    """A folder does not hold a classifier that can be used here.

    The message names the folder, what is wrong, and what to do about it.
    """

    def __init__(self, folder: Path, wrong: str, remedy: str) -> None:
        self.folder = folder
        self.wrong = wrong
        self.remedy = remedy
        super().__init__(f"{folder}: {wrong}; {remedy}")


def brief(error: Exception) -> str:
    """The first line of what a library says, at most 160 characters."""
    return (str(error).splitlines() or [type(error).__name__])[0][:160]
