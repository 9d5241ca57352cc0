from __future__ import annotations

import json
import subprocess
import sys

from crisiswatch.cli.words import counts_words
from crisiswatch.rules.model import MentionFilter
from tests.cli.support import GOOD, HERE, copy_config, golden, process
from tests.support import ROOT

BAD = HERE / "bad"


def relative(said: str) -> str:
    return said.replace(f"{HERE}/", "")


def test_a_good_configuration_is_told_in_words(crisiswatch):
    said = crisiswatch("check", "--config", GOOD)
    assert (said.code, said.err) == (0, "")
    golden("check-good.txt", relative(said.out))


def test_every_problem_of_a_bad_one_is_shown_with_its_place(crisiswatch):
    said = crisiswatch("check", "--config", BAD / "crisiswatch.yaml")
    assert (said.code, said.err) == (1, "")
    golden("check-bad.txt", relative(said.out))


def test_json_says_the_same_and_nothing_else(crisiswatch):
    good = crisiswatch("check", "--config", GOOD, "--format", "json")
    bad = crisiswatch("check", "--config", BAD / "crisiswatch.yaml", "--format", "json")
    assert (good.code, bad.code) == (0, 1)
    meant, wrong = json.loads(good.out), json.loads(bad.out)
    assert meant["good"] is True
    assert [each["severity"] for each in meant["problems"]] == ["warning", "warning"]
    assert [rule["id"] for rule in meant["rules"]] == ["negative-wave", "product-safety", "slow-burn"]
    assert "at most about 1 false alarm a month" in meant["rules"][0]["levels"]["warning"]
    assert wrong["good"] is False
    assert wrong["rules"] == []
    assert {each["code"] for each in wrong["problems"]} >= {"CW012", "CW025", "CW051"}
    assert all(each["line"] > 0 and each["column"] > 0 for each in wrong["problems"])


def test_a_secret_is_never_shown(crisiswatch, monkeypatch):
    monkeypatch.setenv("ACME_SLACK_TOKEN", "xoxb-not-for-your-eyes")
    said = crisiswatch("check", "--config", GOOD)
    assert "xoxb" not in said.out + said.err
    assert "ACME_SLACK_TOKEN" not in said.out


def test_rules_for_some_brands_say_who_is_told_for_each(crisiswatch, tmp_path):
    second = ("sources:\n", "  - {id: other, name: Other}\nsources:\n")
    path = copy_config(tmp_path, replace=(second,))
    said = crisiswatch("check", "--config", path)
    assert "acme: console, pr-slack and pr-mail (warning and critical)" in said.out
    assert "other: console (warning and critical)" in said.out


def test_the_configuration_may_be_named_by_the_environment(crisiswatch, monkeypatch):
    monkeypatch.setenv("CRISISWATCH_CONFIG", str(GOOD))
    assert crisiswatch("check").code == 0


def test_check_pays_for_neither_river_nor_the_database():
    script = (
        "import sys; from crisiswatch.cli import main; "
        f"code = main(['check', '--config', {str(GOOD)!r}]); "
        "heavy = {'river', 'sqlalchemy', 'slack_sdk', 'starlette', 'httpx', 'apscheduler', 'feedparser'}; "
        "sys.exit(code or ' '.join(sorted(heavy & set(sys.modules))) or 0)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, cwd=ROOT, timeout=60, check=False)
    assert run.returncode == 0, run.stderr.decode()


def test_the_module_is_the_command():
    run = process("--version")
    assert run.returncode == 0
    assert run.stdout.decode().startswith("crisiswatch 0.")


def test_a_code_can_be_explained(crisiswatch):
    said = crisiswatch("check", "--explain", "cw012")
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("CW012: ")
    assert "Mend: " in said.out
    said = crisiswatch("check", "--explain", "CW999")
    assert (said.code, said.out) == (2, "")
    assert said.err.startswith("crisiswatch: there is no code 'CW999'; they go from CW001 to ")


def test_what_a_rule_counts_names_flags_grave_words_and_themes():
    asked = MentionFilter(flags=("complaint",), severity=("legal", "news"), themes=("delivery", "refund"))
    assert counts_words(asked, None) == (
        "all mentions of every brand, with a complaint, with grave words (legal or news), about delivery or refund"
    )
