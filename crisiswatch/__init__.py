"""crisiswatch warns a brand's people of a crisis while it can still be met."""

__version__ = "0.1.0"
