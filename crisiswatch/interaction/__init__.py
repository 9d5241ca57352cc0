"""What people press in messages, heard and done: Socket Mode or signed HTTP in, one registry of actions behind both."""

from crisiswatch.interaction.actions import Actions, Handler, Press
from crisiswatch.interaction.desk import Desk, Refusal
from crisiswatch.interaction.labels import LabelHandler, actions_of
from crisiswatch.interaction.switchboard import Switchboard

__all__ = ["Actions", "Desk", "Handler", "LabelHandler", "Press", "Refusal", "Switchboard", "actions_of"]
