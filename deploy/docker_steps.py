"""Run the Dockerfile's own steps without a container engine, then start its entry point as the container would.

Every instruction of the Dockerfile is carried out in a fresh temporary directory that stands for the image: absolute
paths of the image are mapped into it, COPY takes only what .dockerignore lets through, RUN runs the very command with
``python`` being the interpreter that runs this script, and the final stage sees only what was copied to it. Then the
tree is made read-only, the user is changed to that of USER (where we are root), and the entry point has to answer,
check a configuration, run, pass its HEALTHCHECK and stop at SIGTERM, writing to /data alone.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAPPED = ("/src", "/opt", "/data", "/etc/crisiswatch")
HANDED_ON = re.compile(r"^(PIP_\w+|\w+_proxy|\w+_PROXY|SSL_\w+|REQUESTS_CA_BUNDLE|LANG|LC_\w+)$")
CONFIG = """\
version: 1
brands: [{id: acme, name: Acme, any: [acme]}]
sources: [{id: inbox, type: files, path: /data/inbox, every: 10s}]
receivers: [{id: console, type: console}]
routes: [{levels: [watch, warning, critical], receivers: [console]}]
rules: /data/start/rules
alerts: /data/start/alerts
store: {url: "sqlite:////data/crisiswatch.db"}
web: {host: 127.0.0.1, port: 9464}
"""


class StepFailed(Exception):
    """A step did not do what the Dockerfile promises."""


@dataclass
class Stage:
    """One FROM ... and what it has gathered: its files lie under ``root``."""

    name: str
    root: Path
    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: int = 0
    settings: dict[str, str] = field(default_factory=dict)

    def path(self, inside: str) -> Path:
        """Where a path of the image lies on this machine."""
        return self.root / os.path.normpath(f"{self.workdir}/{inside}" if inside[0] != "/" else inside).lstrip("/")

    def mapped(self, text: str) -> str:
        """``text`` with every absolute path of the image replaced by its place on this machine."""
        paths = "|".join(map(re.escape, MAPPED))
        return re.sub(rf"(?<![\w./-])({paths})(?=[/:'\"\s]|$)", lambda match: f"{self.root}{match[1]}", text)

    def environment(self) -> dict[str, str]:
        """What a command of this stage sees: the Dockerfile's ENV, and of ours only what reaches a package registry."""
        env = {name: value for name, value in os.environ.items() if HANDED_ON.match(name)}
        env |= {"HOME": os.environ.get("HOME", "/"), "PATH": "/usr/local/bin:/usr/bin:/bin"}
        env |= {name: self.mapped(value) for name, value in self.env.items()}
        env["PATH"] = f"{self.root}/usr/local/bin:{env['PATH']}"
        return env


def instructions(text: str) -> list[tuple[str, str]]:
    """(word, rest) of each instruction, continuation lines joined and comments left out."""
    kept = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    lines = [line.strip() for line in re.sub(r"\\\n\s*", " ", kept).splitlines()]
    return [(line.split(None, 1)[0].upper(), line.split(None, 1)[1]) for line in lines if line]


def ignored(patterns: list[str]) -> list[str]:
    """The patterns of .dockerignore that take out of what the ``!`` lines let in."""
    return [pattern.removeprefix("**/") for pattern in patterns if pattern[0] not in "!*" or pattern.startswith("**/")]


class Steps:
    """Carries the instructions out, stage by stage."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.stages: dict[str, Stage] = {}
        self.stage = Stage("", work)
        patterns = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and line[0] != "#"]
        self.allowed = {pattern[1:] for pattern in patterns if pattern[0] == "!"}
        self.left_out = ignored(patterns)

    def carry_out(self, word: str, rest: str) -> None:
        """Do one instruction; an unknown one is an error, so that nothing is skipped in silence."""
        match word:
            case "FROM":
                self.begin(rest)
            case "ENV":
                self.stage.env.update(pair.split("=", 1) for pair in shlex.split(rest))
            case "WORKDIR":
                self.stage.workdir = rest
                self.stage.path(rest).mkdir(parents=True, exist_ok=True)
            case "USER":
                self.stage.user = int(rest.split(":")[0])
            case "COPY":
                self.copy(shlex.split(rest))
            case "RUN":
                self.run(rest)
            case "ENTRYPOINT" | "CMD" | "HEALTHCHECK" | "VOLUME":
                self.stage.settings[word] = rest
            case "LABEL" | "EXPOSE" | "STOPSIGNAL":
                pass
            case _:
                raise StepFailed(f"{word} is not known to this script")

    def begin(self, rest: str) -> None:
        name = rest.split()[-1] if " AS " in rest else "final"
        self.stage = self.stages[name] = Stage(name, self.work / name)
        programs = self.stage.root / "usr/local/bin"  # the base image: an interpreter called python, nothing of ours
        programs.mkdir(parents=True)
        (programs / "python").symlink_to(Path(sys.executable).resolve())

    def copy(self, words: list[str]) -> None:
        if words[0].startswith("--from="):
            origin = self.stages[words[0].removeprefix("--from=")]
            source, target = origin.path(words[1]), self.stage.path(words[2])
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
            relocate(target, origin.root, self.stage.root)
            return
        *names, place = words
        for name in names:
            if name.split("/")[0] not in self.allowed:
                raise StepFailed(f"COPY {name}: .dockerignore leaves it out")
            source, target = ROOT / name, self.stage.path(place)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(*self.left_out), dirs_exist_ok=True)
            elif not any(fnmatch.fnmatch(name, pattern) for pattern in self.left_out):
                target.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)

    def run(self, command: str) -> None:
        stage = self.stage
        mapped = stage.mapped(command)
        if os.geteuid() != 0:  # only root may give a file away; without root we are the user ourselves
            mapped = re.sub(r"\s*&& chown \S+ \S+", "", mapped)
        done = subprocess.run(["/bin/sh", "-c", mapped], cwd=stage.path("."), env=stage.environment(), check=False)
        if done.returncode:
            raise StepFailed(f"RUN {command}: exit code {done.returncode}")


def relocate(tree: Path, old: Path, new: Path) -> None:
    """Tell the scripts of a copied environment where they lie now (in an image the path stays the same)."""
    for path in [tree / "pyvenv.cfg", *(tree / "bin").iterdir()]:
        if path.is_file() and not path.is_symlink():
            text = path.read_bytes()
            if b"\0" not in text and os.fsencode(old) in text:
                path.write_bytes(text.replace(os.fsencode(old), os.fsencode(new)))


class Container:
    """The final stage as it would run: read-only but for /data, not root, with the Dockerfile's environment alone."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.port = free_port()
        self.entrypoint = json.loads(stage.settings["ENTRYPOINT"])
        self.command = json.loads(stage.settings["CMD"])
        self.health = json.loads(stage.settings["HEALTHCHECK"].split(" CMD ", 1)[1])
        if stage.user == 0:
            raise StepFailed("the image would run as root")
        self.prefix = []
        if os.geteuid() == 0:
            # Another user with no right to write; the right to read stays, as the interpreter may lie in a home.
            ids = ["--reuid", str(stage.user), "--regid", str(stage.user), "--clear-groups"]
            rights = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
            self.prefix = ["setpriv", *ids, *rights, "--bounding-set=-all,+dac_read_search", "--no-new-privs"]

    def freeze(self) -> None:
        """Take the right to write from everything but /data."""
        data = self.stage.path("/data")
        for folder, names, files in os.walk(self.stage.root):
            if Path(folder) == data:
                names.clear()
                continue
            for path in (Path(folder), *(Path(folder) / name for name in files)):
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode & ~0o222 | 0o444)

    def start(self, words: list[str]) -> subprocess.Popen[str]:
        """Start a command of the image; its words are mapped, as are the ports."""
        env = self.stage.environment()
        env = {name: value for name, value in env.items() if name in self.stage.env or name in ("PATH", "LANG")}
        mapped = [self.stage.mapped(word).replace("9464", str(self.port)) for word in words]
        program = shutil.which(mapped[0], path=env["PATH"]) or mapped[0]
        return subprocess.Popen(
            [*self.prefix, program, *mapped[1:]],
            cwd=self.stage.path("."),
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    def expect(self, words: list[str]) -> str:
        """Run a command that has to succeed; its output."""
        process = self.start(words)
        output, _ = process.communicate(timeout=120)
        if process.returncode:
            raise StepFailed(f"{' '.join(words)}: exit code {process.returncode}\n{output}")
        return output

    def files(self) -> dict[str, tuple[int, int]]:
        """Every file outside /data with its size and time of change, and what the user left in shared places."""
        found = {}
        data = str(self.stage.path("/data"))
        for folder, _, names in os.walk(self.stage.root):
            if not folder.startswith(data):
                for path in (folder, *(os.path.join(folder, name) for name in names)):
                    facts = os.lstat(path)
                    found[path] = (facts.st_size if path != folder else 0, facts.st_mtime_ns)
        for place in ("/tmp", "/var/tmp", "/dev/shm"):
            for entry in os.scandir(place) if os.path.isdir(place) else ():
                facts = entry.stat(follow_symlinks=False)
                if facts.st_uid == self.stage.user != os.geteuid():
                    found[entry.path] = (facts.st_size, facts.st_mtime_ns)
        return found

    def live(self) -> None:
        """Run the daemon as CMD says, wait for HEALTHCHECK, send SIGTERM."""
        process = self.start([*self.entrypoint, *self.command])
        try:
            until = time.monotonic() + 60
            while True:
                probe = self.start(self.health)
                probe.communicate(timeout=30)
                if probe.returncode == 0:
                    break
                if process.poll() is not None or time.monotonic() > until:
                    raise StepFailed("the daemon did not become healthy")
                time.sleep(0.5)
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=15)
        except (StepFailed, subprocess.TimeoutExpired):
            process.kill()
            print(process.communicate()[0])
            raise
        output = process.communicate()[0]
        if process.returncode:
            raise StepFailed(f"the daemon stopped with exit code {process.returncode}\n{output}")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def try_out(container: Container) -> None:
    stage = container.stage
    config = stage.mapped(CONFIG).replace("sqlite:////data", f"sqlite:///{stage.path('/data')}")
    stage.path("/etc/crisiswatch/crisiswatch.yaml").write_text(config.replace("9464", str(container.port)))
    container.freeze()
    refuse_writing(container)
    before = container.files()
    print(" ", container.expect([*container.entrypoint, "--version"]).strip())
    container.expect([*container.entrypoint, "init", "/data/start"])
    container.expect([*container.entrypoint, "check", "--config", "/etc/crisiswatch/crisiswatch.yaml"])
    print("  init and check: good")
    container.live()
    print("  run: healthy, and stopped at SIGTERM")
    if changed := set(before.items()) ^ set(container.files().items()):
        raise StepFailed(f"written outside /data: {sorted({path for path, _ in changed})}")
    written = sorted(path.name for path in stage.path("/data").iterdir())
    print(f"  nothing was written outside /data; in it: {', '.join(written)}")


def refuse_writing(container: Container) -> None:
    """Make sure that the trial means something: the user can't write where it must not."""
    code = "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text('')"
    for place, allowed in (("/opt/crisiswatch/x", False), ("/etc/crisiswatch/x", False), ("/data/x", True)):
        process = container.start(["python", "-c", code, place])
        process.communicate(timeout=30)
        if (process.returncode == 0) != allowed:
            raise StepFailed(f"{place} is {'not ' if allowed else ''}writable for the image's user")
    container.stage.path("/data/x").unlink()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--build-only", action="store_true", help="do not start the entry point")
    parser.add_argument("--keep", action="store_true", help="leave the directory for a look")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="crisiswatch-image-"))
    work.chmod(0o755)
    steps = Steps(work)
    try:
        for word, rest in instructions((ROOT / "Dockerfile").read_text()):
            print(f"{word} {rest[:110]}", flush=True)
            steps.carry_out(word, rest)
        if not options.build_only:
            print("the entry point, read-only and without root:", flush=True)
            try_out(Container(steps.stage))
    except StepFailed as failure:
        print(f"docker-steps: {failure}", file=sys.stderr)
        return 1
    finally:
        if not options.keep:
            subprocess.run(["chmod", "-R", "u+w", str(work)], check=False)
            shutil.rmtree(work)
    print("the Dockerfile's steps: good")
    return 0


if __name__ == "__main__":
    sys.exit(main())
