"""The Makefile, the wheel, the Dockerfile and what else carries the program to a machine."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
import yaml

from tests.support import ROOT, require_program

TARGETS = {"help", "setup", "demo", "run", "test", "check", "bench", "docs", "lock", "docker-steps", "clean"}


def make(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    program = require_program("make")
    return subprocess.run([program, *words], cwd=cwd, env=env, capture_output=True, text=True, check=False)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What make needs of a checkout, under a path with spaces, with an environment that looks complete."""
    folder = tmp_path / "a path with spaces"
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(ROOT / "Makefile", folder)
    shutil.copy(ROOT / "pyproject.toml", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    for name in ("bin/python", ".main", ".dev"):
        (folder / ".venv" / name).touch()
    return folder


def test_make_alone_says_what_can_be_made() -> None:
    result = make()
    assert result.returncode == 0
    assert set(re.findall(r"^  ([a-z-]+) ", result.stdout, re.MULTILINE)) == TARGETS


def test_every_phony_target_is_documented() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (phony,) = re.findall(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert set(phony.split()) == TARGETS


def test_a_complete_environment_is_not_made_again(checkout: Path) -> None:
    assert make("--question", "setup", cwd=checkout).returncode == 0


def test_changed_requirements_renew_the_environment_but_keep_it(checkout: Path) -> None:
    later = (checkout / ".venv" / ".dev").stat().st_mtime + 10
    os.utime(checkout / "requirements" / "dev.txt", (later, later))
    planned = make("--dry-run", "setup", cwd=checkout).stdout
    assert "--require-hashes -r requirements/dev.txt" in planned
    assert "-m venv" not in planned


def test_demo_needs_the_main_requirements_alone(checkout: Path) -> None:
    (checkout / ".venv" / ".main").unlink()
    (checkout / ".venv" / ".dev").unlink()
    planned = make("--dry-run", "demo", cwd=checkout).stdout
    assert "requirements/main.txt" in planned
    assert "requirements/dev.txt" not in planned
    assert "-m crisiswatch demo" in planned


def test_a_python_that_does_not_fit_is_named_and_leaves_nothing_behind(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    old = checkout / "old python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "Python 3.9.2" && exit 0\nexit 1\n')
    old.chmod(0o755)
    result = make("setup", f"PYTHON={old}", cwd=checkout)
    assert result.returncode != 0
    assert "crisiswatch needs Python 3.11, 3.12 or 3.13; found: Python 3.9.2." in result.stderr
    assert "make ... PYTHON=" in result.stderr
    assert not (checkout / ".venv").exists()


def test_an_environment_is_made_under_a_path_with_spaces(checkout: Path) -> None:
    shutil.rmtree(checkout / ".venv")
    result = make(".venv/bin/python", f"PYTHON={sys.executable}", cwd=checkout)
    assert result.returncode == 0, result.stderr
    answer = subprocess.run(
        [checkout / ".venv" / "bin" / "python", "-c", "import sys; print(sys.prefix)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == str(checkout / ".venv")


def test_the_ci_script_is_sound_bash_and_can_be_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    result = subprocess.run([require_program("bash"), "-n", script], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    text = script.read_text(encoding="utf-8")
    for part in ("make check", "make test", "bench.recovery --short", "hadolint Dockerfile", "make docker-steps"):
        assert part in text


# --- the wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        yield archive


def test_the_wheel_holds_every_file_of_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    names = set(wheel.namelist())
    source = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "crisiswatch").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert source <= names
    assert "crisiswatch/web/templates/status.html" in names
    assert "crisiswatch/py.typed" in names
    assert {name.split("/")[0] for name in names} == {"crisiswatch", "crisiswatch-0.1.0.dist-info"}


def test_the_wheel_carries_the_starter_byte_for_byte(wheel: zipfile.ZipFile) -> None:
    for folder in ("rules", "alerts"):
        for path in (ROOT / folder).rglob("*.yaml"):
            inside = [name for name in wheel.namelist() if name.endswith(path.relative_to(ROOT).as_posix())]
            assert len(inside) == 1, path
            assert wheel.read(inside[0]) == path.read_bytes()


def test_the_wheel_names_its_command_licence_and_pythons(wheel: zipfile.ZipFile) -> None:
    info = "crisiswatch-0.1.0.dist-info"
    assert "crisiswatch = crisiswatch.cli:main" in wheel.read(f"{info}/entry_points.txt").decode()
    metadata = wheel.read(f"{info}/METADATA").decode()
    assert "License-Expression: Apache-2.0" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata
    assert b"Apache License" in wheel.read(f"{info}/licenses/LICENSE")


# --- the container


@pytest.fixture(scope="module")
def docker_steps() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docker_steps", ROOT / "deploy" / "docker_steps.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["docker_steps"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def steps(docker_steps: ModuleType) -> list[tuple[str, str]]:
    return docker_steps.instructions((ROOT / "Dockerfile").read_text(encoding="utf-8"))


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    result = subprocess.run(
        [require_program("hadolint"), "Dockerfile"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_the_image_is_pinned_and_runs_as_a_numeric_user_that_is_not_root(steps: list[tuple[str, str]]) -> None:
    assert [rest.split()[0] for word, rest in steps if word == "FROM"] == ["python:3.13-slim"] * 2
    (user,) = [rest for word, rest in steps if word == "USER"]
    assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", user)


def test_the_image_installs_nothing_without_a_hash(steps: list[tuple[str, str]]) -> None:
    installs = [part for word, rest in steps if word == "RUN" for part in rest.split("&&") if "pip install" in part]
    assert len(installs) == 3
    for each in installs:
        assert "--require-hashes" in each or "--no-index --no-deps" in each


def test_the_image_has_a_health_check_an_entry_point_and_one_volume(steps: list[tuple[str, str]]) -> None:
    last = dict(steps)
    assert "/-/healthy" in last["HEALTHCHECK"]
    compile(json.loads(last["HEALTHCHECK"].split(" CMD ", 1)[1])[2], "HEALTHCHECK", "exec")
    assert json.loads(last["ENTRYPOINT"]) == ["crisiswatch"]
    assert json.loads(last["CMD"])[0] == "run"
    assert json.loads(last["VOLUME"]) == ["/data"]


def test_what_the_image_copies_exists_and_is_let_through(steps: list[tuple[str, str]]) -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    for rest in (rest for word, rest in steps if word == "COPY" and "--from" not in rest):
        for name in rest.split()[:-1]:
            assert (ROOT / name).exists(), name
            assert name.split("/")[0] in allowed, name


def test_paths_of_the_image_are_mapped_and_others_are_left_alone(docker_steps: ModuleType, tmp_path: Path) -> None:
    stage = docker_steps.Stage("final", tmp_path)
    assert stage.mapped("PATH=/opt/x/bin:/usr/bin") == f"PATH={tmp_path}/opt/x/bin:/usr/bin"
    assert stage.mapped("mkdir -p /data /etc/crisiswatch") == f"mkdir -p {tmp_path}/data {tmp_path}/etc/crisiswatch"
    assert stage.mapped("a/data b/opt/c /database") == "a/data b/opt/c /database"


def test_an_instruction_the_trial_does_not_know_is_an_error(docker_steps: ModuleType, tmp_path: Path) -> None:
    with pytest.raises(docker_steps.StepFailed, match="SHELL"):
        docker_steps.Steps(tmp_path).carry_out("SHELL", '["/bin/bash"]')


def test_the_compose_file_keeps_the_image_as_locked_down_as_it_is_meant_to_be() -> None:
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    service = compose["services"]["crisiswatch"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert all(port.startswith("127.0.0.1:") for each in compose["services"].values() for port in each["ports"])


def test_promtool_accepts_the_example_of_a_scrape_configuration() -> None:
    folder = ROOT / "deploy" / "prometheus"
    result = subprocess.run(
        [require_program("promtool"), "check", "config", "prometheus.yaml"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
