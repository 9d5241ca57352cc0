"""What is in the repository, and what must never be."""

from __future__ import annotations

import ast
import os
import re
import statistics
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support import ROOT, require

PACKAGE = ROOT / "crisiswatch"


def tracked() -> list[Path]:
    require((ROOT / ".git").exists(), "needs a git checkout")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def texts() -> dict[str, str]:
    found = {}
    for path in tracked():
        body = path.read_bytes()
        if b"\0" not in body:
            found[str(path.relative_to(ROOT))] = body.decode("utf-8", "replace")
    return found


def registries() -> set[str]:
    """The hosts packages come from, of the public ones and of those this machine is set up for."""
    hosts = {"py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "crates" + ".io", "proxy.go" + "lang.org"}
    files = [Path("/etc/pip.conf"), Path.home() / ".config/pip/pip.conf", Path.home() / ".pip/pip.conf"]
    files += [Path.home() / ".config/uv/uv.toml", Path("/etc/uv/uv.toml")]
    settings = [path.read_text(encoding="utf-8") for path in files if path.exists()]
    settings += [value for name, value in os.environ.items() if name.startswith(("PIP_", "UV_"))]
    for url in re.findall(r"https?://[^\s'\",\]]+", "\n".join(settings)):
        hosts.add(urlsplit(url).hostname or "")
    return hosts - {"", "localhost", "127.0.0.1", "::1"}


def places(pattern: str) -> list[str]:
    compiled = re.compile(pattern)
    return [
        f"{name}:{number}"
        for name, text in texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if compiled.search(line)
    ]


def test_no_file_names_a_package_registry() -> None:
    assert places("|".join(re.escape(host) for host in sorted(registries()))) == []
    assert places("^\\s*-" + "-(extra-)?index-url") == []


def test_no_file_names_a_place_on_somebodys_machine() -> None:
    here = re.escape(str(ROOT.parent)) + "/" if len(ROOT.parent.parts) > 1 else "(?!)"
    assert places(r"(?<![\w.])/(?:ro" + r"ot|wo" + r"rk|ho" + r"me/\w+|Us" + r"ers/\w+)/|" + here) == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"xo" + r"x[abeprs]-\d{9,}-\w{10,}",
        r"AK" + r"IA[0-9A-Z]{16}",
        r"-----BEGIN (?:\w+ )?PRIV" + r"ATE KEY",
        r"gh" + r"[pousr]_[A-Za-z0-9]{36}",
        r"hooks\.sla" + r"ck\.com/services/T\w+/B\w+/\w{20,}",
        r"AA" + r"AA[A-Za-z0-9%]{80,}",
    ],
)
def test_no_file_holds_a_secret(pattern: str) -> None:
    assert places(pattern) == []


def test_no_large_and_no_generated_file_is_tracked() -> None:
    assert [str(path) for path in tracked() if path.stat().st_size > 1_500_000] == []
    suffixes = {".db", ".pyc", ".sqlite", ".whl", ".log"}
    assert [str(path) for path in tracked() if path.suffix in suffixes or path.name in ("uv.lock", "pylock.toml")] == []


def test_every_text_ends_with_a_newline_and_has_no_trailing_blanks() -> None:
    wrong = []
    for name, text in texts().items():
        if name.endswith((".py", ".md", ".toml", ".html", ".css", ".j2")) or "/" not in name:
            if text and not text.endswith("\n"):
                wrong.append(name)
            wrong += [f"{name}:{n}" for n, line in enumerate(text.splitlines(), 1) if line != line.rstrip(" \t")]
    assert wrong == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for name, text in texts().items():
        if name.endswith(".md"):
            targets = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
            inside = [target for target in targets if "://" not in target]
            broken += [f"{name}: {each}" for each in inside if not (ROOT / name).parent.joinpath(each).exists()]
    assert broken == []


# --- the code's shape


def modules() -> list[Path]:
    return sorted(path for path in PACKAGE.rglob("*.py") if "migrations/versions" not in path.as_posix())


def test_layers_are_kept() -> None:
    program = Path(os.sys.executable).parent / "lint-imports"  # type: ignore[attr-defined]
    result = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_the_lowest_layer_imports_the_standard_library_alone() -> None:
    lowest = [PACKAGE / "errors.py", PACKAGE / "clock.py", *(PACKAGE / "model").glob("*.py")]
    for path in lowest:
        for name in imports(path):
            assert name == "crisiswatch" or name in os.sys.stdlib_module_names, f"{path}: {name}"  # type: ignore[attr-defined]


@pytest.mark.parametrize("layer", ["engine", "windows", "rules"])
def test_the_core_neither_reads_nor_writes(layer: str) -> None:
    forbidden = {"time", "random", "os", "io", "socket", "threading", "subprocess", "pathlib", "httpx", "sqlalchemy"}
    paths = sorted((PACKAGE / layer).rglob("*.py"))
    assert paths
    for path in paths:
        assert not imports(path) & forbidden, f"{path.relative_to(ROOT)}: {imports(path) & forbidden}"


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_a_module_holds_one_idea() -> None:
    long = {str(p.relative_to(ROOT)): n for p in modules() if (n := len(p.read_text("utf-8").splitlines())) > 420}
    assert long == {}


def test_functions_are_short() -> None:
    lengths = [
        (node.end_lineno or 0) - node.lineno + 1
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.quantiles(lengths, n=10)[8] <= 35


SUPERVISED = {
    "polling.py": "a source's job",
    "sources/streaming.py": "the thread of a stream hands its failure to the poll",
    "sentiment/stage.py": "the scorer",
    "sentiment/budget.py": "a slow scorer, which has another to stand in for it",
    "outbox/dispatcher.py": "a delivery",
    "charts/maker.py": "a picture, without which its message goes out",
    "notifiers/slack_charts.py": "a picture in Slack, without which its message stands",
    "outbox/repeats.py": "a repetition, which comes again in a minute",
    "interaction/desk.py": "what somebody pressed, who is told that it failed",
    "drill/drill.py": "an exercise, of which people are told that it is over",
    "worker.py": "hands the failure of a job to the thread that asked for it, as a future does",
}


def test_a_broad_except_stands_only_where_a_failure_is_supervised() -> None:
    broad = [
        path.relative_to(PACKAGE).as_posix()
        for path in modules()
        if PACKAGE / "testing" not in path.parents
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    ]
    assert sorted(broad) == sorted(set(broad))
    assert set(broad) <= set(SUPERVISED)


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    """Whether a handler takes any exception and does not pass it on (one that cleans up and re-raises is fine)."""
    names = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {"Exception"}
    )
    passes_on = isinstance(handler.body[-1], ast.Raise)
    return bool(names & {"Exception", "BaseException"}) and not passes_on


def test_what_a_module_exports_exists() -> None:
    import importlib

    for path in modules():
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if name.endswith("__main__") or "migrations" in name:
            continue
        module = importlib.import_module(name)
        for exported in getattr(module, "__all__", ()):
            assert hasattr(module, exported), f"{name}.{exported}"


# --- versions and requirements


def project() -> dict[str, object]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_the_version_is_the_same_wherever_it_stands() -> None:
    from crisiswatch import __version__

    assert project()["project"]["version"] == __version__  # type: ignore[index]
    assert f"image: crisiswatch:{__version__}" in (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    assert "## [Unreleased]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def pins(name: str) -> dict[str, set[str]]:
    """Package -> pinned versions (several where they depend on the platform) of one requirements file."""
    found: dict[str, set[str]] = {}
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    for entry in re.split(r"\n(?=[a-z0-9])", "\n" + text)[1:]:
        match = re.match(r"([a-z0-9][\w.-]*?)(?:\[[\w,]+\])?==([\w.!+]+)", entry)
        assert match, entry[:80]
        assert "--hash=sha256:" in entry, f"{match[1]} has no hash"
        found.setdefault(match[1].replace(".", "-").replace("_", "-"), set()).add(match[2])
    return found


def test_every_requirement_is_pinned_with_hashes_and_the_files_agree() -> None:
    dev = pins("dev.txt")
    for smaller in (pins("main.txt"), pins("build.txt")):
        assert smaller
        for name, versions in smaller.items():
            assert dev[name] == versions, name


def test_every_dependency_of_the_project_is_pinned() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    described = project()
    wanted = list(described["project"]["dependencies"])  # type: ignore[index]
    groups = described["dependency-groups"]
    grouped = [each for each in groups["dev"] + groups["build"] if isinstance(each, str)]  # type: ignore[index]
    for file, requirements in (("main.txt", wanted), ("dev.txt", wanted + grouped), ("build.txt", groups["build"])):  # type: ignore[index]
        pinned = pins(file)
        for text in requirements:
            requirement = Requirement(text)
            for version in pinned[canonicalize_name(requirement.name)]:
                assert requirement.specifier.contains(version, prereleases=True), f"{file}: {text} but {version}"
