"""The files that ``crisiswatch init DIR`` writes: the shipped configuration, rules and alerts, byte for byte."""

from __future__ import annotations

from pathlib import Path

__all__ = ["starter_files", "write_starter"]


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


def write_starter(home: Path) -> Path:
    """Write the files below a folder, over what may be there, and give the configuration's path. Raises OSError."""
    for name, content in starter_files().items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (home / "inbox").mkdir(exist_ok=True)  # what its one source reads: who finds no folder there is blind
    return home / "crisiswatch.yaml"
