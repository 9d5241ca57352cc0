"""What the pages promise is so: links lead somewhere, examples load, commands, targets and paths exist."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
import yaml

from crisiswatch.config import CODES, load, load_rule_tests, load_rules
from crisiswatch.errors import ConfigError
from tests.docs.test_reference import MAKE
from tests.support import ROOT

PAGES = sorted(
    [
        *(ROOT / "docs").rglob("*.md"),
        *ROOT.glob("*.md"),
        *(ROOT / "bench").rglob("*.md"),
        *(ROOT / "deploy").rglob("*.md"),
    ]
)
WRITTEN = [page for page in PAGES if page.parent != ROOT / "docs" / "reference"]
BASE = {
    "version": "version: 1\n",
    "brands": "brands: [{id: acme, name: Acme}]\n",
    "receivers": "receivers: [{id: console, type: console}, {id: pr-slack, type: console}]\n",
    "routes": "routes: [{receivers: [console]}]\n",
}
RULE = "version: 1\nrules:\n  - {{id: one, title: One, window: 15m, levels: {{watch: {{count: {{at_least: 1}}}}}}, alert: {}}}\n"
ALERT = "alert: one\nopened: {headline: One, summary: One.}\n"


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def fences(page: Path, *languages: str) -> list[str]:
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [body for language, body in found if not languages or language in languages]


def code_of(page: Path) -> str:
    """Everything that stands in code: fences and backticks."""
    text = page.read_text(encoding="utf-8")
    prose = re.sub(r"^ *```.*?^ *```", "", text, flags=re.MULTILINE | re.DOTALL)
    return "\n".join([*fences(page, "sh", ""), *re.findall(r"`([^`\n]+)`", prose)])


# --- links


def anchors(page: Path) -> set[str]:
    found = set()
    for heading in re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
        kept = [c for c in heading.lower() if c in " -_" or unicodedata.category(c)[0] in "LN"]
        found.add("".join(kept).replace(" ", "-"))
    return found


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_and_picture_of_a_page_leads_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    broken = []
    for target in targets:
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_file_a_page_speaks_of_exists(page: Path) -> None:
    named = re.findall(
        r"(?<![\w./-])((?:docs|deploy|bench|tests|crisiswatch|requirements|\.ci)/[\w./-]+\w)", code_of(page)
    )
    ours = [name for name in named if "results" not in name]
    assert [name for name in ours if not (ROOT / name).exists()] == []


def test_every_page_for_people_can_be_reached_from_the_readme() -> None:
    seen, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        links = re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        waiting += [(page.parent / link).resolve() for link in links if "://" not in link]
    assert [name_of(page) for page in PAGES if page not in seen] == []


# --- examples


def yaml_blocks() -> list[object]:
    return [
        pytest.param(body, id=f"{name_of(page)}:{number}")
        for page in WRITTEN
        for number, body in enumerate(fences(page, "yaml", "yml"), 1)
    ]


def a_configuration(folder: Path, config: str, rule: str, alert: str) -> Path:
    written = set(yaml.load(config, Loader=yaml.BaseLoader) or ())
    whole = "".join(line for key, line in BASE.items() if key not in written) + config
    for name, text in {"crisiswatch.yaml": whole, "rules/one.yaml": rule, "alerts/one.yaml": alert}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder / "crisiswatch.yaml"


@pytest.mark.parametrize("block", yaml_blocks())
def test_every_example_is_taken_by_the_loader(block: str, tmp_path: Path) -> None:
    content = yaml.load(block, Loader=yaml.BaseLoader)
    assert isinstance(content, dict)
    if "scrape_configs" in content:  # Prometheus's own file; promtool looks at it elsewhere
        return
    if "display_information" in content:  # Slack's own file
        assert (
            content["settings"]["interactivity"]["is_enabled"] == content["settings"]["socket_mode_enabled"] == "true"
        )
        return
    if "tests" in content:
        for rule in content["rules"]:
            (tmp_path / rule).write_text(RULE.format("one"), encoding="utf-8")
        (tmp_path / "one.test.yaml").write_text(block, encoding="utf-8")
        load_rule_tests(tmp_path / "one.test.yaml")
    elif isinstance(content.get("rules"), list):
        (tmp_path / "one.yaml").write_text(block, encoding="utf-8")
        assert load_rules([tmp_path / "one.yaml"]).rules
    elif "alert" in content:
        loaded = load(a_configuration(tmp_path, "", RULE.format(content["alert"]), block))
        assert content["alert"] in loaded.alerts
    elif isinstance(content.get("themes"), list):
        (tmp_path / "themes.yaml").write_text(block, encoding="utf-8")
        loaded = load(a_configuration(tmp_path, "", RULE.format("one"), ALERT))
        assert {theme["id"] for theme in content["themes"]} <= set(loaded.themes)
    else:
        load(a_configuration(tmp_path, block, RULE.format("one"), ALERT))


def test_there_are_examples_of_rules_alerts_and_configurations() -> None:
    heads = [yaml.load(block.values[0], Loader=yaml.BaseLoader) for block in yaml_blocks()]  # type: ignore[attr-defined]
    assert {"rules", "alert", "sources"} <= {key for head in heads for key in head}


@pytest.mark.parametrize("page", WRITTEN, ids=name_of)
def test_every_code_a_page_shows_is_a_real_one(page: Path) -> None:
    assert set(re.findall(r"\bCW\d{3}\b", page.read_text(encoding="utf-8"))) <= set(CODES)


@pytest.mark.parametrize("page", ["communications-manager.md", "it/responsabile-comunicazione.md"])
def test_the_error_a_page_shows_is_what_the_loader_says(page: str, tmp_path: Path) -> None:
    (shown,) = [body for body in fences(ROOT / "docs" / page, "") if "CW012" in body]
    levels = "    levels:\n      warning:\n        count: {atleast: 20}\n    alert: one\n"
    head = "version: 1\nrules:\n  - id: my-rule\n    title: Mine\n    window: 15m\n    because: it is\n"
    (tmp_path / "my-rule.yaml").write_text(head + levels, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_rules([tmp_path / "my-rule.yaml"])
    (problem,) = caught.value.problems
    assert problem.render().replace(f"{tmp_path}/", "rules/").strip() == shown.strip()


# --- commands


def options_of(command: object) -> set[str]:
    return {"-h", "--help", *(name for each in command.params for name in each.opts)}  # type: ignore[attr-defined]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_and_option_a_page_shows_exists(page: Path) -> None:
    known, wrong = MAKE.commands(), []
    groups = {name.split()[0] for name in known if " " in name}
    for line in re.findall(r"(?<![\w./-])crisiswatch((?: +[^\s#`|]+)+)", code_of(page)):
        words = line.split()
        if words[0] == "--version":
            continue
        name = " ".join(words[:2]) if words[0] in groups and len(words) > 1 else words[0]
        if name in groups:
            continue
        if name not in known:
            wrong.append(name)
            continue
        given = {word.partition("=")[0].rstrip(".,;") for word in words[1:] if word.startswith("-") and word != "-"}
        wrong += [f"{name} {option}" for option in sorted(given - options_of(known[name]))]
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_and_benchmark_a_page_shows_exists(page: Path) -> None:
    code = code_of(page)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):.*## ", makefile, re.MULTILINE))
    assert set(re.findall(r"(?:^|[\s;&])make ([a-z][a-z-]*)", code, re.MULTILINE)) <= targets
    benches = set(re.findall(r"-m bench\.(\w+)", code))
    assert all((ROOT / "bench" / name / "__main__.py").exists() for name in benches)
