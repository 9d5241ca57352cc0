"""What holds for every test: no proxy between a test and its loopback server, and Hypothesis without a clock."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ftp_proxy", "no_proxy")
_SLOW_IS_FINE = [HealthCheck.too_slow]

settings.register_profile("dev", deadline=None, max_examples=40, suppress_health_check=_SLOW_IS_FINE)
settings.register_profile(
    "ci",
    deadline=None,
    derandomize=True,
    max_examples=40,  # the property that matters most takes its own number, see test_replay_equals_live.py
    suppress_health_check=_SLOW_IS_FINE,
    print_blob=True,
)
settings.load_profile("ci" if "CRISISWATCH_HYPOTHESIS_EXAMPLES" in os.environ else "dev")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors: what waits for a loopback server leaves its processor to somebody else."""
    return len(os.sched_getaffinity(0)) + 1
