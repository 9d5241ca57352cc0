"""How the lines of a level are judged: early only what can't be undone, finally everything."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.model import Level
from crisiswatch.rules.judge import can_hold_early, gates, holds, level_held, needs_mentions
from crisiswatch.rules.model import Block, Condition, Rule


@dataclass
class Look:
    values: dict[str, float | None] = field(default_factory=dict)
    complete: bool = True

    def value(self, measure: str, against: str | None) -> float | None:
        return self.values.get(measure)


def at_least(measure: str, bound: float) -> Block:
    return Block((Condition(measure, "at_least", bound),))


def at_most(measure: str, bound: float) -> Block:
    return Block((Condition(measure, "at_most", bound),))


@pytest.mark.parametrize(
    "measure", ["count", "complaints", "questions", "severity", "authors", "sources", "reach", "largest_audience"]
)
def test_what_can_only_grow_is_judged_at_once(measure):
    assert can_hold_early(at_least(measure, 5))
    assert holds(at_least(measure, 5), Look({measure: 5.0}), early=True)
    assert not holds(at_least(measure, 5), Look({measure: 4.0}), early=True)
    assert not can_hold_early(at_most(measure, 5))
    assert not holds(at_most(measure, 5), Look({measure: 4.0}), early=True)
    assert holds(at_most(measure, 5), Look({measure: 5.0}), early=False)


@pytest.mark.parametrize("measure", ["share", "growth"])
def test_what_stragglers_can_undo_waits_for_the_watermark(measure):
    look = Look({measure: 9.0})
    assert not can_hold_early(at_least(measure, 0.5))
    assert not holds(at_least(measure, 0.5), look, early=True)
    assert holds(at_least(measure, 0.5), look, early=False)


def test_more_surprise_is_fewer_false_alarms():
    assert holds(at_least("surprise", 1.0), Look({"surprise": 0.2}), early=True)
    assert not holds(at_least("surprise", 1.0), Look({"surprise": 3.0}), early=True)
    assert holds(at_most("surprise", 1.0), Look({"surprise": 3.0}), early=False)


def test_what_is_not_known_never_holds():
    for block in (at_least("surprise", 1.0), at_most("surprise", 1.0), at_least("growth", 0), at_most("growth", 9)):
        assert not holds(block, Look({}), early=False)


def test_none_of_is_never_trusted_before_the_watermark():
    block = Block((Condition("count", "at_least", 5),), none_of=(at_least("authors", 50),))
    assert not can_hold_early(block)
    assert not holds(block, Look({"count": 9.0, "authors": 1.0}), early=True)
    assert holds(block, Look({"count": 9.0, "authors": 1.0}), early=False)
    assert not holds(block, Look({"count": 9.0, "authors": 60.0}), early=False)


def test_the_highest_level_that_holds_is_the_one():
    rule = Rule(
        id="r", title="r", alert="r", window=15,
        levels=((Level.WATCH, at_least("count", 1)), (Level.CRITICAL, at_least("count", 9))),
    )  # fmt: skip
    levels = [level_held(rule, Look({"count": count}), early=True) for count in (0.0, 1.0, 8.0, 9.0)]
    assert levels == [Level.CALM, Level.WATCH, Level.WATCH, Level.CRITICAL]


def test_a_drop_is_believed_only_where_somebody_looked():
    rule = Rule(id="r", title="r", alert="r", window=15, levels=((Level.WATCH, at_most("count", 1)),))
    assert level_held(rule, Look({"count": 0.0}), early=False) is Level.WATCH
    assert level_held(rule, Look({"count": 0.0}, complete=False), early=False) is Level.CALM


def test_gates_show_every_line_with_what_was_seen():
    block = Block(
        (Condition("count", "at_least", 5),), any_of=(at_least("surprise", 1.0),), none_of=(at_most("sources", 1),)
    )
    shown = gates(block, Look({"count": 7.0, "surprise": None, "sources": 1.0}))
    assert [(gate.measure, gate.value, gate.held) for gate in shown] == [
        ("count", 7.0, True),
        ("surprise", None, False),
        ("sources", 1.0, True),
    ]


MEASURES = ("count", "authors", "sources", "surprise", "share")
CONDITIONS = st.builds(
    Condition, st.sampled_from(MEASURES), st.sampled_from(("at_least", "at_most")), st.integers(0, 4)
)
BLOCKS = st.recursive(
    st.builds(Block, st.lists(CONDITIONS, max_size=3).map(tuple)),
    lambda inner: st.builds(
        Block,
        st.lists(CONDITIONS, max_size=2).map(tuple),
        st.lists(inner, max_size=2).map(tuple),
        st.lists(inner, max_size=2).map(tuple),
    ),
    max_leaves=5,
)
LOOKS = st.fixed_dictionaries({name: st.one_of(st.none(), st.integers(0, 5).map(float)) for name in MEASURES}).map(Look)


@given(BLOCKS, LOOKS)
def test_what_holds_early_also_holds_in_the_end(block, look):
    if holds(block, look, early=True):
        assert can_hold_early(block)
        assert holds(block, look, early=False)


@given(BLOCKS, LOOKS, st.sampled_from(("count", "authors", "sources")))
def test_what_holds_early_can_not_be_undone_by_more_mentions(block, look, measure):
    if holds(block, look, early=True) and look.values[measure] is not None:
        look.values[measure] += 1
        assert holds(block, look, early=True)


@given(BLOCKS)
def test_an_empty_window_never_meets_what_needs_mentions(block):
    empty = Look({"count": 0.0, "authors": 0.0, "sources": 0.0, "surprise": 5000.0, "share": None})
    if needs_mentions(block):
        assert not holds(block, empty, early=False)
