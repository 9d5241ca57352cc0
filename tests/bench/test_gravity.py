"""Grave words in the made-up brands: as often as stated, and nothing else is drawn differently because of them."""

import gzip
import json
from dataclasses import replace
from hashlib import sha256
from itertools import islice, takewhile

import numpy as np
import pytest

from bench.detector import gravity
from bench.detector.ours import OurScorer
from bench.detector.simulator import simulate
from bench.detector.simulator.crises import add_crisis
from bench.detector.simulator.gravity import GRAVER_CLUSTERS, MISREAD, PLAIN_CRISES, Gravity, draw_crisis
from bench.detector.simulator.life import GRAVE, live
from bench.detector.simulator.scene import Outage, Scene
from bench.detector.simulator.trials import calm, cold_start, neutral_flood, viral_positive
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, Spell

DAY = BINS_PER_DAY


def flat_scene(per_bin=40.0, share=0.25, days=20, seed=0):
    life = live(np.random.default_rng(seed), 60, days * DAY, settled=True)
    return Scene.of(
        replace(life, level=np.full(days * DAY, per_bin), share=np.full(days * DAY, share), jitter=1e-4, grave=0.03)
    )


def counts(brands):
    digest = sha256()
    for brand in brands:
        digest.update(brand.total.tobytes() + brand.negative.tobytes() + brand.exposure.tobytes())
    return digest.hexdigest()[:16]


def test_the_brands_are_the_very_ones_that_were_drawn_before_anybody_looked_for_grave_words():
    """The checksums were taken from the program as it was without them."""
    assert counts(simulate(0, days=21)) == "1d4d4202b2768a9f"
    assert counts(cold_start(3, 6, 8)) == "ce37ba4cea90d2b8"
    assert counts(neutral_flood(1, 8)) == "51f07078334a4dd7"
    assert counts(viral_positive(2, 8)) == "08efae7dcfa2cd87"
    assert counts([calm(0, 20, 3)]) == "8c76e8ac9e4d2fe9"


def test_whatever_is_drawn_of_grave_words_leaves_the_rest_alone(monkeypatch):
    def scene():
        made = flat_scene()
        add_crisis(made, np.random.default_rng(1), "sharp", 3000, np.full(24, 20.0))
        made.outages.append(Outage(1000, 1024, flagged=True, late=3))
        return made.observe(np.random.default_rng(2), "one", 1.0)

    one = scene()
    monkeypatch.setattr("bench.detector.simulator.gravity.draw_crisis", lambda rng, base: rng.random(1000).mean())
    other = scene()
    assert not np.array_equal(one.marked, other.marked)
    assert np.array_equal(one.total, other.total)
    assert np.array_equal(one.negative, other.negative)


def test_brands_differ_in_how_often_their_complaints_have_grave_words():
    parts = [live(np.random.default_rng(seed), 1.0, 10).grave for seed in range(400)]
    assert GRAVE[0] <= min(parts) < 1.1 * GRAVE[0]
    assert 0.9 * GRAVE[1] < max(parts) <= GRAVE[1]
    assert np.median(parts) == pytest.approx(np.sqrt(GRAVE[0] * GRAVE[1]), rel=0.15)


def test_ordinary_complaints_are_grave_as_often_as_the_brand_s_usually_are():
    shares = [b.marked.sum() / b.negative.sum() for b in (_observed(flat_scene(seed=seed), seed) for seed in range(12))]
    # of what is taken for negative 9 in 9.9 are complaints, and the others are grave a fifth as often
    upset, calm_ones = 0.25 * 0.9, 0.75 * 0.03
    expected = 0.03 * (upset + MISREAD * calm_ones) / (upset + calm_ones)
    assert np.mean(shares) == pytest.approx(expected, rel=0.12)


def test_a_third_of_the_crises_have_no_more_grave_words_than_usual_and_the_others_up_to_twenty_times():
    rng = np.random.default_rng(3)
    drawn = np.array([draw_crisis(rng, 0.02) for _ in range(4000)])
    graver = drawn[drawn > 0.02]
    assert np.mean(drawn == 0.02) == pytest.approx(PLAIN_CRISES, abs=0.03)
    assert np.median(graver) == pytest.approx(0.10, rel=0.1)
    assert 0.1 < np.mean(graver > 0.187) < 0.3
    assert drawn.max() <= 0.6


def test_what_a_crisis_adds_has_its_own_part_and_the_rest_keeps_its(monkeypatch):
    monkeypatch.setattr("bench.detector.simulator.gravity.draw_crisis", lambda rng, base: 0.3)
    scene = flat_scene()
    add_crisis(scene, np.random.default_rng(1), "sharp", 3000, np.full(5 * BINS_PER_HOUR, 90.0))
    brand = _observed(scene, 2)
    span = slice(3000, 3000 + 5 * BINS_PER_HOUR)
    outside = np.r_[0:3000, span.stop : brand.bins]
    assert brand.marked[span].sum() / brand.negative[span].sum() == pytest.approx(0.9 * 0.3, rel=0.08)
    assert brand.marked[outside].sum() / brand.negative[outside].sum() < 0.04


def test_one_stray_cluster_in_ten_is_about_something_grave():
    clusters = tuple(Spell(10 * each, 10 * each + 5, "cluster") for each in range(3000))
    part = Gravity(np.random.default_rng(4), 0.001, 30_000, (), clusters)
    raised = [part.stray[spell.start] > part.usual[spell.start] for spell in clusters]
    assert np.mean(raised) == pytest.approx(GRAVER_CLUSTERS * (1 - PLAIN_CRISES), abs=0.02)
    assert np.array_equal(part.crisis, part.usual)


def test_joy_and_surges_bring_no_graver_complaints():
    inside, outside = np.zeros(2), np.zeros(2)
    for brand in [*viral_positive(2, 40), *neutral_flood(1, 40)]:
        event = brand.benign[-1]
        span = slice(event.start, event.end)
        inside += [brand.marked[span].sum(), brand.negative[span].sum()]
        outside += [brand.marked[: event.start].sum(), brand.negative[: event.start].sum()]
    assert inside[1] > 5000
    assert inside[0] / inside[1] < outside[0] / outside[1]


def test_what_an_outage_missed_comes_late_with_its_grave_words():
    scene = flat_scene()
    whole = _observed(scene, 5)
    scene.outages.append(Outage(1000, 1072, flagged=True, late=3))
    scene.outages.append(Outage(2000, 2012, flagged=False, late=0))
    holed = _observed(scene, 5)
    assert whole.marked[1000:1072].sum() > 5
    assert (holed.marked[1000:1072] == 0).all()
    assert holed.marked[1072:1075].sum() == whole.marked[1000:1075].sum()
    assert (holed.marked <= holed.negative).all()
    assert holed.marked.sum() == whole.marked.sum() - whole.marked[2000:2012].sum()


def test_our_detector_is_told_of_grave_words_where_somebody_looked(monkeypatch):
    told = []
    monkeypatch.setattr("bench.detector.ours.Surge.score_one", lambda _, x: told.append(x.get("marked")) or 0.0)
    monkeypatch.setattr("bench.detector.ours.Surge.learn_one", lambda *_: None)
    brand = calm(0, 20, 0.01)
    OurScorer()(brand)
    OurScorer()(replace(brand, marked=None))
    assert told == [*brand.marked.tolist(), *[None] * brand.bins]


def test_without_recordings_the_measurement_says_so(tmp_path, capsys):
    assert gravity.main(["--folder", str(tmp_path)]) == 0
    assert "not in" in capsys.readouterr().err


@pytest.mark.skipif(
    not all((gravity.HERE / each.file).exists() for each in gravity.STRETCHES), reason="needs ../shared/data"
)
def test_a_crisis_of_a_person_who_was_hurt_has_several_times_the_grave_words_of_calm_days(tmp_path):
    """Of every post before the crisis, every eighth of the crisis, and every third to SpotifyCares."""
    for each in gravity.STRETCHES:
        with (
            gzip.open(gravity.HERE / each.file, "rt", encoding="utf-8") as lines,
            gzip.open(tmp_path / each.file, "wt", encoding="utf-8", compresslevel=1) as part,
        ):
            if each is gravity.UNITED:
                part.writelines(takewhile(lambda line: json.loads(line)["created_at"] < "2017-04-10", lines))
            part.writelines(islice(lines, 0, None, 8 if each is gravity.UNITED else 3))
    found = gravity.measure(tmp_path)
    assert all(
        row.negative > 300 for row in found if row.name in {"United, crisis", "United, calm", "SpotifyCares, calm"}
    )
    rows = {row.name: row.marked / row.negative for row in found}
    assert rows["United, crisis"] > 2 * rows["United, calm"]
    assert rows["SpotifyCares, calm"] < 0.02


def _observed(scene, seed):
    return scene.observe(np.random.default_rng(seed), "one", 1.0)
