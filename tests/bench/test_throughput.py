"""The throughput benchmark's parts: the stream it makes is sound, and every second is counted once."""

import json

from bench.throughput.made import brand_names, write_stream
from bench.throughput.measure import Measured, stopwatches
from crisiswatch.matching import BrandTerms, Matcher
from crisiswatch.pipeline import Plan
from crisiswatch.replay import Replay
from crisiswatch.rules.model import Ruleset
from crisiswatch.sentiment import scorer
from crisiswatch.sources.ordering import arrivals
from crisiswatch.store import Store


def test_the_stream_has_every_mention_once_and_hardly_out_of_order(tmp_path):
    path = tmp_path / "stream.jsonl"
    write_stream(path, 3000, days=3, brands=2, seed=1)
    mentions = [json.loads(line) for line in path.read_text().splitlines()]
    assert len({each["uid"] for each in mentions}) == len(mentions) == 3000
    written = [each["created_at"] for each in mentions]
    assert written == sorted(written)
    assert all(
        any(name in each["text"].replace("ombralta", "Ombralta") for name in brand_names(2)) for each in mentions
    )


def test_the_same_seed_writes_the_same_stream(tmp_path):
    one, other = tmp_path / "one.jsonl", tmp_path / "other.jsonl"
    for path in (one, other):
        write_stream(path, 500, days=1, brands=1, seed=5)
    assert one.read_bytes() == other.read_bytes()


def test_nothing_is_lost_on_the_way_through_the_stopwatches(tmp_path):
    path = tmp_path / "stream.jsonl"
    write_stream(path, 2300, days=1, brands=1, seed=2)
    plan = Plan(
        brands=("ombralta",),
        matcher=Matcher([BrandTerms(id="ombralta", any=("ombralta",))]),
        scorer=scorer("none"),
        ruleset=Ruleset(),
    )
    measured = Measured(2300, stages={"read": 0.0})
    with (
        Store.open(f"sqlite:///{tmp_path}/s.db") as store,
        stopwatches(measured),
        arrivals([path], source="made", folder=tmp_path) as found,
    ):
        report = Replay(store, plan, observe=measured.observe).run(measured.reading(found), monotonic=lambda: 0.0)
    assert report.mentions == 2300
    assert set(measured.stages) == {"read", "dedupe", "match", "score", "engine", "store"}
    assert all(spent >= 0.0 for spent in measured.stages.values())
    assert measured.curve
    assert -50 < measured.growth < 50
    assert measured.peak > 10
