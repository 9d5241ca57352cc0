"""The demonstration: the real daemon over an invented brand's two weeks, in well under a minute."""

from crisiswatch.demo.show import run_demo

__all__ = ["run_demo"]
