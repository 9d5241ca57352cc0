"""What people do about an incident: the case machine, its plan, its log's chain, and the codec of a case."""

from crisiswatch.response.chain import decision_to_dict, verified
from crisiswatch.response.codec import case_from_dict, case_from_json, case_to_dict, case_to_json
from crisiswatch.response.draft import Sending
from crisiswatch.response.machine import Called, Ended, Happening, Stirred, adopt, respond
from crisiswatch.response.plan import NOTHING_ASKED, Plan, Rung, plan_of
from crisiswatch.response.timers import dismissed, next_due

__all__ = [
    "NOTHING_ASKED",
    "Called",
    "Ended",
    "Happening",
    "Plan",
    "Rung",
    "Sending",
    "Stirred",
    "adopt",
    "case_from_dict",
    "case_from_json",
    "case_to_dict",
    "case_to_json",
    "decision_to_dict",
    "dismissed",
    "next_due",
    "plan_of",
    "respond",
    "verified",
]
