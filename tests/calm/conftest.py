from __future__ import annotations

from collections.abc import Iterator

import pytest

from crisiswatch.store import Store


@pytest.fixture
def store() -> Iterator[Store]:
    with Store.open("sqlite://") as found:
        yield found
