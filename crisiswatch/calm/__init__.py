"""Who is told and when, beyond the routes: quiet hours, silences, digests, storms, budgets; all within the commit."""

from crisiswatch.calm.keeper import Calm, Calmed

__all__ = ["Calm", "Calmed"]
