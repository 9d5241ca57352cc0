"""Running a command as a user would, and comparing what it says with what it said before."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.support import ROOT

__all__ = ["GOOD", "HERE", "Said", "copy_config", "golden", "process"]

HERE = Path(__file__).resolve().parent
GOOD = HERE / "good" / "crisiswatch.yaml"
STREAM = HERE / "stream.jsonl.gz"


@dataclass(frozen=True)
class Said:
    """What a command answered."""

    code: int
    out: str
    err: str


def golden(name: str, text: str) -> None:
    """Compare with ``golden/NAME``; CRISISWATCH_GOLDEN=write renews the files, to be looked at in the diff."""
    path = HERE / "golden" / name
    if os.environ.get("CRISISWATCH_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def copy_config(to: Path, *, replace: tuple[tuple[str, str], ...] = (), append: str = "") -> Path:
    """The good configuration in a folder of its own, with changes; gives its path."""
    shutil.copytree(HERE / "good", to, dirs_exist_ok=True)
    path = to / "crisiswatch.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in replace:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text + append, encoding="utf-8")
    return path


def process(*arguments: str, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "crisiswatch", *arguments],
        input=stdin,
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        timeout=60,
        check=False,
    )
