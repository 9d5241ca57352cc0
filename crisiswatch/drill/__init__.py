"""Exercises: an invented or recorded crisis through the real parts, in a store of its own, so that nothing is mixed."""

from crisiswatch.drill.alone import Alone
from crisiswatch.drill.desk import Drills
from crisiswatch.drill.drill import Drill
from crisiswatch.drill.report import report_lines
from crisiswatch.drill.request import DrillRequest, request_from

__all__ = ["Alone", "Drill", "DrillRequest", "Drills", "report_lines", "request_from"]
