"""The made-up brands keep to their contract, and every event in them really is what it is called."""

from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest

from bench.detector.simulator import RATES, simulate
from bench.detector.simulator.benign import add_campaigns, draw_outage, rise_and_fall
from bench.detector.simulator.clairvoyant import clairvoyant
from bench.detector.simulator.crises import SHAPES, add_crisis, draw_curve
from bench.detector.simulator.life import FIRST_MONDAY, live, wander
from bench.detector.simulator.scene import Outage, Scene
from bench.detector.simulator.trials import calm, cold_start, neutral_flood, viral_positive
from bench.detector.stream import BINS_PER_DAY, BINS_PER_HOUR, BINS_PER_MONTH, BrandStream

HOUR, DAY = BINS_PER_HOUR, BINS_PER_DAY
WEEK_MINUTES = 7 * 24 * 60


@pytest.fixture(scope="module")
def brands():
    return [brand for seed in (0, 1) for brand in simulate(seed)]


def same(one, other):
    return all(np.array_equal(getattr(one, field.name), getattr(other, field.name)) for field in fields(BrandStream))


def inside(spells, bins):
    """A mask of the bins that lie in any of these spells."""
    mask = np.zeros(bins, dtype=bool)
    for spell in spells:
        mask[spell.start : spell.end] = True
    return mask


def flat_scene(per_bin=10.0, share=0.2, days=30, seed=0):
    """A scene whose ordinary life is the same in every bin, with hardly any noise but counting."""
    life = live(np.random.default_rng(seed), 60, days * DAY, settled=True)
    even = np.full(days * DAY, per_bin)
    return Scene.of(replace(life, level=even, share=np.full(days * DAY, share), jitter=1e-4))


def keeps_to_the_contract(brand):
    bins = brand.bins
    for array in (brand.negative, brand.exposure, brand.known, brand.mean_total, brand.mean_negative):
        assert array.shape == (bins,)
    assert brand.known.dtype == np.bool_
    for counts in (brand.total, brand.negative):
        assert counts.dtype == np.float64
        assert (counts >= 0).all()
        assert (counts == np.round(counts)).all()
    assert (brand.negative <= brand.total).all()
    assert brand.marked.shape == (bins,)
    assert ((brand.marked >= 0) & (brand.marked <= brand.negative)).all()
    assert (brand.marked == np.round(brand.marked)).all()
    assert ((brand.exposure == 0) | (brand.exposure == 1)).all()
    assert (brand.total[brand.exposure == 0] == 0).all()
    for means in (brand.mean_total, brand.mean_negative):
        assert np.isfinite(means).all()
        assert (means >= 0).all()
    assert (brand.mean_negative <= brand.mean_total + 1e-9).all()
    assert all(0 <= spell.start < spell.end <= bins for spell in (*brand.crises, *brand.benign))


def test_the_same_seed_gives_the_same_brands_and_another_seed_others(brands):
    again = simulate(0)
    assert all(same(one, other) for one, other in zip(brands[:12], again, strict=True))
    assert not any(np.array_equal(one.total, other.total) for one, other in zip(brands[:12], brands[12:], strict=True))
    assert len({brand.name for brand in brands}) == 24


def test_every_brand_keeps_to_the_contract(brands):
    for brand in brands:
        keeps_to_the_contract(brand)
        assert brand.bins == 42 * DAY


def test_there_are_two_brands_of_each_size_on_a_calendar_that_starts_on_a_monday(brands):
    assert [brand.rate for brand in brands[:12]] == [rate for rate in RATES for _ in range(2)]
    assert all((brand.start - FIRST_MONDAY) % WEEK_MINUTES == 0 for brand in brands)
    # Monday 2024-01-01 00:00 UTC is 19,723 days after 1970-01-01
    assert FIRST_MONDAY == 19_723 * 24 * 60
    for brand in brands:  # life differs from its usual rate by season, trend, shift and events, not by a multiple
        assert 0.5 < brand.mean_total.mean() * HOUR / brand.rate < 5


def test_a_brand_has_five_crises_after_its_first_week_with_eight_hours_between_them(brands):
    for brand in brands:
        assert len(brand.crises) == 5
        assert brand.crises[0].start >= 7 * DAY
        assert brand.crises[-1].end + 8 * HOUR < brand.bins
        for one, following in pairwise(brand.crises):
            assert following.start >= one.end + 8 * HOUR


def test_a_stretch_too_short_for_its_crises_is_refused():
    with pytest.raises(ValueError, match="no room for 5 crises"):
        simulate(0, days=8)
    assert all(len(brand.crises) == 5 for brand in simulate(0, days=21))


def test_all_shapes_of_crises_and_all_kinds_of_benign_events_occur(brands):
    assert {crisis.kind for brand in brands for crisis in brand.crises} == set(SHAPES)
    assert {spell.kind for brand in brands for spell in brand.benign} == {
        *("campaign", "viral", "surge", "outage", "holiday", "burst", "cluster", "shift")
    }


def test_some_campaigns_are_announced_by_the_full_hour_and_most_are_not(brands):
    campaigns = [(b, spell) for b in brands for spell in b.benign if spell.kind == "campaign"]
    announced = [brand.known[spell.start : spell.end].all() for brand, spell in campaigns]
    assert 0.15 < np.mean(announced) < 0.55
    for brand in brands:
        changes = np.flatnonzero(np.diff(brand.known.astype(int))) + 1
        assert (changes % HOUR == 0).all()
        spells = [spell for spell in brand.benign if spell.kind == "campaign"]
        assert not (
            brand.known & ~inside([replace(s, start=s.start - 11, end=s.end + 11) for s in spells], brand.bins)
        ).any()


def test_the_true_means_are_the_means_of_what_is_counted_without_crises_and_stray_things(brands):
    seen, meant = np.zeros(2), np.zeros(2)
    for brand in brands:
        strays = [replace(spell, end=spell.end + 1) for spell in brand.benign if spell.kind in {"burst", "cluster"}]
        usable = ~inside((*brand.crises, *strays), brand.bins)
        seen += [brand.total[usable].sum() / brand.rate, brand.negative[usable].sum() / brand.rate]
        meant += [brand.mean_total[usable].sum() / brand.rate, brand.mean_negative[usable].sum() / brand.rate]
    assert seen / meant == pytest.approx([1, 1], abs=0.03)


def test_crises_stand_out_of_the_true_means(brands):
    """In every size class a crisis adds at least the eight complaints that make it one (less what is misread)."""
    for rate in RATES:
        crises = [(b, crisis) for b in brands if b.rate == rate for crisis in b.crises]
        more = [(b.negative - b.mean_negative)[crisis.start : crisis.end].sum() for b, crisis in crises]
        assert np.median(more) > 8
        assert np.mean(np.array(more) > 3) >= 0.9


def test_what_an_outage_missed_is_gone_or_arrives_just_after_it():
    scene = flat_scene()
    whole = scene.observe(np.random.default_rng(5), "whole", 120)
    scene.outages.append(Outage(1000, 1024, flagged=True, late=3))
    scene.outages.append(Outage(2000, 2012, flagged=False, late=0))
    holed = scene.observe(np.random.default_rng(5), "holed", 120)
    assert (holed.total[1000:1024] == 0).all()
    assert (holed.total[2000:2012] == 0).all()
    assert (np.flatnonzero(holed.exposure == 0) == np.arange(1000, 1024)).all()
    for name in ("total", "negative"):
        before, after = getattr(whole, name), getattr(holed, name)
        assert after[1024:1027].sum() == before[1000:1027].sum()
        assert after.sum() == before.sum() - before[2000:2012].sum()
        untouched = np.r_[0:1000, 1027:2000, 2012 : len(before)]
        assert np.array_equal(before[untouched], after[untouched])
    assert holed.mean_total[1024:1027].sum() == pytest.approx(27 * 10)
    assert holed.mean_total[2000:2012].sum() == 0


def test_outages_last_one_to_six_hours_and_are_noticed_and_delivered_as_often_as_stated():
    rng = np.random.default_rng(1)
    drawn = [draw_outage(rng, 100) for _ in range(2000)]
    lengths = [outage.end - outage.start for outage in drawn]
    assert (min(lengths), max(lengths)) == (HOUR, 6 * HOUR)
    assert np.mean([outage.flagged for outage in drawn]) == pytest.approx(0.7, abs=0.04)
    assert np.mean([outage.late > 0 for outage in drawn]) == pytest.approx(0.5, abs=0.04)
    assert {outage.late for outage in drawn} == {0, 1, 2, 3}
    assert draw_outage(rng, 0, end=500).end == 500


@pytest.mark.parametrize(
    ("shape", "lowest", "highest"),
    [("sharp", 4, 30), ("slow", 2, 6), ("dense", 3, 8), ("waves", 0.6 * 4, 15), ("masked", 6, 30), ("outage", 4, 30)],
)
def test_a_crisis_peaks_at_as_many_times_the_usual_negatives_as_its_shape_says(shape, lowest, highest):
    rng = np.random.default_rng(2)
    peaks = [draw_curve(rng, shape, 100.0).max() / 100 + 1 for _ in range(300)]
    assert lowest <= min(peaks) < 1.5 * lowest
    assert 0.75 * highest < max(peaks) <= highest


@pytest.mark.parametrize("shape", SHAPES)
def test_a_crisis_of_a_tiny_brand_is_at_least_eight_people_within_three_hours(shape):
    rng = np.random.default_rng(3)
    for _ in range(200):
        curve = draw_curve(rng, shape, 0.001)
        busiest = np.sort(curve)[-3 * HOUR :].sum()
        assert 8 <= busiest <= 14


def test_shapes_take_the_time_they_are_said_to_take():
    rng = np.random.default_rng(4)
    for _ in range(100):
        assert 4 <= len(draw_curve(rng, "dense", 10)) <= 12
        slow = draw_curve(rng, "slow", 10)
        assert int(np.argmax(slow)) == 12 * HOUR - 1
        assert slow[6 * HOUR - 1] == pytest.approx(slow.max() / 2)
        assert 4 <= int(np.argmax(draw_curve(rng, "sharp", 10))) + 1 <= 12
        active = np.concatenate([[0], draw_curve(rng, "waves", 10) > 0, [0]]).astype(int)
        assert (np.diff(active) == 1).sum() == 3


@pytest.mark.parametrize("shape", SHAPES)
def test_a_crisis_adds_the_negative_mentions_of_its_curve_as_the_classifier_sees_them(shape):
    plain, struck = 0.0, 0.0
    expected = 0.0
    for seed in range(60):
        scene = flat_scene(seed=seed, days=10)
        rng = np.random.default_rng((seed, 9))
        curve = draw_curve(rng, shape, scene.usual(5 * DAY))
        spell = add_crisis(scene, rng, shape, 5 * DAY, curve)
        brand = scene.observe(rng, "struck", 120)
        span = slice(spell.start, spell.end)
        plain += brand.mean_negative[span].sum()
        struck += brand.negative[span].sum()
        expected += 0.9 * curve.sum() + 0.03 * scene.crisis_other[span].sum()
        assert 0.7 <= curve.sum() / (curve.sum() + scene.crisis_other.sum()) <= 0.95
        assert spell.kind == shape
    assert struck - plain == pytest.approx(expected, rel=0.05)


def test_a_masked_crisis_hides_in_a_joy_and_the_post_outage_one_starts_as_the_sources_come_back():
    rng = np.random.default_rng(6)
    scene = flat_scene()
    add_crisis(scene, rng, "masked", 3000, draw_curve(rng, "masked", 2.0))
    (joy,) = scene.benign
    assert joy.kind == "viral"
    assert joy.start <= 3000 < joy.end
    assert scene.other[3012] > 2 * 8  # twice the usual other mentions at the very least
    add_crisis(scene, rng, "outage", 6000, draw_curve(rng, "outage", 2.0))
    (outage,) = scene.outages
    assert outage.end == 6000
    assert scene.benign[-1].kind == "outage"


def test_a_campaign_comes_weekly_and_is_as_negative_as_usual():
    for seed in range(20):
        scene = flat_scene(seed=seed, days=28)
        add_campaigns(scene, np.random.default_rng(seed))
        starts = [spell.start for spell in scene.benign]
        if len(starts) < 3:
            continue
        assert all(abs(later - start - 7 * DAY) <= 12 for start, later in pairwise(starts))
        span = slice(scene.benign[1].start, scene.benign[1].end)
        negative, everything = scene.negative[span].sum(), (scene.negative + scene.other)[span].sum()
        assert 1.3 < everything / (10 * (span.stop - span.start)) < 5
        assert 0.1 < negative / everything < 0.23
        break
    else:
        pytest.fail("no campaign in twenty brands")


def test_a_wandering_path_has_the_spread_and_the_memory_it_was_given():
    path = wander(np.random.default_rng(7), 400_000, spread=0.3, hours=2)
    assert path.std() == pytest.approx(0.3, rel=0.05)
    lag = 2 * HOUR
    assert np.corrcoef(path[:-lag], path[lag:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_a_hump_rises_holds_and_fades_to_a_tenth():
    hump = rise_and_fall(4, 2, 5.0, bend=1)
    assert hump[:6] == pytest.approx([0.25, 0.5, 0.75, 1, 1, 1])
    assert hump[6] == pytest.approx(np.exp(-0.2))
    assert 0.1 <= hump[-1] < 0.13


def test_a_cold_start_begins_with_a_mention_and_has_its_crisis_on_time():
    brands = cold_start(3, 6, 8)
    assert [brand.rate for brand in brands] == 2 * [3.0, 20.0, 150.0, 1000.0]
    for brand in brands:
        keeps_to_the_contract(brand)
        (crisis,) = brand.crises
        assert brand.total[0] >= 1
        assert crisis.start == 6 * HOUR
        assert crisis.kind == "sharp"
        assert brand.bins == crisis.end + 12 * HOUR
    assert all(same(one, other) for one, other in zip(brands, cold_start(3, 6, 8), strict=True))


def test_a_neutral_flood_triples_the_volume_and_adds_no_complaint():
    seen, before, negative, expected = 0.0, 0.0, 0.0, 0.0
    for brand in neutral_flood(1, 40, misread=0.0):
        keeps_to_the_contract(brand)
        assert brand.crises == ()
        flood = brand.benign[-1]
        assert flood.kind == "flood"
        assert flood.start >= 21 * DAY
        assert 2 * HOUR <= flood.end - flood.start <= 6 * HOUR
        span = slice(flood.start, flood.end)
        seen += brand.total[span].sum() / brand.rate
        before += brand.mean_total[span].sum() / 3 / brand.rate
        negative += brand.negative[span].sum() / brand.rate
        expected += brand.mean_negative[span].sum() / brand.rate
        usual = brand.mean_negative[span] / brand.mean_total[span]
        assert usual.max() < 0.25  # the share has fallen to a third
    assert seen / before == pytest.approx(3, rel=0.05)
    assert negative == pytest.approx(expected, rel=0.06)


def test_what_the_classifier_misreads_in_a_flood_is_counted_by_default():
    right, wrong = neutral_flood(1, 8, misread=0.0), neutral_flood(1, 8)
    for one, other in zip(right, wrong, strict=True):
        assert np.array_equal(one.total, other.total)
        flood = one.benign[-1]
        extra = other.mean_total[flood.start : flood.end].sum() * 2 / 3
        added = (other.mean_negative - one.mean_negative).sum()
        assert added == pytest.approx(0.03 * extra)
        assert (other.negative >= one.negative).all()


def test_a_positive_viral_moment_multiplies_the_mentions_and_lowers_the_share_of_complaints():
    for brand in viral_positive(2, 20):
        keeps_to_the_contract(brand)
        joy = brand.benign[-1]
        assert joy.kind == "viral"
        before, during = slice(joy.start - DAY, joy.start), slice(joy.start, joy.end)
        assert brand.mean_total[during].max() > 2.5 * brand.mean_total[before].mean()
        share = [brand.mean_negative[span].sum() / brand.mean_total[span].sum() for span in (before, during)]
        assert share[1] < share[0]


def test_a_calm_brand_has_nothing_but_stray_clusters_and_bursts():
    brand = calm(0, 20, 3)
    keeps_to_the_contract(brand)
    assert brand.bins == 3 * BINS_PER_MONTH
    assert brand.crises == ()
    assert {spell.kind for spell in brand.benign} == {"cluster", "burst"}
    assert not brand.known.any()
    assert (brand.exposure == 1).all()
    monthly = brand.mean_total.reshape(3, -1).mean(axis=1)
    assert monthly / monthly.mean() == pytest.approx([1, 1, 1], abs=0.1)  # no trend


def test_the_clairvoyant_scores_by_the_tail_of_a_negative_binomial_with_the_true_mean():
    zeros = np.zeros(144)
    one = zeros.copy()
    one[143] = 1.0
    brand = BrandStream(
        name="quiet",
        rate=0.12,
        start=FIRST_MONDAY,
        total=one,
        negative=one,
        exposure=np.ones(144),
        known=zeros.astype(bool),
        mean_total=zeros + 1.0,
        mean_negative=zeros + 0.01,
    )
    scores = clairvoyant(brand)
    assert (scores[:143] == 0).all()
    dispersion = 0.02 + 0.15 / 3  # the narrowest window, of three bins, is the most surprised
    at_least_one = 1 - (1 + dispersion * 0.03) ** (-1 / dispersion)
    assert scores[143] == pytest.approx(-np.log10(at_least_one))
    down = replace(brand, exposure=np.where(np.arange(144) == 143, 0.0, 1.0))
    assert clairvoyant(down)[143] == 0
    with pytest.raises(ValueError, match="quiet does not tell"):
        clairvoyant(replace(brand, mean_negative=None))


def test_the_clairvoyant_sees_what_happened_and_not_what_will(brands):
    brand = brands[6]
    cut = brand.crises[2].start + 6
    names = ("total", "negative", "exposure", "known", "mean_total", "mean_negative")
    early = replace(brand, **{name: getattr(brand, name)[:cut] for name in names})
    assert np.allclose(clairvoyant(early), clairvoyant(brand)[:cut])
