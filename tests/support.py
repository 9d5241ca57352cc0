"""What several test folders need: ``from tests.support import require_program, shared_data``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

__all__ = ["ROOT", "require", "require_program", "shared_data"]

ROOT = Path(__file__).resolve().parent.parent


def require(present: object, reason: str) -> None:
    """Skip the test unless ``present``; fail it where everything has to be there (CRISISWATCH_REQUIRE_ALL=1)."""
    if present:
        return
    if os.environ.get("CRISISWATCH_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def require_program(name: str) -> str:
    """The path of an installed program, else the test is skipped (or fails, as `require` does)."""
    beside = ROOT / ".venv" / "bin" / name
    found = str(beside) if beside.exists() else shutil.which(name)
    require(found, f"needs the program {name}, which is not installed")
    assert found is not None
    return found


def shared_data(name: str = "") -> Path:
    """A file of the folder of real recordings (CRISISWATCH_SHARED, else ../shared), or a skip: it is not in the repo."""
    folder = Path(os.environ.get("CRISISWATCH_SHARED") or ROOT.parent / "shared")
    path = folder / name
    if not path.exists():
        pytest.skip(f"needs {name or 'the recordings'} in CRISISWATCH_SHARED or ../shared")
    return path
