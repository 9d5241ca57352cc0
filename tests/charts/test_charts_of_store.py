"""The chart of what is over, from the minutes that the store keeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from crisiswatch.charts import ChartData
from crisiswatch.config import load
from crisiswatch.model import Stage
from crisiswatch.rules.model import MentionFilter
from crisiswatch.store import Store, Work
from crisiswatch.testing.fake_smtp import FakeSmtp
from crisiswatch.testing.notifiers import a_delivery
from crisiswatch.wiring import chart_maker
from tests.acceptance.world import lay_out
from tests.store.samples import NOON, incident, stored


def test_a_rule_is_drawn_from_the_minutes_where_they_are_what_it_counts(tmp_path: Path, monkeypatch) -> None:
    drawn: list[ChartData] = []
    with FakeSmtp() as smtp:
        loaded = load(lay_out(tmp_path, slack=None, smtp=smtp))
    plain = replace(loaded.ruleset.rules[0], id="wave", mentions=MentionFilter(sentiment="negative"))
    worded = replace(plain, id="words", mentions=MentionFilter(sentiment="negative", words=("fire",)))
    loaded = replace(loaded, ruleset=replace(loaded.ruleset, rules=(plain, worded)))
    over = replace(incident(), resolved_at=NOON + timedelta(hours=8), trend=(1, 2, 3))
    with Store.open(f"sqlite:///{tmp_path}/kept.db") as store:
        store.commit(Work(mentions=[stored(number) for number in range(1, 40)]))
        maker = chart_maker(loaded, lambda: store)
        monkeypatch.setattr(maker, "_draw", lambda data: drawn.append(data) or b"png")
        for rule in ("wave", "words"):
            assert maker(a_delivery(Stage.RESOLVED, 2, incident=replace(over, rule=rule))) == b"png"
    whole, last = drawn
    assert (sum(whole.counts), whole.what) == (39, "negative")
    assert whole.band is not None
    assert (last.counts, last.what) == ((1, 2, 3), "mentions")
