"""The detector's benchmark: every part on next to nothing, its figures against ones worked out by hand, its goals."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from bench.detector import ablation, asked, calibration, ours, simulated, speed, tweets
from bench.detector.__main__ import PARTS, main, seeds
from bench.detector.goals import goals, print_goals
from bench.detector.layer import fires
from bench.detector.nab import LAYERS, PROFILES
from bench.detector.ours import NAME, OurScorer, SilentFirst, stated, surge
from bench.detector.report import grid, print_part
from bench.detector.simulator import simulate
from bench.detector.stream import BrandStream, Spell
from bench.detector.work import QUICK, spread
from crisiswatch.detector.layout import CHANNELS, Tuning
from crisiswatch.detector.surge import LEARNING, Surge
from tests.support import ROOT

HOUR, DAY = 12, 288


def brand(days=2, rate=60.0, seed=1):
    rng = np.random.default_rng(seed)
    total = rng.poisson(rate / 12, days * DAY).astype(float)
    negative = rng.binomial(total.astype(int), 0.2).astype(float)
    return BrandStream("made up", rate, 28_401_120, total, negative, np.ones(len(total)), np.zeros(len(total), bool))


@pytest.fixture(scope="module")
def tweet_folder(tmp_path_factory):
    """Two series of five days with one wave each."""
    folder = tmp_path_factory.mktemp("tweets")
    rng, labels = np.random.default_rng(3), {}
    for name in ("ONE", "TWO"):
        counts = rng.poisson(8.0, 5 * DAY)
        counts[4 * DAY : 4 * DAY + 12] += 90
        times = np.datetime64("2024-03-04T00:00:00") + 5 * np.arange(len(counts)) * np.timedelta64(60, "s")
        told = [str(each).replace("T", " ") for each in times]
        rows = "\n".join(f"{at},{count}" for at, count in zip(told, counts, strict=True))
        (folder / f"Twitter_volume_{name}.csv").write_text(f"timestamp,value\n{rows}\n")
        labels[f"Twitter_volume_{name}.csv"] = [[told[4 * DAY - 36], told[4 * DAY + 36]]]
    (folder / "windows.json").write_text(json.dumps(labels))
    return folder


@pytest.fixture(scope="module")
def brands_part():
    """Four brands."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            simulated, "brands", lambda seeds, days: [one for seed in seeds for one in simulate(seed, days)[::3]]
        )
        return simulated.measure([0], [1], QUICK, 1)


# --- our detector as a scorer


def test_the_scorer_says_bin_by_bin_what_the_estimator_says():
    stream = replace(brand(1), known=np.arange(DAY) > 200, exposure=np.where(np.arange(DAY) == 50, 0.0, 1.0))
    model, told = Surge(), []
    for i in range(DAY):
        x = {
            "minute": stream.start + 5 * i,
            "count": stream.negative[i],
            "total": stream.total[i],
            "exposure": stream.exposure[i],
            "known": bool(stream.known[i]),
        }
        told.append(model.score_one(x))
        model.learn_one(x)
    assert surge()(stream).tolist() == told


def test_the_tuning_reaches_the_estimator():
    stream = brand(4)
    stream.negative[3 * DAY : 3 * DAY + 6] += 30
    stream.total[3 * DAY : 3 * DAY + 6] += 30
    blunt = surge(Tuning(least=1e9))(stream)
    assert surge()(stream).max() > 4.0
    assert not blunt.any()


def test_grave_words_are_told_where_the_stream_knows_of_them(monkeypatch):
    heard = []

    class Listener:
        def __init__(self, tuning):
            pass

        def score_one(self, x):
            heard.append(x.get("marked"))
            return 0.0

        def learn_one(self, x):
            pass

    monkeypatch.setattr(ours, "Surge", Listener)
    plain = brand(1)
    marked = replace(plain, marked=np.arange(DAY, dtype=float))
    for scorer, stream in ((surge(), plain), (surge(), marked), (surge(grave=False), marked)):
        scorer(stream)
    assert heard[:DAY] == heard[2 * DAY :] == [None] * DAY
    assert heard[DAY : 2 * DAY] == list(range(DAY))


def test_one_false_alarm_a_month_is_one_bin_in_8640():
    assert stated(1.0) == pytest.approx(3.9365, abs=1e-4)
    assert stated(10.0) == pytest.approx(stated(1.0) - 1.0)


def test_while_it_learns_the_product_tells_nothing():
    loud = SilentFirst(lambda stream: np.full(stream.bins, 9.0))(brand(1))
    assert not loud[: int(LEARNING)].any()
    assert (loud[int(LEARNING) :] == 9.0).all()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_work_comes_back_in_order_from_this_process_and_from_others():
    tasks = [brand(1, seed=seed) for seed in range(3)]
    here, there = (list(spread(OurScorer(), tasks, jobs)) for jobs in (1, 2))
    assert all(np.array_equal(one, other) for one, other in zip(here, there, strict=True))
    assert not np.array_equal(here[0], here[1])


# --- the parts


def test_everybody_is_judged_on_the_same_simulated_brands(brands_part):
    assert brands_part["crises"] == 20
    assert brands_part["months"] == pytest.approx(4 * 14 / 30, abs=0.05)
    assert list(brands_part["ours"]) == list(brands_part["bound"]) == ["0.25", "0.5", "1", "2", "4"]
    for rate, row in brands_part["ours"].items():
        assert row["false_alarms_per_month"] <= float(rate)
    assert brands_part["stated"]["threshold"] == pytest.approx(stated(1.0))
    assert [(row["tuned"], row["setting"] == "as published") for row in brands_part["rivals"]] == [
        (False, True),
        (False, True),
        (True, False),
    ]
    assert brands_part["bound"]["1"]["recall"] >= max(row["at_one"]["recall"] for row in brands_part["rivals"])


def test_a_flood_counts_as_opened_only_for_what_is_told_during_it_or_soon_after():
    stream = replace(brand(3), benign=(Spell(0, 10, "burst"), Spell(400, 430, "flood")))
    before, during, after, late = (np.zeros(stream.bins) for _ in range(4))
    before[390], during[410], after[430 + 23], late[430 + 24] = 9.0, 9.0, 9.0, 9.0
    found = asked._opened([(stream, scores) for scores in (before, during, after, late)])
    assert found["opened"] == {"10": 0.5, "1": 0.5, "0.1": 0.5}
    assert found["nominal"] == pytest.approx(54 / 8640)


def test_a_louder_threshold_opens_less():
    stream = replace(brand(3), benign=(Spell(400, 430, "flood"),))
    scores = np.zeros(stream.bins)
    scores[410] = stated(1.0) + 0.01
    assert asked._opened([(stream, scores)])["opened"] == {"10": 1.0, "1": 1.0, "0.1": 0.0}


def test_the_first_week_has_no_crisis_and_is_a_week():
    for stream in asked._weeks(asked._Question("week", 0, 0, days=21)):
        assert stream.bins == 7 * DAY
        assert not stream.crises
    assert all(each.start >= 7 * DAY for one in simulate(0, 21) for each in one.crises)


def test_an_incident_is_opened_once_and_told_again_when_it_gets_worse(monkeypatch):
    class Calm:
        def __call__(self, stream):
            scores = np.zeros(stream.bins)
            at = 14 * DAY + 100
            scores[5] = 9.0  # within the first fourteen days: left out
            scores[at], scores[at + 3], scores[at + 60] = stated(1.0), 9.0, 3.0
            return scores

    monkeypatch.setattr(calibration, "surge", Calm)
    told = calibration._count(calibration._Stretch(0, 3.0, 0.1))
    assert told == [(3, 2), (2, 1), (1, 1)]  # at ten, one and a tenth a month
    assert len(fires(np.array([9.0]), stated(1.0))) == 1


def test_measured_rates_are_per_month_and_come_with_their_chance():
    rows = calibration._rows([[(12, 10), (3, 3), (0, 0)], [(8, 8), (1, 1), (0, 0)]], months=2.0)
    assert rows["10"]["told"] == 10.0
    assert rows["10"]["opened"] == 9.0
    assert rows["10"]["factor"] == 1.0
    assert rows["1"]["factor"] == 2.0
    assert rows["0.1"]["low"] == 0.0
    assert rows["0.1"]["high"] == pytest.approx(3.689 / 2.0 / 0.1, rel=1e-3)  # -ln 0.025 events at most


def test_the_interval_is_the_exact_one_of_a_poisson_count():
    low, high = calibration.interval(10, 1.0)
    assert (low, high) == (pytest.approx(4.795, abs=1e-3), pytest.approx(18.39, abs=1e-2))


def test_each_variant_differs_from_what_ships_and_no_window_is_forgotten():
    found = ablation.variants()
    assert next(iter(found)) == ablation.WHOLE
    assert found[ablation.WHOLE] == Tuning()
    assert all(tuning != Tuning() for name, tuning in found.items() if name not in {ablation.WHOLE, ablation.BLUNT})
    assert len(set(found.values())) == len(found) - 1
    left_out = [set(range(len(CHANNELS))) - set(tuning.channels) for tuning in found.values() if tuning.best > 1]
    assert [next(iter(each)) for each in left_out if len(each) == 1] == list(range(len(CHANNELS)))
    alone = [set(tuning.channels) for name, tuning in found.items() if name.startswith("only")]
    assert set().union(*alone) == set(range(len(CHANNELS)))


def test_the_ablation_has_recall_and_tweets_of_each_variant(tweet_folder, monkeypatch):
    monkeypatch.setattr(
        ablation, "brands", lambda seeds, days: [one for seed in seeds for one in simulate(seed, days)[4:6]]
    )
    whole, blind = ablation.measure([0], tweet_folder, QUICK, 1)
    assert (whole["name"], blind["name"]) == (ablation.WHOLE, "no share test")
    assert whole["recall"]["1"] > blind["recall"]["1"]
    assert whole["nab"]["standard"] > 0.0
    assert ablation.measure([0], None, replace(QUICK, variants=1), 1)[0]["nab"] is None


def test_thresholds_of_one_run_judge_the_next(tweet_folder, tmp_path):
    first = tweets.measure(tweet_folder, None, QUICK, 1)
    assert "given" not in first["detectors"][NAME]
    file = tmp_path / "first.json"
    file.write_text(json.dumps({"parts": {"nab": first}}))
    again = tweets.measure(tweet_folder, tweets.thresholds_in(file), QUICK, 1)
    for figures in again["detectors"].values():
        assert figures["given"] == pytest.approx(figures["mean_of_layers"])
    deaf = {NAME: {layer.name: dict.fromkeys(PROFILES, float("inf")) for layer in LAYERS}}
    judged = tweets.measure(tweet_folder, deaf, QUICK, 1)["detectors"]
    assert set(judged[NAME]["given"].values()) == {0.0}
    assert [name for name, figures in judged.items() if "given" in figures] == [NAME]


@pytest.mark.parametrize("text", ["{}", "[]", "no json", '{"parts": {"nab": {"detectors": {"a": 1}}}}'])
def test_a_file_without_thresholds_is_refused(text, tmp_path):
    file = tmp_path / "other.json"
    file.write_text(text)
    with pytest.raises(ValueError, match="has no thresholds"):
        tweets.thresholds_in(file)


# --- goals and tables


def outcome(**figures):
    row = {
        "recall": 0.96,
        "median_delay": 40.0,
        "within_hour": 0.65,
        "by_shape": {"sharp": 0.9},
        "by_rate": {"3": 0.95},
    }
    return {**row, **figures}


def simulator_part(**figures):
    rival = {"name": "a rule", "setting": "as published", "tuned": False, "at_one": outcome(recall=0.7)}
    return {"ours": {"0.5": outcome(recall=0.91), "1": outcome(**figures)}, "rivals": [rival]}


def missed(parts):
    return [goal.goal for goal in goals(parts) if not goal.met]


def test_goals_on_the_simulator_are_met_at_their_very_border():
    border = simulator_part(
        recall=0.95, median_delay=45.0, within_hour=0.6, by_shape={"sharp": 1.0, "slow": 0.86}, by_rate={"3": 0.9}
    )
    assert missed({"simulator": border}) == []


@pytest.mark.parametrize(
    ("figures", "part_of_goal"),
    [
        ({"recall": 0.949}, "at least 95 %"),
        ({"median_delay": 46.0}, "median delay"),
        ({"median_delay": None}, "median delay"),
        ({"within_hour": 0.59}, "within the hour"),
        ({"by_shape": {"sharp": 1.0, "slow": 0.85}}, "worst crisis shape"),
        ({"by_rate": {"3": 0.89}}, "worst brand size"),
    ],
)
def test_a_figure_past_the_border_misses_its_goal_alone(figures, part_of_goal):
    (goal,) = missed({"simulator": simulator_part(**figures)})
    assert part_of_goal in goal


def test_a_better_rival_is_a_missed_goal_that_names_it():
    part = simulator_part()
    part["rivals"][0]["at_one"]["recall"] = 0.97
    (goal,) = [each for each in goals({"simulator": part}) if not each.met]
    assert "a rule" in goal.said


def test_the_other_goals():
    row = {"factor": 1.0, "count": 9, "low": 0.5, "high": 1.9}
    off = {**row, "factor": 3.0, "low": 2.1, "high": 4.0}
    unsure = {**row, "factor": 3.0, "low": 1.9, "high": 9.0}
    opened = {"opened": {"1": 0.05}}
    fine = {
        "trials": {"cold": {"6": {"recall": 0.85}}, "flood": opened, "joy": {"opened": {"1": 0.0}}},
        "calibration": {"pooled": {"1": row}, "by_rate": {"3": {"1": unsure}}},
        "nab": {
            "given": False,
            "detectors": {NAME: {"mean_of_layers": dict(zip(PROFILES, (84, 79, 87), strict=True))}},
        },
        "streams": {"united": {"goals": [{"goal": "one incident", "said": "1", "met": True}]}},
        "speed": {"rows": [{"updates_per_second": 5e4, "live_bytes": 32768}], "stored_bytes": 8192},
    }
    assert missed(fine) == []
    assert len(missed({"calibration": {"pooled": {"1": off}, "by_rate": {"3": {"1": off}}}})) == 2
    assert len(missed({"trials": {**fine["trials"], "joy": {"opened": {"1": 0.01}}}})) == 1
    assert (
        len(missed({"speed": {"rows": [{"updates_per_second": 49_999, "live_bytes": 32769}], "stored_bytes": 8193}}))
        == 3
    )
    low = {NAME: {"mean_of_layers": dict.fromkeys(PROFILES, 78.9)}}
    assert len(missed({"nab": {"given": False, "detectors": low}})) == 3
    assert missed({"nab": {"given": True, "detectors": low}}) == []


def test_goals_are_printed_with_their_figures(capsys):
    print_goals(goals({"simulator": simulator_part(recall=0.5)}))
    said = capsys.readouterr().out
    assert "6 met, 2 missed" not in said
    assert "MISSED simulator: recall at 1 false alarm a brand-month, at least 95 %: 50.0 %" in said
    assert "MISSED simulator: ahead of every other detector: 50.0 % against 70.0 % of a rule" in said


def test_a_table_is_markdown_with_its_columns_under_each_other():
    assert grid(["name", "x"], [["a", "1.5"], ["longer", "10.25"]]).splitlines() == [
        "| name   |     x |",
        "|--------|------:|",
        "| a      |   1.5 |",
        "| longer | 10.25 |",
    ]


def test_every_rival_stands_in_the_printed_table(brands_part, capsys):
    print_part("simulator", json.loads(json.dumps(brands_part)))
    said = capsys.readouterr().out
    assert all(f"| {row['name']}" in said for row in brands_part["rivals"])
    assert "stated 1" in said
    assert said.count("clairvoyant bound") == 3


# --- the command


def test_seeds_are_written_as_ranges_and_lists():
    assert seeds("100-103") == (100, 101, 102, 103)
    assert seeds("0,3,5-7") == (0, 3, 5, 6, 7)
    for wrong in ("", "a", "3-", "7-5", "1,", "-1", "1;2"):
        with pytest.raises(argparse.ArgumentTypeError):
            seeds(wrong)


def test_the_command_measures_prints_and_writes_what_it_was_asked_for(tweet_folder, tmp_path):
    file = tmp_path / "results" / "out.json"
    arguments = ["--quick", "--parts", "nab,trials,calibration", "--seeds", "0", "--jobs", "2"]
    command = [sys.executable, "-m", "bench.detector", *arguments, "--nab", str(tweet_folder), "--json", str(file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1, done.stderr  # a month of calm is too short to have a false alarm in ten months
    written = json.loads(file.read_text(), parse_constant=pytest.fail)  # NaN and Infinity are no JSON
    assert list(written["parts"]) == [name for name in PARTS if name in {"trials", "calibration", "nab"}]
    assert written["seeds"] == [0]
    assert written["quick"] is True
    assert [goal["part"] for goal in written["goals"]].count("trials") == 3
    assert set(written["parts"]["trials"]["cold"]) == {"2", "6", "12", "24", "48"}
    for goal in written["goals"]:
        assert f"{goal['part']}: {goal['goal']}: {goal['said']}" in done.stdout
    for title in ("Single questions", "Stated against measured", "Tweet series", "Goals"):
        assert f"## {title}" in done.stdout


def test_absent_data_is_told_and_left_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(speed, "ESTIMATORS", {})
    arguments = ["--quick", "--nab", str(tmp_path), "--streams", str(tmp_path), "--seeds", "0"]
    assert main([*arguments, "--parts", "nab,streams"]) == 2
    said = capsys.readouterr().err
    assert f"nab: left out, there are no series in {tmp_path}" in said
    assert f"streams: left out, the recordings are not in {tmp_path}" in said
    main([*arguments, "--parts", "nab,speed"])
    heard = capsys.readouterr()
    assert "nab: left out" in heard.err
    assert "## Speed and size" in heard.out


def test_an_unknown_part_is_refused(capsys):
    with pytest.raises(SystemExit) as refused:
        main(["--parts", "speed,magic"])
    assert refused.value.code == 2
    assert "no part is called magic" in capsys.readouterr().err
