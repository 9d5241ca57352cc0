"""Charts of incidents as PNG. `ChartData` says what to draw; matplotlib is imported by the first drawing."""

from crisiswatch.charts.data import ChartData, Mark, MarkKind, from_history, from_incident
from crisiswatch.charts.draw import incident_chart
from crisiswatch.charts.maker import Chart, ChartMaker, Counted

__all__ = [
    "Chart",
    "ChartData",
    "ChartMaker",
    "Counted",
    "Mark",
    "MarkKind",
    "from_history",
    "from_incident",
    "incident_chart",
]
