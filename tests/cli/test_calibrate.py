"""What people said of incidents comes back to who writes the rules."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from crisiswatch.clock import SystemClock
from crisiswatch.model import Case, Gate, IncidentOpened, Verdict, VerdictKind
from crisiswatch.store import Store, Work
from crisiswatch.store.database import Database
from crisiswatch.store.schema import metadata
from tests.cli.support import copy_config
from tests.store.samples import incident

RULE = "negative-wave"
USEFUL, FALSE, NO_CRISIS = VerdictKind.USEFUL, VerdictKind.FALSE_ALARM, VerdictKind.NOT_A_CRISIS


def remember(config: Path, *told: tuple[float, float, VerdictKind | None], url: str = "") -> None:
    """Store incidents that opened with so many mentions and accounts, each with what was said of it."""
    now = SystemClock().now()
    with Store.open(url or f"sqlite:///{config.parent / 'crisiswatch.db'}") as store:
        for number, (count, authors, kind) in enumerate(told, 1):
            at = now - timedelta(days=number)
            gates = (
                Gate("count", "at_least", 20, count, held=True),
                Gate("authors", "at_least", 12, authors, held=True),
                Gate("surprise", "at_least", 1.0, 0.5, held=True),
            )
            one = replace(incident(), id=f"acme.{RULE}.{number}", rule=RULE, opened_at=at, gates=gates)
            case = Case(
                incident=one.id, brand="acme", rule=RULE, alert=RULE, opened_at=at,
                verdict=None if kind is None else Verdict(kind, "Ada", at, "a joke" if kind is NO_CRISIS else ""),
            )  # fmt: skip
            store.commit(Work(effects=[IncidentOpened(at, one)], cases=[case]))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return copy_config(tmp_path)


def test_check_says_what_people_said_and_what_would_have_helped(crisiswatch, config):
    remember(
        config, (90, 60, USEFUL), (22, 13, FALSE), (25, 14, FALSE), (30, 15, FALSE), (35, 16, NO_CRISIS), (40, 20, None)
    )
    said = crisiswatch("check", "--config", config)
    assert said.code == 0
    flat = " ".join(said.out.split())
    assert "6 incidents in 90 days: 1 useful, 3 false alarms, 1 not a crisis, 1 without a verdict" in flat
    assert "most verdicts are false alarms" in flat
    assert "would have kept all 1 useful and dropped" in flat


def test_check_also_tells_of_a_rule_that_has_never_given_a_false_alarm(crisiswatch, config):
    remember(config, (90, 60, USEFUL), (40, 20, None))
    said = crisiswatch("check", "--config", config)
    assert said.code == 0
    assert "2 incidents in 90 days: 1 useful, 1 without a verdict" in " ".join(said.out.split())


def test_check_tells_programs_what_people_said_too(crisiswatch, config):
    remember(
        config, (90, 60, USEFUL), (22, 13, FALSE), (25, 14, FALSE), (30, 15, FALSE), (35, 16, NO_CRISIS), (40, 20, None)
    )
    said = crisiswatch("check", "--config", config, "--format", "json")
    first, *others = json.loads(said.out)["rules"]
    told = first["verdicts"]
    assert (told["days"], told["incidents"]) == (90, 6)
    assert (told["useful"], told["false_alarms"], told["not_a_crisis"], told["without_verdict"]) == (1, 3, 1, 1)
    assert told["advice"]["kept"]["useful"] == 1
    assert [other["verdicts"] for other in others] == [None] * len(others)


@pytest.mark.parametrize("revision", ["0004", "9999"])
def test_check_looks_into_a_database_but_never_changes_it(crisiswatch, config, revision):
    remember(config, (90, 60, USEFUL))
    file = config.parent / "crisiswatch.db"
    with closing(sqlite3.connect(file)) as database:
        database.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        database.commit()
    said = crisiswatch("check", "--config", config)
    assert (said.code, "so far" in said.out) == (0, False)
    with closing(sqlite3.connect(file)) as database:
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == (revision,)


def test_check_does_not_mind_a_server_that_is_down(crisiswatch, tmp_path):
    down = copy_config(
        tmp_path, replace=(("brands:\n", "store: {url: 'postgresql://nobody@127.0.0.1:1/nothing'}\nbrands:\n"),)
    )
    said = crisiswatch("check", "--config", down)
    assert (said.code, "so far" in said.out) == (0, False)


def test_check_counts_what_a_server_holds(crisiswatch, tmp_path):
    url = os.environ.get("CRISISWATCH_TEST_POSTGRES_URL")
    if not url:
        pytest.skip("CRISISWATCH_TEST_POSTGRES_URL is not set")
    config = copy_config(tmp_path, replace=(("brands:\n", f"store: {{url: '{url}'}}\nbrands:\n"),))
    try:
        remember(config, (90, 60, USEFUL), url=url)
        assert "1 incident in 90 days: 1 useful" in " ".join(crisiswatch("check", "--config", config).out.split())
    finally:
        database = Database(url)
        with database.write() as connection:
            metadata.drop_all(connection)
            connection.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
        database.close()


def test_calibrate_tells_what_other_bounds_would_have_kept(crisiswatch, config):
    before = {path: path.read_bytes() for path in config.parent.rglob("*.yaml")}
    remember(config, (90, 60, USEFUL), (22, 13, FALSE), (25, 14, FALSE), (30, 15, FALSE), (35, 16, NO_CRISIS))
    said = crisiswatch("calibrate", "--rule", RULE, "--config", config, "--format", "json")
    assert said.code == 0
    (rule,) = json.loads(said.out)["rules"]
    assert (rule["useful"], rule["false_alarms"], rule["not_a_crisis"], rule["enough"]) == (1, 3, 1, True)
    assert rule["reasons"] == {"a joke": 1}
    by = {(each["measure"], each["at_least"]): each["kept"] for each in rule["options"]}
    assert by["count", 31]["false_alarms"] == 0
    assert by["count", 31]["useful"] == 1
    assert by["count", 23]["false_alarms"] == 2
    assert by["surprise", "extreme"]["useful"] == 0, "as it opened it was not extreme"
    assert rule["advice"]["kept"]["useful"] == 1
    table = crisiswatch("calibrate", "--config", config)
    assert "Nothing was changed." in " ".join(table.out.split())
    assert {path: path.read_bytes() for path in config.parent.rglob("*.yaml")} == before


def test_too_few_verdicts_say_nothing_about_bounds(crisiswatch, config):
    remember(config, (22, 13, FALSE), (25, 14, FALSE), (90, 60, None))
    said = crisiswatch("calibrate", "--config", config)
    assert "Too few verdicts to say anything about bounds: 2, and 5 are needed." in " ".join(said.out.split())
    assert "would have kept" not in crisiswatch("check", "--config", config).out


def test_without_a_verdict_there_is_nothing_to_say(crisiswatch, config):
    remember(config, (22, 13, None))
    assert "Nobody has said" in crisiswatch("calibrate", "--config", config).out
    said = crisiswatch("calibrate", "--rule", "nope", "--config", config)
    assert (said.code, said.err) == (
        2,
        "crisiswatch: there is no rule 'nope'; there are: negative-wave, product-safety, slow-burn\n",
    )
