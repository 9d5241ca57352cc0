from __future__ import annotations

import json

from tests.cli.support import HERE, copy_config, golden

TESTS = HERE / "tests"


def relative(said: str) -> str:
    return said.replace(f"{HERE}/", "").replace("tests/cli/", "")


def test_good_stories_are_told_by_name(crisiswatch):
    said = crisiswatch("test", TESTS / "good.test.yaml")
    assert (said.code, said.err) == (0, "")
    golden("test-good.txt", relative(said.out))


def test_a_failed_story_says_what_was_expected_and_what_happened(crisiswatch):
    said = crisiswatch("test", TESTS)
    assert (said.code, said.err) == (1, "")
    golden("test-bad.txt", relative(said.out))


def test_json_gives_every_failure_with_its_line(crisiswatch):
    said = crisiswatch("test", TESTS, "--format", "json")
    assert said.code == 1
    answer = json.loads(said.out)
    assert (answer["tests"], answer["failed"]) == (4, 2)
    failed = [each for each in answer["results"] if not each["passed"]]
    assert [each["failures"][0]["line"] for each in failed] == [7, 12]


def test_run_chooses_by_name(crisiswatch):
    said = crisiswatch("test", TESTS, "--run", "NOTHING")
    assert said.code == 0
    assert "praise opens nothing" in said.out
    assert "1 test, all good" in said.out


def test_no_test_is_no_success(crisiswatch, tmp_path):
    path = copy_config(tmp_path)
    for arguments in (["--config", path], [TESTS, "--run", "zebra"], [tmp_path / "rules" / "acme.yaml"]):
        said = crisiswatch("test", *arguments)
        assert said.code == 2
        assert "test" in said.err
        assert "Traceback" not in said.err


def test_a_wrong_expression_is_told_as_such(crisiswatch):
    said = crisiswatch("test", TESTS, "--run", "(")
    assert said.code == 2
    assert "is not a regular expression" in said.err
