"""Whatever a file holds, loading it ends with a configuration or with `ConfigError`."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crisiswatch.config import CODES, load, load_rule_tests
from crisiswatch.config.reader import parse
from crisiswatch.errors import ConfigError
from crisiswatch.model import Problem
from tests.config.config_base import FILES, write

SIGNS = ["\t", "\n", " ", "- ", ": ", "{", "}", "[", "]", '"', "'", "&a", "*a", "!t", "|", ">", "%", "@", "#", "?", "---\n",
         "...", "<<: ", "\\", "\0", "\ufeff", "\u2028", "\x85", "\ud800", "9" * 30, "1e999", ".nan", "-1", "0x", "~", "true",
         "{env: X}", "\\U99999999", "%YAML 9.9\n", "{}", "[]", "{a}", "{{", "9999999d", "0s", "𝔘", "\r"]  # fmt: skip
NAMES = sorted(FILES)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def check_all(home: Path, changed: dict[str, str | bytes]) -> None:
    """Load everything; whatever is refused is refused with a place in one of the files and a code."""
    path = write(home, FILES | changed)
    try:
        if "rules/wave.test.yaml" in changed:
            load_rule_tests(home / "rules")
        else:
            load(path)
    except ConfigError as error:
        check(error.problems)


def check(problems: tuple[Problem, ...]) -> None:
    assert problems
    for problem in problems:
        assert problem.render()
        assert problem.code in CODES
        assert problem.message
        assert problem.line >= 0
        assert problem.column >= (1 if problem.line else 0)


@given(st.sampled_from(NAMES), st.binary(max_size=300))
def test_any_bytes_at_all(home: Path, name: str, content: bytes):
    check_all(home, {name: content})


@given(st.sampled_from(NAMES), st.lists(st.one_of(st.sampled_from(SIGNS), st.text(max_size=8)), max_size=40))
def test_any_pile_of_yaml_signs(home: Path, name: str, pieces: list[str]):
    check_all(home, {name: "".join(pieces)})


@given(
    st.sampled_from(NAMES),
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 12), st.sampled_from(SIGNS)), min_size=1, max_size=4),
)
def test_a_good_file_with_pieces_cut_out_and_put_in(home: Path, name: str, cuts: list[tuple[int, int, str]]):
    text = FILES[name]
    for at, length, sign in cuts:
        place = at % (len(text) + 1)
        text = text[:place] + sign + text[place + length :]
    check_all(home, {name: text})


@given(st.sampled_from(NAMES), st.data())
def test_a_good_file_with_one_value_of_another_kind(home: Path, name: str, data: st.DataObject):
    lines = FILES[name].split("\n")
    at = data.draw(st.sampled_from([number for number, line in enumerate(lines) if ":" in line]))
    values = [
        "",
        "~",
        "[]",
        "{}",
        "true",
        "-1",
        "1.5",
        "x",
        "[[1]]",
        "{a: {b: c}}",
        '"\\ud800"',
        "2020-01-01",
        "all",
        "none",
    ]
    lines[at] = lines[at].split(":")[0] + ": " + data.draw(st.sampled_from(values))
    check_all(home, {name: "\n".join(lines)})


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4)))  # fmt: skip
def test_whatever_can_be_written_is_read(value: object):
    import json

    document = parse(json.dumps({"value": value}).encode(), Path("x"), "x")
    assert document.broken or document.data is not None or document.problems


def test_a_bomb_of_anchors_is_defused_at_once(home: Path):
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 20)]
    document = parse("\n".join(lines).encode(), Path("x"), "bomb.yaml")
    assert [problem.code for problem in document.problems] == ["CW008"]
    assert document.problems[0].message == "aliases make this file grow beyond all measure"


def test_very_many_values_are_too_many():
    document = parse(b"a: [" + b"1," * 60_000 + b"]", Path("x"), "long.yaml")
    assert [problem.message for problem in document.problems] == ["the file has too many values"]


def test_ten_thousand_fields_of_one_name_are_read_in_no_time():
    document = parse(b"a: 1\n" * 10_000, Path("x"), "twice.yaml")
    assert len(document.problems) == 9_999
    assert document.data == {"a": 1}
