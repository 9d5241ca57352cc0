from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from crisiswatch.model import Mention
from crisiswatch.model.mention import mention_of
from crisiswatch.sources.parse import parse_time

NAMES = [field.name for field in fields(Mention)]


def test_a_mention_made_in_one_go_is_the_one_the_constructor_makes() -> None:
    values: list[Any] = [f"the {name}" for name in NAMES]
    made, usual = mention_of(values), Mention(**dict(zip(NAMES, values, strict=True)))
    assert type(made) is Mention
    assert made == usual
    assert hash(made) == hash(usual)
    assert repr(made) == repr(usual)
    assert replace(made, text="changed") == replace(usual, text="changed")


def test_a_mention_made_in_one_go_is_frozen() -> None:
    made = mention_of(["x:1", *NAMES[1:]])
    with pytest.raises(FrozenInstanceError):
        made.uid = "x:2"  # type: ignore[misc]
    assert made.uid == "x:1"


@pytest.mark.parametrize("count", [len(NAMES) - 1, len(NAMES) + 1])
def test_a_value_too_few_or_too_many_is_an_error(count: int) -> None:
    with pytest.raises(ValueError, match="values to unpack"):
        mention_of(["x"] * count)


@pytest.mark.parametrize("fraction", ["", *(f".{'123456789123'[:digits]}" for digits in range(1, 13))])
@pytest.mark.parametrize("zone", ["Z", "z", "+00:00", "-00:00", "+05:30", "-11:45"])
@pytest.mark.parametrize("between", ["T", "t", " "])
def test_a_time_is_the_same_in_the_usual_shape_and_in_the_others(fraction: str, zone: str, between: str) -> None:
    micros = int(fraction[1:7].ljust(6, "0"))
    offset = {"+05:30": 330, "-11:45": -705}.get(zone, 0)
    moment = parse_time("created_at", f"2026-11-22{between}10:00:07{fraction}{zone}")
    assert moment.tzinfo is UTC
    minute = datetime(2026, 11, 22, 10, 0, 7, micros, UTC).timestamp() - offset * 60
    assert abs(moment.timestamp() - minute) < 1e-7
