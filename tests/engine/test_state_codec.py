"""A brand's state as bytes: the same story after a crash, and a clear error for anything that is not a state."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.engine import State, decode, encode, fold
from crisiswatch.engine.codec import VERSION
from crisiswatch.errors import StateError
from crisiswatch.model import IncidentOpened, Tick
from crisiswatch.rules.model import Ruleset
from tests.engine.streams import RULES, SEEDS_FOR_FIXTURE, end_of, make

FIXTURE = Path(__file__).resolve().parent.parent / "fixtures" / "state-v2.json"


def rich_state() -> State:
    """A state with windows, baselines, blind spells and open incidents in it: how the fixture was made."""
    events = make(SEEDS_FOR_FIXTURE, 11)
    state, effects = fold(State("acme"), events, Ruleset(RULES))
    assert any(isinstance(effect, IncidentOpened) for effect in effects)
    assert any(rule.is_open for rule in state.rules.values())
    assert state.spells
    return state


RICH = encode(rich_state())


def test_a_state_comes_back_as_it_was():
    state = decode(RICH)
    assert encode(state) == RICH
    assert encode(state.copy()) == RICH


def test_bytes_are_plain_versioned_json():
    body = json.loads(RICH)
    assert body["v"] == VERSION
    assert next(iter(body)) == "v"


def test_a_state_of_this_version_is_still_read():
    """The fixture is never made anew: if this fails, released states can't be read any more."""
    kept = FIXTURE.read_bytes()
    state = decode(kept)
    assert encode(state) == kept.strip()
    later = [Tick(end_of(make(SEEDS_FOR_FIXTURE, 11)))]
    after, _ = fold(state, later, Ruleset(RULES))
    assert after.now > state.now


def test_an_empty_state_comes_back():
    assert encode(decode(encode(State("acme")))) == encode(State("acme"))


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_a_clear_error(data):
    with pytest.raises(StateError):
        decode(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)


@given(JSON)
def test_any_json_at_all_is_a_clear_error(value):
    with pytest.raises(StateError):
        decode(json.dumps(value).encode())


def test_another_version_is_named_in_the_error():
    with pytest.raises(StateError, match="version 1, this program reads version 2"):
        decode(RICH.replace(b'{"v":2', b'{"v":1', 1))


@given(st.integers(0, len(RICH) - 1))
def test_a_state_cut_short_is_a_clear_error(length):
    with pytest.raises(StateError):
        decode(RICH[:length])


@given(st.lists(st.tuples(st.integers(0, len(RICH) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_flipped_bytes_are_read_or_refused_and_nothing_else(flips):
    damaged = bytearray(RICH)
    for place, value in flips:
        damaged[place] = value
    with contextlib.suppress(StateError):
        decode(bytes(damaged))


@given(st.data())
def test_any_value_in_the_wrong_place_is_read_or_refused_and_nothing_else(data):
    body = json.loads(RICH)
    node = body
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            break
        node = inner
    node[key] = data.draw(JSON)
    with contextlib.suppress(StateError):
        encode(decode(json.dumps(body).encode()))


def test_a_source_that_is_no_name_is_refused_and_not_met_when_the_state_is_saved():
    body = json.loads(RICH)
    next(iter(body["rules"].values()))["sources"] = ["x", None]
    with pytest.raises(StateError):
        decode(json.dumps(body).encode())
