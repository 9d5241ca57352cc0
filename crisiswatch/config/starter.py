"""The files that ``crisiswatch init DIR`` writes: the shipped configuration, rules and alerts, byte for byte."""

from __future__ import annotations

from pathlib import Path

__all__ = ["starter_files"]


def starter_files() -> dict[str, bytes]:
    """Relative path (with ``/``) -> content. An installed package carries them; a checkout has them at its top."""
    package = Path(__file__).resolve().parent.parent
    installed = package / "_starter"
    home = installed if installed.is_dir() else package.parent
    found = {"crisiswatch.yaml": (home / "crisiswatch.yaml").read_bytes()}
    for part in ("rules", "alerts"):
        for path in sorted((home / part).rglob("*.yaml")):
            found[path.relative_to(home).as_posix()] = path.read_bytes()
    return found
