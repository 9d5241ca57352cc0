"""The source that docs/own-source.md writes keeps the contract, as the page shows both."""

from __future__ import annotations

import re
import sys
from types import ModuleType

from tests.support import ROOT

PAGE = (ROOT / "docs" / "own-source.md").read_text(encoding="utf-8")
SOURCE, CONTRACT = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def module(name: str, code: str) -> ModuleType:
    made = ModuleType(name)
    exec(compile(code, f"docs/own-source.md ({name})", "exec"), made.__dict__)
    return made


sys.modules["reviews"] = module("reviews", SOURCE)  # as the second example imports it
TestReviews = module("test_reviews", CONTRACT).TestReviews
del sys.modules["reviews"]
