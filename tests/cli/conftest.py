from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog

from crisiswatch.cli import main
from tests.cli.support import Said


@pytest.fixture
def crisiswatch(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[..., Said]]:
    """Run a command in this process; paths of the test's own folder are told as ``<dir>``."""
    monkeypatch.delenv("CRISISWATCH_CONFIG", raising=False)
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    monkeypatch.delenv("COLUMNS", raising=False)
    for name in ("ACME_HELPDESK_SECRET", "ACME_SLACK_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    handlers = list(logging.root.handlers)

    def run(*arguments: object) -> Said:
        capsys.readouterr()
        code = main([str(each) for each in arguments])
        said = capsys.readouterr()
        return Said(code, said.out.replace(str(tmp_path), "<dir>"), said.err.replace(str(tmp_path), "<dir>"))

    yield run
    structlog.reset_defaults()  # what `configure` set up writes to this test's standard error
    logging.root.handlers[:] = handlers
