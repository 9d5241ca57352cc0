"""The commands. `main` is what the installed program calls."""

from crisiswatch.cli.entry import main

__all__ = ["main"]
