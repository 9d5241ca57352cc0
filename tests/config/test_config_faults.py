"""Bad configurations: each fault is told once, in these words, at this place."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from crisiswatch.config import CODES, explain_code, load, load_rule_tests, unresolved_secrets
from crisiswatch.errors import ConfigError
from crisiswatch.model import Problem
from tests.config.config_base import FILES, Case, broken, write
from tests.config.config_faults_form import CONFIG, FORM
from tests.config.config_faults_receivers import RECEIVERS
from tests.config.config_faults_rules import ALERTS, RULES, TESTS, WARNINGS

FAULTS = (*FORM, *CONFIG, *RECEIVERS, *RULES, *ALERTS)
EVERYTHING = (*FAULTS, *TESTS, *WARNINGS)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def headlines(problems: tuple[Problem, ...]) -> tuple[str, ...]:
    return tuple(problem.headline() for problem in problems)


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: case.name)
def test_a_fault_is_told_once_at_its_place_in_plain_words(case: Case):
    write(Path(), broken(case))
    with pytest.raises(ConfigError) as caught:
        load(Path("crisiswatch.yaml"))
    assert headlines(caught.value.problems) == case.problems
    assert_excerpts_are_the_lines_named(caught.value.problems, broken(case))


@pytest.mark.parametrize("case", TESTS, ids=lambda case: case.name)
def test_a_fault_in_a_rule_test_is_told_the_same_way(case: Case):
    write(Path(), broken(case))
    with pytest.raises(ConfigError) as caught:
        load_rule_tests(Path("rules"))
    assert headlines(caught.value.problems) == case.problems


@pytest.mark.parametrize("case", WARNINGS, ids=lambda case: case.name)
def test_what_looks_like_a_mistake_is_told_and_still_loads(case: Case):
    write(Path(), broken(case))
    loaded = load(Path("crisiswatch.yaml"))
    assert headlines(loaded.problems) == case.problems
    assert {problem.severity for problem in loaded.problems} == {"warning"}


def assert_excerpts_are_the_lines_named(problems: tuple[Problem, ...], files: dict[str, str | bytes]) -> None:
    for problem in problems:
        if problem.excerpt:
            content = files[problem.file]
            line = (content if isinstance(content, str) else content.decode("latin-1")).split("\n")[problem.line - 1]
            assert 1 <= problem.column <= len(line) + 1
            assert problem.excerpt[: problem.column - 1].split() == line[: problem.column - 1].split()


def test_the_configuration_all_faults_start_from_has_none():
    write(Path(), FILES)
    assert load(Path("crisiswatch.yaml")).problems == ()
    assert len(load_rule_tests(Path("rules"))) == 1


def test_the_table_is_as_long_as_promised_and_names_each_fault_once():
    assert len(EVERYTHING) >= 160
    assert [name for name, times in Counter(case.name for case in EVERYTHING).items() if times > 1] == []


def of_one_language(language: str):
    brand = f"    languages: [it]\n{language}"
    italian = {"alerts/it.yaml": f"language: it\n{FILES['alerts/wave.yaml']}"}
    write(
        Path(),
        FILES | italian | {"crisiswatch.yaml": FILES["crisiswatch.yaml"].replace("    languages: [it, en]\n", brand)},
    )
    return load(Path("crisiswatch.yaml")).problems


def test_a_brand_that_is_spoken_of_in_italian_alone_is_asked_what_its_own_people_read():
    (found,) = of_one_language("")
    assert (found.code, found.severity) == ("CW063", "warning")
    assert found.hint == "write `language: it`; or `language: en`, if English is meant"
    assert of_one_language("    language: it\n") == of_one_language("    language: en\n") == ()


def test_every_code_is_explained_and_every_explanation_is_used(monkeypatch: pytest.MonkeyPatch):
    write(Path(), FILES)
    monkeypatch.delenv("HOOK_SECRET", raising=False)
    used = {line.split(": ")[1] for case in EVERYTHING for line in case.problems}
    used |= {problem.code for problem in unresolved_secrets(load(Path("crisiswatch.yaml")).settings)}
    with pytest.raises(ConfigError) as caught:
        load(Path("nowhere.yaml"))
    used |= {problem.code for problem in caught.value.problems}
    themed = FILES["rules/wave.yaml"].replace("mentions: {", "mentions: {themes: [delivery], ")
    without = FILES["crisiswatch.yaml"] + "sentiment: {scorer: vader}\n"
    write(Path(), FILES | {"rules/wave.yaml": themed, "crisiswatch.yaml": without})
    used |= {problem.code for problem in load(Path("crisiswatch.yaml")).problems}
    used |= {problem.code for problem in of_one_language("")}
    without_its_library = {"CW068", "CW069"}  # test_config_receivers.py
    assert used | without_its_library == set(CODES)


def test_a_code_is_explained_with_its_cause_and_its_cure():
    text = explain_code("cw025")
    assert text.startswith("CW025: Not a length of time\n")
    assert "Cause: A time needs a number and a unit" in text
    assert "Mend: Write 30s" in text
    with pytest.raises(KeyError):
        explain_code("CW999")


def test_a_file_that_is_not_there_is_a_problem_not_an_accident():
    with pytest.raises(ConfigError) as caught:
        load(Path("nowhere.yaml"))
    told = "nowhere.yaml: CW001: the file can't be read: No such file or directory; check the path and the permissions"
    assert headlines(caught.value.problems) == (told,)


def test_a_directory_instead_of_a_file_is_a_problem():
    Path("crisiswatch.yaml").mkdir()
    with pytest.raises(ConfigError, match="the file can't be read: Is a directory"):
        load(Path("crisiswatch.yaml"))


GOLDEN = """\
crisiswatch.yaml:5:5: CW012: there is no field `anny` here; did you mean `any`?
    5 |     anny: [acme coffee]
      |     ^
crisiswatch.yaml:20:12: CW031: `token` is a secret and must not stand in this file; write {env: NAME} to take it \
from the environment, or {file: PATH} to read it from a file
rules/loud.yaml:2:11: CW006: a value is missing here; write the value, and close every bracket
    2 | rules: [ #
      |           ^
rules/wave.yaml:6:13: CW025: `window` needs a unit; write 15m for minutes or 15h for hours
    6 |     window: 15
      |             ^
rules/wave.yaml:10:9: CW041: there is no measure `cuont`; did you mean `count`?
   10 |         cuont: {at_least: 20}
      |         ^
rules/wave.yaml:17:12: CW051: there is no alert `wawe`; did you mean `wave`?
   17 |     alert: wawe
      |            ^
alerts/wave.yaml:4:24: CW060: there is no placeholder `{windw}`; did you mean `window`?
    4 |   summary: "{count} in {windw}"
      |                        ^"""


def test_all_problems_of_all_files_come_in_one_pass_with_a_caret_under_each():
    files = dict(FILES)
    files["crisiswatch.yaml"] = files["crisiswatch.yaml"].replace("    any:", "    anny:")
    files["crisiswatch.yaml"] = files["crisiswatch.yaml"].replace("{env: SLACK_BOT_TOKEN}", "xoxb-1-hunter2")
    wave = files["rules/wave.yaml"].replace("window: 15m", "window: 15").replace("alert: wave", "alert: wawe")
    files["rules/wave.yaml"] = wave.replace("count: {at_least: 20}", "cuont: {at_least: 20}")
    files["rules/loud.yaml"] = "version: 1\nrules: [ #"
    files["alerts/wave.yaml"] = files["alerts/wave.yaml"].replace("{window}", "{windw}")
    write(Path(), files)
    with pytest.raises(ConfigError) as caught:
        load(Path("crisiswatch.yaml"))
    assert "\n".join(problem.render() for problem in caught.value.problems) == GOLDEN


def test_a_file_that_cannot_be_read_brings_no_faults_to_those_that_name_what_it_holds():
    files = dict(FILES)
    files["alerts/wave.yaml"] = "alert: [wave"
    files["rules/other.yaml"] = "version: 1\nrules: {"
    files["rules/wave.yaml"] += "    unless_open: [in-the-other-file]\n"
    write(Path(), files)
    with pytest.raises(ConfigError) as caught:
        load(Path("crisiswatch.yaml"))
    assert [problem.file for problem in caught.value.problems] == ["rules/other.yaml", "alerts/wave.yaml"]


def test_rules_and_alerts_are_checked_even_when_the_configuration_itself_cannot_be_read():
    files = dict(FILES)
    files["crisiswatch.yaml"] = "version: [1"
    files["rules/wave.yaml"] = files["rules/wave.yaml"].replace("15m", "15")
    write(Path(), files)
    with pytest.raises(ConfigError) as caught:
        load(Path("crisiswatch.yaml"))
    assert [problem.file for problem in caught.value.problems] == ["crisiswatch.yaml", "rules/wave.yaml"]
