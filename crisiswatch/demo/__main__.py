"""`python -m crisiswatch.demo`: the demonstration without the command line around it."""

import sys

from rich.console import Console

from crisiswatch.demo import run_demo

if __name__ == "__main__":
    sys.exit(run_demo(console=Console(highlight=False), fast="--fast" in sys.argv[1:]))
