"""The decision log's chain: each line holds the hash of all before it, so a changed or dropped line is found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from crisiswatch.model import Case, Decision, rfc3339

__all__ = ["START", "decision_to_dict", "linked", "verified"]

START = "0" * 64
"""What the first line is chained to."""


def linked(before: str, line: Decision) -> Decision:
    """The line with its ``chain``: the SHA-256 of the chain before it (empty: none), a newline and the line."""
    return replace(line, chain=_chain(before or START, line))


def verified(lines: Sequence[Decision], case: Case | None = None) -> str:
    """Say what is wrong with a log, given from its first line; empty if nothing is.

    With the case it is also seen when lines are missing at the end.
    """
    before = START
    for number, line in enumerate(lines, 1):
        if line.number != number:
            return f"line {number} is missing: after it comes line {line.number}"
        if line.chain != _chain(before, line):
            return f"line {number} was changed, or one before it"
        before = line.chain
    if case is not None and (case.decisions, case.chain or START) != (len(lines), before):
        return f"the log has {len(lines)} lines where {case.decisions} were written"
    return ""


def decision_to_dict(line: Decision) -> dict[str, Any]:
    """A line as JSON values."""
    return {
        "incident": line.incident,
        "number": line.number,
        "at": rfc3339(line.at),
        "actor": line.actor,
        "kind": line.kind,
        "text": line.text,
        "chain": line.chain,
    }


def _chain(before: str, line: Decision) -> str:
    values = decision_to_dict(line)
    del values["chain"]
    canonical = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(f"{before}\n{canonical}".encode()).hexdigest()
