"""``python -m crisiswatch`` is the command ``crisiswatch``."""

from __future__ import annotations

import sys

from crisiswatch.cli import main

if __name__ == "__main__":
    sys.exit(main())
