"""From a decision to a delivered message: who is told at which stage, and how a queued message is sent."""

from crisiswatch.outbox.dispatcher import Dispatcher, Outcome
from crisiswatch.outbox.routing import row_for, stages_for

__all__ = ["Dispatcher", "Outcome", "row_for", "stages_for"]
