from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from tests.cli.support import GOOD, HERE, golden

FILES = {
    "config": GOOD,
    "rules": HERE / "good" / "rules" / "acme.yaml",
    "alerts": HERE / "good" / "alerts" / "negative-wave.yaml",
    "tests": HERE / "tests" / "good.test.yaml",
}


@pytest.mark.parametrize("kind", FILES)
def test_each_kind_of_file_has_a_schema_that_takes_a_good_one(crisiswatch, kind):
    said = crisiswatch("schema", kind)
    assert (said.code, said.err) == (0, "")
    schema = json.loads(said.out)
    jsonschema.Draft202012Validator.check_schema(schema)
    written = yaml.load(FILES[kind].read_text(), Loader=yaml.BaseLoader)
    fields = schema["properties"]
    assert set(written) <= set(fields)
    assert set(schema["required"]) <= set(written)
    assert all("description" in each or "$ref" in each for each in fields.values())


def test_the_fields_of_the_configuration_are_these(crisiswatch):
    schema = json.loads(crisiswatch("schema").out)
    golden("schema.txt", "".join(f"{name}: {part.get('description')}\n" for name, part in schema["properties"].items()))


def test_a_schema_holds_all_that_it_refers_to_and_no_more(crisiswatch):
    one, whole = json.loads(crisiswatch("schema", "alerts").out), json.loads(crisiswatch("schema", "all").out)
    text = json.dumps(one)
    assert all(f"#/$defs/{name}" in text for name in one["$defs"])
    assert set(one["$defs"]) < set(whole["$defs"])


def test_another_kind_is_refused_with_those_there_are(crisiswatch):
    said = crisiswatch("schema", "rule")
    assert said.code == 2
    assert (
        said.err
        == "crisiswatch: there is no kind of file 'rule'; there are: config, rules, alerts, tests, themes, all\n"
    )
